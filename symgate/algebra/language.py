"""Expressions in the language of equations: what the parser reads back, sign by sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Add, Expr, MatAdd, MatrixExpr, Mul

from symgate.algebra.matrices import ColumnBlock, OrderedProduct
from symgate.algebra.operators import Diag
from symgate.algebra.printing import Printer
from symgate.algebra.shown import ATOM, MATVEC, POWER, PRODUCT, Order, Shown, last_of, made, offset
from symgate.algebra.values import Dot
from symgate.algebra.vectors import MatVec, as_product, shifted


class Language(Printer):
    """The language of equations."""

    hadamard, scalar_times, matvec_times = " * ", " * ", " @ "

    def name(self, name: str, time: Expr | None) -> str:
        if time is None:
            return name
        return f"{name}[t]" if time == 0 else f"{name}[t{offset(time)}]"

    def power(self, base: Expr, exponent: Expr) -> Shown:
        return made(POWER, self.at(base, ATOM), "**", self.at(exponent, ATOM))

    def transposed(self, shown: Shown) -> Shown:
        return made(ATOM, shown, ".T")

    def norm(self, inside: Shown, kind: str) -> Shown:
        return self.call("norm", [inside, Shown(kind)])

    def in_product(self, factor: Expr) -> int:
        return MATVEC + 1

    # -- signs: the parser takes a minus for the sign of the first factor alone ---------------

    def is_negative(self, e: Expr) -> bool:
        return bool(e.as_coeff_Mul()[0].is_negative)

    def is_last(self, term: Expr) -> bool:
        return self.is_negative(term) and term.is_number

    def after_sign(self, factors: Sequence[Expr]) -> int:
        """The parser multiplies a minus into a sum, and takes -A @ v for (-A) @ v."""
        alone = len(factors) == 1 and as_product(factors[0])
        return ATOM if alone or isinstance(factors[0], Add) else PRODUCT

    def print_Mul(self, e: Mul) -> Shown:
        number, rest = e.as_coeff_Mul()
        if number != 1 and not number.is_negative and isinstance(self.numerator(rest)[0], Add):
            return made(PRODUCT, self.at(number, POWER), self.scalar_times, self.at(rest, ATOM))
        return super().print_Mul(e)

    def behind_number(self, matrices: Sequence[MatrixExpr]) -> Shown:
        chain = self.chain(matrices)
        grouped = len(matrices) > 1 and isinstance(matrices[0], MatAdd)
        return self.parenthesised(chain) if grouped else chain

    # -- nodes -------------------------------------------------------------------------------

    def print_MatVec(self, e: MatVec) -> Shown:
        left, right = self.at(e.matrix, MATVEC), self.at(e.vector, POWER)
        return made(MATVEC, left, self.matvec_times, right)

    def print_Diag(self, e: Diag) -> Shown:
        return self.call("diag", [self.product(e.factors, 0)])

    def print_Dot(self, e: Dot) -> Shown:
        return self.call("dot", [self.at(part, 0) for part in e.args])

    def print_Norm(self, e: Any) -> Shown:
        return self.call("norm", [self.at(e.args[0], 0)])

    def print_Outer(self, e: Any) -> Shown:
        return self.call("outer", [self.at(e.args[0], 0), self.at(e.args[1], 0)])

    print_Dyad = print_Outer

    def print_ColumnBlock(self, e: ColumnBlock) -> Shown:
        return made(ATOM, self.at(e.matrix, ATOM), f"[:, {e.start}:{e.start + e.width}]")

    def print_OrderedProduct(self, e: OrderedProduct) -> Shown:
        inside = self.parenthesised(self.at(shifted(e.factor, e.index), 0))
        return made(PRODUCT, f"prod_{{{e.index}=0}}^{{{last_of(e.count)}}} ", inside)


def language(expression: Any, order: Order | None = None) -> str:
    """Print an expression in the language of equations; the parser reads it back."""
    return Language(order).show(expression)
