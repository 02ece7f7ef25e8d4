"""The verbs of the claims that measure: parameters set by hand, runs, curves of gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.judging.verbs import carry, recurrent_names
from symgate.linear.paths import CARRY
from symgate.linear.transition import named_paths
from symgate.numerics import functions
from symgate.numerics.arrays import draws_of
from symgate.numerics.biases import bias_of
from symgate.numerics.initialise import init
from symgate.numerics.product import lag_norms, vector_norms
from symgate.numerics.run import Run
from symgate.numerics.simulate import simulate

Array = NDArray[Any]

#: Verbs that are NumPy's own.
ARRAYS: dict[str, Any] = {"mean": np.mean, "length": np.linalg.norm}
Numbers = dict[str, Array]


# -- parameters ---------------------------------------------------------------------------


def _zeros(cell: Cell, hidden: int) -> Numbers:
    return {k: np.zeros_like(v) for k, v in init(cell, hidden=hidden, input=hidden).items()}


def biased(cell: Cell, hidden: int, biases: Mapping[str, float]) -> Numbers:
    """All weights zero, and the biases of some gates as given."""
    params = _zeros(cell, hidden)
    for gate, value in biases.items():
        params[bias_of(cell, gate)] += value
    return params


def recurrent(cell: Cell, hidden: int, gain: float) -> Numbers:
    """Each matrix that acts on a state gain · I, all other parameters zero."""
    names = recurrent_names(cell)
    return {
        name: gain * np.eye(*value.shape) if name in names else value
        for name, value in _zeros(cell, hidden).items()
    }


def openable(cell: Cell) -> list[str]:
    """The gates that have a bias."""
    found = []
    for gate in cell.gates:
        with suppress(SymgateError):
            bias_of(cell, gate)
            found.append(gate)
    return found


def keeping(cell: Cell, state: str, bias: float) -> dict[str, float]:
    """The biases that open the carry of a state: +bias for f, -bias for z in 1 - z."""
    found = carry(cell, state)
    gates = {} if found is None else found.gates
    return {gate: bias if keeps else -bias for gate, keeps in gates.items()}


# -- runs ---------------------------------------------------------------------------------


def rest(cell: Cell, params: Numbers, steps: int, start: Mapping[str, Array] | None = None) -> Run:
    """A run without input, from states 0."""
    return simulate(cell, params, np.zeros((steps, _input_size(cell, params))), start)


def noise(cell: Cell, hidden: int, steps: int, **options: Any) -> Run:
    """A run on standard normal inputs, as initialised."""
    params = init(cell, hidden=hidden, input=hidden, seed=0, **options)
    shape = (steps, hidden)
    return simulate(cell, params, {n: draws_of(n, 0).normal(size=shape) for n in cell.inputs})


def with_unit_keys(
    cell: Cell, key: str, beta: float, hidden: int, lags: int, sequences: int
) -> Run:
    """A run of a memory whose keys are inputs of length 1, in random directions."""
    rng = np.random.default_rng(0)
    keys = rng.standard_normal((lags, sequences, hidden))
    keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
    x = {name: keys if name == key else np.zeros_like(keys) for name in cell.inputs}
    return simulate(cell, {"beta": np.array(beta)}, x)


def pushed(cell: Cell, names: Sequence[str], gain: float, steps: int) -> Run:
    """A run of one unit from ones: matrices gain if they are named and -gain if not, x = 1."""
    params = _zeros(cell, 1)
    for p in cell.parameters.values():
        if p.kind == "matrix":
            params[p.name] = np.full((1, 1), 1.0 * gain if p.name in names else -1.0 * gain)
    x = np.ones((steps, _input_size(cell, params)))
    return simulate(cell, params, x, {state: np.ones(1) for state in cell.states})


def ending(run: Run, name: str) -> float:
    return float(run[name][-1, 0])


def reached(
    cell: Cell, name: str, biases: Mapping[str, float], steps: int, start: float = 0
) -> float:
    """A value of one unit after some steps with all weights 0 and some biases."""
    first = {name: np.full(1, float(start))} if start else None
    return ending(rest(cell, biased(cell, 1, biases), steps, first), name)


def bend(cell: Cell, state: str) -> float:
    """How far the step at a midpoint is from the mean of the steps at the ends."""
    rng = np.random.default_rng(0)
    params = {k: rng.standard_normal(v.shape) for k, v in _zeros(cell, 4).items()}
    x = rng.standard_normal((1, _input_size(cell, params)))
    start = {s: rng.standard_normal(4) for s in cell.states}
    ends = rng.standard_normal((2, 4))
    steps = [
        simulate(cell, params, x, {**start, state: value})[state][0]
        for value in (ends[0], ends[1], ends.mean(axis=0))
    ]
    return float(np.abs(steps[2] - (steps[0] + steps[1]) / 2).max())


def parted(one: Cell, two: Cell) -> list[Any] | str:
    """Where two cells end that are given the same numbers, as far as names are the same; in
    place of that, whether their states or their shapes are different."""
    if {*one.states} != {*two.states} or one.inputs != two.inputs:
        return "states"
    rng = np.random.default_rng(0)
    params = {k: rng.integers(-9, 10, v.shape) / 10 for k, v in _zeros(one, 2).items()}
    other = {k: params.get(k, v) for k, v in _zeros(two, 2).items()}
    start = {s: np.array([1.0, -1.0]) for s in one.states}
    x = np.ones((1, _input_size(one, params)))
    try:
        pairs = ((one, params), (two, other))
        return [simulate(c, p, x, start)[one.output][0].tolist() for c, p in pairs]
    except SymgateError:
        return "shapes"


def _input_size(cell: Cell, params: Numbers) -> int:
    letter = str(cell.size(cell.inputs[0]))
    for p in cell.parameters.values():
        for size, length in zip(p.shape, params[p.name].shape, strict=True):
            if str(size) == letter:
                return int(length)
    return 1


# -- curves: log10 of a norm at each lag ---------------------------------------------------


def curve(run: Run, state: str, *, carry_alone: bool = False) -> Array:
    """log10 of ‖∂state_t/∂state_{t-k}‖₂ for all lags of a run, or of the carry's share."""
    step = named_paths(run.cell).step(lambda name: name == CARRY) if carry_alone else None
    norms = lag_norms(run, state, state, run.steps, norm="spectral", step=step)
    return np.asarray(norms.log10_norm)


def fallen(run: Run, state: str, norm: str) -> Array:
    """log10 of what is left of a norm after all the steps, for each sequence."""
    found = lag_norms(run, state, state, run.steps, norm=norm).log10_norm
    return found[-1] - found[0]


def row_curve(run: Run, output: str, state: str) -> Array:
    """log10 of the length of the first row of ∂output_t/∂state_{t-k}, from lag 1 on."""
    row = np.zeros(run.shape(output))
    row[0] = 1.0
    return vector_norms(run, row, output, state, run.steps).log10_norm[1:]


def opened(cell: Cell, state: str, bias: float, steps: int) -> Array:
    """The curve with all weights 0 and the bias that opens the carry."""
    return curve(rest(cell, biased(cell, 1, keeping(cell, state, bias)), steps), state)


def product_back(run: Run, gate: str) -> Array:
    """log10 of the product of the last 1, 2, … values of a gate that is a number."""
    return np.log10(run[gate][::-1]).cumsum()


def farthest(one: Array, other: Array) -> float:
    return float(np.abs(one - other).max())


def first_below(curve: Array, log10: float) -> int | None:
    below = np.flatnonzero(curve < log10)
    return int(below[0]) if len(below) else None


def slope(curve: Array) -> float:
    """Decades a step, over the second half of a curve."""
    half = len(curve) // 2
    with np.errstate(invalid="ignore"):  # -inf where a gradient is zero
        return float(curve[-1] - curve[half]) / (len(curve) - 1 - half)


def half_life(curve: Array) -> float:
    """Steps in which a curve of log10 norms falls by half; infinite where it does not."""
    fall = -slope(curve)
    return math.log10(2) / fall if fall > 0 else math.inf


# -- numbers ------------------------------------------------------------------------------


def log10(value: Any) -> Any:
    with np.errstate(divide="ignore"):  # of 0
        return np.log10(value)


def ends_of_sigmoid() -> tuple[int, int]:
    """The whole numbers from which on σ is 0, and 1, in double precision."""
    a = np.arange(1000.0)
    with np.errstate(over="ignore"):
        zero, one = functions.sigmoid(-a) == 0.0, functions.sigmoid(a) == 1.0
    return -int(zero.argmax()), int(one.argmax())
