"""Rows 3, 4: norms of the weights bound the gradient.

Hochreiter and Schmidhuber, Long Short-Term Memory (1997), section 3.1; Pascanu, Mikolov,
Bengio, On the Difficulty of Training Recurrent Neural Networks (2013).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLUE, DASH_DOT, DASHED, GREEN, RED, styled

UNITS, LAGS = 4, 30


@lru_cache(maxsize=1)
def flow() -> tuple[Any, Any]:
    """The largest |∂θ_v(t-q)/∂θ_u(t)| over all pairs, and n (n w_max / 4)^q, for q = 1 …"""
    cell = sg.Cell.from_text("h[t] = U @ sigmoid(h[t-1]) + W @ x[t]")
    rng = np.random.default_rng(0)
    params = sg.init(cell, hidden=UNITS, input=UNITS, seed=0)
    params["U"] = rng.uniform(-1, 1, (UNITS, UNITS)) * 3.8 / UNITS
    run = sg.simulate(cell, params, 0.1 * rng.normal(size=(LAGS + 1, UNITS)))
    step = sg.lambdify(cell, sg.jacobian(cell))
    product, largest = np.eye(UNITS), []
    for t in range(LAGS, 0, -1):
        product = product @ step(params, x=np.zeros(UNITS), h=run["h"][t - 1])
        largest.append(np.abs(product).max())
    bound = UNITS * (UNITS * np.abs(params["U"]).max() / 4) ** np.arange(1, LAGS + 1)
    return np.array(largest), bound


@lru_cache(maxsize=1)
def bounded() -> dict[str, tuple[Any, Any]]:
    """For tanh and σ: log10 of the norm at each lag, and of (γ σ_max)^k."""
    found = {}
    for name, gamma, top in (("rnn", 1.0, 1.05), ("rnn-sigmoid", 0.25, 3.9)):
        cell = sg.cell(name)
        params = sg.init(cell, hidden=32, input=32, scheme="gaussian", seed=1)
        params["U"] *= top / np.linalg.norm(params["U"], 2)
        run = sg.simulate(cell, params, np.random.default_rng(1).normal(size=(40, 32)))
        norms = sg.lag_norms(run, lags=40, norm="spectral").log10_norm
        found[name] = norms, np.arange(41) * np.log10(gamma * top)
    return found


def numbers() -> dict[int, dict[str, Any]]:
    largest, bound = flow()
    broken = {
        f"{name}: lags at which the bound is broken": int((norm > limit + 1e-12).sum())
        for name, (norm, limit) in bounded().items()
    }
    return {3: {"lags at which the bound is broken": int((largest > bound).sum())}, 4: broken}


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    largest, bound = flow()
    lags = np.arange(1, LAGS + 1)
    left.plot(lags, np.log10(bound), color=RED, ls=DASHED, label="$n\\,(n w_{max}/4)^q$")
    left.plot(lags, np.log10(largest), color=BLUE, label="largest entry")
    left.set_ylabel("$\\log_{10}$ of the size")
    left.set_title("the error that flows back")
    looks = (("rnn (tanh)", BLUE, "solid"), ("rnn-sigmoid", GREEN, DASH_DOT))
    for (norm, limit), (name, colour, dash) in zip(bounded().values(), looks, strict=True):
        right.plot(norm, color=colour, ls=dash, label=name)
        right.plot(limit, color=colour, ls=dash, lw=0.9)
    right.set_title("spectral norm; thin: $(\\gamma\\,\\sigma_{max})^k$")
    for ax in (left, right):
        ax.set_xlabel("lag")
        ax.legend(frameon=False)
    return Picture(
        figure,
        f"Left: {UNITS} sigmoid units, weights uniform with n w_max below 4; after Hochreiter and "
        f"Schmidhuber (1997), section 3.1. Right: 32 units, σ_max 1.05 (tanh) and 3.9 (σ); the "
        f"bound of Pascanu, Mikolov and Bengio (2013).",
    )


if __name__ == "__main__":
    raise SystemExit(main("bounds"))
