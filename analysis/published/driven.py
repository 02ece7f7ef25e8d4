"""Row 18: the growth factor χ of a tanh network driven by noise, predicted and measured.

In the manner of Chen, Pennington, Schoenholz, Dynamical Isometry and a Mean Field Theory of
RNNs (2018); only its abstract was at hand, so that it is not compared with.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLACK, BLUE, RED, styled

CELL, UNITS, BURN_IN, LAGS = sg.cell("rnn"), 800, 60, 20
CASES = ((1.0, 0.1), (1.5, 0.5), (2.0, 1.0), (0.9, 0.25))


@lru_cache(maxsize=8)
def curve(gain: float, variance: float) -> Any:
    """ln of (1/N) ‖J_t … J_{t-k+1}‖² over k, with the drive as input noise."""
    params = sg.init(CELL, hidden=UNITS, input=UNITS, scheme="gaussian", gain=gain, seed=0,
                     values={"W": np.eye(UNITS)})  # fmt: skip
    noise = np.random.default_rng(1).normal(size=(BURN_IN + LAGS, UNITS)) * np.sqrt(variance)
    run = sg.simulate(CELL, params, noise)
    return 2 * np.log(10) * sg.lag_norms(run, lags=LAGS, norm="frobenius").log10_norm - np.log(
        UNITS
    )


def measured(gain: float, variance: float) -> float:
    """The mean growth over the lags."""
    return float(np.exp(curve(gain, variance)[LAGS] / LAGS))


def critical_variance(gain: float) -> float:
    """The variance of the drive at which χ = 1: less is chaos."""
    low, high = 1e-4, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        chaotic = sg.mean_field(CELL, gain, middle).chi > 1
        low, high = (middle, high) if chaotic else (low, middle)
    return (low + high) / 2


def numbers() -> dict[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    for g, s in CASES:
        solved = sg.mean_field(CELL, g, s)
        found[f"g = {g:g}, s² = {s:g}: q"] = solved.variance["a_h"]
        found[f"g = {g:g}, s² = {s:g}: χ"] = solved.chi
        found[f"g = {g:g}, s² = {s:g}: χ measured"] = measured(g, s)
    found["g = 2: λ₁ = 0 at s²"] = critical_variance(2.0)
    found["g = 1.5: λ₁ = 0 at s²"] = critical_variance(1.5)
    return {18: found}


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.2)
    lags = np.arange(LAGS + 1)
    for g, s in CASES:
        chi = sg.mean_field(CELL, g, s).chi
        left.plot(lags, curve(g, s), "o", ms=3.5, color=BLUE)
        left.plot(lags, lags * np.log(chi), color=RED, lw=1.4)
        left.text(LAGS + 0.7, LAGS * np.log(chi), f"$g={g:g},\\ s^2={s:g}$", va="center",
                  fontsize=9)  # fmt: skip
    left.set_xlim(0, LAGS + 10)
    left.set_xticks(range(0, LAGS + 1, 5))
    left.set_xlabel("lag $k$")
    left.set_ylabel(r"$\ln\, (1/N)\,\|J_k\cdots J_1\|^2$")
    left.set_title(r"points: measured; lines: $k\, \ln\chi$")
    variances = np.concatenate([np.geomspace(1e-3, 0.1, 8), np.linspace(0.15, 3, 16)])
    right.plot(variances, [sg.critical_gain(CELL, v) for v in variances], color=BLACK)
    right.plot([1.63596, 0.18614], [2, 1.5], "o", color=RED)
    right.text(0.6, 2.25, "grows", ha="center")
    right.text(1.8, 1.4, "vanishes", ha="center")
    right.set_ylim(1, 2.5)
    right.set_xlabel("variance $s^2$ of the drive")
    right.set_ylabel("gain $g$")
    right.set_title(r"critical line $\chi = 1$; points: the table")
    return Picture(
        figure,
        f"h ← tanh(J h + noise), J_ij ~ N(0, g²/N), N = {UNITS}, one network and one sequence. In "
        f"the manner of Chen, Pennington and Schoenholz (2018); formula derived from the cell.",
    )


if __name__ == "__main__":
    raise SystemExit(main("driven"))
