"""Norms of the rows of a product: Frobenius, spectral, and all singular values.

The spectral norm is followed from lag to lag: a few left vectors of the last lag start the
iteration of the next. It is taken when a residual says that it is exact and the rest of
the Frobenius norm is too small to hide a larger value; else the Gram matrix is solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Norm:
    """A norm of a matrix: the sign below its bars, and NumPy's word for it."""

    sign: str
    order: Any


NORMS = {"frobenius": Norm("F", "fro"), "spectral": Norm("2", 2)}

#: How many vectors are followed, how exact the norm must be, how often to try, and up to
#: how many rows the Gram matrix is solved outright.
VECTORS, EXACT, ROUNDS, FEW = 6, 1e-12, 6, 48


def squares(held: Array) -> Array:
    """The sum of squares of each matrix of (…, r, n)."""
    if held.ndim == 3 and len(held) == 1:
        flat = held.reshape(-1)
        return np.asarray([np.dot(flat, flat)])
    return np.einsum("...rn,...rn->...", held, held)


class Spectral:
    """Follows the largest singular value of one sample's rows over the lags."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        self.seed = seed
        self.left: Array
        self.restart(rows)

    def restart(self, rows: int) -> None:
        """Begin with vectors that know nothing, once they are needed."""
        self.rows, self.left = rows, np.empty((0, 0))

    def begin(self) -> None:
        if not self.left.size:
            size = self.rows, min(VECTORS, self.rows)
            self.left = np.linalg.qr(np.random.default_rng(self.seed).normal(size=size))[0]

    def rotate(self, q: Array, rows: int) -> None:
        """The first rows were multiplied by qᵀ from the left; up to `rows`, others follow."""
        self.begin()
        left = q.T @ self.left[: len(q)]
        self.left = np.pad(left, ((0, rows - len(left)), (0, 0)))

    def norm(self, rows: Array) -> float:
        """The largest singular value of rows (r, n)."""
        if len(rows) > FEW:
            found = self.followed(rows)
            if found is not None:
                return found
        return largest(rows)

    def followed(self, rows: Array) -> float | None:
        """The norm by iteration from the last lag's vectors, or None if it is not certain."""
        self.begin()
        whole = float(np.vdot(rows, rows))
        for _ in range(ROUNDS):
            self.left, _ = np.linalg.qr(rows @ (rows.T @ self.left))
            projected = self.left.T @ rows
            u, s, vt = np.linalg.svd(projected, full_matrices=False)
            if whole - float(s @ s) >= s[0] ** 2 * (1 - 1e-6):
                return None  # something larger may be hidden in the rest
            residual = float(np.linalg.norm(rows @ vt[0] - s[0] * (self.left @ u[:, 0]))) / s[0]
            gap = max(1 - (s[1] / s[0]) ** 2, 1e-16)
            if residual * min(1.0, residual / gap) <= EXACT:
                return float(s[0])
        return None


def largest(rows: Array) -> float:
    """The largest singular value of rows (r, n)."""
    return float(np.sqrt(largest_squares(rows)))


def largest_squares(held: Array) -> Array:
    """The square of the largest singular value of each matrix of (…, r, n), from the Gram
    matrix: exact to rounding for the largest."""
    if not held.size:
        return np.zeros(held.shape[:-2])
    turned = held.swapaxes(-1, -2)
    gram = held @ turned if held.shape[-2] <= held.shape[-1] else turned @ held
    return np.maximum(np.linalg.eigvalsh(gram)[..., -1], 0.0)


def singular_values(rows: Array) -> Array:
    """All singular values of each sample of (B, r, n), largest first: (B, min(r, n))."""
    return np.asarray(np.linalg.svd(rows, compute_uv=False))
