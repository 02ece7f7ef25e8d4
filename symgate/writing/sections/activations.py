"""The derivatives of the activations, in terms of their own values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Add, Function, Mul, Symbol

from symgate.algebra.vectors import variable
from symgate.bounds.ranges import slope_range, value_range
from symgate.linear.linearise import factors_of
from symgate.writing.formulas import Formula, Line, Part, Step
from symgate.writing.marks import Slope
from symgate.writing.subject import Subject

TITLE = "Derivatives of the activations"


def steps(subject: Subject) -> Iterator[Step]:
    found = _activations(subject)
    if not found:
        reason = (
            "The cell has no activation: what it computes is made of sums and products alone.",
        )
        yield Step(("None",), reason)
        return
    letter = f"letter:{subject.free_letter('v', 'u', 'y', 'q')}"
    v = Symbol(letter, real=True)
    lines: list[Line] = []
    extra = False
    for function in found.values():
        at = function.func(v, *function.args[1:])
        slope = at.diff(v)
        extra = extra or slope.has(Function("step")) or "step" in str(slope)
        span, slopes = value_range(at), slope_range(at)
        label = ["values in ", subject.span(span)]
        if slopes.is_bounded:
            label += [", slope in ", subject.span(slopes)]
        parts = Add.make_args(slope) if isinstance(slope, Add) and slope.args[0].is_number else None
        whole = Mul(*factors_of(slope)) if parts is None else slope
        lines.append(Line(Slope(at, letter), (Part(whole, tuple(label)),)))
    words: list[Any] = [
        "Each derivative is written in terms of the activation's own value, which "
        "the forward pass has already computed"
    ]
    if extra:
        words += ["; step is 1 for positive ", v, " and 0 otherwise"]
    words.append(":")
    yield Step(("In terms of the values",), tuple(words), (Formula(tuple(lines)),))


def _activations(subject: Subject) -> dict[str, Function]:
    """One of each kind of activation, in the order of the equations."""
    found: dict[str, Function] = {}
    for node in subject.lin:
        for e in sorted(node.expression.atoms(Function), key=str):
            if any(a.has(variable("t").func) for a in e.args):
                key = "/".join([type(e).__name__, *map(str, e.args[1:])])
                found.setdefault(key, e)
    return found
