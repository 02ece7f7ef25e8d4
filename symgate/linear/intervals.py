"""Intervals with exact ends, and the ends that have to be rounded, rounded outward."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

End = Fraction | float


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`; an end may be infinite.

    >>> Interval(0, 1) * Interval(-2, 2) + Interval(1, 1)
    Interval(-1, 3)
    """

    low: End
    high: End

    @property
    def is_bounded(self) -> bool:
        return not (math.isinf(self.low) or math.isinf(self.high))

    @property
    def magnitude(self) -> End:
        """The largest absolute value."""
        return self.high if self.high >= -self.low else -self.low

    def within(self, low: End, high: End) -> bool:
        return low <= self.low and self.high <= high

    def hull(self, other: Interval) -> Interval:
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def meet(self, other: Interval) -> Interval:
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Interval) -> Interval:
        ends = [_times(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def power(self, exponent: int) -> Interval:
        ends = sorted((self.low**exponent, self.high**exponent))
        if exponent % 2 == 0 and self.low < 0 < self.high:
            ends[0] = Fraction(0)
        return Interval(ends[0], ends[1])

    def inverse(self) -> Interval:
        if self.low < 0 < self.high or self.low == self.high == 0:
            return EVERYTHING
        low = -math.inf if self.high == 0 else _over(self.high)
        high = math.inf if self.low == 0 else _over(self.low)
        return Interval(low, high)

    def __repr__(self) -> str:
        return f"Interval({self.low}, {self.high})"


EVERYTHING = Interval(-math.inf, math.inf)
ZERO = Interval(Fraction(0), Fraction(0))
UNIT = Interval(Fraction(0), Fraction(1))
SYMMETRIC = Interval(Fraction(-1), Fraction(1))


def _times(a: End, b: End) -> End:
    return Fraction(0) if a == 0 or b == 0 else a * b


def _over(a: End) -> End:
    return Fraction(0) if math.isinf(a) else 1 / a


def exact(end: End) -> End:
    return end if isinstance(end, Fraction) or math.isinf(end) else Fraction(end)


def rounded(value: End, otherwise: End, direction: int) -> End:
    """A value rounded outward to thousandths; what is not a number is the limit."""
    if math.isnan(value):
        return exact(otherwise)
    if math.isinf(value) or value == int(value):
        return value if math.isinf(value) else Fraction(int(value))
    scaled = math.floor(value * 1000) if direction < 0 else math.ceil(value * 1000)
    return Fraction(scaled, 1000)
