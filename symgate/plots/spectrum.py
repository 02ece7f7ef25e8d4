"""The singular values of ∂of_t/∂wrt_{t-k} over the lag."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from symgate.asked import asked, whole
from symgate.decaying.curve import Decay
from symgate.errors import SymgateError
from symgate.plots.decades import LAG, End, decade_ticks, drawn, label_ends, shown
from symgate.plots.ground import make_room
from symgate.plots.style import (
    BLACK,
    CURVE,
    DASHED,
    DOTTED,
    GREY,
    caption,
    look,
    points,
    styled,
    subtitle,
)
from symgate.plots.style import axes as axes_of


@styled
@asked(d=CURVE, sample=whole())
def singular_value_curves(d: Decay, ax: Axes | None = None, *, sample: int = 0) -> Axes:
    """All singular values of one sample at the lags at which they were kept.

    Thick: the largest, the median and the smallest of those that are left; below the text
    the effective rank. Directions that have fallen below 1e-13 of the largest end.
    """
    lags = np.array([k for k in d.singular_values if k > 0])
    if len(lags) < 2:
        raise SymgateError("singular values were kept at fewer than two lags; give singular=…")
    ax = axes_of(ax)
    values = np.stack([d.singular_values[int(k)][sample] for k in lags])
    colour = look(d.cell).colour
    for i in range(values.shape[1]):
        ax.plot(lags, shown(values[:, i]), color=colour, lw=0.6, alpha=0.45)
    middle, last = values.shape[1] // 2, values.shape[1] - 1
    ends = []
    for i, title, dash in (
        (0, "largest", "-"),
        (middle, "median", DASHED),
        (last, "smallest", DOTTED),
    ):
        end = drawn(ax, lags, values[:, i], color=BLACK, lw=1.8, ls=dash)
        if end is not None and end[0] < lags[-1] and i == last:
            ax.annotate(
                f"{title},\nuntil lag {end[0]:.0f}",
                end,
                xytext=(-5, -5),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=points(9),
            )
        elif end is not None:
            at = "" if end[0] == lags[-1] else f"\n(until lag {end[0]:.0f})"
            ends.append(End(*end, f"{title}{at}", BLACK))
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:,g}")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(float(lags[0]), float(lags[-1]))
    held = values[np.isfinite(values)]
    decade_ticks(ax.yaxis, float(held.min()), float(held.max()))
    ax.grid(axis="y")
    make_room(ax)
    apart, last_shown = math.log(lags[-1] / lags[0]) * max(1 / 7, 0.5 / _inches(ax)), 0.0
    for k, r in sorted(d.effective_rank.items()):
        if k == 0 or (last_shown and math.log(k / last_shown) < apart):
            continue
        last_shown = k
        ax.annotate(
            f"{r:.3g}",
            (k, 1.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=points(8.5),
            color=GREY,
            annotation_clip=False,
        )
    ax.set_xlabel(LAG)
    ax.set_ylabel("singular values")
    subtitle(ax, f"{caption(d.cell)}: on top, the effective rank (of {values.shape[1]})", pad=18)
    label_ends(ax, ends)
    letters = float(ax.xaxis.get_majorticklabels()[0].get_fontsize())
    if 0.3 * _inches(ax) / math.log10(lags[-1] / lags[0]) < 2.5 * letters / 72:
        ax.xaxis.set_major_locator(LogLocator())  # 100 and 200 would touch
    return ax


def _inches(ax: Axes) -> float:
    """How wide axes are."""
    return ax.get_window_extent().width / ax.figure.dpi
