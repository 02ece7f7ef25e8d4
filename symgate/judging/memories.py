"""Claims about states that are matrices: what they keep, and what makes them forget."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from symgate.bounds.norms import bounds
from symgate.equations.cell import Cell
from symgate.judging.finding import FALSE, PROVED, Finding, Number
from symgate.judging.formulas import Board
from symgate.judging.probes import on_noise
from symgate.linear.jacobian import jacobian
from symgate.numerics.product import lag_norms, vector_norms
from symgate.numerics.simulate import simulate

#: How far a measured number may be from the law that it is held against, in decades.
CLOSE = 1e-9


def forgets_by_slots(
    cells: Sequence[Cell], state: str, key: str, hidden: int, lags: int, beta: float, sequences: int
) -> Finding:
    """Whether one step touches the direction of its key alone, and what random keys make of it.

    The cell is that of a memory with its keys as inputs and the writing strength as a
    parameter. For isotropic unit keys the mean of ‖·‖_F² falls by 1 - (2β - β²)/n a step.
    """
    known, cell = cells
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((lags, sequences, hidden))
    keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
    x = {name: keys if name == key else np.zeros_like(keys) for name in cell.inputs}
    run = simulate(cell, {"beta": np.array(beta)}, x)
    all_slots, one_slot = (
        lag_norms(run, state, state, lags, norm=norm).log10_norm
        for norm in ("frobenius", "spectral")
    )
    square = 2 * (all_slots[-1] - all_slots[0])
    most = bounds(known).total(known.states[0], known.states[0])
    numbers: dict[str, Number] = {
        "hidden": hidden,
        "others": hidden - 1,
        "lags": lags,
        "beta": beta,
        "sequences": sequences,
        "kept": float(np.mean(10.0**square)),
        "law": (1 - (2 * beta - beta**2) / hidden) ** lags,
        "spectral": float(np.mean(10.0 ** one_slot[-1])),
        "log10_by_time": lags * math.log10(1 - beta),
    }
    told = (
        f"Each row of {state} is multiplied by I - β k kᵀ with ‖k‖ = 1. Its eigenvalues are 1, for "
        "the {others} directions at right angles to the key, and 1 - β along the key: one slot is "
        "replaced, and the others stay as they are.",
        f"Its norm is at most {most}, by the ranges of β and ‖k‖.",
        "With {hidden} components, β = {beta} and {sequences} sequences of keys in random "
        "directions, the mean of ‖·‖_F² after {lags} steps is {kept} of what it was; the law for "
        "random keys, (1 - (2β - β²)/n)^k, says {law}. A gate that keeps 1 - β of everything "
        "leaves {log10_by_time}.",
        "The spectral norm, which is that of the slot written least, is then still {spectral}.",
    )
    holds = most == 1 and abs(math.log(numbers["kept"] / numbers["law"])) < 0.1
    formulas = (Board(known).jacobian(known.states[0], known.states[0]),)
    return Finding(PROVED if holds else FALSE, told, numbers, formulas)


def keeps_all(cells: Sequence[Cell], state: str, hidden: int, lags: int) -> Finding:
    """Whether the Jacobian of a state is the identity at every step."""
    (cell,) = cells
    whole = jacobian(cell, state, state)
    run = on_noise(cell, hidden, lags)
    log = lag_norms(run, state, state, lags, norm="spectral").log10_norm
    numbers: dict[str, Number] = {"lags": lags, "log10_norm": float(log[-1])}
    told = (
        f"∂{state}_t/∂{state}_{{t-1}} is I: what was written stays, at any input. After {{lags}} "
        "steps the gradient is {log10_norm}.",
        "Nothing makes room either: the sum of all that was written is what a query finds.",
    )
    holds = whole.is_Identity and abs(log[-1]) < CLOSE
    return Finding(PROVED if holds else FALSE, told, numbers, (Board(cell).jacobian(state, state),))


def half_life_of_a_constant(
    cells: Sequence[Cell], state: str, hidden: int, lags: int, gamma: float
) -> Finding:
    """Whether the gradient halves after ln 2 / (-ln γ) steps."""
    (cell,) = cells
    run = on_noise(cell, hidden, lags, values={"gamma": gamma})
    log = lag_norms(run, state, state, lags, norm="spectral").log10_norm
    numbers: dict[str, Number] = {
        "gamma": gamma,
        "lags": lags,
        "half_life": math.log(2) / -math.log(gamma),
        "measured": float(-lags * math.log10(2) / log[-1]),
    }
    told = (
        f"∂{state}_t/∂{state}_{{t-k}} is γ^k I, at any input: it halves after as many steps as "
        "the logarithm of one half to the base γ, for γ = {gamma} after {half_life:6}. Measured "
        "over {lags} steps it halves after {measured:6}.",
    )
    holds = abs(numbers["half_life"] / numbers["measured"] - 1) < CLOSE
    return Finding(PROVED if holds else FALSE, told, numbers, (Board(cell).jacobian(state, state),))


def forgets_by_its_gate(
    cells: Sequence[Cell], state: str, gate: str, output: str, hidden: int, lags: int
) -> Finding:
    """Whether the memory forgets by the product of its gate, and the reading divides it."""
    (cell,) = cells
    run = on_noise(cell, hidden, lags)
    log = lag_norms(run, state, state, lags, norm="spectral").log10_norm
    product = np.log10(run[gate][::-1]).cumsum()[:lags]
    row = np.zeros(run.shape(output))
    row[0] = 1.0
    read = vector_norms(run, row, output, state, lags).log10_norm
    q, n, o = run["q"][-1], run["n"][-1], run["o"][-1]
    divisor = max(abs(float(n @ q)), 1.0)
    expected = product + np.log10(o[0] * np.linalg.norm(q) / divisor)
    numbers: dict[str, Number] = {
        "lags": lags,
        "log10_norm": float(log[-1]),
        "log10_product": float(product[-1]),
        "divisor": divisor,
        "departure": float(np.abs(read[1:] - expected).max()),
    }
    told = (
        f"∂{state}_t/∂{state}_{{t-k}} is the product of the last k forget gates, a number: after "
        "{lags} steps the gradient is {log10_norm} and the product {log10_product}.",
        f"What reads the memory, {output} = o ⊙ {state} q / max(|nᵀ q|, 1), divides it: the row "
        f"of ∂{output}_t/∂{state}_{{t-k}} is that product times o ‖q‖ / max(|nᵀ q|, 1), here "
        "divided by {divisor}. At no lag do the logarithms (base 10) of the two "
        "differ by more than {departure}.",
    )
    same = np.abs(log[1:] - product).max() < CLOSE and numbers["departure"] < CLOSE
    formulas = tuple(Board(cell).jacobian(of, state) for of in (state, output))
    return Finding(PROVED if same else FALSE, told, numbers, formulas)
