"""Where formulas stand in documents: one module for each kind of document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from symgate.reading.characters import words
from symgate.reading.documents import markup, notebook, python
from symgate.reading.source import Piece

_SOURCES = words(".py .pyi .jl .lua .cpp .cc .h .hpp .cu .java .m")
#: Marks of a comment in which no Markdown begins: //, ///, //!, #, ;;, --, !, and of HTML's.
_COMMENT = re.compile(
    r"^[ \t]*(?://+!?|(?:#+|;+|--|!|<!--)(?=[\s\\]))|-->(?=[ \t]*$)", re.MULTILINE
)
#: A sign by itself in mathematics, in a line of text: r<sub>t</sub> = \\(\\sigma\\)(…).
_SIGN = re.compile(r"(?:\$|\\{1,2}\()\s*\\?(\\[A-Za-z]+)\s*(?:\$|\\{1,2}\))")
#: A name in bold or slanted letters among others of its equation: **z_t** = σ(**W** *x_t*).
_EMPHASIS = re.compile(r"(?<![\w*)\]}])(\*{1,2})([^\s*=][^\s*=]{0,14})\1(?![\w*(])")
#: Signs as wide as Chinese letters.
_WIDE = str.maketrans("＝（）［］＋－＊／｛｝＿＾", "=()[]+-*/{}_^")


def pieces(text: str, path: str = "") -> Iterator[Piece]:
    """The pieces of a document that may be formulas, in order.

    The kind of document follows from the name of its file: notebooks and Python sources
    are unpacked first; all else is read as marked-up text, whatever the markup is.
    """
    ending, text = PurePath(path).suffix.lower(), text.translate(_WIDE)
    if ending == ".ipynb":
        yield from notebook.pieces(text)
    elif ending in _SOURCES:
        yield from python.pieces(text)
    else:
        yield from markup.pieces(_with_bare_signs(python.blank(_COMMENT, text)))


def _with_bare_signs(text: str) -> str:
    """A text whose equations of plain lines hold no marks of mathematics around single signs."""
    shown = []
    for line in text.split("\n"):
        bare = _SIGN.sub(lambda m: m[1].center(len(m[0])), line) if "\\" in line else line
        if "*" in line and len(_EMPHASIS.findall(line)) > 1 and "=" in line:
            bare = _EMPHASIS.sub(lambda m: m[2].center(len(m[0])), bare)
        shown.append(line if "=" not in bare or "$" in bare or "\\(" in bare else bare)
    return "\n".join(shown)
