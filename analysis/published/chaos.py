"""Row 13: chaos in a random network, from its mean field and from simulation.

Molgedey, Schuchhardt, Schuster, Suppressing Chaos in Neural Networks by Noise (1992).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLACK, BLUE, RED, styled

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


def numbers() -> dict[int, dict[str, Any]]:
    chaos: dict[str, Any] = {}
    for g in GAINS:
        found = sg.mean_field(CELL, g)
        chaos[f"g = {g:g}, Δ"] = found.second["h"]
        chaos[f"g = {g:g}, λ₁"] = found.exponent
    for g in SIMULATED:
        chaos[f"g = {g:g}, λ₁ simulated at N = 1000"] = largest(g)
    return {13: chaos}


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    at = np.geomspace(1.02, 10, 60)
    solved = [sg.mean_field(CELL, g) for g in at]
    left.plot(at, [found.second["h"] for found in solved], color=RED)
    left.set_ylabel(r"second moment $\Delta$ of $x$")
    right.plot(at, [found.exponent for found in solved], color=RED, label="mean field")
    right.plot(SIMULATED, [largest(g) for g in SIMULATED], "o", color=BLUE, label="N = 1000")
    right.axhline(0, color=BLACK, lw=0.8)
    right.set_ylabel("largest exponent (nats per step)")
    right.legend(frameon=False)
    for ax in (left, right):
        ax.set_xlabel("gain $g$")
    return Picture(
        figure,
        "x ← J tanh x, J_ij ~ N(0, g²/N), no input: chaos above g = 1. Lines: mean field; points: "
        "one network of 1000 units each, 2700 steps. After Molgedey, Schuchhardt and Schuster "
        "(1992).",
    )


if __name__ == "__main__":
    raise SystemExit(main("chaos"))
