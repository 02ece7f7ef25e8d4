"""Row 19: the growth factor of a minimalRNN, predicted and measured, and where it fails.

In the manner of Chen, Pennington, Schoenholz (2018), not compared with the paper. The averages
take the weights as drawn anew at each step; a network uses them again: (9, .5, 1, 2) shows both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from analysis.published.minimal_network import (
    CASES,
    FAILS,
    LAGS,
    UNITS,
    curve,
    name,
    predicted,
    rate,
)
from symgate.plots.style import BLUE, GREEN, RED, styled


def numbers() -> dict[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    for case in CASES:
        found[f"{name(case)}: χ"] = predicted(case).chi
        found[f"{name(case)}: χ measured"] = rate(curve(case))
    found["(4, 1, 1, 4): ξ"] = predicted(CASES[2]).xi
    return {19: found}


def remarks() -> dict[int, str]:
    chi, anew, again = predicted(FAILS).chi, rate(curve(FAILS, anew=True)), rate(curve(FAILS))
    return {
        19: f"Where the mean field fails: at {name(FAILS)} it predicts χ = {chi:.4f}. With "
        f"weights drawn anew at each step {anew:.4f} is measured, with one network that uses its "
        f"weights again {again:.4f}: the carried state meets the same weights at every step, "
        f"which the averages take as independent."
    }


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.2)
    lags = np.arange(LAGS + 1)
    for case in CASES:
        line = lags * np.log(predicted(case).chi)
        left.plot(lags, curve(case), "o", ms=3, color=BLUE)
        left.plot(lags, line, color=RED)
        left.annotate(name(case), (25, line[25]), xytext=(4, 5), textcoords="offset points")
    left.set_title("points: measured; lines: $k\\,\\ln\\chi$")
    once, again = curve(FAILS, anew=True), curve(FAILS)
    chi, paint = predicted(FAILS).chi, right.plot
    paint(lags * np.log(chi), color=RED, label=rf"predicted, $\chi$ = {chi:.4f}")
    paint(once, "s", ms=4, color=GREEN, label=f"weights drawn anew: {rate(once):.4f}")
    paint(again, "o", ms=3, color=BLUE, label=f"one network: {rate(again):.4f}")
    right.set_title("where it fails: (9, 0.5, 1, 2)")
    right.legend(frameon=False)
    for ax in (left, right):
        ax.set_xlabel("lag $k$")
        ax.set_ylabel("$\\ln\\,(1/N)\\,\\|J_k\\cdots J_1\\|^2$")
    return Picture(
        figure,
        f"minimalRNN, (σ_w², σ_v², R, μ) as given; N = {UNITS}, one network and one sequence. "
        f"In the manner of Chen, Pennington and Schoenholz (2018), not compared with the paper.",
    )


if __name__ == "__main__":
    raise SystemExit(main("minimal"))
