"""Pictures of the theory: Lyapunov spectra and how they converged, and the growth of a
gradient as predicted and as measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from symgate.plots.style import BLUE, DASHED, GREY, RED, styled

if TYPE_CHECKING:
    from symgate.theory.lyapunov import Lyapunov
    from symgate.theory.mean_field import MeanField
    from symgate.theory.measured import Growth

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
        color=BLUE,
        alpha=0.25,
        lw=0,
    )
    few = finite.sum() <= 40
    left.plot(place[finite], exponents[finite], color=BLUE, marker="o" if few else "", ms=3)
    left.axhline(0, color=GREY, lw=0.9, ls=DASHED)
    left.set_xlabel("place in the spectrum / number of directions")
    left.set_ylabel(f"exponent (nats per {unit})")
    dead = int((~finite).sum())
    tail = f"; {dead} at $-\\infty$ not shown" if dead else ""
    left.set_title(f"{found.cell}, {found.width} directions{tail}")
    alive = np.flatnonzero(finite)
    chosen = (
        alive[np.unique(np.linspace(0, len(alive) - 1, SHOWN).astype(int))]
        if dead < len(exponents)
        else []
    )
    for i in chosen:
        first = i == chosen[0]
        held = np.isfinite(running[:, i])
        right.plot(
            found.at[held],
            running[held, i],
            color=RED if first else BLUE,
            lw=2.0 if first else 1.0,
            label="largest" if first else None,
        )
    right.axhline(0, color=GREY, lw=0.9, ls=DASHED)
    right.set_xlabel(f"steps (after {found.burn_in} of burn-in)")
    right.set_ylabel("mean so far")
    right.set_title("convergence")
    if len(chosen):
        right.legend(frameon=False)
    return figure


@styled
def growth_picture(measured: Growth, predicted: MeanField | None) -> Figure:
    """ln of the squared gradient over the lag: points measured, the line k ln χ."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    lags = np.arange(len(measured.log_square))
    alive = np.isfinite(measured.log_square)
    axes.plot(
        lags[alive],
        measured.log_square[alive],
        "o",
        ms=4,
        color=BLUE,
        label=f"measured, $n$ = {measured.hidden}: $\\chi$ = {measured.chi:.4f}",
    )
    if predicted is not None and predicted.chi > 0:
        axes.plot(
            lags,
            lags * np.log(predicted.chi),
            color=RED,
            label=f"mean field: $\\chi$ = {predicted.chi:.4f}",
        )
    axes.set_xlabel("lag $k$")
    axes.set_ylabel(r"$\ln\, (1/n)\,\|\partial h_t / \partial h_{t-k}\|^2$")
    axes.set_title(measured.cell)
    axes.legend(frameon=False)
    return figure
