"""Operators that a product leaves as they are: parts of a matrix, values of the step, long lags.

ColumnBlock(W, x, …)    those columns of W that act on x, where W acts on [h, x]
Gram(U, V, …)           uᵀ v of two matrices of the step
MatrixOf(S, …)          a matrix of the step as an operator
OrderedProduct(J, j, k) J(t) J(t-1) … J(t-k+1), for a lag that is a symbol
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import (
    Expr,
    Indexed,
    Integer,
    MatrixExpr,
    MatrixSymbol,
    Symbol,
    ZeroMatrix,
    preorder_traversal,
)
from sympy.core.basic import Basic

from symgate.algebra.operators import Operator, product
from symgate.algebra.vectors import MatVec, name_of, shifted


class ColumnBlock(Operator):
    """The columns start … start + width - 1 of a matrix: those that act on `source`."""

    def __new__(cls, matrix: MatrixExpr, source: Symbol, start: Expr, width: Expr) -> Any:
        if isinstance(matrix, ZeroMatrix):
            return ZeroMatrix(matrix.rows, width)
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


class Gram(Operator):
    """uᵀ v of two matrices of the step: the sum over rows of outer products."""

    def __new__(cls, u: Expr, v: Expr, rows: Expr, cols: Expr) -> Gram:
        return Basic.__new__(cls, u, v, rows, cols)

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[2], self.args[3]

    def _eval_transpose(self) -> Gram:
        u, v, rows, cols = self.args
        return Gram(v, u, cols, rows)


class MatrixOf(Operator):
    """A matrix of the step as an operator on vectors."""

    def __new__(cls, value: Expr, rows: Expr, cols: Expr) -> MatrixOf:
        return Basic.__new__(cls, value, rows, cols)

    value = property(lambda self: self.args[0])

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[1], self.args[2]


class OrderedProduct(Operator):
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


def symbols_in(expression: Basic) -> Iterator[Any]:
    """The variables, parameters and sizes in an expression, as often as they stand in it."""
    nodes = preorder_traversal(expression)
    for e in nodes:
        if isinstance(e, Indexed | Symbol | MatrixSymbol):
            nodes.skip()
            yield e
        elif isinstance(e, ColumnBlock):  # its source is only a name
            nodes.skip()
            for part in (e.matrix, e.start, e.width):
                yield from symbols_in(part)


def pieces(product: MatVec) -> Iterator[tuple[MatrixExpr, Expr]]:
    """A matrix product as a sum of matrix times plain vector: one piece a stacked part."""
    if len(product.parts) == 1:
        yield product.matrix, product.vector
        return
    start: Expr = Integer(0)
    for part, width in zip(product.parts, product.sizes, strict=True):
        named = isinstance(part, Indexed | Symbol)
        label = Symbol(name_of(part) if named else "c")
        yield ColumnBlock(product.matrix, label, start, width), part
        start = start + width
