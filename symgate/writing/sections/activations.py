"""The derivatives of the activations, in terms of their own values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Add, Function, Mul, Symbol

from symgate.algebra.activations import record_of
from symgate.algebra.values import LayerNorm, RmsNorm, Softmax
from symgate.algebra.vectors import variable
from symgate.bounds.functions import slope_range, value_range
from symgate.linear.linearise import factors_of
from symgate.writing.formulas import Formula, Line, Part, Step, Words, Written, line
from symgate.writing.marks import Slope
from symgate.writing.subject import Subject

TITLE = "Derivatives of the activations"


def steps(subject: Subject) -> Iterator[Step]:
    found, mixing = _activations(subject), tuple(_mixing(subject))
    if not found and not mixing:
        reason = ("The cell has no activation: it computes nothing but sums and products.",)
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
        reached = subject.ranges.of(function.func(variable(letter), *function.args[1:]))
        span, slopes = value_range(at).meet(reached), slope_range(at)
        label = ["values in ", subject.span(span)]
        if slopes.is_bounded:
            label += [", slope in ", subject.span(slopes)]
        parts = Add.make_args(slope) if isinstance(slope, Add) and slope.args[0].is_number else None
        whole = Mul(*factors_of(slope)) if parts is None else slope
        lines.append(Line(Slope(at, letter), (Part(whole, tuple(label)),)))
        if record_of(function).surrogate:
            told = record_of(slope)
            assert told.closed is not None
            lines.append(line(slope, told.bound(told.closed, slope)))
    words: list[Any] = [
        "Each derivative is written in terms of the activation's own value, which "
        "the forward pass has already computed"
    ]
    if extra:
        words += ["; step is 1 for positive ", v, " and 0 otherwise"]
    for function in found.values():
        if record_of(function).surrogate:
            words.append(
                f"; {record_of(function).name} is a step, whose slope is 0 almost everywhere, and "
                "training uses the surrogate in its place"
            )
    words.append(":")
    if lines:
        yield Step(("In terms of the values",), tuple(words), (Formula(tuple(lines)),))
    if mixing:
        mixed: Words = tuple(word for said in mixing for word in (*said, " "))[:-1]
        yield Step(("Functions that mix components",), mixed)


def _mixing(subject: Subject) -> Iterator[Words]:
    """What the Jacobians of softmax and of the norms are."""
    nodes = [node.expression for node in subject.lin]
    ones, square = (
        r"\tfrac{1}{n} \mathbf{1} \mathbf{1}^{\mathsf{T}}",
        r"\tfrac{1}{n} q q^{\mathsf{T}}",
    )
    if any(e.has(Softmax) for e in nodes):
        yield (
            "The Jacobian of ",
            Written(r"p = \operatorname{softmax}(a)", "p = softmax(a)"),
            " is ",
            Written(r"\operatorname{diag}(p) - p p^{\mathsf{T}}", "diag(p) − p pᵀ"),
            ".",
        )
    if any(e.has(LayerNorm) for e in nodes):
        yield (
            "The Jacobian of ",
            Written(r"q = \operatorname{layer\_norm}(a)", "q = layer_norm(a)"),
            " is ",
            Written(
                rf"(I - {ones} - {square}) / \operatorname{{sd}}(a)",
                "(I − 1 1ᵀ / n − q qᵀ / n) / sd(a)",
            ),
            ", where ",
            Written(r"\operatorname{sd}(a)", "sd(a)"),
            " is the standard deviation of the components of ",
            Written("a", "a"),
            ", with ε added under the root.",
        )
    if any(e.has(RmsNorm) for e in nodes):
        yield (
            "The Jacobian of ",
            Written(r"q = \operatorname{rms\_norm}(a)", "q = rms_norm(a)"),
            " is ",
            Written(rf"(I - {square}) / \operatorname{{rms}}(a)", "(I − q qᵀ / n) / rms(a)"),
            ", where ",
            Written(r"\operatorname{rms}(a)", "rms(a)"),
            " is the root of the mean square of the components of ",
            Written("a", "a"),
            ", with ε added under the root.",
        )


def _activations(subject: Subject) -> dict[str, Function]:
    """One of each kind of activation, in the order of the equations."""
    found: dict[str, Function] = {}
    for node in subject.lin:
        for e in sorted(node.expression.atoms(Function), key=str):
            if any(a.has(variable("t").func) for a in e.args):
                key = "/".join([type(e).__name__, *map(str, e.args[1:])])
                found.setdefault(key, e)
    return found
