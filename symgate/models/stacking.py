"""Layers one above the other as one cell: h1, c1, h2, c2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from symgate.equations.cell import Cell

Array = NDArray[Any]


def stacked(
    cells: Sequence[Cell], params: Sequence[Mapping[str, Array]]
) -> tuple[Cell, dict[str, Array]]:
    """One cell for several, with their parameters; a single cell stays as it is."""
    if len(cells) == 1:
        return cells[0], dict(params[0])
    weights = {
        numbered(name, place): array
        for place, own in enumerate(params, 1)
        for name, array in own.items()
    }
    return _one_cell(tuple(cells)), weights


@lru_cache(maxsize=64)
def _one_cell(cells: tuple[Cell, ...]) -> Cell:
    lines: list[str] = []
    below = ""
    for place, cell in enumerate(cells, 1):
        names = {n: f"{n}{place}" for n in cell.equations}
        names |= {n: numbered(n, place) for n in cell.parameters}
        if below:
            names[cell.inputs[0]] = below
        lines += [_renamed(line, names) for line in str(cell).splitlines()]
        below = names[output_of(cell)]
    title = " above ".join(cell.name for cell in reversed(cells))
    return Cell.from_text("\n".join(lines), f"{cells[0].name}-{len(cells)}", title=title)


def numbered(name: str, place: int) -> str:
    """A parameter's name in a layer: W_i is W1_i in the first."""
    head, line, tail = name.partition("_")
    return f"{head}{place}{line}{tail}"


def output_of(cell: Cell) -> str:
    """The state that a layer gives out: h where there is one, else the first."""
    return "h" if "h" in cell.states else cell.states[0]


def _renamed(line: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda m: names.get(m.group(), m.group()), line)
