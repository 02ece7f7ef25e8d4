"""Formulas as LaTeX, in a subset that pdflatex, MathML converters and KaTeX all take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Integer, MatrixSymbol, Rational

from symgate.algebra.names import name_parts
from symgate.algebra.operators import ColumnBlock, OrderedProduct
from symgate.algebra.printing import ATOM, PRODUCT, Order, Printer, _at_index, _last, _signed
from symgate.equations.cell import Cell
from symgate.errors import UnknownName

#: The notations that formulas can be written in.
notations = ("symgate",)

_FUNCTIONS = {
    "sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp", "log": r"\log", "sin": r"\sin",
    "cos": r"\cos", "normal_cdf": r"\Phi", "normal_pdf": r"\varphi",
}  # fmt: skip

_ACCENTS = {"tilde": r"\tilde", "hat": r"\hat", "bar": r"\bar", "dot": r"\dot"}


class LatexPrinter(Printer):
    """The default notation: z_t, U_z, ⊙ and diag."""

    hadamard, scalar_times, matvec_times = r" \odot ", r" \, ", r" "
    reads_back = False

    def name(self, name: str, time: Expr | None) -> str:
        parts = name_parts(name)
        base = self.letter(parts.base, parts.greek)
        for accent in parts.accents:
            base = f"{{{base}'}}" if accent == "prime" else f"{_ACCENTS[accent]}{{{base}}}"
        below = [self.script(s) for s in parts.subscripts]
        if time is not None:
            below.append("t" if time == 0 else f"t{_signed(time)}")
        if not below:
            return base
        script = ",".join(below)
        return f"{base}_{script}" if len(script) == 1 else f"{base}_{{{script}}}"

    def letter(self, base: str, greek: str | None) -> str:
        if greek:
            return "o" if greek == "omicron" else _greek(greek)
        return base if len(base) == 1 else rf"\mathit{{{base}}}"

    def script(self, subscript: str) -> str:
        parts = name_parts(subscript)
        if parts.greek:
            return _greek(parts.greek)
        short = len(subscript) == 1 or subscript.isdigit()
        return subscript if short else rf"\mathit{{{subscript}}}"

    def number(self, value: Expr) -> str:
        if isinstance(value, Rational) and not value.is_Integer:
            shown = super().number(value)
            if "/" in shown:
                sign = "-" if value.is_negative else ""
                return rf"{sign}\frac{{{abs(value.p)}}}{{{value.q}}}"
            return shown
        return super().number(value)

    def call(self, function: str, arguments: Sequence[str]) -> str:
        if function == "abs":
            return rf"\left| {arguments[0]} \right|"
        head = _FUNCTIONS.get(function)
        if head is None:
            escaped = function.replace("_", r"\_")
            head = rf"\operatorname{{{escaped}}}"
        return rf"{head}\left({', '.join(arguments)}\right)"

    def fraction(self, numerator: Sequence[Expr], denominator: Sequence[Expr]) -> str:
        above = self.factors(numerator, 0)
        return rf"\frac{{{above}}}{{{self.factors(denominator, 0)}}}"

    def power(self, base: Expr, exponent: Expr) -> str:
        return rf"{self.show(base, ATOM)}^{{{self.number(exponent)}}}"

    def root(self, base: Expr) -> str:
        return rf"\sqrt{{{self.show(base)}}}"

    def parenthesised(self, text: str) -> str:
        return rf"\left({text}\right)"

    def stack(self, parts: Sequence[str]) -> str:
        return rf"\left[{', '.join(parts)}\right]"

    def transposed(self, matrix: Expr) -> str:
        return rf"{self.show(matrix, ATOM)}^{{\mathsf{{T}}}}"

    def diagonal(self, factors: Sequence[Expr]) -> str:
        return rf"\operatorname{{diag}}\left({self.hadamard_product(factors)}\right)"

    def column_block(self, block: ColumnBlock) -> str:
        if isinstance(block.matrix, MatrixSymbol):
            return self.name(f"{block.matrix.name}_{block.source.name}", None)
        return rf"{self.show(block.matrix, ATOM)}_{{{self.name(block.source.name, None)}}}"

    def ordered_product(self, product: OrderedProduct) -> str:
        shown = self.show(_at_index(product))
        return rf"\prod_{{{product.index}=0}}^{{{_last(product)}}} \left[{shown}\right]"

    def block_matrix(self, rows: Sequence[Sequence[str]]) -> str:
        body = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"

    def outer(self, u: Expr, v: Expr) -> str:
        return rf"{self.show(u, ATOM)} \, {self.show(v, ATOM)}^{{\mathsf{{T}}}}"

    def derivative(self, of: str, wrt: str, lag: Expr) -> str:
        above, below = self.name(of, Integer(0)), self.name(wrt, -lag)
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"

    def ones(self) -> str:
        return r"\mathbf{1}"

    def summed(self, vector: Expr) -> str:
        return rf"\mathbf{{1}}^{{\mathsf{{T}}}} \left({self.show(vector)}\right)"

    def in_product(self, factor: Expr) -> int:
        return PRODUCT + 1


def latex(expression: Any, notation: str = "symgate", order: Order | None = None) -> str:
    r"""An operator, a vector expression or an equation as LaTeX.

    >>> import symgate as sg
    >>> print(sg.latex(sg.jacobian(sg.cell("rnn"))))
    \operatorname{diag}\left(1 - h_t^{2}\right) U
    """
    if notation not in notations:
        raise UnknownName("the notation", notation, notations)
    return LatexPrinter(order).show(expression)


def equations(cell: Cell, notation: str = "symgate") -> str:
    """The equations of a cell as an `aligned` block."""
    printer = LatexPrinter()
    lines = [
        rf"{printer.name(name, Rational(0))} &= {latex(e, notation, cell.orders[name])}"
        for name, e in cell.equations.items()
    ]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _greek(name: str) -> str:
    return rf"\{name}"
