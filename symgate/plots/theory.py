"""Pictures of the theory: Lyapunov spectra and how they converged, and the growth of a
gradient as predicted and as measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from symgate.drawing.palette import BLUE, RED
from symgate.plots.ground import settle
from symgate.plots.lines import chosen, line_on, scaled, titled
from symgate.plots.style import DASHED, GREY, caption, page, styled

if TYPE_CHECKING:
    from symgate.theory.lyapunov import Lyapunov
    from symgate.theory.mean_field import MeanField
    from symgate.theory.measured import Growth

#: How many exponents the convergence shows, from the largest to the smallest.
SHOWN = 9


@styled
def lyapunov_picture(found: Lyapunov) -> Figure:
    """The spectrum on the left, the running means on the right; of a batch, the first."""
    figure = page(9.0, 4.2)
    left, right = figure.subplots(1, 2)
    spectrum_on(left, found, color=BLUE)
    exponents = found.exponents[0] if found.exponents.ndim == 2 else found.exponents
    running = found.convergence[:, 0] if found.exponents.ndim == 2 else found.convergence
    alive = np.flatnonzero(np.isfinite(exponents))
    chosen = (
        alive[np.unique(np.linspace(0, len(alive) - 1, SHOWN).astype(int))] if len(alive) else []
    )
    for i in chosen:
        first = i == chosen[0]
        held = np.isfinite(running[:, i])
        right.plot(
            found.at[held],
            running[held, i],
            color=RED if first else BLUE,
            lw=2.0 if first else 1.0,
        )
    right.axhline(0, color=GREY, lw=0.9, ls=DASHED)
    right.set_xlabel("steps after burn-in")
    right.set_ylabel("mean so far")
    right.set_title("convergence (thick: largest)")
    return figure


def spectrum_on(ax: Axes | None, found: Lyapunov, **line: Any) -> Axes:
    """The exponents with their errors, on `ax` or on pyplot's axes; of a batch, the first."""
    ax = chosen(ax)
    batch = found.exponents.ndim == 2
    exponents = found.exponents[0] if batch else found.exponents
    error = np.nan_to_num(found.error[0] if batch else found.error)
    finite = np.isfinite(exponents)
    place = ((np.arange(len(exponents)) + 0.5) / found.width)[finite]
    mark = "o" if finite.sum() <= 40 else ""
    style = {"marker": mark, "ms": 3, "label": caption(found.cell), **line}
    (drawn,) = ax.plot(place, exponents[finite], **style)
    low, high = (exponents - error)[finite], (exponents + error)[finite]
    ax.fill_between(place, low, high, color=drawn.get_color(), alpha=0.25, lw=0)
    ax.axhline(0, color="0.5", lw=0.9, ls=DASHED)
    unit = "step" if found.dt == 1 else "unit of time"
    titled(ax, f"exponent (nats per {unit})", "fraction of the directions")
    dead = int((~finite).sum())
    tail = f"; {dead} at $-\\infty$ not shown" if dead else ""
    ax.set_title(f"{caption(found.cell)}, {found.width} directions{tail}")
    settle(ax)
    return ax


def growth_on(ax: Axes | None, measured: Growth, predicted: MeanField | None, **line: Any) -> Axes:
    """The mean square of the gradient over the lag: points measured, the line χ^k."""
    ax = chosen(ax)
    lags = np.arange(len(measured.log_square))
    log10 = measured.log_square / np.log(10)
    scaled(ax, [log10])
    what = f"χ = {measured.chi:.3f} measured"
    label = f"measured $\\chi$ = {measured.chi:.3f}"
    style = {"marker": "o", "ls": "", "ms": 4, "label": label, **line}
    line_on(ax, lags, log10, **style)
    if predicted is not None and predicted.chi > 0:
        label = f"mean field $\\chi$ = {predicted.chi:.3f}"
        line_on(ax, lags, lags * np.log10(predicted.chi), label=label)
        what += f" (points), {predicted.chi:.3f} mean field (line)"
    titled(ax, r"$\|\partial h_t / \partial h_{t-k}\|_F^2\, /\, n$")
    ax.set_title(f"{caption(measured.cell)}, {measured.hidden} units: {what}")
    settle(ax)
    return ax
