"""What the letters of gates stand for by habit: only asked where all else leaves it open."""

from __future__ import annotations

from collections.abc import Iterator

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.change import Change
from symgate.reading.mending.readable import Readable
from symgate.reading.mending.sketch import Sketch
from symgate.reading.structure import gate_name
from symgate.reading.terms import Var, subterms

#: The part of the line in which a gate of this letter is used.
PLACES = {
    "o": "output",
    "r": "candidate",
    "f": "update",
    "i": "update",
    "z": "update",
    "u": "update",
    "g": "update",
}
#: Letters of gates that keep and that take, where a state has one of each.
KEEPS, TAKES = "f", "i"


def usual(sketch: Sketch, change: Change) -> bool:
    """Whether a change puts a gate where gates of its letter stand."""
    before = {v.name for v in subterms(sketch.lines[change.line].term) if isinstance(v, Var)}
    new = [v for v in subterms(change.term) if isinstance(v, Var) and v.name not in before]
    parts = sketch.parts
    groups = {"update": parts.carried, "output": parts.outputs, "candidate": parts.candidates}
    place = next((name for name, lines in groups.items() if change.line in lines), "")
    lines = [sketch.lines[v.name].u.line.target for v in new if v.name in sketch.lines]
    return any(
        PLACES.get(mark) == place
        for target in lines
        for mark in (target.letter.lower(), *target.labels)
    )


def swapped(cell: Readable) -> Iterator[FoundFault]:
    """Two gates in each other's place: i keeps and f takes, or r updates and z resets."""
    keep = {gate_name(k) for s in cell.parts.carried for k in cell.parts.keepers[s]}
    if KEEPS in {k[-1:] for k in keep} or any(u.term is None for u in cell.found.lines):
        return  # one of two states has them as usual, or may have
    for state in cell.parts.carried:
        u = cell.found.line(state)
        if u is None or u.term is None:
            continue
        kept = {gate_name(k) for k in cell.parts.keepers[state]} - {""}
        taken = {gate_name(f) for s in cell.parts.news[state] for f in s.factors} - {""}
        resets = cell.parts.resets - kept
        pairs = [(k, t) for k in kept for t in taken - kept if (k[-1], t[-1]) == (TAKES, KEEPS)]
        pairs += [(k, r) for k in kept for r in resets if k[-1] == "r" and r[-1] in "zu"]
        for one, other in pairs:
            yield from _exchange(cell, one, other)


def _exchange(cell: Readable, one: str, other: str) -> Iterator[FoundFault]:
    """Each gate for the other wherever they are used."""
    uses = [v for _, v in cell.variables() if v.name in (one, other) and v.time != -1]
    shown = {v.name: cell.printed(v.start, v.stop) for v in uses}
    swap = {one: shown[other], other: shown[one]}
    first = uses[0]
    yield FoundFault(
        "swapped_gates",
        f"{one} and {other} stand in each other's place",
        first.start,
        first.stop,
        shown[first.name],
        swap[first.name],
        tuple(Edit(v.start, v.stop, swap[v.name]) for v in uses),
        0.7,
    )
