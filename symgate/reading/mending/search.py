"""Which slips a cell has: the changes that mend what is broken, or that lead to a known cell.

A change counts by what it mends, by the cell of the zoo that it leads to, and by how likely
such a slip is. The best one is made, and the search goes on until nothing is gained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from symgate.reading.mending.book import known
from symgate.reading.mending.broken import Broken
from symgate.reading.mending.change import Change
from symgate.reading.mending.changes import changes
from symgate.reading.mending.habits import usual
from symgate.reading.mending.invariants import INVARIANTS, broken
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Sketch
from symgate.reading.structure import complement
from symgate.reading.terms import Call, Quot, Raised, Var, subterms, text

#: The cells that people mean to write.
MEANT = {
    "lstm",
    "lstm-peephole",
    "lstm-coupled",
    "gru",
    "gru-z-takes-new",
    "gru-reset-after",
    "mgu",
}
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
    wrong = _wrong(sketch, known(sketch.terms))
    for _ in range(ROUNDS):
        best = _best(sketch, printing, wrong)
        if best is None:
            break
        found.append(best)
        sketch = sketch.changed(best.change.line, best.change.term).restructured()
        wrong = _wrong(sketch, known(sketch.terms))
    return found, wrong, sketch


def _wrong(sketch: Sketch, name: str) -> list[Broken]:
    """What is broken; in a cell of the zoo only what the polynomials do not show."""
    return [b for b in broken(sketch) if not name or INVARIANTS[b.rule].unseen]


def _best(sketch: Sketch, printing: Printing, wrong: Sequence[Broken]) -> ReadSlip | None:
    best: ReadSlip | None = None
    if not wrong and known(sketch.terms):
        return None
    for everywhere in (False, True):
        if (everywhere or not wrong) and not _like_a_common_one(sketch):
            return best
        for slip in _scored(sketch, printing, wrong, everywhere):
            if best is None or slip.score > best.score:
                best = slip
        if not wrong or (best is not None and best.reached):
            return best
    return best


def _scored(
    sketch: Sketch, printing: Printing, wrong: Sequence[Broken], again: bool
) -> Iterator[ReadSlip]:
    """The changes that gain something: first at what is broken, then `again` everywhere else."""
    bad, before = sum(b.weight for b in wrong), {(b.rule, b.line) for b in wrong}
    terms = max(TERMS, sum(len(own.terms) for own in sketch.lines.values()))
    for change in islice(changes(sketch, printing), MOST * TERMS**3 // terms**3):
        if wrong and _concerns(sketch, change, wrong) == again:
            continue
        if change.kind == "missing_tanh" and printing.without_output:
            continue
        after = sketch.changed(change.line, change.term)
        if not _read_still(sketch, after, change.line):
            continue
        reached = known(after.terms) if sketch.whole else ""
        left = _wrong(after, reached) if wrong else []
        rules = {(b.rule, b.line) for b in left}
        if any(b.fixed and b.line == change.line and (b.rule, b.line) not in before for b in left):
            continue
        mended = tuple(b for b in wrong if (b.rule, b.line) not in rules)
        gained = bad - sum(b.weight for b in left)
        decisive = bool(mended) or _decisive(sketch, change, reached)
        likely = reached in MEANT and decisive
        dropped = change.kind in ("spurious_factor", "missing_comma") and any(
            b.rule == "defined" for b in mended
        )
        if wrong and (dropped or gained < 0.5 or not _fits(sketch, change, mended, reached)):
            continue
        if not wrong and not (reached and decisive and not broken(after.restructured())):
            continue
        score = gained + (1.5 if likely else 0.8 if reached else 0) + 0.4 * change.prior
        score += 0.2 * usual(sketch, change)
        score += 0.1 * any((b.start, b.stop) == (change.start, change.stop) for b in mended)
        yield ReadSlip(change, mended, reached, score)


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


def _like_a_common_one(sketch: Sketch) -> bool:
    """Whether a cell has the functions of those that people mean to write."""
    every = [t for own in sketch.lines.values() for t in own.terms]
    calls = [t.function for t in every if isinstance(t, Call)]
    plain = not any(isinstance(t, Quot | Raised) for t in every)
    return sketch.whole and plain and {*calls} <= {"sigmoid", "tanh", "relu"} and len(calls) <= 7


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
    return reached != "lstm-peephole"


def _is_a_variant(sketch: Sketch, change: Change) -> bool:
    """Whether what is taken back is a form of its own: V c_t in one gate, 1 - z in two lines."""
    own = sketch.lines[change.line]
    if change.kind == "spurious_term":
        left = [v.name for v in subterms(change.term) if isinstance(v, Var)]
        read = [v.name for v in own.variables]
        return any(read.count(name) > left.count(name) for name in sketch.memories)
    shown = text(change.old)
    others = [t for other in sketch.lines.values() if other is not own for t in other.terms]
    return change.kind == "missing_complement" and shown in map(text, filter(complement, others))


def _fits(sketch: Sketch, change: Change, mended: Sequence[Broken], reached: str) -> bool:
    """Whether a change is at the place of what it mends, and of a kind that mends it."""
    if reached and any(b.line == change.line or INVARIANTS[b.rule].elsewhere for b in mended):
        return True
    if reached:
        return _decisive(sketch, change, reached)
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
