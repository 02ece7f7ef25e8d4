"""Nodes that print as a lecturer writes them, under `str` and under SymPy's own printers.

The package's front door finds the printers when they are first needed: what a node is does
not depend on how it looks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sympy.printing.pretty.stringpict import prettyForm

import symgate


class Printed:
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
