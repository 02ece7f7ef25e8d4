"""The activations in NumPy: finite at any input, in the precision of the argument."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)); where exp overflows, the quotient is 0 as it should be.

    >>> float(sigmoid(np.array(-1e4))), float(sigmoid(np.array(0.0)))
    (0.0, 0.5)
    """
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-a))


def step(a: Array) -> Array:
    return np.asarray(np.greater(a, 0), dtype=_float(a))


def relu(a: Array) -> Array:
    return np.maximum(a, 0)


def leaky_relu(a: Array, k: float = 0.01) -> Array:
    return np.where(a > 0, a, k * a)


def elu(a: Array, k: float = 1.0) -> Array:
    return np.where(a > 0, a, k * np.expm1(np.minimum(a, 0)))


def normal_pdf(a: Array) -> Array:
    return np.exp(-(np.minimum(np.abs(a), 50) ** 2) / 2) / math.sqrt(2 * math.pi)


def normal_cdf(a: Array) -> Array:
    return _erfc(-np.asarray(a) / math.sqrt(2)) / 2


def gelu(a: Array) -> Array:
    return a * normal_cdf(a)


def silu(a: Array) -> Array:
    return a * sigmoid(a)


def softplus(a: Array) -> Array:
    return np.logaddexp(a, np.zeros_like(a))


def softsign(a: Array) -> Array:
    return a / (1 + np.abs(a))


def hard_sigmoid(a: Array, k: float = 1 / 6) -> Array:
    return np.clip(k * a + 0.5, 0, 1)


def hard_tanh(a: Array, k: float = 1.0) -> Array:
    return np.clip(k * a, -1, 1)


def spike(a: Array, k: float = 1.0) -> Array:
    return step(a)


def surrogate(a: Array, k: float = 1.0) -> Array:
    return 1 / (1 + k * np.abs(a)) ** 2


def maximum(a: Array, b: Array) -> Array:
    return np.maximum(a, b)


def minimum(a: Array, b: Array) -> Array:
    return np.minimum(a, b)


def _erfc(a: Array) -> Array:
    """1 - erf; NumPy has none, and the standard library's is exact."""
    flat = np.fromiter((math.erfc(v) for v in a.ravel()), dtype=float, count=a.size)
    return flat.reshape(a.shape).astype(_float(a), copy=False)


def _float(a: Any) -> Any:
    dtype = np.asarray(a).dtype
    return dtype if dtype.kind == "f" else np.dtype(float)


#: What lambdify is told to call for each of symgate's functions.
_NAMES = (
    "sigmoid step relu leaky_relu elu normal_pdf normal_cdf gelu silu softplus softsign "
    "hard_sigmoid hard_tanh spike surrogate maximum minimum"
)
MODULE: dict[str, Callable[..., Array]] = {name: globals()[name] for name in _NAMES.split()}

#: What NumPy does in the place of the argument, call by call, where that is faster.
IN_PLACE = {
    "sigmoid": (
        "negative({0}, {0})",
        "exp({0}, {0})",
        "add({0}, one, {0})",
        "reciprocal({0}, {0})",
    )
}
