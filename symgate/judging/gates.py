"""Checks of what gates are and do, by algebra and interval arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy import Expr, Indexed, S

from symgate.algebra.printing import text
from symgate.algebra.vectors import MatVec, variable
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell
from symgate.judging.finding import CONDITIONS, CONVENTION, FALSE, LIMIT, PROVED, Finding
from symgate.judging.probes import affine_slope, equation, shown
from symgate.linear.ranges import ranges


def within_unit(cells: Sequence[Cell], gates: Sequence[Sequence[str]]) -> Finding:
    """Whether gates lie in [0, 1], by interval arithmetic over all inputs and weights."""
    told: list[str] = []
    out: list[str] = []
    for cell, names in zip(cells, gates, strict=True):
        for gate in names:
            if gate not in cell.gates:
                out.append(f"{cell.name} has no gate {gate}")
                continue
            found = ranges(cell)[gate]
            told.append(f"{gate} of {cell.name} {shown(found)}")
            if not found.within(0, 1):
                out.append(told[-1])
    if out:
        return Finding(FALSE, f"by interval arithmetic {'; '.join(out)}")
    reason = "interval arithmetic, for any weights and inputs: " + "; ".join(told)
    return Finding(PROVED, f"{reason}. In exact arithmetic σ never reaches 0 or 1.")


def end_of(cell: Cell, state: str, gate: str, value: int) -> str:
    """What a gate that is exactly 0 or 1 does to a state: keeps, erases, takes or neither.

    "takes" is that the state becomes another value of the step and forgets the old one.
    """
    expression = cell.equations[state].xreplace({variable(gate): sp.Integer(value)})
    old = variable(state, 1)
    slope = affine_slope(expression, old)
    if slope == 1 and sp.expand(expression - old) == 0:
        return "keeps"
    if slope == 1:
        return "keeps and adds"
    if not expression.has(old):
        return "takes" if isinstance(expression, Indexed) else "erases"
    return "neither"


def gate_ends(cells: Sequence[Cell], state: str, gate: str, at_zero: str, at_one: str) -> Finding:
    """Whether a gate does what is said where it is 0 and where it is 1."""
    (cell,) = cells
    expected = {0: at_zero, 1: at_one}
    found = {value: end_of(cell, state, gate, value) for value in (0, 1)}
    said = "; ".join(f"{gate} = {v}: {_in_words(cell, state, gate, v)}" for v in (0, 1))
    if any(not found[v].startswith(expected[v]) for v in (0, 1) if expected[v]):
        return Finding(FALSE, said)
    share = 0.99**100
    reason = (
        f"{said}. A sigmoid reaches neither end: at {gate} = 0.99 a share of 0.99^100 = "
        f"{share:.3f} is left after 100 steps."
    )
    return Finding(LIMIT, reason, {"left after 100 steps at 0.99": share})


def _in_words(cell: Cell, state: str, gate: str, value: int) -> str:
    expression = cell.equations[state].xreplace({variable(gate): sp.Integer(value)})
    return equation(cell, state, expression)


def convention(cells: Sequence[Cell], state: str, gate: str, value: int, does: str) -> Finding:
    """A sentence about a gate near an end, held against two ways of writing one cell."""
    found = {cell.name: end_of(cell, state, gate, value) for cell in cells}
    said = "; ".join(
        f"{cell.name}: {gate} = {value} gives {_in_words(cell, state, gate, value)}"
        for cell in cells
    )
    right = [name for name, end in found.items() if end == does]
    if not right:
        return Finding(FALSE, said)
    if len(right) == len(cells):
        return Finding(LIMIT, f"in both forms, as {gate} goes to {value}: {said}")
    same = compare(*cells)
    if not same:
        return Finding(
            CONDITIONS, f"true of {' and '.join(right)} alone: {said}; they are {same.verdict}"
        )
    return Finding(
        CONVENTION,
        f"{said}. The two are proved to be one function of their parameters: {same.map}",
    )


def reset_gate(cells: Sequence[Cell], state: str, candidate: str, gate: str) -> Finding:
    """Whether a reset gate of 0 hides the old state from the candidate, and 1 shows it all."""
    (cell,) = cells
    closed = _without_zeros(cell.equations[candidate].xreplace({variable(gate): S.Zero}))
    opened = cell.equations[candidate].xreplace({variable(gate): S.One})
    old = variable(state, 1)
    said = (
        f"{gate} = 0: {equation(cell, candidate, closed)}; "
        f"{gate} = 1: {equation(cell, candidate, opened)}"
    )
    if closed.has(old) or not opened.has(old) or not cell.equations[candidate].has(variable(gate)):
        return Finding(FALSE, said)
    rest = cell.equations[state].has(old)
    also = f" {text(variable(state))} itself still reads the old state." if rest else ""
    return Finding(LIMIT, f"{said}. A sigmoid reaches neither end.{also}")


def weighted_mean(cells: Sequence[Cell], state: str, candidate: str) -> Finding:
    """Whether a state is a mean of its old value and the candidate, with weights in [0, 1]."""
    (cell,) = cells
    expression = cell.equations[state]
    old, new = variable(state, 1), variable(candidate)
    a, b = affine_slope(expression, old), affine_slope(expression, new)
    said = equation(cell, state)
    if a is None or b is None or sp.expand(expression - a * old - b * new) != 0:
        return Finding(FALSE, f"{said} is no weighted sum of the two")
    weights = f"weights {text(a)} and {text(b)}"
    if sp.expand(a + b - 1) != 0:
        return Finding(FALSE, f"{said}: {weights} do not add up to 1")
    known = ranges(cell)
    if not known.of(a).within(0, 1):
        return Finding(FALSE, f"{said}: {weights}, and the first leaves [0, 1]")
    interval = known[state]
    if not interval.within(-1, 1):
        return Finding(
            CONDITIONS,
            f"{said}: {weights} add up to 1 and lie in [0, 1], but {candidate} "
            f"{shown(known[candidate])}, so that |{state}| ≤ 1 fails",
        )
    return Finding(
        CONDITIONS,
        f"{said}: {weights} lie in [0, 1] and add up to 1; {candidate} lies in [-1, 1]; so "
        f"|{state}| ≤ 1 at every step if it holds at the start (as it does from 0)",
    )


def _without_zeros(expression: Expr) -> Expr:
    """With A 0 = 0 carried out."""
    zeros = {m: S.Zero for m in expression.atoms(MatVec) if m.vector == 0}
    return expression.xreplace(zeros)
