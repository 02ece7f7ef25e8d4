"""How the figures of this folder look: the house style, and a caption under each."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import symgate as sg
from symgate.plots.style import GREY

OUTPUT = Path("reports/published")


def canvas(columns: int = 1, width: float = 7.2, height: float = 4.2) -> tuple[Figure, Any]:
    """A figure and its Axes: one, or a row of them."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns)


def caption(figure: Figure, text: str) -> Figure:
    """Source and set-up under a figure."""
    width = int(figure.get_figwidth() * 14.5)
    figure.supxlabel(fill(text, width), fontsize=8.5, color=GREY, x=0.01, ha="left")
    return figure


def write(figure: Figure, name: str, folder: Path = OUTPUT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return sg.plots.save(figure, folder / f"{name}.svg")
