"""Rows 14, 15: the full Lyapunov spectrum at g = 3, at once and with a leak.

Clark (2026), arXiv 2610.12426, published for N = 4096; here N = 400, 400 steps.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLACK, BLUE, DASHED, RED, styled

CELL, UNITS, STEPS, BURN_IN, GAIN = sg.cell("rate-rnn"), 400, 400, 100, 3.0


@lru_cache(maxsize=2)
def spectrum(leak: float) -> sg.Lyapunov:
    """All exponents of x ← (1 - δ) x + δ J tanh x, per unit of time."""
    params = sg.init(
        CELL, hidden=UNITS, input=1, scheme="gaussian", gain=GAIN, seed=0, values={"alpha": leak}
    )
    start = {"h": np.random.default_rng(0).normal(size=UNITS)}
    before = sg.simulate(CELL, params, np.zeros((1000, 1)), start)
    run = sg.simulate(CELL, params, np.zeros((BURN_IN + STEPS, 1)), {"h": before["h"][-1]})
    return sg.lyapunov(run, burn_in=BURN_IN, dt=leak)


def described(found: sg.Lyapunov) -> dict[str, Any]:
    return {
        "λ₁": found.largest,
        "unstable fraction": found.unstable_fraction,
        "h_KS / N": found.entropy / UNITS,
        "D_KY / N": found.dimension / UNITS,
        "mean exponent": float(found.exponents.mean()),
    }


def numbers() -> dict[int, dict[str, Any]]:
    whole = spectrum(1.0)
    check = {"sum less mean ln |det J|": float(whole.sum - whole.log_abs_det)}
    return {14: described(whole) | check, 15: described(spectrum(0.5))}


def remarks() -> dict[int, str]:
    variance = float(spectrum(1.0).exponents.var())
    return {
        14: "The source also gives the variance of the exponents, 6.310449, for which no "
        f"tolerance at N = {UNITS} is known; here it is {variance:.3f}."
    }


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    for leak, colour, dash in ((1.0, BLUE, "solid"), (0.5, RED, DASHED)):
        found = spectrum(leak)
        place = (np.arange(UNITS) + 0.5) / UNITS
        left.plot(place, found.exponents, color=colour, ls=dash, label=f"$\\delta = {leak:g}$")
        right.plot(found.at, found.convergence[:, 0], color=colour, ls=dash)
    left.axhline(0, color=BLACK, lw=0.8)
    left.set_ylim(-8, 0.8)
    left.set_xlabel("place in the spectrum / N")
    left.set_ylabel("exponent per unit of time")
    left.legend(frameon=False)
    right.axhline(0.309583, color=BLUE, lw=0.8)
    right.axhline(0.214528, color=RED, lw=0.8)
    right.set_xlabel("steps")
    right.set_title("largest exponent; thin: published at N = 4096", fontsize=9.5)
    return Picture(
        figure,
        f"x ← (1 - δ) x + δ J tanh x, J_ij ~ N(0, g²/N), g = 3, N = {UNITS}, {STEPS} steps after "
        f"{BURN_IN} of burn-in, one network (seed 0). Published numbers: Clark (2026), arXiv "
        f"2610.12426, N = 4096.",
    )


if __name__ == "__main__":
    raise SystemExit(main("spectrum"))
