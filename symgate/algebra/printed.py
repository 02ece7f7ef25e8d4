"""Nodes that print as a lecturer writes them, under `str` and under SymPy's own printers.

The package's front door finds the printers when they are first needed: what a node is does
not depend on how it looks.
"""

from __future__ import annotations

from typing import Any

from sympy import S, ZeroMatrix
from sympy.core.basic import Basic
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty_symbology import line_width
from sympy.printing.pretty.stringpict import prettyForm

import symgate


class Styled(Basic):
    """A node that `str`, `sympy.pprint` and `sympy.latex` write in our style."""

    @property
    def precedence(self) -> int:
        """How tightly it binds among SymPy's own nodes."""
        return symgate.on_board(self)[1]

    def _sympystr(self, printer: Any) -> str:
        return symgate.on_board(self)[0]

    def _pretty(self, printer: Any) -> Any:
        """On one line; the terms of a sum of matrices each on its own, where that is too wide."""
        text, precedence = symgate.on_board(self)
        whole = precedence == PRECEDENCE["Atom"]
        shown = prettyForm(text, binding=prettyForm.ATOM if whole else prettyForm.ADD)
        room = printer._settings["num_columns"] or shown.terminal_width() or 80
        if not self.is_MatAdd or shown.width() <= room or not printer._settings["wrap_line"]:
            return shown
        lines = symgate.board_lines(self.args)
        widest = max(map(line_width, lines))
        padded = (line + " " * (widest - line_width(line)) for line in lines)
        return prettyForm("\n".join(padded), binding=shown.binding)

    def _latex(self, printer: Any) -> str:
        return symgate.latex(self)


class Printed(Styled):
    """A node of ours: `sympy.lambdify` makes a NumPy function of it."""

    def _numpycode(self, printer: Any) -> str:
        return symgate.numpy_code(self, printer)

    def _eval_subs(self, old: Any, new: Any) -> Any:
        """0 for a matrix is the matrix of zeros; for the rest None, which is SymPy's way."""
        zero = new == 0 and getattr(old, "is_Matrix", False)
        return self._subs(old, ZeroMatrix(*old.shape)) if zero else None

    def diff(self, *symbols: Any, **options: Any) -> Any:
        for s in symbols:
            if getattr(s, "is_Matrix", False):  # SymPy has ways of its own for matrices
                self._eval_derivative(s)
        return super().diff(*symbols, **options)

    def _eval_derivative(self, s: Any) -> Any:
        if s in self.free_symbols:
            raise TypeError(
                f"{self} depends on {s}: differentiate a cell with symgate.jacobian, not with diff"
            )
        return ZeroMatrix(*self.shape) if self.is_Matrix else S.Zero
