"""The set-up of row 19: a minimalRNN, its mean field, and its gradient measured.

The averages take the weights as drawn anew at each step; a network uses them again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg

#: The cell with its embedded input z as the input: only the second moment R of z matters.
CELL = sg.Cell.from_text(
    """u[t] = sigmoid(U @ h[t-1] + V @ z[t] + b)
    h[t] = u[t] * h[t-1] + (1 - u[t]) * z[t]"""
)
CASES, FAILS = ((1, 1, 1, 0), (1, 1, 1, 2), (4, 1, 1, 4)), (9, 0.5, 1, 2)
UNITS, BURN_IN, LAGS = 800, 100, 40
Case = tuple[float, float, float, float]


def name(case: Case) -> str:
    return f"({', '.join(f'{v:g}' for v in case)})"


def predicted(case: Case) -> sg.MeanField:
    """(σ_w², σ_v², R, μ)"""
    gains = {"U": case[0] ** 0.5, "V": case[1] ** 0.5}
    return sg.mean_field(CELL, gains, case[2], {"u": case[3]})


def params(case: Case, seed: int) -> dict[str, Any]:
    rng, shape = np.random.default_rng(seed), (UNITS, UNITS)
    return {
        "U": rng.normal(size=shape) * (case[0] / UNITS) ** 0.5,
        "V": rng.normal(size=shape) * (case[1] / UNITS) ** 0.5,
        "b": np.full(UNITS, float(case[3])),
    }


@lru_cache(maxsize=8)
def curve(case: Case, anew: bool = False) -> Any:
    """ln of (1/N) ‖J … J‖² over the lag: one network, or weights drawn anew at every step."""
    step, now = sg.lambdify(CELL, sg.jacobian(CELL)), params(case, 0)
    h, product, out = np.zeros(UNITS), np.eye(UNITS), [0.0]
    rng = np.random.default_rng(1)
    for t in range(BURN_IN + LAGS):
        now, z = params(case, t) if anew else now, rng.normal(size=UNITS) * case[2] ** 0.5
        if t >= BURN_IN:
            product = step(now, z=z, h=h) @ product
            out.append(float(np.log((product**2).sum() / UNITS)))
        h = sg.simulate(CELL, now, z[None], {"h": h})["h"][0]
    return np.array(out)


def rate(curve: Any) -> float:
    return float(np.exp(curve[-1] / (len(curve) - 1)))
