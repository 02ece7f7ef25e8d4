"""Where the Jacobians of two cells part, at the numbers of a counterexample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symgate.comparing.numbers import Array
from symgate.equations.cell import Cell
from symgate.linear.jacobian import jacobian
from symgate.numerics.evaluate import lambdify

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
    left = _OwnPath(one, example.first_parameters, example.variables)
    right = _OwnPath(other, example.second_parameters, example.second_variables)
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


class _OwnPath:
    """The Jacobians of a cell along its own path, from the engine, block by block."""

    def __init__(self, cell: Cell, parameters: Any, variables: Mapping[str, Array]) -> None:
        self.cell, self.parameters = cell, dict(parameters)
        self.path = [dict(variables)]
        self.blocks: dict[tuple[str, str, int], Array] = {}

    def jacobian(self, of: str, wrt: str, lag: int) -> Array:
        if lag == 1:
            return self.block(of, wrt, 0)
        parts = [
            self.block(of, through, lag - 1) @ self.jacobian(through, wrt, lag - 1)
            for through in self.cell.states
        ]
        return np.asarray(sum(parts[1:], parts[0]))

    def block(self, of: str, wrt: str, step: int) -> Array:
        """One block of the one-step Jacobian at a step of the path."""
        key = (of, wrt, step)
        if key not in self.blocks:
            self.blocks[key] = self.evaluated(jacobian(self.cell, of, wrt), step)
        return self.blocks[key]

    def evaluated(self, expression: Any, step: int) -> Array:
        while len(self.path) <= step:
            before = len(self.path) - 1
            values = {s: self.evaluated(self.cell.variable(s), before) for s in self.cell.states}
            self.path.append({**self.path[before], **values})
        f = lambdify(self.cell, expression)
        return np.asarray(f(self.parameters, **{k: self.path[step][k] for k in f.needs}))
