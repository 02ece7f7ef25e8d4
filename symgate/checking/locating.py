"""Where a wrong claim goes wrong: path by path, which summand is off, and what mends it.

A mend is only told when the numbers say that it makes the path right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sympy import Add, Expr, Indexed, Integer, MatrixExpr, Mul

from symgate.algebra.operators import Diag
from symgate.algebra.vectors import name_of, time_of
from symgate.checking.points import same
from symgate.checking.summands import Summand, added
from symgate.checking.values import Moment, Operator
from symgate.linear.evaluation import Evaluation, Matrix

Path = tuple[str, ...]
Say = Callable[[Expr | MatrixExpr], str]

#: The most mends that are tried for one claim.
MOST_TRIED = 600


@dataclass(frozen=True)
class Found:
    """A fault with its place as characters of the text."""

    start: int
    stop: int
    message: str
    mend: str = ""


@dataclass(frozen=True)
class Change:
    """A summand as it would be after one mend, and how to say it; the likeliest has rank 0."""

    rank: int
    summand: Summand | None
    message: str
    mend: str
    about: Expr | None = None


class Locator:
    """Compares a claim with the exact summands, path by path."""

    def __init__(
        self,
        claim: Operator,
        exact: Sequence[Summand],
        points: Sequence[Evaluation],
        seen: Sequence[tuple[Moment, int, int]],
        say: Say,
        span: tuple[int, int],
    ) -> None:
        self.rows, self.cols = claim.rows, claim.cols
        self.points, self.seen, self.say = points[:2], seen, say
        self.left = MOST_TRIED
        self.claimed, self.due = _by_path(claim.parts), _by_path(exact)
        self.candidates = _factors(exact)
        self.span = (
            min((s.start for s in claim.parts), default=span[0]),
            max((s.stop for s in claim.parts), default=span[1]),
        )

    def numbers(self, parts: Sequence[Summand]) -> list[Matrix]:
        operator = added(parts, self.rows, self.cols)
        return [point.operator(operator) for point in self.points]

    def differ(self, parts: Sequence[Summand], due: Sequence[Summand]) -> bool:
        pairs = zip(self.numbers(parts), self.numbers(due), strict=True)
        return not all(same(a, b) for a, b in pairs)

    def gives(self, parts: Sequence[Summand], target: Sequence[Matrix]) -> bool:
        """Whether a sum has these numbers; one whose shapes do not fit has not."""
        try:
            operator = added(parts, self.rows, self.cols)
            pairs = zip(self.points, target, strict=True)
            return all(same(point.operator(operator), due) for point, due in pairs)
        except (TypeError, ValueError, IndexError, ArithmeticError):
            return False

    def faults(self) -> list[Found]:
        every = dict.fromkeys((*self.claimed, *self.due))
        wrong = [p for p in every if self.differ(self.claimed.get(p, ()), self.due.get(p, ()))]
        found: list[Found] = []
        missing = [p for p in wrong if p not in self.claimed]
        for path in (p for p in wrong if p in self.claimed and p not in self.due):
            twin = next((m for m in missing if _alike(path, m)), None)
            if twin is not None:
                missing.remove(twin)
            for summand in self.claimed[path]:
                found.append(self.misplaced(summand, path, twin))
        for path in (p for p in wrong if p in self.claimed and p in self.due):
            found.append(self.off(path))
        found += [self.missing(path) for path in missing]
        return sorted(found, key=lambda f: f.start)

    # -- whole paths -------------------------------------------------------------------------

    def missing(self, path: Path) -> Found:
        mend = f"add {self.told(self.due[path])}"
        return Found(*self.span, f"missing: {self.route(self.due[path][0])}", mend)

    def misplaced(self, summand: Summand, path: Path, twin: Path | None) -> Found:
        place = (summand.start, summand.stop)
        own = self.matrices(summand)
        if twin is None:
            what = f"no path of the exact Jacobian is like this one, through {own or 'no matrix'}"
            return Found(*place, what, "take it away")
        due = self.matrices(self.due[twin][0])
        mend = f"due is {self.told(self.due[twin])}"
        if sorted(path) == sorted(twin):
            return Found(*place, f"{own} stand in the wrong order: {due} is due", mend)
        return Found(*place, f"{own or 'no matrix'} stands where {due or 'none'} is due", mend)

    def route(self, summand: Summand) -> str:
        own = self.matrices(summand)
        return f"the path through {own}" if own else "the path that passes no matrix"

    def matrices(self, summand: Summand) -> str:
        return " … ".join(self.say(f) for f in summand.factors if not isinstance(f, Diag))

    def told(self, parts: Sequence[Summand]) -> str:
        return self.say(added(parts, self.rows, self.cols))

    # -- one path ----------------------------------------------------------------------------

    def off(self, path: Path) -> Found:
        """The fault of a path that is there, but not as it should be."""
        parts, due = self.claimed[path], self.due[path]
        target = self.numbers(due)
        later = reversed(list(enumerate(parts)))
        changes = [(i, c) for i, s in later for c in self.changes(s)]
        for i, change in sorted(changes, key=lambda pair: pair[1].rank):
            if self.left <= 0:
                break
            new = [*parts[:i], *([change.summand] if change.summand else []), *parts[i + 1 :]]
            self.left -= max(1, sum(len(s.factors) for s in new) // 3)  # what it costs
            if self.gives(new, target):
                return self.placed(parts[i], change)
        start, stop = parts[0].start, max(s.stop for s in parts)
        what = f"{self.route(due[0])} is not what it should be"
        return Found(start, stop, what, f"due is {self.told(due)}")

    def placed(self, summand: Summand, change: Change) -> Found:
        start, stop = summand.start, summand.stop
        own = self.matrices(summand)
        where = f"at {own}: " if own else ""
        for variable in sorted(change.about.atoms(Indexed), key=str) if change.about else ():
            moment = Moment(name_of(variable), int(time_of(variable)))
            for seen, first, last in self.seen:
                if seen == moment and start <= first and last <= stop:
                    return Found(first, last, where + change.message, change.mend)
        return Found(start, stop, where + change.message, change.mend)

    def changes(self, s: Summand) -> Iterator[Change]:
        """What one slip of the pen could have been; the first three letters say how likely."""
        yield Change(0, s.scaled(Integer(-1)), "the sign is turned", "turn the sign")
        yield Change(0, None, "this stands once too often", "take it away")
        for number in (2, 3):
            for factor in (Integer(number), 1 / Integer(number)):
                yield Change(
                    4, s.scaled(factor), "a number in front is off", f"multiply by {factor}"
                )
        for i in range(len(s.factors) - 1):
            swapped = list(s.factors)
            swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
            one, other = s.factors[i], s.factors[i + 1]
            if isinstance(one, Diag) != isinstance(other, Diag):
                diag, side = (one, other) if isinstance(one, Diag) else (other, one)
                what = f"{self.say(diag)} stands on the wrong side of {self.say(side)}"
                yield Change(
                    0,
                    replace(s, factors=tuple(swapped)),
                    what,
                    "let them change places",
                    diag.vector,
                )
        for i, factor in enumerate(s.factors):
            if isinstance(factor, Diag):
                yield from self.changes_of(s, i, factor)
        for i in range(len(s.factors) + 1):
            yield from self.inserted(s, i)

    def changes_of(self, s: Summand, at: int, diag: Diag) -> Iterator[Change]:
        def made(vector: Expr) -> Summand:
            number, rest = vector.as_coeff_Mul()
            inner = (*s.factors[:at], Diag(diag.rows, rest), *s.factors[at + 1 :])
            return replace(s, factors=inner, number=s.number * number)

        vector = diag.vector
        own = _once(vector)
        for factor in own:
            rest = vector / factor
            for new in self.candidates:
                if new in (factor, 1):
                    continue
                rank = 1 if _flipped(factor, new) else 2
                what = self.instead(factor, new)
                yield Change(rank, made(rest * new), what, f"write {self.say(new)}", factor)
            what = f"the factor {self.say(factor)} is too much"
            yield Change(3, made(rest), what, "take it away", factor)
        for old in sorted(vector.atoms(Indexed), key=str):
            for new in (v for c in self.candidates for v in c.atoms(Indexed)):
                if new != old:
                    rank = 1 if name_of(new) == name_of(old) else 2
                    swapped = made(vector.xreplace({old: new}))
                    what = self.instead(old, new)
                    yield Change(rank, swapped, what, f"write {self.say(new)}", old)
        for factor in own:
            yield from self.moved(s, at, diag, factor)

    def moved(self, s: Summand, at: int, diag: Diag, factor: Expr) -> Iterator[Change]:
        """A factor of a diagonal on the other side of a matrix beside it."""
        rest = diag.vector / factor
        for step in (-1, 1):
            side = at + step
            if not 0 <= side < len(s.factors) or isinstance(s.factors[side], Diag):
                continue
            matrix = s.factors[side]
            new = Diag(matrix.cols if step > 0 else matrix.rows, factor)
            inner = list(s.factors)
            inner[at] = Diag(diag.rows, rest)
            inner.insert(side + 1 if step > 0 else side, new)
            what = f"{self.say(factor)} stands on the wrong side of {self.say(matrix)}"
            yield Change(1, replace(s, factors=tuple(inner)), what, "let it change sides", factor)

    def inserted(self, s: Summand, at: int) -> Iterator[Change]:
        beside = s.factors[at].rows if at < len(s.factors) else s.cols
        for new in self.candidates:
            inner = (*s.factors[:at], Diag(beside, new), *s.factors[at:])
            what = f"the factor {self.say(new)} is missing"
            behind = at > 0 and not isinstance(s.factors[at - 1], Diag)
            side = f" behind {self.say(s.factors[at - 1])}" if behind else ""
            yield Change(3, replace(s, factors=inner), what, f"put it{side or ' in front'}")

    def instead(self, old: Expr, new: Expr) -> str:
        if isinstance(old, Indexed) and isinstance(new, Indexed) and name_of(old) == name_of(new):
            return f"a time index is off: {self.say(new)} is due, not {self.say(old)}"
        return f"{self.say(old)} stands where {self.say(new)} is due"


def _by_path(parts: Sequence[Summand]) -> dict[Path, list[Summand]]:
    found: dict[Path, list[Summand]] = {}
    for part in parts:
        found.setdefault(part.path, []).append(part)
    return found


def _once(vector: Expr) -> list[Expr]:
    """The factors of a vector, a power as its base."""
    return [
        f.base if f.is_Pow and f.exp.is_Integer and f.exp > 0 else f for f in Mul.make_args(vector)
    ]


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
