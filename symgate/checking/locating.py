"""Where a wrong claim goes wrong: path by path, which summand is off, and what mends it.

A mend is only told when the numbers say that it makes the path right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise

from sympy import Add, Expr, Indexed, Integer, MatrixExpr, Mul, Rational

from symgate.algebra.operators import Diag
from symgate.algebra.vectors import name_of, time_of
from symgate.checking.points import Array, Points, same
from symgate.checking.summands import Summand, added
from symgate.checking.values import NamedMoment, Operator

Path = tuple[str, ...]
Say = Callable[[Expr | MatrixExpr], str]

#: The most mends that are tried for one claim.
MOST_TRIED = 2500

#: The most faults that are told of one claim.
MOST_TOLD = 4


@dataclass(frozen=True)
class Flaw:
    """A fault with its place as characters of the text."""

    start: int
    stop: int
    message: str
    mend: str = ""


@dataclass(frozen=True)
class UndoneSlip:
    """One slip of the pen undone: the summand without it, and how to say it.

    The likeliest has rank 0. Both are made when they are asked for.
    """

    rank: int
    made: Callable[[], Summand | None]
    said: Callable[[], tuple[str, str]]
    about: Expr | None = None


class Locator:
    """Compares a claim with the exact summands, path by path."""

    def __init__(
        self,
        claim: Operator,
        exact: Sequence[Summand],
        points: Points,
        seen: Sequence[tuple[NamedMoment, int, int]],
        say: Say,
        span: tuple[int, int],
    ) -> None:
        self.rows, self.cols = claim.rows, claim.cols
        self.points, self.seen, self.say = points, seen, say
        self.left = MOST_TRIED
        self.claimed, self.due = _by_path(claim.parts), _by_path(exact)
        self.candidates = _factors(exact)
        variables = (v for c in self.candidates for v in sorted(c.atoms(Indexed), key=str))
        self.variables = list(dict.fromkeys(variables))
        self.span = (
            min((s.start for s in claim.parts), default=span[0]),
            max((s.stop for s in claim.parts), default=span[1]),
        )

    def numbers(self, parts: Sequence[Summand]) -> Array:
        return self.points.numbers(parts, self.rows, self.cols)

    def differ(self, parts: Sequence[Summand], due: Sequence[Summand]) -> bool:
        return not same(self.numbers(parts), self.numbers(due))

    def faults(self) -> list[Flaw]:
        """A fault for each path that is wrong; some of them where they are more than are told."""
        every = dict.fromkeys((*self.claimed, *self.due))
        wrong = [p for p in every if self.differ(self.claimed.get(p, ()), self.due.get(p, ()))]
        found: list[Flaw] = []
        missing = [p for p in wrong if p not in self.claimed]
        both = [p for p in wrong if p in self.claimed and p in self.due]
        for path in (p for p in wrong if p in self.claimed and p not in self.due):
            twin = next((m for m in missing if _alike(path, m)), None)
            twin = twin or next((m for m in both if self.mistaken(path, m)), None)
            for known in (missing, both):
                if twin in known:
                    known.remove(twin)
            for summand in self.claimed[path]:
                found.append(self.misplaced(summand, path, twin))
        found += [self.off(path) for path in both[:MOST_TOLD]]
        if len(found) <= MOST_TOLD:
            found += [self.missing(path) for path in missing]
        return sorted(found, key=lambda f: f.start)

    def mistaken(self, path: Path, other: Path) -> bool:
        """Whether a path's summands are those that another lacks, with other matrices."""
        if not _alike(path, other) or len(path) != len(other):
            return False
        due = [f for f in self.due[other][0].factors if not isinstance(f, Diag)]
        moved = list(self.claimed[other])
        for s in self.claimed[path]:
            matrices = iter(due)
            inner = (f if isinstance(f, Diag) else next(matrices) for f in s.factors)
            moved.append(replace(s, factors=tuple(inner)))
        return self.points.gives(moved, self.numbers(self.due[other]))

    # -- whole paths -------------------------------------------------------------------------

    def missing(self, path: Path) -> Flaw:
        mend = f"add {self.told(self.due[path])}"
        return Flaw(*self.span, f"missing: {self.route(self.due[path][0])}", mend)

    def misplaced(self, summand: Summand, path: Path, twin: Path | None) -> Flaw:
        place = (summand.start, summand.stop)
        own = self.matrices(summand)
        if twin is None:
            what = f"no path of the exact Jacobian is like this one, through {own or 'no matrix'}"
            return Flaw(*place, what, "take it away")
        due = self.matrices(self.due[twin][0])
        mend = f"due is {self.told(self.due[twin])}"
        if sorted(path) == sorted(twin):
            return Flaw(*place, f"{own} stand in the wrong order: it should be {due}", mend)
        return Flaw(*place, f"{own or 'no matrix'} stands where {due or 'none'} belongs", mend)

    def route(self, summand: Summand) -> str:
        own = self.matrices(summand)
        return f"the path through {own}" if own else "the path that passes no matrix"

    def matrices(self, summand: Summand) -> str:
        return " … ".join(self.say(f) for f in summand.factors if not isinstance(f, Diag))

    def told(self, parts: Sequence[Summand]) -> str:
        return self.say(added(parts, self.rows, self.cols))

    # -- one path ----------------------------------------------------------------------------

    def off(self, path: Path) -> Flaw:
        """The fault of a path that is there, but not as it should be."""
        parts, due = self.claimed[path], self.due[path]
        target = self.numbers(due)
        for one in due if len(due) > 1 else ():
            if self.points.gives([*parts, one], target):
                what = f"missing: a summand of {self.route(one)}"
                return Flaw(*self.span, what, f"add {self.told([one])}")
        later = reversed(list(enumerate(parts)))
        changes = [(i, c) for i, s in later for c in self.changes(s)]
        wanted = [target - self.numbers([*parts[:i], *parts[i + 1 :]]) for i in range(len(parts))]
        for i, change in sorted(changes, key=lambda pair: pair[1].rank):
            self.left -= 1
            if self.left <= 0:
                break
            new = change.made()
            if self.points.gives([new] if new else [], wanted[i]):
                return self.placed(parts[i], change)
        start, stop = parts[0].start, max(s.stop for s in parts)
        what = f"{self.route(due[0])} is not what it should be"
        return Flaw(start, stop, what, f"due is {self.told(due)}")

    def placed(self, summand: Summand, change: UndoneSlip) -> Flaw:
        start, stop = summand.start, summand.stop
        own = self.matrices(summand)
        message, mend = change.said()
        message = f"at {own}: {message}" if own else message
        for variable in sorted(change.about.atoms(Indexed), key=str) if change.about else ():
            moment = NamedMoment(name_of(variable), int(time_of(variable)))
            for seen, first, last in self.seen:
                if seen == moment and start <= first and last <= stop:
                    return Flaw(first, last, message, mend)
        return Flaw(start, stop, message, mend)

    def changes(self, s: Summand) -> Iterator[UndoneSlip]:
        """What one slip of the pen could have been."""
        turned = s.scaled(Integer(-1))
        yield UndoneSlip(0, lambda: turned, lambda: ("the sign is turned", "turn the sign"))
        yield UndoneSlip(0, lambda: None, lambda: ("this stands once too often", "take it away"))
        for factor in (Integer(2), Integer(3), Rational(1, 2), Rational(1, 3)):
            yield UndoneSlip(0, partial(s.scaled, factor), partial(_number, factor))
        for i, (one, other) in enumerate(pairwise(s.factors)):
            if isinstance(one, Diag) != isinstance(other, Diag):
                swapped = replace(s, factors=(*s.factors[:i], other, one, *s.factors[i + 2 :]))
                diag, side = (one, other) if isinstance(one, Diag) else (other, one)
                wrong_side = partial(self.wrong_side, diag, side)
                yield UndoneSlip(0, partial(replace, swapped), wrong_side, diag.vector)
        for i, factor in enumerate(s.factors):
            if isinstance(factor, Diag):
                yield from self.changes_of(s, i, factor)
        for i in range(len(s.factors) + 1):
            yield from self.inserted(s, i)

    def changes_of(self, s: Summand, at: int, diag: Diag) -> Iterator[UndoneSlip]:
        vector = diag.vector
        own = _once(vector)

        def made(take: Expr, put: Expr) -> Summand:
            number, rest = (vector / take * put).as_coeff_Mul()
            inner = (*s.factors[:at], Diag(diag.rows, rest), *s.factors[at + 1 :])
            return replace(s, factors=inner, number=s.number * number)

        def swapped(old: Expr, new: Expr) -> Summand:
            return made(vector, vector.xreplace({old: new}))

        for factor in own:
            for new in self.candidates:
                if new != factor:
                    rank = 1 if _flipped(factor, new) else 2
                    said = partial(self.instead, factor, new)
                    yield UndoneSlip(rank, partial(made, factor, new), said, factor)
            too_much = partial(self.too_much, factor)
            yield UndoneSlip(3, partial(made, factor, Integer(1)), too_much, factor)
        for old in sorted(vector.atoms(Indexed), key=str):
            for new in self.variables:
                if new != old:
                    rank = 1 if name_of(new) == name_of(old) else 2
                    said = partial(self.instead, old, new)
                    yield UndoneSlip(rank, partial(swapped, old, new), said, old)
        yield from self.moved(s, at, diag, own)

    def moved(self, s: Summand, at: int, diag: Diag, own: list[Expr]) -> Iterator[UndoneSlip]:
        """Some factors of a diagonal on the other side of a matrix beside it."""

        def made(side: int, some: Expr) -> Summand:
            matrix = s.factors[side]
            new = Diag(matrix.cols if side > at else matrix.rows, some)
            inner = list(s.factors)
            inner[at] = Diag(diag.rows, diag.vector / some)
            inner.insert(side + 1 if side > at else side, new)
            return replace(s, factors=tuple(inner))

        for side in (at - 1, at + 1):
            if 0 <= side < len(s.factors) and not isinstance(s.factors[side], Diag):
                for count in range(1, min(len(own), 3) + 1):
                    for some in (Mul(*c) for c in combinations(own[:5], count)):
                        said = partial(self.wrong_side, some, s.factors[side])
                        yield UndoneSlip(1, partial(made, side, some), said, some)

    def inserted(self, s: Summand, at: int) -> Iterator[UndoneSlip]:
        beside = s.factors[at].rows if at < len(s.factors) else s.cols
        behind = at > 0 and not isinstance(s.factors[at - 1], Diag)

        def made(new: Expr) -> Summand:
            return replace(s, factors=(*s.factors[:at], Diag(beside, new), *s.factors[at:]))

        def said(new: Expr) -> tuple[str, str]:
            side = f"behind {self.say(s.factors[at - 1])}" if behind else "in front"
            return f"the factor {self.say(new)} is missing", f"put it {side}"

        for new in self.candidates:
            yield UndoneSlip(3, partial(made, new), partial(said, new))

    # -- how it is said ----------------------------------------------------------------------

    def wrong_side(self, one: Expr | MatrixExpr, matrix: MatrixExpr) -> tuple[str, str]:
        what = f"{self.say(one)} stands on the wrong side of {self.say(matrix)}"
        return what, "let them change places" if isinstance(one, Diag) else "let it change sides"

    def too_much(self, factor: Expr) -> tuple[str, str]:
        return f"the factor {self.say(factor)} is too much", "take it away"

    def instead(self, old: Expr, new: Expr) -> tuple[str, str]:
        due, is_name = self.say(new), isinstance(old, Indexed) and isinstance(new, Indexed)
        if is_name and name_of(old) == name_of(new):
            return f"a time index is off: {due} belongs here, not {self.say(old)}", f"write {due}"
        return f"{self.say(old)} stands where {due} belongs", f"write {due}"


def _number(factor: Expr) -> tuple[str, str]:
    return "a number in front is off", f"multiply by {factor}"


def _by_path(parts: Sequence[Summand]) -> dict[Path, list[Summand]]:
    found: dict[Path, list[Summand]] = {}
    for part in parts:
        found.setdefault(part.path, []).append(part)
    return found


def _once(vector: Expr) -> list[Expr]:
    """The factors of a vector, of a power first the base."""
    found = Mul.make_args(vector)
    bases = [f.base for f in found if f.is_Pow and f.exp.is_Integer and f.exp > 0]
    return [*bases, *found]


def _factors(exact: Sequence[Summand]) -> list[Expr]:
    found = [
        factor
        for s in exact
        for f in s.factors
        if isinstance(f, Diag)
        for factor in _once(f.vector)
    ]
    inner = [v for f in found for v in sorted(f.atoms(Indexed), key=str)]
    return [f for f in dict.fromkeys((*found, *inner)) if not f.is_number]


def _flipped(old: Expr, new: Expr) -> bool:
    """Whether one is the other with a sign turned inside, as 1 - z and z."""
    return isinstance(old, Add) != isinstance(new, Add) and old.atoms(Indexed) == new.atoms(Indexed)


def _alike(one: Path, other: Path) -> bool:
    """Whether a path may have been meant for another: as long, or one matrix more or less."""
    if sorted(one) == sorted(other):
        return True
    if len(one) == len(other):
        return len(one) > 0 and sum(a != b for a, b in zip(one, other, strict=True)) == 1
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return len(shorter) > 0 and any(
        longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer))
    )
