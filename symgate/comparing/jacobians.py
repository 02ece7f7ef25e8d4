"""Where the Jacobians of two cells part, at the numbers of a counterexample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symgate.comparing.numbers import Trajectory

if TYPE_CHECKING:
    from symgate.comparing.counterexample import Counterexample

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


def parting(example: Counterexample) -> Parting | None:
    """The first lag and entry at which the Jacobians of two cells differ, at given numbers."""
    one, other = example.cells
    names = {b: a for b, a in example.names.items() if b in other.states and a in one.states}
    pairs = sorted(((of, wrt) for of in names for wrt in names), key=lambda p: p[0] != p[1])
    first, second = dict(example.first_parameters), dict(example.second_parameters)
    left = Trajectory(one, example.n, first, dict(example.variables))
    right = Trajectory(other, example.n, second, dict(example.second_variables))
    with np.errstate(all="ignore"):
        for lag in range(1, STEPS + 1):
            for of, wrt in pairs:
                mine = left.jacobian(names[of], names[wrt], lag)
                theirs = right.jacobian(of, wrt, lag)
                gap = np.abs(mine - theirs)
                if np.nanmax(gap) > TOLERANCE:
                    i, j = np.unravel_index(int(np.nanargmax(gap)), gap.shape)
                    return Parting(
                        lag,
                        names[of],
                        names[wrt],
                        (int(i) + 1, int(j) + 1),
                        float(mine[i, j]),
                        float(theirs[i, j]),
                    )
    return None
