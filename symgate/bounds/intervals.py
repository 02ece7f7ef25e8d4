"""Intervals with exact ends. What is irrational is rounded outward, to four digits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

import sympy as sp
from sympy import Expr, Float, Rational

End = Fraction | float

#: The digits of an end that has to be rounded, and those that it is worked out with.
DIGITS, WORKING = 4, 40

#: The largest power that is worked out.
STEEP = 1000


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`; an end is exact or infinite.

    >>> Interval(0, 1) * Interval(-2, 2) + Interval(1, 1)
    Interval(-1, 3)
    """

    low: End
    high: End

    @property
    def is_bounded(self) -> bool:
        return not (is_infinite(self.low) or is_infinite(self.high))

    @property
    def magnitude(self) -> End:
        """The largest absolute value."""
        return max(self.high, -self.low)

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

    def __abs__(self) -> Interval:
        low = max(self.low, -self.high, Fraction(0))
        return Interval(low, self.magnitude)

    def above(self, other: Interval) -> Interval:
        """Where the larger of two values lies."""
        return Interval(max(self.low, other.low), max(self.high, other.high))

    def below(self, other: Interval) -> Interval:
        """Where the smaller of two values lies."""
        return Interval(min(self.low, other.low), min(self.high, other.high))

    def power(self, exponent: int) -> Interval:
        if abs(exponent) > STEEP:
            return EVERYTHING
        if exponent < 0:
            return self._inverse().power(-exponent)
        base = abs(self) if exponent % 2 == 0 else self
        return Interval(base.low**exponent, base.high**exponent)

    def _inverse(self) -> Interval:
        if self.low < 0 < self.high or self.low == self.high == 0:
            return EVERYTHING
        low = -math.inf if self.high == 0 else _over(self.high)
        return Interval(low, math.inf if self.low == 0 else _over(self.low))

    def raised(self, exponent: Interval) -> Interval:
        """base ** exponent with a base from 0 on: it rises or falls in each of the two, so
        that its ends lie in the corners."""
        if self.low < 0:
            return EVERYTHING
        ends = [_corner(b, e) for b in (self.low, self.high) for e in (exponent.low, exponent.high)]
        return Interval(min(e.low for e in ends), max(e.high for e in ends))

    def __repr__(self) -> str:
        return f"Interval({self.low}, {self.high})"


EVERYTHING = Interval(-math.inf, math.inf)
ZERO = Interval(Fraction(0), Fraction(0))
UNIT = Interval(Fraction(0), Fraction(1))
SYMMETRIC = Interval(Fraction(-1), Fraction(1))


def is_infinite(end: End) -> bool:
    """Whether an end is ±∞; `math.isinf` makes a float of it, for which a fraction may be too
    large.

    >>> is_infinite(-math.inf), is_infinite(Fraction(10) ** 400)
    (True, False)
    """
    return end in (math.inf, -math.inf)


def _times(a: End, b: End) -> End:
    if a == 0 or b == 0:
        return Fraction(0)
    if is_infinite(a) or is_infinite(b):
        return math.inf if (a > 0) == (b > 0) else -math.inf
    return a * b


def _over(a: End) -> End:
    return Fraction(0) if is_infinite(a) else 1 / a


def _corner(base: End, exponent: End) -> Interval:
    if exponent == 0 or base == 1:
        return Interval(Fraction(1), Fraction(1))
    if base == 0 or is_infinite(base) or is_infinite(exponent):
        end = math.inf if (base > 1) == (exponent > 0) else Fraction(0)
        return Interval(end, end)
    return enclosed(rational(base) ** rational(exponent))


def rational(end: End) -> Expr:
    """An end as a SymPy number."""
    return sp.sympify(end) if isinstance(end, float) else Rational(end.numerator, end.denominator)


def enclosed(number: Expr) -> Interval:
    """A number by itself where it is rational, else between its neighbours of four digits;
    everything where it is no real number.

    >>> enclosed(sp.Rational(1, 3)), enclosed(sp.pi)
    (Interval(1/3, 1/3), Interval(3141/1000, 1571/500))
    """
    if isinstance(number, Float) and number.is_finite:
        number = Rational(number)
    if isinstance(number, Rational):
        exact = Fraction(int(number.p), int(number.q))
        return Interval(exact, exact)
    if number in (sp.oo, -sp.oo):
        return Interval(float(number), float(number))
    value = sp.N(number, WORKING)
    if not (value.is_real and value.is_finite):
        return EVERYTHING
    return Interval(_outward(value, -1), _outward(value, 1))


def _outward(value: Expr, direction: int) -> Fraction:
    """The next number of four digits; the last of the digits worked out may be wrong."""
    many = Context(prec=WORKING, Emax=MAX_EMAX, Emin=MIN_EMIN)
    few = Context(DIGITS, ROUND_CEILING if direction > 0 else ROUND_FLOOR, MIN_EMIN, MAX_EMAX)
    exact = Decimal(str(value))
    room = many.scaleb(many.abs(exact), 5 - WORKING)
    return Fraction(few.plus(many.add(exact, many.multiply(room, Decimal(direction)))))
