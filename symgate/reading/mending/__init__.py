"""Misprints: lines that are read, but that can hardly be meant as they stand.

invariants   what holds in every cell, whatever its family and its letters
changes      every single slip, taken back
book         which cell of the zoo some lines define, proved by their polynomials
nearest      the known cell that is nearest, and the changes that lead to it
search       the slips: those that part a cell from the nearest, then what mends what is broken
naming       one scheme for the names of weights and biases
written      indices and names that are seen to be wrong in the writing
headings     what the words beside a formula call a gate
layout       delimiters and commands
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgate.reading.faults import Edit, FoundFault, edited
from symgate.reading.mending import habits, headings, layout, written
from symgate.reading.mending.broken import Broken
from symgate.reading.mending.change import Change
from symgate.reading.mending.invariants import INVARIANTS
from symgate.reading.mending.naming import misnamed
from symgate.reading.mending.printing import Printing, stepped
from symgate.reading.mending.readable import Readable
from symgate.reading.mending.search import ReadSlip, slips
from symgate.reading.mending.sketch import sketch
from symgate.reading.source import Document
from symgate.reading.structure import Structure
from symgate.reading.understood import Understanding


def seen(cell: Readable) -> list[FoundFault]:
    """The misprints that the writing itself shows."""
    return distinct([f for module in (layout, written, headings) for f in module.faults(cell)])


def inferred(
    document: Document, found: Understanding, parts: Structure, edits: Sequence[Edit]
) -> list[FoundFault]:
    """The misprints that follow from what holds in every cell, and from the cells of the zoo.

    The cell is read with `edits` made, which mend what the writing shows.
    """
    own = sketch(found, parts, document.text)
    printing = Printing(document.text, own, edits)
    made, left, _ = slips(own, printing)
    names = list(misnamed(own, printing))
    places = {(f.start, f.stop) for f in names}
    faults = [
        f
        for f in (_fault(slip, made, printing) for slip in made)
        if (f.start, f.stop) not in places
    ]
    faults += names
    by_habit = list(habits.swapped(Readable(document, found, parts)))
    if faults:
        by_habit = [replace(f, edits=(), certainty=0.6) for f in by_habit]
    absent = _absent(left, printing)
    if absent is not None:
        return [*faults, absent]
    return [*faults, *by_habit, *(_bare(b, printing) for b in left if b.fixed)]


def _absent(left: Sequence[Broken], printing: Printing) -> FoundFault | None:
    """The line that is missing where one gate is unread, and every line reads one unknown state.

    With no unknown state it is the line that reads the gate, as h = o ⊙ tanh(c). A state whose
    new value stands in the document may have a line that was not read.
    """
    own = printing.sketch
    unread, unknown = ([b for b in left if b.rule == rule] for rule in ("read", "closed"))
    alike = len(unknown) > 2 and len({b.why for b in unknown}) == 1
    one = own.whole and len(unread) == 1 and alike
    several = len(left) > 1 or len(own.parts.gates) > 1
    if one:
        late = printing.printed(unknown[0].start, unknown[0].stop)
        now = stepped(late, 1, own.found.context.indices.time)
        one = not now or now not in printing.document
    if not one and not (own.closes and unread and left == unread and several):
        return None
    why = f"{unread[0].why}, and {unknown[0].why}" if one else "; ".join(b.why for b in unread)
    last = max((facts.u.line.equation for facts in own.lines.values()), key=lambda e: e.stop)
    why = f"{why}: a line is missing"
    return FoundFault("missing_equation", why, last.start, last.stop, "", "", (), 0.7)


def _fault(slip: ReadSlip, made: Sequence[ReadSlip], printing: Printing) -> FoundFault:
    change = slip.change
    here = [b for b in slip.mended if b.line == change.line and _holds(b, change)]
    beside = [b for b in slip.mended if INVARIANTS[b.rule].elsewhere]
    these = "this change" if len(made) == 1 else "these changes"
    reached = f"with {these} it is the cell {slip.reached}" if slip.reached else ""
    why = next((b.why for b in (*here, *beside)), reached) or slip.mended[0].why
    return FoundFault(
        change.kind,
        why,
        change.start,
        change.stop,
        printing.document[change.start : change.stop],
        change.meant,
        change.edits,
        slip.certainty,
    )


def _holds(broken: Broken, change: Change) -> bool:
    return broken.start <= change.start and change.stop <= broken.stop


def _bare(broken: Broken, printing: Printing) -> FoundFault:
    """A place that cannot be meant, where nobody can tell what is.

    That a note defines a name nowhere is sure where only lines that were read have it.
    """
    printed = printing.printed(broken.start, broken.stop)
    every = [v for own in printing.sketch.lines.values() for v in own.variables]
    uses = sum(printing.of(v) == printed for v in every)
    told = printing.sketch.whole and printing.document.count(printed) == uses
    sure = 1 if broken.rule == "defined" and told else 0.7
    return FoundFault(broken.kind, broken.why, broken.start, broken.stop, printed, "", (), sure)


def merged(found: Sequence[FoundFault], document: Document) -> list[FoundFault]:
    """With the line breaks that a block lacks as one fault, which mends them all."""
    result: list[FoundFault] = []
    for fault in found:
        before = next((f for f in result if f.kind == fault.kind), None)
        if before is None or not fault.kind.endswith("line_separator"):
            result.append(fault)
            continue
        between = document.text[min(f.stop for f in (before, fault)) : fault.start]
        if "$$" in between or "\\]" in between or "\\end{" in between:
            result.append(fault)
        else:
            at = result.index(before)
            stop = before.edits[0].stop
            meant = before.meant or edited(document.text, [*before.edits], before.start, stop)
            result[at] = replace(before, meant=meant, edits=(*before.edits, *fault.edits))
    return result


def distinct(found: Sequence[FoundFault]) -> list[FoundFault]:
    """Without second faults at the same place, and in the order of the source.

    Where two gates stand in each other's place, the words that name them are right.
    """
    result: list[FoundFault] = []
    swapped = any(fault.kind == "swapped_gates" for fault in found)
    for fault in found:
        if swapped and fault.kind == "wrong_attribution":
            continue
        if not any(f.start == fault.start and f.stop == fault.stop for f in result):
            result.append(fault)
    return sorted(result, key=lambda f: (f.start, f.stop))
