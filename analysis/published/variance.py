"""Row 12: how state and gradient of a linear unit grow with its memory.

Zucchet and Orvieto, Recurrent Neural Networks: Vanishing and Exploding Gradients Are Not the
End of the Story (2024).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.algebra.vectors import variable
from symgate.plots.style import BLUE, DASHED, RED, styled

UNIT = sg.Cell.from_text("h[t] = lam * h[t-1] + x[t]", name="linear unit")
lam = sp.Symbol("lam", real=True)


@lru_cache(maxsize=1)
def moments() -> tuple[sp.Expr, sp.Expr]:
    """E[h²] and E[(dh/dλ)²] for white noise of variance 1, from the cell's own derivatives.

    s_t = dh_t/dλ obeys s_t = J s_{t-1} + ∂h_t/∂λ; both are linear in what is random, so that
    the second moments are the solution of three linear equations.
    """
    carry = UNIT.equations["h"].diff(variable("h", 1))
    direct = UNIT.equations["h"].diff(lam)
    assert direct == variable("h", 1)
    hh, hs, ss = sp.symbols("hh hs ss")
    solved = sp.solve(
        [carry**2 * hh + 1 - hh, carry * hh + carry**2 * hs - hs,
         hh + 2 * carry * hs + carry**2 * ss - ss],
        [hh, hs, ss],
    )  # fmt: skip
    return sp.factor(solved[hh]), sp.factor(solved[ss])


def numbers() -> dict[int, dict[str, Any]]:
    state, gradient = moments()
    found: dict[str, Any] = {
        "E[h²] = 1/(1 - λ²)": bool(sp.simplify(state - 1 / (1 - lam**2)) == 0),
        "E[(dh/dλ)²] = (1 + λ²)/(1 - λ²)³": bool(
            sp.simplify(gradient - (1 + lam**2) / (1 - lam**2) ** 3) == 0
        ),
    }
    for value in ("0.5", "0.9", "0.99"):
        found[f"λ = {value}"] = float(gradient.subs(lam, sp.Rational(value)))
    return {12: found}


@lru_cache(maxsize=1)
def simulated() -> list[tuple[float, float, float]]:
    """λ with E[h²] and E[(dh/dλ)²] from runs, 2000 sequences at a time."""
    out = []
    for value in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
        steps = int(12 / (1 - value))
        noise = np.random.default_rng(0).normal(size=(steps, 2000, 1))
        before = np.zeros((1, 2000, 1))
        lam = {"lam": np.array(value)}
        h = sg.simulate(UNIT, lam, noise, batch_first=False)["h"]
        s = sg.simulate(UNIT, lam, np.concatenate([before, h[:-1]]), batch_first=False)["h"]
        out.append((value, float((h[-1] ** 2).mean()), float((s[-1] ** 2).mean())))
    return out


@styled
def draw() -> Picture:
    figure, ax = canvas()
    at = np.linspace(0, 0.97, 200)
    for formula, colour, dash, place, label in zip(
        moments(), (BLUE, RED), ("solid", DASHED), (1, 2), ("state $E[h^2]$",
        "gradient $E[(dh/d\\lambda)^2]$"), strict=True):  # fmt: skip
        values = sp.lambdify(lam, formula)(at)
        ax.semilogy(at, values, color=colour, ls=dash, label=label)
        ax.semilogy([row[0] for row in simulated()], [row[place] for row in simulated()], "o",
                    color=colour, ms=4)  # fmt: skip
    ax.set_xlabel(r"$\lambda$")
    ax.set_ylabel("second moment")
    ax.legend(frameon=False)
    return Picture(
        figure,
        "h ← λ h + x with white noise x of variance 1. Lines: from the cell's derivatives; "
        "points: 2000 simulated sequences. After Zucchet and Orvieto (2024).",
    )


if __name__ == "__main__":
    raise SystemExit(main("variance"))
