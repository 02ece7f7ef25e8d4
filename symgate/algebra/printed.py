"""Nodes that print as a lecturer writes them, under `str` and under SymPy's own printers.

The package's front door finds the printers when they are first needed: what a node is does
not depend on how it looks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sympy import S, ZeroMatrix
from sympy.core.basic import Basic
from sympy.printing.pretty.stringpict import prettyForm

import symgate


class Printed(Basic):
    """A node of ours: `str`, `sympy.pprint` and `sympy.latex` write it in our style, and
    `sympy.lambdify` makes a NumPy function of it."""

    #: How tightly it binds among SymPy's own nodes, for `sympy.pprint`.
    binding: ClassVar[int] = prettyForm.ATOM

    def _sympystr(self, printer: Any) -> str:
        return symgate.text(self)

    def _pretty(self, printer: Any) -> Any:
        return prettyForm(symgate.text(self), binding=self.binding)

    def _latex(self, printer: Any, exp: Any = None) -> str:
        shown = symgate.latex(self)
        return shown if exp is None else rf"\left({shown}\right)^{{{exp}}}"

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
