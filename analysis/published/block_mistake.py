"""Row 21: the exponents of an LSTM need its whole state.

A published package multiplies the (h, h) blocks alone; the gradient is carried by the cell
state, which they do not contain. Measured here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import canvas, caption
from symgate.plots.style import BLACK, BLUE, DASHED, RED, styled

CELL, UNITS, STEPS = sg.cell("lstm"), 16, 2000


@lru_cache(maxsize=1)
def run() -> sg.Run:
    """All weights N(0, .2²), forget bias 3, other biases 0, white noise as input."""
    rng = np.random.default_rng(0)
    params = sg.init(CELL, hidden=UNITS, input=UNITS, scheme="keras", bias={"f": 3.0})
    for name, value in params.items():
        if value.ndim == 2:
            params[name] = rng.normal(size=value.shape) * 0.2
    return sg.simulate(CELL, params, rng.normal(size=(STEPS, UNITS)))


@lru_cache(maxsize=1)
def whole() -> sg.Lyapunov:
    return sg.lyapunov(run(), burn_in=100)


@lru_cache(maxsize=1)
def block_alone() -> Any:
    """ln ‖product of the (h, h) blocks‖ after each step: what the mistake measures."""
    step = sg.lambdify(CELL, sg.jacobian(CELL, "h", "h"))
    found, x = run(), np.random.default_rng(0)
    inputs = found.inputs["x"][..., 0]
    before = {s: np.concatenate([np.zeros((1, UNITS)), found[s][:-1]]) for s in CELL.states}
    blocks = step(found.params, x=inputs, h=before["h"], c=before["c"])
    direction, logs = x.normal(size=UNITS), []
    for block in blocks:
        direction = block @ direction
        size = np.linalg.norm(direction)
        direction /= size
        logs.append(np.log(size))
    return np.cumsum(logs)


def numbers() -> dict[int, dict[str, Any]]:
    wrong = block_alone()
    return {
        21: {
            "whole (h, c) state": float(whole().largest),
            "(h, h) blocks alone": float((wrong[-1] - wrong[99]) / (STEPS - 100)),
            "sum less mean ln |det J|": float(whole().sum - whole().log_abs_det),
        }
    }


@styled
def draw() -> Figure:
    figure, ax = canvas()
    steps = np.arange(1, STEPS + 1)
    ax.plot(whole().at, whole().convergence[:, 0], color=BLUE, label="whole (h, c) state")
    ax.plot(steps, block_alone() / steps, color=RED, ls=DASHED, label="(h, h) blocks alone")
    ax.axhline(np.log(1 / (1 + np.exp(-3))), color=BLACK, lw=0.8)
    ax.text(STEPS, -0.2, r"thin: $\ln\,\sigma(3)$", ha="right", va="top", fontsize=9)
    ax.set_xlabel("steps")
    ax.set_ylabel("largest exponent so far (nats per step)")
    ax.legend(frameon=False, loc="center right")
    return caption(
        figure,
        f"LSTM with {UNITS} units and {UNITS} inputs of white noise, weights N(0, 0.2²), forget "
        f"bias 3, {STEPS} steps. Measured here; the second curve follows a published package's "
        f"formula.",
    )


if __name__ == "__main__":
    raise SystemExit(main("block_mistake"))
