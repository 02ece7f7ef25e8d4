"""Positive numbers that make products agree: linear equations between their logarithms."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, TypeVar

from sympy import integer_nthroot

from symgate.comparing.effort import spend

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Radical:
    """A positive number whose `degree`-th power is `power`."""

    power: Fraction
    degree: int = 1

    def __mul__(self, other: Radical) -> Radical:
        degree = lcm(self.degree, other.degree)
        own, its = (root._raised(degree // root.degree) for root in (self, other))
        return Radical(own * its, degree)

    def __pow__(self, exponent: Fraction) -> Radical:
        return Radical(self._raised(exponent.numerator), self.degree * exponent.denominator)

    def _raised(self, exponent: int) -> Fraction:
        digits = max(self.power.numerator, self.power.denominator).bit_length()
        spend(digits * abs(exponent) // 64)
        return self.power**exponent

    @property
    def rational(self) -> Fraction | None:
        """The number as a ratio; None where it is none."""
        parts = [
            integer_nthroot(n, self.degree) for n in (self.power.numerator, self.power.denominator)
        ]
        return Fraction(parts[0][0], parts[1][0]) if all(exact for _, exact in parts) else None


UNIT = Radical(Fraction(1))


def solved_scales(
    equations: Iterable[tuple[Mapping[T, Fraction], Fraction]], rank: Callable[[T], Any]
) -> dict[T, Radical] | None:
    """A number for every name, so that in each equation the powers of its names have the product.

    Names of a high rank are 1 where others can be chosen; None where the equations clash.

    >>> found = solved_scales([({"a": Fraction(1), "b": Fraction(2)}, Fraction(4))], ord)
    >>> {name: root.rational for name, root in found.items()}
    {'a': Fraction(4, 1), 'b': Fraction(1, 1)}
    """
    pivots: dict[T, tuple[dict[T, Fraction], Radical]] = {}
    names: dict[T, None] = {}
    for exponents, product in equations:
        names.update(dict.fromkeys(sorted(exponents, key=rank)))
        row, value = {name: e for name, e in exponents.items() if e}, Radical(product)
        for name, (others, its) in pivots.items():
            row, value = _without(row, value, name, others, its)
        if not row:
            if value.power != 1:
                return None
            continue
        pivot = min(row, key=rank)
        e = row.pop(pivot)
        row, value = {name: f / e for name, f in row.items()}, value ** (1 / e)
        for name, (others, its) in pivots.items():
            pivots[name] = _without(others, its, pivot, row, value)
        pivots[pivot] = row, value
    return {name: pivots[name][1] if name in pivots else UNIT for name in names}


def _without(
    row: Mapping[T, Fraction], value: Radical, name: T, others: Mapping[T, Fraction], its: Radical
) -> tuple[dict[T, Fraction], Radical]:
    """An equation with a name put in from the one that is solved for it."""
    row = dict(row)
    e = row.pop(name, None)
    if e is None:
        return row, value
    for other, f in others.items():
        row[other] = row.get(other, Fraction(0)) - e * f
    return {other: f for other, f in row.items() if f}, value * its ** (-e)
