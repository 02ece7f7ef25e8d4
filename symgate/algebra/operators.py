"""Operators: the matrix expressions that Jacobians are made of.

    Diag(a, b)              diag(a ⊙ b), its factors in the order people write them
    ColumnBlock(W, x, …)    those columns of W that act on x, where W acts on [h, x]
    OrderedProduct(J, j, k) J(t) J(t-1) … J(t-k+1), for a lag that is a symbol
    Sum, Chain              MatAdd and MatMul that keep their order and print themselves

All are SymPy matrix expressions; `doit` and arithmetic fall back to SymPy's own classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import (
    Expr,
    Identity,
    Integer,
    KroneckerDelta,
    MatAdd,
    MatMul,
    MatrixExpr,
    Mul,
    S,
    Symbol,
    ZeroMatrix,
)
from sympy.core.basic import Basic

from symgate.algebra.vectors import component, shifted


class _Printed(MatrixExpr):
    """Prints itself as a lecturer writes it, under str and in notebooks."""

    def _sympystr(self, printer: Any) -> str:
        from symgate.algebra.printing import text

        return text(self)

    def _latex(self, printer: Any) -> str:
        from symgate.writing.latex import latex

        return latex(self)


class Sum(_Printed, MatAdd):
    """A sum of operators that keeps its order."""


class Chain(_Printed, MatMul):
    """A product of operators that keeps its order."""


class Diag(_Printed):
    """The diagonal matrix of a Hadamard product; the factors keep their order.

    >>> from sympy import Symbol
    >>> from symgate.algebra.vectors import variable
    >>> z = variable("z")
    >>> print(Diag(Symbol("n"), z, 1 - z))
    diag(z_t ⊙ (1 - z_t))
    """

    def __new__(cls, size: Expr, *factors: Expr) -> Diag:
        return Basic.__new__(cls, size, *factors)

    @property
    def factors(self) -> tuple[Expr, ...]:
        return self.args[1:]

    @property
    def vector(self) -> Expr:
        """The diagonal as one vector expression."""
        return Mul(*self.factors)

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[0], self.args[0]

    def _eval_transpose(self) -> Diag:
        return self

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        return component(self.vector, i) * KroneckerDelta(i, j)


class ColumnBlock(_Printed):
    """The columns start … start + width - 1 of a matrix: those that act on `source`."""

    def __new__(cls, matrix: MatrixExpr, source: Symbol, start: Expr, width: Expr) -> ColumnBlock:
        return Basic.__new__(cls, matrix, source, start, width)

    matrix = property(lambda self: self.args[0])
    source = property(lambda self: self.args[1])
    start = property(lambda self: self.args[2])
    width = property(lambda self: self.args[3])

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[0].rows, self.args[3]

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        return self.matrix[i, self.start + j]


class OrderedProduct(_Printed):
    """factor(t) factor(t-1) … factor(t-count+1), later steps to the left.

    `factor` is written at time t. `subs` of a number for the count writes the product out.
    """

    def __new__(cls, factor: MatrixExpr, index: Symbol, count: Expr) -> Any:
        if isinstance(count, Integer):
            return product([shifted(factor, j) for j in range(int(count))], factor.rows)
        return Basic.__new__(cls, factor, index, count)

    factor = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    count = property(lambda self: self.args[2])

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[0].shape

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        raise ValueError("a product over a symbolic lag has no entries; choose an integer lag")


def total(parts: Iterable[MatrixExpr], rows: Expr, cols: Expr) -> MatrixExpr:
    """The sum of operators in the order given; zero matrices are left out."""
    kept = [p for p in parts if not isinstance(p, ZeroMatrix)]
    if not kept:
        return ZeroMatrix(rows, cols)
    return kept[0] if len(kept) == 1 else Sum(*kept)


def product(parts: Sequence[MatrixExpr | Expr], rows: Expr) -> MatrixExpr:
    """The product of operators in the order given; identities are left out."""
    if any(isinstance(p, ZeroMatrix) for p in parts):
        return ZeroMatrix(rows, parts[-1].cols)
    kept: list[Any] = []
    for part in parts:
        if isinstance(part, Identity) or part == S.One:
            continue
        factors = part.args if isinstance(part, MatMul) else [part]
        kept.extend(f for f in factors if not isinstance(f, Identity))
    if not any(isinstance(p, MatrixExpr) for p in kept):
        kept.append(Identity(rows))
    return kept[0] if len(kept) == 1 else Chain(*kept)
