"""Checks of what happens to a state: how far it goes, and what acts on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
from sympy import Abs

from symgate.algebra.vectors import variable
from symgate.bounds.ranges import ranges
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell
from symgate.judging.finding import CONDITIONS, FALSE, PROVED, Finding, Number
from symgate.judging.formulas import Board
from symgate.judging.probes import (
    WIDE,
    affine_slope,
    at_rest,
    biased,
    carry_of,
    curve,
    input_size,
    keeping,
    on_noise,
    within,
    zeros,
)
from symgate.linear.linearise import linearise
from symgate.linear.paths import count
from symgate.numerics.product import lag_norms
from symgate.numerics.simulate import simulate

#: Less than this is rounding.
ROUNDING = 1e-12


def weighted_mean(cells: Sequence[Cell], state: str, candidate: str, steps: int) -> Finding:
    """Whether a state is a mean of its old value and the candidate, with weights in [0, 1]."""
    (cell,) = cells
    board, known = Board(cell), ranges(cell)
    expression, old, new = cell.equations[state], variable(state, 1), variable(candidate)
    equation = board.equation(state)
    a, b = affine_slope(expression, old), affine_slope(expression, new)
    if a is None or b is None or sp.expand(expression - a * old - b * new) != 0:
        said = f"{state}_t is not a weighted sum of the old state and {candidate}_t."
        return Finding(FALSE, (said,), {}, (equation,))
    if sp.expand(a + b - 1) != 0:
        return Finding(FALSE, ("The weights do not add up to 1.",), {}, (equation,))
    if not known.of(a).within(0, 1):
        return Finding(FALSE, ("The weights do not stay in [0, 1].",), {}, (equation,))
    mean = board.write(
        Abs(variable(state)),
        "≤",
        a * Abs(old) + b * Abs(new),
        "≤",
        board.largest(Abs(old), sp.Integer(1)),
        like=state,
    )
    told = ["The weights lie in [0, 1] and add up to 1: proved by ranges, for any parameters."]
    if not known[state].within(-1, 1):
        told.append(f"But {candidate} {within(known[candidate])}, so |{state}| ≤ 1 fails.")
        return Finding(CONDITIONS, tuple(told), {}, (equation,))
    start, bias = 3.0, 5.0
    params = biased(cell, 1, keeping(cell, state, bias))
    run = simulate(cell, params, np.zeros((steps, 1)), {state: np.full(1, start)})
    numbers = {"start": start, "bias": bias, "steps": steps, "left": float(run[state][-1, 0])}
    told += [
        f"The candidate lies in [-1, 1], so |{state}| ≤ 1 at every step if it is so at the start, "
        "for instance at 0.",
        f"Other starts may break this: started at {{start}}, with all weights 0 and the gate's "
        f"bias {{bias}}, {state} is still {{left}} after {{steps}} steps.",
    ]
    return Finding(CONDITIONS, tuple(told), numbers, (equation, mean))


def state_without_bound(
    cells: Sequence[Cell], state: str, gates: Sequence[str], steps: int
) -> Finding:
    """Whether a state leaves [-1, 1], with all gates wide open, and how far it can get."""
    (cell,) = cells
    board = Board(cell)
    there = [gate for gate in gates if gate in cell.gates]
    run = at_rest(cell, biased(cell, 1, dict.fromkeys(there, WIDE)), steps)
    numbers: dict[str, Number] = {"bias": WIDE, "steps": steps, "last": float(run[state][-1, 0])}
    told = [
        f"With the biases of {', '.join(there)} at {{bias}} and all weights 0, {state} is "
        "{last:8} after {steps} steps from 0."
    ]
    formulas = [board.equation(state)]
    if abs(numbers["last"]) <= 1 + 1e-6:
        return Finding(FALSE, tuple(told), numbers, tuple(formulas))
    carry = carry_of(cell, state)
    if carry is not None:
        factor = carry.coefficient
        added = sp.expand(cell.equations[state] - factor * variable(state, 1))
        known = ranges(cell)
        if known.of(factor).within(0, 1) and known.of(added).within(-1, 1):
            told.insert(
                0,
                "The factor of the old state lies in [0, 1], and what is added in [-1, 1]: proved "
                "by ranges. So it can grow by 1 per step, and by no more.",
            )
            told[-1] = f"The limit of open gates reaches this: {_lowered(told[-1])}"
            old = variable(state, 1)
            formulas += [
                board.write(
                    Abs(variable(state)),
                    "≤",
                    factor * Abs(old) + Abs(added),
                    "≤",
                    Abs(old) + 1,
                    like=state,
                ),
                board.write(Abs(variable(state)), "≤", board.from_start(state)),
            ]
    return Finding(PROVED, tuple(told), numbers, tuple(formulas))


def shrinks(cells: Sequence[Cell], state: str, gates: Sequence[str], steps: int) -> Finding:
    """Whether a gate makes a state smaller: what it leaves of the old one, and the new one."""
    (cell,) = cells
    board, carry = Board(cell), carry_of(cell, state)
    equation = board.equation(state)
    if carry is None or not ranges(cell).of(carry.coefficient).within(0, 1):
        return Finding(FALSE, ("The factor does not stay in [0, 1].",), {}, (equation,))
    old = variable(state, 1)
    factor = carry.coefficient
    kept = board.write(Abs(factor * old), "≤", Abs(old), like=state)
    run = at_rest(cell, biased(cell, 1, dict.fromkeys(gates, WIDE)), steps)
    numbers: dict[str, Number] = {"steps": steps, "last": float(run[state][-1, 0])}
    told = ["What remains of the old state is no larger than before: proved by ranges."]
    if numbers["last"] <= 1:
        return Finding(PROVED, tuple(told), {}, (equation, kept))
    told.append(
        f"The new state may be larger: with all gates open, {state} grows from 0 to {{last:8}} in "
        "{steps} steps."
    )
    return Finding(CONDITIONS, tuple(told), numbers, (equation, kept))


def linear_in_state(cells: Sequence[Cell], state: str, hidden: int, lags: int) -> Finding:
    """Whether one step is affine in a state, and by which ways the state reaches itself."""
    (cell,) = cells
    board, lin = Board(cell), linearise(cell)
    carry = carry_of(cell, state)
    equation = board.equation(state)
    if carry is None:
        said = f"{state} reaches itself only through a matrix or an activation."
        return Finding(FALSE, (said,), {}, (equation,))
    own = {variable(state), variable(state, 1)}
    if any(factor.has(*own) for factor in sp.Mul.make_args(carry.coefficient)):
        said = f"The factor of the carry itself depends on {state} through an activation."
        return Finding(FALSE, (said,), {}, (equation,))
    run = on_noise(cell, hidden, lags)
    whole, alone = curve(run, state)[-1], curve(run, state, carry_alone=True)[-1]
    numbers: dict[str, Number] = {
        "hidden": hidden,
        "lags": lags,
        "log10_norm": float(whole),
        "log10_carry": float(alone),
    }
    measured = (
        "With PyTorch's default initialisation and {hidden} units, the gradient over {lags} steps "
        "is {log10_norm}, and that of the carry alone {log10_carry}."
    )
    formulas = (equation, board.jacobian(state, state))
    departure = _bend(cell, state)
    if departure > ROUNDING:
        ways = count(lin, state, state)
        numbers |= {"ways": ways, "others": ways - 1, "departure": departure}
        told = (
            f"The carry is one of {{ways}} paths from {state}_{{t-1}} to {state}_t, and it "
            f"meets no "
            "activation and no matrix. The other {others} pass through σ or tanh.",
            f"One step is not affine in {state}: with random weights, it deviates from its "
            f"chord by "
            "{departure} at the midpoint.",
            measured,
        )
        return Finding(FALSE, told, numbers, formulas)
    affine = [
        f"Over one step, with the other states held, {state}_t is affine in {state}_{{t-1}}: "
        "the carry is the only path, and it meets no activation and no matrix.",
    ]
    around = sum(count(lin, state, s) * count(lin, s, state) for s in cell.states if s != state)
    if around:
        numbers["around"] = around
        affine.append(
            f"Over two steps, {state} also reaches itself along {{around}} paths through other "
            f"states, "
            "gates and their activations."
        )
    return Finding(CONDITIONS, (*affine, measured), numbers, formulas)


def misprinted_candidate(
    cells: Sequence[Cell], state: str, candidate: str, gain: float, steps: int
) -> Finding:
    """Whether a formula as printed keeps the state in [-1, 1], as the one that is meant does."""
    printed, mended, known = cells
    same = compare(printed, mended)
    one, two = Board(printed), Board(mended)
    if same:
        return Finding(
            PROVED, (f"It is that of {mended.name}: proved.",), {}, (one.equation(candidate),)
        )
    own = {str(m) for m in printed.equations[candidate].atoms(sp.MatrixSymbol)}
    size = 1
    ends = []
    for cell in (printed, mended):
        params = zeros(cell, size)
        for p in cell.parameters.values():
            if p.kind == "matrix":
                params[p.name] = np.full((size, size), gain if p.name in own else -gain)
        x = np.ones((steps, input_size(cell, params)))
        run = simulate(cell, params, x, {state: np.ones(size)})
        last = lag_norms(run, state, state, 1, norm="spectral").log10_norm[1]
        with np.errstate(divide="ignore"):
            ends.append((float(np.log10(np.abs(run[state][-1, 0]))), float(last)))
    (size_printed, growth), (size_mended, shrink) = ends
    numbers: dict[str, Number] = {
        "gain": float(gain),
        "minus_gain": -float(gain),
        "steps": steps,
        "log10_printed": size_printed,
        "log10_mended": size_mended,
        "log10_jacobian_printed": growth,
        "log10_jacobian_mended": shrink,
    }
    stays = ranges(mended)[state].within(-1, 1)
    told = [
        f"As printed, the candidate {within(ranges(printed)[candidate])}: nothing squashes U h. "
        f"With the parenthesis moved by one term, {state} "
        f"{'stays in [-1, 1], proved by ranges' if stays else 'does not stay in [-1, 1]'}.",
        f"Take one unit, weights of {{gain}} in the candidate and {{minus_gain}} elsewhere, and "
        f"x = 1, starting from {state} = 1: after {{steps}} steps |{state}| is {{log10_printed}} "
        "as printed and {log10_mended} as meant, and the last Jacobian is "
        "{log10_jacobian_printed} and {log10_jacobian_mended}, respectively.",
        "As printed, no slope 1 - tanh² damps the path through U, and where W x + r = 0 the "
        "candidate is 0 whatever U h is.",
    ]
    relation = compare(mended, known)
    if relation or relation.conditions:
        where = "" if relation else " without biases"
        told.append(f"As meant, it is {known.name}{where}.")
    formulas = (
        one.equation(candidate),
        one.jacobian(candidate, state),
        *one.parts(candidate),
        two.equation(candidate),
        two.jacobian(candidate, state),
    )
    return Finding(FALSE, tuple(told), numbers, formulas)


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


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
