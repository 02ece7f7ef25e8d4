"""`check`: is a hand-derived Jacobian right, and if not, where does it go wrong?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from symgate.asked import asked
from symgate.cells import cell_of
from symgate.checking.claims import MAX_TEXT, Equality, Side, equalities
from symgate.checking.locating import Found, Locator
from symgate.checking.names import Named, namings
from symgate.checking.points import points, same, turned
from symgate.checking.reading import (
    WAYS,
    WHY,
    Moment,
    NotUnderstood,
    Operator,
    Reader,
    Vector,
)
from symgate.checking.summands import Summands, added, exact, expanded, multiplied
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName
from symgate.linear.evaluation import Evaluation, NotReal
from symgate.linear.linearise import linearise
from symgate.reading.names import Indices
from symgate.reading.source import Document

RIGHT, TRANSPOSED, WRONG, UNCLEAR = "right", "transposed", "wrong", "not understood"
LAYOUTS = ("numerator", "transposed")

#: At how many random points a claim is worked out, and at how many a wrong one must differ.
POINTS, DIFFER = 4, 2

#: The longest lag of a claim that is read.
MAX_LAG = 6


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place of the claim: line and column count from 1."""

    line: int
    column: int
    message: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f" ({self.mend})" if self.mend else ""
        return f"line {self.line}, column {self.column}: {self.message}{mend}"


@dataclass(frozen=True)
class Check:
    """The judgement of a claim: `bool` of it is true where the claim is right or transposed."""

    verdict: str
    about: tuple[str, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    claim: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return self.verdict in (RIGHT, TRANSPOSED)

    @property
    def line(self) -> int | None:
        """The line of the first fault."""
        return self.faults[0].line if self.faults else None

    @property
    def column(self) -> int | None:
        """The column of the first fault."""
        return self.faults[0].column if self.faults else None

    def __str__(self) -> str:
        document = Document(self.claim)
        head = f"{', '.join(self.about)}: {self.verdict}" if self.about else self.verdict
        lines = [head]
        for fault in self.faults:
            shown = document.line(fault.line)
            start = max(0, fault.column - 50)
            lines += [str(fault), f"    {shown[start : start + 90]}"]
            lines += [f"    {' ' * (fault.column - 1 - start)}^"]
        return "\n".join([*lines, *self.notes])

    def to_dict(self) -> dict[str, object]:
        """The judgement as plain data."""
        faults = [dict(vars(fault)) for fault in self.faults]
        return {
            "verdict": self.verdict,
            "about": list(self.about),
            "line": self.line,
            "column": self.column,
            "faults": faults,
            "notes": list(self.notes),
        }


@asked(lag=None)
def check(
    cell: Cell | str,
    claim: str,
    of: str | None = None,
    wrt: str | None = None,
    lag: int | None = None,
    layout: str | None = None,
) -> Check:
    r"""Judge a Jacobian that was derived by hand.

    `claim` is LaTeX, Unicode or symgate's own text, or a document that holds such formulas:
    ∂a_t/∂b_{t-1} = …, also a chain of equalities and several lines. `of`, `wrt` and `lag` say
    what a claim without a left side is about; with one, only claims about these are judged.
    `layout` is "numerator" or "transposed"; without it either is taken, and the verdict says
    which. A claim is called wrong only where the numbers at random points say so and nothing
    in it can be read in two ways.

    >>> import symgate as sg
    >>> claim = r"\frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(i_t)"
    >>> print(sg.check("lstm", claim))
    ∂c_t/∂c_{t-1}: wrong
    line 1, column 61: i_t stands where f_t is due (write f_t)
        ial c_t}{\partial c_{t-1}} = \operatorname{diag}(i_t)
                                                         ^
    >>> bool(sg.check("rnn", "∂h_t/∂h_{t-1} = (1 - h_t²) ⊙ U"))
    True
    """
    cell = cell_of(cell)
    if not isinstance(claim, str):
        raise SymgateError(f"a claim is a text, not {type(claim).__name__}")
    if len(claim) > MAX_TEXT:
        raise SymgateError(f"the claim is longer than {MAX_TEXT:,} characters")
    known = (*linearise(cell).nodes, *cell.inputs)
    for name in (of, wrt):
        if name is not None and name not in known:
            raise UnknownName(f"a value of {cell.name} named", str(name), known)
    if layout not in (None, *LAYOUTS):
        raise UnknownName("the layout", str(layout), LAYOUTS)
    if lag is not None and (isinstance(lag, bool) or not isinstance(lag, int) or lag < 0):
        raise SymgateError(f"lag is a whole number from 0, not {lag!r}")
    return _Checker(cell, claim, of, wrt, lag, layout).result()


@dataclass(frozen=True)
class _Target:
    """What a claim is about: ∂ of_t / ∂ wrt_{t-lag}."""

    of: str
    wrt: str
    lag: int

    def __str__(self) -> str:
        before = f"t-{self.lag}" if self.lag else "t"
        index = f"{{{before}}}" if self.lag else before
        return f"∂{self.of}_t/∂{self.wrt}_{index}"


@dataclass(frozen=True)
class _Judged:
    """One side of a claim, judged."""

    verdict: str
    faults: tuple[Found, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class _Reading:
    """One way to read a side."""

    operator: Operator
    named: Named
    reader: Reader


class _Checker:
    def __init__(
        self,
        cell: Cell,
        claim: str,
        of: str | None,
        wrt: str | None,
        lag: int | None,
        layout: str | None,
    ) -> None:
        self.cell, self.claim, self.layout = cell, claim, layout
        self.of, self.wrt, self.lag = of, wrt, lag
        self.lin, self.document = linearise(cell), Document(claim)
        self.drawn: dict[int, list[Evaluation]] = {}
        self.truths: dict[_Target, list[tuple[Summands, str]]] = {}

    def result(self) -> Check:
        judged: list[_Judged] = []
        about: list[str] = []
        others: list[str] = []
        redefined: list[Found] = []
        for equality in equalities(self.claim):
            target, shift, sides = self.target(equality)
            if target is None:
                redefined += self.redefined(equality)
                if equality.sides[0].why and not judged:
                    side = equality.sides[0]
                    judged.append(_unclear(side.why, side.start, side.stop))
                continue
            if not self.is_asked(target):
                others.append(str(target))
                continue
            about.append(str(target))
            judged += [self.side(side, target, equality, shift) for side in sides]
        if not judged:
            why = "no line says what a derivative is; write ∂h_t/∂h_{t-1} = …"
            if others:
                why = f"it is about {', '.join(dict.fromkeys(others))}, which was not asked"
            judged = [_unclear(why, 0, 1)]
        if redefined and any(j.verdict == WRONG for j in judged):
            judged = [_Judged(UNCLEAR, tuple(redefined))]
        order = (WRONG, UNCLEAR, TRANSPOSED, RIGHT)
        verdict = next(v for v in order if any(j.verdict == v for j in judged))
        faults = [fault for j in judged for fault in j.faults]
        notes = dict.fromkeys(j.note for j in judged if j.note)
        placed = tuple(self.placed(f) for f in sorted(faults, key=lambda f: f.start))
        return Check(verdict, tuple(dict.fromkeys(about)), placed, tuple(notes), self.claim)

    def placed(self, fault: Found) -> Fault:
        line, column = self.document.place(fault.start)
        return Fault(line, column, fault.message, fault.mend)

    # -- what a claim is about ---------------------------------------------------------------

    def target(self, equality: Equality) -> tuple[_Target | None, int, tuple[Side, ...]]:
        """What the left side is about, how many steps later than t it stands, and the rest."""
        left, *rest = equality.sides
        if left.tree is not None and rest:
            for named in namings(self.cell):
                reader = Reader(self.cell, named.names, equality.indices, {})
                found = reader.partial(left.tree)
                if found is not None and self.is_derivative(*found):
                    of, wrt = found
                    lag = of.time - wrt.time
                    return _Target(of.name, wrt.name, lag), of.time, tuple(rest)
        if len(equality.sides) == 1 or self.of is not None or self.wrt is not None:
            return self.asked_for(), 0, (equality.sides[-1],)
        return None, 0, ()

    def redefined(self, equality: Equality) -> list[Found]:
        """Names of the cell that a line defines otherwise; it may be about another cell."""
        left, *rest = equality.sides
        if left.tree is None or len(rest) != 1 or rest[0].tree is None:
            return []
        for named in namings(self.cell):
            reader = Reader(self.cell, named.names, equality.indices, {})
            try:
                one, other = reader.value(left.tree), reader.value(rest[0].tree, True)
                if not (isinstance(one, Vector) and isinstance(other, Vector)):
                    continue
                drawn = self.points(_Target("", "", 1), reader.seen)
                values = [[_listed(p.value(v.expr)) for v in (one, other)] for p in drawn]
            except (NotUnderstood, SymgateError, ValueError, ArithmeticError, LookupError):
                continue
            if all(same([a], [b]) for a, b in values):
                return []
            what = f"{named.say(one.expr)} is defined otherwise than in {self.cell.name}"
            return [Found(left.start, left.stop, what, "name the cell that is meant")]
        return []

    def is_derivative(self, of: Moment, wrt: Moment) -> bool:
        known = of.name in self.lin.nodes and wrt.name not in self.cell.parameters
        return known and of.time >= wrt.time

    def asked_for(self) -> _Target | None:
        first = self.cell.output
        if len(self.claim.split()) == 0:
            return None
        of, wrt = self.of or first, self.wrt or self.of or first
        lag = self.lag if self.lag is not None else int(wrt in self.cell.states)
        return _Target(of, wrt, lag)

    def is_asked(self, target: _Target) -> bool:
        pairs = ((self.of, target.of), (self.wrt, target.wrt), (self.lag, target.lag))
        return all(asked in (None, own) for asked, own in pairs)

    def truth(self, target: _Target) -> list[tuple[Summands, str]]:
        """The exact Jacobian, and in what other sense the same is often meant."""
        if target not in self.truths:
            of, wrt, lag = target.of, target.wrt, target.lag
            main = exact(self.cell, of, wrt, lag)
            found = [(main, "")]
            if lag == 1 and wrt in self.cell.states:
                more = main
                for state in self.cell.states:
                    if state != wrt:
                        local = exact(self.cell, state, wrt, 0)
                        before = tuple(s.shifted(1) for s in local)
                        more += multiplied(exact(self.cell, of, state, 1), before)
                if more != main:
                    note = f"{target} is taken through the other states of step t-1 as well"
                    found.append((more, note))
            if lag == 0:
                reader = Reader(self.cell, {}, Indices(), {})
                found.append(
                    (expanded(reader.direct(of, wrt, 0)), f"{target} is the local derivative")
                )
            self.truths[target] = found
        return self.truths[target]

    # -- one side ----------------------------------------------------------------------------

    def side(self, side: Side, target: _Target, equality: Equality, shift: int) -> _Judged:
        if side.tree is None:
            return _unclear(side.why, side.start, side.stop)
        if target.lag > MAX_LAG:
            return _unclear(f"a lag of {target.lag} is more than is read", side.start, side.stop)
        try:
            truths = self.truth(target)
        except SymgateError as fault:
            return _unclear(str(fault), side.start, side.stop)
        readings: list[_Reading] = []
        error: NotUnderstood | None = None
        for reading in self.readings(side, target, equality, shift):
            if isinstance(reading, NotUnderstood):
                error = reading if error is None or reading.start > error.start else error
                continue
            found = self.compared(reading, truths, target)
            if found is not None and reading.named.row and readings:
                why = "it is right only where vectors are rows, and what says so is not clear"
                return _unclear(why, side.start, side.stop)
            if found is not None:
                return found
            readings.append(reading)
        if not readings:
            assert error is not None
            return _unclear(error.message, error.start, error.stop, error.mend)
        return self.wrong(readings, truths, target, side)

    def readings(
        self, side: Side, target: _Target, equality: Equality, shift: int
    ) -> Iterator[_Reading | NotUnderstood]:
        """Every way to read a side, the likeliest first."""
        assert side.tree is not None
        rows, cols = self.lin.size(target.of), self.lin.size(target.wrt)
        for named in sorted(namings(self.cell), key=lambda named: named.row):
            waiting: list[Mapping[str, str]] = [{}]
            tried: list[Mapping[str, str]] = []
            while waiting and len(tried) < 32:
                ways = waiting.pop(0)
                tried.append(ways)
                reader = Reader(self.cell, named.names, equality.indices, ways, shift, named.row)
                try:
                    yield _Reading(reader.operator(side.tree, rows, cols), named, reader)
                except NotUnderstood as fault:
                    yield fault
                except (
                    SymgateError,
                    TypeError,
                    ValueError,
                    ArithmeticError,
                    RecursionError,
                ) as fault:
                    yield NotUnderstood(f"this is not understood: {fault}", side)
                kinds = list(reader.chosen)
                for choice in product(*(WAYS[kind] for kind in kinds)):
                    new = dict(zip(kinds, choice, strict=True))
                    if not any(new.items() <= done.items() for done in [*tried, *waiting]) and (
                        new != reader.chosen
                    ):
                        waiting.append(new)

    def points(self, target: _Target, seen: Iterable[tuple[Moment, int, int]]) -> list[Evaluation]:
        deepest = max((-moment.time for moment, _, _ in seen), default=0)
        steps = max(target.lag, deepest, 1) + 1
        if steps not in self.drawn:
            self.drawn[steps] = points(self.cell, POINTS, steps)
        return self.drawn[steps]

    def compared(
        self, reading: _Reading, truths: list[tuple[Summands, str]], target: _Target
    ) -> _Judged | None:
        """Right or transposed, where the numbers say so at every point."""
        shape = self.lin.size(target.of), self.lin.size(target.wrt)
        own = added(reading.operator.parts, reading.operator.rows, reading.operator.cols)
        try:
            drawn = self.points(target, reading.reader.seen)
            claimed = [point.operator(own) for point in drawn]
            for parts, note in truths:
                due = [point.operator(added(parts, *shape)) for point in drawn]
                pairs = list(zip(claimed, due, strict=True))
                upright = all(same(a, b) for a, b in pairs)
                if upright and self.layout != "transposed":
                    return _Judged(RIGHT, note=note)
                if all(same(a, turned(b)) for a, b in pairs):
                    if self.layout == "transposed":
                        return _Judged(RIGHT, note=note)
                    if self.layout is None:
                        return _Judged(TRANSPOSED, note=note)
        except (ZeroDivisionError, NotReal, SymgateError, OverflowError):
            return None
        return None

    def wrong(
        self,
        readings: list[_Reading],
        truths: list[tuple[Summands, str]],
        target: _Target,
        side: Side,
    ) -> _Judged:
        """Wrong, where it is read in one way only and the numbers differ."""
        first = readings[0]
        doubts = [WHY[kind] for reading in readings for kind in reading.reader.chosen]
        if doubts:
            why = "; ".join(dict.fromkeys(doubts))
            return _unclear(f"in no reading is it right, but {why}", side.start, side.stop)
        truth, _ = truths[0]
        shape = self.lin.size(target.of), self.lin.size(target.wrt)
        operator = first.operator
        if self.layout == "transposed":
            turn = tuple(s.turned() for s in operator.parts)
            operator = Operator(turn, operator.cols, operator.rows)
        try:
            drawn = self.points(target, first.reader.seen)
            own = added(operator.parts, operator.rows, operator.cols)
            pairs = [(p.operator(own), p.operator(added(truth, *shape))) for p in drawn]
            if sum(not same(a, b) for a, b in pairs) < DIFFER:
                return _unclear("the numbers do not decide it", side.start, side.stop)
            if (operator.rows, operator.cols) != shape:
                what = f"{operator.rows} × {operator.cols}, and {shape[0]} × {shape[1]} is due"
                return _Judged(WRONG, (Found(side.start, side.stop, f"this is {what}"),))
            locator = Locator(operator, truth, drawn, first.reader.seen, first.named.say)
            found = tuple(locator.faults())
        except (ZeroDivisionError, NotReal, SymgateError, OverflowError) as error:
            return _unclear(f"it could not be worked out: {error}", side.start, side.stop)
        if not found:
            found = (Found(side.start, side.stop, "the sum is not the exact Jacobian"),)
        return _Judged(WRONG, found)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _unclear(why: str, start: int, stop: int, mend: str = "") -> _Judged:
    return _Judged(UNCLEAR, (Found(start, stop, why, mend),))
