"""Rows 5, 6: eigenvalues do not bound the gradient.

A counterexample to readings of Pascanu, Mikolov, Bengio (2013) that say eigenvalue where its
proof bounds a norm, in exact arithmetic; a non-normal transient, in closed form.
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

WEIGHTS, FAR = np.array([[8.0, 8.0], [-8.0, -8.0]]), 12


@lru_cache(maxsize=1)
def counterexample() -> sp.Matrix:
    """The Jacobian at x* = (0, artanh 1/2), exactly, from the cell's equation."""
    tiny = sg.Cell.from_text("h[t] = U @ tanh(h[t-1]) + b").explicit(n=2)
    matrix = sp.Matrix(WEIGHTS.astype(int))
    start = sp.Matrix([0, sp.atanh(sp.Rational(1, 2))])
    shift = start - matrix * start.applyfunc(sp.tanh)
    values = dict(zip(tiny.parameters["U"], matrix, strict=True))
    values |= dict(zip(tiny.parameters["b"], shift, strict=True))
    at = dict(zip(tiny.state, start, strict=True))
    assert sp.simplify(tiny.next_state.subs(values).subs(at) - start) == sp.zeros(2, 1)
    return sp.Matrix(tiny.jacobian().subs(values).subs(at).applyfunc(sp.simplify))


@lru_cache(maxsize=1)
def transient() -> Any:
    """‖W^l‖₂ for the linear cell, l = 0 … 100."""
    cell = sg.Cell.from_text("h[t] = U @ h[t-1]")
    run = sg.simulate(
        cell, {"U": np.array([[0.9, 3.0], [0, 0.9]])}, state={"h": np.zeros(2)}, steps=100
    )
    return 10 ** sg.lag_norms(run, lags=100, norm="spectral").log10_norm


def numbers() -> dict[int, dict[str, Any]]:
    jacobian, weights = counterexample(), sp.Matrix(WEIGHTS.astype(int))
    powers = [jacobian ** (k + 1) for k in range(FAR)]  # of rank 1: both norms are the same
    exact = all(p.rank() == 1 and p.norm() == 2**k * 10 * sp.sqrt(2) for k, p in enumerate(powers))
    norms = transient()
    return {
        5: {
            "spectral radius of W": float(max(abs(e) for e in weights.eigenvals())),
            "σ_max of W": float(max(weights.singular_values())),
            "J = [[8, 6], [-8, -6]]": bool(jacobian == sp.Matrix([[8, 6], [-8, -6]])),
            "J² = 2 J": bool(jacobian**2 == 2 * jacobian),
            "‖J^(l+1)‖ = 2^l 10 √2": bool(exact),
        },
        6: {
            **{f"l = {k}": norms[k] for k in (1, 9, 20, 50, 100)},
            "the peak": int(norms.argmax()),
            "first below 1": int(np.argmax((norms < 1) & (np.arange(101) > 0))),
        },
    }


@styled
def draw() -> Picture:
    figure, (left, right) = canvas(2, 9.4, 4.0)
    powers = [float((counterexample() ** (k + 1)).norm()) for k in range(FAR)]
    left.semilogy(range(1, FAR + 1), powers, "o-", color=RED)
    left.set_title("all eigenvalues of $W$ are 0,\nand the gradient explodes")
    right.semilogy(transient(), color=BLUE)
    right.semilogy(0.9 ** np.arange(101), color=BLACK, ls=DASHED, label="$0.9^k$")
    right.set_title("eigenvalues 0.9 and 0.9,\nand it grows for 9 steps")
    left.set_ylabel(r"$\|J^k\|_2$")
    right.set_ylabel(r"$\|W^k\|_2$")
    right.legend(frameon=False)
    for ax in (left, right):
        ax.set_xlabel("lag $k$")
    return Picture(
        figure,
        "Left: J at the fixed point (0, artanh 1/2) of x ← W tanh x + b, W = [[8, 8], [-8, -8]]: "
        "‖J^k‖ = 2^(k-1) 10 √2; a counterexample to readings of Pascanu et al. (2013) that say "
        "eigenvalue. Right: W = [[.9, 3], [0, .9]], linear.",
    )


if __name__ == "__main__":
    raise SystemExit(main("eigenvalues"))
