"""Back-propagation through time: the same terms, transposed and in reverse order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sympy import Add, MatrixSymbol, Symbol
from sympy.core.basic import Basic

from symgate.algebra.marks import Differential, Gradient, OverTime
from symgate.algebra.operators import Diag, Outer, factored, product, transposed
from symgate.algebra.vectors import MatVec, Vector, name_of, shifted, variable
from symgate.linear.adjoint import BackwardStep, adjoint, delta
from symgate.writing.gathered import gathered
from symgate.writing.marks import Equal
from symgate.writing.subject import Subject
from symgate.writing.tree import Formula, FormulaLine, Part, Step, Written, listed, worded

TITLE = "Back-propagation through time"

#: Names that no cell can have, as they are no identifiers.
LOSS, LATER = "loss:", "later:"


def steps(subject: Subject) -> Iterator[Step]:
    back = adjoint(subject.cell)
    order = _order(subject)
    yield _recursion(subject, back, order)
    yield _handed_on(subject, back, order)
    yield _gradients(subject, back, order)


def _order(subject: Subject) -> dict[Basic, int]:
    """Coefficients before what they act on, as people write them."""
    order: dict[Basic, int] = {}
    for state in subject.states:
        order[variable(state, 1)] = len(order)
    for symbol in subject.order:
        order.setdefault(symbol, len(order))
    for name in [*(n.name for n in subject.lin), *subject.states]:
        for symbol in (delta(name), variable(LOSS + name), variable(LATER + name)):
            order[symbol] = 1000 + len(order)
    return order


def _recursion(subject: Subject, back: BackwardStep, order: dict[Basic, int]) -> Step:
    lines = []
    for name, expression in back.deltas.items():
        parts = _parts(gathered(expression))
        if name in subject.states:
            first = [Part(variable(LOSS + name)), Part(variable(LATER + name))]
            parts = [*first, *(p for p in parts if p.expression != 0)]
        elif expression == 0 and name in _outputs(subject):
            parts = [Part(variable(LOSS + name))]
        elif expression == 0:
            continue
        lines.append(FormulaLine(delta(name), tuple(parts), order=order))
    states = subject.states
    kind = Symbol if subject.is_scalar else Vector
    a, b, c, pulled, source = (kind(f"letter:{x}") for x in ("a", "b", "c", "delta_a", "delta_b"))
    forward, backward, size = c * Differential(b), c * pulled, subject.lin[states[0]].size
    if not subject.is_scalar:
        matrix = MatrixSymbol("letter:A", size, size)
        forward = MatVec(product([Diag(size, c), matrix], size), Differential(b))
        backward = MatVec(transposed(matrix), backward)
    reason = worded(
        "{delta} stands for {gradient}, and likewise for every value; {loss} is the part of the "
        "loss that depends directly on {now}, and {later} is what step {next} passes back (zero "
        "at the last step). Read backward, a term {forward} adds {backward} to {source}:",
        delta=delta(states[0]),
        gradient=Gradient(variable(states[0])),
        loss=variable(LOSS + states[0]),
        now=subject.now(states[0]),
        later=variable(LATER + states[0]),
        next=Written("t + 1", "t + 1"),
        forward=Equal((Differential(a), forward)),
        backward=backward,
        source=source,
    )
    terms = tuple(dict.fromkeys(t for n in subject.lin for t in n.terms))
    return Step(("One step backward",), reason, (Formula(tuple(lines)),), None, terms, core=True)


def _outputs(subject: Subject) -> set[str]:
    """The values that nothing reads: only the loss does."""
    read = {name_of(term.source) for node in subject.lin for term in node.terms}
    return {name for name in subject.cell.equations if name not in read}


def _handed_on(subject: Subject, back: BackwardStep, order: dict[Basic, int]) -> Step:
    lines = []
    for state in subject.states:
        left = shifted(variable(LATER + state), 1)
        lines.append(FormulaLine(left, tuple(_parts(gathered(back.previous[state]))), order=order))
    here, before = Written("t", "t"), Written("t - 1", "t − 1")
    reason = worded("What step {t} passes back to step {s}:", t=here, s=before)
    return Step(("Recursion",), reason, (Formula(tuple(lines)),), core=True)


def _parts(expression: Any) -> list[Part]:
    pieces = Add.make_args(expression)
    direct = [p for p in pieces if not p.has(MatVec)]
    rest = sorted((p for p in pieces if p.has(MatVec)), key=str)
    direct.sort(key=str)
    return [Part(p) for p in (*direct, *rest)]


def _sign_in_front(expression: Any) -> Any:
    """u (−v)ᵀ and (−u) vᵀ as −u vᵀ."""
    turned = {
        outer: -(Outer(u, -v, *outer.shape) if of_v else Outer(-u, v, *outer.shape))
        for outer in expression.atoms(Outer)
        for u, v in [outer.args[:2]]
        if (of_v := v.could_extract_minus_sign()) or u.could_extract_minus_sign()
    }
    return expression.xreplace(turned)


def _gradients(subject: Subject, back: BackwardStep, order: dict[Basic, int]) -> Step:
    cell = subject.cell
    if not cell.parameters:
        return Step(("Gradients of the parameters",), ("There are none.",))
    lines, unused = [], []
    uses = subject.naming.uses
    owners: list[str] = []
    for name, expression in back.gradients.items():
        if expression == 0:
            unused.append(name)
            continue
        parameter = cell.parameters[name]
        if parameter.kind == "matrix" and subject.naming.notation.row:
            expression = transposed(expression)  # W stands for what acts from the right
        shown = gathered(_sign_in_front(expression))
        number = factored(shown)[0] if shown.is_Matrix else shown.as_coeff_Mul()[0]
        negative = bool(number.is_negative)
        part = Part(-OverTime(-shown) if negative else OverTime(shown))
        lines.append(FormulaLine(Gradient(parameter.symbol), (part,), order=order))
        owners.append(uses[name].owner if name in uses else name)
    beside = tuple(len(list(of_one)) for _, of_one in groupby(owners))
    matrices = any(p.kind == "matrix" for p in cell.parameters.values())
    shape = "; for a matrix it is a sum of outer products, in the shape of the matrix"
    reason = worded(
        "Each parameter acts at every step, so its gradient is a sum over time{shape}:{unused}",
        shape=shape if matrices else "",
        unused=(*listed([(u,) for u in unused]), " has no effect on the loss.") if unused else "",
    )
    formulas = (Formula(tuple(lines), beside),)
    return Step(("Gradients of the parameters",), reason, formulas, core=True)
