"""Rows 13, 16: chaos in a random network, from its mean field and from simulation.

Molgedey, Schuchhardt, Schuster, Suppressing Chaos in Neural Networks by Noise (1992); the mean
exponent is derived here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from matplotlib.figure import Figure

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import canvas, caption
from symgate.algebra.vectors import variable
from symgate.plots.style import BLACK, BLUE, DASHED, GREEN, RED, styled

CELL = sg.cell("rnn-pre-activation")
GAINS, SIMULATED = (1.5, 2, 3, 5, 10), (2, 3, 5)


@lru_cache(maxsize=8)
def run(gain: float, units: int, steps: int) -> sg.Run:
    """A run on the attractor: 500 steps are left out."""
    params = sg.init(CELL, hidden=units, input=1, scheme="gaussian", gain=gain, seed=0)
    start = {"h": np.random.default_rng(0).normal(size=units)}
    before = sg.simulate(CELL, params, np.zeros((500, 1)), start)
    return sg.simulate(CELL, params, np.zeros((steps, 1)), {"h": before["h"][-1]})


@lru_cache(maxsize=8)
def largest(gain: float) -> float:
    """The largest exponent at N = 1000, from one direction."""
    return float(sg.lyapunov(run(gain, 1000, 3000), burn_in=300, count=1).largest)


@lru_cache(maxsize=8)
def spectrum(gain: float) -> sg.Lyapunov:
    return sg.lyapunov(run(gain, 200, 250), burn_in=50)


def closed_form(gain: float) -> float:
    """⟨ln sech²⟩ + ln g - 1/2."""
    slope = -2 * sp.log(sp.cosh(variable("h", 1)))
    return float(sg.mean_field(CELL, gain).average(slope) + np.log(gain) - 0.5)


def numbers() -> dict[int, dict[str, Any]]:
    chaos: dict[str, Any] = {}
    for g in GAINS:
        found = sg.mean_field(CELL, g)
        chaos[f"g = {g:g}, Δ"] = found.second["h"]
        chaos[f"g = {g:g}, λ₁"] = found.exponent
    for g in SIMULATED:
        chaos[f"g = {g:g}, λ₁ simulated at N = 1000"] = largest(g)
    mean: dict[str, Any] = {}
    for g in (1.5, 2, 3, 5):
        mean[f"g = {g:g}, closed form"] = closed_form(g)
        mean[f"g = {g:g}, simulated at N = 200"] = float(spectrum(g).exponents.mean())
    return {13: chaos, 16: mean}


@styled
def draw() -> Figure:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    at = np.geomspace(1.02, 10, 60)
    left.plot(at, [sg.mean_field(CELL, g).exponent for g in at], color=RED, label="mean field")
    left.plot(SIMULATED, [largest(g) for g in SIMULATED], "o", color=BLUE, label="N = 1000")
    left.axhline(0, color=BLACK, lw=0.8)
    left.set_title("largest exponent")
    right.plot(at, [closed_form(g) for g in at], color=RED, ls=DASHED, label="closed form")
    gains = (1.5, 2, 3, 5)
    right.plot(gains, [spectrum(g).exponents.mean() for g in gains], "s", color=GREEN,
               label="N = 200, all directions")  # fmt: skip
    right.set_title("mean exponent")
    for ax in (left, right):
        ax.set_xlabel("gain $g$")
        ax.set_ylabel("nats per step")
        ax.legend(frameon=False)
    return caption(
        figure,
        "x ← J tanh x, J_ij ~ N(0, g²/N), no input. Left after Molgedey, Schuchhardt and Schuster "
        "(1992), 2700 steps; right: ⟨ln sech²⟩ + ln g - 1/2, derived here, 200 steps.",
    )


if __name__ == "__main__":
    raise SystemExit(main("random_network"))
