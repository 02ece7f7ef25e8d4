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


_MARKER = re.compile(r"^[ \t]*(?:#+|//+!?|--+|%+|\*+)", re.MULTILINE)


def pieces(text: str) -> Iterator[Piece]:
    """The formulas in the docstrings and comments of a source file, in order."""
    for found in _STRING.finditer(text):
        for name in ("doc", "comments", "block"):
            if found.group(name):
                start, stop = found.span(name)
                own = text[start:stop]
                own = own if name == "doc" else blank(_MARKER, own)
                for piece in markup.pieces(own):
                    yield replace(piece, offsets=[start + i for i in piece.offsets])


def blank(marks: re.Pattern[str], text: str) -> str:
    """A text with spaces in place of marks, so that all else stands where it stood."""
    return marks.sub(lambda mark: " " * len(mark[0]), text)
