"""The derivatives of the activations, in terms of their own values."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Function, Mul, Symbol

from symgate.algebra.activations import record_of
from symgate.algebra.maps import Mixed
from symgate.algebra.operators import product
from symgate.algebra.values import Mixing
from symgate.algebra.vectors import Vector, variable
from symgate.bounds.functions import slope_range, value_range
from symgate.linear.linearise import factors_of
from symgate.writing.marks import Slope
from symgate.writing.subject import Subject
from symgate.writing.tree import Formula, FormulaLine, Part, Step, Words, line, worded

TITLE = "Derivatives of the activations"


def steps(subject: Subject) -> Iterator[Step]:
    found, mixing = _activations(subject), tuple(_mixing(subject))
    if not found and not mixing:
        reason = ("The cell has no activation: it computes nothing but sums and products.",)
        yield Step(("None",), reason)
        return
    letter = f"letter:{subject.free_letter('v', 'u', 'y', 'q')}"
    v = Symbol(letter, real=True)
    lines: list[FormulaLine] = []
    told = "the activation's own value, which the forward pass has already computed"
    said = f"Each derivative is written in terms of {told}"
    for function in found.values():
        at = function.func(v, *function.args[1:])
        slope = at.diff(v)
        if "step" in str(slope) and "{v}" not in said:
            said += "; step is 1 for positive {v} and 0 otherwise"
        reached = subject.ranges.of(function.func(variable(letter), *function.args[1:]))
        span, slopes = value_range(at).meet(reached), slope_range(at)
        label = ["values in ", subject.span(span)]
        if slopes.is_bounded:
            label += [", slope in ", subject.span(slopes)]
        parts = Add.make_args(slope) if isinstance(slope, Add) and slope.args[0].is_number else None
        whole = Mul(*factors_of(slope)) if parts is None else slope
        lines.append(FormulaLine(Slope(at, letter), (Part(whole, tuple(label)),)))
        if record_of(function).surrogate:
            surrogate = record_of(slope)
            assert surrogate.closed is not None
            lines.append(line(slope, surrogate.bound(surrogate.closed, slope)))
    for function in found.values():
        if record_of(function).surrogate:
            said += (
                f"; {record_of(function).name} is a step, whose slope is 0 almost everywhere, and "
                "training uses the surrogate in its place"
            )
    if lines:
        reason = worded(f"{said}:", v=v)
        yield Step(("In terms of the values",), reason, (Formula(tuple(lines)),))
    if mixing:
        mixed: Words = tuple(word for said in mixing for word in (*said, " "))[:-1]
        yield Step(("Functions that mix components",), mixed)


#: What each norm divides by.
_BELOW = {"layer_norm": "the standard deviation", "rms_norm": "the root of the mean square"}


def _mixing(subject: Subject) -> Iterator[Words]:
    """What the Jacobians of softmax and of the norms are."""
    found = {e.name: (e, n.size) for n in subject.lin for e in n.expression.atoms(Mixing)}
    letters = (subject.free_letter(*names) for names in (("q", "p", "y"), ("a", "v", "u")))
    q, a = (Vector(f"letter:{letter}") for letter in letters)
    for name, (e, size) in found.items():
        node = e.xreplace({e.vector: a})
        said = "Where {q} is {node}, its Jacobian is {jacobian}"
        if name in _BELOW:
            of = f"is {_BELOW[name]} of the components of {{a}}, with ε added under the root"
            said += f", where {{below}} {of}"
        jacobian = product([*node.scale, Mixed(node, q, size).operator], size)
        below = Mul(*(1 / factor for factor in node.scale))
        yield worded(f"{said}.", q=q, node=node, jacobian=jacobian, below=below, a=a)


def _activations(subject: Subject) -> dict[str, Function]:
    """One of each kind of activation, in the order of the equations."""
    found: dict[str, Function] = {}
    for node in subject.lin:
        for e in sorted(node.expression.atoms(Function), key=str):
            if any(a.has(variable("t").func) for a in e.args):
                key = "/".join([type(e).__name__, *map(str, e.args[1:])])
                found.setdefault(key, e)
    return found
