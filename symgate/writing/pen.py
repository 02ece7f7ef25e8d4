"""The pen of one derivation: prints its expressions, sentences and formulas as LaTeX.

All writers but the one for plain text start from these strings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from symgate.writing.escape import label_text
from symgate.writing.formulas import Formula, FormulaLine, Words
from symgate.writing.latex import LatexPrinter
from symgate.writing.layout import WIDTH, formula_latex
from symgate.writing.width import plain

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation


@dataclass(frozen=True)
class Pen:
    """Prints the expressions of one derivation, for a page with some room, in em."""

    derivation: Derivation
    room: float = WIDTH
    displayed: dict[Formula, list[str]] = field(default_factory=dict, compare=False, repr=False)

    def printer(self, line: FormulaLine | None = None, width: float = 1e6) -> LatexPrinter:
        d = self.derivation
        order = line.order if line is not None else None
        return LatexPrinter(order, d.naming, hadamard=d.hadamard, bold=d.bold, width=width)

    def inline(self, expression: Any) -> str:
        """An expression for the middle of a sentence."""
        return plain(self.printer().show(expression))

    def formula(self, formula: Formula) -> list[str]:
        """A formula for display, without the signs around it; a high one in parts. It is
        printed once for all writers."""
        if formula not in self.displayed:
            self.displayed[formula] = formula_latex(formula, self.printer, self.label, self.room)
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

    def words(self, words: Words, text: Callable[[str], str], math: Callable[[str], str]) -> str:
        """A sentence: text escaped by one function, mathematics wrapped by the other."""
        return "".join(
            text(word) if isinstance(word, str) else math(self.inline(word)) for word in words
        )
