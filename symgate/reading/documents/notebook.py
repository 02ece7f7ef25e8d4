"""Notebooks: the Markdown cells, with the place of each character in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from symgate.errors import SymgateError
from symgate.reading.documents import markup, python
from symgate.reading.source import Piece

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)


def pieces(text: str) -> Iterator[Piece]:
    """The formulas of a notebook's cells; broken JSON is a SymgateError."""
    try:
        notebook = json.loads(text, parse_int=len)  # numbers are not read, however long
    except (ValueError, RecursionError) as error:
        raise SymgateError(f"the notebook is not valid JSON: {error}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SymgateError("the notebook has no cells")
    strings = _STRING.finditer(text)
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        parts = source if isinstance(source, list) else [source]
        content, offsets = _placed(strings, [p for p in parts if isinstance(p, str)])
        kind = cell.get("cell_type")
        found = markup.pieces(content) if kind == "markdown" else python.pieces(content)
        if kind in ("markdown", "code"):
            for piece in found:
                yield replace(piece, offsets=[offsets[i] for i in piece.offsets])


def _placed(strings: Iterator[re.Match[str]], parts: list[str]) -> tuple[str, list[int]]:
    """The source of a cell, and where each of its characters stands in the file.

    `strings` are the strings of the file in order, each looked at once.
    """
    offsets: list[int] = []
    for part in parts:
        found = next((s for s in strings if len(s[1]) >= len(part) and _text(s[1]) == part), None)
        places = [0] * len(part) if found is None else list(_places(found))
        offsets.extend((places + places[-1:] * len(part))[: len(part)])
    return "".join(parts), offsets


def _text(literal: str) -> str:
    """A JSON string without its quotes, decoded."""
    try:
        return literal if "\\" not in literal else str(json.loads(f'"{literal}"'))
    except ValueError:
        return literal


def _places(found: re.Match[str]) -> Iterator[int]:
    """Where each character of a JSON string stands; a pair of surrogates is one."""
    literal, start, at = found[1], found.start(1), 0
    while at < len(literal):
        yield start + at
        escape = _ESCAPE.match(literal, at)
        at = at + 1 if escape is None else escape.end()
