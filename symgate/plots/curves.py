"""Decay curves: median, band, bounds, predictions, half-life; and those of a memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from symgate.asked import asked, having, several, switch
from symgate.decaying.curve import Decay
from symgate.decaying.table import half_life, in_words
from symgate.errors import SymgateError
from symgate.numerals import rate, steps
from symgate.numerics.initialise import FRAMEWORKS
from symgate.plots.decades import (
    End,
    beyond,
    drawn,
    extent,
    finite_end,
    label_ends,
    mark_underflow,
    norm_label,
    ruled,
    shown,
)
from symgate.plots.lines import Beside, beside, half_life_mark, of_memory
from symgate.plots.style import BLACK, CURVE, caption, looks, points, styled, subtitle
from symgate.plots.style import axes as axes_of

if TYPE_CHECKING:
    from symgate.decaying.memory import Memory

Array = NDArray[Any]


def _curves(name: str, value: Any) -> Any:
    """Curves, or one of them."""
    return several(CURVE)(name, [value] if hasattr(value, "setting") else value)


@styled
@asked(decays=_curves, bounds=switch, predictions=switch)
def decay_curves(
    decays: Sequence[Decay],
    ax: Axes | None = None,
    *,
    bounds: bool = False,
    predictions: bool = False,
    names: Sequence[str] | None = None,
    colours: Sequence[str] | None = None,
) -> Axes:
    """The curves of one or several cells over the lag.

    Line: median; band: 10th to 90th percentile; circle: half-life; crosses mark where
    a number of double or single precision would have been 0. `bounds` adds the worst case
    and the run's own bound, `predictions` those of biases, mean gates and exponent. `names`
    are the labels; left out, they are the cells' names, with the blocks where these differ.
    `colours` are those of the curves; left out, each cell has its own.
    """
    if not decays:
        raise SymgateError("there is no curve to draw")
    for name, given in (("names", names), ("colours", colours)):
        if given is not None and len(given) != len(decays):
            raise SymgateError(
                f"{name} has {len(given)} entries, and there are {len(decays)} curves"
            )
    ax = axes_of(ax)
    apart = len({(d.of, d.wrt) for d in decays}) > 1
    own = [caption(d.cell) + (f": ∂{d.of}/∂{d.wrt}" if apart else "") for d in decays]
    labels = own if names is None else list(names)
    ends: list[End] = []
    marks = []
    chosen = looks([d.cell for d in decays])
    if colours is not None:
        same = {
            c: [d.cell for d, own in zip(decays, colours, strict=True) if own == c] for c in colours
        }
        of_colour = {c: iter(looks(cells)) for c, cells in same.items()}  # dashes start anew
        chosen = [replace(next(of_colour[c]), colour=c) for c in colours]
    for d, look, name in zip(decays, chosen, labels, strict=True):
        low, high = d.band
        ax.fill_between(d.lags, shown(low), shown(high), color=look.colour, alpha=0.18, lw=0)
        marks.append((d.lags, d.median, look.colour))
        end = drawn(ax, d.lags, d.median, color=look.colour, ls=look.dash, zorder=4)
        if end is not None:
            ends.append(End(*end, f"{name}\n{_half_life(d)}", look.colour, bold=True))
        if (mark := half_life_mark(d)) is not None:
            ax.plot(*mark, "o", ms=6.5, mfc="white", mec=look.colour, mew=1.6, zorder=7)
    found = [beside(d, bounds, predictions, len(decays) == 1) for d in decays]
    _limits(ax, decays, [line.values for lines in found for line in lines])
    for d, look, name, lines in zip(decays, chosen, labels, found, strict=True):
        ends += _beside(ax, d, lines, look.colour, "" if len(decays) == 1 else f"{name} ")
    _labelled(ax, decays)
    mark_underflow(ax, marks)
    label_ends(ax, ends)
    return ax


def _half_life(d: Decay) -> str:
    if math.isinf(d.half_life):
        return half_life(d.fit, int(d.lags[-1])) if d.rate >= 0 else f"half-life {in_words(d)}"
    if d.half_life == 0:
        end = finite_end(d.lags, d.median)
        return f"zero after lag {end[0]:.0f}" if end else "zero"
    return f"half-life {steps(d.half_life)}"


def _limits(ax: Axes, decays: Sequence[Decay], beside: list[Array]) -> None:
    """The height of the picture: the curves, and no more than half as much again of what
    stands beside them."""
    low, high = extent([part for d in decays for part in (*d.band, d.median)])
    span = max(high - low, 0.05) if high > low else 1.0
    below, above = extent([*beside, np.array([low, high])])
    bottom, top = max(below, low - 0.45 * span), min(above, high + 0.45 * span)
    ax.set_ylim(bottom - 0.04 * span, top + 0.05 * span)
    ax.set_xlim(0, max(float(d.lags[-1]) for d in decays))


def _beside(ax: Axes, d: Decay, lines: list[Beside], colour: str, name: str) -> list[End]:
    """Draw what stands beside a curve; the labels of what is in the picture."""
    ends = []
    bottom, top = ax.get_ylim()
    for line in lines:
        style = {"color": line.colour or colour, "ls": line.dash, "lw": 1.3, "zorder": 3}
        last = drawn(ax, d.lags, line.values, **style)
        if last is None or not np.any((line.values <= top) & (line.values >= bottom)):
            continue
        label = line.title.replace(" on", "\non") if line.colour is None else line.title
        label += "" if line.off is None else f"\noff by {rate(line.off)} per step"
        label = name * (line.colour is None) + label + beyond(last[1], bottom, top)
        ends.append(End(*last, label, line.colour or colour))
    return ends


def _labelled(ax: Axes, decays: Sequence[Decay]) -> None:
    ruled(ax, *ax.get_ylim())
    blocks = dict.fromkeys(norm_label(d.of, d.wrt, d.norm_name) for d in decays)
    ax.set_ylabel(next(iter(blocks)) if len(blocks) == 1 else "norm of the gradient")
    subtitle(ax, _setting(decays))


def _setting(decays: Sequence[Decay]) -> str:
    """What all curves have in common."""
    sizes = {d.setting.sizes.get("n") for d in decays}
    schemes = {FRAMEWORKS.get(d.setting.scheme or "", d.setting.scheme) for d in decays}
    counts = {d.log10_norm.shape[1] for d in decays}
    drawn = all(d.log10_norm.shape[1] == d.setting.networks for d in decays)
    parts = [f"{size} units" for size in sizes if size and len(sizes) == 1]
    parts += [f"{scheme} initialisation" for scheme in schemes if scheme and len(schemes) == 1]
    if counts != {1}:
        count = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
        parts.append(f"median and 10–90% of {count} {'networks' if drawn else 'samples'}")
    else:
        parts.append("one sample")
    return ", ".join(parts)


@styled
@asked(m=having("exact", "a memory, such as sg.memory(cell, steps) gives"))
def memory_curves(m: Memory, ax: Axes | None = None) -> Axes:
    """What a memory's bias gives: with all weights zero, with random weights, with the input
    gate closed as well; 1/e after T steps is marked."""
    ax = axes_of(ax)
    lines = of_memory(m)
    lowest = min(float(shown(m.exact.median)[-1]) * 1.6, -0.5)
    highest = max(0.0, *(min(float(np.nanmax(shown(d.median))), 1.0) for d, *_ in lines))
    ax.set_ylim(lowest, highest + 0.05 * (highest - lowest))
    ax.set_xlim(0, float(m.exact.lags[-1]))
    ends = []
    for d, title, colour, dash in lines:
        end = drawn(ax, d.lags, d.median, color=colour, ls=dash, zorder=4)
        if end is not None:
            endless = math.isinf(d.time_constant)
            lasts = d.fit.endless if endless else f"1/e after {steps(d.time_constant)} steps"
            ends.append(End(*end, f"{title}\n{lasts}", colour))
    if m.steps <= m.exact.lags[-1]:
        ax.plot(m.steps, -1 / math.log(10), "o", ms=7, mfc="white", mec=BLACK, mew=1.6, zorder=6)
        ax.annotate(
            "o: 1/e after T steps",
            (0.02, 0.03),
            xycoords="axes fraction",
            fontsize=points(9),
            ha="left",
            va="bottom",
        )
    _labelled(ax, [m.exact])
    ax.set_title(
        f"{caption(m.cell)}: {m.parameter} = {m.value:.4f} for T = {m.steps:g}",
        fontsize=points(10.5),
    )
    label_ends(ax, ends)
    return ax
