"""Pictures of Lyapunov spectra: the exponents with their errors, and how they converged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from symgate.plots.style import BLUE, DASHED, GREY, RED, styled

if TYPE_CHECKING:
    from symgate.theory.lyapunov import Lyapunov

#: How many exponents the convergence shows, from the largest to the smallest.
SHOWN = 9


@styled
def lyapunov_picture(found: Lyapunov) -> Figure:
    """The spectrum on the left, the running means on the right; of a batch, the first."""
    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    batch = found.exponents.ndim == 2
    exponents = found.exponents[0] if batch else found.exponents
    error = found.error[0] if batch else found.error
    running = found.convergence[:, 0] if batch else found.convergence
    finite = np.isfinite(exponents)
    unit = "step" if found.dt == 1 else "unit of time"
    place = (np.arange(len(exponents)) + 0.5) / found.width
    left.fill_between(
        place[finite],
        (exponents - np.nan_to_num(error))[finite],
        (exponents + np.nan_to_num(error))[finite],
        color=BLUE, alpha=0.25, lw=0,
    )  # fmt: skip
    few = finite.sum() <= 40
    left.plot(place[finite], exponents[finite], color=BLUE, marker="o" if few else "", ms=3)
    left.axhline(0, color=GREY, lw=0.9, ls=DASHED)
    left.set_xlabel("place in the spectrum / number of directions")
    left.set_ylabel(f"exponent (nats per {unit})")
    dead = int((~finite).sum())
    tail = f"; {dead} at $-\\infty$ not shown" if dead else ""
    left.set_title(f"{found.cell}, {found.width} directions{tail}")
    alive = np.flatnonzero(finite)
    chosen = alive[np.unique(np.linspace(0, len(alive) - 1, SHOWN).astype(int))] if dead < len(
        exponents) else []  # fmt: skip
    for i in chosen:
        first = i == chosen[0]
        held = np.isfinite(running[:, i])
        right.plot(
            found.at[held], running[held, i], color=RED if first else BLUE,
            lw=2.0 if first else 1.0, label="largest" if first else None,
        )  # fmt: skip
    right.axhline(0, color=GREY, lw=0.9, ls=DASHED)
    right.set_xlabel(f"steps (after {found.burn_in} of burn-in)")
    right.set_ylabel("mean so far")
    right.set_title("convergence")
    if len(chosen):
        right.legend(frameon=False)
    return figure
