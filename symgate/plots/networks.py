"""Pictures of trained networks: how far an output sees, how the curve moves in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps

from symgate.numerics.norms import NORMS
from symgate.plots.style import axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgate.models.reach import Reach
    from symgate.models.watching import Watch


@styled
def reach_curve(reach: Reach, ax: Axes | None = None, **line: Any) -> Axes:
    """log10 of ‖∂y_at/∂x_s‖ over the steps s of the sequence."""
    ax = axes(ax)
    curves = np.where(np.isfinite(reach.log10_norm), reach.log10_norm, np.nan)
    ax.plot(np.arange(len(curves)), curves, **{"linewidth": 1.2, **line})
    ax.axvline(reach.at, color="0.6", linewidth=0.8, linestyle=":")
    ax.set_xlabel("step $s$")
    below = NORMS[reach.norm.split(",")[0]].sign  # what estimates it stands behind a comma
    ax.set_ylabel(rf"$\log_{{10}} \|\partial y_{{{reach.at}}} / \partial x_s\|_{{{below}}}$")
    return ax


@styled
def watch_curves(watch: Watch, label: str, ax: Axes | None = None) -> Axes:
    """The curve of one layer at each epoch, the first in dark, the last in bright colours."""
    ax = axes(ax)
    curves = watch.curve(label)
    count = len(curves)
    for place, (epoch, curve) in enumerate(zip(watch.epochs, curves, strict=True)):
        shown = np.where(np.isfinite(curve), curve, np.nan)
        named = f"epoch {epoch}" if place in (0, count - 1) else None
        colour = colormaps["viridis"](place / max(count - 1, 1))
        ax.plot(watch.lags, shown, color=colour, linewidth=1.3, label=named)
    ax.set_xlabel("lag $k$")
    named = {"spectral": "spectral", "frobenius": "Frobenius"}[watch.norm]
    ax.set_ylabel(rf"$\log_{{10}}$ of the {named} norm")
    ax.set_title(label)
    ax.legend(frameon=False)
    return ax
