"""Checks of what happens to a state: how far it goes, and what acts on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from symgate.algebra.printing import text
from symgate.algebra.vectors import variable
from symgate.equations.cell import Cell
from symgate.judging.finding import CONDITIONS, FALSE, PROVED, Finding
from symgate.judging.probes import biased, carry_of, equation, input_size, shown, zeros
from symgate.judging.sameness import same_cell
from symgate.linear.ranges import ranges
from symgate.numerics.simulate import simulate

#: Where a gate is taken as wide open: σ(20) differs from 1 by 2e-9.
WIDE = 20.0


def state_without_bound(
    cells: Sequence[Cell], state: str, gates: Sequence[str], steps: int
) -> Finding:
    """Whether a state leaves [-1, 1], with all gates wide open."""
    (cell,) = cells
    there = [gate for gate in gates if gate in cell.gates]
    params = biased(cell, 1, dict.fromkeys(there, WIDE))
    run = simulate(cell, params, np.zeros((steps, 1)))
    last = float(run[state][-1, 0])
    numbers = {f"{state} after {steps} steps": last}
    said = (
        f"with the biases of {', '.join(there)} at {WIDE:g}, {state} = {last:.6g} after "
        f"{steps} steps"
    )
    if abs(last) <= 1 + 1e-6:
        return Finding(FALSE, said, numbers)
    carry = carry_of(cell, state)
    if carry is not None:
        factor = sp.Mul(*carry.coefficient)
        added = ranges(cell).of(sp.expand(cell.equations[state] - factor * variable(state, 1)))
        if ranges(cell).of(factor).within(0, 1) and added.within(-1, 1):
            said += (
                f". That is as far as it gets: {text(factor)} lies in [0, 1] and what is added in "
                f"[-1, 1], so that from 0 |{state}_t| ≤ t"
            )
    return Finding(PROVED, said, numbers)


def linear_in_state(cells: Sequence[Cell], state: str) -> Finding:
    """Whether one step is affine in a state, with the gates held, and with them moving."""
    (cell,) = cells
    carry = carry_of(cell, state)
    if carry is None:
        return Finding(FALSE, f"{state} does not pass to itself but through a matrix or function")
    own = {variable(state), variable(state, 1)}
    if any(factor.has(*own) for factor in carry.coefficient):
        return Finding(FALSE, f"the carry {text(sp.Mul(*carry.coefficient))} depends on {state}")
    bend = _bend(cell, state)
    numbers = {"departure from affine": bend}
    factor = text(sp.Mul(*carry.coefficient))
    if bend < 1e-12:
        return Finding(
            CONDITIONS,
            f"over one step {state}_t = {factor} {state}_{{t-1}} + …, exactly affine in {state} "
            f"when the other states are held (midpoint test: below 1e-12); over two steps "
            f"{state} reaches itself through other states and their activations",
            numbers,
        )
    return Finding(
        CONDITIONS,
        f"only with the gates held: the direct term is {factor} {state}_{{t-1}}, but gates read "
        f"{state} through their activations: between two states the step departs from its "
        f"chord by {bend:.3g}",
        numbers,
    )


def _bend(cell: Cell, state: str) -> float:
    """How far the step at a midpoint is from the mean of the steps at the ends."""
    rng = np.random.default_rng(0)
    params = {k: rng.standard_normal(v.shape) for k, v in zeros(cell, 4).items()}
    x = rng.standard_normal((1, input_size(cell, params)))
    start = {s: rng.standard_normal(4) for s in cell.states}
    ends = rng.standard_normal((2, 4))
    steps = [
        simulate(cell, params, x, {**start, state: value})[state][0]
        for value in (ends[0], ends[1], ends.mean(axis=0))
    ]
    return float(np.abs(steps[2] - (steps[0] + steps[1]) / 2).max())


def misprinted_candidate(
    cells: Sequence[Cell], state: str, candidate: str, gain: float, steps: int
) -> Finding:
    """Whether a formula as printed keeps the state in [-1, 1], as the one that is meant does."""
    printed, mended, known = cells
    interval = ranges(printed)[candidate]
    same = same_cell([printed, mended])
    if same.verdict == PROVED:
        return Finding(PROVED, f"it is {mended.name}: {same.reason}")
    own = {str(m) for m in printed.equations[candidate].atoms(sp.MatrixSymbol)}
    params = zeros(printed, 4)
    for p in printed.parameters.values():
        if p.kind == "matrix":
            params[p.name] = (gain if p.name in own else -gain) * np.eye(4)
    run = simulate(printed, params, np.ones((steps, 4)), {state: np.ones(4)})
    last = float(np.abs(run[state][-1]).max())
    stays = ranges(mended)[state].within(-1, 1)
    return Finding(
        FALSE,
        f"as printed, {equation(printed, candidate)}, and {candidate} {shown(interval)}: with the "
        f"candidate's matrices {gain:g} I, the others {-gain:g} I and x = 1, |{state}| = "
        f"{last:.3g} after {steps} steps. With the parenthesis one term later, "
        f"{equation(mended, candidate)}, {state} {'stays' if stays else 'does not stay'} in "
        f"[-1, 1], and that is {known.name}: {same_cell([mended, known]).reason.split(';')[0]}. "
        f"Not the same: {same.reason}",
        {f"|{state}| after {steps} steps": last},
    )
