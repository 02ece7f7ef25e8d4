"""The table: sizes, work, rates and memories of the cells, side by side."""

from __future__ import annotations

import math

from symgate.equations.cell import Cell
from symgate.numerics.norms import NORMS
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import lasting
from symgate.writing.tree import (
    Code,
    Link,
    Paragraph,
    Picture,
    Section,
    Table,
    Words,
    Written,
)

HEADER: tuple[Words, ...] = (
    ("cell",),
    ("parameters",),
    ("at these sizes",),
    ("multiplications per step",),
    ("rate (1/step)",),
    ("half-life (steps)",),
    ("time constant (steps)",),
    ("time constant from the biases (steps)",),
    ("above ", Written("10^{-6}"), " up to lag"),
    ("carry's share (%)",),
)


#: The columns behind the parameters: a number each, and what stands where it has none.
NUMBERS = (
    ("parameters_here", "whole", ""),
    ("work_here", "whole", ""),
    ("rate", "rate", ""),
    ("half_life", "steps", ""),
    ("time_constant", "steps", ""),
    ("time_constant_from_biases", "steps", "none"),
    ("above_millionth", "whole", "all"),
    ("carry_share", "share", "none"),
)

CAPTION = (
    r"Sizes: {sizes}. Multiplications: those of the matrix products in one forward step. Norms are "
    r"{norm}, and falls at the same rate in the long run. The rate is the slope of the natural "
    r"logarithm of the norm over the second half of the lags; half-life and time constant are ln 2 "
    r"and 1 divided by its size. The time constant from the biases is that of the carry alone, "
    r"with every gate at its bias. Above $10^{-6}$ up to lag: the largest lag at which more than a "
    r"millionth is left. The carry's share is its part in the one-step Jacobian of the whole state."
)


def section(f: Findings) -> Section:
    """One row a cell, the gradient that lasts longest first."""
    rows = []
    for cell in [*f.slowest_first, *(c for c in f.cells if c not in f.measured)]:
        here = f.at(cell)
        start: list[Words] = [
            (Link(cell.name, f"#{f.slugs[cell.name]}"),),
            (Written(here["latex/parameters"]),),
        ]
        measured = cell in f.measured
        there = NUMBERS if measured else NUMBERS[:2]
        instead = dict.fromkeys(("half_life", "time_constant"), lasting(here)) if measured else {}
        numbers: list[Words] = [
            (word,)
            if here[key] is None and (word := instead.get(key, nothing))
            else (here.number(key, form),)
            for key, form, nothing in there
        ]
        rows.append((*start, *numbers, *[("–",)] * (len(NUMBERS) - len(there))))
    sizes = f.at(f.cells[0])["sizes"]
    shown = ", ".join(f"{letter} = {n}" for letter, n in sizes.items())
    width = max((_width(f.at(cell), cell) for cell in f.measured), default=1)
    caption = f.said(CAPTION, sizes=shown, norm=NORMS["spectral"].told(width))
    words = f.said(
        "Sorted by how long the gradient lasts. The same in a terminal: {command}.",
        command=Code(f"{f.settings.decay_command} --bounds"),
    )
    numeric = frozenset(range(2, len(HEADER)))
    table = Table(HEADER, tuple(rows), "The cells side by side", caption, numeric)
    below = (_bounds(f),) if f.has("bounds") else ()
    return Section("table", "Side by side", (Paragraph(words), table, *below))


def _bounds(f: Findings) -> Picture:
    """The curves with their bounds; a worst case with values of a run is none over all inputs."""
    held = [c.name for c in f.measured if f.at(c)["bound/of_run"]]
    but = f" (of {', '.join(held)} on the inputs of these runs)" if held else ""
    caption = (
        f"The first lags, with bounds on the norm. Dotted: worst case over all inputs{but}. "
        "Dashed: bound for these runs."
    )
    return Picture("bounds", "The decay of the gradient with its bounds", (caption,))


def _width(here: Findings, cell: Cell) -> int:
    """How many singular values the Jacobian of a cell's curve has at most."""
    lengths = ([here["sizes"][str(n)] for n in cell.shapes[here[k]]] for k in ("of", "wrt"))
    return min(map(math.prod, lengths))
