"""The judgement of a claim: each side of each line, in each reading, held against the truth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sympy import Expr, MatrixExpr

from symgate.algebra.text import text
from symgate.algebra.vectors import shifted
from symgate.bounds.norms import bounds
from symgate.checking.brackets import wrong_bracket, wrong_way
from symgate.checking.claims import BOUND, Member, StatedEquality, equalities
from symgate.checking.derivatives import at_the_last_step, meanings
from symgate.checking.entries import without_entries
from symgate.checking.locating import MOST_TOLD, Flaw, Locator
from symgate.checking.names import Lexicon, key
from symgate.checking.points import APART, POINTS, Points, points, same
from symgate.checking.reader import Reader
from symgate.checking.readings import (
    AT_LAST,
    LAST_LETTER,
    RIGHT,
    TRANSPOSED,
    UNCLEAR,
    WRONG,
    ClaimContext,
    Judged,
    SideReading,
    alike,
    shape_of,
    unclear,
)
from symgate.checking.scope import Definition, WayToRead
from symgate.checking.targets import Target, jacobian, lacking, targets
from symgate.checking.values import (
    WHY,
    Extent,
    Later,
    Mentions,
    NotUnderstood,
    VectorRead,
    choices,
    further,
    kind_of,
    too_many,
)
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.reading.indices import Indices
from symgate.reading.names import reference
from symgate.reading.trees import Tree
from symgate.writing.tree import Written

#: The longest lag of a claim that is read, the most readings of one side, and after how many
#: wrong sides no further one is judged.
MAX_LAG, MOST_READINGS, MOST_WRONG = 6, 24, 20

#: What tells a formula from prose.
_FORMULA = re.compile(r"[\\_^({\[+∂δ⊙ᵀ*\d]|^\s*\w\s*$")

#: What may go wrong where a formula is read and where its numbers are worked out.
_READING = (SymgateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


@dataclass
class Judge:
    """Judges the lines of one claim, in order."""

    cell: Cell
    claim: str
    asked: ClaimContext
    names: tuple[Lexicon, ...]
    about: list[str] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    defined: dict[str, Definition] = field(default_factory=dict)
    drawn: dict[int, Points] = field(default_factory=dict)
    all_tried: bool = True

    def run(self) -> None:
        """Judge every line."""
        others: list[str] = []
        redefined, overruled = list[Flaw](), list[Flaw]()
        found = self.equalities
        for equality in found:
            about = self.targets(equality, alone=len(found) == 1)
            if not about:
                alone = equality.display and self.is_parameter(equality.sides[0])
                (overruled if alone else redefined).extend(self.redefined(equality))
                self.define(equality)
            elif not any(self.asked.allows(target) for target in about):
                others.append(str(about[0]))
            else:
                self.about.append(str(about[0]))
                for side in sides(equality):
                    wrong = sum(j.verdict == WRONG for j in self.judged)
                    if wrong == MOST_WRONG and self.judged[-1].verdict == WRONG:
                        why = f"{wrong} sides before this are wrong: from here on none is judged"
                        self.judged.append(unclear(why, side))
                    if wrong == MOST_WRONG:
                        break
                    judged = self.side(side, about)
                    of = str(about[0])
                    self.judged.append(replace(judged, about=of, start=side.start, stop=side.stop))
        if not self.judged:
            bad = next((e.sides[0] for e in found if e.sides[0].why), None)
            elsewhere = f"it is about {', '.join(dict.fromkeys(others))}, which was not asked"
            why = elsewhere if others else lacking(self.cell, found, self.names)
            at = Extent(0, 1) if bad is None or others else bad
            self.judged = [unclear(why if bad is None else bad.why, at)]
        wrong = any(j.verdict == WRONG for j in self.judged)
        if overruled or (wrong and redefined):
            kept = [] if wrong else self.judged
            self.judged = [*kept, Judged(UNCLEAR, (*overruled, *redefined * wrong))]

    @cached_property
    def equalities(self) -> list[StatedEquality]:
        return list(map(without_entries, equalities(self.claim)))

    # -- what a line is about ----------------------------------------------------------------

    def targets(self, equality: StatedEquality, alone: bool) -> tuple[Target, ...]:
        found = targets(self.cell, equality, self.names, self.claim)
        if found or not self.claim.strip():
            return found
        asked = self.asked.of is not None or self.asked.wrt is not None
        bare = len(equality.sides) == 1 and _FORMULA.search(self.claim) is not None
        if not (alone and (asked or bare)):
            return ()
        first = self.cell.output
        of, wrt = self.asked.of or first, self.asked.wrt or self.asked.of or first
        lag = self.asked.lag if self.asked.lag is not None else int(wrt in self.cell.states)
        return (replace(jacobian(of, wrt, lag), indices=equality.indices),)

    def define(self, equality: StatedEquality) -> None:
        """A line that gives a formula a name of its own, which later lines may use."""
        left, *rest = equality.sides
        ref = reference(left.tree, equality.indices) if left.tree is not None else None
        known = ref is None or key(ref.name) in self.names[0].names
        if ref is not None and not known and rest and rest[-1].tree is not None:
            given = Definition(rest[-1].tree, equality.indices, ref.time)
            self.defined[key(ref.name)] = given

    def redefined(self, equality: StatedEquality) -> list[Flaw]:
        """Names of the cell that a line defines otherwise; it may be about another cell."""
        left = equality.sides[0]
        said = [self.defines(equality, named) for named in self.names]
        if any(s is True for s in said) or all(s is None for s in said):
            return []
        name = self.claim[left.start : left.stop].strip()
        what = f"{name} is defined otherwise than in {self.cell.name}"
        return [Flaw(left.start, left.stop, (what,), ("name the cell that is meant",))]

    def is_parameter(self, side: Member) -> bool:
        tree = side.tree
        found = [self.scope(n, Indices()).moment(tree) for n in self.names if tree is not None]
        return any(m is not None and m.name in self.cell.parameters for m in found)

    def defines(self, equality: StatedEquality, named: Lexicon) -> bool | None:
        """Whether a line says of a value what the cell says; None where it says nothing."""
        left, *rest = equality.sides
        if left.tree is None or len(rest) != 1 or rest[0].tree is None:
            return None
        reader = Reader(self.scope(named, equality.indices))
        try:
            moment = reader.scope.moment(left.tree)
            if moment is None:
                return None
            if moment.name in self.cell.parameters:
                due = reader.operator(left.tree)
                said = reader.operator(rest[0].tree, due.rows, due.cols)
                drawn = self.points(1, reader.scope)
                first, second = (drawn.numbers(o.parts, o.rows, o.cols) for o in (said, due))
                return same(first, second)
            one, other = reader.value(left.tree), reader.value(rest[0].tree, True)
            if not (isinstance(one, VectorRead) and isinstance(other, VectorRead)):
                return None
            drawn, shape = self.points(1, reader.scope), reader.lin.shape(moment.name)
            given, own = (drawn.everywhere(v.expr, shape) for v in (other, one))
        except (NotUnderstood, *_READING):
            return None
        return same(given.reshape(POINTS, 1, -1), own.reshape(POINTS, 1, -1))

    @cached_property
    def rows(self) -> bool | None:
        """Whether vectors are rows, as the claim's own equations show; None where none does."""
        found = set()
        for equality in self.equalities:
            said = [(named.row, self.defines(equality, named)) for named in self.names]
            found.add(frozenset(row for row, right in said if right))
        only = {frozenset({True}), frozenset({False})} & found
        return next(iter(next(iter(only)))) if len(only) == 1 else None

    # -- one side ----------------------------------------------------------------------------

    def side(self, side: Member, about: tuple[Target, ...]) -> Judged:
        """A side, which must hold for every number of steps that stands for k."""
        order = (WRONG, UNCLEAR, TRANSPOSED, RIGHT)
        judged: list[Judged] = []
        for target in about:
            judged.append(self.one(side, target))
            if judged[-1].verdict == WRONG:
                break
        return min(judged, key=lambda j: order.index(j.verdict))

    def one(self, side: Member, target: Target) -> Judged:
        if side.tree is None:
            own = bounds(self.cell).total(target.of, target.wrt) if side.why == BOUND else None
            mend = f"symgate's own: ‖{target}‖₂ ≤ {text(own)}" if own else ""
            return unclear(side.why, side, mend)
        if target.lag > MAX_LAG:
            why = f"a lag of {target.lag} is more than is read"
            mend = f"write it for a lag of {MAX_LAG} or less, or for every k: ∂h_t/∂h_{{t-k}} = …"
            return unclear(why, side, mend)
        at_last, readings = False, list[SideReading]()
        error: NotUnderstood | None = None
        try:
            for reading in self.readings(side, target):
                if isinstance(reading, NotUnderstood):
                    error = reading if error is None or further(reading, error) else error
                    continue
                if any(alike(reading, other) for other in readings):
                    continue
                found = self.compared(reading, target)
                if found is not None and found.verdict == UNCLEAR:
                    at_last, found = True, None
                odd = reading.named.row and readings and not self.rows
                unusual = found is not None and found.verdict == TRANSPOSED
                if odd and (unusual or self.rows is False):
                    found = None  # rows, and the other layout too: nobody says so of this cell
                elif odd and found is not None:
                    why = "it is right only where vectors are rows, and what says so is not clear"
                    return unclear(why, side)
                if found is not None:
                    return found
                readings.append(reading)
            if at_last:
                mend = "say that t is the last step, or add what step t + 1 hands back"
                return unclear(f"this is {AT_LAST}", side, mend)
            if readings:
                return self.wrong(readings, target, side)
        except _READING as fault:
            return unclear(f"it could not be worked out: {fault}", side)
        assert error is not None
        return unclear(error.message, error, error.mend)

    def scope(
        self, named: Lexicon, indices: Indices, ways: Mapping[str, str] | None = None
    ) -> WayToRead:
        return WayToRead(
            self.cell,
            named.names,
            named.blocks,
            indices,
            ways or {},
            row=named.row,
            text=self.claim,
            defined=self.defined,
        )

    def readings(self, side: Member, target: Target) -> Iterator[SideReading | NotUnderstood]:
        """Every way to read a side, the likeliest first."""
        assert side.tree is not None
        self.all_tried = True
        for named in sorted(self.names, key=lambda named: named.row != bool(self.rows)):
            waiting: list[Mapping[str, str]] = [{}]
            tried: list[Mapping[str, str]] = []
            while waiting and len(tried) < MOST_READINGS:
                ways = waiting.pop(0)
                tried.append(ways)
                scope = replace(self.scope(named, target.indices, ways), shift=target.shift)
                try:
                    reading = self.read(side.tree, target, named, scope)
                    scope = reading.scope
                    yield reading
                except NotUnderstood as fault:
                    yield fault
                except _READING as fault:
                    yield NotUnderstood(f"this is not understood: {fault}", side)
                self.all_tried &= not too_many(list(scope.seen.chosen))
                for new in choices(list(scope.seen.chosen)):
                    known = any(new.items() <= done.items() for done in [*tried, *waiting])
                    if not known and new != scope.seen.chosen:
                        waiting.append(new)
            self.all_tried &= not waiting

    def read(self, tree: Tree, target: Target, named: Lexicon, scope: WayToRead) -> SideReading:
        """A side in one scope, which is widened as the side asks for it."""
        for _ in range(6):
            try:
                reader = Reader(scope)
                if target.left is None:
                    shape = reader.lin.size(target.of), reader.lin.size(target.wrt)
                    shape = shape[::-1] if target.turned else shape
                    truths = meanings(scope, target.names, str(target), target.turned)
                    return SideReading(reader.operator(tree, *shape), truths, named, scope)
                left = reader.operator(target.left)
                right = reader.operator(tree, left.rows, left.cols)
                truths = [(left.parts, "")]
                if (last := at_the_last_step(scope, left.parts)) != left.parts:
                    truths.append((last, AT_LAST))
                return SideReading(right, truths, named, scope)
            except Later as later:
                scope.seen.forget()
                scope = scope.earlier(later.steps)
            except Mentions as more:
                scope.seen.forget()
                scope = replace(scope, mentions=scope.mentions | {more.what})
        raise NotUnderstood("this lies in a later step", tree)

    # -- numbers -----------------------------------------------------------------------------

    def points(self, lag: int, scope: WayToRead, target: Target | None = None) -> Points:
        deepest = max((-moment.time for moment, _, _ in scope.seen.moments), default=0)
        steps = max(lag, deepest, 1) + 2
        if steps not in self.drawn:
            self.drawn[steps] = points(self.cell, steps)
        limits = {} if target is None else target.limits
        return self.drawn[steps].limited(limits) if limits else self.drawn[steps]

    def compared(self, reading: SideReading, target: Target) -> Judged | None:
        """Right or transposed, where the numbers say so at every point."""
        own, layout = reading.operator, self.asked.layout
        drawn = self.points(target.lag, reading.scope, target)
        try:
            whole = drawn.numbers(own.parts, own.rows, own.cols)
            for parts, note in reading.truths:
                due = drawn.numbers(parts, *shape_of(parts, own))
                notes = (*reading.notes, *([note] if note else []))
                if note == AT_LAST and not LAST_LETTER.search(target.about):
                    if same(whole, due):
                        return Judged(UNCLEAR)
                    continue
                if layout != "transposed" and same(whole, due):
                    shown = target.limits or drawn.shows(own.parts, parts, whole)
                    return Judged(RIGHT, notes=notes) if shown else None
                if layout != "numerator" and same(whole, due.mT):
                    turned = tuple(part.turned() for part in parts)
                    if not (target.limits or drawn.shows(own.parts, turned, whole)):
                        return None
                    return Judged(RIGHT if layout else TRANSPOSED, notes=notes)
        except _READING:
            return None
        return None

    def wrong(self, readings: list[SideReading], target: Target, side: Member) -> Judged:
        """Wrong, where nothing else can be meant and the numbers differ in every reading."""
        own = [r for r in readings if r.named.row == bool(self.rows)] or readings
        all_tried = self.all_tried
        if doubts := [WHY[kind] for r in own for kind in r.scope.seen.doubts(all_tried)]:
            why = "; ".join(dict.fromkeys(doubts))
            return unclear(f"in no reading is it right, but {why}", side)
        own = [r for r in own if r.fits] or own
        located = [self.located(reading, target, side) for reading in own[:4]]
        if any(found is None for found in located):
            return unclear("the numbers do not decide it", side)
        faults = min((found for found in located if found is not None), key=len)
        faults = faults if len(faults) <= MOST_TOLD else faults[:1]
        kinds = dict.fromkeys(kind_of(k) for r in own for k in r.scope.seen.chosen)
        notes = tuple(f"{WHY[kind]}; it is right in neither reading" for kind in kinds)
        return Judged(WRONG, faults, notes)

    def located(
        self, reading: SideReading, target: Target, side: Member
    ) -> tuple[Flaw, ...] | None:
        """Where a reading goes wrong; None where the numbers do not say that it does."""
        operator, (truth, _) = reading.operator, reading.truths[0]
        shape = shape_of(truth, operator)
        if self.asked.layout == "transposed":
            operator = operator.turned
        drawn = self.points(target.lag, reading.scope, target)
        whole = drawn.numbers(operator.parts, operator.rows, operator.cols)
        if same(whole, drawn.numbers(truth, *shape), APART):
            return None
        if (operator.rows, operator.cols) != shape:
            wanted = f"{shape[0]} × {shape[1]} is expected"
            what = f"this is {operator.rows} × {operator.cols}, and {wanted}"
            return (Flaw(side.start, side.stop, (what,)),)
        over_steps = () if reading.named.row or target.turned else target.names
        span = side.start, side.stop
        if isinstance(found := wrong_way(self.cell, operator, over_steps, drawn, span), Flaw):
            return (found,)
        bracket = wrong_bracket(self.cell, operator, over_steps, drawn)
        operator, truth = found or bracket or (operator, truth)
        later = 0 if target.indices.numbers else reading.scope.shift

        def say(e: Expr | MatrixExpr) -> Written:
            return reading.named.say(shifted(e, -later))

        seen = reading.scope.seen.moments
        told = tuple(Locator(operator, truth, drawn, seen, say, span).faults())
        return told or (Flaw(*span, ("the sum is not the exact one",)),)


def sides(equality: StatedEquality) -> tuple[Member, ...]:
    """The sides that are claimed: all but the first, or the only one."""
    return equality.sides[1:] or equality.sides
