"""Rows 10, 11: what a forget bias promises, and the biases of chrono initialisation.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures
(2015); Tallec and Ollivier, Can Recurrent Neural Networks Warp Time? (2018), equation 16.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.algebra.activations import sigmoid
from symgate.plots.style import BLACK, BLUE, DASH_DOT, DASHED, GREEN, RED, styled

BIASES, LAGS = (0.0, 1.0, 2.0, 5.0), 400
SPANS = (20, 100, 784)


@lru_cache(maxsize=16)
def curve(b: float, lags: int = LAGS) -> Any:
    """ln ‖∂c_t/∂c_{t-k}‖ of an LSTM whose weights are all 0, its forget bias b."""
    cell = sg.cell("lstm")
    zero = {name: 0 * value for name, value in sg.init(cell, hidden=4, input=2).items()}
    run = sg.simulate(cell, {**zero, "b_f": np.full(4, b)}, np.ones((lags, 2)))
    return sg.lag_norms(run, "c", "c", lags=lags, norm="spectral").log10_norm * np.log(10)


@lru_cache(maxsize=1)
def drawn() -> dict[str, Any]:
    """The biases of a chrono initialisation with T_max = 784."""
    return sg.init(sg.cell("lstm"), hidden=2000, input=1, scheme="chrono", t_max=784, seed=0)


def numbers() -> dict[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    for b in BIASES:
        rate = -curve(b)[100] / 100
        found[f"b = {b:g}, per step"] = float(np.exp(-rate))
        if b:
            found[f"b = {b:g}, τ"] = 1 / rate
        if b == 1:
            found["b = 1, half-life"] = np.log(2) / rate
    span = sp.Symbol("T", positive=True)
    bias = drawn()["b_f"]
    chrono: dict[str, Any] = {
        "σ(ln(T - 1)) = 1 - 1/T": bool(
            sp.simplify(sigmoid(sp.log(span - 1)).rewrite(sp.exp) - 1 + 1 / span) == 0
        ),
        "b_f lies in [0, ln(T_max - 1)]": bool((bias >= 0).all() and bias.max() <= np.log(783)),
        "exp(b_f) is uniform: its mean over T_max / 2": float(np.exp(bias).mean() / 392),
        "b_i = -b_f": bool((drawn()["b_i"] == -bias).all()),
    }
    for steps in SPANS:
        chrono[f"f^T at T = {steps}"] = float(np.exp(curve(np.log(steps - 1), steps)[steps]))
    return {10: found, 11: chrono}


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    dashes = ("solid", DASHED, DASH_DOT, (0, (1.2, 1.6)))
    for b, colour, dash in zip(BIASES, (BLACK, RED, GREEN, BLUE), dashes, strict=True):
        left.plot(np.exp(curve(b)), color=colour, ls=dash, label=f"$b = {b:g}$")
    left.set_xscale("log")
    left.set_xlim(1, LAGS)
    left.set_xlabel("lag $k$")
    left.set_ylabel(r"$\partial c_t / \partial c_{t-k}$")
    left.set_title(r"$\sigma(b)^k$, all weights zero")
    left.legend(frameon=False)
    right.hist(1 + np.exp(drawn()["b_f"]), bins=40, color=BLUE)
    right.set_xlabel(r"time constant $1 + e^{b_f}$ (steps)")
    right.set_ylabel("units of 2000")
    right.set_title("chrono: every time scale up to 784")
    return Picture(
        figure,
        "Left: LSTM with all weights 0 and forget bias b; after Jozefowicz et al. (2015). Right: "
        "b_f = ln U[1, T_max - 1], b_i = -b_f for T_max = 784; after Tallec and Ollivier (2018).",
    )


if __name__ == "__main__":
    raise SystemExit(main("forget_bias"))
