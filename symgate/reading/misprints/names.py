"""Symbols that nothing defines, and names that are defined twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.reading.faults import Edit, Fault
from symgate.reading.misprints.cell import Readable
from symgate.reading.structure import gate_name
from symgate.reading.terms import Apply, Times, Var, walk
from symgate.reading.understanding import Understood

_ALTERNATIVE = re.compile(
    r"\belse\b|\bor\b|otherwise|alternativ|instead|variant|oder|或|または", re.I
)


def faults(cell: Readable) -> Iterator[Fault]:
    yield from _doubled(cell)
    yield from _undefined(cell)
    yield from _accented(cell)


def _doubled(cell: Readable) -> Iterator[Fault]:
    for u in cell.found.doubled:
        kept = cell.found.line(u.name)
        if kept is None or (u.ill_formed and u.term is None and u.error is None):
            continue
        between = cell.document.text[
            min(kept.line.equation.stop, u.line.equation.stop) :
            max(kept.line.equation.start, u.line.equation.start)
        ]  # fmt: skip
        if _ALTERNATIVE.search(between) or any(f.ill_formed for f in u.faults):
            continue
        yield _second_definition(cell, u)


def _second_definition(cell: Readable, u: Understood) -> Fault:
    target, equation = u.line.target, u.line.equation
    printed = cell.printed(equation.start, equation.stop)
    if isinstance(u.term, Var) and cell.found.line(u.term.name) is None:
        left, right = printed.split("=", 1) if "=" in printed else (printed, "")
        meant = f"{right.strip()} = {left.strip()}"
        return Fault(
            "sides_swapped", f"{u.name} is defined already, and nothing defines {u.term.name}",
            equation.start, equation.stop, printed, meant,
            (Edit(equation.start, equation.stop, meant),), 0.8,
        )  # fmt: skip
    itself = u.term is not None and any(
        isinstance(t, Var) and t.name == u.name and t.time == u.time for t in walk(u.term)
    )
    if itself:
        return Fault(
            "spurious_equation", f"{u.name} is defined by itself here, and properly elsewhere",
            target.start, target.stop, printed, "", (), 0.8,
        )  # fmt: skip
    return Fault(
        "symbol_defined_twice", f"{u.name} is defined twice, and differently",
        target.start, target.stop, cell.printed(target.start, target.stop), "", (), 0.75,
    )  # fmt: skip


def _undefined(cell: Readable) -> Iterator[Fault]:
    """A gate that no line defines: it multiplies, and no matrix acts on it."""
    names = {u.name for u in cell.found.lines}
    inputs = cell.found.context.inputs - names
    entering = {
        v.name
        for _, term in cell.terms() if isinstance(term, Apply) for v in walk(term.vector)
        if isinstance(v, Var)
    }  # fmt: skip
    genuine = inputs & entering
    if not genuine:
        return
    for name in sorted(inputs - entering):
        places = [v for _, v in cell.variables() if v.name == name and v.time in (0, None)]
        multiplied = any(
            isinstance(t, Times) and any(gate_name(f) == name for f in t.factors)
            for _, t in cell.terms()
        )
        if places and multiplied:
            first = places[0]
            yield Fault(
                "undefined_symbol", f"no line defines {name}", first.start, first.stop,
                cell.printed(first.start, first.stop), "", (), 0.85,
            )  # fmt: skip


def _accented(cell: Readable) -> Iterator[Fault]:
    """The last value of a candidate where the state itself was meant: C̃_{t-1} for C_{t-1}."""
    for u, var in cell.variables():
        ref = var.ref
        if var.time != -1 or not ref.accents or u.name == var.name:
            continue
        plain = "_".join((ref.letter, *ref.labels))
        if u.name != plain or plain not in cell.parts.carried:
            continue
        printed = cell.printed(ref.start, ref.stop)
        meant = _without_accent(printed)
        yield Fault(
            "extra_tilde", f"the state {plain} keeps its own last value, not that of {var.name}",
            ref.start, ref.stop, printed, meant, (Edit(ref.start, ref.stop, meant),), 0.9,
        )  # fmt: skip


def _without_accent(printed: str) -> str:
    """A symbol as printed, without its accent."""
    bare = re.sub(r"\\(?:wide)?(?:tilde|hat|bar)\s*\{([^{}]*)\}", r"\1", printed)
    bare = re.sub(r"\\(?:wide)?(?:tilde|hat|bar)\s*", "", bare)
    return bare.replace("'", "")
