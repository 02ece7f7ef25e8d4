"""Rates and crossings of curves of log10 norms, with exact zeros (-inf) kept as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.instead import signs
from symgate.tables import fields_html

Array = NDArray[Any]

LN10 = math.log(10)


@signs("a rate")
@dataclass(frozen=True)
class Rate:
    """The slope of ln ‖·‖ per step, on the range `lags` of lags, both ends in.

    It is the mean over networks, or over the sequences of a single one: `over` says which.
    `interval` is that in which the rate of 95 of 100 further networks (or sequences) lies,
    None for a single one. `between` is the standard deviation of the rate over networks,
    `within` that over the sequences of one network; None where there is one each.
    """

    value: float
    interval: tuple[float, float] | None
    lags: tuple[int, int]
    over: str = ""
    between: float | None = None
    within: float | None = None

    _repr_html_ = fields_html

    @property
    def half_life(self) -> float:
        """Steps in which the norm halves; inf where it does not fall, 0 where it is 0."""
        return math.log(2) * self.time_constant

    @property
    def time_constant(self) -> float:
        """Steps in which the norm falls to 1/e."""
        return -1 / self.value if self.value < 0 else math.inf

    @property
    def is_settled(self) -> bool:
        """Whether the interval leaves no doubt that the norm falls, or that it does not.

        >>> Rate(0.02, (-0.5, 0.54), (25, 50)).is_settled, Rate(0.02, None, (25, 50)).is_settled
        (False, True)
        """
        if self.interval is None:
            return True
        low, high = (round(end, 9) for end in self.interval)  # an identity has -1e-17 to 1e-17
        return low >= 0 or high < 0

    @property
    def endless(self) -> str:
        """What is said of a norm that does not fall by this rate."""
        return "does not fall" if self.is_settled else "rate not settled"

    def parts_from(self, other: Rate) -> bool:
        """Whether the two intervals have nothing in common, so that a ranking means something."""
        if self.interval is None or other.interval is None:
            return False
        (low, high), (bottom, top) = self.interval, other.interval
        return high < bottom or top < low


def fitted(log10_norm: Array, sequences: int, networks: int = 1) -> Rate:
    """The rate of curves (K + 1, networks × sequences × positions), by least squares on the tail.

    `sequences` counts those of each network. The tail is the second half of the lags at which
    no curve is exactly zero. A curve that ends in zeros before it has a tail has the rate -inf.

    >>> fitted(-0.5 * np.arange(11.0)[:, None], 1).value * 2 / LN10
    -1.0
    """
    lags = len(log10_norm) - 1
    zero = np.array(np.isneginf(log10_norm).any(axis=1), ndmin=1)
    zero[0] = False  # how one state reads another in the same step may well be zero
    last = int(np.argmax(zero)) - 1 if zero.any() else lags
    first = max(1, (last + 1) // 2) if last > 1 else max(last, 0)
    if last < lags or last < 1:
        return Rate(-math.inf, None, (last + 1, lags))
    if first == last:
        start = log10_norm[0] if np.isfinite(log10_norm[0]).all() else log10_norm[last]
        slopes = (log10_norm[last] - start) * LN10
    else:
        k = np.arange(first, last + 1) - (first + last) / 2
        slopes = k @ log10_norm[first : last + 1] / (k @ k) * LN10
    means = slopes.reshape(networks, sequences, -1).mean(axis=2)
    mean = float(means.mean())
    within = float(np.sqrt(means.var(axis=1, ddof=1).mean())) if sequences > 1 else None
    units = means.mean(axis=1) if networks > 1 else means[0]
    if len(units) < 2:
        return Rate(mean, None, (first, last))
    deviation = float(units.std(ddof=1))
    reach = deviation * math.sqrt(1 + 1 / len(units)) * _student(len(units) - 1)
    over = "networks" if networks > 1 else "sequences"
    between = deviation if networks > 1 else None
    return Rate(mean, (mean - reach, mean + reach), (first, last), over, between, within)


@lru_cache(maxsize=64)
def _student(freedom: int) -> float:
    """The two-sided 95% point of Student's t.

    >>> round(_student(7), 4)
    2.3646
    """
    from mpmath import MPContext

    mp = MPContext()  # of its own: the process-wide one is the user's
    start = 2 + 10.7 / freedom
    return float(
        mp.findroot(
            lambda x: mp.betainc(freedom / 2, 0.5, 0, freedom / (freedom + x**2), True) - 0.05,
            (start * 0.9, start),
            solver="anderson",
        )
    )


def quantile(log10_norm: Array, q: float) -> Array:
    """A quantile over the samples; between a finite value and -inf it is -inf."""
    lowest = -1e300
    held = np.where(np.isneginf(log10_norm), lowest, log10_norm)
    found = np.quantile(held, q, axis=1)
    return np.where(found < lowest * 1e-5, -np.inf, found)


def passes(curve: Array, drop: float) -> int | None:
    """The first lag at which a curve lies `drop` decades below its start, or None.

    The start is lag 0, or the first lag at which the curve is not zero.

    >>> passes(np.array([0.0, -1.0, -2.0, -3.0, -2.5]), 3)
    3
    """
    finite = np.flatnonzero(np.isfinite(curve))
    if not len(finite):
        return None
    start = int(finite[0])
    below = np.flatnonzero(curve[start:] <= curve[start] - drop)
    return start + int(below[0]) if len(below) else None


def reaches(curve: Array) -> int:
    """The last lag at which a curve lies above 1/e of its start.

    >>> reaches(np.array([0.0, -0.1, -0.3, -0.5, -0.4, -0.6]))
    4
    """
    finite = np.flatnonzero(np.isfinite(curve))
    if not len(finite):
        return 0
    above = np.flatnonzero(curve > curve[finite[0]] - 1 / LN10)
    return int(above[-1])
