"""Updates and outputs: what keeps the state and what takes the new, what shows the memory.

Each check compares a line with what lines of its part look like in the published cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from symgate.reading.faults import Edit, Fault
from symgate.reading.misprints.cell import Readable
from symgate.reading.misprints.shapes import GATED, candidate, sigma_is_gate, wrong_function
from symgate.reading.structure import affine, complement, gate_name, squashed_update, summands
from symgate.reading.terms import Add, AnyTerm, Call, Var, walk
from symgate.reading.understanding import Understood


def faults(cell: Readable) -> Iterator[Fault]:
    if cell.family not in GATED:
        return
    parts = cell.parts
    for u in cell.found.lines:
        shown = u.name in parts.outputs and u.name not in parts.gates | parts.candidates
        if shown and u.term is not None:
            yield from _output(cell, u)
    for state in cell.parts.carried:
        yield from _update(cell, state)
    yield from _unread_output(cell)


def _update(cell: Readable, state: str) -> Iterator[Fault]:
    """A state keeps one part of its last value and takes the other part of the candidate."""
    u = cell.found.line(state)
    if u is None or u.term is None:
        return
    for part in cell.parts.news[state]:
        for factor in part.factors:
            if isinstance(factor, Call) and affine(factor):
                yield from candidate(cell, factor, u)
    yield from _added_complement(cell, u, state)
    yield from _kept_whole(cell, u, state)
    lines = {v.name: v for v in cell.found.lines}
    if isinstance(u.term, Call) and (inner := squashed_update(u.term, state, lines)) is not None:
        printed = cell.printed(u.term.start, u.term.stop)
        meant = cell.printed(inner.start, inner.stop).strip()
        meant = meant[1:-1].strip() if meant.startswith("(") and meant.endswith(")") else meant
        yield Fault(
            "spurious_activation", f"the update of {state} stands inside a function",
            u.term.start, u.term.stop, printed, meant,
            (Edit(u.term.start, u.term.stop, meant),), 0.8,
        )  # fmt: skip
    yield from _swapped_gates(cell, u, state)
    keepers = cell.parts.keepers[state]
    single = cell.family in ("gru", "mgu", "ugrnn", "convgru", "lightru")
    if single and len(keepers) > 1:
        yield from _extra_keeper(cell, u, keepers)
    if single and len(keepers) == 1:
        yield from _complements(cell, u, state, keepers[0])


def _kept_whole(cell: Readable, u: Understood, state: str) -> Iterator[Fault]:
    """(1 - z) ⊙ g + h, where z ⊙ h is meant."""
    if cell.parts.keepers[state] or cell.family not in ("gru", "mgu", "ugrnn", "convgru"):
        return
    gates = [complement(f) for part in cell.parts.news[state] for f in part.factors]
    gate = next((g for g in gates if isinstance(g, Var)), None)
    last = next((s.term for s in summands(u.term) if s.term == s.factors[0]
                 and s.holds(state, -1)), None) if u.term is not None else None  # fmt: skip
    if gate is None or last is None:
        return
    printed = cell.printed(last.start, last.stop)
    meant = f"{cell.printed(gate.start, gate.stop)} {cell.sign()} {printed}"
    yield Fault(
        "missing_factor", f"1 minus {gate.name} takes the new, so {gate.name} keeps the old",
        last.start, last.stop, printed, meant, (Edit(last.start, last.stop, meant),), 0.8,
    )  # fmt: skip


def _added_complement(cell: Readable, u: Understood, state: str) -> Iterator[Fault]:
    """(1 - z) + h for (1 - z) ⊙ h."""
    if not isinstance(u.term, Add):
        return
    for (_, one), (sign, other) in pairwise(u.term.terms):
        gate, last = (one, other) if complement(one) is not None else (other, one)
        if sign < 0 or complement(gate) is None or not isinstance(last, Var):
            continue
        if last.name != state or last.time != -1:
            continue
        between = cell.printed(one.stop, other.start)
        at = one.stop + between.rfind("+")
        if "+" not in between:
            continue
        meant = cell.sign()
        yield Fault(
            "wrong_operator", "the last state is added to 1 minus the gate; a product is meant",
            at, at + 1, "+", meant, (Edit(at, at + 1, meant),), 0.85,
        )  # fmt: skip


def _swapped_gates(cell: Readable, u: Understood, state: str) -> Iterator[Fault]:
    """i ⊙ c + f ⊙ g, where the forget gate takes and the input gate keeps."""
    if cell.family not in ("lstm", "lstmp", "convlstm") or len(cell.parts.keepers[state]) != 1:
        return
    keeper = cell.parts.keepers[state][0]
    takers = [f for s in cell.parts.news[state] for f in s.factors if f is not keeper]
    taker = next((f for f in takers if isinstance(f, Var) and f.name in cell.parts.gates), None)
    if not isinstance(keeper, Var) or taker is None:
        return
    if (keeper.ref.letter.lower(), taker.ref.letter.lower()) != ("i", "f"):
        return
    one, other = (cell.printed(v.start, v.stop) for v in (keeper, taker))
    yield Fault(
        "swapped_gates", "the input gate keeps the last state and the forget gate takes the new",
        keeper.start, keeper.stop, one, other,
        (Edit(keeper.start, keeper.stop, other), Edit(taker.start, taker.stop, one)), 0.7,
    )  # fmt: skip


def _extra_keeper(cell: Readable, u: Understood, keepers: list[AnyTerm]) -> Iterator[Fault]:
    for keeper in keepers:
        name = gate_name(keeper)
        if name and name in cell.parts.resets and complement(keeper) is None:
            text = cell.document.text
            start, stop = keeper.start, keeper.stop
            end = stop
            for sign in ("\\odot", "\\circ", "\\cdot", "\\times", "*", "⊙", "∘", "\\bullet", "·"):
                rest = text[stop:].lstrip(" ")
                if rest.startswith(sign):
                    end = stop + len(text[stop:]) - len(rest) + len(sign)
                    break
            yield Fault(
                "spurious_factor", f"the reset gate {name} also multiplies the kept state",
                start, stop, cell.printed(start, stop), "", (Edit(start, end, ""),), 0.85,
            )  # fmt: skip


def _complements(cell: Readable, u: Understood, state: str, keeper: AnyTerm) -> Iterator[Fault]:
    """Of z and 1 - z one keeps and the other takes; both alike is a slip."""
    name = gate_name(keeper)
    if not name:
        return
    kept = complement(keeper) is not None
    for part in cell.parts.news[state]:
        same = [f for f in part.factors if gate_name(f) == name]
        if len(same) == 1 and (complement(same[0]) is not None) == kept:
            wrong = same[0]
            printed = cell.printed(wrong.start, wrong.stop)
            inner = complement(wrong)
            meant = (
                cell.printed(inner.start, inner.stop) if inner is not None else f"(1 - {printed})"
            )
            yield Fault(
                "missing_complement", f"{name} both keeps and takes: one of them is 1 minus it",
                wrong.start, wrong.stop, printed, meant,
                (Edit(wrong.start, wrong.stop, meant),), 0.85,
            )  # fmt: skip


def _output(cell: Readable, u: Understood) -> Iterator[Fault]:
    """The output shows tanh of the memory."""
    assert u.term is not None
    memory = cell.parts.outputs[u.name]
    yield from _added_gate(cell, u.term)
    for term in walk(u.term):
        if not isinstance(term, Call) or term.function != "sigmoid" or term.assumed:
            continue
        names = {v.name for v in walk(term.argument) if isinstance(v, Var)}
        if memory in names and sigma_is_gate(cell, u):
            yield wrong_function(cell, u, term, "tanh", "\\tanh", "the output takes both signs")


def _added_gate(cell: Readable, term: AnyTerm) -> Iterator[Fault]:
    """o + tanh(c) for o ⊙ tanh(c)."""
    if not isinstance(term, Add) or len(term.terms) != 2:
        return
    (_, one), (sign, other) = term.terms
    gate, shown = (one, other) if isinstance(one, Var) else (other, one)
    between = cell.printed(one.stop, other.start)
    known = isinstance(gate, Var) and cell.found.line(gate.name) is not None and gate.time != -1
    if sign < 0 or not known or not isinstance(shown, Call) or "+" not in between:
        return
    at, meant = one.stop + between.rfind("+"), cell.sign()
    yield Fault(
        "wrong_operator", "the output gate is added to the memory; a product is meant",
        at, at + 1, "+", meant, (Edit(at, at + 1, meant),), 0.8,
    )  # fmt: skip


def _unread_output(cell: Readable) -> Iterator[Fault]:
    """Gates and candidate all read the memory, and nothing reads the output."""
    if cell.family not in ("lstm",) or not cell.parts.candidates:
        return
    memories = [s for s in cell.parts.carried if s in cell.parts.outputs.values()]
    outputs = [name for name, state in cell.parts.outputs.items() if state in memories]
    if len(memories) != 1 or len(outputs) != 1 or outputs[0] in cell.parts.states:
        return
    memory, output = memories[0], cell.found.line(outputs[0])
    assert output is not None
    for name in cell.parts.candidates:
        line = cell.found.line(name)
        if line is None or line.term is None:
            continue
        if not any(
            isinstance(v, Var) and v.name == memory and v.time == -1 for v in walk(line.term)
        ):
            return
    letter = cell.printed(output.line.target.start, output.line.target.stop)[:1]
    for u in cell.found.lines:
        if u.name in cell.parts.carried or u.name in cell.parts.outputs or u.term is None:
            continue
        for var in (t for t in walk(u.term) if isinstance(t, Var)):
            if var.name == memory and var.time == -1:
                printed = cell.printed(var.start, var.stop)
                meant = printed.replace(var.ref.letter, letter, 1)
                yield Fault(
                    "wrong_state", f"gates and candidate of an LSTM read the output {outputs[0]}, "
                    f"which nothing reads here", var.start, var.stop, printed, meant,
                    (Edit(var.start, var.stop, meant),), 0.7,
                )  # fmt: skip
