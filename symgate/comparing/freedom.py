"""In how many ways a cell changes with its parameters: at least, and at most."""

from __future__ import annotations

import numpy as np

from symgate.comparing.normal import Normal
from symgate.comparing.numbers import Array, Trajectory, all_sizes, shape
from symgate.comparing.sums import summed

#: A singular value above this is no rounding error; the slopes are right to about 1e-9.
CLEAR = 1e-4
STEP = 1e-5


def degrees_of_freedom(cell: Normal, n: int) -> int | None:
    """How many numbers decide the cell's function at most, all sizes being n.

    Of two parameters of which only the sum matters one counts. None for a cell with a size
    that is none of its states' or inputs': that one may be as large as wanted.
    """
    if cell.free_sizes:
        return None
    sizes = all_sizes(cell.cell, n)
    merged = summed(cell)
    gone = {name for name, _ in merged.gone}
    return sum(
        int(np.prod(shape(p.shape, sizes)))
        for p in cell.cell.parameters.values()
        if p.name not in gone or len(cell.blocks.get(p.name, ("",))) > 1
    )


def independent_directions(cell: Normal, n: int) -> int:
    """The rank of the cell's values at random points as a function of its parameters.

    A rank found in numbers is a lower bound: singular values above the errors of the slopes
    are not zero.
    """
    sizes = all_sizes(cell.cell, n)
    shapes = {p.name: shape(p.shape, sizes) for p in cell.cell.parameters.values()}
    count = sum(int(np.prod(its)) for its in shapes.values())
    rng = np.random.default_rng(11)
    theta = rng.normal(size=count)
    names = (*cell.cell.inputs, *cell.states)
    points = cell.doubled({v: rng.normal(scale=1.5, size=(3 * count + 5, n)) for v in names})

    def values(thetas: Array) -> Array:
        parameters, at = {}, 0
        for name, its in shapes.items():
            size = int(np.prod(its))
            parameters[name] = thetas[:, at : at + size].reshape(-1, 1, *its)
            at += size
        there = Trajectory(cell.cell, n, parameters, points)
        whole = (len(thetas), 3 * count + 5, n)
        found = [np.broadcast_to(there.state(name), whole) for name in cell.observed]
        return np.stack(found, 1).reshape(len(thetas), -1)

    with np.errstate(all="ignore"):
        steps = STEP * np.eye(count)
        slopes, halves = (
            (values(theta + s) - values(theta - s)) / (2 * STEP * scale)
            for s, scale in ((steps, 1.0), (steps / 2, 0.5))
        )
    if not np.all(np.isfinite(slopes)) or np.abs(slopes - halves).max() > CLEAR / 100:
        return 0
    return int(np.sum(np.linalg.svd(slopes, compute_uv=False) > CLEAR))
