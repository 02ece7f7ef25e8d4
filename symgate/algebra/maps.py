"""Linear maps between values of a step: scalars, vectors and matrices.

    d(target) = coefficient ⊙ map(d(source))

Each map knows its `operator` (a SymPy matrix expression, with matrices laid out row by row),
its `push` (the map of a change, as a value) and its `pull` (the adjoint of a gradient).
`Composed` chains two. How large a map is, `symgate.bounds` reads off the operator.

    map             a change D or d becomes       operator
    MatrixTimes(A)  A d                           A
    Inner(u)        uᵀ d                          uᵀ
    Averaged(u)     uᵀ d / n                      uᵀ / n
    Everywhere      d in every component          1
    ToRows(v)       d vᵀ                          I ⊗ v
    ToColumns(u)    u dᵀ                          u ⊗ I
    OnRows(q)       D q                           I ⊗ qᵀ
    OnColumns(q)    Dᵀ q                          qᵀ ⊗ I
    ByValue(S)      S d, or Sᵀ d                  S
    FromLeft(A)     A D                           A ⊗ I
    FromRight(A)    D A                           I ⊗ Aᵀ
    OfColumns(w)    D diag(w)                     I ⊗ diag(w)
    OfRows(w)       diag(w) D                     diag(w) ⊗ I
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sympy import Expr, Identity, MatrixExpr, OneMatrix, S, Transpose

from symgate.algebra.matrices import MatrixOf
from symgate.algebra.operators import (
    Column,
    Diag,
    OperatorProduct,
    OperatorSum,
    Row,
    kronecker,
    product,
    transposed,
)
from symgate.algebra.values import (
    Across,
    Dot,
    Down,
    Dyad,
    LayerNorm,
    Mean,
    Mixing,
    RightTimes,
    Softmax,
    StepProduct,
    _Normed,
)
from symgate.algebra.vectors import MatVec, Outer, Total


class Map(Protocol):
    """A linear map between the values of a step."""

    @property
    def operator(self) -> MatrixExpr:
        """The map as a matrix, with matrices of the step laid out row by row."""
        ...

    def push(self, d: Expr) -> Expr:
        """What a change of the source makes of the target."""
        ...

    def pull(self, delta: Expr) -> Expr:
        """What a gradient by the target makes of the source's: the adjoint."""
        ...


@dataclass(frozen=True)
class Inner:
    """d ↦ uᵀ d."""

    u: Expr
    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        return Row(self.size, self.u)

    def push(self, d: Expr) -> Expr:
        return Dot(self.u, d)

    def pull(self, delta: Expr) -> Expr:
        return self.u * delta


@dataclass(frozen=True)
class Averaged:
    """d ↦ uᵀ d / n."""

    u: Expr
    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        return product([1 / self.size, Row(self.size, self.u)], S.One)

    def push(self, d: Expr) -> Expr:
        return Mean(self.u * d)

    def pull(self, delta: Expr) -> Expr:
        return self.u * delta / self.size


@dataclass(frozen=True)
class Everywhere:
    """d ↦ d in every component: a scalar beside a vector or a matrix."""

    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        return OneMatrix(self.size, 1)

    def push(self, d: Expr) -> Expr:
        return d

    def pull(self, delta: Expr) -> Expr:
        return Total(delta)


@dataclass(frozen=True)
class ToRows:
    """d ↦ d vᵀ."""

    v: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Identity(self.rows), Column(self.cols, self.v))

    def push(self, d: Expr) -> Expr:
        return Down(d) if self.v == 1 else Dyad(d, self.v)

    def pull(self, delta: Expr) -> Expr:
        return StepProduct(delta, self.v)


@dataclass(frozen=True)
class ToColumns:
    """d ↦ u dᵀ."""

    u: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Column(self.rows, self.u), Identity(self.cols))

    def push(self, d: Expr) -> Expr:
        return Across(d) if self.u == 1 else Dyad(self.u, d)

    def pull(self, delta: Expr) -> Expr:
        return StepProduct(delta, self.u, transposed=True)


@dataclass(frozen=True)
class OnRows:
    """D ↦ D q."""

    q: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Identity(self.rows), Row(self.cols, self.q))

    def push(self, d: Expr) -> Expr:
        return StepProduct(d, self.q)

    def pull(self, delta: Expr) -> Expr:
        return Dyad(delta, self.q)


@dataclass(frozen=True)
class OnColumns:
    """D ↦ Dᵀ q."""

    q: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Row(self.rows, self.q), Identity(self.cols))

    def push(self, d: Expr) -> Expr:
        return StepProduct(d, self.q, transposed=True)

    def pull(self, delta: Expr) -> Expr:
        return Dyad(self.q, delta)


@dataclass(frozen=True)
class ByValue:
    """d ↦ S d for a matrix of the step, or Sᵀ d."""

    value: Expr
    rows: Expr
    cols: Expr
    transposed: bool = False

    @property
    def operator(self) -> MatrixExpr:
        whole = MatrixOf(self.value, self.rows, self.cols)
        return Transpose(whole) if self.transposed else whole

    def push(self, d: Expr) -> Expr:
        return StepProduct(self.value, d, self.transposed)

    def pull(self, delta: Expr) -> Expr:
        return StepProduct(self.value, delta, not self.transposed)


@dataclass(frozen=True)
class MatrixTimes:
    """d ↦ A d for a matrix of parameters."""

    matrix: MatrixExpr

    @property
    def operator(self) -> MatrixExpr:
        return self.matrix

    def push(self, d: Expr) -> Expr:
        return MatVec(self.matrix, d)

    def pull(self, delta: Expr) -> Expr:
        return MatVec(transposed(self.matrix), delta)


@dataclass(frozen=True)
class FromLeft:
    """D ↦ A D for a matrix of parameters."""

    matrix: MatrixExpr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(self.matrix, Identity(self.cols))

    def push(self, d: Expr) -> Expr:
        return MatVec(self.matrix, d)

    def pull(self, delta: Expr) -> Expr:
        return MatVec(transposed(self.matrix), delta)


@dataclass(frozen=True)
class FromRight:
    """D ↦ D A for a matrix of parameters."""

    matrix: MatrixExpr
    rows: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Identity(self.rows), transposed(self.matrix))

    def push(self, d: Expr) -> Expr:
        return RightTimes(d, self.matrix)

    def pull(self, delta: Expr) -> Expr:
        return RightTimes(delta, transposed(self.matrix))


def _diagonal(size: Expr, w: Expr) -> MatrixExpr:
    return Identity(size) if w == 1 else Diag(size, w)


@dataclass(frozen=True)
class OfColumns:
    """D ↦ D diag(w): each column of a matrix times a number of its own."""

    w: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Identity(self.rows), _diagonal(self.cols, self.w))

    def push(self, d: Expr) -> Expr:
        return d * Across(self.w)

    pull = push


@dataclass(frozen=True)
class OfRows:
    """D ↦ diag(w) D."""

    w: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(_diagonal(self.rows, self.w), Identity(self.cols))

    def push(self, d: Expr) -> Expr:
        return d * Down(self.w)

    pull = push


@dataclass(frozen=True)
class Mixed:
    """The derivative of softmax, layer_norm or rms_norm, in its own value y.

    softmax: diag(y) - y yᵀ; layer_norm: (I - 1 1ᵀ/n - y yᵀ/n) / σ; rms_norm without 1 1ᵀ.
    """

    node: Mixing
    y: Expr
    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        n, y = self.size, self.y
        square = Outer(y, y, n, n)
        if isinstance(self.node, Softmax):
            return OperatorSum(Diag(n, y), OperatorProduct(-1, square))
        mean = (
            [OperatorProduct(-1 / n, OneMatrix(n, n))] if isinstance(self.node, LayerNorm) else []
        )
        return OperatorSum(Identity(n), *mean, OperatorProduct(-1 / n, square))

    def push(self, d: Expr) -> Expr:
        if isinstance(self.node, Softmax):
            return self.y * d - self.y * Dot(self.y, d)
        assert isinstance(self.node, _Normed)
        out = d - self.y * Mean(self.y * d)
        return out - Mean(d) if isinstance(self.node, LayerNorm) else out

    pull = push  # symmetric


@dataclass(frozen=True)
class Composed:
    """first, then second."""

    second: Map
    first: Map

    @property
    def operator(self) -> MatrixExpr:
        return product([self.second.operator, self.first.operator], self.second.operator.rows)

    def push(self, d: Expr) -> Expr:
        return self.second.push(self.first.push(d))

    def pull(self, delta: Expr) -> Expr:
        return self.first.pull(self.second.pull(delta))
