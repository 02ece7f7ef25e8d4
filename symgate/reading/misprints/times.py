"""Time indices: missing, of the wrong step, of the wrong letter, in another notation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from symgate.reading.faults import Edit, Fault
from symgate.reading.misprints.cell import Readable
from symgate.reading.names import Reference
from symgate.reading.terms import Apply, Call, Par, Var, walk
from symgate.reading.understanding import Understood


def faults(cell: Readable) -> Iterator[Fault]:
    yield from _missing(cell)
    yield from _of_itself(cell)
    yield from _late_output(cell)
    yield from _past_input(cell)
    yield from _wrong_letter(cell)
    yield from _other_notation(cell)


def _missing(cell: Readable) -> Iterator[Fault]:
    """A name without an index where its definition and its other uses have one."""
    timed = cell.timed()
    defined = {u.name: u for u in cell.found.lines}
    for _u, var in cell.variables():
        model = timed.get(var.name)
        if var.ref.time is not None or model is None or model.style == "call":
            continue
        if var.name in cell.found.context.olds:
            continue
        own = defined.get(var.name)
        if own is not None and own.line.target.time is None:
            continue
        if own is None and var.name not in cell.found.context.inputs:
            continue
        index = _index(cell, model)
        if not index:
            continue
        printed = cell.printed(var.start, var.stop)
        yield Fault(
            "time_index_missing", f"{var.name} has a time index everywhere else",
            var.start, var.stop, printed, printed + index,
            (Edit(var.stop, var.stop, index),), 0.85,
        )  # fmt: skip


def _index(cell: Readable, model: Reference) -> str:
    """The index of a reference as the author writes it, for the present step."""
    if model.style == "angle":
        return "^{<t>}"
    if model.style == "sup":
        return "^{t}"
    if model.style == "paren":
        return "^{(t)}"
    return "_t" if model.style == "sub" else ""


def _of_itself(cell: Readable) -> Iterator[Fault]:
    """A line that reads, in the same step, what is made from it."""
    order = {u.name: u for u in cell.found.lines}
    for u, var in cell.variables():
        if var.time not in (0, u.time) or var.name not in order:
            continue
        shown = var.name in cell.parts.states or var.name in cell.parts.outputs
        foreign = order[var.name].term is None
        if var.name != u.name and not (
            (shown or foreign)
            and u.name in _needed(var.name, order)
            and u.name not in cell.parts.states
        ):
            continue
        printed = cell.printed(var.start, var.stop)
        meant, edit = stepped(cell, var, -1)
        if edit is None:
            continue
        yield Fault(
            "self_reference", f"{u.name} is made from {var.name}, so it can only read the last one",
            var.start, var.stop, printed, meant, (edit,), 0.9,
        )  # fmt: skip


def _needed(name: str, order: Mapping[str, Understood]) -> set[str]:
    """The names that a line needs in the same step."""
    waiting: list[str] = [name]
    found: set[str] = set()
    while waiting:
        line = order.get(waiting.pop())
        if line is None:
            continue
        if line.term is None:
            names = {ref.name for ref in line.line.references if ref.time != -1} - found
            found |= names
            waiting.extend(names)
            continue
        for term in walk(line.term):
            if isinstance(term, Var) and term.time != -1 and term.name not in found:
                found.add(term.name)
                waiting.append(term.name)
    return found


def stepped(cell: Readable, var: Var, step: int) -> tuple[str, Edit | None]:
    """A symbol as printed, with its index moved to t-1 or to t."""
    printed = cell.printed(var.start, var.stop)
    for old, new in (("t-1", "t"), ("t - 1", "t")) if step > 0 else ():
        if old in printed:
            meant = printed.replace(old, new)
            return meant, Edit(var.start, var.stop, meant)
    if step < 0:
        for old, new in (("_{t}", "_{t-1}"), ("_t", "_{t-1}"), ("<t>", "<t-1>"), ("^{t}", "^{t-1}"),
                         ("(t)", "(t-1)"), ("^t", "^{t-1}"), ("_{(t)}", "_{(t-1)}"),
                         ("\\langle t\\rangle", "\\langle t-1\\rangle"),
                         ("\\langle t \\rangle", "\\langle t-1 \\rangle"),
                         ("ₜ", "ₜ₋₁")):  # fmt: skip
            if old in printed:
                meant = printed.replace(old, new)
                return meant, Edit(var.start, var.stop, meant)
    return printed, None


def _late_output(cell: Readable) -> Iterator[Fault]:
    """An output that reads the last state where it should read the new one: o tanh(c_{t-1})."""
    states = set(cell.parts.carried)
    if len(cell.parts.states) < 2 and not cell.found.outputs:
        return
    for u in cell.found.lines:
        if u.name in cell.parts.carried or u.name in cell.parts.gates or u.term is None:
            continue
        if u.name in cell.parts.candidates:
            continue
        for term in walk(u.term):
            inner = term.argument if isinstance(term, Call) else None
            if isinstance(inner, Var) and inner.name in states and inner.time == -1 \
                    and inner.name != u.name:  # fmt: skip
                printed = cell.printed(inner.start, inner.stop)
                meant, edit = stepped(cell, inner, 1)
                if edit is not None:
                    yield Fault(
                        "wrong_time_index", f"the output shows the new {inner.name}, not the last",
                        inner.start, inner.stop, printed, meant, (edit,), 0.85,
                    )  # fmt: skip


def _past_input(cell: Readable) -> Iterator[Fault]:
    """An input of the last step in one place, where all others take that of this step."""
    names = {u.name for u in cell.found.lines}
    entering = {
        v.name for _, term in cell.terms() if isinstance(term, Apply) for v in walk(term.vector)
        if isinstance(v, Var)
    }  # fmt: skip
    times: dict[str, Counter[int]] = {}
    for _, var in cell.variables():
        if var.name not in names and var.time is not None:
            times.setdefault(var.name, Counter())[var.time] += 1
    for _, var in cell.variables():
        own = times.get(var.name)
        if own is None or var.time != -1 or own[0] <= own[-1] or var.name not in entering:
            continue
        printed = cell.printed(var.start, var.stop)
        meant, edit = stepped(cell, var, 1)
        if edit is not None:
            yield Fault(
                "wrong_time_index", f"{var.name} is the input, read at t everywhere else",
                var.start, var.stop, printed, meant, (edit,), 0.85,
            )  # fmt: skip


def _wrong_letter(cell: Readable) -> Iterator[Fault]:
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
            if not _acted_on(cell, par):
                continue
            printed = cell.printed(par.start, par.stop)
            if model.name in cell.found.context.inputs:
                meant = printed.replace(par.ref.labels[0], "t")
            else:
                meant = f"{printed.split('_')[0]}_{{t-1}}"
            yield Fault(
                "wrong_time_index", f"{model.name} is indexed by the time everywhere else",
                par.start, par.stop, printed, meant, (Edit(par.start, par.stop, meant),), 0.85,
                ill_formed=True,
            )  # fmt: skip


def _acted_on(cell: Readable, par: Par) -> bool:
    """Whether a matrix acts on a parameter as if it were a variable."""
    return any(
        isinstance(t, Apply) and any(v is par for v in walk(t.vector)) for _, t in cell.terms()
    )


def _other_notation(cell: Readable) -> Iterator[Fault]:
    """One plain raised t among indices in angle brackets."""
    references = [v.ref for _, v in cell.variables() if v.ref.time is not None]
    references += [u.line.target for u in cell.found.lines if u.line.target.time is not None]
    styles = Counter(ref.style for ref in references)
    if styles["angle"] < 4 or styles["sup"] != 1:
        return
    for ref in references:
        if ref.style == "sup":
            printed = cell.printed(ref.start, ref.stop)
            meant = printed.replace("^{t}", "^{<t>}").replace("^t", "^{<t>}")
            meant = meant.replace("^{t-1}", "^{<t-1>}")
            yield Fault(
                "time_index_notation", "a raised index without angle brackets reads as a power",
                ref.start, ref.stop, printed, meant, (Edit(ref.start, ref.stop, meant),), 0.8,
            )  # fmt: skip
