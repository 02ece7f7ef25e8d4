"""How the figures of this folder look: the house style, with source and set-up as a caption."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from symgate.files import write_file
from symgate.plots.style import rendered

OUTPUT = Path("reports/published")


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure and its caption, which the page sets under it."""

    figure: Figure
    caption: str


def canvas(columns: int = 1, width: float = 7.2, height: float = 4.2) -> tuple[Figure, Any]:
    """A figure and its Axes: one, or a row of them."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns)


def write(picture: Picture, name: str, folder: Path = OUTPUT) -> Path:
    """Write NAME.svg; the caption lies in it as the description that readers aloud take."""
    folder.mkdir(parents=True, exist_ok=True)
    svg = rendered(picture.figure, "svg").decode()
    start = svg.index(">", svg.index("<svg")) + 1
    described = f"\n <desc>{escape(picture.caption)}</desc>"
    return write_file(folder / f"{name}.svg", svg[:start] + described + svg[start:])
