"""Where formulas stand in documents: one module for each kind of document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from symgate.reading.characters import words
from symgate.reading.documents import markup, notebook, python
from symgate.reading.source import Piece

_SOURCES = words(".py .pyi .jl .lua .cpp .cc .h .hpp .cu .java .m")
#: Marks of a comment in which no Markdown begins: //, ///, //!.
_COMMENT = re.compile(r"^[ \t]*//+!?", re.MULTILINE)


def pieces(text: str, path: str = "") -> Iterator[Piece]:
    """The pieces of a document that may be formulas, in order.

    The kind of document follows from the name of its file: notebooks and Python sources
    are unpacked first; all else is read as marked-up text, whatever the markup is.
    """
    ending = PurePath(path).suffix.lower()
    if ending == ".ipynb":
        yield from notebook.pieces(text)
    elif ending in _SOURCES:
        yield from python.pieces(text)
    else:
        yield from markup.pieces(python.blank(_COMMENT, text))
