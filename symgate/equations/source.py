"""A text of equations with its lines, which can make an error that shows a place in it."""

from __future__ import annotations

import ast

from symgate.errors import EquationError


class Source:
    """A text, its lines, and its code: the lines without their indent and comments."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self.original = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        stripped = [line.lstrip(" \t") for line in self.original]
        self.indents = [len(o) - len(s) for o, s in zip(self.original, stripped, strict=True)]
        self.code = [line.split("#", 1)[0].rstrip(" \t") for line in stripped]

    def error(self, node: ast.AST, message: str) -> EquationError:
        """An error at a node of the syntax tree."""
        line = getattr(node, "lineno", 1)
        start = getattr(node, "col_offset", 0)
        last, stop = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", start + 1)
        width = (stop if last == line else len(self.code[line - 1])) - start
        return self.error_at(line, start, message, width)

    def error_at(self, line: int, column: int, message: str, width: int = 1) -> EquationError:
        """An error at a line (from 1) and a column (from 0) of the code."""
        column += self.indents[line - 1]
        shown = "".join(map(_visible, self.original[line - 1].rstrip()))
        return EquationError(message, line=line, column=column + 1, width=width, shown=shown)

    def written(self, node: ast.expr) -> str:
        """A node as the text has it, on one line."""
        found = ast.get_source_segment("\n".join(self.code), node) or ast.unparse(node)
        shown = " ".join(found.split())
        return shown if len(shown) <= 40 else f"{shown[:39]}…"


def _visible(character: str) -> str:
    """A character that takes one place in a terminal and does nothing to it."""
    if character == "\t":
        return " "
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
