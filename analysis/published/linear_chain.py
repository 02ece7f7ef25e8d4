"""Row 1: a gradient that is multiplied by the same matrix twenty times.

Saitoh, Deep Learning from Scratch 2 (2018), ch. 6. The chain is the adjoint of a linear cell.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLUE, DASHED, RED, styled

STEPS = 20


@lru_cache(maxsize=1)
def chains() -> dict[float, Any]:
    """‖dh‖_F / 2 after 1 … 20 steps, for Wh and Wh / 2.

    dh ← dh Whᵀ multiplies each row by Wh: the adjoint of a cell whose matrix is Whᵀ.
    """
    weights = np.random.RandomState(3).randn(3, 3)
    cell = sg.Cell.from_text("h[t] = U @ h[t-1]")
    found = {}
    for scale in (1.0, 0.5):
        run = sg.simulate(
            cell, {"U": scale * weights.T}, state={"h": np.zeros((2, 3))}, steps=STEPS
        )
        rows = sg.vector_norms(run, np.ones((2, 3)), lags=STEPS).log10_norm
        found[scale] = np.sqrt((10 ** (2 * rows)).sum(axis=1))[1:] / 2
    return found


def numbers() -> dict[int, dict[str, Any]]:
    found = chains()
    places = {"step 1": 0, "step 10": 9, "step 20": 19}
    whole = {name: found[1.0][i] for name, i in places.items()}
    return {1: {**whole, **{f"half, {name}": found[0.5][i] for name, i in places.items()}}}


@styled
def draw() -> Picture:
    figure, ax = canvas()
    steps = np.arange(1, STEPS + 1)
    for scale, colour, dash in ((1.0, RED, "solid"), (0.5, BLUE, DASHED)):
        label = "$W_h$: explodes" if scale == 1 else "$W_h/2$: vanishes"
        ax.semilogy(steps, chains()[scale], color=colour, ls=dash, marker="o", ms=3, label=label)
    ax.set_xlabel("steps back")
    ax.set_ylabel(r"$\|dh\|_F\, /\, 2$")
    ax.set_xticks(range(0, STEPS + 1, 5))
    ax.legend(frameon=False)
    return Picture(
        figure,
        "One matrix, drawn once (3 × 3, normal, seed 3), applied to a gradient of ones for a "
        "batch of two. After Saitoh, Deep Learning from Scratch 2 (2018), chapter 6.",
    )


if __name__ == "__main__":
    raise SystemExit(main("linear_chain"))
