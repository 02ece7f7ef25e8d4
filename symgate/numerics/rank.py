"""The rank that is left: directions too small to matter are dropped, now and then.

With P = Q R the squares of the norms of R's rows add up to that of P, and go on to add up
whatever P is multiplied by. A direction of 1e-9 of the largest changes a norm by 1e-18.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import CDLL
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.norms import Spectral
from symgate.numerics.scaled import Scaled

Array = NDArray[Any]

#: The first look at the rank, lags between two while it falls (fewer for a wide state, whose
#: steps cost more; more where NumPy looks and no spectral norm waits for it), and at most.
FIRST, LOOK, WIDE, WIDE_NUMPY, LOOK_LEAST_OFTEN = 25, 10, 1500, 3000, 400

#: So few rows are not worth a look; the lag that never comes.
LEAST, NEVER = 3, 1 << 62

#: By how much more than the tolerance asks for a direction must be too small to be dropped,
#: so that it may grow against the others by as much before that is noticed.
MARGIN = 0.1


class Rank:
    """When to look at the rank of a product, and what to drop.

    What is dropped changes no norm by more than `tolerance` of it; nothing is where that is
    0. With `each` no direction above `tolerance` times the largest is dropped. `spectral`
    follows the vectors of each sample, where they are wanted, for one block after the other.
    """

    def __init__(
        self,
        tolerance: float,
        width: int,
        *,
        each: bool = False,
        spectral: Sequence[Spectral] = (),
        library: CDLL | None = None,
    ) -> None:
        self.library = library
        self.tolerance, self.spectral = tolerance, spectral
        self.least = tolerance if each else max(tolerance, MARGIN * tolerance**0.5)
        wide = WIDE if library is not None or spectral else WIDE_NUMPY
        self.shortest = max(LOOK, wide // max(width, 1))
        self.interval = self.next_look = max(FIRST, self.shortest)

    def look(self, lag: int, product: Scaled) -> None:
        """Drop what is too small, if it is time to look; wait longer where nothing is."""
        if lag < self.next_look or self.tolerance == 0 or not product.rows or not product.log.size:
            return
        before = product.height
        if before <= LEAST:
            self.next_look = NEVER
            return
        self.truncate(product)
        lost_little = product.height >= 0.95 * before
        self.interval = min(2 * self.interval, LOOK_LEAST_OFTEN) if lost_little else self.shortest
        self.next_look = lag + self.interval

    def wait(self, lag: int, rows: int) -> None:
        """Drop nothing up to a lag: what was dropped before is back, in so many rows."""
        self.next_look = lag + self.interval
        for spectral in self.spectral:
            spectral.restart(rows)

    def truncate(self, product: Scaled) -> None:
        """P = Q R has the norms of R: keep R, and of R the rows that are not negligible to
        any state."""
        names = list(product.rows)
        stacked = np.concatenate([product.rows[name] for name in names], axis=2)
        own = stacked.shape[1] - product.has_remainder
        stacked, remainder = stacked[:, :own], stacked[:, own:]
        ends = np.cumsum([product.rows[name].shape[2] for name in names])
        q: Array | None = None
        if self.spectral and stacked.shape[1] > self.spectral[0].few:
            q, r = (np.asarray(part) for part in np.linalg.qr(stacked))
            tail = _tail(r, ends)
        elif self.library is not None:
            r, tail = _reduced(self.library, stacked, ends)
        else:
            r = np.asarray(np.linalg.qr(stacked, mode="r"))
            tail = _tail(r, ends)
        keep = _fast(max(int(np.count_nonzero(tail > self.least)), 1))
        if keep < r.shape[1]:
            product.has_remainder = True
            dropped = np.concatenate([r[:, keep:], remainder], axis=1)
            weights = _weights(dropped.shape[1]).astype(r.dtype, copy=False)
            remainder = np.einsum("r,brn->bn", weights, dropped)[:, None]
        r = np.concatenate([r[:, :keep], remainder], axis=1)
        if self.spectral and q is not None:
            for place, spectral in enumerate(self.spectral):
                spectral.rotate(q[place % len(q)][:, :keep], r.shape[1])
        starts = [0, *ends.tolist()]
        product.rows = {
            name: np.ascontiguousarray(r[:, :, start:end])
            for name, start, end in zip(names, starts, starts[1:], strict=False)
        }


@lru_cache(maxsize=1024)
def _weights(count: int) -> Array:
    return np.random.default_rng(0).normal(size=(count,))


def _fast(keep: int) -> int:
    """As many rows, or a few more where more cost less: with the remainder a multiple of 8,
    as which a matrix product takes them."""
    over = (keep + 1) % 8
    return keep + 8 - over if over > 4 else keep


def _tail(r: Array, ends: Array) -> Array:
    """How large the rows i … are beside all, the most of any sample and state."""
    shares = []
    for part in np.split(r, ends[:-1], axis=2):
        weight = np.einsum("brn,brn->br", part, part)
        whole = weight.sum(axis=1, keepdims=True)
        shares.append(weight / np.where(whole > 0, whole, 1))
    tail = np.sqrt(np.cumsum(np.sum(shares, axis=0)[:, ::-1], axis=1)[:, ::-1])
    return np.asarray((tail / np.where(tail[:, :1] > 0, tail[:, :1], 1)).max(axis=0))


def _reduced(library: CDLL, stacked: Array, ends: Array) -> tuple[Array, Array]:
    """R of each sample and the tail, by the compiled engine."""
    samples, rows, width = stacked.shape
    r = np.array(stacked, order="C")
    tail, space = np.empty(rows), np.empty(width + rows)
    at = [a.__array_interface__["data"][0] for a in (r, ends, tail, space)]
    library.symgate_reduce(at[0], samples, rows, width, at[1], len(ends), at[2], at[3])
    return r[:, :width], tail[:width]
