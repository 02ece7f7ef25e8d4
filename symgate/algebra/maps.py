"""Linear maps between values of a step: scalars, vectors and matrices.

    d(target) = coefficient ⊙ map(d(source))

Each map knows its `operator` (a SymPy matrix expression, with matrices laid out row by row),
its `push` (the map of a change, as a value) and its `pull` (the adjoint of a gradient).
`Composed` chains two. How large a map is, `symgate.bounds` reads off the operator, where the
map does not say so itself.

    map             a change D or d becomes       operator
    MatrixTimes(A)  A d                           A
    Inner(u)        uᵀ d                          uᵀ
    Averaged(u)     uᵀ d / n                      uᵀ / n
    Everywhere      d in every component          1
    ToRows(v)       d vᵀ                          I ⊗ v
    ToColumns(u)    u dᵀ                          u ⊗ I
    On(q)           D q, or Dᵀ q                  I ⊗ qᵀ, or qᵀ ⊗ I
    ByValue(S)      S d, or Sᵀ d                  S
    FromLeft(A)     A D                           A ⊗ I
    FromRight(A)    D A                           I ⊗ Aᵀ
    Hadamard(1 wᵀ)  D diag(w)                     I ⊗ diag(w)
    Hadamard(w 1ᵀ)  diag(w) D                     diag(w) ⊗ I
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from sympy import Expr, Identity, MatrixExpr, OneMatrix, S, Transpose
from sympy.core.basic import Basic

from symgate.algebra.matrices import MatrixOf
from symgate.algebra.operators import (
    Column,
    Diag,
    OperatorProduct,
    OperatorSum,
    Outer,
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
from symgate.algebra.vectors import MatVec, Total


class Map(ABC):
    """A linear map between the values of a step."""

    #: Whether it is a matrix of parameters on a vector, and no more.
    plain: ClassVar[bool] = False

    #: Of a matrix: 0 where it acts on each row by itself, -1 where on each column.
    axis: ClassVar[int | None] = None

    @property
    @abstractmethod
    def operator(self) -> MatrixExpr:
        """The map as a matrix, with matrices of the step laid out row by row."""

    @abstractmethod
    def push(self, d: Expr) -> Expr:
        """What a change of the source makes of the target."""

    @abstractmethod
    def pull(self, d: Expr) -> Expr:
        """What a gradient by the target makes of the source's: the adjoint."""

    @property
    def bound(self) -> Expr | None:
        """A bound of its norm whatever the values, where it is not read off the operator."""
        return None

    @property
    def scale(self) -> Expr | None:
        """What each component is multiplied by, where no more is done: 1 wᵀ, u 1ᵀ."""
        return None

    def acts_along(self, axis: int) -> bool:
        """Whether it acts on each row of a matrix by itself (0), or on each column (-1)."""
        return axis == self.axis

    def put(self, fixed: Mapping[Basic, Expr]) -> Self:
        """The map with values put into the vectors and numbers that it holds."""
        given: Any = self
        now = {f.name: getattr(self, f.name) for f in fields(given)}
        moved = {n: v.xreplace(fixed) for n, v in now.items() if isinstance(v, Basic)}
        moved |= {n: v.put(fixed) for n, v in now.items() if isinstance(v, Map)}
        made: Self = replace(given, **moved)
        return made


@dataclass(frozen=True)
class Inner(Map):
    """d ↦ uᵀ d."""

    u: Expr
    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        return Row(self.size, self.u)

    def push(self, d: Expr) -> Expr:
        return Dot(self.u, d)

    def pull(self, d: Expr) -> Expr:
        return self.u * d


@dataclass(frozen=True)
class Averaged(Map):
    """d ↦ uᵀ d / n."""

    u: Expr
    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        return product([1 / self.size, Row(self.size, self.u)], S.One)

    def push(self, d: Expr) -> Expr:
        return Mean(self.u * d)

    def pull(self, d: Expr) -> Expr:
        return self.u * d / self.size


@dataclass(frozen=True)
class Everywhere(Map):
    """d ↦ d in every component: a scalar beside a vector or a matrix."""

    size: Expr

    @property
    def operator(self) -> MatrixExpr:
        return OneMatrix(self.size, 1)

    def push(self, d: Expr) -> Expr:
        return d

    def pull(self, d: Expr) -> Expr:
        return Total(d)


@dataclass(frozen=True)
class ToRows(Map):
    """d ↦ d vᵀ."""

    axis = 0

    v: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Identity(self.rows), Column(self.cols, self.v))

    def push(self, d: Expr) -> Expr:
        return Down(d) if self.v == 1 else Dyad(d, self.v)

    def pull(self, d: Expr) -> Expr:
        return StepProduct(d, self.v)


@dataclass(frozen=True)
class ToColumns(Map):
    """d ↦ u dᵀ."""

    axis = -1

    u: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Column(self.rows, self.u), Identity(self.cols))

    def push(self, d: Expr) -> Expr:
        return Across(d) if self.u == 1 else Dyad(self.u, d)

    def pull(self, d: Expr) -> Expr:
        return StepProduct(d, self.u, transposed=True)


@dataclass(frozen=True)
class On(Map):
    """D ↦ D q, or Dᵀ q."""

    q: Expr
    rows: Expr
    cols: Expr
    transposed: bool = False

    @property
    def operator(self) -> MatrixExpr:
        if self.transposed:
            return kronecker(Row(self.rows, self.q), Identity(self.cols))
        return kronecker(Identity(self.rows), Row(self.cols, self.q))

    def push(self, d: Expr) -> Expr:
        return StepProduct(d, self.q, self.transposed)

    def pull(self, d: Expr) -> Expr:
        return Dyad(self.q, d) if self.transposed else Dyad(d, self.q)

    def acts_along(self, axis: int) -> bool:
        return axis == (-1 if self.transposed else 0)


@dataclass(frozen=True)
class ByValue(Map):
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

    def pull(self, d: Expr) -> Expr:
        return StepProduct(self.value, d, not self.transposed)


@dataclass(frozen=True)
class MatrixTimes(Map):
    """d ↦ A d for a matrix of parameters."""

    plain = True

    matrix: MatrixExpr

    @property
    def operator(self) -> MatrixExpr:
        return self.matrix

    def push(self, d: Expr) -> Expr:
        return MatVec(self.matrix, d)

    def pull(self, d: Expr) -> Expr:
        return MatVec(transposed(self.matrix), d)


@dataclass(frozen=True)
class FromLeft(MatrixTimes):
    """D ↦ A D for a matrix of parameters."""

    cols: Expr

    axis = -1
    plain = False

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(self.matrix, Identity(self.cols))


@dataclass(frozen=True)
class FromRight(Map):
    """D ↦ D A for a matrix of parameters."""

    axis = 0

    matrix: MatrixExpr
    rows: Expr

    @property
    def operator(self) -> MatrixExpr:
        return kronecker(Identity(self.rows), transposed(self.matrix))

    def push(self, d: Expr) -> Expr:
        return RightTimes(d, self.matrix)

    def pull(self, d: Expr) -> Expr:
        return RightTimes(d, transposed(self.matrix))


def _diagonal(size: Expr, w: Expr) -> MatrixExpr:
    return Identity(size) if w == 1 else Diag(size, w)


@dataclass(frozen=True)
class Hadamard(Map):
    """D ↦ s ⊙ D, where s is 1 wᵀ or w 1ᵀ: D diag(w) or diag(w) D."""

    side: Expr
    rows: Expr
    cols: Expr

    @property
    def operator(self) -> MatrixExpr:
        (w,) = self.side.args
        if self.acts_along(0):
            return kronecker(Identity(self.rows), _diagonal(self.cols, w))
        return kronecker(_diagonal(self.rows, w), Identity(self.cols))

    def push(self, d: Expr) -> Expr:
        return d * self.side

    pull = push

    @property
    def scale(self) -> Expr:
        return self.side

    def acts_along(self, axis: int) -> bool:
        return bool(axis == self.side.axis)


@dataclass(frozen=True)
class Mixed(Map):
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

    @property
    def bound(self) -> Expr | None:
        """diag(p) - p pᵀ, and at most I minus projections; what is divided by stands apart."""
        return S.Half if isinstance(self.node, Softmax) else S.One


@dataclass(frozen=True)
class Composed(Map):
    """first, then second."""

    second: Map
    first: Map

    @property
    def operator(self) -> MatrixExpr:
        return product([self.second.operator, self.first.operator], self.second.operator.rows)

    def push(self, d: Expr) -> Expr:
        return self.second.push(self.first.push(d))

    def pull(self, d: Expr) -> Expr:
        return self.first.pull(self.second.pull(d))

    @property
    def scale(self) -> Expr | None:
        one, other = self.first.scale, self.second.scale
        return None if one is None or other is None else one * other

    def acts_along(self, axis: int) -> bool:
        return self.first.acts_along(axis) and self.second.acts_along(axis)
