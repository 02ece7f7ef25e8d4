"""Row 20: gated cells at the fixed point 0.

Derived from the cells' terms: the eigenvalues of the whole state's Jacobian at rest, as a
formula, held against the eigenvalues of the numbers.
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
from symgate.bounds.origin import MU
from symgate.plots.style import BLUE, GREY, RED, styled

UNITS = 24
BIASES = {"gru": {"b_z": 0.7, "b_r": -0.4}, "lstm": {"b_f": 1.0, "b_i": -0.3, "b_o": 0.5}}


@lru_cache(maxsize=2)
def both(name: str) -> tuple[Any, Any]:
    """Eigenvalues of the Jacobian at 0, and those that the formula gives, in one order."""
    cell, found = sg.cell(name), sg.origin(sg.cell(name))
    params = sg.init(cell, hidden=UNITS, input=1, scheme="gaussian", seed=0)
    for bias, value in BIASES[name].items():
        params[bias] = np.full(UNITS, value)
    at_zero = sg.fixed_points(cell, params, starts=1)[0].eigenvalues
    values = {sp.Symbol(bias, real=True): value for bias, value in BIASES[name].items()}
    mu = np.linalg.eigvals(params[str(found.matrix)])
    formula = [
        np.broadcast_to(sp.lambdify(MU, e.subs(values).rewrite(sp.exp).evalf())(mu), UNITS)
        for e in found.eigenvalues
    ]
    return paired(at_zero, np.concatenate(formula))


def paired(one: Any, other: Any) -> tuple[Any, Any]:
    """Two sets of complex numbers, each of the first with its nearest of the second."""
    left = list(other)
    nearest = [left.pop(int(np.argmin(np.abs(np.array(left) - e)))) for e in one]
    return one, np.array(nearest)


def numbers() -> dict[int, dict[str, Any]]:
    gru, lstm = sg.origin(sg.cell("gru")), sg.origin(sg.cell("lstm"))
    reset = sp.Symbol("b_r", real=True)
    off = {name: np.abs(np.subtract(*both(name))).max() for name in BIASES}
    return {
        20: {
            "GRU: eigenvalues off the formula by": float(off["gru"]),
            "LSTM: eigenvalues off the formula by": float(off["lstm"]),
            "GRU marginal at μ = 1/σ(b_r), whatever b_z": bool(
                gru.marginal == (1 / sigmoid(reset),)
            ),
            "GRU marginal μ at b_r = 0": float(gru.marginal[0].subs(reset, 0).rewrite(sp.exp)),
            "LSTM needs b_g = 0": bool(lstm.zero == ("b_g",)),
            "LSTM has n zeros": bool(lstm.eigenvalues.get(sp.Integer(0)) == 1),
        }
    }


def said(name: str) -> str:
    return ", ".join(f"{bias} = {value:g}" for bias, value in BIASES[name].items())


@styled
def draw() -> Picture:
    figure, axes = canvas(2, 9.4, 4.6)
    for ax, name in zip(axes, BIASES, strict=True):
        measured, formula = both(name)
        circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
        ax.plot(circle.real, circle.imag, color=GREY, lw=0.9)
        ax.plot(formula.real, formula.imag, "o", mfc="none", color=RED, ms=8, label="formula")
        ax.plot(measured.real, measured.imag, "x", color=BLUE, ms=4, label="eigenvalues")
        ax.set_aspect("equal")
        ax.set_xticks((-1, -0.5, 0, 0.5, 1))
        ax.set_yticks((-1, -0.5, 0, 0.5, 1))
        ax.set_xlabel("real part")
        ax.set_ylabel("imaginary part")
        shown = sg.origin(sg.cell(name)).latex().split(", \\quad \\mu")[0].replace("\\quad ", "")
        ax.set_title(f"{name.upper()}: ${shown}$", fontsize=9)
        ax.legend(frameon=False, loc="center left")
    return Picture(
        figure,
        f"Eigenvalues of the whole state's Jacobian at the fixed point 0, {UNITS} units; GRU: "
        f"{said('gru')}; LSTM: {said('lstm')}; μ are the eigenvalues of U_n and U_g. Derived "
        f"here, no source.",
    )


if __name__ == "__main__":
    raise SystemExit(main("origin"))
