"""Local partials: each gate with respect to each state of the step before."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import MatAdd

from symgate.algebra.vectors import MatVec, variable
from symgate.linear.chains import operator
from symgate.linear.linearise import Term
from symgate.writing.formulas import Formula, Line, Part, Step, listed
from symgate.writing.subject import Subject

TITLE = "Local partials"


def steps(subject: Subject) -> Iterator[Step]:
    cell = subject.cell
    if not cell.gates:
        yield Step(("None",), ("The cell has no gates: its states read each other directly.",))
        return
    before = [variable(s, 1) for s in cell.states]
    lines: list[Line] = []
    terms: list[Term] = []
    deaf = []
    for gate in cell.gates:
        found = []
        for state in cell.states:
            block = operator(subject.lin, gate, variable(state, 1), before)
            found.append(block)
            left = subject.partial(gate, state)
            lines.append(acting_line(subject, left, block))
        if all(block.is_ZeroMatrix for block in found):
            deaf.append(gate)
        terms += [t for n in subject.lin if n.owner == gate for t in n.terms]
    for gate in deaf:
        for _ in cell.states:
            lines = [x for x in lines if x.left != _left(subject, gate, x)]
    reason: list[object] = []
    if lines:
        reason += ["How each gate answers to the old state, the input held fixed. "]
    if deaf:
        names = listed([(subject.now(g),) for g in deaf])
        reads = "reads" if len(deaf) == 1 else "read"
        reason += [*names, f" {reads} no old state, so that the partials are zero."]
    formulas = (Formula(tuple(lines)),) if lines else ()
    yield Step(("Each gate by each old state",), tuple(reason), formulas, None, tuple(terms))


def _left(subject: Subject, gate: str, line: Line) -> object:
    """The left side of a line if it is about the gate, else nothing that equals it."""
    of = line.left.args[0] if isinstance(line.left, MatVec) else line.left
    return line.left if of.of == variable(gate) else None


def acting_line(subject: Subject, left: object, block: object) -> Line:
    """∂a/∂b = the terms of an operator, or what both do to a vector."""
    if subject.form == "hadamard":
        left = MatVec(left, subject.direction)
    pieces = block.args if isinstance(block, MatAdd) else (block,)
    return Line(left, tuple(Part(subject.acting(p)) for p in pieces))
