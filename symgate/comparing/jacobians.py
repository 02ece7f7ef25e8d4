"""Where the Jacobians of two cells part, at the numbers of a counterexample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from symgate.comparing.numbers import Trajectory

STEPS = 3
TOLERANCE = 1e-7


@dataclass(frozen=True)
class Parting:
    """Where two Jacobians part: the lag, the block, the entry (from 1) and both values."""

    lag: int
    of: str
    wrt: str
    entry: tuple[int, int]
    first: float
    second: float

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "entry": list(self.entry)}


def parting(left: Trajectory, right: Trajectory, names: Mapping[str, str]) -> Parting | None:
    """The first lag and entry at which the Jacobians of two cells differ, at given numbers;
    `names` maps the second cell's states to the first's."""
    shared = [b for b, a in names.items() if b in right.cell.states and a in left.cell.states]
    pairs = sorted(product(shared, repeat=2), key=lambda p: p[0] != p[1])
    with np.errstate(all="ignore"):
        for lag, (of, wrt) in product(range(1, STEPS + 1), pairs):
            mine = left.jacobian(names[of], names[wrt], lag)
            theirs = right.jacobian(of, wrt, lag)
            gap = np.abs(mine - theirs)
            if np.nanmax(gap) > TOLERANCE:
                i, j = map(int, np.unravel_index(int(np.nanargmax(gap)), gap.shape))
                values = float(mine[i, j]), float(theirs[i, j])
                return Parting(lag, names[of], names[wrt], (i + 1, j + 1), *values)
    return None
