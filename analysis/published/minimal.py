"""Row 19: the growth factor of a minimalRNN, predicted and measured, and where it fails.

Derived in the manner of Chen, Pennington, Schoenholz (2018); not compared with the paper. The
averages take the weights as drawn anew at each step; a network uses them again, which matters
once the gate is far from its mean: at (9, .5, 1, 2) both are measured.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import canvas, caption
from symgate.plots.style import BLUE, DASHED, GREEN, RED, styled

#: The cell with its embedded input z as the input: only the second moment R of z matters.
CELL = sg.Cell.from_text(
    """
    u[t] = sigmoid(U @ h[t-1] + V @ z[t] + b)
    h[t] = u[t] * h[t-1] + (1 - u[t]) * z[t]
    """,
    name="minimal-rnn, z as input",
)
CASES, FAILS = ((1, 1, 1, 0), (1, 1, 1, 2), (4, 1, 1, 4)), (9, 0.5, 1, 2)
UNITS, BURN_IN, LAGS = 800, 200, 40
Case = tuple[float, float, float, float]


def predicted(case: Case) -> sg.MeanField:
    """(σ_w², σ_v², R, μ)"""
    gains = {"U": case[0] ** 0.5, "V": case[1] ** 0.5}
    return sg.mean_field(CELL, gains, case[2], {"u": case[3]})


def params(case: Case, units: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shape, scale = (units, units), units**-0.5
    return {
        "U": rng.normal(size=shape) * scale * case[0] ** 0.5,
        "V": rng.normal(size=shape) * scale * case[1] ** 0.5,
        "b": np.full(units, float(case[3])),
    }


@lru_cache(maxsize=8)
def tied(case: Case) -> Any:
    """ln of (1/N) ‖J … J‖² over the lag, for one network."""
    z = np.random.default_rng(1).normal(size=(BURN_IN + LAGS, UNITS)) * case[2] ** 0.5
    run = sg.simulate(CELL, params(case, UNITS, 0), z)
    return 2 * np.log(10) * sg.lag_norms(run, lags=LAGS).log10_norm - np.log(UNITS)


@lru_cache(maxsize=2)
def untied(case: Case, units: int = 400, lags: int = 20) -> Any:
    """The same with weights that are drawn anew at every step."""
    step = sg.lambdify(CELL, sg.jacobian(CELL))
    rng = np.random.default_rng(2)
    h, product, out = np.zeros(units), np.eye(units), [0.0]
    for t in range(120 + lags):
        now, z = params(case, units, 100 + t), rng.normal(size=units) * case[2] ** 0.5
        if t >= 120:
            product = step(now, z=z, h=h) @ product
            out.append(float(np.log((product**2).sum() / units)))
        h = sg.simulate(CELL, now, z[None], {"h": h})["h"][0]
    return np.array(out)


def rate(curve: Any) -> float:
    return float(np.exp(curve[-1] / (len(curve) - 1)))


def numbers() -> dict[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    for case in CASES:
        name = f"({', '.join(f'{v:g}' for v in case)})"
        found[f"{name}: χ"] = predicted(case).chi
        found[f"{name}: χ measured"] = rate(tied(case))
    found["(4, 1, 1, 4): ξ"] = predicted(CASES[2]).xi
    return {19: found}


@styled
def draw() -> Figure:
    figure, (left, right) = canvas(2, 9.4, 4.2)
    lags = np.arange(LAGS + 1)
    for case in CASES:
        left.plot(lags, tied(case), "o", ms=3, color=BLUE)
        left.plot(lags, lags * np.log(predicted(case).chi), color=RED)
        left.annotate(f"({', '.join(f'{v:g}' for v in case)})", (25, 25 * np.log(
            predicted(case).chi)), xytext=(4, 5), textcoords="offset points", fontsize=8.5)  # fmt: skip
    left.set_title("points: measured; lines: $k\\,\\ln\\chi$")
    once, again = untied(FAILS), tied(FAILS)[:21]
    chi = predicted(FAILS).chi
    right.plot(np.arange(21) * np.log(chi), color=RED, label=f"predicted, $\\chi$ = {chi:.4f}")
    right.plot(once, "s", ms=4, color=GREEN, label=f"weights drawn anew: {rate(once):.4f}")
    right.plot(again, "o", ms=4, color=BLUE, ls=DASHED, lw=0.8,
               label=f"one network: {rate(again):.4f}")  # fmt: skip
    right.set_title("where it fails: (9, 0.5, 1, 2)")
    right.legend(frameon=False)
    for ax in (left, right):
        ax.set_xlabel("lag $k$")
        ax.set_ylabel("$\\ln\\,(1/N)\\,\\|J_k\\cdots J_1\\|^2$")
    return caption(
        figure,
        f"minimalRNN, (σ_w², σ_v², R, μ) as given; N = {UNITS}, one network and one sequence "
        f"(N = 400 where weights are drawn anew). Derived in the manner of Chen, Pennington and "
        f"Schoenholz (2018), not compared with the paper.",
    )


if __name__ == "__main__":
    raise SystemExit(main("minimal"))
