"""How a value of the step depends on what stands in it: by which linear map on which source.

Of a variable, a parameter, A v, uᵀ v, S q, … this says its shape and its ways: factors, a map, a
source. It is the table of differentials of the language: a new kind of value is one method here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Indexed, S, Symbol

from symgate.algebra.fold import Semantics, fold, is_constant
from symgate.algebra.maps import (
    Averaged,
    ByValue,
    FromLeft,
    FromRight,
    Inner,
    Map,
    MatrixTimes,
    Mixed,
    On,
    ToColumns,
    ToRows,
)
from symgate.algebra.matrices import pieces
from symgate.algebra.structure import diagonal
from symgate.algebra.values import Across, Dot, Down, Dyad, Mixing, Norm, RightTimes, StepProduct
from symgate.algebra.vectors import MatVec, Opaque, name_of, rank

Shape = tuple[Expr, ...]
ShapeOf = Callable[[str], Shape]


@dataclass(frozen=True)
class Way:
    """factors ⊙ map(d(source)); no map is the identity."""

    factors: tuple[Expr, ...]
    map: Map | None
    source: Expr


@dataclass(frozen=True)
class Dependence:
    """The symbolic shape of a value, None where nothing in it has one, and its ways."""

    shape: Shape | None = None
    ways: tuple[Way, ...] = ()

    @property
    def rows(self) -> Expr:
        return self.shape[0] if self.shape else S.One

    @property
    def cols(self) -> Expr:
        return self.shape[1] if self.shape and len(self.shape) == 2 else S.One


class Dependences(Semantics):
    """On what each value depends, in a node of a shape with the value `target`."""

    def __init__(self, shape_by_name: ShapeOf, target: Expr = S.Zero, shape: Shape = ()) -> None:
        self.shape_by_name, self.target, self.known = shape_by_name, target, {}
        self.beside = [shape] if len(shape) == 2 else []

    def __call__(self, e: Expr) -> Dependence:
        found: Dependence = fold(e, self)
        return found

    def unknown(self, e: Any) -> Dependence:
        """A matrix; a value that has no method here raises, for it would count as constant."""
        if isinstance(e, Opaque):
            super().unknown(e)
        return Dependence()

    def stack(self, parts: Sequence[Dependence], e: Any) -> Dependence:
        return Dependence()  # each part by the columns that act on it, in matvec

    # -- what is element-wise: its sources are atoms of their own -----------------------------

    def variable(self, e: Indexed) -> Dependence:
        return Dependence(self.shape_by_name(name_of(e)), (Way((), None, e),))

    def parameter(self, e: Symbol) -> Dependence:
        return Dependence(self.shape_by_name(e.name) if rank(e) else (), (Way((), None, e),))

    def number(self, e: Expr) -> Dependence:
        return Dependence(())

    def add(self, parts: Sequence[Dependence], e: Expr) -> Dependence:
        want = rank(e)
        shapes = (p.shape for p in parts if p.shape is not None and len(p.shape) == want)
        return Dependence(next(shapes, None if want else ()))

    multiply = add

    def power(self, base: Dependence, exponent: Dependence, e: Expr) -> Dependence:
        return self.add((base, exponent), e)

    def apply(self, arguments: Sequence[Dependence], e: Expr) -> Dependence:
        return self.add(arguments, e)

    # -- products with matrices --------------------------------------------------------------

    def matvec(self, matrix: Any, vector: Dependence, e: MatVec) -> Dependence:
        rows = e.matrix.rows
        if rank(e) == 2:
            way = Way((), FromLeft(e.matrix, vector.cols), e.vector)
            return Dependence((rows, vector.cols) if vector.shape else None, (way,))
        ways = []
        for part, source in pieces(e):
            factors = diagonal(part) if source.has(Indexed) else None
            if not is_constant(source):
                ways.append(
                    Way((), MatrixTimes(part), source)
                    if factors is None
                    else Way(factors, None, source)
                )
        return Dependence((rows,), tuple(ways))

    def act(self, matrix: Dependence, operand: Dependence, e: StepProduct) -> Dependence:
        rows, cols = matrix.rows, matrix.cols
        ways = (
            Way((), On(e.operand, rows, cols, e.transposed), e.matrix),
            Way((), ByValue(e.matrix, rows, cols, e.transposed), e.operand),
        )
        return Dependence((cols if e.transposed else rows,) if matrix.shape else None, ways)

    def right_times(self, value: Dependence, matrix: Any, e: RightTimes) -> Dependence:
        way = Way((), FromRight(e.matrix, value.rows), e.value)
        return Dependence((value.rows, e.matrix.cols) if value.shape else None, (way,))

    # -- numbers of the step -----------------------------------------------------------------

    def dot(self, u: Dependence, v: Dependence, e: Dot) -> Dependence:
        one, other = e.args
        size = (u if rank(one) else v).rows
        return Dependence((), (Way((), Inner(other, size), one), Way((), Inner(one, size), other)))

    def total(self, vector: Dependence, e: Any) -> Dependence:
        return Dependence((), (Way((), Inner(S.One, vector.rows), e.args[0]),))

    def mean(self, vector: Dependence, e: Any) -> Dependence:
        return Dependence((), (Way((), Averaged(S.One, vector.rows), e.args[0]),))

    def norm(self, vector: Dependence, e: Norm) -> Dependence:
        return Dependence((), (Way((1 / e,), Inner(e.args[0], vector.rows), e.args[0]),))

    def spread(self, vector: Dependence, e: Any) -> Dependence:
        return Dependence(())

    # -- what mixes components, and matrices of the step ---------------------------------------

    def mixing(self, vector: Dependence, e: Mixing) -> Dependence:
        way = Way(e.scale, Mixed(e, self.target, vector.rows), e.vector)
        return Dependence(vector.shape, (way,))

    def dyad(self, u: Dependence, v: Dependence, e: Dyad) -> Dependence:
        one, other = e.args
        rows, cols = u.rows, v.rows
        ways = (
            Way((), ToRows(other, rows, cols), one),
            Way((), ToColumns(one, rows, cols), other),
        )
        return Dependence((rows, cols) if u.shape and v.shape else None, ways)

    def across(self, vector: Dependence, e: Across) -> Dependence:
        """1 wᵀ, whose other side has the size of what it stands beside."""
        return Dependence(
            None, tuple(Way((), ToColumns(S.One, *s), e.args[0]) for s in self.beside)
        )

    def down(self, vector: Dependence, e: Down) -> Dependence:
        return self.side(ToRows, e.args[0])

    def side(self, kind: type[ToColumns] | type[ToRows], vector: Expr) -> Dependence:
        return Dependence(None, tuple(Way((), kind(S.One, *s), vector) for s in self.beside))
