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
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def pieces(text: str) -> Iterator[Piece]:
    """The formulas of a notebook's cells; broken JSON is a SymgateError."""
    try:
        notebook = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SymgateError(f"the notebook is not valid JSON: {error}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SymgateError("the notebook has no cells")
    at = 0
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        parts = source if isinstance(source, list) else [source]
        joined, offsets, at = _placed(text, [p for p in parts if isinstance(p, str)], at)
        kind = cell.get("cell_type")
        found = markup.pieces(joined) if kind == "markdown" else python.pieces(joined)
        if kind in ("markdown", "code"):
            for piece in found:
                yield replace(piece, offsets=[offsets[i] for i in piece.offsets])


def _placed(text: str, parts: list[str], at: int) -> tuple[str, list[int], int]:
    """The source of a cell, and where each of its characters stands in the file."""
    joined = ""
    offsets: list[int] = []
    for part in parts:
        quoted = json.dumps(part, ensure_ascii=False)
        found = text.find(quoted, at)
        if found < 0:
            found = text.find(json.dumps(part), at)
        if found < 0:
            offsets.extend([at] * len(part))
            joined += part
            continue
        decoded, places = _decoded(text, found)
        joined += decoded
        offsets.extend(places)
        at = places[-1] + 1 if places else found + 2
    return joined, offsets, at


def _decoded(text: str, start: int) -> tuple[str, list[int]]:
    """A JSON string that starts at a place, decoded, with the place of each character."""
    result: list[str] = []
    places: list[int] = []
    i = start + 1
    while i < len(text) and text[i] != '"':
        found = _ESCAPE.match(text, i)
        if found is None:
            result.append(text[i])
            places.append(i)
            i += 1
            continue
        code, simple = found.groups()
        result.append(chr(int(code, 16)) if code else _SIMPLE.get(simple, simple))
        places.append(i)
        i = found.end()
    return "".join(result), places
