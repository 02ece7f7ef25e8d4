"""What holds of states: which names carry over from step to step."""

from __future__ import annotations

from collections.abc import Iterator

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.sketch import Sketch, times
from symgate.reading.structure import affine, complement
from symgate.reading.terms import Call, Var


def own_past(sketch: Sketch) -> Iterator[Broken]:
    """A gate reads the state, not its own past alone: not z = σ(W x + U z_{t-1})."""
    carried = {*sketch.parts.carried}
    weighing = {
        f.name
        for own in sketch.lines.values()
        if own.name in carried
        for t in own.terms
        for f in times(t)
        if isinstance(f, Var)
    }
    for name in weighing & sketch.lines.keys() - carried:
        own = sketch.lines[name]
        past = [v for v in own.variables if v.time == -1]
        gate = isinstance(own.term, Call) and own.term.function == "sigmoid" and affine(own.term)
        if gate and past and {v.name for v in past} == {name}:
            why = f"the gate {name} reads its own past, and not the state"
            yield at(own, past[0], "wrong_state", why)


def let_go(sketch: Sketch) -> Iterator[Broken]:
    """Where 1 - z weighs what is new, z weighs what is kept: not h = (1 - z) ⊙ g alone."""
    for name in sketch.states - {*sketch.parts.carried}:
        own = sketch.lines[name]
        for factor in times(own.term):
            gate = complement(factor)
            if isinstance(gate, Var) and sketch.reads[gate.name, 0] == 1:
                why = f"1 - {gate.name} weighs the new value of {name}, and nothing keeps the old"
                yield at(own, own.term, "missing_term", why, True)
