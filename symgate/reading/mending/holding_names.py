"""What holds of names: each is read, defined, and made of others of its step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.sketch import Sketch, gate_of, times
from symgate.reading.terms import Par, Var


def read(sketch: Sketch) -> Iterator[Broken]:
    """Every gate is read: i = σ(…) beside c = f ⊙ c + g; two unread ones are a part of a cell."""
    unread = [n for n in sketch.spare & sketch.lines.keys() if not sketch.used(n)]
    for name in unread if len(unread) == 1 or not any(closed(sketch)) else ():
        target = sketch.lines[name].u.line.target
        yield Broken(name, target.start, target.stop, "unread", f"{name} is defined and never used")


def defined(sketch: Sketch) -> Iterator[Broken]:
    """What multiplies is defined: h = o ⊙ tanh(c) without a line for o.

    Where no gate is defined, or two are not, the source prints a part of a cell.
    """
    found = list(_undefined(sketch)) if sketch.entering else []
    part = len({b.why for b in found}) > 1 or not sketch.parts.gates & sketch.lines.keys()
    yield from (replace(b, fixed=not part) for b in found)


def _undefined(sketch: Sketch) -> Iterator[Broken]:
    """The gates without a line; what is read at t-1 too is a state."""
    for own in sketch.lines.values():
        for term in own.terms:
            found = [gate for gate in map(gate_of, times(term)) if gate is not None]
            letter = own.u.line.target.letter
            if letter.islower() and any(gate.ref.letter[:1].isupper() for gate in found):
                continue  # a matrix that each step has anew: B_t x_t
            for gate in found:
                if gate.time == -1 or gate.name in sketch.named or gate.ref.letter == letter:
                    continue
                if gate.name not in sketch.entering and not sketch.reads[gate.name, -1]:
                    yield at(
                        own, gate, "undefined_symbol", f"{gate.name} is used and never defined"
                    )


def lettered(sketch: Sketch) -> Iterator[Broken]:
    """No parameter bears the letter of a variable: not U h_h, not f ⊙ c_{t_1}."""
    for own in sketch.lines.values():
        for par in own.terms:
            if isinstance(par, Par) and sketch.strangers[par.name] == 1:
                yield at(own, par, "wrong_time_index", f"the index of {par.name} is no time step")


def closed(sketch: Sketch) -> Iterator[Broken]:
    """Every last value is the last value of something: c_{t-1} where a line defines s_t.

    An input that all lines read at t-1 is given so: s_t = tanh(W s_{t-1} + U y_{t-1}).
    """
    for own in sketch.lines.values() if len(sketch.late) != 1 else ():
        for v in own.variables:
            if v.time == -1 and v.name not in sketch.lines and not sketch.reads[v.name, 0]:
                yield at(own, v, "undefined_symbol", f"{v.name} is used and never defined")


def grounded(sketch: Sketch) -> Iterator[Broken]:
    """Nothing is made of itself in one step: h_t = (1 - z) ⊙ h_t + z ⊙ g."""
    for own in sketch.lines.values():
        for v in own.variables:
            if (v.time or 0) < 0 or v.name not in sketch.named:
                continue
            if v.name == own.name or own.name in _made_of(sketch, v.name):
                itself = f"{own.name} is defined by its own value of the same step"
                around = f"{own.name} and {v.name} each need the other at the same step"
                why = itself if v.name == own.name else around
                yield at(own, v, "self_reference", why, True)


def _made_of(sketch: Sketch, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {n for n in sketch.now(waiting.pop()) if n not in found}
        found |= new
        waiting.extend(new)
    return found


def dated(sketch: Sketch) -> Iterator[Broken]:
    """An input bears the step that the states bear: not U x_i beside W s_{t-1}."""
    for own in sketch.lines.values() if sketch.states and not sketch.entering else ():
        for s in own.sums:
            for a in s.applied:
                x = a.vector
                if isinstance(x, Par) and [len(label) for label in x.ref.labels] == [1]:
                    yield at(own, x, "wrong_time_index", f"{x.name} has no time index", True)
                    return


def cased(sketch: Sketch) -> Iterator[Broken]:
    """An input has one case: not X_t in one gate and x_t in the others."""
    for own in sketch.lines.values():
        for v in own.variables:
            other = v.name.swapcase()
            here, there = sketch.reads[v.name, 0], sketch.reads[other, 0]
            rarer = 0 < here < there or (here == there and v.name[0].isupper())
            if {v.name, other} <= sketch.entering and rarer:
                yield at(own, v, "case_mismatch", f"{v.name} is written {other} elsewhere", True)


def bare(sketch: Sketch) -> Iterator[Broken]:
    """An input has no accent where siblings read it without: V x̃_t beside W x_t and U x_t."""
    for own in sketch.lines.values():
        for v in [a.vector for s in own.sums for a in s.applied]:
            if isinstance(v, Var) and v.ref.accents and v.name in sketch.entering:
                plain = "_".join((v.ref.letter, *v.ref.labels))
                often = sketch.reads[plain, 0] > 1 == sketch.reads[v.name, 0]
                beside = any(o.name == plain for o in own.variables)
                if often and plain in sketch.entering and not beside:
                    yield at(own, v, "extra_tilde", f"{v.name} is written {plain} elsewhere", True)


def timely(sketch: Sketch) -> Iterator[Broken]:
    """An input is read at one step: x_{t-1} in one gate, x_t in the others, or in the candidate."""
    inner = [sketch.lines[n] for n in sketch.parts.candidates if n in sketch.lines]
    new = {v.name for own in inner for v in own.variables if v.time != -1}
    new -= {v.name for own in inner for v in own.variables if v.time == -1}
    for own in sketch.lines.values():
        for v in own.variables:
            late = v.name in sketch.entering and v.time == -1
            now = any(o.name == v.name and o.time != -1 for o in own.variables)
            fewer = sketch.reads[v.name, 0] >= sketch.reads[v.name, -1]
            if late and not now and (fewer or v.name in new):
                yield at(own, v, "wrong_time_index", f"{v.name} is read at step t elsewhere", True)


def labelled(sketch: Sketch) -> Iterator[Broken]:
    """The index of a weight names what it acts on: not W_hh x_t + W_xh h_{t-1}."""
    for own in sketch.lines.values():
        target = own.u.line.target.letter
        pairs = [(a.matrix, a.vector) for s in own.sums for a in s.applied]
        read = [
            ("".join(w.ref.labels).replace(target, "", 1), w, v.ref.letter)
            for w, v in pairs
            if isinstance(w, Par) and isinstance(v, Var)
        ]
        for (mark, one, x), (other, _, h) in combinations(read, 2):
            if (mark, other) == (h, x) and x != h:
                why = f"the index of {one.name} names {h}, and {one.name} is applied to {x}"
                yield at(own, one, "wrong_weight_index", why, True)


def sized(sketch: Sketch) -> Iterator[Broken]:
    """Sizes are as the document states them: not W x for W ∈ ℝ^{n×n} and x ∈ ℝ^d."""
    for own in sketch.lines.values():
        for a in [a for s in own.sums for a in s.applied]:
            w, x = sketch.size(a.matrix), sketch.size(a.vector)
            turned = a.row != (isinstance(a.matrix, Par) and a.matrix.transposed)
            if len(w) == 2 and len(x) == 1 and w[not turned] != x[0]:
                why = f"a matrix of size {w[0]} × {w[1]} is applied to a vector of size {x[0]}"
                yield at(own, a.matrix, "wrong_weight_index", why)
