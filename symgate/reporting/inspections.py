"""What the page says of any run of a trained network, in one direction or in both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from symgate import __version__
from symgate.models.inspecting import Inspection
from symgate.writing.tree import Code, Paragraph, Section, Table


@dataclass(frozen=True)
class Told:
    """A run on the page: its figure and what that is called, its data, its chapter."""

    figure: Axes
    title: str
    data: Mapping[str, Any]
    chapter: Section


def made_by(measured_on: str) -> Paragraph:
    """How the page was made."""
    start = f"Measured on {measured_on}. Made by symgate {__version__}, with "
    return Paragraph((start, Code("sg.report(runs=[net.simulate(x)])"), "."))


def beside(found: Inspection) -> list[Any]:
    """Paths, exponents, saturated gates."""
    blocks: list[Any] = []
    if found.paths is not None:
        rows = tuple(((title,), (share,)) for title, share in found.paths.largest())
        caption = ("What each route of the whole state carries of a step.",)
        blocks.append(Table((("path",), ("share",)), rows, "Paths", caption, frozenset({1})))
    if found.exponents:
        shown = ", ".join(f"{v:+.4f}" for v in found.exponents)
        blocks.append(Paragraph((f"Largest Lyapunov exponents: {shown} nats a step.",)))
    if found.saturations:
        counts = tuple(
            tuple((str(v),) for v in (s.gate, s.units, s.open, s.closed)) for s in found.saturations
        )
        header = (("gate",), ("units",), ("open",), ("closed",))
        caption = ("Units whose mean over the data is above 0.95 (open) or below 0.05 (closed).",)
        blocks.append(Table(header, counts, "Gates", caption, frozenset({1, 2, 3})))
    return blocks
