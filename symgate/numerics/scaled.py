"""A product kept near 1: rows by state, and the logarithm of what was divided out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(eq=False)
class Scaled:
    """2^log times the rows {state: (B, r, n)}; log is (B,).

    Where directions were dropped the last row stands for them (`has_remainder`): their sum
    with normal weights, which has about their size. It shows whether they stay as small as
    they were, also where they come to lie in one direction: signs could cancel there.
    """

    rows: dict[str, Array]
    log: Array
    has_remainder: bool = False

    @property
    def height(self) -> int:
        """How many rows there are, the remainder among them."""
        return int(next(iter(self.rows.values())).shape[1])

    def rescale(self) -> bool:
        """Divide all rows of a sample by the size of the largest, where it is far from 1."""
        size = np.max([largest_entries(rows) for rows in self.rows.values()], axis=0)
        low, high = limits(size.dtype)
        far = (size > 0) & ((size**2 < low) | (size**2 > high))
        if not far.any():
            return False
        factor = np.where(far, power_of_two(size), 1).astype(size.dtype)
        for rows in self.rows.values():
            rows /= factor[:, None, None]
        self.log = self.log + np.log2(factor)
        return True


def limits(dtype: Any) -> tuple[float, float]:
    """Between which numbers a sum of squares is exact, with room for a few steps."""
    info = np.finfo(dtype)
    return float(info.tiny) ** 0.25, float(info.max) ** 0.25


def power_of_two(size: Array) -> Array:
    """A number near each size by which a division is exact."""
    return np.asarray(np.ldexp(np.ones_like(size), np.frexp(size)[1] - 1))


def largest_entries(rows: Array) -> Array:
    """The largest modulus in each matrix of (…, r, n)."""
    return np.asarray(np.abs(rows).max(axis=(-2, -1), initial=0))
