"""Source files: formulas in docstrings and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from symgate.reading.documents import markup
from symgate.reading.source import Piece

#: What nothing closes goes on to the end of the text, or of its line: no place is read twice.
_STRING = re.compile(
    r"(?P<triple>[rRbBuUfF]{0,2}(?P<quotes>\"\"\"|''')(?P<doc>.*?)(?:(?P=quotes)|\Z))"
    r"|(?P<comments>(?:^[ \t]*+(?:#|//++|--|%++)[^\n]*+\n?+)++)"
    r"|/\*(?P<block>.*?)(?:\*/|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*+\"?+|'(?:[^'\\\n]|\\.)*+'?+",
    re.DOTALL | re.MULTILINE,
)


_MARKER = re.compile(r"^[ \t]*(?:#+|//+|--+|%+|\*+)[ \t]?", re.MULTILINE)


def pieces(text: str) -> Iterator[Piece]:
    """The formulas in the docstrings and comments of a source file, in order."""
    for found in _STRING.finditer(text):
        for name in ("doc", "comments", "block"):
            if found.group(name):
                start, stop = found.span(name)
                yield from (
                    _unmarked(text, start, stop)
                    if name != "doc"
                    else markup.pieces(text, start, stop)
                )


def _unmarked(text: str, start: int, stop: int) -> Iterator[Piece]:
    """The formulas of a comment, without the marks at the start of its lines."""
    parts: list[str] = []
    offsets: list[int] = []
    at = start
    for mark in _MARKER.finditer(text, start, stop):
        parts.append(text[at : mark.start()])
        offsets.extend(range(at, mark.start()))
        at = mark.end()
    parts.append(text[at:stop])
    offsets.extend(range(at, stop))
    for piece in markup.pieces("".join(parts)):
        yield replace(piece, offsets=[offsets[i] for i in piece.offsets])
