"""Row 17: below g = 1 a random network is at rest, and its exponents are those of its matrix.

Sompolinsky, Crisanti, Sommers, Chaos in Random Neural Networks (1988).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import symgate as sg
from analysis.published.checks import main
from analysis.published.drawing import Picture, canvas
from symgate.plots.style import BLACK, BLUE, DASHED, RED, styled

CELL, GAIN = sg.cell("rnn-pre-activation"), 0.7
UNITS, FEW, NETWORKS = 1000, 40, 4


def drawn(units: int, seed: int = 0) -> dict[str, Any]:
    return sg.init(CELL, hidden=units, input=1, scheme="gaussian", gain=GAIN, seed=seed)


@lru_cache(maxsize=NETWORKS)
def at_rest(seed: int = 0) -> sg.FixedPoints:
    """The fixed point that Newton finds from 0."""
    return sg.fixed_points(CELL, drawn(UNITS, seed), starts=1)


@lru_cache(maxsize=1)
def measured() -> sg.Lyapunov:
    """The exponents of a small network, by QR along a run."""
    run = sg.simulate(CELL, drawn(FEW), np.zeros((6000, 1)), {"h": np.full(FEW, 0.1)})
    return sg.lyapunov(run, burn_in=1000)


@lru_cache(maxsize=1)
def fractions() -> tuple[Any, Any]:
    """s up to ln g, and which part of the exponents lies below, by network."""
    s = np.linspace(-3, np.log(GAIN), 200)
    every = [np.sort(np.log(np.abs(at_rest(i)[0].eigenvalues))) for i in range(NETWORKS)]
    return s, np.array([np.searchsorted(exponents, s) / UNITS for exponents in every])


def remarks() -> dict[int, str]:
    s, below = fractions()
    alone = np.abs(below - np.exp(2 * s) / GAIN**2).max(axis=1)
    return {
        17: "The bar of .01 is met by the mean of four networks and for fractions up to .9, not by "
        f"one network up to the edge: there the {NETWORKS} are off by "
        f"{', '.join(f'{off:.4f}' for off in alone)}. At N = {UNITS} no network can be expected to "
        f"do better: the law holds for N → ∞, and the disc of eigenvalues has a soft edge, at "
        f"which the expected fraction falls short by 1/√(2πN) = {(2 * np.pi * UNITS) ** -0.5:.4f}."
    }


def numbers() -> dict[int, dict[str, Any]]:
    moduli = np.sort(np.abs(np.linalg.eigvals(drawn(UNITS)["U"])))
    there = np.sort(np.abs(at_rest()[0].eigenvalues))
    few = np.sort(np.log(np.abs(np.linalg.eigvals(drawn(FEW)["U"]))))[::-1]
    by_qr = np.abs(measured().exponents - few).max()
    s, below = fractions()
    law = np.exp(2 * s) / GAIN**2
    off = np.abs(below.mean(axis=0) - law)[law <= 0.9].max()
    return {
        17: {
            "the fixed point is 0": float(np.abs(at_rest()[0].state["h"]).max()),
            "its eigenvalues are those of W": float(np.abs(moduli - there).max()),
            "exponents by QR are ln |eig W| (N = 40, 5000 steps)": float(by_qr),
            "fraction below s is e^(2s)/g², for fractions up to .9": float(off),
        }
    }


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    s, below = fractions()
    left.plot(s, below.mean(axis=0), color=BLUE, label=f"{NETWORKS} networks, N = {UNITS}")
    left.plot(s, np.exp(2 * s) / GAIN**2, color=RED, ls=DASHED, label="$e^{2s}/g^2$")
    left.set_xlabel("$s$")
    left.set_ylabel("part of the exponents below $s$")
    left.legend(frameon=False)
    few = np.sort(np.log(np.abs(np.linalg.eigvals(drawn(FEW)["U"]))))[::-1]
    right.plot(few, measured().exponents, "o", ms=4, color=BLUE)
    right.plot(few, few, color=BLACK, lw=1)
    right.set_xlabel(r"$\ln |\mathrm{eig}\, W|$")
    right.set_ylabel("exponent by QR along a run")
    return Picture(
        figure,
        f"x ← W tanh x with entries N(0, g²/N), g = {GAIN}: at rest at 0. Left N = {UNITS}, right "
        f"N = {FEW}. After Sompolinsky, Crisanti, Sommers (1988).",
    )


if __name__ == "__main__":
    raise SystemExit(main("small_gain"))
