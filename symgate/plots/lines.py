"""Curves on the axes of the user: pyplot's own where none are given, in the user's style.

Nothing here sets a font, a colour or a size that Matplotlib's settings decide: lines take the
next colour of the axes and any keyword of a line, carry a label for `plt.legend()`, and stand
on a true logarithmic axis wherever floating point can hold the numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from symgate.asked import asked, axes, switch
from symgate.drawing.palette import BLUE, RED
from symgate.plots.decades import LAG, Powers, finite_end, norm_label, shown
from symgate.plots.ground import settle
from symgate.plots.style import BLACK, DASH_DOT, DASHED, DOTTED, GREY, SOLID, caption

if TYPE_CHECKING:
    from symgate.decaying.curve import Decay
    from symgate.decaying.memory import Memory

Array = NDArray[Any]

#: Beyond 10 to these powers a number is no float any more, and the axis holds powers.
LEAST, MOST = -300.0, 300.0


#: The dashes of what is predicted, each its own.
PREDICTED = {
    "biases": DASHED,
    "mean gates": DASH_DOT,
    "Lyapunov exponent": (0, (3, 1, 1, 1, 1, 1)),
}


@dataclass(frozen=True)
class Beside:
    """A line beside a curve, of the curve's own colour where it has none; and by how much the
    rate that it predicts is off."""

    title: str
    values: Array
    dash: Any
    colour: str | None = None
    off: float | None = None


def beside(d: Decay, bounds: bool, predictions: bool, radius: bool = False) -> list[Beside]:
    """The bounds of a curve, with the spectral `radius` too, and what is predicted for it."""
    out: list[Beside] = []
    if bounds and d.bounds is not None:
        runs = "this run" if d.log10_norm.shape[1] == 1 else "these runs"
        out.append(Beside(d.bounds.worst_case, d.bounds.worst_log10, DOTTED))
        ours = d.bounds.run_log10.max(axis=1)
        out.append(Beside(f"bound for {runs}", ours, (0, (3, 1.5))))
        if radius and (none := d.bounds.radius_log10) is not None:
            out.append(Beside("spectral radius\n(no bound)", none, (0, (1, 3)), GREY))
    if predictions and d.predictions is not None:
        for e in d.predictions.entries:
            title, dash = f"from the {e.name}", PREDICTED[e.name]
            out.append(Beside(title, e.log10_norm, dash, BLACK, e.rate_off))
    return out


def half_life_mark(d: Decay) -> tuple[float, float] | None:
    """Where a curve has its half-life, if it does."""
    if not 0 < d.half_life <= d.lags[-1]:
        return None
    return d.half_life, float(np.interp(d.half_life, d.lags, shown(d.median)))


def of_memory(m: Memory) -> list[tuple[Decay, str, str, Any]]:
    """The curves of a memory, each with its name, a colour and a dash."""
    out = [(m.exact, "weights zero", BLACK, SOLID), (m.drawn, "random weights", RED, DASHED)]
    if m.paired is not None:
        name, value = next(iter(m.partner.items()))
        out.append((m.paired, f"and {name} = {value:.2f}", BLUE, DASH_DOT))
    return out


def chosen(ax: Axes | None) -> Axes:
    """The axes that were given, or pyplot's."""
    if ax is not None:
        return cast("Axes", axes("ax", ax))
    from matplotlib import pyplot

    return pyplot.gca()


@asked(bounds=switch, predictions=switch)
def curve(
    d: Decay,
    ax: Axes | None = None,
    *,
    bounds: bool = False,
    predictions: bool = False,
    **line: Any,
) -> Axes:
    """Draw a curve: a line for the median, a band from the 10th to the 90th percentile, a circle
    at the half-life, a triangle where it is zero from then on.

    `bounds` adds the worst case and the bound of these runs, `predictions` what biases, mean
    gates and the Lyapunov exponent promise. All other keywords go to the line.

    >>> import matplotlib; matplotlib.use("agg")
    >>> import symgate as sg
    >>> from matplotlib import pyplot as plt
    >>> ax = sg.decay("rnn", hidden=4, lags=20).plot(plt.figure().gca(), color="green", lw=3)
    >>> ax.get_yscale(), ax.get_lines()[0].get_label()
    ('log', 'rnn')
    >>> plt.close()
    """
    ax = chosen(ax)
    whose = f"{caption(d.cell)}: " if ax.lines else ""
    others = beside(d, bounds, predictions)
    low, high = d.band
    scaled(ax, [low, high, d.median, *(other.values for other in others)])
    norm = norm_label(d.of, d.wrt, d.norm_name)
    other = "" if ax.get_ylabel() in ("", norm) else f": ∂{d.of}/∂{d.wrt}"
    drawn = line_on(ax, d.lags, d.median, **{"label": f"{caption(d.cell)}{other}", **line})
    colour = drawn.get_color()
    ax.fill_between(d.lags, _on(ax, low), _on(ax, high), color=colour, alpha=0.2, linewidth=0)
    if (mark := half_life_mark(d)) is not None:
        line_on(ax, mark[:1], np.array(mark[1:]), ls="", marker="o", mfc="none", color=colour)
    end = finite_end(d.lags, d.median)
    if end is not None and end[0] < d.lags[-1]:
        _mark_zero(ax, *end, float(d.lags[-1]), colour)
    for o in others:
        line_on(ax, d.lags, o.values, label=whose + o.title, ls=o.dash, lw=1.0, color=colour)
    titled(ax, norm)
    return ax


def _mark_zero(ax: Axes, lag: float, log10: float, last: float, colour: Any) -> None:
    """Where a curve ends because it is exactly zero from then on, up to the last lag."""
    (y,) = _on(ax, np.array([log10]))
    ax.plot(lag, y, marker="v", ls="", color=colour, label="_")
    ax.annotate(
        f"zero after lag {lag:.0f}", (lag, y), (8, 0), textcoords="offset points", va="center"
    )
    ax.update_datalim([(last, y)])
    ax.autoscale_view()


def memory(m: Memory, ax: Axes | None = None, **line: Any) -> Axes:
    """Draw what a memory's bias gives: with weights zero, with random weights, and with the
    input gate closed as well; a cross marks 1/e after T steps."""
    ax = chosen(ax)
    for d, label, *_ in of_memory(m):
        curve(d, ax, **{"label": label, **line})
    if m.steps <= m.exact.lags[-1]:
        level = np.array([-1 / math.log(10)])
        ink = rcParams["text.color"]
        line_on(ax, [m.steps], level, ls="", marker="x", color=ink, label="1/e after T steps")
    return ax


def scaled(ax: Axes, curves: list[Array]) -> None:
    """Make fresh axes logarithmic, or axes of powers where the values are no numbers."""
    if ax.lines or ax.collections:
        return
    values = np.concatenate([np.asarray(c)[np.isfinite(c)] for c in curves])
    if not values.size or (values.min() > LEAST and values.max() < MOST):
        ax.set_yscale("log")
    else:
        ax.yaxis.set_major_formatter(Powers())
        ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def _on(ax: Axes, log10: Array) -> Array:
    """Values for these axes: numbers, or their powers of ten; gaps where there are none."""
    if isinstance(ax.yaxis.get_major_formatter(), Powers):
        return np.where(np.isfinite(log10), log10, np.nan)
    held = (log10 > LEAST) & (log10 < MOST)
    return np.where(held, 10.0 ** np.where(held, log10, 0.0), np.nan)


#: What belongs to the axes or the figure, and how Matplotlib sets it there.
_OF_AXES = {"figsize": "plt.figure(figsize=…) before it"} | {
    name: f"ax.set_{name}(…) of the axes that it returns"
    for name in ("title", "xlabel", "ylabel", "xlim", "ylim", "yscale")
}
_OF_AXES |= {
    "grid": "ax.grid() of the axes that it returns",
    "kind": "d.to_frame().plot(kind=…), which is pandas'",
    "legend": "plt.legend() after it",
    "logy": "nothing: the axis is logarithmic, and ax.set_yscale(…) changes it",
}


def line_on(ax: Axes, lags: Any, log10: Array, **line: Any) -> Line2D:
    """A line of log10 values over the lag; other keywords are the line's own."""
    for name in line:
        if name in _OF_AXES:
            raise TypeError(f"{name} is not a property of the line; take {_OF_AXES[name]}")
    try:
        (drawn,) = ax.plot(lags, _on(ax, log10), **{"label": "_", **line})
    except AttributeError as error:
        raise TypeError(f"{error}: a line takes color, lw, ls, marker, alpha, label, …") from None
    return drawn


def lines_on(ax: Axes, lags: Any, log10: Array, **line: Any) -> Line2D:
    """A line a sample, of log10 values (K,) or (K, B); the first has the label, and is given."""
    first, *others = log10.reshape(len(log10), -1).T
    drawn = line_on(ax, lags, first, **line)
    for values in others:
        line_on(ax, lags, values, **{**line, "label": "_"})
    return drawn


def titled(ax: Axes, name: str, across: str = LAG) -> None:
    """Names for axes that have none, and room for them."""
    if not ax.get_xlabel():
        ax.set_xlabel(across)
    if not ax.get_ylabel():
        ax.set_ylabel(name)
        settle(ax)
