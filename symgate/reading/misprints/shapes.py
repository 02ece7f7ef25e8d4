"""Lines of the right symbols in the wrong shape: an activation, a factor, a bias, a 1 - …

Each check compares a line with what lines of its part look like in the published cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from symgate.reading.faults import Edit, Fault
from symgate.reading.misprints.cell import Readable
from symgate.reading.structure import (
    affine,
    complement,
    factors,
    gate_name,
    summands,
)
from symgate.reading.terms import Add, AnyTerm, Apply, Call, Cat, Par, Times, Var, walk
from symgate.reading.understanding import Understood

GATED = {"lstm", "gru", "mgu", "ugrnn", "lstmp", "convlstm", "convgru", "janet", "slstm", "lightru"}


def faults(cell: Readable) -> Iterator[Fault]:
    yield from _biases_multiplied(cell)
    yield from _commas(cell)
    yield from _gates_beside_states(cell)
    if cell.family == "rnn":
        for u in cell.found.lines:
            if u.name in cell.parts.states and u.term is not None:
                yield from _bias_beside(cell, u, u.term)
    if cell.family not in GATED:
        return
    for u in cell.found.lines:
        if u.term is None:
            continue
        if u.name in cell.parts.gates - cell.parts.candidates:
            yield from _gate(cell, u)
        elif u.name in cell.parts.candidates:
            yield from candidate(cell, u.term, u)


def _bias_beside(cell: Readable, u: Understood, term: AnyTerm) -> Iterator[Fault]:
    """tanh(W x + U h) + b: a line that is an activation and a bias, no more."""
    if not isinstance(term, Add) or len(term.terms) != 2:
        return
    call = next((t for _, t in term.terms if isinstance(t, Call) and affine(t)), None)
    bias = next((t for _, t in term.terms if isinstance(t, Par)), None)
    if call is not None and bias is not None:
        yield _bias_outside(cell, u, call, bias)


def _commas(cell: Readable) -> Iterator[Fault]:
    """W [h x] where other lines have W [h, x]."""
    if not any(isinstance(term, Cat) for _, term in cell.terms()):
        return
    for _, term in cell.terms():
        inner = term.vector if isinstance(term, Apply) else None
        if not isinstance(inner, Times) or not all(isinstance(f, Var) for f in inner.factors):
            continue
        printed = cell.printed(inner.start, inner.stop).strip()
        one, other = inner.factors[0], inner.factors[-1]
        between = cell.printed(one.stop, other.start)
        if len(inner.factors) != 2 or between.strip() or not printed.startswith("["):
            continue
        meant = printed.replace(between, ", ", 1) if between else ""
        yield Fault(
            "missing_comma", "a comma is missing between the parts of a concatenation",
            inner.start, inner.stop, printed, meant, (Edit(one.stop, other.start, ", "),), 0.85,
        )  # fmt: skip


def _gates_beside_states(cell: Readable) -> Iterator[Fault]:
    """W [r, h, x] for W [r ⊙ h, x]: a gate that is a part of a concatenation."""
    for u, term in cell.terms():
        parts = term.parts if isinstance(term, Cat) else ()
        for one, other in pairwise(parts):
            if not (isinstance(one, Var) and isinstance(other, Var)):
                continue
            line = cell.found.line(one.name)
            gate = line is not None and line is not u and isinstance(line.term, Call)
            between = cell.printed(one.stop, other.start)
            if not gate or one.name in cell.parts.states or one.time == -1 or other.time != -1:
                continue
            if between.strip() != "," or line is None or not _is_sigmoid(line):
                continue
            meant = f" {cell.sign()} "
            yield Fault(
                "wrong_operator", f"the gate {one.name} stands beside {other.name}, which it "
                "must multiply", one.stop, other.start, between, meant,
                (Edit(one.stop, other.start, meant),), 0.8,
            )  # fmt: skip


def _is_sigmoid(u: Understood) -> bool:
    return isinstance(u.term, Call) and u.term.function == "sigmoid"


def _biases_multiplied(cell: Readable) -> Iterator[Fault]:
    """U h b for U h + b: a bias that stands behind a product without a sign."""
    alone = {
        p.ref.letter for u in cell.found.lines if u.term is not None for t in walk(u.term)
        if isinstance(t, Add) for _, p in t.terms if isinstance(p, Par)
    }  # fmt: skip
    for _, term in cell.terms():
        last = term.factors[-1] if isinstance(term, Times) else None
        before = term.factors[-2] if isinstance(term, Times) else None
        if not isinstance(last, Par) or last.kind == "matrix" or last.ref.letter not in alone:
            continue
        if before is None or cell.printed(before.stop, last.start).strip(" ()"):
            continue
        printed = cell.printed(last.start, last.stop)
        yield Fault(
            "missing_operator", "a bias stands behind a product without a plus sign",
            last.start, last.stop, printed, f"+ {printed}",
            (Edit(last.start, last.start, " + "),), 0.85,
        )  # fmt: skip


# -- gates -----------------------------------------------------------------------------


def _gate(cell: Readable, u: Understood) -> Iterator[Fault]:
    """A gate is a sigmoid of a sum, and nothing beside it."""
    assert u.term is not None
    calls = [t for t in walk(u.term) if isinstance(t, Call) and affine(t)]
    if len(calls) != 1:
        return
    call = calls[0]
    if call is not u.term:
        yield from _outside(cell, u, call)
    others = [
        v.term for v in cell.found.lines
        if v.name in cell.parts.gates - cell.parts.candidates and v is not u
    ]  # fmt: skip
    sigmoids = [t for t in others if isinstance(t, Call) and t.function == "sigmoid"]
    squashing = call.function == "tanh" and not call.assumed
    if squashing and len(sigmoids) == len(others) >= 1 and not _is_jozefowicz(cell, u):
        yield wrong_function(cell, u, call, "σ", "\\sigma", "a gate lies between 0 and 1")


def _is_jozefowicz(cell: Readable, u: Understood) -> bool:
    """An output gate with tanh beside i for the input and j for its gate, as published in 2015."""
    shown = any(gate_name(f) == u.name for name in cell.parts.outputs
                for t in [_term(cell, name)] if t is not None for f in factors(t))  # fmt: skip
    return shown and {"i", "j"} <= {v.name for v in cell.found.lines}


def _term(cell: Readable, name: str) -> AnyTerm | None:
    line = cell.found.line(name)
    return line.term if line is not None else None


def _outside(cell: Readable, u: Understood, call: Call) -> Iterator[Fault]:
    """What stands beside the function of a gate: a bias, or factors."""
    assert u.term is not None
    for part in summands(u.term):
        if part.term is call:
            continue
        if len(part.factors) == 1 and isinstance(part.factors[0], Par):
            bias = part.factors[0]
            if any(t is call for p in summands(u.term) for t in p.factors):
                yield _bias_outside(cell, u, call, bias)
        elif any(f is call for f in part.factors):
            yield Fault(
                "spurious_factor", f"the gate {u.name} is multiplied by something in its own line",
                part.term.start, part.term.stop, cell.printed(part.term.start, part.term.stop),
                cell.printed(call.start, call.stop),
                (Edit(u.term.start, u.term.stop, cell.printed(call.start, call.stop)),), 0.8,
            )  # fmt: skip


def _bias_outside(cell: Readable, u: Understood, call: Call, bias: Par) -> Fault:
    text = cell.document.text
    printed = cell.printed(bias.start, bias.stop)
    close = call.stop - 1
    while close > call.start and text[close] not in ")]}":
        close -= 1
    sign = max(text.rfind("+", call.stop, bias.start), text.rfind("-", call.stop, bias.start))
    edits: tuple[Edit, ...] = ()
    if sign >= 0:
        at = close
        if text[:at].endswith("\\right"):
            at -= len("\\right")
        while text[at - 1] == " ":
            at -= 1
        end = bias.stop
        start = sign
        while text[start - 1] == " ":
            start -= 1
        edits = (Edit(at, at, f" {text[sign]} {printed}"), Edit(start, end, ""))
    return Fault(
        "bias_outside_activation", f"the bias of {u.name} stands outside its activation",
        bias.start, bias.stop, printed, f"{printed} inside the brackets", edits, 0.85,
    )  # fmt: skip


# -- candidates ------------------------------------------------------------------------


def candidate(cell: Readable, term: AnyTerm, u: Understood) -> Iterator[Fault]:
    """A candidate is tanh of a sum; the reset gate multiplies a state in it."""
    call = term if isinstance(term, Call) else None
    if call is None:
        yield from _bias_beside(cell, u, term)
        yield from _broken_candidate(cell, term, u)
        return
    sigmoid = call.function == "sigmoid" and not call.assumed and affine(call)
    # Goodfellow et al. print σ at the input of a memory that they call s
    if sigmoid and u.line.target.letter != "s" and sigma_is_gate(cell, u):
        yield wrong_function(cell, u, call, "tanh", "\\tanh", "a candidate takes both signs")
    yield from _doubly_acted(cell, call)
    yield from _bare_reset(cell, call, u)
    yield from _wrong_gate(cell, call, u)


def _doubly_acted(cell: Readable, call: Call) -> Iterator[Fault]:
    """U (r ⊙ h + W x): the bracket closes too late, so that two matrices act on the input."""
    inputs = cell.found.context.inputs
    for term in walk(call.argument):
        inner = term.vector if isinstance(term, Apply) and isinstance(term.matrix, Par) else None
        if not isinstance(inner, Add):
            continue
        first, *rest = summands(inner)
        late = [s for s in rest if len(s.factors) == 1 and isinstance(s.factors[0], Apply)]
        gated = len(first.factors) == 2 and any(f for f in first.factors
                                                if gate_name(f) in cell.parts.gates)  # fmt: skip
        if (
            not gated
            or len(late) != len(rest)
            or not any(isinstance(v, Var) and v.name in inputs for s in late for v in walk(s.term))
        ):
            continue
        text = cell.document.text
        close = text.find(")", rest[-1].term.stop)
        last = first.term.stop
        edits = () if close < 0 or text[close - 6 : close].endswith("\\right") else (
            Edit(last, last, ")"), Edit(close, close + 1, "")
        )  # fmt: skip
        yield Fault(
            "misplaced_parenthesis", "the bracket closes too late: two matrices act on the input",
            inner.start, inner.stop, cell.printed(inner.start, inner.stop), "", edits, 0.8,
        )  # fmt: skip


def sigma_is_gate(cell: Readable, u: Understood) -> bool:
    """Whether σ is the function of the gates, so that it is no name for any activation."""
    gates = [v.term for v in cell.found.lines if v.name in cell.parts.gates - cell.parts.candidates]
    return any(
        isinstance(t, Call) and t.function == "sigmoid"
        for gate in gates if gate is not None for t in walk(gate)
    )  # fmt: skip


def _bare_reset(cell: Readable, call: Call, u: Understood) -> Iterator[Fault]:
    """A reset gate ⊙ state that is added beside the recurrent term, outside its matrix."""
    states = {v.name for _, v in cell.variables() if v.time == -1}
    for part in summands(call.argument):
        bare = [f for f in part.factors if isinstance(f, Var)]
        if len(part.factors) == 2 and len(bare) == 2:
            gates = [f for f in bare if f.name in cell.parts.gates and f.time != -1]
            olds = [f for f in bare if f.name in states and f.time == -1]
            if gates and olds and cell.family in ("gru", "mgu", "convgru"):
                yield _misplaced(cell, call, u, part.term)
        elif (
            len(bare) == len(part.factors) == 1
            and bare[0].name in cell.parts.gates
            and bare[0].time != -1
        ):
            gate = bare[0]
            yield Fault(
                "misplaced_reset", f"the gate {gate.name} is added where it should multiply",
                gate.start, gate.stop, cell.printed(gate.start, gate.stop), "", (), 0.85,
            )  # fmt: skip


def _misplaced(cell: Readable, call: Call, u: Understood, term: AnyTerm) -> Fault:
    """U (r ⊙ h) for (r ⊙ h) + U h."""
    printed = cell.printed(term.start, term.stop)
    inner = printed if printed.startswith(("(", "\\left")) else f"({printed})"
    edits: tuple[Edit, ...] = ()
    meant = printed
    for part in summands(call.argument):
        (factor, *rest) = part.factors
        if rest or not isinstance(factor, Apply) or not isinstance(factor.vector, Var):
            continue
        if factor.vector.time == -1 and isinstance(factor.matrix, Par):
            matrix = cell.printed(factor.matrix.start, factor.matrix.stop)
            meant = f"{matrix} {inner}"
            text = cell.document.text
            start = term.start
            sign = text.rfind("+", call.start, start)
            edits = (
                Edit(sign if sign > 0 else start, term.stop, ""),
                Edit(factor.start, factor.stop, meant),
            )
    return Fault(
        "misplaced_reset", "the reset state is added as a term of its own, outside the matrix",
        term.start, term.stop, printed, meant, edits, 0.85,
    )  # fmt: skip


def _broken_candidate(cell: Readable, term: AnyTerm, u: Understood) -> Iterator[Fault]:
    """tanh(W x + r) ⊙ U h: a bracket that closes too early."""
    parts = factors(term)
    calls = [f for f in parts if isinstance(f, Call)]
    others = [f for f in parts if not isinstance(f, Call)]
    if len(calls) != 1 or len(parts) < 2 or not any(isinstance(f, Apply) for f in others):
        return
    call = calls[0]
    if not isinstance(call.argument, Add):
        return
    last = summands(call.argument)[-1]
    gate = last.factors[0] if len(last.factors) == 1 else None
    if not (isinstance(gate, Var) and gate.name in {v.name for v in cell.found.lines}):
        return
    text = cell.document.text
    close = text.rfind(")", gate.stop, call.stop + 1)
    start = term.start
    edits: tuple[Edit, ...] = ()
    meant = ""
    if close >= 0:
        stop = term.stop
        begin = close - len("\\right") if text[:close].endswith("\\right") else close
        tail = text[close + 1 : stop]
        meant = text[start:begin].rstrip() + tail.rstrip() + text[begin : close + 1]
        edits = (Edit(start, stop, meant),)
    yield Fault(
        "misplaced_parenthesis",
        f"the bracket closes before the product: the gate {gate.name} multiplies "
        f"{cell.printed(others[0].start, others[0].stop)} inside the activation",
        term.start, term.stop, cell.printed(term.start, term.stop), meant, edits, 0.9,
    )  # fmt: skip


def _wrong_gate(cell: Readable, call: Call, u: Understood) -> Iterator[Fault]:
    """In an MGU the candidate sees the state through the gate that takes the candidate."""
    if cell.family != "mgu":
        return
    takes = _polarity_of_new(cell)
    if takes is None:
        return
    for term in walk(call.argument):
        if not isinstance(term, Times):
            continue
        if not any(isinstance(f, Var) and f.time == -1 for f in factors(term)):
            continue
        for factor in factors(term):
            name = gate_name(factor)
            if name not in cell.parts.gates:
                continue
            polarity = -1 if complement(factor) is not None else 1
            if polarity == takes:
                continue
            printed = cell.printed(factor.start, factor.stop)
            inner = complement(factor)
            meant = (
                cell.printed(inner.start, inner.stop) if inner is not None else f"(1 - {printed})"
            )
            yield Fault(
                "wrong_gate", "the candidate sees the state through the wrong side of the gate",
                factor.start, factor.stop, printed, meant,
                (Edit(factor.start, factor.stop, meant),), 0.75,
            )  # fmt: skip


def _polarity_of_new(cell: Readable) -> int | None:
    """+1 where the gate itself multiplies the candidate, -1 where 1 minus it does."""
    for state in cell.parts.carried:
        for part in cell.parts.news[state]:
            for factor in part.factors:
                if gate_name(factor) in cell.parts.gates:
                    return -1 if complement(factor) is not None else 1
    return None


def wrong_function(
    cell: Readable, u: Understood, call: Call, name: str, latex: str, why: str
) -> Fault:
    start, stop = call.head
    printed = cell.printed(start, stop)
    meant = latex if "\\" in printed else {"σ": "sigma"}.get(name, name)
    if printed in ("σ", "𝜎"):
        meant = name
    if printed.startswith("\\") and cell.document.text[stop : stop + 1].isalpha():
        meant += " "
    return Fault(
        "wrong_activation", f"{u.name}: {why}", start, stop, printed, meant,
        (Edit(start, stop, meant),), 0.85,
    )  # fmt: skip
