"""Expressions as on a board, in plain Unicode: for a terminal and for `str`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Identity, MatAdd, MatMul, MatrixExpr, MatrixSymbol, S, Symbol
from sympy.printing.precedence import PRECEDENCE

from symgate.algebra.elementwise import Activation
from symgate.algebra.marks import Differential
from symgate.algebra.matrices import OrderedProduct
from symgate.algebra.names import ACCENTS, GREEK, name_parts
from symgate.algebra.operators import Diag
from symgate.algebra.printing import Printer
from symgate.algebra.shown import (
    ATOM,
    MATVEC,
    POWER,
    PRODUCT,
    SUM,
    Order,
    Shown,
    is_vector,
    last_of,
    made,
    offset,
)
from symgate.algebra.vectors import MatVec, shifted, t
from symgate.asked import asked


class Unicode(Printer):
    """As on a board, in Unicode, for a terminal."""

    hadamard, scalar_times, matvec_times, pi = " ⊙ ", " ", " ", "∏"

    def name(self, name: str, time: Expr | None) -> str:
        parts = name_parts(name)
        base = GREEK[parts.greek] if parts.greek else parts.base
        base += "".join(ACCENTS[accent] for accent in parts.accents)
        base += raised(parts.layer)
        below = [self.name(part, None) for part in parts.subscripts]
        if time is not None:
            below.append("t" if time == 0 else f"t{offset(time)}")
        if not below:
            return base
        script = ",".join(below)
        return f"{base}_{script}" if script.isalnum() else f"{base}_{{{script}}}"

    def bars(self, function: str, arguments: Sequence[Shown]) -> Shown:
        return made(ATOM, "|", *arguments, "|")

    def spelled(self, record: Activation) -> str:
        return record.text or record.name

    def power(self, base: Expr, exponent: Expr) -> Shown:
        shown = self.at(base, ATOM)
        if exponent.is_Integer:
            return made(POWER, shown, str(exponent).translate(_RAISED))
        return made(POWER, shown, "^", self.at(exponent, ATOM))

    def norm(self, inside: Shown, kind: str) -> Shown:
        return made(ATOM, "‖", inside, "‖₂" if kind == "2" else "‖_∞")

    def transposed(self, shown: Shown) -> Shown:
        return made(ATOM, shown, "ᵀ")

    def print_Diag(self, e: Diag) -> Shown:
        numbers, rest = numbers_first([e])
        if numbers and not rest:
            return self.product(numbers, 0) if e.rows == 1 else self.chain([e])
        return self.call("diag", [self.product(sorted(e.factors, key=is_vector), 0)])

    def print_MatVec(self, e: MatVec) -> Shown:
        numbers, rest = numbers_first([e.matrix])
        right = self.at(e.vector, POWER)
        if not rest:  # a diagonal of one number is that number
            return made(MATVEC, self.product(numbers, MATVEC + 1), self.scalar_times, right)
        level = PRODUCT if isinstance(e.vector, Differential) else MATVEC  # A B dh
        return self.acting(e.matrix, e.vector, level)

    def acting(self, matrix: MatrixExpr, vector: Expr, level: int) -> Shown:
        """A matrix times a vector, the matrix bound at least as tightly as `level`."""
        return made(MATVEC, self.at(matrix, level), self.matvec_times, self.at(vector, POWER))

    def chain(self, matrices: Sequence[MatrixExpr]) -> Shown:
        numbers, rest = numbers_first(matrices)
        if numbers and not rest and matrices[0].rows == 1:
            return self.product(numbers)
        after = self.beside(rest or [Identity(2)])
        if not numbers:
            return after
        return made(PRODUCT, self.product(numbers, MATVEC + 1), self.scalar_times, after)

    def beside(self, matrices: Sequence[MatrixExpr]) -> Shown:
        """Matrices side by side, none of them a number."""
        return super().chain(matrices)

    def print_ColumnBlock(self, e: Any) -> Shown:
        if isinstance(e.matrix, MatrixSymbol):
            return Shown(self.name(f"{e.matrix.name}_{e.source.name}", None))
        return made(ATOM, self.at(e.matrix, ATOM), f"_{{{self.name(e.source.name, None)}}}")

    def print_Dot(self, e: Any) -> Shown:
        left = self.transposed(self.of_vector(e.args[0], ATOM))
        return made(MATVEC, left, " ", self.of_vector(e.args[1], POWER))

    def print_Norm(self, e: Any) -> Shown:
        return made(ATOM, "‖", self.at(e.args[0], 0), "‖")

    def print_Outer(self, e: Any) -> Shown:
        left, right = (self.at(part, ATOM) for part in e.args[:2])
        return made(MATVEC, left, " ", self.transposed(right))

    print_Dyad = print_Outer

    def print_OrderedProduct(self, e: OrderedProduct) -> Shown:
        inside = self.at(shifted(e.factor, e.index), 0)
        return self.over(
            e, self.square(inside) if isinstance(e.factor, MatAdd | MatMul) else inside
        )

    def square(self, inside: Shown) -> Shown:
        """Factors of a product over an index, in brackets."""
        return self.bracketed([inside])

    def over(self, e: Any, inside: Shown) -> Shown:
        """A product over an index, which counts from 0."""
        limits = f"{self.pi}_{{{e.index}=0}}^{{{last_of(e.count)}}} "
        return made(PRODUCT, limits, inside, tall=True)

    def derivative(self, of: str, wrt: str, lag: Expr) -> str:
        return f"∂{self.name(of, S.Zero)}/∂{self.name(wrt, -lag)}"

    # -- marks of derivations ----------------------------------------------------------------

    def print_Differential(self, e: Any) -> Shown:
        return made(ATOM, "d", self.at(e.of, 0))

    def print_Partial(self, e: Any) -> Shown:
        return made(ATOM, "∂", self.at(e.of, 0), "/∂", self.at(e.wrt, 0))

    def print_OneStep(self, e: Any) -> Shown:
        return Shown(self.name("J", e.time - t))

    def print_Dots(self, e: Any) -> Shown:
        return Shown("⋯")

    def print_Gradient(self, e: Any) -> Shown:
        return made(ATOM, "∂L/∂", self.at(e.parameter, 0))

    def print_Along(self, e: Any) -> Shown:
        return self.over(e, self.at(shifted(e.vector, e.index), PRODUCT + 1))

    def print_OverTime(self, e: Any) -> Shown:
        return made(PRODUCT, "∑_t ", self.at(e.summand, PRODUCT))


def raised(layer: str) -> str:
    """The number of a layer as an upper index: ⁽²⁾."""
    return f"⁽{layer.translate(_RAISED)}⁾" if layer else ""


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def numbers_first(
    matrices: Sequence[MatrixExpr],
) -> tuple[list[Expr], list[MatrixExpr]]:
    """The diagonals of one number apart from the matrices: their factors, and the rest.

    >>> n = Symbol("n")
    >>> numbers_first([Diag(n, Symbol("alpha")), MatrixSymbol("U", n, n)])
    ([alpha], [U])
    """
    numbers: list[Expr] = []
    rest: list[MatrixExpr] = []
    for m in matrices:
        if isinstance(m, Diag) and not any(map(is_vector, m.factors)):
            numbers += m.factors
        else:
            rest.append(m)
    return numbers, rest


def on_board(expression: Any) -> tuple[str, int]:
    """An expression as on a board, and SymPy's number for how tightly that binds."""
    shown = Unicode().shown(expression)
    kind = "Add" if shown.binds == SUM else "Mul" if shown.binds < ATOM else "Atom"
    return shown.text, PRECEDENCE[kind]


def board_lines(terms: Sequence[MatrixExpr]) -> list[str]:
    """The terms of a sum, each on a line behind its sign.

    >>> from sympy import MatrixSymbol
    >>> A = MatrixSymbol("A", 2, 2)
    >>> board_lines([A, -2 * A])
    ['A', '- 2 A']
    """
    signed = [(negative, shown.text) for negative, shown in map(Unicode().signed, terms)]
    signs = ["- " if negative else "+ " if i else "" for i, (negative, _) in enumerate(signed)]
    return [sign + shown for sign, (_, shown) in zip(signs, signed, strict=True)]


@asked()
def text(expression: Any, order: Order | None = None) -> str:
    """Print an expression as on a board, in plain Unicode.

    >>> import symgate as sg
    >>> print(sg.text(sg.jacobian(sg.cell("rnn"), of="h", wrt="h")))
    diag(1 - h_t²) U
    """
    return Unicode(order).show(expression)


def partial(of: str, wrt: str, lag: int | str, printer: Unicode | None = None) -> str:
    """The left side of a Jacobian, for a lag that is a number or the name of a symbol.

    >>> print(partial("h_tilde", "h", "k"))
    ∂h̃_t/∂h_{t-k}
    """
    back = Symbol(lag) if isinstance(lag, str) else S(lag)
    return (printer or Unicode()).derivative(of, wrt, back)
