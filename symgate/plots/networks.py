"""Pictures of runs and trained networks, on the axes of the user: norms over the lag, how far
an output sees, how the curve moves in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps

from symgate.numerics.norms import NORMS
from symgate.plots.decades import norm_label
from symgate.plots.ground import is_dark, settle
from symgate.plots.lines import chosen, line_on, lines_on, scaled, titled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgate.models.reach import Reach
    from symgate.models.watching import Watch
    from symgate.numerics.product import LagNorms

#: The part of the map of colours that stands out from a light ground, and from a dark one.
ON_LIGHT, ON_DARK = (0.0, 0.6), (1.0, 0.45)


def norms(found: LagNorms, ax: Axes | None = None, **line: Any) -> Axes:
    """The norms of one run over the lag, a line a sample."""
    ax = chosen(ax)
    scaled(ax, [found.log10_norm])
    lines_on(ax, found.lags, found.log10_norm, **line)
    titled(ax, norm_label(found.of, found.wrt, found.norm_name))
    return ax


def reach_curve(reach: Reach, ax: Axes | None = None, **line: Any) -> Axes:
    """‖∂y_at/∂x_s‖ over the steps s of the sequence."""
    ax = chosen(ax)
    scaled(ax, [reach.log10_norm])
    steps = np.arange(len(reach.log10_norm))
    drawn = lines_on(ax, steps, reach.log10_norm, **line)
    if not np.isfinite(reach.log10_norm).any():
        drawn.set_label(f"{drawn.get_label()}: zero at every step".removeprefix("_: "))
        ax.legend(frameon=False)
    ax.update_datalim([(0, 1), (steps[-1], 1)], updatey=False)
    ax.autoscale_view()
    ax.axvline(reach.at, color="0.5", linewidth=0.8, linestyle=":")
    below = NORMS[reach.norm.split(",")[0]].sign  # what estimates it stands behind a comma
    titled(ax, rf"$\|\partial y_{{{reach.at}}} / \partial x_s\|_{{{below}}}$", "step $s$")
    return ax


def watch_curves(watch: Watch, label: str, ax: Axes | None = None, **line: Any) -> Axes:
    """The curve of one layer at each epoch, the last one drawn heaviest."""
    ax = chosen(ax)
    curves = watch.curve(label)
    last = len(curves) - 1
    scaled(ax, list(curves))
    first_colour, last_colour = ON_DARK if is_dark(ax) else ON_LIGHT
    for place, (epoch, curve) in enumerate(zip(watch.epochs, curves, strict=True)):
        share = place / max(last, 1)
        style = {
            "color": colormaps["viridis"](first_colour + share * (last_colour - first_colour)),
            "linewidth": 1.0 + 1.5 * share,
            "label": f"epoch {epoch}" if place in (0, last) else "_",
        }
        line_on(ax, watch.lags, curve, **{**style, **line})
    titled(ax, f"{NORMS[watch.norm].label} norm")
    ax.set_title(label)
    ax.legend(frameon=False)
    settle(ax)
    return ax
