"""Heat maps: the gradient over lag and time, and half-lives over a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, LogLocator
from numpy.typing import NDArray

from symgate.asked import asked, having
from symgate.decaying.curve import Decay
from symgate.decaying.sweep import Sweep, fit_of
from symgate.errors import SymgateError, UnknownName
from symgate.numerals import decimal, steps
from symgate.plots.decades import LAG, decade_ticks, norm_label
from symgate.plots.ground import settle
from symgate.plots.lines import chosen
from symgate.plots.style import CURVE, caption, points, styled, subtitle
from symgate.plots.style import axes as axes_of
from symgate.plots.vector import FIXED

Array = NDArray[Any]

#: A map that colour-blind people read alike, and that keeps its order in grey.
MAP = "cividis"

#: Past this number of cells no numbers are written into them.
WRITTEN = 150

#: What lies where there is no number.
NOTHING = "#e8e8e8"


@styled
@asked(d=CURVE)
def lag_time_map(d: Decay, ax: Axes | None = None) -> Axes:
    """The log10 norm over the step t (across) and the lag (down), mean over sequences.

    It needs a Decay with several positions: `sg.decay(…, at=range(…))`.
    """
    positions = np.array(d.setting.positions)
    if len(positions) < 2:
        raise SymgateError("a map over time needs several positions; give decay(…, at=[…])")
    ax = axes_of(ax, height=4.8)
    order = np.argsort(positions)
    values = d.log10_norm.reshape(len(d.lags), d.setting.sequences, -1).mean(axis=1)[:, order]
    values = np.where(np.isfinite(values), values, np.nan)
    mesh = ax.pcolormesh(
        positions[order], d.lags, values, shading="nearest", cmap=MAP, rasterized=True
    )
    ax.set_facecolor(NOTHING)
    ax.invert_yaxis()
    ax.set_xlabel("step $t$")
    ax.set_ylabel(LAG)
    zero = "; grey: exactly zero" if np.isnan(values).any() else ""
    subtitle(ax, f"{caption(d.cell)}{zero}")
    _bar(ax, mesh, norm_label(d.of, d.wrt, d.norm_name), powers=True)
    return ax


@styled
@asked(s=having("axes", "a sweep, such as sg.sweep(cell) gives"), result=None)
def sweep_map(
    s: Sweep,
    result: str = "half_life",
    ax: Axes | None = None,
    *,
    fix: Mapping[str, Any] | None = None,
) -> Axes:
    """One result of a sweep over two axes as a map, over one as a line.

    `fix` names the value of each axis beyond two.
    """
    return sweep_on(axes_of(ax, height=4.6), s, result, fix=fix)


def sweep_on(
    ax: Axes | None,
    s: Sweep,
    result: str = "half_life",
    *,
    fix: Mapping[str, Any] | None = None,
    **line: Any,
) -> Axes:
    """The same on `ax` or on pyplot's axes, in their own style; other keywords go to the line
    of one axis, or to the map."""
    ax = chosen(ax)
    names, values, endless = _sliced(s, result, dict(fix or {}))
    title = {"half_life": "half-life"}.get(result, result.replace("_", " "))
    if len(names) == 1:
        return _line(ax, s, names[0], values, endless, title, **line)
    if len(names) > 2:
        raise SymgateError(
            f"a map has two axes, and {', '.join(names)} vary; give fix={{{names[2]!r}: …}}"
        )
    positive = bool((values[np.isfinite(values)] > 0).all())
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.log10(values) if positive else values
    drawn = np.where(np.isfinite(drawn), drawn, np.nan)
    mesh = ax.pcolormesh(
        np.arange(values.shape[1]),
        np.arange(values.shape[0]),
        drawn,
        **{"shading": "nearest", "cmap": MAP, "edgecolors": "white", "lw": 0.8, **line},
    )
    mesh.set_gid(FIXED)
    mesh.set_rasterized(values.size > WRITTEN)
    ax.set_facecolor(NOTHING)
    for number, name in enumerate(names):
        axis = (ax.yaxis, ax.xaxis)[number]
        axis.set_ticks(range(len(s.axes[name])), [_short(v) for v in s.axes[name]])
        (ax.set_ylabel, ax.set_xlabel)[number](_axis_title(name))
    if values.size <= WRITTEN:
        _write(ax, values, endless, drawn)
    ax.set_title(
        f"{caption(s.cell)}: {title}"
        + (" in steps" if "life" in title or "constant" in title else ""),
        fontsize=points(10.5),
    )
    _bar(ax, mesh, title, powers=positive)
    settle(ax)
    return ax


def _sliced(s: Sweep, result: str, fix: dict[str, Any]) -> tuple[list[str], Array, Array]:
    """The axes that are left, the values, and what is said of those without an end."""
    values, names = s.grid(result), list(s.axes)
    endless = np.reshape([fit_of(row).endless for row in s.rows], values.shape)
    for name, value in fix.items():
        if name not in names:
            raise UnknownName("an axis named", name, s.axes)
        if value not in s.axes[name]:
            raise SymgateError(f"{name} has the values {', '.join(map(str, s.axes[name]))}")
        place, axis = s.axes[name].index(value), names.index(name)
        values, endless = np.take(values, place, axis), np.take(endless, place, axis)
        names.remove(name)
    return names, values, endless


def _line(
    ax: Axes, s: Sweep, name: str, values: Array, endless: Array, title: str, **line: Any
) -> Axes:
    places = np.arange(len(values))
    held = values[np.isfinite(values)]
    style = {"marker": "o", "label": caption(s.cell), **line}
    ax.plot(places, np.where(np.isfinite(values), values, np.nan), **style)
    ax.set_xticks(places, [_short(v) for v in s.axes[name]])
    ax.set_xlim(-0.5, len(values) - 0.5)
    if held.size and (held > 0).all():
        ax.set_yscale("log")
        if np.ptp(np.log10(held)) < 3:
            if np.ptp(np.log10(held)) > 1:
                ax.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
            for which in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
                which(LogFormatter(minor_thresholds=(2, 0.4)))
    for place in np.flatnonzero(np.isposinf(values)).tolist():
        middle = ax.get_xaxis_transform()
        told = _folded(endless[place])
        ax.text(place, 0.96, told, transform=middle, ha="center", va="top", fontsize="small")
    ax.set_xlabel(_axis_title(name))
    ax.set_ylabel(title)
    ax.set_title(f"{caption(s.cell)}: {title}", fontsize=points(10.5))
    settle(ax)
    return ax


def _folded(words: object) -> str:
    return str(words).replace("not ", "not\n")


def _write(ax: Axes, values: Array, endless: Array, drawn: Array) -> None:
    low, high = np.nanmin(drawn, initial=np.inf), np.nanmax(drawn, initial=-np.inf)
    for (row, column), value in np.ndenumerate(values):
        shade = (drawn[row, column] - low) / (high - low) if high > low else 1.0
        dark = np.isfinite(shade) and shade < 0.5
        told = _folded(endless[row, column]) if np.isposinf(value) else steps(value)
        text = "-" if np.isnan(value) else told
        ax.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=points(9),
            color="white" if dark else "black",
            gid=FIXED if np.isfinite(shade) else None,
        )


def _short(value: Any) -> str:
    return decimal(value, 6) if isinstance(value, int | float) else str(value)


def _axis_title(name: str) -> str:
    if name.startswith("bias "):
        return name if name.startswith("bias b") else f"bias of gate {name[5:]}"
    return {"hidden": "units", "gain": "gain of the recurrent weights"}.get(name, name)


def _bar(ax: Axes, mesh: Any, title: str, *, powers: bool) -> None:
    figure = ax.figure
    assert isinstance(figure, Figure)
    bar = figure.colorbar(mesh, ax=ax, pad=0.02)
    bar.outline.set_visible(False)
    if bar.solids is not None:
        bar.solids.set_rasterized(True)
    bar.set_label(title)
    if powers:
        low, high = mesh.get_clim()
        decade_ticks(bar.ax.yaxis, low, high, plain=4)
