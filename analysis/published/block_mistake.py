"""Row 21: the exponents of an LSTM need its whole state.

A product of the (h, h) blocks alone misses the cell state, which carries the gradient.
Measured here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLACK, BLUE, DASHED, RED, styled

CELL, UNITS, INPUTS, STEPS, BURN_IN = sg.cell("lstm"), 16, 8, 2000, 100


@lru_cache(maxsize=2)
def run(scaled: bool = True) -> sg.Run:
    """Input weights N(0, .2²), recurrent ones N(0, .2²/n) or N(0, .2²); forget bias 3."""
    rng = np.random.default_rng(0)
    params = sg.init(CELL, hidden=UNITS, input=INPUTS, scheme="keras", bias={"f": 3.0})
    for name, value in params.items():
        if value.ndim == 2:
            size = 0.2 / np.sqrt(UNITS) if scaled and name.startswith("U") else 0.2
            params[name] = rng.normal(size=value.shape) * size
    return sg.simulate(CELL, params, rng.normal(size=(STEPS, INPUTS)))


@lru_cache(maxsize=1)
def whole() -> sg.Lyapunov:
    return sg.lyapunov(run(), burn_in=BURN_IN)


@lru_cache(maxsize=2)
def block_alone(scaled: bool = True) -> Any:
    """ln ‖product of the (h, h) blocks‖ after each step: what the mistake measures."""
    step, found = sg.lambdify(CELL, sg.jacobian(CELL, "h", "h")), run(scaled)
    before = {s: np.concatenate([np.zeros((1, UNITS)), found[s][:-1]]) for s in CELL.states}
    blocks = step(found.params, x=found["x"], h=before["h"], c=before["c"])
    direction, logs = np.ones(UNITS), []
    for block in blocks:
        direction = block @ direction
        size = np.linalg.norm(direction)
        direction /= size
        logs.append(np.log(size))
    return np.cumsum(logs)


def rate(curve: Any) -> float:
    return float((curve[-1] - curve[BURN_IN - 1]) / (STEPS - BURN_IN))


def numbers() -> dict[int, dict[str, Any]]:
    return {
        21: {
            "whole (h, c) state": float(whole().largest),
            "(h, h) blocks alone": rate(block_alone()),
            "sum less mean ln |det J|": float(whole().sum - whole().log_abs_det),
        }
    }


def remarks() -> dict[int, str]:
    literal = sg.lyapunov(run(scaled=False), burn_in=BURN_IN, count=1).largest
    return {
        21: f"Recurrent entries are N(0, .2²/n), with {INPUTS} inputs. With every entry "
        f"N(0, .2²) the whole state gives {literal:.3f} and the blocks "
        f"{rate(block_alone(scaled=False)):.2f}: the mistake is as plain."
    }


@styled
def draw() -> Picture:
    figure, ax = canvas()
    steps = np.arange(1, STEPS + 1)
    ax.plot(whole().at, whole().convergence[:, 0], color=BLUE, label="whole (h, c) state")
    ax.plot(steps, block_alone() / steps, color=RED, ls=DASHED, label="(h, h) blocks alone")
    ax.axhline(np.log(1 / (1 + np.exp(-3))), color=BLACK, lw=0.8)
    ax.text(STEPS, -0.2, r"thin: $\ln\,\sigma(3)$", ha="right", va="top", fontsize=9)
    ax.set_xlabel("steps")
    ax.set_ylabel("largest exponent so far (nats per step)")
    ax.legend(frameon=False, loc="center right")
    return Picture(
        figure,
        f"LSTM with {UNITS} units and {INPUTS} inputs of white noise, input weights N(0, 0.2²), "
        f"recurrent ones N(0, 0.2²/n), forget bias 3, {STEPS} steps. The gradient is carried by c, "
        f"which a product of the (h, h) blocks does not contain (dashed).",
    )


if __name__ == "__main__":
    raise SystemExit(main("block_mistake"))
