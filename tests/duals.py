"""Automatic differentiation forward in NumPy: values that carry their slopes along.

A `Dual` is an array with its derivatives along D directions; arithmetic, products and the
functions of the language act on both. `tests/test_oracles.py` holds it against JAX.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

_erfc = np.vectorize(math.erfc, otypes=[float])


class Dual:
    """An array `value` and its derivatives `slopes`, (D, *value.shape)."""

    __array_ufunc__ = None  # so that NumPy leaves its operators to this class
    __slots__ = ("slopes", "value")

    def __init__(self, value: Any, slopes: Any) -> None:
        self.value, self.slopes = value, slopes

    shape = property(lambda self: self.value.shape)

    @property
    def T(self) -> Dual:
        axes = tuple(range(self.value.ndim, 0, -1))
        return Dual(self.value.T, self.slopes.transpose(0, *axes))

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slopes)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, NUMBERS):
            return NotImplemented
        a, b = _aligned(self, other)
        return Dual(a.value + b.value, a.slopes + b.slopes)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, NUMBERS):
            return NotImplemented
        a, b = _aligned(self, other)
        return Dual(a.value * b.value, a.slopes * b.value + a.value * b.slopes)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Dual:
        return self * _of(other) ** -1

    def __rtruediv__(self, other: Any) -> Dual:
        return self**-1 * other

    def __pow__(self, power: Any) -> Dual:
        if isinstance(power, Dual | np.ndarray):
            return exp(log(self) * power)
        if power == 0:
            return self * 0 + 1
        return _through(self, self.value**power, power * self.value ** (power - 1))

    def __rpow__(self, base: Any) -> Dual:
        return exp(self * np.log(base))

    def __matmul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _product(other, self)


#: What a Dual is added to and multiplied by.
NUMBERS = (Dual, np.ndarray, np.generic, float, int)


def _of(a: Any) -> Dual:
    """A number or an array as a Dual without slopes."""
    if isinstance(a, Dual):
        return a
    value = np.asarray(a, float)
    return Dual(value, np.zeros((1, *value.shape)))


def plain(a: Any) -> Any:
    """The value alone."""
    return a.value if isinstance(a, Dual) else a


def slopes(a: Any, count: int) -> Any:
    """The slopes along all directions, (count, *shape); a constant has zeros."""
    return np.broadcast_to(_of(a).slopes, (count, *np.shape(_of(a).value)))


def varied(arrays: dict[Any, Any]) -> tuple[dict[Any, Dual], dict[Any, slice]]:
    """Each array with a direction for each of its components, and which directions are its."""
    sizes = {key: int(np.size(array)) for key, array in arrays.items()}
    stops = dict(zip(sizes, np.cumsum([*sizes.values()]), strict=True))
    whole = np.eye(sum(sizes.values()))
    places = {key: slice(stops[key] - size, stops[key]) for key, size in sizes.items()}
    made = {
        key: Dual(np.asarray(array, float), whole[:, places[key]].reshape(-1, *np.shape(array)))
        for key, array in arrays.items()
    }
    return made, places


def _aligned(a: Any, b: Any) -> tuple[Dual, Dual]:
    """Two operands with as many axes, so that slopes broadcast as values do."""
    a, b = _of(a), _of(b)
    most = max(a.value.ndim, b.value.ndim)
    return _raised(a, most), _raised(b, most)


def _raised(a: Dual, axes: int) -> Dual:
    missing = (1,) * (axes - a.value.ndim)
    if not missing:
        return a
    shape = a.slopes.shape
    return Dual(
        a.value.reshape(missing + shape[1:]), a.slopes.reshape(shape[:1] + missing + shape[1:])
    )


def _product(a: Any, b: Any) -> Any:
    """Matrix and vector products as NumPy's, on the slopes too."""
    if not isinstance(a, Dual | np.ndarray) or not isinstance(b, Dual | np.ndarray):
        return NotImplemented
    a, b = _of(a), _of(b)
    value = a.value @ b.value
    left = a.slopes[:, None, :] if a.value.ndim == 1 else a.slopes
    right = b.slopes[..., None] if b.value.ndim == 1 else b.slopes
    row = a.value[None] if a.value.ndim == 1 else a.value
    column = b.value[:, None] if b.value.ndim == 1 else b.value
    slopes = left @ column + row @ right
    return Dual(value, slopes.reshape(len(slopes), *value.shape))


def _through(a: Dual, value: Any, slope: Any) -> Dual:
    return Dual(value, slope * a.slopes)


def _where(test: Any, a: Any, b: Any) -> Dual:
    a, b = _aligned(a, b)
    return Dual(np.where(test, a.value, b.value), np.where(test, a.slopes, b.slopes))


def _ufunc(value: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Callable[[Any], Dual]:
    """A function with its derivative, both of NumPy arrays."""

    def function(a: Any) -> Dual:
        a = _of(a)
        return _through(a, value(a.value), slope(a.value))

    return function


def _logistic(a: Any) -> Any:
    return np.exp(-np.logaddexp(0, -a))


exp = _ufunc(np.exp, np.exp)
expm1 = _ufunc(np.expm1, np.exp)
log = _ufunc(np.log, lambda a: 1 / a)
sigmoid = _ufunc(_logistic, lambda a: _logistic(a) * _logistic(-a))
tanh = _ufunc(np.tanh, lambda a: 4 * _logistic(2 * a) * _logistic(-2 * a))
softplus = _ufunc(lambda a: np.logaddexp(0, a), _logistic)
absolute = _ufunc(np.abs, np.sign)
normal_cdf = _ufunc(
    lambda a: _erfc(-a / math.sqrt(2)) / 2,
    lambda a: np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi),
)


def leaky_relu(a: Any, k: Any = 0.01) -> Dual:
    return _where(_of(a).value > 0, a, a * k)


def elu(a: Any, k: Any = 1.0) -> Dual:
    positive = _of(a).value > 0
    return _where(positive, a, expm1(_where(positive, 0.0, a)) * k)


def between(a: Any, low: float, high: float) -> Dual:
    value = _of(a).value
    return _where(value <= low, low, _where(value >= high, high, a))


def diag(a: Any) -> Any:
    return np.eye(a.shape[0]) * a


def stack(*parts: Any) -> Dual:
    raised = [_raised(_of(part), 1) for part in parts]
    most = max(len(part.slopes) for part in raised)
    slopes = [np.broadcast_to(p.slopes, (most, *p.slopes.shape[1:])) for p in raised]
    return Dual(np.concatenate([p.value for p in raised]), np.concatenate(slopes, axis=1))


def broadcast(a: Any, shape: tuple[int, ...]) -> Dual:
    a = _raised(_of(a), len(shape))
    value = np.broadcast_to(a.value, shape)
    return Dual(value, np.broadcast_to(a.slopes, (len(a.slopes), *shape)))


#: The functions of the language; at a kink, the slope that symgate states.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": lambda a: leaky_relu(a, 0.0),
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": lambda a: a * normal_cdf(a),
    "silu": lambda a: a * sigmoid(a),
    "softplus": softplus,
    "softsign": lambda a: a / (1 + absolute(a)),
    "hard_sigmoid": lambda a, k=1 / 6: between(a * k + 0.5, 0.0, 1.0),
    "hard_tanh": lambda a, k=1.0: between(a * k, -1.0, 1.0),
    "exp": exp,
    "log": log,
    "sqrt": lambda a: _of(a) ** 0.5,
    "abs": absolute,
    "sin": _ufunc(np.sin, np.cos),
    "cos": _ufunc(np.cos, lambda a: -np.sin(a)),
    "identity": lambda a: a,
    "diag": diag,
    "stack": stack,
    "broadcast": broadcast,
}
