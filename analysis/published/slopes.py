"""Rows 2, 9: how steep an activation is.

Hochreiter and Schmidhuber, Long Short-Term Memory (1997), section 3.1; Cooijmans et al.,
Recurrent Batch Normalization (2017), figure 1b.
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
from symgate.algebra.vectors import variable
from symgate.plots.style import BLUE, RED, styled

DEVIATIONS = (0.1, 0.25, 0.5, 0.75, 1.0)
w, y = sp.symbols("w y", positive=True)


def gain() -> sp.Expr:
    """|w σ'(w y)| of one unit with itself: the derivative of its net input by the one before."""
    return w * sigmoid(w * y).diff(y) / w


@lru_cache(maxsize=1)
def steepest() -> float:
    """The w at y = 1 where |w σ'(w y)| is largest."""
    slope = sp.diff(gain().rewrite(sp.exp).subs(y, 1), w)
    return float(sp.nsolve(slope, w, 1.5, prec=30))


def numbers() -> dict[int, dict[str, Any]]:
    s = sp.Symbol("s")
    slope = sp.expand(sigmoid(w).diff(w).subs(sigmoid(w), s))
    condition = sp.diff(gain(), w).subs(y, 1)
    at_coth = float(condition.rewrite(sp.exp).subs(w, steepest()).evalf(30))
    found = {
        "w at y = 1": steepest(),
        "largest value at y = 1": float(gain().rewrite(sp.exp).subs({y: 1, w: steepest()}).evalf()),
        "w = coth(w/2) where the derivative is 0": bool(
            abs(at_coth) < 1e-14 and abs(steepest() - 1 / np.tanh(steepest() / 2)) < 1e-14
        ),
        "σ' = 1/4 - (σ - 1/2)², so that |w σ'| < 1 for |w| < 4": bool(
            sp.expand(slope - sp.Rational(1, 4) + (s - sp.Rational(1, 2)) ** 2) == 0
        ),
    }
    rnn = sg.cell("rnn")
    tanh = {
        f"s = {d}": sg.mean_field(rnn, 0.0, d**2).average(1 - variable("h") ** 2)
        for d in DEVIATIONS
    }
    return {2: found, 9: tanh}


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    at = np.linspace(0.01, 8, 400)
    left.plot(at, at / (4 * np.cosh(at / 2) ** 2), color=BLUE)
    left.plot([steepest()], [numbers()[2]["largest value at y = 1"]], "o", color=RED)
    left.set_xlabel("$w$")
    left.set_title("|w σ′(w y)| at y = 1")
    found = numbers()[9]
    right.plot(DEVIATIONS, list(found.values()), "o-", color=BLUE)
    right.set_xlabel("deviation $s$ of the input")
    right.set_title("mean of tanh′ under N(0, s²)")
    return Picture(
        figure,
        "Left after Hochreiter and Schmidhuber (1997), section 3.1: never above 1 while |w| < 4. "
        "Right after Cooijmans et al. (2017), figure 1b.",
    )


if __name__ == "__main__":
    raise SystemExit(main("slopes"))
