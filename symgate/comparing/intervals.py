"""Ranges of polynomials for all values of what stands in them, with open and closed ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np
from sympy import Rational

from symgate.algebra.elementwise import A
from symgate.bounds.intervals import EVERYTHING, Between, End, made
from symgate.comparing.polynomials import (
    Act,
    Exp,
    Generator,
    InverseFactor,
    Monomial,
    Param,
    Polynomial,
    of_monomial,
)
from symgate.numerics.values import Arrays

#: More bounded factors than this are taken one by one.
MOST_CORNERS = 8


POSITIVE = Between(0, math.inf, True)
NEGATIVE = -POSITIVE


def point(value: End) -> Between:
    return Between(value, value)


def range_of(p: Polynomial, known: Mapping[str, Between]) -> Between:
    """All values of a polynomial; `known` has the ranges of parameters that are restricted."""
    return Reaches(known)(p)


class Reaches:
    """The ranges of polynomials, each generator's worked out once.

    A polynomial is affine in each bounded factor that stands in it to the first power, so that
    its extremes lie at their ends: f h + (1 - f) n stays between h and n.
    """

    def __init__(self, known: Mapping[str, Between]) -> None:
        self.known = known
        self.made: dict[Generator, Between] = {}

    def __call__(self, p: Polynomial) -> Between:
        """All values of a polynomial, or more than these."""
        if p.constant is not None:
            return point(p.constant)
        bounded = self.corners(p)
        rest: dict[Monomial, list[tuple[Fraction, frozenset[Generator]]]] = {}
        for monomial, coefficient in p:
            inside = frozenset(g for g, _ in monomial if g in bounded)
            outside = frozenset((g, e) for g, e in monomial if g not in bounded)
            rest.setdefault(outside, []).append((coefficient, inside))
        ranges = {m: self.of_monomial(m) for m in rest}
        if len(rest) == 1:
            ((outside, terms),) = rest.items()
            sums = [_at(terms, corner) for corner in _all(bounded)]
            ends = all(i.open_low and i.open_high for i in bounded.values())
            strict = ends and min(sums) < max(sums)
            return Between(min(sums), max(sums), strict, strict) * ranges[outside]
        return reduce(
            Between.hull,
            (
                reduce(Between.__add__, (point(_at(rest[m], corner)) * ranges[m] for m in rest))
                for corner in _all(bounded)
            ),
        )

    def corners(self, p: Polynomial) -> dict[Generator, Between]:
        """The bounded factors that stand in a polynomial to the first power only."""
        exponents: dict[Generator, set[Fraction]] = {}
        for monomial, _ in p:
            for g, e in monomial:
                exponents.setdefault(g, set()).add(e)
        found: dict[Generator, Between] = {}
        for g, powers in exponents.items():
            if powers == {Fraction(1)} and len(found) < MOST_CORNERS:
                its = self.of_generator(g)
                if math.isfinite(its.low) and math.isfinite(its.high):
                    found[g] = its
        return found

    def of_monomial(self, monomial: Monomial) -> Between:
        powers = (_power(self.of_generator(g), e) for g, e in monomial)
        return reduce(Between.__mul__, powers, point(1))

    def of_generator(self, g: Generator) -> Between:
        found = self.made.get(g)
        if found is None:
            found = self.made[g] = self.worked_out(g)
        return found

    def worked_out(self, g: Generator) -> Between:
        match g:
            case Param(name=name):
                return self.known.get(name, EVERYTHING)
            case Act():
                return image(g, self(g.argument))
            case InverseFactor(of=of):
                return self(of).inverse()
            case Exp(of=monomial):
                inside = self(of_monomial(monomial))
                return inside.under((_exp(inside.low), _exp(inside.high)))
        return EVERYTHING


def _all(bounded: Mapping[Generator, Between]) -> Iterable[dict[Generator, Fraction]]:
    for ends in product(*((i.low, i.high) for i in bounded.values())):
        yield dict(zip(bounded, (Fraction(end) for end in ends), strict=True))


def _at(
    terms: Iterable[tuple[Fraction, frozenset[Generator]]], corner: Mapping[Generator, Fraction]
) -> Fraction:
    exact = sum(c * math.prod(corner[g] for g in inside) for c, inside in terms)
    return Fraction(exact)


def _power(base: Between, exponent: Fraction) -> Between:
    if exponent < 0:
        return _power(base.inverse(), -exponent)
    if exponent.denominator != 1:
        if base.low < 0:
            return Between(0, math.inf)
        return base.under((float(base.low) ** float(exponent), float(base.high) ** float(exponent)))
    result = reduce(Between.__mul__, [base] * int(exponent), point(1))
    if exponent % 2 == 0 and result.low < 0:
        return Between(0, result.high, False, result.open_high)
    return result


def _exp(value: End) -> float:
    return math.exp(value) if value < 700 else math.inf


def image(act: Act, inside: Between) -> Between:
    """The values of an activation on an interval, from its record."""
    record = act.record
    if act.kind == "relu":
        low, high = max(inside.low, 0.0), max(inside.high, 0.0)
        return Between(low, high, inside.open_low and low > 0, inside.open_high and high > 0)
    if record.constant and act.extra is not None and act.extra <= 0:
        return EVERYTHING
    ends = []
    for limit, (place, is_open) in zip(record.range, inside.ends, strict=True):
        value = end = act.end(limit)
        if record.rising and math.isfinite(place):
            with np.errstate(all="ignore"):
                function = record.function(A, *([] if act.extra is None else [Rational(act.extra)]))
                found = float(Arrays({A: np.float64(place)}, int).value(function))
            value = found if math.isfinite(found) else end
        unreached = record.open and (is_open or value == end)
        ends.append((value, math.isinf(value) or unreached))
    return made(*ends)
