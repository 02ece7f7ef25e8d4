"""How an operator is built: its summands, the factors of each, and what it makes of a vector."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeGuard

from sympy import (
    Add,
    Expr,
    Identity,
    Indexed,
    KroneckerProduct,
    MatAdd,
    MatMul,
    MatrixExpr,
    Mul,
    S,
    Transpose,
    ZeroMatrix,
)
from sympy.core.basic import Basic

from symgate.algebra.operators import Diag, Outer, factored, transposed
from symgate.algebra.vectors import MatVec


def diagonal(matrix: MatrixExpr) -> tuple[Expr, ...] | None:
    """The factors of a diagonal, none of the identity; None for any other matrix.

    >>> from sympy import Symbol
    >>> z, n = Symbol("z"), Symbol("n")
    >>> diagonal(Diag(n, z, 1 - z)), diagonal(Identity(n)), diagonal(ZeroMatrix(n, n))
    ((z, 1 - z), (), None)
    """
    if isinstance(matrix, Diag):
        return matrix.factors
    return () if isinstance(matrix, Identity) else None


def is_diagonal(matrix: object) -> TypeGuard[Diag]:
    """Whether something is a diagonal of values."""
    return isinstance(matrix, Diag)


def addends(matrix: MatrixExpr) -> tuple[MatrixExpr, ...]:
    """The summands of an operator; none of zero."""
    if isinstance(matrix, ZeroMatrix):
        return ()
    return tuple(matrix.args) if isinstance(matrix, MatAdd) else (matrix,)


def scaling(diag: MatrixExpr, vector: Expr) -> Expr:
    """diag(a) v as a ⊙ v."""
    return Mul(*diag.factors, vector)


def applied(
    operator: MatrixExpr, vector: Expr, scaled: Callable[[MatrixExpr, Expr], Expr] = scaling
) -> Expr:
    """An operator applied to a vector: diag(a) U v becomes a ⊙ (U v).

    `scaled` says what a diagonal makes of a vector. A sum of parameters stays one matrix.
    """
    if isinstance(operator, ZeroMatrix) or (operator.is_MatAdd and operator.has(Indexed)):
        return Add(*(applied(part, vector, scaled) for part in addends(operator)))
    if isinstance(operator, MatMul):
        number, factors = factored(operator)
        for factor in reversed(factors):
            vector = applied(factor, vector, scaled)
        return number * vector
    if is_diagonal(operator):
        return scaled(operator, vector)
    return vector if isinstance(operator, Identity) else MatVec(operator, vector)


def upright(matrix: MatrixExpr) -> tuple[MatrixExpr, bool]:
    """What is transposed in a matrix, and whether anything is: A and True for Aᵀ.

    >>> from sympy import MatrixSymbol
    >>> upright(MatrixSymbol("A", 2, 3).T)
    (A, True)
    """
    return (matrix.arg, True) if isinstance(matrix, Transpose) else (matrix, False)


def update(matrix: MatrixExpr) -> tuple[Expr, Expr, Outer | None] | None:
    """a, b and u uᵀ of a I + b u uᵀ (None where no vector is in it); None for all else.

    >>> from sympy import Symbol
    >>> n, u = Symbol("n"), Symbol("u")
    >>> update(Identity(n) - 2 * Outer(u, u, n, n))[:2], update(Diag(n, u))
    ((1, -2), None)
    """
    scale, along, square = S.Zero, S.Zero, None
    for part in addends(matrix):
        number, (one, *others) = factored(part)
        squared = isinstance(one, Outer) and one == transposed(one) and square in (None, one)
        if others or not (squared or diagonal(one) == ()):
            return None
        if squared:
            along, square = along + number, one
        else:
            scale += number
    return scale, along, square


def one_side(matrix: MatrixExpr) -> MatrixExpr:
    """A of I ⊗ A and of A ⊗ I, which has the same eigenvalues; else the matrix itself."""
    sides = [m for m in matrix.args if diagonal(m) != ()]
    return sides[0] if isinstance(matrix, KroneckerProduct) and len(sides) == 1 else matrix


@lru_cache(maxsize=16_384)
def leaves(e: Basic, *kinds: type) -> tuple[Any, ...]:
    """The parts of some kinds that an expression is made of, none within another, in order.

    >>> from symgate.algebra.vectors import variable
    >>> leaves(variable("z") * (1 - variable("h", 1)), Indexed)
    (h_{t-1}, z_t)
    """
    if isinstance(e, kinds):
        return (e,)
    return tuple(dict.fromkeys(leaf for part in e.args for leaf in leaves(part, *kinds)))
