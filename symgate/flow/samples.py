"""The samples of several networks and positions side by side, and their singular values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.product import LagNorms, lag_norms

if TYPE_CHECKING:
    from symgate.flow.curve import Decay

Array = NDArray[Any]


def singular_values(d: Decay) -> dict[int, Array]:
    """log10 of all singular values of a measured curve at lags spread over it."""
    lags = spread_lags(int(d.lags[-1]))
    at = d.setting.positions
    parts = [
        lag_norms(run, d.of, d.wrt, int(d.lags[-1]), at=t, norm=d.norm_name, singular=lags)
        for run in d.runs
        for t in at
    ]
    return joined(parts, lags, len(at))


def joined(parts: list[LagNorms], lags: Iterable[int], positions: int) -> dict[int, Array]:
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
