"""What a picture stands on: whether its ground is dark, and whether its words have room."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, QuadMesh
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import TightLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from symgate.drawing.settings import ALONE
from symgate.plots.vector import FIXED, luminance, on_dark

#: The sides of a figure that words need, and which of two places leaves them more.
_SIDES: dict[str, Any] = {
    "left": max,
    "right": min,
    "bottom": max,
    "top": min,
    "wspace": max,
    "hspace": max,
}


@contextmanager
def ground_of(ax: Axes) -> Iterator[None]:
    """Draw on axes that were given: what is new on them, made for a white page, fits a dark
    ground as well, and the words of the figure find room."""
    figure, dark, face = ax.get_figure(), is_dark(ax), ax.get_facecolor()
    before, beside = set(ax.get_children()), set(figure.axes if figure else ())
    yield
    if dark:
        new = [a for a in ax.get_children() if a not in before]
        titled = luminance(to_rgba(_title(ax).get_color())[:3]) < 0.4
        lighten([*new, *[_title(ax)] * titled, *[ax.patch] * (ax.get_facecolor() != face)])
        ax.tick_params(grid_color=on_dark(to_hex(rcParams["grid.color"])))
        for bar in set(figure.axes if figure else ()) - beside:
            bar.tick_params(colors=on_dark("black"))
            bar.yaxis.label.set_color(on_dark("black"))
    settle(ax)


def settle(ax: Axes) -> None:
    """Room for the words of these axes, a title that is too wide on several lines."""
    with ALONE:
        make_room(ax)
        if fold_title(ax):
            make_room(ax)


def _title(ax: Axes) -> Text:
    """The title where the settings of now put it."""
    place = "title" if rcParams["axes.titlelocation"] == "center" else "_left_title"
    return getattr(ax, place)


def is_dark(ax: Axes) -> bool:
    """Whether the ground of these axes is dark, that of the figure shining through."""
    figure = ax.get_figure(root=True)
    below = np.array(to_rgba(figure.get_facecolor() if figure else "white"))
    above = np.array(to_rgba(ax.get_facecolor()))
    return luminance(above[3] * above[:3] + (1 - above[3]) * below[:3]) < 0.18


def make_room(ax: Axes) -> None:
    """Widen the margins and the gaps of the figure until the words of its axes fit, so that
    axes side by side do not run into each other.

    A figure with a layout of its own (constrained, tight) is left alone; margins that are
    wide enough stay.
    """
    figure = ax.get_figure()
    if not isinstance(figure, Figure) or figure.get_layout_engine() or not ax.get_subplotspec():
        return
    before = {side: getattr(figure.subplotpars, side) for side in _SIDES}
    with ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a figure too small for its words
        TightLayoutEngine(w_pad=2.0).execute(figure)
    fit = {s: most(before[s], getattr(figure.subplotpars, s)) for s, most in _SIDES.items()}
    upright = fit["left"] < fit["right"] and fit["bottom"] < fit["top"]
    figure.subplots_adjust(**(fit if upright else before))


def fold_title(ax: Axes) -> bool:
    """Break a title that is wider than its column; whether it was."""
    title, figure, columns = _title(ax), ax.get_figure(root=True), columns_of(ax)
    if ax.get_subplotspec() is None or figure is None:
        return False
    words, at = title.get_text(), title.get_window_extent()
    width, middle = figure.bbox.width, (at.x0 + at.x1) / 2
    centred = title.get_horizontalalignment() == "center"
    room = 2 * min(middle, width - middle) if centred else width - max(at.x0, 0.0)
    beside = 0.7 * width / columns
    share = (beside if columns > 1 else 0.95 * room) / max(at.width, 1.0)
    if share >= 1 or "$" in words:
        return False
    most = max(int(share * len(words)), 8)
    hyphens = max(map(len, words.split())) > most
    title.set_text(textwrap.fill(words, most, break_on_hyphens=hyphens))
    return True


def columns_of(ax: Axes) -> int:
    """How many axes stand beside each other where these stand, bars of colours apart."""
    spec = ax.get_subplotspec()
    return spec.get_topmost_subplotspec().get_gridspec().ncols if spec else 1


def lighten(artists: Iterable[Artist]) -> None:
    """Give artists made for a white page the colours that do the same on a dark one."""
    for artist in artists:
        if (artist.get_gid() or "").startswith(FIXED) or isinstance(artist, QuadMesh):
            continue
        if isinstance(artist, Line2D):
            artist.set_color(_lit(artist.get_color()))
            artist.set_markerfacecolor(_lit(artist.get_markerfacecolor()))
            artist.set_markeredgecolor(_lit(artist.get_markeredgecolor()))
        elif isinstance(artist, Collection | Patch):
            face, edge = artist.get_facecolor(), artist.get_edgecolor()
            artist.set_facecolor(_lit(face))
            artist.set_edgecolor(_lit(edge))
        elif isinstance(artist, Text):
            artist.set_color(_lit(artist.get_color()))
            if isinstance(artist, Annotation) and artist.arrow_patch is not None:
                lighten([artist.arrow_patch])


def _lit(colour: Any) -> Any:
    """One colour, or the colours of a collection, for a dark page."""
    if isinstance(colour, np.ndarray) and colour.ndim == 2:
        return [_lit(tuple(one)) for one in colour]
    if isinstance(colour, str) and colour in ("none", "auto"):
        return colour
    *_, alpha = to_rgba(colour)
    return (on_dark(to_hex(colour)), alpha)
