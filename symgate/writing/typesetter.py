"""The typesetter: prints expressions and formulas as LaTeX, in the notation of a derivation.

All writers but the one for plain text start from these strings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sympy import Symbol

from symgate.algebra.marks import Partial
from symgate.algebra.structure import addends
from symgate.algebra.vectors import shifted, variable
from symgate.equations.cell import Cell
from symgate.writing.escape import label_text
from symgate.writing.latex import LatexPrinter
from symgate.writing.layout import WIDTH, Aligned, typeset
from symgate.writing.naming import Naming
from symgate.writing.notation import notation as notation_named
from symgate.writing.tree import Formula, FormulaLine, Part, Words
from symgate.writing.width import plain


@dataclass(frozen=True)
class Typesetter:
    """Prints expressions by their names, for a page with some room, in em."""

    naming: Naming
    hadamard: str | None = None
    bold: bool = False
    room: float = WIDTH
    displayed: dict[Formula, list[Aligned]] = field(default_factory=dict, compare=False, repr=False)

    def printer(self, line: FormulaLine | None = None, width: float = 1e6) -> LatexPrinter:
        order = line.order if line is not None else None
        return LatexPrinter(order, self.naming, hadamard=self.hadamard, bold=self.bold, width=width)

    def inline(self, expression: Any) -> str:
        """An expression for the middle of a sentence."""
        return plain(self.printer().show(expression))

    def formula(self, formula: Formula) -> list[Aligned]:
        """A formula for display; a high one in parts. It is printed once for all writers."""
        if formula not in self.displayed:
            self.displayed[formula] = typeset(formula, self)
        return self.displayed[formula]

    def label(self, words: Words) -> str:
        """Words inside a formula."""
        out = ""
        for is_text, group in groupby(words, lambda word: isinstance(word, str)):
            if is_text:
                out += rf"\text{{{label_text(''.join(group))}}}"
            else:
                out += "".join(map(self.inline, group))
        return out


#: Prints what is about no cell.
GENERAL = Typesetter(Naming(None, notation_named("symgate")))

#: The room of a formula in an article without a package for its margins, with 10 points, in em.
BARE = 33.0


def equation_latex(
    cell: Cell, of: str, wrt: str, lag: int | str, right: Any, notation: str
) -> list[str]:
    """∂of/∂wrt over a lag = an operator, as LaTeX for display mode, broken to fit a bare
    article.

    >>> import symgate as sg
    >>> rnn = sg.cell("rnn")
    >>> print(*equation_latex(rnn, "h", "h", 1, sg.jacobian(rnn), "symgate"))
    \\frac{\\partial h_t}{\\partial h_{t-1}} = \\operatorname{diag}(1 - h_t^{2}) \\, U
    """
    naming = Naming(None if notation == "symgate" else cell, notation_named(notation))
    back = Symbol(lag, integer=True) if isinstance(lag, str) else lag
    left = Partial(variable(of), shifted(variable(wrt), back), cell.size(of), cell.size(wrt))
    line = FormulaLine(left, tuple(map(Part, addends(right) or (right,))))
    shown = Typesetter(naming, room=BARE).formula(Formula((line,)))
    return [one.latex for one in shown]
