"""Changes of names: what is read, what weighs, and what stands in what place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from symgate.reading.faults import Edit
from symgate.reading.mending.change import Change, Maker, exchanged
from symgate.reading.mending.sketch import WeightedSum, gate_of, times
from symgate.reading.structure import summands
from symgate.reading.terms import AnyTerm, Apply, Call, Par, Plus, Times, Var


def names(maker: Maker, var: Var) -> Iterator[Change]:
    """h_{t-1} for h_t, c̃ for c, r for z, x for h."""
    sketch, now = maker.sketch, 0 if var.time is None else var.time
    wanted: dict[tuple[str, int], None] = {}
    if var.name in sketch.lines or now == -1:
        wanted[var.name, -1 - now] = None
    for name, own in sketch.lines.items():
        if name in sketch.states:
            wanted[name, -1] = None
        alike = own.u.line.target.letter == var.ref.letter
        if alike:
            wanted[name, -1] = None
        if name != maker.own.name and (now == 0 or alike or name in sketch.spare):
            wanted[name, 0] = None
    for name in sketch.entering:
        wanted[name, 0] = None
    wanted[maker.own.name, -1] = None
    for name, time in wanted:
        if (name, time) == (var.name, now) or (name == var.name and (now or 0) < -1):
            continue  # h_{t-3} is no slip
        printed = maker.printing.name(name, time)
        if printed:
            line = sketch.lines.get(name)
            shift = line.u.time if line is not None and time == 0 else time
            new = replace(var, name=name, time=shift)
            yield maker.change(var, new, kind_of_name(maker, var, name, time), printed)


def indexed(maker: Maker, par: Par) -> Iterator[Change]:
    """h_{t-1} for h_h, c_{t-1} for c_{t_1}, x_t for x_i: what bears the letter of a variable."""
    sketch = maker.sketch
    if sketch.strangers[par.name] == 1:
        states = [(n, -1) for n in sketch.lines if sketch.letter(n) == par.ref.letter]
        for name, time in (*states, *((n, 0) for n in sketch.entering if n == par.ref.letter)):
            printed = maker.printing.name(name, time)
            if printed:
                new = Var(par.start, par.stop, name, time, par.ref)
                yield maker.change(par, new, "wrong_time_index", printed)


def kind_of_name(maker: Maker, var: Var, name: str, time: int) -> str:
    if name == var.name:
        return "wrong_time_index"
    line = maker.sketch.lines.get(name)
    if line is not None and line.u.line.target.letter == var.ref.letter:
        return "extra_tilde" if var.ref.accents else "missing_tilde"
    if name.lower() == var.name.lower():
        return "case_mismatch"
    spare = line.term if line is not None and name in maker.sketch.spare else None
    gate = isinstance(spare, Call) and spare.function == "sigmoid"
    if (gate or name in maker.sketch.parts.gates) and var.time != -1:
        return "wrong_gate"
    return "wrong_state" if time == -1 or name in maker.sketch.entering else "wrong_symbol"


def inserted_gates(maker: Maker, var: Var | Call) -> Iterator[Change]:
    """U (r ⊙ h) for U h, i ⊙ g for g, θ ⊙ tanh(h) for tanh(h), r ⊙ (U h + c) for U h + c."""
    if getattr(var, "name", "") in maker.sketch.entering:
        return
    beside = any(var in t.factors for t in maker.own.terms if isinstance(t, Times))
    for name in maker.sketch.parts.gates | maker.sketch.spare:
        own = name in (maker.own.name, getattr(var, "name", ""))
        if own or name not in maker.sketch.lines or beside:
            continue
        sums = [s for s in maker.own.sums if any(a.vector is var for a in s.applied)]
        if any(len(s.biases) > 1 for s in sums):
            yield from beside_biases(maker, name, var, sums[0])
            continue
        new, meant = maker.multiplied(name, var)
        yield maker.change(var, new, "missing_factor", meant)
        if sums:
            yield maker.change(var, new, "missing_factor", f"({meant})")


def beside_biases(maker: Maker, gate: str, var: AnyTerm, own: WeightedSum) -> Iterator[Change]:
    """r ⊙ (U h + c) for U h + c, in a sum with a bias of the input's own."""
    terms = own.call.argument.terms if own.call and isinstance(own.call.argument, Plus) else ()
    for (s1, acted), (s2, bias) in pairwise(terms):
        if not (isinstance(acted, Apply) and acted.vector is var and isinstance(bias, Par)):
            continue
        inner = Plus(acted.start, bias.stop, ((s1, acted), (s2, bias)))
        shown = maker.printing.printed(acted.start, bias.stop)
        product, _ = maker.multiplied(gate, inner)
        meant = f"{maker.printing.name(gate, 0)} {maker.printing.sign} ({shown})"
        rest = tuple((s, t) for s, t in terms if t is not bias)
        whole = Plus(terms[0][1].start, terms[-1][1].stop, rest)
        whole = replace(whole, terms=tuple((s, product if t is acted else t) for s, t in rest))
        assert own.call is not None
        change = maker.change(
            own.call.argument,
            whole,
            "missing_factor",
            meant,
            Edit(acted.start, bias.stop, meant),
        )
        yield replace(change, start=acted.start, stop=bias.stop)


def renamed(maker: Maker, term: Apply) -> Iterator[Change]:
    """U h for W h, where W acts on the input in the same line."""
    matrix, vector = term.matrix, term.vector
    if not isinstance(matrix, Par) or not isinstance(vector, Var):
        return
    uses = [a for s in maker.own.sums for a in s.applied if isinstance(a.matrix, Par)]
    if sum(a.matrix.name == matrix.name for a in uses if isinstance(a.matrix, Par)) > 1:
        model = maker.printing.weight(maker.sketch, maker.own, vector)
        if model is not None:
            new = replace(matrix, name=model[1])
            yield maker.change(matrix, new, "symbol_reused", model[1])


def swaps(maker: Maker) -> Iterator[Change]:
    """f ⊙ c + i ⊙ g for i ⊙ c + f ⊙ g."""
    gates = [
        gate
        for t in maker.own.terms
        for f in times(t)
        if (gate := gate_of(f)) is not None and gate.name in maker.sketch.lines
    ]
    for one, other in combinations(gates, 2):
        if one.name == other.name or -1 in (one.time, other.time):
            continue
        yield _exchange(maker, one, other, "swapped_gates")


def exchanged_weights(maker: Maker) -> Iterator[Change]:
    """W_xh x + W_hh h for W_hh x + W_xh h."""
    for s in maker.own.sums:
        for one, other in combinations([a.matrix for a in s.applied], 2):
            if isinstance(one, Par) and isinstance(other, Par) and one.name != other.name:
                yield _exchange(maker, one, other, "wrong_weight_index")


def _exchange(maker: Maker, one: Par | Var, other: Par | Var, kind: str) -> Change:
    """Two symbols in each other's place."""
    first, second = maker.shown(one), maker.shown(other)
    term = exchanged(maker.own.term, one, replace(other, start=one.start, stop=one.stop))
    term = exchanged(term, other, replace(one, start=other.start, stop=other.stop))
    edits = (Edit(one.start, one.stop, second), Edit(other.start, other.stop, first))
    return Change(maker.own.name, one, term, kind, edits, one.start, one.stop, second)


def lone_gates(maker: Maker) -> Iterator[Change]:
    """z ⊙ h for z, (1 - z) ⊙ g for 1 - z: a gate in a state's line that weighs nothing."""
    for part in summands(maker.own.term) if maker.own.name in maker.sketch.states else ():
        gate = gate_of(part.term)
        if gate is None or gate.time == -1 or gate.name not in maker.sketch.parts.gates:
            continue
        printed = maker.printing.name(maker.own.name, -1)
        target = maker.own.u.line.target
        last = Var(part.term.start, part.term.stop, maker.own.name, -1, target)
        new = Times(part.term.start, part.term.stop, (part.term, last), ("hadamard",))
        meant = f"{maker.shown(part.term)} {maker.printing.sign} {printed}"
        if printed:
            yield maker.change(part.term, new, "missing_factor", meant)


def updates(maker: Maker) -> Iterator[Change]:
    """i ⊙ g for g, z ⊙ h for h, o ⊙ tanh(c) for tanh(c): whole terms that lack a gate."""
    if maker.own.name not in {*maker.sketch.parts.carried, *maker.sketch.parts.outputs}:
        return
    for part in summands(maker.own.term):
        for name in maker.sketch.parts.gates | maker.sketch.spare:
            if len(part.factors) > 2 or name not in maker.sketch.lines or name == maker.own.name:
                continue
            new, meant = maker.multiplied(name, part.term)
            if not isinstance(part.term, Var):
                yield maker.change(part.term, new, "missing_factor", meant)
            turned, meant = maker.complemented(new, meant)
            yield maker.change(part.term, turned, "missing_factor", meant)
