"""Row 16: the mean exponent of a random network in closed form: ⟨ln sech²⟩ + ln g - 1/2.

Derived here, for the network of row 13: the mean of all exponents is (1/N) ⟨ln |det J|⟩.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

import symgate as sg
from analysis.published.chaos import CELL, run
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.algebra.vectors import variable
from symgate.plots.style import BLUE, RED, styled

GAINS, FINITE = (1.5, 2, 3, 5), (1.5, 2, 3)
UNITS, STEPS, BURN_IN = 200, 250, 50


@lru_cache(maxsize=8)
def spectrum(gain: float) -> sg.Lyapunov:
    return sg.lyapunov(run(gain, UNITS, STEPS), burn_in=BURN_IN)


@lru_cache(maxsize=8)
def mean_exponent(gain: float) -> float:
    """(1/N) of the mean ln |det J| = ln |det U| + Σ ln sech² h along the simulated run."""
    simulated = run(gain, UNITS, STEPS)
    h = simulated["h"][BURN_IN - 1 : -1]
    slopes = -2 * (np.logaddexp(h, -h) - np.log(2))
    return float(slopes.mean() + np.linalg.slogdet(simulated.params["U"])[1] / UNITS)


def closed_form(gain: float) -> float:
    """⟨ln sech²⟩ + ln g - 1/2."""
    slope = -2 * sp.log(sp.cosh(variable("h", 1)))
    return float(sg.mean_field(CELL, gain).average(slope) + np.log(gain) - 0.5)


def numbers() -> dict[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    for g in GAINS:
        found[f"g = {g:g}, closed form"] = closed_form(g)
        found[f"g = {g:g}, simulated at N = 200"] = mean_exponent(g)
    for g in FINITE:
        by_qr = spectrum(g).exponents.mean()
        found[f"g = {g:g}, exponents by QR less that"] = float(by_qr - mean_exponent(g))
    return {16: found}


def remarks() -> dict[int, str]:
    return {
        16: "At g = 5 some |h| lie above 19, where the slope 1 - tanh² is 0 in double precision: "
        "the exponents by QR are then -∞, as they say. The simulated value is therefore the mean "
        "of ln |det J| along the run, from ln sech², and equals the mean of the exponents by QR "
        "wherever these are finite."
    }


@styled
def draw() -> Picture:
    figure, ax = canvas()
    at = np.linspace(1.02, 6, 60)
    ax.plot(at, [closed_form(g) for g in at], color=RED, label="closed form")
    ax.plot(GAINS, [mean_exponent(g) for g in GAINS], "s", color=BLUE, label="N = 200")
    ax.set_xlabel("gain $g$")
    ax.set_ylabel("mean of all exponents (nats per step)")
    ax.legend(frameon=False)
    return Picture(
        figure,
        "x ← J tanh x, J_ij ~ N(0, g²/N), no input. Line: ⟨ln sech²⟩ + ln g - 1/2, derived here; "
        "points: one network of 200 units each, 200 steps after 50 of burn-in.",
    )


if __name__ == "__main__":
    raise SystemExit(main("mean_exponent"))
