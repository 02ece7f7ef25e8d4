"""The samples of several networks and positions side by side, and their singular values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.product import LagNorms, lag_norms
from symgate.numerics.run import Run

Array = NDArray[Any]


def singular_values(
    runs: Iterable[Run], of: str, wrt: str, last: int, at: Sequence[int], norm: str
) -> dict[int, Array]:
    """log10 of all singular values at lags spread up to the last, from each position."""
    lags = spread_lags(last)
    parts = [
        lag_norms(run, of, wrt, last, at=t, norm=norm, singular=lags) for run in runs for t in at
    ]
    return by_lag(parts, lags, len(at))


def by_lag(parts: list[LagNorms], lags: Iterable[int], positions: int) -> dict[int, Array]:
    return {
        k: side_by_side([np.atleast_2d(p.singular_values[k]) for p in parts], positions, 0)
        for k in lags
        if all(k in p.singular_values for p in parts)
    }


def side_by_side(parts: list[Array], positions: int, axis: int) -> Array:
    """The samples of all networks, the positions of a sequence next to each other."""
    groups = [parts[i : i + positions] for i in range(0, len(parts), positions)]
    shape = list(parts[0].shape)
    shape[axis] *= positions
    return np.concatenate([np.stack(g, axis=axis + 1).reshape(shape) for g in groups], axis=axis)


def spread_lags(count: int) -> list[int]:
    """1, 2, 5, 10, … up to the last lag."""
    decades = range(len(str(count)))
    found = {step * 10**d for d in decades for step in (1, 2, 5)}
    return sorted({k for k in found if k <= count} | {count})
