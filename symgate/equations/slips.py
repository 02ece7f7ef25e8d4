"""What is legal and seldom meant: a matrix's letter that multiplies component by component."""

from __future__ import annotations

import ast
import re
import warnings

from symgate.equations.source import Source
from symgate.equations.syntax import read_lines
from symgate.errors import EquationWarning

#: A text without this has none of them, and is not parsed again.
_LIKELY = re.compile(r"\b[A-Z](?:_?\w*)\s*\*|\*\s*[A-Z]")
_MATRIX = re.compile(r"[A-Z](?:_\w+|\d*)")


def warn_of_capitals(text: str, vectors: set[str]) -> None:
    """Warn of the first `W * x[t]`, which is no product with a matrix; `W @ x[t]` is."""
    if not _LIKELY.search(text):
        return
    source = Source(text)
    for line in read_lines(source):
        for node in ast.walk(line.right):
            match node:
                case ast.BinOp(ast.Name(name), ast.Mult(), ast.Subscript() as value) | ast.BinOp(
                    ast.Subscript() as value, ast.Mult(), ast.Name(name)
                ) if name in vectors and _MATRIX.fullmatch(name):
                    said = (
                        f"{name} is taken as a vector, which multiplies component by component; "
                        f"the product of a matrix is {name} @ {source.written(value)}"
                    )
                    warnings.warn(str(source.error(node, said)), EquationWarning, stacklevel=4)
                    return
