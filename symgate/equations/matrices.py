"""Products with a matrix of the step, written out: S (I - β k kᵀ) v is S v - β (kᵀ v) S k.

A matrix here is a sum of parts, each a number and one matrix: of parameters (a SymPy matrix
expression), a diagonal, or of the step (a value of rank 2). Where a product is a dyad or a
diagonal, it stays one, so that nothing is multiplied out to a matrix that need not be.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Add, Expr, MatrixExpr, Mul

from symgate.algebra.operators import transposed
from symgate.algebra.structure import diagonal
from symgate.algebra.values import Across, Dot, Down, Dyad, RightTimes, StepProduct
from symgate.algebra.vectors import MatVec
from symgate.errors import SymgateError

Part = tuple[Expr, MatrixExpr | Expr]


def turned(matrix: MatrixExpr | Expr) -> MatrixExpr | Expr:
    """The transpose of one part."""
    if isinstance(matrix, MatrixExpr):
        return transposed(matrix)
    if isinstance(matrix, Dyad):
        return Dyad(matrix.args[1], matrix.args[0])
    if isinstance(matrix, Transposed):
        return matrix.value
    return Transposed(matrix)


class Transposed:
    """The transpose of a matrix of the step, which stands beside @ only."""

    def __init__(self, value: Expr) -> None:
        self.value = value


def left_applied(parts: Sequence[Part], vector: Expr) -> Expr:
    """A matrix times a vector."""
    return Add(*(number * _acting(matrix, vector) for number, matrix in parts))


def right_applied(vector: Expr, parts: Sequence[Part]) -> Expr:
    """A row vector times a matrix: the transpose times the vector."""
    return left_applied([(number, turned(matrix)) for number, matrix in parts], vector)


def multiplied(left: Sequence[Part], right: Sequence[Part]) -> Expr:
    """A matrix times a matrix, one of them of the step."""
    return Add(*(a * b * _product(one, other) for a, one in left for b, other in right))


def _acting(matrix: MatrixExpr | Expr, vector: Expr) -> Expr:
    if isinstance(matrix, Transposed):
        return StepProduct(matrix.value, vector, transposed=True)
    if isinstance(matrix, Dyad):
        return matrix.args[0] * Dot(matrix.args[1], vector)
    if not isinstance(matrix, MatrixExpr):
        return StepProduct(matrix, vector)
    factors = diagonal(matrix)
    return MatVec(matrix, vector) if factors is None else Mul(*factors, vector)


def _product(one: MatrixExpr | Expr, other: MatrixExpr | Expr) -> Expr:
    """The product of two parts, as a value."""
    if isinstance(one, Dyad):
        return Dyad(one.args[0], _acting(turned(other), one.args[1]))
    if isinstance(other, Dyad):
        return Dyad(_acting(one, other.args[0]), other.args[1])
    if isinstance(other, MatrixExpr):
        return _from_right(_value(one), other)
    if isinstance(one, MatrixExpr):
        return _from_left(one, _value(other))
    raise SymgateError(
        "two matrices of the step are multiplied here; write one of them as what it is made of: "
        "S[t-1] @ (diag(w[t]) - outer(k[t], k[t])), or the cell for one row of it"
    )


def _from_right(value: Expr, matrix: MatrixExpr) -> Expr:
    factors = diagonal(matrix)
    if factors is None:
        return RightTimes(value, matrix)
    return value * Across(Mul(*factors)) if factors else value


def _from_left(matrix: MatrixExpr, value: Expr) -> Expr:
    factors = diagonal(matrix)
    if factors is None:
        return MatVec(matrix, value)
    return value * Down(Mul(*factors)) if factors else value


def _value(part: MatrixExpr | Expr | Transposed) -> Expr:
    if isinstance(part, Transposed):
        raise SymgateError(
            "the transpose of a matrix of the step is multiplied with a matrix here; give the "
            "transpose an equation of its own way round, as T[t] = outer(k[t], v[t])"
        )
    if isinstance(part, MatrixExpr):
        raise SymgateError(f"{part} is not a matrix of the step")
    return part
