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
from symgate.plots.style import (
    BLACK,
    BLUE,
    CURVE,
    DASH_DOT,
    DASHED,
    DOTTED,
    GREY,
    RED,
    SOLID,
    caption,
    looks,
    points,
    styled,
    subtitle,
)
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
        if math.isfinite(d.half_life) and 0 < d.half_life <= d.lags[-1]:
            value = float(np.interp(d.half_life, d.lags, shown(d.median)))
            ax.plot(
                d.half_life, value, "o", ms=6.5, mfc="white", mec=look.colour, mew=1.6, zorder=7
            )
    _limits(ax, decays, bounds, predictions)
    if bounds:
        for d, look, name in zip(decays, chosen, labels, strict=True):
            ends += _bounds(ax, d, look.colour, name, len(decays) == 1)
    if predictions:
        for d in decays:
            ends += _predictions(ax, d)
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


def _limits(ax: Axes, decays: Sequence[Decay], bounds: bool, predictions: bool) -> None:
    """The height of the picture: the curves, and no more than half as much again of what
    stands beside them."""
    low, high = extent([part for d in decays for part in (*d.band, d.median)])
    beside: list[Array] = []
    for d in decays:
        if bounds and d.bounds is not None:
            beside += [d.bounds.worst_log10, d.bounds.run_log10.max(axis=1)]
        if predictions and d.predictions is not None:
            beside += [entry.log10_norm for entry in d.predictions.entries]
    span = max(high - low, 0.05) if high > low else 1.0
    below, above = extent([*beside, np.array([low, high])])
    bottom, top = max(below, low - 0.45 * span), min(above, high + 0.45 * span)
    ax.set_ylim(bottom - 0.04 * span, top + 0.05 * span)
    ax.set_xlim(0, max(float(d.lags[-1]) for d in decays))


def _bounds(ax: Axes, d: Decay, colour: str, name: str, alone: bool) -> list[End]:
    found = d.bounds
    if found is None:
        return []
    runs = "this run" if d.log10_norm.shape[1] == 1 else "these runs"
    lines: list[tuple[Array, str, Any]] = [
        (found.worst_log10, found.worst_case.replace(" on", "\non"), DOTTED),
        (found.run_log10.max(axis=1), f"bound for {runs}", (0, (3, 1.5))),
    ]
    if found.radius_log10 is not None and alone:
        lines.append((found.radius_log10, "spectral radius\n(no bound)", (0, (1, 3))))
    ends = []
    bottom, top = ax.get_ylim()
    for values, title, dash in lines:
        own = colour if title[0] != "s" else GREY
        last = drawn(ax, d.lags, values, color=own, ls=dash, lw=1.3, zorder=3)
        inside = np.flatnonzero(np.isfinite(values) & (values <= top) & (values >= bottom))
        if last is None or not len(inside):
            continue
        label = title if alone else f"{name} {title}"
        label += beyond(last[1], bottom, top)
        ends.append(End(*last, label, "#444444" if title[0] == "s" else colour))
    return ends


def _predictions(ax: Axes, d: Decay) -> list[End]:
    found = d.predictions
    if found is None:
        return []
    ends = []
    dashes = {"biases": DASHED, "mean gates": DASH_DOT, "Lyapunov exponent": DOTTED}
    for entry in found.entries:
        style = {"color": BLACK, "ls": dashes[entry.name], "lw": 1.2, "zorder": 5}
        last = drawn(ax, d.lags, entry.log10_norm, **style)
        if last is not None:
            label = f"from the {entry.name}\noff by {rate(entry.rate_off)} per step"
            ends.append(End(*last, label, BLACK))
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
    lines = [(m.exact, "weights zero", BLACK, SOLID), (m.drawn, "random weights", RED, DASHED)]
    if m.paired is not None:
        name = next(iter(m.partner))
        lines.append((m.paired, f"and {name} = {m.partner[name]:.2f}", BLUE, DASH_DOT))
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
