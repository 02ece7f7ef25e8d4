"""Rows 7, 8: the wall in the loss of one unit, and the bifurcations behind it.

Pascanu, Mikolov, Bengio (2013), figure 6; Doya, Bifurcations in the Learning of Recurrent
Neural Networks (1992).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLACK, BLUE, DASHED, RED, styled

UNIT = sg.Cell.from_text("h[t] = U @ sigmoid(h[t-1]) + b")
STEPS, TARGET, W = 50, 0.7, 5.0
WALL, CALM = -2.61234136, -2.0


def loss(b: float) -> tuple[float, float, float]:
    """E = (σ(x_50) - 0.7)² from x_0 = 0.5, with its derivatives by w and b."""
    params = {"U": np.array([[W]]), "b": np.array([b])}
    run = sg.simulate(UNIT, params, state={"h": np.array([0.5])}, steps=STEPS)
    s = 1 / (1 + np.exp(-run["h"][-1, 0]))
    arriving = np.zeros((STEPS, 1))
    arriving[-1] = 2 * (s - TARGET) * s * (1 - s)
    found = sg.gradients(run, arriving)
    return float((s - TARGET) ** 2), float(found["U"][0, 0]), float(found["b"][0])


@lru_cache(maxsize=1)
def bifurcations() -> list[tuple[float, float]]:
    """Where the unit's own Jacobian is 1 at a fixed point: (b, the Jacobian)."""
    tiny = UNIT.explicit(n=1)
    (x,) = tiny.state
    weight, bias = tiny.parameters["U"][0], tiny.parameters["b"][0]
    slope = tiny.jacobian()[0].subs(weight, W).rewrite(sp.exp)
    drive = tiny.next_state[0].subs({weight: W, bias: 0}).rewrite(sp.exp)
    out = []
    for start in (-1.0, 1.0):
        at = sp.nsolve(slope - 1, x, start, prec=30)
        out.append((float(at - drive.subs(x, at)), float(slope.subs(x, at))))
    return out


def numbers() -> dict[int, dict[str, Any]]:
    (error, by_w, by_b), (calm, *slope) = loss(WALL), loss(CALM)
    (low, one), (high, another) = sorted(bifurcations())
    return {
        7: {
            "E at the wall": error, "∂E/∂w at the wall": by_w, "∂E/∂b at the wall": by_b,
            "E at b = -2": calm, "‖∇‖ at b = -2": float(np.hypot(*slope)),
        },
        8: {"lower b": low, "upper b": high, "Jacobian at the lower": one,
            "Jacobian at the upper": another},
    }  # fmt: skip


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    near = np.linspace(WALL - 0.004, WALL + 0.004, 161)
    b = np.unique(np.concatenate([np.linspace(-3, -2, 121), near]))
    left.plot(b, [loss(v)[0] for v in b], color=BLUE)
    left.set_title("the loss: a wall")
    left.set_ylabel("$E$")
    for v in np.linspace(-3, -2, 61):
        found = sg.fixed_points(UNIT, {"U": np.array([[W]]), "b": np.array([v])}, starts=24)
        for p in found.points:
            stable = p.stability == "stable"
            right.plot([v], p.state["h"], "o", ms=3.5, color=BLUE if stable else RED,
                       mfc=BLUE if stable else "white")  # fmt: skip
    for value, _ in bifurcations():
        right.axvline(value, color=BLACK, ls=DASHED, lw=1)
    right.set_title("its fixed points (open: unstable);\ndashed: where two of them meet")
    right.set_ylabel("$x^*$")
    for ax in (left, right):
        ax.set_xlabel("bias $b$")
    return Picture(
        figure,
        "One unit x ← 5 σ(x) + b, x_0 = 0.5, E = (σ(x_50) - 0.7)². After Pascanu, Mikolov and "
        "Bengio (2013), figure 6; the saddle-node bifurcations after Doya (1992).",
    )


if __name__ == "__main__":
    raise SystemExit(main("wall"))
