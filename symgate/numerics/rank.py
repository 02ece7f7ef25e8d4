"""The rank that is left: directions too small to matter are dropped, now and then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.norms import Spectral
from symgate.numerics.scaled import Scaled

Array = NDArray[Any]

#: Lags between two looks at the rank: at first, and at most.
LOOK, LOOK_LEAST_OFTEN = 25, 400


class Regrown(Exception):
    """What was dropped matters again: an earlier step shut off what was kept."""


class Rank:
    """When to look at the rank of a product, and what to drop.

    Directions below `tolerance` times the largest are dropped, none where it is 0.
    `spectral` follows the vectors of each sample, where they are wanted.
    """

    def __init__(self, tolerance: float, spectral: Sequence[Spectral] = ()) -> None:
        self.tolerance, self.spectral = tolerance, spectral
        self.interval, self.next_look = LOOK, LOOK

    def look(self, lag: int, product: Scaled) -> None:
        """Drop what is too small, if it is time to look; wait longer where nothing is."""
        if lag < self.next_look or self.tolerance == 0 or not product.rows or not product.log.size:
            return
        before = product.height
        if before > 1:
            self.truncate(product)
        lost_little = product.height >= 0.95 * before
        self.interval = min(2 * self.interval, LOOK_LEAST_OFTEN) if lost_little else LOOK
        self.next_look = lag + self.interval

    def truncate(self, product: Scaled) -> None:
        """P = Q R has the norms of R: keep R, and of R the rows that are not negligible to
        any state."""
        self.check(product)
        names = list(product.rows)
        joined = np.concatenate([product.rows[name] for name in names], axis=2)
        joined, remainder = np.split(joined, [joined.shape[1] - product.has_remainder], axis=1)
        q: Array | None = None
        if self.spectral:
            q, r = (np.asarray(part) for part in np.linalg.qr(joined))
        else:
            r = np.asarray(np.linalg.qr(joined, mode="r"))
        ends = np.cumsum([product.rows[name].shape[2] for name in names])[:-1]
        weight = np.sum([_shares(part) for part in np.split(r, ends, axis=2)], axis=0)
        tail = np.sqrt(np.cumsum(weight[:, ::-1], axis=1)[:, ::-1])
        keep = int((tail > self.tolerance * tail[:, :1]).sum(axis=1).max(initial=1))
        if keep < r.shape[1]:
            product.has_remainder = True
            dropped = np.concatenate([r[:, keep:], remainder], axis=1)
            signs = np.where(np.arange(dropped.shape[1]) * 0.618 % 1 < 0.5, 1, -1)
            remainder = np.einsum("r,brn->bn", signs.astype(r.dtype), dropped)[:, None]
        r = np.concatenate([r[:, :keep], remainder], axis=1)
        if q is not None:
            for b, spectral in enumerate(self.spectral):
                spectral.rotate(q[b][:, :keep], r.shape[1])
        parts = np.split(r, ends, axis=2)
        product.rows = {n: np.ascontiguousarray(p) for n, p in zip(names, parts, strict=True)}

    def check(self, product: Scaled) -> None:
        """Give up where what was dropped is no longer negligible."""
        if product.has_remainder:
            shares = [_shares(rows)[:, -1] for rows in product.rows.values()]
            if np.max(shares, initial=0) > max(self.tolerance, float(np.finfo(float).eps)):
                raise Regrown


def _shares(rows: Array) -> Array:
    """Which part of the sum of squares of (B, r, n) each row has: (B, r)."""
    weight = np.einsum("brn,brn->br", rows, rows)
    whole = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight / np.where(whole > 0, whole, 1))
