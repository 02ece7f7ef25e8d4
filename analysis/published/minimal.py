"""Row 19: the growth factor of a minimalRNN, predicted and measured, and where it fails.

In the manner of Chen, Pennington, Schoenholz (2018), not compared with the paper. The averages
take the weights as drawn anew at each step; a network uses them again: (9, .5, 1, 2) shows both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import canvas, caption
from symgate.plots.style import BLUE, GREEN, RED, styled

#: The cell with its embedded input z as the input: only the second moment R of z matters.
CELL = sg.Cell.from_text(
    """u[t] = sigmoid(U @ h[t-1] + V @ z[t] + b)
    h[t] = u[t] * h[t-1] + (1 - u[t]) * z[t]"""
)
CASES, FAILS = ((1, 1, 1, 0), (1, 1, 1, 2), (4, 1, 1, 4)), (9, 0.5, 1, 2)
UNITS, BURN_IN, LAGS = 800, 100, 40
Case = tuple[float, float, float, float]


def name(case: Case) -> str:
    return f"({', '.join(f'{v:g}' for v in case)})"


def predicted(case: Case) -> sg.MeanField:
    """(σ_w², σ_v², R, μ)"""
    gains = {"U": case[0] ** 0.5, "V": case[1] ** 0.5}
    return sg.mean_field(CELL, gains, case[2], {"u": case[3]})


def params(case: Case, seed: int) -> dict[str, Any]:
    rng, shape = np.random.default_rng(seed), (UNITS, UNITS)
    return {
        "U": rng.normal(size=shape) * (case[0] / UNITS) ** 0.5,
        "V": rng.normal(size=shape) * (case[1] / UNITS) ** 0.5,
        "b": np.full(UNITS, float(case[3])),
    }


@lru_cache(maxsize=8)
def curve(case: Case, anew: bool = False) -> Any:
    """ln of (1/N) ‖J … J‖² over the lag: one network, or weights drawn anew at every step."""
    step, now = sg.lambdify(CELL, sg.jacobian(CELL)), params(case, 0)
    h, product, out = np.zeros(UNITS), np.eye(UNITS), [0.0]
    rng = np.random.default_rng(1)
    for t in range(BURN_IN + LAGS):
        now, z = params(case, t) if anew else now, rng.normal(size=UNITS) * case[2] ** 0.5
        if t >= BURN_IN:
            product = step(now, z=z, h=h) @ product
            out.append(float(np.log((product**2).sum() / UNITS)))
        h = sg.simulate(CELL, now, z[None], {"h": h})["h"][0]
    return np.array(out)


def rate(curve: Any) -> float:
    return float(np.exp(curve[-1] / (len(curve) - 1)))


def numbers() -> dict[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    for case in CASES:
        found[f"{name(case)}: χ"] = predicted(case).chi
        found[f"{name(case)}: χ measured"] = rate(curve(case))
    found["(4, 1, 1, 4): ξ"] = predicted(CASES[2]).xi
    return {19: found}


@styled
def draw() -> Figure:
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
    return caption(
        figure,
        f"minimalRNN, (σ_w², σ_v², R, μ) as given; N = {UNITS}, one network and one sequence. "
        f"In the manner of Chen, Pennington and Schoenholz (2018), not compared with the paper.",
    )


if __name__ == "__main__":
    raise SystemExit(main("minimal"))
