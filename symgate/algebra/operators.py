"""Operators: the matrix expressions that Jacobians are made of.

    Diag(a, b)              diag(a ⊙ b), its factors in the order people write them
    ColumnBlock(W, x, …)    those columns of W that act on x, where W acts on [h, x]
    OrderedProduct(J, j, k) J(t) J(t-1) … J(t-k+1), for a lag that is a symbol
    OperatorSum, OperatorProduct   MatAdd and MatMul that keep their order

All are SymPy matrix expressions; `doit` falls back to SymPy's own classes.
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
    Transpose,
    ZeroMatrix,
    sympify,
)
from sympy.core.basic import Basic
from sympy.printing.pretty.stringpict import prettyForm

from symgate.algebra.printed import Printed
from symgate.algebra.vectors import component, shifted


class Operator(Printed, MatrixExpr):
    """An operator of ours: sums, products and transposes of it keep their order and our style."""

    _op_priority = 12.0

    def __add__(self, other: Any) -> MatrixExpr:
        return _summed(self, other)

    def __radd__(self, other: Any) -> MatrixExpr:
        return _summed(other, self)

    def __sub__(self, other: Any) -> MatrixExpr:
        return _summed(self, -other)

    def __rsub__(self, other: Any) -> MatrixExpr:
        return _summed(other, -self)

    def __neg__(self) -> MatrixExpr:
        return product([S.NegativeOne, self], self.rows)

    def __mul__(self, other: Any) -> MatrixExpr:
        return product([self, sympify(other)], self.rows)

    def __rmul__(self, other: Any) -> MatrixExpr:
        return product([sympify(other), self], self.rows)

    __matmul__, __rmatmul__ = __mul__, __rmul__

    def __truediv__(self, other: Any) -> MatrixExpr:
        return product([1 / sympify(other), self], self.rows)

    def __pow__(self, other: Any) -> MatrixExpr:
        if isinstance(other, int) and other > 0:
            return product([self] * other, self.rows)
        return super().__pow__(other)

    def transpose(self) -> MatrixExpr:
        return transposed(self)


def _summed(one: MatrixExpr, other: MatrixExpr) -> MatrixExpr:
    parts = [p for m in (one, other) for p in (m.args if isinstance(m, MatAdd) else (m,))]
    return total(parts, one.rows, one.cols)


class OperatorSum(Operator, MatAdd):
    """A sum of operators that keeps its order."""

    binding = prettyForm.ADD

    def __neg__(self) -> MatrixExpr:
        return OperatorSum(*(-part for part in self.args))


class OperatorProduct(Operator, MatMul):
    """A product of operators that keeps its order."""

    binding = prettyForm.MUL


class Diag(Operator):
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


class ColumnBlock(Operator):
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


def total(parts: Iterable[MatrixExpr], rows: Expr, cols: Expr) -> MatrixExpr:
    """The sum of operators in the order given; zero matrices are left out."""
    kept = [p for p in parts if not isinstance(p, ZeroMatrix)]
    if not kept:
        return ZeroMatrix(rows, cols)
    return kept[0] if len(kept) == 1 else OperatorSum(*kept)


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
    return kept[0] if len(kept) == 1 else OperatorProduct(*kept)


def transposed(matrix: MatrixExpr) -> MatrixExpr:
    """Aᵀ with the transpose at the symbols.

    >>> from sympy import MatrixSymbol
    >>> n = Symbol("n")
    >>> print(transposed(product([Diag(n, Symbol("alpha")), MatrixSymbol("U", n, n)], n)))
    α Uᵀ
    """
    match matrix:
        case Transpose():
            return matrix.arg
        case Identity() | Diag():
            return matrix
        case ZeroMatrix():
            return ZeroMatrix(matrix.cols, matrix.rows)
        case OperatorSum():
            return OperatorSum(*map(transposed, matrix.args))
        case OperatorProduct():
            scale, matrices = matrix.as_coeff_matrices()
            parts = [transposed(m) for m in reversed(matrices)]
            return product([scale, *parts], matrix.cols)
    return Transpose(matrix)
