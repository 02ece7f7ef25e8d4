"""Slips of the pen: a summand written otherwise, and what stands for what in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise

from sympy import Add, Expr, Indexed, Integer, MatrixExpr, Mul

from symgate.algebra.operators import Diag
from symgate.algebra.structure import is_diagonal
from symgate.algebra.vectors import name_of
from symgate.checking.summands import Addend


@dataclass(frozen=True)
class Lapse:
    """A summand with `new` for `old`, where None is nothing; or with `old` on the other side of
    `beside`. One that is made `beside` a matrix stands behind it.

    The likeliest has rank 0. The summand is made when it is asked for.
    """

    rank: int
    made: Callable[[], Addend]
    old: Expr | MatrixExpr | None = None
    new: Expr | MatrixExpr | None = None
    beside: MatrixExpr | None = None


def slips(s: Addend, candidates: Sequence[Expr], variables: Sequence[Expr]) -> Iterator[Lapse]:
    """The summand with one slip: in the order of its factors, in a diagonal, or with one more.

    Factors that may stand in a diagonal are the `candidates`, and the `variables` inside them.
    """
    for i, (one, other) in enumerate(pairwise(s.factors)):
        if is_diagonal(one) != is_diagonal(other):
            diag, matrix = (one, other) if is_diagonal(one) else (other, one)
            yield Lapse(0, partial(exchanged, s, i), diag, beside=matrix)
    for i, factor in enumerate(s.factors):
        if is_diagonal(factor):
            yield from _in_diagonal(s, i, factor, candidates, variables)
            yield from _moved(s, i, factor)
    for i in range(len(s.factors) + 1):
        beside = s.factors[i].rows if i < len(s.factors) else s.cols
        behind = s.factors[i - 1] if i and not is_diagonal(s.factors[i - 1]) else None
        for new in candidates:
            yield Lapse(3, partial(_inserted, s, i, Diag(beside, new)), new=new, beside=behind)


def exchanged(s: Addend, at: int) -> Addend:
    """A factor and the next in each other's place."""
    one, other = s.factors[at : at + 2]
    return replace(s, factors=(*s.factors[:at], other, one, *s.factors[at + 2 :]))


def put(s: Addend, at: int, take: Expr, new: Expr) -> Addend:
    """A diagonal with one factor for another."""
    diag = s.factors[at]
    number, rest = (diag.vector / take * new).as_coeff_Mul()
    inner = (*s.factors[:at], Diag(diag.rows, rest), *s.factors[at + 1 :])
    return replace(s, factors=inner, number=s.number * number)


def factors_of(vector: Expr) -> list[Expr]:
    """The factors of a vector, of a power first the base."""
    found = Mul.make_args(vector)
    bases = [f.base for f in found if f.is_Pow and f.exp.is_Integer and f.exp > 0]
    return [*bases, *found]


def in_diagonals(parts: Sequence[Addend]) -> list[Expr]:
    """All factors of the diagonals of some summands, then what stands in them."""
    diagonals = (f for s in parts for f in s.factors if is_diagonal(f))
    found = [factor for f in diagonals for factor in factors_of(f.vector)]
    inner = [v for f in found for v in sorted(f.atoms(Indexed), key=str)]
    return [f for f in dict.fromkeys((*found, *inner)) if not f.is_number]


def _in_diagonal(
    s: Addend, at: int, diag: Diag, candidates: Sequence[Expr], variables: Sequence[Expr]
) -> Iterator[Lapse]:
    vector = diag.vector
    for factor in factors_of(vector):
        for new in candidates:
            if new != factor:
                rank = 1 if _flipped(factor, new) else 2
                yield Lapse(rank, partial(put, s, at, factor, new), factor, new)
        yield Lapse(3, partial(put, s, at, factor, Integer(1)), factor)
    for old in sorted(vector.atoms(Indexed), key=str):
        for new in variables:
            if new != old:
                rank = 1 if name_of(new) == name_of(old) else 2
                made = partial(_swapped, s, at, vector, old, new)
                yield Lapse(rank, made, old, new)


def _swapped(s: Addend, at: int, vector: Expr, old: Expr, new: Expr) -> Addend:
    return put(s, at, vector, vector.xreplace({old: new}))


def _moved(s: Addend, at: int, diag: Diag) -> Iterator[Lapse]:
    """Some factors of a diagonal on the other side of a matrix beside it."""

    def made(side: int, some: Expr) -> Addend:
        matrix = s.factors[side]
        new = Diag(matrix.cols if side > at else matrix.rows, some)
        inner = list(s.factors)
        inner[at] = Diag(diag.rows, diag.vector / some)
        inner.insert(side + 1 if side > at else side, new)
        return replace(s, factors=tuple(inner))

    own = factors_of(diag.vector)
    for side in (at - 1, at + 1):
        if 0 <= side < len(s.factors) and not is_diagonal(s.factors[side]):
            for count in range(1, min(len(own), 3) + 1):
                for some in (Mul(*c) for c in combinations(own[:5], count)):
                    yield Lapse(1, partial(made, side, some), some, beside=s.factors[side])


def _inserted(s: Addend, at: int, new: Diag) -> Addend:
    return replace(s, factors=(*s.factors[:at], new, *s.factors[at:]))


def _flipped(old: Expr, new: Expr) -> bool:
    """Whether one is the other with a sign turned inside, as 1 - z and z."""
    return isinstance(old, Add) != isinstance(new, Add) and old.atoms(Indexed) == new.atoms(Indexed)
