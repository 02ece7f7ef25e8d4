"""Betweens with exact ends. What is irrational is rounded outward, to four digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Expr, Float, Rational

from symgate.numerals import formatted

End = Fraction | float

#: The digits of an end that has to be rounded, and those that it is worked out with.
DIGITS, WORKING = 4, 40

#: The largest power that is worked out.
STEEP = 1000


@dataclass(frozen=True)
class Between:
    """The numbers between two ends, each exact, a float or infinite; an open end, as an infinite
    one is, does not belong to it.

    >>> Between(0, 1) * Between(-2, 2) + Between(1, 1)
    Between(-1, 3)
    >>> str(Between(0, 1, True, True) * Between(-2, 2))
    '(−2, 2)'
    """

    low: End
    high: End
    open_low: bool = False
    open_high: bool = False

    @property
    def is_bounded(self) -> bool:
        return not (is_infinite(self.low) or is_infinite(self.high))

    @property
    def is_positive(self) -> bool:
        return self.low > 0 or (self.low == 0 and self.open_low)

    @property
    def is_negative(self) -> bool:
        return self.high < 0 or (self.high == 0 and self.open_high)

    @property
    def magnitude(self) -> End:
        """The largest absolute value."""
        return max(self.high, -self.low)

    @property
    def ends(self) -> tuple[Reached, Reached]:
        """Both ends, each with whether it is open."""
        low, high = self.low, self.high
        return (low, self.open_low or is_infinite(low)), (high, self.open_high or is_infinite(high))

    def within(self, low: End, high: End) -> bool:
        return low <= self.low and self.high <= high

    def hull(self, other: Between) -> Between:
        return _paired(self, other, (min, all), (max, all))

    def meet(self, other: Between) -> Between:
        return _paired(self, other, (max, any), (min, any))

    def above(self, other: Between) -> Between:
        """Where the larger of two values lies."""
        return _paired(self, other, (max, any), (max, all))

    def below(self, other: Between) -> Between:
        """Where the smaller of two values lies."""
        return _paired(self, other, (min, all), (min, any))

    def __add__(self, other: Between) -> Between:
        (low, open_low), (high, open_high) = (
            (a + b, a_open or b_open)
            for (a, a_open), (b, b_open) in zip(self.ends, other.ends, strict=True)
        )
        return made((low, open_low), (high, open_high))

    def __neg__(self) -> Between:
        return Between(-self.high, -self.low, self.open_high, self.open_low)

    def __mul__(self, other: Between) -> Between:
        ends = [_times(a, b) for a in self.ends for b in other.ends]
        return made(_extreme(ends, min, all), _extreme(ends, max, all))

    def __abs__(self) -> Between:
        return self.above(-self).above(ZERO)

    def power(self, exponent: int) -> Between:
        if abs(exponent) > STEEP:
            return EVERYTHING
        if exponent < 0:
            return self.inverse().power(-exponent)
        base = abs(self) if exponent % 2 == 0 else self
        return base.under((base.low**exponent, base.high**exponent))

    def inverse(self) -> Between:
        if self.low < 0 < self.high or self.low == self.high == 0:
            return EVERYTHING
        (low, open_low), (high, open_high) = self.ends
        least = -math.inf if high == 0 else _over(high)
        most = math.inf if low == 0 else _over(low)
        return made((least, open_high), (most, open_low))

    def under(self, ends: tuple[End, End]) -> Between:
        """The same ends with new values, those of a rising function at them."""
        return made(*((end, is_open) for end, (_, is_open) in zip(ends, self.ends, strict=True)))

    def raised(self, exponent: Between) -> Between:
        """base ** exponent with a base from 0 on: it rises or falls in each of the two, so
        that its ends lie in the corners."""
        if self.low < 0:
            return EVERYTHING
        ends = [_corner(b, e) for b in (self.low, self.high) for e in (exponent.low, exponent.high)]
        return Between(min(e.low for e in ends), max(e.high for e in ends))

    def __repr__(self) -> str:
        return f"Between({self.low}, {self.high})"

    def __str__(self) -> str:
        if self.low == self.high:
            return formatted(float(self.low))
        (low, open_low), (high, open_high) = self.ends
        return f"{'[('[open_low]}{formatted(float(low))}, {formatted(float(high))}{'])'[open_high]}"


#: An end, and whether it is open.
Reached = tuple[End, bool]


def made(low: Reached, high: Reached) -> Between:
    """With the ends as they are compared: an infinite one need not be said to be open."""
    return Between(low[0], high[0], *(o and not is_infinite(end) for end, o in (low, high)))


def _extreme(
    ends: Sequence[Reached], choose: Callable[..., End], of: Callable[..., bool]
) -> Reached:
    """The least or the largest of some ends, open where all or any of those that are it are."""
    found = choose(end for end, _ in ends)
    return found, of(is_open for end, is_open in ends if end == found)


def _paired(one: Between, other: Between, low: Any, high: Any) -> Between:
    lows, highs = zip(one.ends, other.ends, strict=True)
    return made(_extreme(lows, *low), _extreme(highs, *high))


EVERYTHING = Between(-math.inf, math.inf)
ZERO = Between(Fraction(0), Fraction(0))
UNIT = Between(Fraction(0), Fraction(1))
SYMMETRIC = Between(Fraction(-1), Fraction(1))


def is_infinite(end: End) -> bool:
    """Whether an end is ±∞; `math.isinf` makes a float of it, for which a fraction may be too
    large.

    >>> is_infinite(-math.inf), is_infinite(Fraction(10) ** 400)
    (True, False)
    """
    return end in (math.inf, -math.inf)


def _times(one: Reached, other: Reached) -> Reached:
    (a, a_open), (b, b_open) = one, other
    if a == 0 or b == 0:
        return Fraction(0), (a != 0 or a_open) and (b != 0 or b_open)
    if is_infinite(a) or is_infinite(b):
        return (math.inf if (a > 0) == (b > 0) else -math.inf), True
    return a * b, a_open or b_open


def _over(a: End) -> End:
    return Fraction(0) if is_infinite(a) else 1 / a


def _corner(base: End, exponent: End) -> Between:
    if exponent == 0 or base == 1:
        return Between(Fraction(1), Fraction(1))
    if base == 0 or is_infinite(base) or is_infinite(exponent):
        end = math.inf if (base > 1) == (exponent > 0) else Fraction(0)
        return Between(end, end)
    return enclosed(rational(base) ** rational(exponent))


def rational(end: End) -> Expr:
    """An end as a SymPy number."""
    return sp.sympify(end) if isinstance(end, float) else Rational(end.numerator, end.denominator)


def enclosed(number: Expr) -> Between:
    """A number by itself where it is rational, else between its neighbours of four digits;
    everything where it is no real number.

    >>> enclosed(sp.Rational(1, 3)), enclosed(sp.pi)
    (Between(1/3, 1/3), Between(3141/1000, 1571/500))
    """
    if isinstance(number, Float) and number.is_finite:
        number = Rational(number)
    if isinstance(number, Rational):
        exact = Fraction(int(number.p), int(number.q))
        return Between(exact, exact)
    if number in (sp.oo, -sp.oo):
        return Between(float(number), float(number))
    value = sp.N(number, WORKING)
    if not (value.is_real and value.is_finite):
        return EVERYTHING
    return Between(_outward(value, -1), _outward(value, 1))


def _outward(value: Expr, direction: int) -> Fraction:
    """The next number of four digits; the last of the digits worked out may be wrong."""
    many = Context(prec=WORKING, Emax=MAX_EMAX, Emin=MIN_EMIN)
    few = Context(DIGITS, ROUND_CEILING if direction > 0 else ROUND_FLOOR, MIN_EMIN, MAX_EMAX)
    exact = Decimal(str(value))
    room = many.scaleb(many.abs(exact), 5 - WORKING)
    return Fraction(few.plus(many.add(exact, many.multiply(room, Decimal(direction)))))
