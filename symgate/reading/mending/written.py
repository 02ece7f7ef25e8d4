"""Slips that are seen in the writing: an index that is missing, a name that is defined twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from symgate.reading.faults import FoundFault
from symgate.reading.mending.readable import Readable
from symgate.reading.names import Reference
from symgate.reading.terms import Apply, Num, Par, Var, walk
from symgate.reading.understood import Understood

_ALTERNATIVE = re.compile(
    r"\belse\b|\bor\b|otherwise|alternativ|instead|variant|oder|或|または", re.I
)
_INDICES = {"angle": "^{<t>}", "sup": "^{t}", "paren": "^{(t)}", "sub": "_t"}


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _doubled(cell)
    yield from _missing(cell)
    yield from _defined_without(cell)
    yield from _wrong_letter(cell)
    yield from _other_notation(cell)
    yield from _unread_output(cell)
    yield from _constants(cell)


def _constants(cell: Readable) -> Iterator[FoundFault]:
    """A gate that is a number, as left open by its author: z_t = 0."""
    for u in cell.found.lines:
        if isinstance(u.term, Num) and any(v.name == u.name for _, v in cell.variables()):
            start, stop = u.term.start, u.term.stop
            why = f"{u.name} is a number: its formula is missing"
            yield FoundFault(
                "placeholder", why, start, stop, cell.printed(start, stop), "", (), 0.7
            )


def _doubled(cell: Readable) -> Iterator[FoundFault]:
    """A name that is defined twice, and differently."""
    for u in cell.found.doubled:
        kept = cell.found.line(u.name)
        if kept is None or u.term is None or isinstance(u.term, Num) or u.term == kept.term:
            continue  # α_t = 0.3 is an example
        between = cell.document.text[
            min(kept.line.equation.stop, u.line.equation.stop) : max(
                kept.line.equation.start, u.line.equation.start
            )
        ]
        if not _ALTERNATIVE.search(between) and not any(f.ill_formed for f in u.faults):
            yield _second_definition(cell, u)


def _second_definition(cell: Readable, u: Understood) -> FoundFault:
    target, equation = u.line.target, u.line.equation
    printed = cell.printed(equation.start, equation.stop)
    if isinstance(u.term, Var) and cell.found.line(u.term.name) is None:
        left, right = printed.split("=", 1) if "=" in printed else (printed, "")
        meant = f"{right.strip()} = {left.strip()}"
        why = f"{u.name} is defined already, and nothing defines {u.term.name}"
        return cell.exchanged("sides_swapped", why, equation, meant, 0.8)
    itself = u.term is not None and any(
        isinstance(t, Var) and t.name == u.name and t.time == u.time for t in walk(u.term)
    )
    if itself:
        why = f"{u.name} is defined by itself here, and properly elsewhere"
        return FoundFault("spurious_equation", why, target.start, target.stop, printed, "", (), 0.8)
    why, printed = (
        f"{u.name} is defined twice, and differently",
        cell.printed(target.start, target.stop),
    )
    return FoundFault("symbol_defined_twice", why, target.start, target.stop, printed, "", (), 0.75)


def _missing(cell: Readable) -> Iterator[FoundFault]:
    """A name without an index where its definition and its other uses have one."""
    timed = cell.timed()
    defined = {u.name: u for u in cell.found.lines}
    for _, var in cell.variables():
        model, own = timed.get(var.name), defined.get(var.name)
        if var.ref.time is not None or model is None or var.name in cell.found.context.olds:
            continue
        if own is not None and own.line.target.time is None:
            continue
        if own is None and var.name not in cell.found.context.inputs:
            continue
        index = _INDICES.get(model.style, "")
        if index:
            meant = cell.printed(var.start, var.stop) + index
            why = f"{var.name} has a time index everywhere else"
            yield cell.exchanged("time_index_missing", why, var, meant, 0.85)


def _defined_without(cell: Readable) -> Iterator[FoundFault]:
    """C̃ = tanh(…) where every other line and every use of C̃ has a time."""
    bare = [u for u in cell.found.lines if u.line.target.time is None]
    for u in bare if len(bare) == 1 and len(cell.found.lines) > 2 else ():
        uses = [v for _, v in cell.variables() if v.name == u.name]
        if uses and all(v.ref.time is not None for v in uses):
            target, index = u.line.target, _INDICES.get(uses[0].ref.style, "")
            meant = cell.printed(target.start, target.stop) + index
            why = f"{u.name} has a time index wherever it is read"
            yield cell.exchanged("time_index_missing", why, target, meant, 0.85)


def _wrong_letter(cell: Readable) -> Iterator[FoundFault]:
    """x_i or h_h where x_t and h_t are meant: an index that is no time and names nothing."""
    timed = cell.timed()
    seen = Counter(p.name for u in cell.found.lines for p in cell.parameters(u))
    for u in cell.found.lines:
        for par in cell.parameters(u):
            model = timed.get(par.ref.letter)
            if model is None or len(par.ref.labels) != 1 or len(par.ref.labels[0]) != 1:
                continue
            if seen[par.name] > 1 or model.style != "sub" or par.kind == "matrix":
                continue
            if _acted_on(cell, par):
                yield _of_letter(cell, par, model)


def _of_letter(cell: Readable, par: Par, model: Reference) -> FoundFault:
    printed = cell.printed(par.start, par.stop)
    meant = f"{printed.split('_')[0]}_{{t-1}}"
    if model.name in cell.found.context.inputs:
        meant = printed.replace(par.ref.labels[0], "t")
    why = f"{model.name} is indexed by the time everywhere else"
    return cell.exchanged("wrong_time_index", why, par, meant, 0.85, broken=True)


def _acted_on(cell: Readable, par: Par) -> bool:
    """Whether a matrix acts on a parameter as if it were a variable."""
    return any(
        isinstance(t, Apply) and any(v is par for v in walk(t.vector)) for _, t in cell.terms()
    )


def _other_notation(cell: Readable) -> Iterator[FoundFault]:
    """One plain raised t among indices in angle brackets."""
    references = [v.ref for _, v in cell.variables() if v.ref.time is not None]
    references += [u.line.target for u in cell.found.lines if u.line.target.time is not None]
    styles = Counter(ref.style for ref in references)
    if styles["angle"] < 4 or styles["sup"] != 1:
        return
    for ref in references:
        printed = cell.printed(ref.start, ref.stop)
        if ref.style == "sup" and "<" not in printed:
            meant = printed.replace("^{t}", "^{<t>}").replace("^t", "^{<t>}")
            meant = meant.replace("^{t-1}", "^{<t-1>}")
            why = "a raised index without angle brackets reads as a power"
            yield cell.exchanged("time_index_notation", why, ref, meant, 0.8)


def _unread_output(cell: Readable) -> Iterator[FoundFault]:
    """Gates and candidate all read the memory, and nothing reads the output that shows it."""
    memories = [s for s in cell.parts.carried if s in cell.parts.outputs.values()]
    outputs = [name for name, state in cell.parts.outputs.items() if state in memories]
    if len(memories) != 1 or len(outputs) != 1 or outputs[0] in cell.parts.states:
        return
    memory, output = memories[0], cell.found.line(outputs[0])
    inner = [u for u in cell.found.lines if u.name in cell.parts.gates | cell.parts.candidates]
    reads = [
        v
        for u in inner
        if u.term is not None
        for v in walk(u.term)
        if isinstance(v, Var) and v.name == memory and v.time == -1
    ]
    blind = [u for u in inner if u.term is None or not any(v in reads for v in walk(u.term))]
    if (
        output is None
        or isinstance(output.term, Var)
        or len(reads) < 3
        or blind
        or not cell.parts.candidates
    ):
        return
    shown = cell.printed(output.line.target.start, output.line.target.stop)
    letter = re.split(r"[_^({\[\s]", shown)[0]
    for var in reads:
        meant = cell.printed(var.start, var.stop).replace(var.ref.letter, letter, 1)
        why = f"gates and candidate read the output {outputs[0]}, which nothing reads here"
        yield cell.exchanged("wrong_state", why, var, meant, 0.7)
