"""Axes of log10 values: ticks as powers of ten, underflow, and labels at the line ends."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from symgate.drawing.palette import for_words
from symgate.numerals import power
from symgate.numerics.norms import NORMS
from symgate.plots.ground import columns_of, make_room
from symgate.plots.style import GREY, SOFT, points

Array = NDArray[Any]

#: What stands below axes over the lag.
LAG = "lag $k$ (steps back)"

#: What numbers of each precision are called.
FLOATS = {"single": "float32", "double": "float64"}

#: Where numbers end: log10 of the smallest normal number of each precision.
UNDERFLOW = {
    "double": math.log10(np.finfo(np.float64).tiny),
    "single": math.log10(float(np.finfo(np.float32).tiny)),
}


@dataclass(frozen=True)
class End:
    """The end of a line, where its label belongs."""

    x: float
    y: float
    text: str
    colour: str
    bold: bool = False


class Powers(FuncFormatter):
    """Ticks at powers of ten, of an axis that holds log10 values."""

    def __init__(self) -> None:
        super().__init__(lambda log10, _: f"$10^{{{log10:g}}}$")


def ruled(ax: Axes, low: float, high: float) -> None:
    """Ticks and level lines of axes whose heights are log10 values over the lag."""
    decade_ticks(ax.yaxis, low, high)
    ax.xaxis.set_major_formatter("{x:,g}")
    ax.grid(axis="y")
    ax.set_axisbelow(True)
    ax.set_xlabel(LAG)


def decade_ticks(axis: Any, low: float, high: float, plain: float = 0.0) -> None:
    """Ticks of an axis that holds log10 values: powers of ten, or plain round numbers where it
    is less than two decades, or where no value is more than `plain` decades from 1."""
    if high - low < 2 or max(abs(low), abs(high)) <= plain:
        axis.set_major_locator(FixedLocator(_round_numbers(low, high)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{10**v:,.3g}"))
    else:
        axis.set_major_locator(MaxNLocator(7, integer=True))
        axis.set_major_formatter(Powers())


def _round_numbers(low: float, high: float) -> list[float]:
    """log10 of the round numbers between two log10 values, not more than about eight.

    >>> [round(10**v, 2) for v in _round_numbers(-0.1, 1.1)]
    [1.0, 2.0, 5.0, 10.0]
    """
    if high - low < 0.4:
        numbers = MaxNLocator(5).tick_values(10**low, 10**high)
        return [math.log10(v) for v in numbers if 10**low <= v <= 10**high and v > 0]
    steps = (1, 2, 5) if high - low <= 2.5 else (1,)
    decades = range(math.floor(low), math.ceil(high) + 1)
    found = [decade + math.log10(step) for decade in decades for step in steps]
    return [value for value in found if low <= value <= high]


def mark_underflow(ax: Axes, curves: Sequence[tuple[Array, Array, str]]) -> None:
    """Lines where double and single precision end, with a cross where a curve (lags, log10,
    colour) goes through; only those that lie in the picture."""
    bottom, top = ax.get_ylim()
    width = ax.get_xlim()[1]
    shown = {name: level for name, level in UNDERFLOW.items() if bottom < level < top}
    for name, level in shown.items():
        ax.axhline(level, color=GREY, lw=0.9, ls=(0, (1, 2)), zorder=1)
        near: list[float] = []  # where the words would stand on a curve
        for lags, values, colour in curves:
            near += [*(lags[np.abs(values - level) < 0.08 * (top - bottom)] / width)]
            below = np.flatnonzero((values < level) & np.isfinite(values))
            if len(below):
                k = int(below[0])
                ax.plot(
                    lags[k],
                    max(values[k], level - 1),
                    marker="X",
                    ms=8,
                    color=colour,
                    mec="white",
                    mew=0.9,
                    ls="none",
                    zorder=6,
                )
        above = (top - max(shown.values())) / (top - bottom) >= 0.1  # room for words above both
        start, stop = max(pairwise([0.0, *sorted(near), 1.0]), key=lambda gap: gap[1] - gap[0])
        side = "left" if start == 0 else "right" if stop == 1 else "center"
        place = {"left": 0.015, "right": 0.985, "center": (start + stop) / 2}[side]
        ax.annotate(
            f"smallest {FLOATS[name]}",
            (place, level),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3 if above else -3),
            textcoords="offset points",
            ha=side,
            va="bottom" if above else "top",
            fontsize=points(8.5),
            color=SOFT,
        )


def label_ends(ax: Axes, ends: Sequence[End]) -> None:
    """Labels to the right of the lines' ends, moved apart so that none overlap."""
    if not ends:
        return
    texts = []
    for end in ends:
        texts.append(
            ax.annotate(
                end.text,
                (1.045, 0.5),
                xycoords="axes fraction",
                va="center",
                ha="left",
                fontsize=points(9.5),
                color=for_words(to_hex(end.colour)),
                annotation_clip=False,
                fontweight="bold" if end.bold else "normal",
            )
        )
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    room = 0.42 * figure.bbox.width / columns_of(ax)
    for text in texts:
        wide = text.get_window_extent().width
        if wide > room:
            lines = text.get_text().split("\n")
            most = max(int(room / wide * max(map(len, lines))), 8)
            text.set_text("\n".join(textwrap.fill(line, most) for line in lines))
    make_room(ax)
    figure.draw_without_rendering()
    pixels = ax.get_window_extent().height
    needed = [t.get_window_extent().height / pixels * 1.15 for t in texts]
    bottom, top = ax.get_ylim()
    free = [(end.y - bottom) / (top - bottom) for end in ends]
    wanted = [min(max(y, 0.0), 1.0) + 1e-6 * min(max(y, -9.0), 9.0) for y in free]
    for text, end, y, place in zip(texts, ends, free, spread(wanted, needed), strict=True):
        text.set_position((1.045, place))
        text.xy = (1.045, place)
        at = min(max(y, 0.0), 1.0)
        if at == y:
            early = end.x < max(ax.get_xlim()) * (1 - 1e-9)  # across the picture: not for a curve
            ax.annotate(
                "",
                (1.038, place),
                xytext=(end.x, bottom + at * (top - bottom)),
                xycoords="axes fraction",
                textcoords="data",
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "lw": 0.7,
                    "color": GREY if early else end.colour,
                    "linestyle": (0, (1, 2)) if early else "solid",
                    "shrinkA": 2,
                    "shrinkB": 0,
                },
            )


def spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Places as near as possible to those wanted, so far apart that nothing overlaps.

    >>> [round(place, 2) for place in spread([0.5, 0.5, 0.9], [0.1, 0.1, 0.1])]
    [0.45, 0.55, 0.9]
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    groups: list[tuple[list[int], float]] = []
    for i in order:
        members = [i]
        centre = _inside(wanted[i], members, heights)
        while groups:
            before, middle = groups[-1]
            gap = (sum(heights[j] for j in before) + sum(heights[j] for j in members)) / 2
            if centre - middle >= gap:
                break
            groups.pop()
            members = before + members
            centre = _inside(sum(wanted[j] for j in members) / len(members), members, heights)
        groups.append((members, centre))
    out = [0.0] * len(wanted)
    for members, centre in groups:
        low = centre - sum(heights[j] for j in members) / 2
        for j in members:
            out[j] = low + heights[j] / 2
            low += heights[j]
    return out


def _inside(centre: float, members: Sequence[int], heights: Sequence[float]) -> float:
    """The centre of some labels, so that they stay beside the picture."""
    half = sum(heights[j] for j in members) / 2
    return min(max(centre, half - 0.03), 1.0 - half)


def drawn(ax: Axes, lags: Array, values: Array, **line: Any) -> tuple[float, float] | None:
    """Draw a curve, with gaps where it is zero or without bound; its last point."""
    ax.plot(lags, shown(values), **line)
    return finite_end(lags, values)


def finite_end(lags: Array, values: Array) -> tuple[float, float] | None:
    """The last point of a curve that is not zero."""
    held = np.flatnonzero(np.isfinite(values))
    return (float(lags[held[-1]]), float(values[held[-1]])) if len(held) else None


def extent(parts: Sequence[Array]) -> tuple[float, float]:
    """The least and the greatest finite value of some curves."""
    values = np.concatenate(parts)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (-1.0, 0.0)


def beyond(log10: float, bottom: float, top: float) -> str:
    """What a label adds where a line leaves the picture: an arrow and its last value.

    >>> beyond(-45.5, -10, 0).split(), beyond(-5, -10, 0)
    (['↓', '3.2·10⁻⁴⁶'], '')
    """
    if bottom <= log10 <= top:
        return ""
    return f" {'↑' if log10 > top else '↓'}\N{NO-BREAK SPACE}{power(log10)}"


def shown(values: Array) -> Array:
    """A curve for plotting: gaps where it is exactly zero or without bound."""
    return np.where(np.isfinite(values), values, np.nan)


def norm_label(of: str, wrt: str, norm: str) -> str:
    """The norm of a Jacobian in mathtext."""
    below = NORMS[norm].sign
    top, bottom = _letter(of), _letter(wrt)
    return rf"$\|\partial {top}_t\,/\,\partial {bottom}_{{t-k}}\|_{{{below}}}$"


def _letter(name: str) -> str:
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', ' ')}}}"
