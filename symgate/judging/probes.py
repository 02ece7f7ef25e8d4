"""What checks look at: the carry of a state, its curve of gradients, parameters set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, Expr

from symgate.algebra.printing import text
from symgate.algebra.vectors import MatVec, variable
from symgate.equations.cell import Cell
from symgate.linear.carry import Carry, carries
from symgate.linear.intervals import Interval
from symgate.linear.linearise import linearise
from symgate.numerics.initialise import bias_of, init
from symgate.numerics.product import lag_norms
from symgate.numerics.simulate import simulate

Array = NDArray[Any]
Numbers = dict[str, Array]


def carry_of(cell: Cell, state: str) -> Carry | None:
    """How a state passes to itself, where it does."""
    return next((c for c in carries(linearise(cell)) if c.state == state), None)


def equation(cell: Cell, name: str, expression: Expr | None = None) -> str:
    """An equation as on a board, or its left side with another right side."""
    right = cell.equations[name] if expression is None else expression
    return f"{text(variable(name))} = {text(right, cell.orders[name])}"


def shown(interval: Interval) -> str:
    """An interval in words.

    >>> from symgate.linear.intervals import EVERYTHING, UNIT
    >>> shown(UNIT), shown(EVERYTHING)
    ('lies in [0, 1]', 'has no bound')
    """
    if not interval.is_bounded:
        return "has no bound"
    return f"lies in [{interval.low}, {interval.high}]"


def affine_slope(expression: Expr, atom: Expr) -> Expr | None:
    """The factor of a variable in an expression that is affine in it, else None."""
    stand_in = Dummy(real=True)
    inside = [m for m in expression.atoms(MatVec) if m.has(atom)]
    if inside:
        return None
    plain = expression.xreplace({atom: stand_in})
    slope = plain.diff(stand_in)
    return None if slope.has(stand_in) else slope.xreplace({stand_in: atom})


def zeros(cell: Cell, hidden: int) -> Numbers:
    """All parameters zero."""
    return {k: np.zeros_like(v) for k, v in init(cell, hidden=hidden, input=hidden).items()}


def biased(cell: Cell, hidden: int, biases: Mapping[str, float]) -> Numbers:
    """All weights zero, and the biases of some gates as given."""
    params = zeros(cell, hidden)
    for gate, value in biases.items():
        params[bias_of(cell, gate)] += value
    return params


def curve(cell: Cell, state: str, params: Numbers, lags: int, x: Array | None = None) -> Array:
    """log10 of ‖∂state_t/∂state_{t-k}‖₂ for k = 0 … lags; without x the input is zero."""
    width = input_size(cell, params)
    inputs = np.zeros((lags + 1, width)) if x is None else x
    run = simulate(cell, params, inputs)
    return np.asarray(lag_norms(run, state, state, lags, norm="spectral").log10_norm)


def input_size(cell: Cell, params: Numbers) -> int:
    """How many inputs the parameters take."""
    letter = str(cell.size(cell.inputs[0]))
    for p in cell.parameters.values():
        for size, length in zip(p.shape, params[p.name].shape, strict=True):
            if str(size) == letter:
                return int(length)
    return 1


def usual(cell: Cell, state: str, hidden: int, lags: int) -> Array:
    """The curve at the usual initialisation, over random input."""
    params = init(cell, hidden=hidden, input=hidden, seed=0)
    x = np.random.default_rng(0).standard_normal((lags + 1, hidden))
    return curve(cell, state, params, lags, x)


def keeping(cell: Cell, state: str, bias: float) -> dict[str, float]:
    """The biases that open the carry of a state: +bias for f, -bias for z in 1 - z."""
    carry = carry_of(cell, state)
    gates = carry.gates if carry is not None else {}
    return {gate: bias if keeps else -bias for gate, keeps in gates.items()}
