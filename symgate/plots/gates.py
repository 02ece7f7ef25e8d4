"""How the gates of a run are distributed, with what is saturated marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from symgate.asked import asked, having, words
from symgate.bounds.ranges import ranges
from symgate.drawing.palette import BLUE, ORANGE
from symgate.errors import SymgateError, UnknownName
from symgate.numerals import decimal, share
from symgate.numerics.run import Run
from symgate.plots.style import axes as axes_of
from symgate.plots.style import caption, points, styled, subtitle

#: A gate is saturated within this part of its range from either end.
SATURATED = 0.05

#: Bars over the range of a gate, so many that the saturated part is a whole number of them.
BARS = 60


@styled
@asked(run=having("steps", "a run, such as sg.simulate(…) gives"), gates=words)
def gate_histograms(run: Run, gates: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """A row a gate: how often each value occurs over all steps, units and sequences.

    Shown are the values that lie between two ends, as those of a sigmoid or a tanh do, each
    over its own range; saturated values are darker and hatched.
    """
    known = ranges(run.cell)
    limits = {g: known[g] for g in run.cell.gates if known[g].is_bounded}
    for name in gates or ():
        if name not in limits:
            raise UnknownName(f"a bounded gate of {run.cell.name} named", name, limits)
    chosen = list(gates or limits)
    if not chosen:
        raise SymgateError(
            f"{run.cell.name} has no gates with bounded values, so there is no histogram"
        )
    ax = axes_of(ax, height=1.2 + 0.95 * len(chosen))
    for row, name in enumerate(reversed(chosen)):
        low, high = float(limits[name].low), float(limits[name].high)
        within = (np.asarray(run[name], float).ravel() - low) / (high - low)
        counts, edges = np.histogram(within, BARS, (0.0, 1.0))
        height = 0.8 * counts / max(counts.max(), 1)
        closed, opened = (within < SATURATED).mean(), (within > 1 - SATURATED).mean()
        end = round(SATURATED * BARS)
        for part, colour, hatch in (
            (slice(end, BARS - end), BLUE, None),
            (slice(0, end), ORANGE, "////"),
            (slice(BARS - end, BARS), ORANGE, "////"),
        ):
            bounds = edges[part.start : part.stop + 1]
            ax.stairs(
                row + height[part],
                bounds,
                baseline=row,
                fill=True,
                color=colour,
                hatch=hatch,
                ec="white" if hatch else None,
                lw=0,
            )
        ax.axhline(row, color="black", lw=0.8)
        role = run.cell.role(name)
        ax.annotate(
            f"{name}" + (f"\n{role}" if role else ""),
            (-0.02, row + 0.35),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="center",
            fontsize=points(9.5),
            annotation_clip=False,
        )
        ax.annotate(
            f"{share(closed)} at {decimal(low)}\n{share(opened)} at {decimal(high)}",
            (1.02, row + 0.35),
            xycoords=("axes fraction", "data"),
            ha="left",
            va="center",
            fontsize=points(9),
            annotation_clip=False,
        )
    for edge in (SATURATED, 1 - SATURATED):
        ax.axvline(edge, color="#888888", lw=0.8, ls=(0, (2, 2)))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, len(chosen))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["lower end", "", "middle", "", "upper end"])
    ax.set_xlabel("value within the gate's range")
    subtitle(ax, f"{caption(run.cell.name)}: hatched where saturated (within 5% of an end)")
    return ax
