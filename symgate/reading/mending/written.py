"""Slips that are seen in the writing: an index that is missing, a name that is defined twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from symgate.reading.faults import Edit, FoundFault, Placed, relettered
from symgate.reading.mending.readable import Readable
from symgate.reading.names import Reference
from symgate.reading.structure import affine, variables
from symgate.reading.terms import Apply, Num, Times, Var, children, subterms
from symgate.reading.understood import Understood

_ALTERNATIVE = re.compile(
    r"\belse\b|\bor\b|otherwise|alternativ|instead|variant|oder|或|または", re.I
)
_REVERSE = re.compile(r"backward|reverse|bidirect|rückwärts|arriere|反向|后向|逆|双向|역방향", re.I)


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _doubled(cell)
    yield from _repeated(cell)
    yield from _missing(cell)
    yield from _other_notation(cell)
    yield from _unread_output(cell)
    yield from _strange_readouts(cell)
    yield from _constants(cell)
    yield from _too_early(cell)
    yield from _backwards(cell)


def _backwards(cell: Readable) -> Iterator[FoundFault]:
    """h_t = tanh(W h_{t+1} + U x_t) that no arrow or word calls backward, or h_{t-1} in one."""
    both_ways = {"fwd", "bwd"} <= {a for u in cell.found.lines for a in u.line.target.accents}
    for u in cell.found.lines:
        marked = u.line.target.accents or u.line.target.labels
        ahead = [r for r in u.line.references if r.name == u.name and r.time == 1]
        alone = u.name in cell.found.backwards and len(cell.parts.states) == 1
        if alone and ahead and not marked and not _REVERSE.search(cell.document.text):
            meant = cell.printed(ahead[0].start, ahead[0].stop).replace("+", "-")
            why = f"{u.name} is made of what it is at the next step"
            yield cell.exchanged("wrong_time_index", why, ahead[0], meant, 0.8)
        behind = [r for r in u.line.references if r.name == u.name and r.time == -1]
        if both_ways and "bwd" in u.line.target.accents and behind:
            meant = cell.printed(behind[0].start, behind[0].stop).replace("-", "+")
            why = f"{u.name} runs backward, from the step behind it"
            yield cell.exchanged("wrong_time_index", why, behind[0], meant, 0.8)


def _too_early(cell: Readable) -> Iterator[FoundFault]:
    """h'_{t-1} = tanh(W x_t + …), what is made of this step, beside h_t = …: it is of this step."""
    now = [u for u in cell.found.lines if u.line.target.time == 0]
    for u in cell.found.lines if len(now) > 1 else ():
        own, every = u.line.target, [r for o in cell.found.lines for r in o.line.references]
        if own.time != -1 or all(r.time != 0 for r in u.line.references):
            continue
        uses = [own, *(r for r in every if (r.name, r.time) == (own.name, -1))]
        edits = [Edit(r.start, r.stop, cell.at_step(r, 0, [(-1, r)])) for r in uses]
        if all(e.text for e in edits):
            why = f"{own.name} is made of values of this step"
            printed = cell.printed(own.start, own.stop)
            place = (own.start, own.stop, printed, edits[0].text)
            yield FoundFault("wrong_time_index", why, *place, tuple(edits), 0.85)


def _constants(cell: Readable) -> Iterator[FoundFault]:
    """A gate that is a number, as left open by its author: z_t = 0."""
    again = {u.name for u in cell.found.doubled}  # z_t = 1 beside z_t = 0 are examples
    for u in cell.found.lines:
        if (
            isinstance(u.term, Num)
            and u.name not in again
            and any(v.name == u.name for _, v in cell.variables())
        ):
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
        if _is_read_again(cell, u.name):
            continue
        if not _ALTERNATIVE.search(between) and not any(f.ill_formed for f in u.faults):
            yield _renamed(cell, u, kept) or _second_definition(cell, u)


def _is_read_again(cell: Readable, name: str) -> bool:
    """Whether a line that reads a name is printed twice, as in two forms of one cell."""
    every = "".join(cell.document.text.split())
    readers = [own.line.equation for own, v in cell.variables() if v.name == name]
    shown = ("".join(cell.printed(e.start, e.stop).split()) for e in readers)
    return any(every.count(equation) > 1 for equation in shown)


def _renamed(cell: Readable, u: Understood, kept: Understood) -> FoundFault | None:
    """The one of two definitions of i that is meant for f, which no line defines."""
    read = {ref.name for own in (u, kept) for ref in own.line.references}
    lacking = _lacking(cell, read)
    if len({v.name for v in lacking}) > 1:
        own_marks = {mark for p in cell.parameters(u) for mark in "".join(p.ref.labels)}
        lacking = [v for v in lacking if v.ref.letter in own_marks]
    if len({v.name for v in lacking}) != 1:
        return None if lacking else _by_its_weights(cell, u, kept)
    marks = {lacking[0].ref.letter, *lacking[0].ref.labels}
    marked = [
        own for own in (kept, u) if any(marks & {*p.ref.labels} for p in cell.parameters(own))
    ]
    target = (marked or [u])[0].line.target
    meant = cell.printed(lacking[0].start, lacking[0].stop)
    why = f"{u.name} is defined twice, and {lacking[0].name} never"
    return cell.exchanged("symbol_defined_twice", why, target, meant, 0.85)


def _by_its_weights(cell: Readable, *twice: Understood) -> FoundFault | None:
    """The i_t whose weights are U_o, W_o and b_o, beside another with U_i, W_i and b_i."""
    labels = [[{*p.ref.labels} for p in cell.parameters(u)] for u in twice]
    shared = [set.intersection(*own) if own else set[str]() for own in labels]
    for u, marks, others in zip(twice, shared, reversed(shared), strict=True):
        free = len(marks) == 1 and not marks & {v.line.target.letter for v in cell.found.lines}
        if free and others == {u.line.target.letter}:
            target, (mark,) = u.line.target, marks
            meant = relettered(cell.printed(target.start, target.stop), target.letter, mark, 1)
            why = f"{u.name} is defined twice, here with the weights of {mark}"
            return cell.exchanged("symbol_defined_twice", why, target, meant, 0.85)
    return None


def _lacking(cell: Readable, read: AbstractSet[str] = frozenset()) -> list[Var]:
    """What the cell reads of a step that no line defines and no weight acts on: gates."""
    known = read | {own.name for own in (*cell.found.lines, *cell.found.outputs)}
    acted = [t.vector for _, t in cell.terms() if isinstance(t, Apply)]
    inside = [v for t in acted if not isinstance(t, Times) for v in (*children(t), t)]
    known |= {v.name for v in inside if isinstance(v, Var)}
    return [v for _, v in cell.variables() if v.time != -1 and v.name not in known]


def _repeated(cell: Readable) -> Iterator[FoundFault]:
    """The line of i once more, where the lines of f and o are missing."""
    lacking = sorted({v.name for v in _lacking(cell)})
    for line in cell.found.repeats if len(lacking) >= len(cell.found.repeats) else ():
        target = line.target
        missing = " and ".join(lacking)
        why = f"this is the line of {line.name} once more, and no line defines {missing}"
        printed = cell.printed(target.start, target.stop)
        place = (target.start, target.stop, printed)
        yield FoundFault("wrong_equation", why, *place, "", (), 0.75)


def _second_definition(cell: Readable, u: Understood) -> FoundFault:
    target, equation = u.line.target, u.line.equation
    printed = cell.printed(equation.start, equation.stop)
    if isinstance(u.term, Var) and cell.found.line(u.term.name) is None:
        left, right = printed.split("=", 1) if "=" in printed else (printed, "")
        meant = f"{right.strip()} = {left.strip()}"
        why = f"{u.name} is defined already, and nothing defines {u.term.name}"
        return cell.exchanged("sides_swapped", why, equation, meant, 0.8)
    itself = u.term is not None and any(
        isinstance(t, Var) and t.name == u.name and t.time == u.time for t in subterms(u.term)
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
    """A name without an index where its definition and its other uses have one.

    Where its value of the same step would make a circle, its last one is meant.
    """
    context = cell.found.context
    timed = {ref.name: (time, ref) for time, ref in reversed([*cell.uses()]) if _written(ref)}
    defined = {u.name: u.line.target for u in cell.found.lines}
    bare = [u.name for u in cell.found.lines if u.line.target.time is None]
    for u, var in cell.variables():
        known = defined[var.name].time is not None if var.name in defined else False
        named = known or (var.name not in defined and var.name in context.inputs)
        if var.ref.time is None and named and var.name in timed and var.name not in context.olds:
            time, model = timed[var.name]
            late = cell.needs(var.name, u.name) if known else time == -1
            yield from _with_index(cell, var, model, -1 if late else 0)
    for name in bare if len(bare) == 1 and len(cell.found.lines) > 2 else ():
        uses = [v.ref for _, v in cell.variables() if v.name == name]
        if uses and all(ref.time is not None for ref in uses) and _written(uses[0]):
            yield from _with_index(cell, defined[name], uses[0], 0)


def _written(ref: Reference) -> bool:
    """Whether a step is written as a script, and not as a word or in a call."""
    return ref.style in ("angle", "sup", "paren", "sub")


def _with_index(cell: Readable, place: Placed, model: Reference, time: int) -> Iterator[FoundFault]:
    why = f"{model.name} has a time index everywhere else"
    if meant := cell.at_step(model, time):
        yield cell.exchanged("time_index_missing", why, place, meant, 0.85)


def _other_notation(cell: Readable) -> Iterator[FoundFault]:
    """One x^{t}, x_t or x^{[<t>]} among many x^{<t>}: an index that is written otherwise.

    What is written so at every place of its step, y^{(t-1)} beside y^t, is the author's way.
    """
    every = [*cell.uses(), *((r.time, r) for u in cell.found.outputs for r in _steps(u))]
    uses = {r.start: (time, r, _notation(cell, r)) for time, r in every if _written(r)}
    counts = Counter(own for _, _, own in uses.values())
    usual = max(counts, key=lambda own: counts[own], default="")
    kept = [(time, ref) for time, ref, own in uses.values() if own == usual]
    names = {ref.name for _, ref in kept}
    odd = [use for use in uses.values() if use[2] != usual and use[1].name in names]
    places = Counter((ref.name, time, own) for time, ref, own in uses.values())
    odd = [
        (time, ref, own)
        for time, ref, own in odd
        if places[ref.name, time, own] == 1 or places[ref.name, time, usual]
    ]
    if not any(time for time, _, own in uses.values() if own == usual):
        odd = [use for use in odd if not (use[0] and use[2].startswith("paren"))]  # h_(t-1)
    for time, ref, _ in odd if max(4, 3 * len(odd)) <= counts[usual] else ():
        model = next(other for _, other in kept if other.name == ref.name)
        meant = cell.at_step(model, time or 0, kept)
        why = f"the other indices of {ref.name} are written otherwise"
        yield cell.exchanged("time_index_notation", why, ref, meant, 0.8)


def _steps(u: Understood) -> list[Reference]:
    """The names of a line that bear a step, its own among them."""
    return [r for r in (u.line.target, *u.line.references) if r.time is not None]


def _notation(cell: Readable, ref: Reference) -> str:
    """How a step is written: below, raised, in which brackets."""
    shown = cell.printed(ref.start, ref.stop)
    style = "angle" if "<" in shown or "langle" in shown else ref.style
    return style + "".join(c for c in "[{" if f"^{{{c}" in shown or f"^{{\\{c}" in shown)


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
        for v in subterms(u.term)
        if isinstance(v, Var) and v.name == memory and v.time == -1
    ]
    blind = [u for u in inner if u.term is None or not any(v in reads for v in subterms(u.term))]
    if (
        output is None
        or isinstance(output.term, Var)
        or len(reads) < 3
        or blind
        or not cell.parts.candidates
    ):
        return
    shown = cell.printed(output.line.target.start, output.line.target.stop)
    own = output.line.target.letter
    letter = own if len(own) == 1 else re.split(r"[_^({\[\s]", shown)[0]
    for var in reads:
        meant = relettered(cell.printed(var.start, var.stop), var.ref.letter, letter, 1)
        why = f"gates and candidate read the output {outputs[0]}, which nothing reads here"
        yield cell.exchanged("wrong_state", why, var, meant, 0.7)


def _strange_readouts(cell: Readable) -> Iterator[FoundFault]:
    """y_t = V s_t beside h_t alone: what is shown is a value of the cell, and s stands once."""
    shown = [*cell.parts.outputs] or cell.parts.states
    whole = cell.found.line(shown[0]) if len(shown) == 1 else None
    read = {v.name for _, v in cell.variables()}
    for u in cell.found.outputs if whole is not None else ():
        own = [v for v in variables(u.term) if v.time == 0] if u.term is not None else []
        if u.term is None or len(own) != 1 or own[0].name in read | {u.name} or not affine(u.term):
            continue
        letter = re.escape(own[0].ref.letter)
        alone = len(re.findall(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", cell.document.text)) == 1
        if alone and whole is not None and (meant := cell.at_step(whole.line.target, 0)):
            why = f"{own[0].name} is used and never defined; the state is {whole.name}"
            yield cell.exchanged("undefined_symbol", why, own[0], meant, 0.8)
