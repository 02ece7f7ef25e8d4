"""Intervals and bounds hold: what they enclose is drawn at random and never outside."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.bounds.growth import growths
from symgate.bounds.intervals import EVERYTHING, Between, enclosed
from symgate.bounds.norms import bounds
from symgate.bounds.ranges import ranges

ENDS = [F(-3), F(-1), F(-1, 2), F(0), F(1, 3), F(1), F(2)]
INTERVALS = [Between(a, b) for a, b in itertools.combinations_with_replacement(ENDS, 2)]


def inside(interval: Between) -> list[F]:
    return [interval.low + (interval.high - interval.low) * F(i, 6) for i in range(7)]


def holds(found: Between, values: list[Any]) -> bool:
    return all(found.low <= v <= found.high for v in values)


def test_operations_of_two_intervals() -> None:
    for one, other in itertools.product(INTERVALS, repeat=2):
        pairs = list(itertools.product(inside(one), inside(other)))
        assert holds(one + other, [a + b for a, b in pairs])
        assert holds(one * other, [a * b for a, b in pairs])
        assert holds(one.above(other), [max(p) for p in pairs])
        assert holds(one.below(other), [min(p) for p in pairs])
        assert holds(one.hull(other), [*inside(one), *inside(other)])


def test_operations_of_one_interval_are_exact() -> None:
    for one in INTERVALS:
        assert holds(abs(one), [abs(a) for a in inside(one)])
        for exponent in (1, 2, 3, 4):
            powers = [a**exponent for a in inside(one)]
            assert holds(one.power(exponent), powers)
            low = 0 if exponent % 2 == 0 and one.low <= 0 <= one.high else min(powers)
            assert one.power(exponent) == Between(F(low), max(powers))
        if one.low <= 0 <= one.high:
            assert math.inf in (one.power(-1).high, -one.power(-1).low)
        else:
            assert one.power(-1) == Between(1 / one.high, 1 / one.low)


@pytest.mark.parametrize("number", [sp.pi, -sp.pi, sp.E, sp.sqrt(2), 1 / sp.E, sp.exp(40)])
def test_irrational_numbers_are_enclosed(number: sp.Expr) -> None:
    found = enclosed(number)
    assert sp.Rational(found.low) < number < sp.Rational(found.high)
    assert found != EVERYTHING


#: Cells in which plain interval arithmetic, or a rule of ours used too freely, would be wrong.
CELLS = {
    "a quotient with a sign": "z[t] = tanh(W @ x[t])\nh[t] = z[t] / (z[t] + 2) + 0.1 * h[t-1]",
    "no share": (
        "z[t] = tanh(W @ x[t])\nr[t] = 2 + sigmoid(V @ x[t])\n"
        "h[t] = z[t] / (z[t] + r[t]) + 0.1 * h[t-1]"
    ),
    "no mean": "z[t] = 3 * tanh(W @ x[t])\nh[t] = z[t] * sin(h[t-1]) + (1 - z[t]) * cos(h[t-1])",
    "extrema inside": "z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * (1 - z[t]) + 0.2 * h[t-1]",
    "a pole": "z[t] = tanh(W @ x[t])\nh[t] = tanh(1 / (z[t] - 0.5)) + 0.1 * h[t-1]",
    "grows": "h[t] = 1.5 * h[t-1] + tanh(W @ x[t])",
    "grows slowly": "h[t] = h[t-1] + sigmoid(W @ x[t])",
    "grows through a matrix": "h[t] = h[t-1] + U @ h[t-1] + tanh(W @ x[t])",
    "beyond one": (
        "z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * h[t-1] + (1 - z[t]) * 2 * tanh(V @ x[t])"
    ),
    "a pole inside": (
        "z[t] = tanh(W @ x[t])\nr[t] = z[t] / (z[t] - 0.5)\nh[t] = tanh(r[t]) + 0.1 * h[t-1]"
    ),
    "normed": "z[t] = layer_norm(W @ x[t])\nh[t] = tanh(z[t]) + 0.1 * h[t-1]",
    "shares": "z[t] = softmax(W @ x[t])\nh[t] = tanh(z[t]) + 0.1 * h[t-1]",
    "powers": "z[t] = 2 * tanh(W @ x[t])\nh[t] = z[t]**2 + z[t]**3 + 0.1 * h[t-1]",
    "of two": "z[t] = tanh(W @ x[t])\nh[t] = max(z[t], 0.5 - z[t]) * min(z[t], 2) + 0.1 * h[t-1]",
}


@pytest.mark.parametrize("name", CELLS)
def test_values_stay_inside(name: str) -> None:
    cell = sg.Cell.from_text(CELLS[name])
    known = ranges(cell)
    for seed in range(3):
        params = sg.init(cell, 6, 2, "gaussian", seed, gain=2.0)
        x = 4 * np.random.default_rng(seed).normal(size=(60, 2))
        run = sg.simulate(cell, params, x)
        for value in cell.equations:
            assert known[value].low <= run[value].min(), value
            assert known[value].high >= run[value].max(), value


#: Squares, scaled and transposed matrices, outer products: each with what bounds it.
NORMS = {
    "h[t] = (2 * U) @ h[t-1] + W @ x[t]": "2 ‖U‖₂",
    "h[t] = (-U / 2) @ h[t-1] + W @ x[t]": "0.5 ‖U‖₂",
    "h[t] = (U.T @ V) @ h[t-1] + W @ x[t]": "‖U‖₂ ‖V‖₂",
    "h[t] = (2 * tanh(U @ h[t-1]))**2 / 4 + x[t]": "2 ‖U‖₂",
}


@pytest.mark.parametrize("text", NORMS)
def test_a_norm_in_words(text: str) -> None:
    assert sg.text(bounds(sg.Cell.from_text(text)).total("h", "h")) == NORMS[text]


BOUNDED = [
    "h[t] = (2 * U) @ h[t-1] + W @ x[t]",
    "h[t] = tanh(U @ h[t-1])**2 * 3 + W @ x[t]",
    "h[t] = (W @ x[t])**2 * sin(h[t-1]) * 0.1 + tanh(V @ (0.1 * h[t-1]))",
    "z[t] = (W @ x[t])**2\nh[t] = z[t]**2 * tanh(h[t-1]) * 0.1 + x[t] @ V",
    "h[t] = elu(U @ h[t-1], 3) * 0.3 + W @ x[t]",
    "h[t] = gelu(2 * U @ h[t-1]) - silu(V @ h[t-1]) + W @ x[t]",
    "h[t] = leaky_relu(U @ h[t-1], 3) * 0.2 + W @ x[t]",
    *CELLS.values(),
]


@pytest.mark.parametrize("text", BOUNDED)
def test_no_bound_is_broken_at_any_lag(text: str) -> None:
    cell = sg.Cell.from_text(text)
    for seed in range(3):
        d = sg.decay(cell, hidden=5, input=5, lags=15, samples=2, seed=seed, gain=(0.5, 1, 2)[seed])
        assert (d.log10_norm <= d.bounds.run_log10).all()
        assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()


def test_the_largest_value_of_a_power() -> None:
    text = "h[t] = (3 * (W @ x[t]))**4 * tanh(h[t-1]) + x[t]"
    for seed in range(3):
        d = sg.decay(sg.Cell.from_text(text), hidden=5, lags=12, seed=seed)
        assert (d.log10_norm <= d.bounds.run_log10).all()
        assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()
    cell = sg.Cell.from_text("h[t] = (U @ h[t-1])**3 + W @ x[t]")
    assert sg.text(bounds(cell).total("h", "h")) == "3 ‖U‖₂ ‖U h_{t-1}‖_∞²"


def test_what_a_matrix_feeds_back_has_no_growth_of_its_own() -> None:
    mixed = sg.Cell.from_text("h[t] = h[t-1] + U @ h[t-1] + sigmoid(W @ x[t])")
    assert not growths(mixed)
    alone = sg.Cell.from_text("h[t] = h[t-1] + sigmoid(W @ x[t])")
    assert set(growths(alone)) == {"h"}


@pytest.mark.parametrize("bounded", [False, True])
def test_a_worst_case_with_values_of_a_run_is_none_over_all_inputs(bounded: bool) -> None:
    k = "tanh(W @ x[t])" if bounded else "W @ x[t]"
    cell = sg.Cell.from_text(
        f"k[t] = {k}\nS[t] = S[t-1] @ (I - 0.5*outer(k[t], k[t])) + outer(k[t], k[t])"
    )
    found = sg.decay(cell, hidden=3, lags=5).bounds
    assert found is not None
    assert found.of_run == (() if bounded else ("‖k_t‖_∞",))
    assert found.worst_case == "worst case" + ("" if bounded else " on this run's inputs")
