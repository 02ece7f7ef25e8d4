"""One row of a summand's numbers in floating point: cheap, to tell what a mend cannot be."""

from __future__ import annotations

from math import prod
from operator import mul
from typing import Any

from sympy import Expr, MatrixExpr, Mul

from symgate.algebra.operators import Diag
from symgate.checking.summands import Summand
from symgate.linear.evaluation import Evaluation, Matrix, flat


class Rows:
    """One row of a summand's numbers in floating point: cheap, to tell what cannot be."""

    def __init__(self, point: Evaluation) -> None:
        self.point = point
        self.known: dict[Expr | MatrixExpr, Any] = {}

    def fits(self, summand: Summand | None, wanted: list[float]) -> bool:
        """Whether a summand may have these numbers; None has none but 0."""
        try:
            own = self.row(summand) if summand is not None else [0.0] * len(wanted)
        except (TypeError, ValueError, IndexError, ArithmeticError):
            return False
        close = 1e-9 * (1 + max(map(abs, wanted), default=0))
        return len(own) == len(wanted) and all(
            abs(a - b) <= close for a, b in zip(own, wanted, strict=True)
        )

    def row(self, s: Summand) -> list[float]:
        number = s.number if s.number.is_Rational else self.point.value(s.number)
        row = [float(number) / (1 + 0.37 * i) for i in range(self.point.size(s.rows))]
        for factor in s.factors:
            values = self.of(factor)
            if isinstance(factor, Diag):
                row = [a * b for a, b in zip(row, values, strict=True)]
            else:
                row = [sum(map(mul, row, col)) for col in values]
        return row

    def row_of(self, numbers: Matrix) -> list[float]:
        return [
            sum(float(v) / (1 + 0.37 * i) for i, v in enumerate(col))
            for col in zip(*numbers, strict=True)
        ]

    def of(self, factor: MatrixExpr) -> Any:
        """A diagonal as a list, any other matrix as its columns."""
        if factor not in self.known:
            if isinstance(factor, Diag):
                size = self.point.size(factor.rows)
                parts = [self.vector(f, size) for g in factor.factors for f in Mul.make_args(g)]
                self.known[factor] = [prod(numbers) for numbers in zip(*parts, strict=True)]
            else:
                columns = zip(*self.point.operator(factor), strict=True)
                self.known[factor] = [[float(v) for v in column] for column in columns]
        return self.known[factor]

    def vector(self, expr: Expr, size: int) -> list[float]:
        if expr not in self.known:
            self.known[expr] = [float(v) for v in flat(self.point.value(expr))]
        found: list[float] = self.known[expr]
        return found * size if len(found) == 1 else found
