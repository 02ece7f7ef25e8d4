"""Operators: the matrix expressions that Jacobians are made of.

    Diag(a, b)              diag(a ⊙ b), its factors in the order people write them
    Outer(u, v)             the matrix u vᵀ
    Column(v), Row(v)       a vector as a column (it takes a number), as a row vᵀ (it gives one)
    OperatorSum, OperatorProduct   MatAdd and MatMul that keep their order

All are SymPy matrix expressions; `doit` falls back to SymPy's own classes. `total`, `product`
and `kronecker` make them, and join the neighbours that are one operator together.
`symgate.algebra.matrices` has those that stay as they are in a product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp
from sympy import (
    Expr,
    Identity,
    KroneckerProduct,
    MatAdd,
    MatMul,
    MatrixExpr,
    Mul,
    OneMatrix,
    S,
    Transpose,
    ZeroMatrix,
)
from sympy.core.basic import Basic
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.calls import RealMatrix
from symgate.algebra.values import Dot
from symgate.algebra.vectors import Total, component, rank


class Operator(RealMatrix):
    """An operator of ours: sums, products and transposes of it keep their order and our style."""

    def added(self, *parts: Any) -> MatrixExpr:
        """The sum of matrices in the order given, like ones taken together."""
        found: dict[tuple[MatrixExpr, ...], Expr] = {}
        for number, matrices in map(factored, parts):
            found[tuple(matrices)] = found.get(tuple(matrices), S.Zero) + number
        kept = [self.multiplied(number, *matrices) for matrices, number in found.items()]
        return total(kept, *self.shape)

    def multiplied(self, *parts: Any) -> MatrixExpr:
        """The product of matrices and numbers in the order given."""
        return product(parts, next((part.rows for part in parts if part.is_Matrix), self.rows))

    def transpose(self) -> MatrixExpr:
        return transposed(self)

    def _eval_transpose(self) -> MatrixExpr:
        return OperatorTranspose(self)

    def _eval_power(self, exp: Expr) -> MatrixExpr:
        return self**exp if exp.is_Integer and exp > 0 else OperatorPower(self, exp)


class OperatorSum(Operator, MatAdd):
    """A sum of operators that keeps its order."""

    func = property(lambda self: lambda *parts: total(parts, *self.shape))
    _eval_transpose = Operator.transpose

    def __neg__(self) -> MatrixExpr:
        return OperatorSum(*(-part for part in self.args))


class OperatorProduct(Operator, MatMul):
    """A product of operators that keeps its order."""

    func = property(lambda self: lambda *parts: product(parts, self.rows))
    _eval_transpose = Operator.transpose


class OperatorPower(Operator, sp.MatPow):
    """An operator to a power that is no natural number."""

    def _eval_transpose(self) -> MatrixExpr:
        return OperatorPower(transposed(self.base), self.exp)

    def _eval_inverse(self) -> MatrixExpr:
        return self.base**-self.exp


class OperatorTranspose(Operator, Transpose):
    """The transpose of an operator that is not taken apart."""


class OperatorKronecker(Operator, KroneckerProduct):
    """A ⊗ B: what acts on a matrix of the step, laid out row by row."""

    _eval_transpose = Operator.transpose


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

    factors = property(lambda self: self.args[1:])

    @property
    def vector(self) -> Expr:
        """The diagonal as one vector expression."""
        return Mul(*self.factors)

    on_diagonal = vector
    func = property(lambda self: _diagonal)
    shape = property(lambda self: (self.args[0], self.args[0]))

    def _eval_transpose(self) -> Diag:
        return self

    def _eval_inverse(self) -> Diag:
        return Diag(self.rows, *(1 / factor for factor in self.factors))

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        return component(self.vector, i) * sp.KroneckerDelta(i, j)


def _diagonal(size: Expr, *factors: Expr) -> MatrixExpr:
    """The diagonal of factors of which some may be 0 or 1."""
    kept = [f for f in factors if f != 1]
    return ZeroMatrix(size, size) if 0 in kept else Diag(size, *kept) if kept else Identity(size)


class Column(Operator):
    """A vector as a matrix of one column: it makes a vector of a number."""

    def __new__(cls, size: Expr, vector: Expr) -> Column:
        return Basic.__new__(cls, sp.sympify(size), vector)

    vector = property(lambda self: self.args[1])
    shape = property(lambda self: (self.args[0], S.One))

    def _eval_transpose(self) -> Row:
        return Row(*self.args)


class Row(Operator):
    """vᵀ, a vector as a matrix of one row: it makes a number of a vector."""

    def __new__(cls, size: Expr, vector: Expr) -> Row:
        return Basic.__new__(cls, sp.sympify(size), vector)

    vector = property(lambda self: self.args[1])

    shape = property(lambda self: (S.One, self.args[0]))

    def _eval_transpose(self) -> Column:
        return Column(*self.args)


class Outer(Operator):
    """The matrix u vᵀ of two vector expressions; `rows` and `cols` are the sizes of u and v."""

    def __new__(cls, u: Expr, v: Expr, rows: Any, cols: Any) -> Any:
        return ZeroMatrix(rows, cols) if 0 in (u, v) else Basic.__new__(cls, u, v, rows, cols)

    shape = property(lambda self: self.args[2:])

    def _eval_transpose(self) -> MatrixExpr:
        u, v, rows, cols = self.args
        return Outer(v, u, cols, rows)

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        return component(self.args[0], i) * component(self.args[1], j)


def total(parts: Iterable[MatrixExpr], rows: Expr, cols: Expr) -> MatrixExpr:
    """The sum of operators in the order given; zero matrices are left out.

    On matrices of the step, what acts on each row alike is taken together: I ⊗ (A + B).
    """
    kept = [p for p in parts if not isinstance(p, ZeroMatrix)]
    if not kept:
        return ZeroMatrix(rows, cols)
    if len(kept) == 1:
        return kept[0]
    side = _common_side(kept)
    if side is None:
        return OperatorSum(*kept)
    place, identity = side
    inner = [rest for p in kept if (rest := _without_side(p, place, identity)) is not None]
    common = _common_numbers(inner)
    inner_sum = total([_over(p, common) for p in inner], *inner[0].shape)
    inner_sum = product([common, inner_sum], inner_sum.rows) if common != 1 else inner_sum
    return kronecker(*((identity, inner_sum) if place == 0 else (inner_sum, identity)))


def _scaled(operator: MatrixExpr) -> tuple[list[Expr], list[MatrixExpr]]:
    """The numbers that an operator is multiplied by, and its matrices: 2, z and U of 2 z I U."""
    scale, matrices = factored(operator)
    diagonals = [m for m in matrices if isinstance(m, Diag) and rank(m.vector) == 0]
    numbers = [*Mul.make_args(scale), *(f for m in diagonals for f in m.factors)]
    return numbers, [m for m in matrices if m not in diagonals]


def _common_numbers(parts: Sequence[MatrixExpr]) -> Expr:
    """What all operators are multiplied by: α of α I and α β k kᵀ."""
    first, *others = (_scaled(p)[0] for p in parts)
    return Mul(*(f for f in first if not f.is_number and all(f in other for other in others)))


def _over(operator: MatrixExpr, number: Expr) -> MatrixExpr:
    if number == 1:
        return operator
    numbers, matrices = _scaled(operator)
    return product([Mul(*numbers) / number, *matrices], operator.rows)


def _common_side(parts: Sequence[MatrixExpr]) -> tuple[int, Identity] | None:
    """The identity that all operators have on one side of ⊗: (0, I) for I ⊗ A, I ⊗ B, c I."""
    products = [f for p in parts for f in factored(p)[1] if isinstance(f, KroneckerProduct)]
    if not products:
        return None
    for place in (0, 1):
        identity = products[0].args[place]
        if isinstance(identity, Identity) and all(
            _without_side(p, place, identity) is not None for p in parts
        ):
            return place, identity
    return None


def factored(operator: MatrixExpr) -> tuple[Expr, list[MatrixExpr]]:
    """The number in front of a product of operators, and these."""
    if isinstance(operator, MatMul):
        scale, matrices = operator.as_coeff_matrices()
        return scale, list(matrices)
    return S.One, [operator]


def _without_side(operator: MatrixExpr, place: int, identity: Identity) -> MatrixExpr | None:
    """A of c I ⊗ A, and c I of c I; None for anything else."""
    scale, matrices = factored(operator)
    if len(matrices) != 1:
        return None
    inner = matrices[0]
    if isinstance(inner, KroneckerProduct) and inner.args[place] == identity:
        rest = inner.args[1 - place]
    elif isinstance(inner, Identity):
        rest = Identity(sp.cancel(inner.rows / identity.rows))
    elif isinstance(inner, Diag) and rank(inner.vector) == 0:
        rest = Diag(sp.cancel(inner.rows / identity.rows), *inner.factors)
    else:
        return None
    return rest if scale == 1 else product([scale, rest], rest.rows)


def kronecker(left: MatrixExpr, right: MatrixExpr) -> MatrixExpr:
    """left ⊗ right; numbers stand in front of both."""
    (one, a), (other, b) = factored(left), factored(right)
    left, right = (product(f, m.rows) for f, m in ((a, left), (b, right)))
    if isinstance(left, Identity) and isinstance(right, Identity):
        both: MatrixExpr = Identity(left.rows * right.rows)
    elif left.shape == (1, 1) and isinstance(left, Identity):
        both = right
    elif right.shape == (1, 1) and isinstance(right, Identity):
        both = left
    else:
        both = OperatorKronecker(left, right)
    return both if one * other == 1 else product([one * other, both], both.rows)


def product(parts: Sequence[MatrixExpr | Expr], rows: Expr) -> MatrixExpr:
    """The product of operators in the order given; identities are left out.

    A column times a row is an outer product, a row times a column a number in front, and
    (A ⊗ B)(C ⊗ D) is AC ⊗ BD.
    """
    if any(isinstance(p, ZeroMatrix) or p == 0 for p in parts):
        return ZeroMatrix(rows, next((p.cols for p in reversed(parts) if p.is_Matrix), rows))
    kept: list[Any] = []
    for part in parts:
        if isinstance(part, Identity) or part == S.One:
            continue
        factors = part.args if isinstance(part, MatMul) else [part]
        for factor in factors:
            if not isinstance(factor, Identity):
                _append(kept, factor)
    number = Mul(*(p for p in kept if not isinstance(p, MatrixExpr)))
    operators = [p for p in kept if isinstance(p, MatrixExpr)] or [Identity(rows)]
    operators = [p for p in operators if not isinstance(p, Identity)] or operators[:1]
    if number == 1 and len(operators) == 1:
        return operators[0]
    return OperatorProduct(*([] if number == 1 else [number]), *operators)


def transposed(matrix: MatrixExpr) -> MatrixExpr:
    """Aᵀ of an operator, with the transpose at the symbols.

    >>> from sympy import MatrixSymbol
    >>> print(transposed(OperatorProduct(MatrixSymbol("A", 2, 3), MatrixSymbol("B", 3, 2))))
    Bᵀ Aᵀ
    """
    match matrix:
        case Transpose():
            return matrix.arg
        case MatAdd():
            return OperatorSum(*map(transposed, matrix.args))
        case MatMul():
            scale, matrices = matrix.as_coeff_matrices()
            parts = [transposed(m) for m in reversed(matrices)]
            return product([scale, *parts], matrix.cols)
        case KroneckerProduct():
            return OperatorKronecker(*map(transposed, matrix.args))
        case BlockMatrix():
            return BlockMatrix(matrix.blocks.T.applyfunc(transposed))
        case Operator() | Identity() | OneMatrix() | ZeroMatrix():
            return matrix._eval_transpose()
    return Transpose(matrix)


def _apart(vector: Expr) -> tuple[Expr, Expr]:
    """A vector as a number of the step times the rest."""
    factors = Mul.make_args(vector)
    numbers = [f for f in factors if rank(f) == 0]
    return Mul(*numbers), Mul(*(f for f in factors if f not in numbers))


def _append(kept: list[Any], factor: Any) -> None:
    """Put a factor behind a product, joined with the last one where the two make one."""
    if not isinstance(factor, MatrixExpr):
        if factor != 1:
            kept.insert(0, factor)
        return
    before = kept[-1] if kept and isinstance(kept[-1], MatrixExpr) else None
    merged = None if before is None else _merged(before, factor)
    if merged is None:
        kept.append(factor)
        return
    kept.pop()
    for part in merged:
        _append(kept, part)


def _merged(a: MatrixExpr, b: Any) -> list[Any] | None:
    """Two neighbours as what they make together; None where they stay apart."""
    if isinstance(a, Diag) and a.shape == (1, 1):
        return [a.vector, b]
    if isinstance(b, Diag) and b.shape == (1, 1):
        return [b.vector, a]
    match a, b:
        case Diag(), OneMatrix() if b.cols == 1:
            number, vector = _apart(a.vector)
            return [number, Column(a.rows, vector)]
        case Diag(), Column():
            number, vector = _apart(a.vector)
            return [number, Column(a.rows, vector * b.vector)]
        case Diag(), Outer():
            number, vector = _apart(a.vector)
            return [number, Outer(vector * b.args[0], *b.args[1:])]
        case OneMatrix(), Row() if a.cols == 1:
            return [Outer(S.One, b.vector, a.rows, b.cols)]
        case Column(), Row():
            return [Outer(a.vector, b.vector, a.rows, b.cols)]
        case Row(), Diag():
            return [Row(b.cols, a.vector * b.vector)]
        case Outer(), Diag():
            return [Outer(a.args[0], a.args[1] * b.vector, a.rows, b.cols)]
        case Row(), OneMatrix() if b.cols == 1:
            return [Total(a.vector)]
        case Row(), Column():
            return [Dot(a.vector, b.vector)]
        case Row(), Outer():
            return [Dot(a.vector, b.args[0]), Row(b.cols, b.args[1])]
        case Outer(), Column():
            return [Dot(a.args[1], b.vector), Column(a.rows, a.args[0])]
        case Outer(), Outer():
            return [Dot(a.args[1], b.args[0]), Outer(a.args[0], b.args[1], a.rows, b.cols)]
        case KroneckerProduct(), KroneckerProduct():
            if all(x.cols == y.rows for x, y in zip(a.args, b.args, strict=True)):
                pairs = zip(a.args, b.args, strict=True)
                scale, factors = factored(kronecker(*(product([x, y], x.rows) for x, y in pairs)))
                return [*([] if scale == 1 else [scale]), *factors]
        case Diag(), KroneckerProduct() if rank(a.vector) == 0:
            return [a.vector, b]
        case KroneckerProduct(), Diag() if rank(b.vector) == 0:
            return [b.vector, a]
    return None
