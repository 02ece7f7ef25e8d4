"""The paths of a gradient: the whole, the carry alone, and the whole without each path."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from symgate.asked import asked, having
from symgate.decaying.paths import PathBlock, Paths
from symgate.drawing.palette import BLUE, GREEN, ORANGE, PURPLE, RED, SKY
from symgate.errors import UnknownName
from symgate.numerals import share
from symgate.plots.decades import (
    LAG,
    End,
    beyond,
    drawn,
    extent,
    finite_end,
    label_ends,
    mark_underflow,
    norm_label,
    ruled,
)
from symgate.plots.style import (
    BLACK,
    DASH_DOT,
    DASHED,
    DOTTED,
    DOUBLE_DOT,
    LONG,
    SOLID,
    caption,
    styled,
    subtitle,
)
from symgate.plots.style import axes as axes_of

_LOOKS: tuple[tuple[str, Any], ...] = (
    (BLUE, DASHED),
    (RED, DOTTED),
    (GREEN, DASH_DOT),
    (PURPLE, LONG),
    (ORANGE, DOUBLE_DOT),
    (SKY, SOLID),
)


@styled
@asked(paths=having("blocks", "the paths of a curve, d.paths"))
def path_curves(paths: Paths, block: tuple[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """One block of the state over the lag, whole and without each path.

    A label says which share of a step of the whole state the path has; what falls or rises
    far out of the picture has its last value there, and what is exactly zero is named below
    it. The first block that was measured is drawn where none is named.
    """
    ax = axes_of(ax, height=4.8)
    chosen = next(iter(paths.blocks)) if block is None else block
    if chosen not in paths.blocks:
        known = [f"{of}, {wrt}" for of, wrt in paths.blocks]
        raise UnknownName(f"a block of {paths.cell} named", ", ".join(chosen), known)
    b = paths.blocks[chosen]
    lines = [("whole gradient", b.whole, BLACK, SOLID, 2.6)]
    if b.carry is not None:
        lines.append(("carry alone", b.carry, "#777777", SOLID, 2.2))
    for place, (name, values) in enumerate(b.without.items()):
        colour, dash = _LOOKS[place % len(_LOOKS)]
        title = paths.titles[name].removeprefix("through ")
        title = f"without {title} ({share(paths.share[name])})"
        lines.append((title, values, colour, dash, 1.7))
    ends, zero, marks = [], [], []
    bottom, top = _heights(b)
    for title, values, colour, dash, width in lines:
        end = finite_end(paths.lags, values)
        if end is None or end[0] < 1:
            zero.append(title.replace("\n", " "))
            continue
        drawn(ax, paths.lags, values, color=colour, ls=dash, lw=width)
        title += beyond(end[1], bottom, top)
        ends.append(End(*end, title, colour if colour != "#777777" else "#555555"))
        marks.append((paths.lags, values, colour))
    ax.set_xlim(0, float(paths.lags[-1]))
    room = max(top - bottom, 0.5)
    ax.set_ylim(bottom - 0.04 * room, top + 0.05 * room)
    ruled(ax, *ax.get_ylim())
    if zero:
        ax.set_xlabel(f"{LAG}\nexactly zero: {', '.join(zero)}")
    ax.set_ylabel(norm_label(b.of, b.wrt, paths.norm))
    subtitle(ax, f"{caption(paths.cell)}: {paths.over}; in brackets, the share of one step")
    mark_underflow(ax, marks)
    label_ends(ax, ends)
    return ax


def _heights(b: PathBlock) -> tuple[float, float]:
    """The lowest and highest value to be shown: the whole curve, and of the others what is
    not further from it than as far again and a half."""
    low, high = extent([b.whole])
    span = max(high - low, 1.0)
    beside = [*b.without.values(), *([] if b.carry is None else [b.carry])]
    below, above = extent([b.whole, *beside])
    return max(below, low - 1.5 * span), min(above, high + 1.5 * span)
