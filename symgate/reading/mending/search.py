"""Which slips a cell has: the changes that mend what is broken, or that lead to a known cell.

A change counts by what it mends, by the cell of the zoo that it leads to, and by how likely
such a slip is. The best one is made, and the search goes on until nothing is gained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from symgate.reading.mending.book import MEANT, known
from symgate.reading.mending.broken import Broken
from symgate.reading.mending.change import Change
from symgate.reading.mending.changes import changes
from symgate.reading.mending.habits import usual
from symgate.reading.mending.invariants import INVARIANTS, broken
from symgate.reading.mending.nearest import exchanged_lines, path, retargeted
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Sketch, gate_of
from symgate.reading.structure import complement
from symgate.reading.terms import Call, Var, subterms, text

#: How many slips of one cell are looked for, and how many changes are tried for each.
ROUNDS = 5
MOST = 1_200
#: In a cell of more terms fewer are tried, since each takes longer.
TERMS = 60
#: Kinds of slips that are told by the cell of the zoo alone that they hide, whichever it is.
DECISIVE = (
    "missing_factor",
    "wrong_gate",
    "wrong_time_index",
    "wrong_operator",
    "wrong_sign",
    "missing_complement",
    "missing_tilde",
    "extra_tilde",
    "bias_outside_activation",
    "missing_operator",
    "misplaced_parenthesis",
)


@dataclass(frozen=True)
class ReadSlip:
    """A change with what speaks for it: what it mends, and the cell that it leads to."""

    change: Change
    mended: tuple[Broken, ...]
    reached: str
    score: float

    @property
    def certainty(self) -> float:
        """How often such a slip was one, on labelled sets."""
        both = bool(self.mended) and bool(self.reached)
        return 0.9 if both else 0.8 if self.mended else 0.7


def slips(sketch: Sketch, printing: Printing) -> tuple[list[ReadSlip], list[Broken], Sketch]:
    """The slips of a cell, what is left broken, and the cell without them."""
    found: list[ReadSlip] = []
    reached = known(sketch.terms)
    wrong = _wrong(sketch, reached)
    left_side = retargeted(sketch, printing) if wrong else None
    if left_side is not None:
        undefined = tuple(b for b in wrong if b.rule == "closed")
        return [ReadSlip(left_side, undefined, "", 0.0)], [], sketch
    if not reached:
        found, wrong, sketch = _to_the_nearest(sketch, printing, wrong)
    for _ in range(ROUNDS if wrong else 0):
        best = _best(sketch, printing, wrong)
        if best is None:
            break
        found.append(best)
        sketch = sketch.changed(best.change.line, best.change.term).restructured()
        wrong = _wrong(sketch, known(sketch.terms))
    return found, wrong, sketch


def _to_the_nearest(
    sketch: Sketch, printing: Printing, wrong: Sequence[Broken]
) -> tuple[list[ReadSlip], list[Broken], Sketch]:
    """The changes to the known cell that is nearest; where nothing is broken one that decides."""
    changes, reached = path(sketch, printing)
    exchanged, cell = exchanged_lines(sketch, printing) if len(changes) != 1 else ([], "")
    if cell:
        changes, reached = exchanged, cell
    found: list[ReadSlip] = []
    after, left = sketch, list(wrong)
    for change in changes:
        after = after.changed(change.line, change.term).restructured()
        still = {(b.rule, b.line) for b in broken(after)}
        mended = tuple(b for b in left if (b.rule, b.line) not in still)
        left = [b for b in left if b not in mended]
        found.append(ReadSlip(change, mended, reached, 0.0))
    now = _wrong(after, reached)
    new = {(b.rule, b.line) for b in now} - {(b.rule, b.line) for b in wrong}
    if new or not (bool(cell) or _told_together(sketch, found)):
        return [], list(wrong), sketch
    unsure = any(_is_unsure(sketch, slip) for slip in found)
    return ([], list(wrong), sketch) if unsure else (found, now, after)


def _told_together(sketch: Sketch, found: Sequence[ReadSlip]) -> bool:
    """Whether changes that lead to a known cell are slips: one mends, or each one decides."""
    mends = any(slip.mended for slip in found)
    if mends and found[0].reached in MEANT:
        return True
    told = all(slip.mended or _decisive(sketch, slip.change, slip.reached) for slip in found)
    return told and (mends or len(found) == 1)


def _is_unsure(sketch: Sketch, slip: ReadSlip) -> bool:
    """Whether what a change takes back may be meant, or is more than a slip."""
    whole = slip.change.kind == "wrong_equation"
    if whole and not (slip.mended and slip.reached in MEANT):
        return True
    return _is_dropped(slip.change, slip.mended) or _is_a_variant(sketch, slip.change)


def _wrong(sketch: Sketch, name: str) -> list[Broken]:
    """What is broken; in a cell of the zoo only what the polynomials do not show."""
    return [b for b in broken(sketch) if not name or INVARIANTS[b.rule].unseen]


def _best(sketch: Sketch, printing: Printing, wrong: Sequence[Broken]) -> ReadSlip | None:
    """The change that mends most of what is broken."""
    return max(_scored(sketch, printing, wrong), key=lambda slip: slip.score, default=None)


def _scored(sketch: Sketch, printing: Printing, wrong: Sequence[Broken]) -> Iterator[ReadSlip]:
    """The changes at what is broken that gain something."""
    bad, before = sum(b.weight for b in wrong), {(b.rule, b.line) for b in wrong}
    at_stake = sorted({b.rule for b in wrong})
    terms = max(TERMS, sum(len(own.terms) for own in sketch.lines.values()))
    for change in islice(changes(sketch, printing), MOST * TERMS**3 // terms**3):
        if not _concerns(sketch, change, wrong):
            continue
        after = sketch.changed(change.line, change.term)
        if not _read_still(sketch, after, change.line):
            continue
        if bad - sum(b.weight for b in broken(after, at_stake)) < 0.5:
            continue
        left = broken(after)
        rules = {(b.rule, b.line) for b in left}
        if any(b.fixed and b.line == change.line and (b.rule, b.line) not in before for b in left):
            continue
        mended = tuple(b for b in wrong if (b.rule, b.line) not in rules)
        gained = bad - sum(b.weight for b in left)
        if _is_dropped(change, mended) or gained < 0.5 or not _fits(sketch, change, mended):
            continue
        score = gained + 0.4 * change.prior + 0.2 * usual(sketch, change)
        score += 0.1 * any((b.start, b.stop) == (change.start, change.stop) for b in mended)
        yield ReadSlip(change, mended, "", score)


def _is_dropped(change: Change, mended: Sequence[Broken]) -> bool:
    """Whether a change only takes away a name that no line defines."""
    drops = change.kind in ("spurious_factor", "missing_comma")
    return drops and any(b.rule == "defined" for b in mended)


def _read_still(sketch: Sketch, after: Sketch, line: str) -> bool:
    """Whether what a line read that has a line of its own is still read somewhere."""
    before = {v.name for v in sketch.lines[line].variables} & sketch.lines.keys() - {line}
    lost = before - {v.name for v in after.lines[line].variables}
    return all(after.used(name) for name in lost)


def _concerns(sketch: Sketch, change: Change, wrong: Sequence[Broken]) -> bool:
    """Whether a change has to do with anything that is broken."""
    rules = {b.rule for b in wrong if b.line != change.line}
    if len(rules) < len({b.rule for b in wrong}) or any(b.line == change.line for b in wrong):
        return True
    named = isinstance(change.old, Var) and change.kind != "missing_factor"
    if named and rules & {"closed", "defined", "grounded"}:
        return True
    new = {v.name for v in subterms(change.term) if isinstance(v, Var)}
    return "read" in rules and bool(new & sketch.spare)


def _decisive(sketch: Sketch, change: Change, reached: str) -> bool:
    """Whether a change that mends nothing broken tells by the cell that it leads to alone."""
    if change.kind == "wrong_activation":
        old = change.old
        gate = (
            isinstance(old, Call) and old.function == "tanh" and change.line in sketch.parts.gates
        )
        return gate and "j" not in sketch.lines  # i and j name the parts of the form of 2015
    late = isinstance(change.old, Var) and change.old.name in sketch.late
    if late or _is_a_variant(sketch, change):
        return False
    if reached not in MEANT:
        return change.kind in DECISIVE
    around = isinstance(change.old, Call) and change.old.function == "tanh"
    own = change.kind == "spurious_term" or (change.kind == "spurious_activation" and around)
    return not own and reached not in ("lstm-peephole", "lstm-no-output-activation")


def _is_a_variant(sketch: Sketch, change: Change) -> bool:
    """Whether what is taken back is a form of its own: V c_t in one gate, 1 - z in two lines."""
    own = sketch.lines[change.line]
    if change.kind == "spurious_term":
        left = [v.name for v in subterms(change.term) if isinstance(v, Var)]
        read = [v.name for v in own.variables]
        return any(read.count(name) > left.count(name) for name in sketch.memories)
    gate = gate_of(change.old)
    if change.kind == "missing_complement" and gate is not None and sketch.reads[gate.name, 0] == 1:
        return complement(change.old) is not None  # a reset by 1 - r is one by r
    shown = text(change.old)
    others = [t for other in sketch.lines.values() if other is not own for t in other.terms]
    return change.kind == "missing_complement" and shown in map(text, filter(complement, others))


def _fits(sketch: Sketch, change: Change, mended: Sequence[Broken]) -> bool:
    """Whether a change is at the place of what it mends, and of a kind that mends it."""
    if any(b.line != change.line and not INVARIANTS[b.rule].elsewhere for b in mended):
        return False
    if any(b.rule == "read" for b in mended) and usual(sketch, change):
        return change.kind in ("wrong_gate", "missing_factor")
    if {"read", "defined"} <= {b.rule for b in mended}:
        return change.kind in ("wrong_gate", "wrong_symbol", "missing_tilde", "extra_tilde")
    return any(
        change.kind in INVARIANTS[b.rule].mends
        and b.start <= change.start
        and change.stop <= max(b.stop, change.start)
        for b in mended
    )
