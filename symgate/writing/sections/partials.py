"""Local partials: each gate with respect to each state of the step before."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import S

from symgate.linear.layers import seams
from symgate.linear.sums import operator
from symgate.linear.terms import Term
from symgate.writing.marks import Equal
from symgate.writing.subject import Subject
from symgate.writing.tree import Formula, FormulaLine, Step, line, listed

TITLE = "Local partials"


def steps(subject: Subject) -> Iterator[Step]:
    cell = subject.cell
    if not cell.gates:
        follow = "state follows directly from the previous one"
        if len(cell.states) > 1:
            follow = "states follow from the previous ones"
        yield Step(("None",), (f"The cell has no gates: the new {follow}.",))
        return
    before = [subject.lin.variable(s, 1) for s in cell.states]
    lines: list[FormulaLine] = []
    terms: list[Term] = []
    deaf = []
    beside: list[int] = []
    for gate in cell.gates:
        below = dict.fromkeys(subject.seam(gate, s) for s in cell.states)
        own = [subject.lin.variable(s, 1) for s in cell.states if subject.seam(gate, s) is None]
        near = [*(v for v in below if v is not None), *own]
        blocks = {v: operator(subject.lin, gate, v, [*near, *before]) for v in near}
        heard = {v: block for v, block in blocks.items() if not block.is_ZeroMatrix}
        terms += [t for n in subject.lin if n.owner == gate for t in n.terms]
        if not heard:
            deaf.append(gate)
            continue
        lines += [
            FormulaLine(
                subject.left(subject.by(gate, v)), subject.summands(block), order=subject.order
            )
            for v, block in heard.items()
        ]
        zero = tuple(subject.by(gate, v) for v in near if v not in heard)
        if zero and len(cell.states) <= 2:
            lines.append(line(Equal(zero), S.Zero))
        beside.append(len(heard) + bool(zero and len(cell.states) <= 2))
    reason: list[object] = []
    if deaf:
        names = listed([(subject.now(g),) for g in deaf])
        reads, their = ("reads", "its") if len(deaf) == 1 else ("read", "their")
        reason += [*names, f" {reads} no previous state, so {their} partials are zero. "]
    if lines:
        layers = " and, in an upper layer, to what the layer below sends up"
        reason += [
            "Partials that are not listed are zero. " * (len(cell.states) > 2),
            f"How each gate responds to the previous state{f'{layers},' if seams(cell) else ','} "
            "with the input held fixed:",
        ]
    formulas = (Formula(tuple(lines), tuple(beside)),) if lines else ()
    heading = ("Each gate with respect to each previous state",)
    yield Step(heading, tuple(reason), formulas, None, tuple(terms))
