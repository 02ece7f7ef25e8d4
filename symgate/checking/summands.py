"""Operators as sums of products, multiplied out: what a claim and the exact Jacobian share.

A summand is a product of diagonals and matrices. Its matrices in order say which path it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympy import Expr, Identity, Integer, MatrixExpr, Mul

from symgate.algebra.operators import Column, Diag, Outer, Row, factored, product, total, transposed
from symgate.algebra.structure import addends, diagonal, is_diagonal
from symgate.algebra.text import text
from symgate.algebra.vectors import shifted
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.jacobian import jacobian

#: The most summands that are told apart, and the most factors of all of them.
MOST, MOST_FACTORS = 400, 4000


class TooMany(SymgateError):
    """A product that has too many summands when it is multiplied out."""


@dataclass(frozen=True)
class Addend:
    """A number times a product of operators, and where it stands in the claim."""

    number: Expr
    factors: tuple[MatrixExpr, ...]
    rows: Expr
    cols: Expr
    start: int = 0
    stop: int = 0

    @property
    def operator(self) -> MatrixExpr:
        parts = [*([] if self.number == 1 else [self.number]), *self.factors]
        return product(parts, self.rows) if parts else Identity(self.rows)

    @property
    def product(self) -> tuple[Expr, ...]:
        """The number and the factors, whatever order the factors of a diagonal stand in."""
        factors = (Mul(*f.factors) if is_diagonal(f) else f for f in self.factors)
        return self.number, *factors

    @property
    def path(self) -> tuple[str, ...]:
        """The matrices on it, in order, without the diagonals."""
        return tuple(text(f) for f in self.factors if not is_diagonal(f))

    def times(self, other: Addend) -> Addend:
        factors = _merged_diagonals((*self.factors, *other.factors))
        stop = max(self.stop, other.stop)
        start = min(self.start, other.start)
        number = self.number * other.number
        return Addend(number, factors, self.rows, other.cols, start, stop)

    def turned(self) -> Addend:
        factors = tuple(transposed(f) for f in reversed(self.factors))
        return replace(self, factors=factors, rows=self.cols, cols=self.rows)

    def shifted(self, steps: int) -> Addend:
        """The same so many steps earlier."""
        factors = tuple(shifted(f, steps) for f in self.factors)
        return replace(self, factors=factors, number=shifted(self.number, steps))

    def scaled(self, number: Expr) -> Addend:
        return replace(self, number=self.number * number)


Summands = tuple[Addend, ...]


def _merged_diagonals(factors: tuple[MatrixExpr, ...]) -> tuple[MatrixExpr, ...]:
    """Neighbouring diagonals as one."""
    out: list[MatrixExpr] = []
    for factor in factors:
        if out and is_diagonal(factor) and is_diagonal(out[-1]):
            out[-1] = Diag(factor.rows, *out[-1].factors, *factor.factors)
        else:
            out.append(factor)
    return tuple(out)


def multiplied(left: Iterable[Addend], right: Iterable[Addend]) -> Summands:
    left, right = tuple(left), tuple(right)
    if len(left) * len(right) > MOST:
        raise TooMany(f"multiplied out it has more than {MOST} summands")
    many, more = (sum(len(s.factors) for s in parts) for parts in (left, right))
    if many * len(right) + more * len(left) > MOST_FACTORS:
        raise TooMany(f"multiplied out it has more than {MOST_FACTORS:,} factors")
    return tuple(a.times(b) for a in left for b in right)


def added(parts: Iterable[Addend], rows: Expr, cols: Expr) -> MatrixExpr:
    """The sum as one operator."""
    return total([part.operator for part in parts], rows, cols)


def expanded(operator: MatrixExpr) -> Summands:
    """An operator multiplied out."""
    parts = addends(operator)
    if len(parts) != 1:
        return tuple(s for part in parts for s in expanded(part))
    number, matrices = factored(operator)
    if matrices != [operator]:
        first, *others = map(expanded, matrices)
        for other in others:
            first = multiplied(first, other)
        return tuple(s.scaled(number) for s in first)
    if diagonal(operator) == ():
        return (Addend(Integer(1), (), operator.rows, operator.cols),)
    factors: tuple[MatrixExpr, ...] = (operator,)
    if isinstance(operator, Outer):
        u, v, rows, cols = operator.args
        factors = Column(rows, u), Row(cols, v)
    return (Addend(Integer(1), factors, operator.rows, operator.cols),)


def exact(cell: Cell, of: str, wrt: str, lag: int) -> Summands:
    """The summands of ∂ of_t / ∂ wrt_{t-lag}: over several steps, through every state.

    Where they are too many, the whole is one.
    """
    try:
        return _told_apart(cell, of, wrt, lag)
    except TooMany:
        whole = jacobian(cell, of, wrt, lag=lag)
        return (Addend(Integer(1), (whole,), *whole.shape),)


def _told_apart(cell: Cell, of: str, wrt: str, lag: int) -> Summands:
    if lag <= 1 or wrt not in cell.states:
        return expanded(jacobian(cell, of, wrt, lag=lag))
    found: list[Addend] = []
    for state in cell.states:
        rest = _told_apart(cell, state, wrt, lag - 1)
        before = [s.shifted(1) for s in rest]
        found += multiplied(expanded(jacobian(cell, of, state)), before)
    return tuple(found)
