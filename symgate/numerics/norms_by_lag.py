"""What is noted of the product at every lag: its norm, its rank, singular values if wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.block import AskedBlock
from symgate.numerics.norms import FEW, NORMS, Spectral, singular_values, squares
from symgate.numerics.scaled import Scaled, largest_entries, limits, power_of_two

Array = NDArray[Any]


class Regrown(Exception):
    """What was dropped matters again: an earlier step shut off what was kept."""


def noted_of(asked: AskedBlock) -> Array:
    """Which of the lags 0 … `lags` are noted: all where nothing is said."""
    every = np.arange(asked.lags + 1)
    return np.isin(every, every if asked.noted is None else asked.noted)


class NormsByLag:
    """The block by `wrt` of a product with `height` rows, at all lags of what is `asked`, or at
    those that it notes.

    The remainder of what was dropped may be `tolerance` of the square of a norm.
    """

    def __init__(
        self,
        asked: AskedBlock,
        height: int,
        *,
        wrt: str,
        tolerance: float,
        singular_at: Iterable[int] = (),
    ) -> None:
        lags, samples = asked.lags, asked.run.samples
        self.wrt, self.norm, self.singular_at = wrt, NORMS[asked.norm], set(singular_at)
        self.tolerance = max(tolerance, float(np.finfo(float).eps))
        self.noted = noted_of(asked)
        self.squares, self.dropped = np.zeros((2, lags + 1, samples))
        self.logs = np.zeros((lags + 1, samples))
        self.rank = np.zeros(lags + 1, int)
        self.singular: dict[int, Array] = {}
        followed = range(samples if self.norm.kernel == "spectral" else 0)
        self.spectral = [Spectral(height, b, asked.library) for b in followed]
        self.low, self.high = limits(asked.run.dtype)

    def note(self, lag: int, product: Scaled) -> None:
        """Note the norm at a lag; rescale the rows where they grow large or small."""
        if product.rows:
            self.rank[lag] = product.height - product.has_remainder
        if self.wrt not in product.rows:
            return
        if not self.noted[lag]:
            product.rescale()
            return
        found = self.measure(product.rows[self.wrt])
        if len(found) == 1:
            outside = not self.low < found[0] < self.high
        else:
            outside = bool(((found <= self.low) | (found >= self.high)).any())
        if outside:
            product.rescale()
            self.note_apart(lag, product)
            return
        if lag % 8 == 0 and len(product.rows) > 1 and product.rescale():
            found = self.measure(product.rows[self.wrt])
        self.squares[lag], self.logs[lag] = found, product.log
        if product.has_remainder:
            self.dropped[lag] = squares(product.rows[self.wrt][:, -1:])

    def note_apart(self, lag: int, product: Scaled) -> None:
        """Note the norm of a block of any size, scaled apart from the others."""
        rows = product.rows[self.wrt]
        factor = power_of_two(largest_entries(rows))
        rows = rows / factor[:, None, None]
        self.squares[lag] = self.measure(rows)
        if product.has_remainder:
            self.dropped[lag] = squares(rows[:, -1:])
        self.logs[lag] = product.log + np.log2(factor)

    def note_found(self, lag: int, found: Array, product: Scaled, inside: bool) -> None:
        """Note the lags after `lag`: (steps, 2, B) of squares, of all rows and of the last.
        Where the last of them is not `inside` the range, the rows are rescaled and measured."""
        lags = slice(lag + 1, lag + 1 + len(found))
        self.rank[lags] = product.height - product.has_remainder
        self.squares[lags], self.logs[lags] = found[:, 0], product.log
        if product.has_remainder:
            self.dropped[lags] = found[:, 1]
        if not inside:
            product.rescale()
            self.note_apart(lag + len(found), product)

    def holds(self, before: int, last: int) -> bool:
        """Whether what was dropped is still negligible at the lags before + 1 … last."""
        noted = slice(before + 1, last + 1)
        return not (self.dropped[noted] > self.tolerance * self.squares[noted]).any()

    def next_singular(self, lag: int) -> int:
        """The next lag at which singular values are wanted."""
        return min((k for k in self.singular_at if k > lag), default=1 << 62)

    def note_singular(self, lag: int, product: Scaled) -> None:
        """Note log10 of all singular values at a lag."""
        if self.wrt in product.rows:
            found = singular_values(product.rows[self.wrt])
            with np.errstate(divide="ignore"):
                self.singular[lag] = np.log10(found) + (product.log * np.log10(2))[:, None]

    @property
    def kernel(self) -> str:
        """What the compiled engine notes the norm by, "" if it cannot."""
        return self.norm.kernel

    def measure(self, rows: Array) -> Array:
        """The squared norm of each sample of (B, r, n)."""
        if not self.spectral:
            return self.norm.squares(rows, None)
        return np.asarray([s.norm(r) ** 2 for s, r in zip(self.spectral, rows, strict=True)])

    def measure_many(self, products: Array) -> Array:
        if not self.spectral or products.shape[2] <= FEW:
            return self.norm.squares(products, None)
        return np.asarray([self.measure(rows) for rows in products])

    def log10_norm(self) -> Array:
        """(K + 1, B); -inf where the block is exactly zero."""
        with np.errstate(divide="ignore"):
            return np.asarray(0.5 * np.log10(self.squares) + self.logs * np.log10(2))

    def singular_values(self, size: int) -> dict[int, Array]:
        """By lag, (B, size): dropped directions are -inf."""
        samples = self.squares.shape[1]
        out = {}
        for lag in sorted(self.singular_at):
            out[lag] = np.full((samples, size), -np.inf)
            if lag in self.singular:
                found = self.singular[lag][:, :size]
                out[lag][:, : found.shape[1]] = found
        return out


class DiagonalNormsByLag(NormsByLag):
    """As a NormsByLag of diagonal matrices, of each of which the product holds its one row."""

    @property
    def kernel(self) -> str:
        return "squares" if self.norm.kernel == "squares" else ""

    def measure(self, rows: Array) -> Array:
        return self.norm.of_diagonals(rows)

    def measure_many(self, products: Array) -> Array:
        return self.measure(products)
