"""A map as LaTeX in a notation."""

from __future__ import annotations

from fractions import Fraction

from sympy import Integer, Rational

from symgate.algebra.shown import Shown
from symgate.comparing.changes import plain_name
from symgate.comparing.coefficients import Token
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import MatrixFactor
from symgate.comparing.search import ProvedMap
from symgate.comparing.wording import InWords, entries
from symgate.writing.latex import LatexPrinter
from symgate.writing.naming import Naming
from symgate.writing.notation import notation as notation_named
from symgate.writing.width import aligned, plain


def map_latex(one: Normal, other: Normal, found: ProvedMap, notation: str = "symgate") -> str:
    """The lines of a map as an `aligned` block: the second's names in the first's.

    Names that stay as they are are left out.
    """
    style = notation_named(notation)
    mine, theirs = (InLatex(Naming(cell.cell, style)) for cell in (one, other))
    lines = [
        (theirs.parameter(name) if kind == "parameter" else theirs.variable(name), value)
        for kind, name, value in entries(one, other, found, mine)
    ]
    kept = [pair for pair in lines if pair[0] != pair[1]] or lines[:1]
    return aligned(rf"{plain(left)} &\to {plain(right)}" for left, right in kept)


class InLatex(InWords):
    """How names and products of parameters read in LaTeX."""

    times = matrix_times = r" \, "

    def __init__(self, naming: Naming) -> None:
        self.printer = LatexPrinter(None, naming)

    def variable(self, name: str) -> str:
        return self.printer.name(name, Integer(0))

    def parameter(self, name: str) -> str:
        return self.printer.name(name, None)

    def size(self, number: Fraction) -> str:
        return self.printer.show(Rational(number.numerator, number.denominator))

    def token(self, token: Token) -> str:
        if not isinstance(token, MatrixFactor):
            param, exponent = token
            shown = self.parameter(plain_name(param.name))
            return shown if exponent == 1 else f"{{{shown}}}^{{{exponent}}}"
        whole = self.printer.named(token.name, None)
        if token.block:
            indices = token.block.replace(", ", r",\,")
            whole = Shown(rf"\left({whole.text}\right)_{{{indices}}}")
        return self.printer.transposed(whole).text if token.transposed else whole.text

    def diagonal(self, shown: str) -> str:
        return rf"\operatorname{{diag}}({shown})"

    def beside(self, blocks: list[str], rows: bool) -> str:
        return self.printer.block_matrix([[b] for b in blocks] if rows else [blocks])
