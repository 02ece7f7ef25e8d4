"""Source files: formulas in docstrings and comments; the code itself is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.reading.documents import markup
from symgate.reading.source import Piece

_STRING = re.compile(
    r"(?P<triple>[rRbBuUfF]{0,2}(?P<quotes>\"\"\"|''')(?P<doc>.*?)(?P=quotes))"
    r"|(?P<comments>(?:^[ \t]*(?:#|//+|--|%+)[^\n]*\n?)+)"
    r"|/\*(?P<block>.*?)\*/"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'",
    re.DOTALL | re.MULTILINE,
)


def pieces(text: str) -> Iterator[Piece]:
    """The formulas in the docstrings and comments of a source file, in order."""
    for found in _STRING.finditer(text):
        for name in ("doc", "comments", "block"):
            if found.group(name):
                yield from markup.pieces(text, found.start(name), found.end(name))
