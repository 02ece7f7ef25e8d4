"""How a cell behaves along a ray: one variable goes to infinity, all others stand still.

With one unit each state becomes, beyond some point, a polynomial in the variable whose
coefficients are functions of the parameters, up to what decays exponentially. What a cell
does for all parameters follows from that, once the signs of a few are told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from symgate.algebra.elementwise import A
from symgate.bounds.intervals import ZERO, Between
from symgate.comparing import polynomials as poly
from symgate.comparing.changes import everything
from symgate.comparing.coefficients import argument
from symgate.comparing.identities import activation
from symgate.comparing.intervals import NEGATIVE, POSITIVE, Reaches
from symgate.comparing.polynomials import (
    Act,
    AtTime,
    Exp,
    Generator,
    InverseFactor,
    Param,
    Polynomial,
    generator,
    number,
    of_monomial,
)

#: The coefficient of each power of the variable.
Growth = dict[int, Polynomial]

#: Parameters whose signs are told apart; more of them, and nothing is said.
MOST_SIGNS = 5

SIGNS = (POSITIVE, NEGATIVE, ZERO)


class NoLimit(Exception):
    """What has no such form: sin of a growing argument, or a sign that is not known."""


@dataclass(frozen=True)
class Heading:
    """Where a variable goes, and what the others are."""

    name: str
    side: int
    others: Fraction


class RayLimit:
    """What polynomials become on a ray, with the signs of some parameters known."""

    def __init__(self, ray: Heading, known: Mapping[str, Between]) -> None:
        self.ray, self.known = ray, known
        self.ranges = Reaches(known)
        self.nodes: dict[Generator, Growth] = {}

    def __call__(self, p: Polynomial) -> Growth:
        """The growth of a polynomial; NoLimit where it has none of this form."""
        result: Growth = {}
        for monomial, coefficient in p:
            term: Growth = {0: number(coefficient)}
            for g, exponent in monomial:
                term = _times(term, self.factor(g, exponent))
            for order, c in term.items():
                result[order] = result.get(order, poly.ZERO) + c
        return {order: c for order, c in result.items() if c}

    def factor(self, g: Generator, exponent: Fraction) -> Growth:
        if isinstance(g, Param):
            zero = self.known.get(g.name) == ZERO
            return {} if zero else {0: generator(g, exponent)}
        if isinstance(g, Exp):
            return self.exponential(self(of_monomial(g.of, exponent)))
        if isinstance(g, InverseFactor):
            inside = self(g.of)
            if set(inside) != {0}:
                raise NoLimit
            return {0: poly.power(inside[0], -exponent)}
        if exponent.denominator != 1 or exponent < 0:
            raise NoLimit
        if g not in self.nodes:
            self.nodes[g] = self.made(g)
        result: Growth = {0: poly.UNIT}
        for _ in range(int(exponent)):
            result = _times(result, self.nodes[g])
        return result

    def made(self, g: Generator) -> Growth:
        match g:
            case AtTime(name=name):
                mine = name == self.ray.name
                return {1: number(self.ray.side)} if mine else {0: number(self.ray.others)}
            case Act():
                return self.activated(g, self(g.argument))
        raise NoLimit

    def exponential(self, inside: Growth) -> Growth:
        if max(inside, default=0) <= 0:
            return {0: activation("exp", inside.get(0, poly.ZERO))}
        if self.direction(inside) > 0:
            raise NoLimit
        return {}

    def activated(self, act: Act, inside: Growth) -> Growth:
        if max(inside, default=0) <= 0:
            return {0: activation(act.kind, inside.get(0, poly.ZERO), act.extra)}
        if act.record.ends is None:
            raise NoLimit
        end = act.record.ends[self.direction(inside) > 0]
        return inside if end == A else {0: number(Fraction(act.end(end)))}

    def direction(self, inside: Growth) -> int:
        """Whether what grows goes to plus or to minus infinity."""
        reach = self.ranges(inside[max(inside)])
        if reach.is_positive:
            return 1
        if reach.is_negative:
            return -1
        raise NoLimit


def _times(one: Growth, other: Growth) -> Growth:
    result: Growth = {}
    for (i, a), (j, b) in product(one.items(), other.items()):
        result[i + j] = result.get(i + j, poly.ZERO) + a * b
    return result


def cases(names: Sequence[str]) -> Iterator[dict[str, Between]]:
    """All signs that some parameters can have."""
    for signs in product(SIGNS, repeat=len(names)):
        yield dict(zip(names, signs, strict=True))


def decisive(polynomials: Iterable[Polynomial], name: str) -> list[str]:
    """Parameters that stand beside a variable: where that goes, they decide what grows."""
    observed = list(polynomials)
    nodes = {g for p in observed for g in everything(p) if isinstance(g, Act | Exp | InverseFactor)}
    found = set()
    for p in [*observed, *map(argument, nodes)]:
        for monomial, _ in p:
            inside = everything(of_monomial(monomial))
            if any(isinstance(g, AtTime) and g.name == name for g in inside):
                found |= {g.name for g, _ in monomial if isinstance(g, Param)}
    return sorted(found)
