"""The NumPy semantics of the language: what each node means as an array.

Axes before those of the value are batch axes and are carried through: a scalar is (…), a vector
(…, n), a matrix (…, n, m). It knows no cell and no run; whoever folds gives the values of the
variables and parameters, by symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, S
from sympy.core.basic import Basic

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.vectors import rank
from symgate.numerics.functions import MODULE

Array = NDArray[Any]

#: What NumPy knows by the name that the language has for it.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **MODULE,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "abs": np.abs,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "max": np.maximum,
    "min": np.minimum,
}


@dataclass(frozen=True)
class Diagonal:
    """A diagonal matrix that is kept as its diagonal, so that products scale rows."""

    vector: Array

    def dense(self) -> Array:
        return self.vector[..., None] * np.eye(self.vector.shape[-1], dtype=self.vector.dtype)


class Arrays(Semantics):
    """Values and operators as arrays; `size` gives the number of a symbolic size."""

    functions = FUNCTIONS

    def __init__(self, values: dict[Basic, Any], size: Callable[[Expr], int]) -> None:
        self.known = values
        self.size = size

    def value(self, e: Basic) -> Array:
        """The array of an expression; equal parts are worked out once."""
        return np.asarray(_dense(fold(e, self)))

    def shaped(self, e: Expr, shape: Sequence[Expr]) -> Array:
        """The array of an expression in a shape; a number stands for all its components."""
        return self.in_shape(self.value(e), rank(e), tuple(map(self.size, shape)))

    def in_shape(self, value: Any, have: int, want: tuple[int, ...]) -> Array:
        """An array of values of some rank in a shape of the same or a higher one."""
        array = np.asarray(_dense(value))
        if have == len(want) and array.shape[array.ndim - have :] == want:
            return array
        if have < len(want) and array.ndim:
            array = array[(..., *[None] * (len(want) - have))]
        if array.shape[array.ndim - len(want) :] == want:
            return array
        return np.broadcast_to(array, (*array.shape[: array.ndim - len(want)], *want))

    # -- values ----------------------------------------------------------------------------

    def parameter(self, e: Any) -> Any:
        return self.size(e) if e.is_positive and e.is_integer else self.unknown(e)

    def number(self, e: Expr) -> Any:
        if e.is_Matrix:
            return np.array(e.tolist(), dtype=float)
        return int(e) if e.is_Integer else float(e)

    def lifted(self, value: Any, have: int, want: int, e: Expr) -> Any:
        array = np.asarray(value)
        return array[(..., *[None] * (want - have))] if array.ndim else array

    def add(self, parts: Any, e: Any) -> Any:
        return reduce(np.add, parts)

    def multiply(self, parts: Any, e: Any) -> Any:
        return reduce(np.multiply, parts)

    def power(self, base: Any, exponent: Any, e: Any) -> Any:
        if isinstance(exponent, int) and exponent < 0:
            return 1 / base**-exponent
        return np.sqrt(base) if e.exp == S.Half else base**exponent

    def matvec(self, matrix: Any, vector: Any, e: Any) -> Any:
        matrix = _dense(matrix)
        if rank(e.vector) == 2:
            return matrix @ vector
        sized = self.sized(vector, e.matrix.cols, rank(e.vector))
        if matrix.ndim == 2:
            return sized @ matrix.T
        return np.einsum("...ij,...j->...i", matrix, sized)

    def sized(self, vector: Any, size: Expr, have: int = 1) -> Array:
        """A vector (…, n); a number stands for all its components."""
        array, units = np.asarray(vector), self.size(size)
        if have and array.ndim and array.shape[-1] == units:
            return array
        array = array[..., None] if have == 0 or array.ndim == 0 else array
        return np.broadcast_to(array, (*array.shape[:-1], units))

    def stack(self, parts: Any, e: Any) -> Any:
        ranks = map(rank, e.parts)
        found = [self.sized(*part) for part in zip(parts, e.sizes, ranks, strict=True)]
        batch = np.broadcast_shapes(*(part.shape[:-1] for part in found))
        return np.concatenate([np.broadcast_to(p, batch + p.shape[-1:]) for p in found], -1)

    def total(self, vector: Any, e: Any) -> Any:
        return np.sum(vector, axis=(-1,) if rank(e.args[0]) < 2 else (-2, -1))

    def dot(self, u: Any, v: Any, e: Any) -> Any:
        return np.sum(u * v, axis=-1)

    def mean(self, vector: Any, e: Any) -> Any:
        return np.mean(vector, axis=-1)

    def norm(self, vector: Any, e: Any) -> Any:
        return np.sqrt(np.sum(vector * vector, axis=-1))

    def spread(self, vector: Any, e: Any) -> Any:
        return _apart(vector, float(e.epsilon), e.centred)[1]

    def mixing(self, vector: Any, e: Any) -> Any:
        if e.name == "softmax":
            powers = np.exp(vector - np.max(vector, axis=-1, keepdims=True))
            return powers / np.sum(powers, axis=-1, keepdims=True)
        apart, size = _apart(vector, float(e.epsilon), e.name == "layer_norm")
        return apart / size[..., None]

    def dyad(self, u: Any, v: Any, e: Any) -> Any:
        return u[..., :, None] * v[..., None, :]

    def act(self, matrix: Any, operand: Any, e: Any) -> Any:
        matrix = np.swapaxes(matrix, -1, -2) if e.transposed else matrix
        if rank(e.operand) == 0:
            return np.sum(matrix, axis=-1) * operand
        return (matrix @ operand[..., None])[..., 0]

    def right_times(self, value: Any, matrix: Any, e: Any) -> Any:
        return value @ _dense(matrix)

    def across(self, vector: Any, e: Any) -> Any:
        return np.asarray(vector)[..., None, :]

    def down(self, vector: Any, e: Any) -> Any:
        return np.asarray(vector)[..., :, None]

    def spectral_norm(self, e: Any) -> Any:
        return np.linalg.norm(self.value(e.matrix), 2, axis=(-2, -1))

    def max_norm(self, e: Any) -> Any:
        return np.max(np.abs(self.value(e.vector)), axis=-1)

    # -- operators -------------------------------------------------------------------------

    def transpose(self, matrix: Any, e: Any) -> Any:
        return np.swapaxes(_dense(matrix), -1, -2)

    def identity(self, e: Any) -> Any:
        return np.eye(self.size(e.rows))

    def zeros(self, e: Any) -> Any:
        return np.zeros((self.size(e.rows), self.size(e.cols)))

    def ones(self, e: Any) -> Any:
        return np.ones((self.size(e.rows), self.size(e.cols)))

    def diagonal(self, vector: Any, e: Any) -> Any:
        return Diagonal(self.flat(vector, e.vector, e.rows))

    def flat(self, vector: Any, e: Expr, size: Expr) -> Array:
        """A value as one vector, matrices row by row."""
        if rank(e) == 2:
            array = np.asarray(vector)
            return array.reshape(*array.shape[:-2], self.size(size))
        return self.sized(vector, size, rank(e))

    def columns(self, matrix: Any, e: Any) -> Any:
        start, width = self.size(e.start), self.size(e.width)
        return _dense(matrix)[..., start : start + width]

    def outer(self, u: Any, v: Any, e: Any) -> Any:
        if rank(e.args[0]) == rank(e.args[1]) == 2 and np.shape(u)[-2] == self.size(e.rows):
            return u @ np.swapaxes(v, -1, -2)
        rows, cols = self.flat(u, e.args[0], e.rows), self.flat(v, e.args[1], e.cols)
        return np.einsum("...i,...j->...ij", rows, cols)

    def gram(self, u: Any, v: Any, e: Any) -> Any:
        return np.swapaxes(u, -1, -2) @ v

    def column(self, vector: Any, e: Any) -> Any:
        return self.flat(vector, e.vector, e.rows)[..., :, None]

    def row(self, vector: Any, e: Any) -> Any:
        return self.flat(vector, e.vector, e.cols)[..., None, :]

    def matrix_of(self, value: Any, e: Any) -> Any:
        return value

    def kronecker(self, parts: Any, e: Any) -> Any:
        left, right = map(_dense, parts)
        both = left[..., :, None, :, None] * right[..., None, :, None, :]
        *batch, a, b, c, d = both.shape
        return both.reshape(*batch, a * b, c * d)

    def matadd(self, parts: Any, e: Any) -> Any:
        return reduce(np.add, map(_dense, parts))

    def matmul(self, scale: Any, matrices: Any, e: Any) -> Any:
        """A product from the right, each diagonal as a scaling of rows."""
        result = _dense(matrices[-1])
        for factor in reversed(matrices[:-1]):
            diagonal = isinstance(factor, Diagonal)
            result = factor.vector[..., None] * result if diagonal else factor @ result
        return result if scale is None else self.lifted(scale, 0, 2, e) * result

    def matpow(self, base: Any, e: Any) -> Any:
        return np.linalg.matrix_power(_dense(base), int(e.exp))

    def blocks(self, rows: Any, e: Any) -> Any:
        parts = [[_dense(part) for part in row] for row in rows]
        batch = np.broadcast_shapes(*(p.shape[:-2] for row in parts for p in row))
        grown = [[np.broadcast_to(p, batch + p.shape[-2:]) for p in row] for row in parts]
        return np.concatenate([np.concatenate(row, axis=-1) for row in grown], axis=-2)


def _dense(matrix: Any) -> Any:
    return matrix.dense() if isinstance(matrix, Diagonal) else matrix


def _apart(vector: Array, epsilon: float, centred: bool) -> tuple[Array, Array]:
    """A vector apart from its mean (or itself), and the root of its mean square."""
    apart = vector - np.mean(vector, axis=-1, keepdims=True) if centred else vector
    return apart, np.sqrt(np.mean(apart * apart, axis=-1) + epsilon)
