"""Where a wrong claim goes wrong: path by path, which summand is off, and what mends it.

A mend is only told when the numbers say that it makes the path right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sympy import Expr, Indexed, Integer, MatrixExpr, Rational

from symgate.algebra.structure import is_diagonal
from symgate.algebra.vectors import is_variable, name_of, time_of
from symgate.checking.points import Array, Points, same
from symgate.checking.slips import Lapse, in_diagonals, slips
from symgate.checking.summands import Addend, added
from symgate.checking.values import NamedMoment, Transform
from symgate.writing.tree import Words, Written, worded

Path = tuple[str, ...]
Say = Callable[[Expr | MatrixExpr], Written]

#: The most mends that are tried for one claim.
MOST_TRIED = 2500

#: The most faults that are told of one claim.
MOST_TOLD = 4


@dataclass(frozen=True)
class Flaw:
    """A fault with its place as characters of the text."""

    start: int
    stop: int
    message: Words
    mend: Words = ()


class Locator:
    """Compares a claim with the exact summands, path by path."""

    def __init__(
        self,
        claim: Transform,
        exact: Sequence[Addend],
        points: Points,
        seen: Sequence[tuple[NamedMoment, int, int]],
        say: Say,
        span: tuple[int, int],
    ) -> None:
        self.rows, self.cols = claim.rows, claim.cols
        self.points, self.seen, self.say = points, seen, say
        self.claimed, self.due = _by_path(claim.parts), _by_path(exact)
        self.candidates = in_diagonals(exact)
        variables = (v for c in self.candidates for v in sorted(c.atoms(Indexed), key=str))
        self.variables = list(dict.fromkeys(variables))
        self.span = (
            min((s.start for s in claim.parts), default=span[0]),
            max((s.stop for s in claim.parts), default=span[1]),
        )

    def numbers(self, parts: Sequence[Addend]) -> Array:
        return self.points.numbers(parts, self.rows, self.cols)

    def differ(self, parts: Sequence[Addend], due: Sequence[Addend]) -> bool:
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
        due = [f for f in self.due[other][0].factors if not is_diagonal(f)]
        moved = list(self.claimed[other])
        for s in self.claimed[path]:
            matrices = iter(due)
            inner = (f if is_diagonal(f) else next(matrices) for f in s.factors)
            moved.append(replace(s, factors=tuple(inner)))
        return self.points.gives(moved, self.numbers(self.due[other]))

    # -- whole paths -------------------------------------------------------------------------

    def missing(self, path: Path) -> Flaw:
        mend = ("add ", self.told(self.due[path]))
        return Flaw(*self.span, ("missing: ", *self.route(self.due[path][0])), mend)

    def misplaced(self, summand: Addend, path: Path, twin: Path | None) -> Flaw:
        place = (summand.start, summand.stop)
        own = self.matrices(summand)
        if twin is None:
            what = "no path of the exact Jacobian is like this one, through "
            return Flaw(*place, (what, *(own or ("no matrix",))), ("take it away",))
        due = self.matrices(self.due[twin][0])
        mend = ("due is ", self.told(self.due[twin]))
        said = "{own} stands where {due} belongs"
        if sorted(path) == sorted(twin):
            said = "{own} stand in the wrong order: it should be {due}"
        what_stands = worded(said, own=own or "no matrix", due=due or "none")
        return Flaw(*place, what_stands, mend)

    def route(self, summand: Addend) -> Words:
        own = self.matrices(summand)
        return ("the path through ", *own) if own else ("the path that passes no matrix",)

    def matrices(self, summand: Addend) -> Words:
        found = [self.say(f) for f in summand.factors if not is_diagonal(f)]
        return tuple(word for matrix in found for word in (" … ", matrix))[1:]

    def told(self, parts: Sequence[Addend]) -> Written:
        return self.say(added(parts, self.rows, self.cols))

    # -- one path ----------------------------------------------------------------------------

    def off(self, path: Path) -> Flaw:
        """The fault of a path that is there, but not as it should be."""
        parts, due = self.claimed[path], self.due[path]
        target = self.numbers(due)
        for one in due if len(due) > 1 else ():
            if self.points.gives([*parts, one], target):
                what = ("missing: a summand of ", *self.route(one))
                return Flaw(*self.span, what, ("add ", self.told([one])))
        later = reversed(list(enumerate(parts)))
        changes = [(i, c) for i, s in later for c in self.changes(s)]
        wanted = [target - self.numbers([*parts[:i], *parts[i + 1 :]]) for i in range(len(parts))]
        for i, change in sorted(changes, key=lambda pair: pair[1][0].rank)[:MOST_TRIED]:
            if self.points.gives([change[0].made()], wanted[i]):
                return self.placed(parts[i], *change)
        start, stop = parts[0].start, max(s.stop for s in parts)
        what = (*self.route(due[0]), " is not what it should be")
        return Flaw(start, stop, what, ("due is ", self.told(due)))

    def placed(self, summand: Addend, slip: Lapse, message: Words, mend: Words) -> Flaw:
        start, stop = summand.start, summand.stop
        own = self.matrices(summand)
        if not message:
            message, mend = self.undone(slip)
        message = ("at ", *own, ": ", *message) if own else message
        old = slip.old
        about = old.vector if is_diagonal(old) else old
        for variable in sorted(about.atoms(Indexed), key=str) if about is not None else ():
            moment = NamedMoment(name_of(variable), int(time_of(variable)))
            for seen, first, last in self.seen:
                if seen == moment and start <= first and last <= stop:
                    return Flaw(first, last, message, mend)
        return Flaw(start, stop, message, mend)

    def changes(self, s: Addend) -> Iterator[tuple[Lapse, Words, Words]]:
        """What one slip of the pen could have been, undone, and what is said of a number."""
        turned, none = s.scaled(Integer(-1)), s.scaled(Integer(0))
        yield Lapse(0, lambda: turned), ("the sign is turned",), ("turn the sign",)
        yield Lapse(0, lambda: none), ("this stands once too often",), ("take it away",)
        for factor in (Integer(2), Integer(3), Rational(1, 2), Rational(1, 3)):
            scaled = Lapse(0, partial(s.scaled, factor))
            yield scaled, ("a number in front is off",), (f"multiply by {factor}",)
        for slip in slips(s, self.candidates, self.variables):
            yield slip, (), ()

    # -- how it is said ----------------------------------------------------------------------

    def undone(self, slip: Lapse) -> tuple[Words, Words]:
        """What was wrong where a slip makes a path right, and what mends it."""
        old, new, beside = slip.old, slip.new, slip.beside
        if old is None:
            side = ("in front",) if beside is None else ("behind ", self.say(beside))
            return ("the factor ", self.say(new), " is missing"), ("put it ", *side)
        if beside is not None:
            what = (self.say(old), " stands on the wrong side of ", self.say(beside))
            whole = is_diagonal(old)
            return what, ("let them change places" if whole else "let it change sides",)
        if new is None:
            return ("the factor ", self.say(old), " is too much"), ("take it away",)
        due, is_name = self.say(new), is_variable(old) and is_variable(new)
        if is_name and name_of(old) == name_of(new):
            said = ("a time index is off: ", due, " belongs here, not ", self.say(old))
            return said, ("write ", due)
        return (self.say(old), " stands where ", due, " belongs"), ("write ", due)


def _by_path(parts: Sequence[Addend]) -> dict[Path, list[Addend]]:
    found: dict[Path, list[Addend]] = {}
    for part in parts:
        found.setdefault(part.path, []).append(part)
    return found


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
