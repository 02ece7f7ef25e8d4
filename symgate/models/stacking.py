"""Layers one above the other as one cell with their weights: h1, c1, h2, c2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from symgate.equations.cell import Cell
from symgate.equations.stack import numbered, stack

Array = NDArray[Any]

#: `check` tries many readings, and each has a few cells only.
_one_cell = lru_cache(maxsize=64)(stack)


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
    return _one_cell(*cells), weights
