"""The norms: a record each, in `NORMS`, which is all that there is to adding one.

The spectral norm is followed from lag to lag: a few left vectors of the last lag start the
iteration of the next. It is taken when a residual says that it is exact and the rest of
the Frobenius norm is too small to hide a larger value; else the Gram matrix is solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from ctypes import CDLL
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.scaled import largest_entries

Array = NDArray[Any]


#: How many vectors are followed, how exact the norm must be, how often to try, and for how
#: many lags at most nothing is followed after that failed.
VECTORS, EXACT, ROUNDS, REST = 6, 1e-12, 6, 31

#: Up to how many rows the Gram matrix is solved outright, by NumPy and by the compiled engine
#: (as in engine.c).
FEW, FEW_COMPILED = 48, 128


def squares(held: Array, library: CDLL | None = None) -> Array:
    """The sum of squares of each matrix of (…, r, n)."""
    flat = held.reshape(*held.shape[:-2], held.shape[-2] * held.shape[-1])
    return np.asarray(np.vecdot(flat, flat))


class Spectral:
    """Follows the largest singular value of one sample's rows over the lags."""

    def __init__(self, rows: int, seed: int = 0, library: CDLL | None = None) -> None:
        self.seed, self.library = seed, library
        self.few = FEW if library is None else FEW_COMPILED
        self.left: Array
        self.restart(rows)

    def restart(self, rows: int) -> None:
        """Begin with vectors that know nothing, once they are needed."""
        self.rows, self.left = rows, np.empty((0, 0))
        self.failed = self.rest = 0

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
        if len(rows) > self.few:
            if self.rest == 0:
                found = self.followed(rows)
                self.failed = 0 if found is not None else 2 * self.failed + 1
                self.rest = min(self.failed, REST)
                if found is not None:
                    return found
            else:
                self.rest -= 1
        return float(np.sqrt(largest_squares(rows, self.library)))

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


def largest_squares(held: Array, library: CDLL | None = None) -> Array:
    """The square of the largest singular value of each matrix of (…, r, n), from the Gram
    matrix: exact to rounding for the largest. `library` is the compiled engine."""
    if not held.size:
        return np.zeros(held.shape[:-2])
    if held.shape[-1] < held.shape[-2]:
        held = held.swapaxes(-1, -2)
    *many, rows, columns = held.shape
    if library is not None and rows <= FEW_COMPILED and held.dtype == np.float64:
        held, out = np.ascontiguousarray(held), np.empty(many)
        at = [a.__array_interface__["data"][0] for a in (held, out)]
        library.symgate_spectral(at[0], out.size, rows, columns, at[1])
        return out
    gram = held @ held.swapaxes(-1, -2)
    return np.maximum(np.linalg.eigvalsh(gram)[..., -1], 0.0)


def singular_values(rows: Array) -> Array:
    """All singular values of each sample of (B, r, n), largest first: (B, min(r, n))."""
    return np.asarray(np.linalg.svd(rows, compute_uv=False))


@dataclass(frozen=True)
class MatrixNorm:
    """A norm of a matrix, as everything that measures, bounds, plots or names one needs it.

    `label` is what it is called, `sign` stands below its bars, `sentence` says beside a table
    what it is, with {size} and {root} for the units and their square root. `squares` gives its
    square for each matrix of (…, r, n), `of_diagonals` for the diagonal matrices whose
    diagonals are the rows of (…, 1, n). `most` is how much larger than that of the spectral
    norm its square can be, for so many rows and columns. A norm that the rows keep when they
    are rotated has `rotates`: of others no direction is dropped. `kernel` is what the compiled
    engine notes it by, if it can.
    """

    label: str
    sign: str
    sentence: str
    squares: Callable[[Array, CDLL | None], Array]
    of_diagonals: Callable[[Array], Array]
    most: Callable[[int, int], float]
    rotates: bool = True
    kernel: str = ""

    def told(self, width: int) -> str:
        """What it is, for matrices of so many singular values."""
        return self.sentence.format(size=width, root=math.sqrt(width))

    def of_identity(self, size: int) -> float:
        """The square of the norm of the identity; that of A counts as often in I ⊗ A."""
        return float(self.of_diagonals(np.ones((1, size))))


NORMS = {
    "spectral": MatrixNorm(
        "spectral",
        "2",
        "spectral (largest singular value); the Frobenius norm is 1 to {root:.3g} times as large",
        largest_squares,
        lambda rows: largest_entries(rows) ** 2,
        lambda rows, columns: 1,
        kernel="spectral",
    ),
    "frobenius": MatrixNorm(
        "Frobenius",
        "F",
        "Frobenius; the spectral norm is smaller, by a factor of at most {root:.3g}",
        squares,
        squares,
        min,
        kernel="squares",
    ),
}
