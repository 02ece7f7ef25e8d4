"""Changes that go through a polynomial however deep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

from symgate.comparing import polynomials as poly
from symgate.comparing.effort import spend
from symgate.comparing.identities import activation, exponential, power, simpler
from symgate.comparing.polynomials import (
    Act,
    Applied,
    AtTime,
    Exp,
    Generator,
    InverseFactor,
    MatrixFactor,
    Monomial,
    Param,
    Polynomial,
    generator,
    of_monomial,
)


def apply(matrix: MatrixFactor, vector: Polynomial) -> Polynomial:
    """A matrix on a polynomial: scalars go in front, the rest is what the matrix acts on."""
    result = poly.ZERO
    for monomial, coefficient in vector:
        scalars = frozenset((g, e) for g, e in monomial if is_scalar(g))
        feature = monomial - scalars
        acted = generator(Applied(matrix, feature))
        result = result + acted * of_monomial(scalars, coefficient)
    return result


def is_scalar(g: Generator) -> bool:
    """Whether a generator is one number for all components."""
    if isinstance(g, Act | InverseFactor | Exp):
        return all(is_scalar(h) for m in poly.inside(g) for h, _ in m)
    return isinstance(g, Param) and g.scalar


#: What a generator costs, in products of monomials.
COST = 5


class OnGenerators:
    """Puts polynomials in for some generators of a polynomial, however deep they stand."""

    def __init__(self, put: Mapping[Generator, Polynomial] = MappingProxyType({})) -> None:
        self.known = dict(put)

    def __call__(self, p: Polynomial) -> Polynomial:
        return simpler(poly.rebuilt(p, self.generator))

    def generator(self, g: Generator) -> Polynomial:
        found = self.known.get(g)
        if found is None:
            spend(COST)
            found = self.known[g] = self.made(g)
        return found

    def made(self, g: Generator) -> Polynomial:
        match g:
            case AtTime() | Param():
                return generator(g)
            case Applied(matrix=matrix, feature=feature):
                return self.matrix(matrix, self(of_monomial(feature)))
            case Act(kind=kind, argument=argument, extra=extra):
                return activation(kind, self(argument), extra)
            case InverseFactor(of=of):
                return power(self(of), Fraction(-1))
            case Exp(of=monomial):
                return exponential(self(of_monomial(monomial)))

    def matrix(self, matrix: MatrixFactor, vector: Polynomial) -> Polynomial:
        return apply(matrix, vector)


def on_variables(names: Iterable[str], put: Callable[[AtTime], Polynomial]) -> OnGenerators:
    """Puts a polynomial in for each variable of some names."""
    return OnGenerators({v: put(v) for name in names for v in (AtTime(name, 0), AtTime(name, 1))})


def renamed(names: Mapping[str, str]) -> OnGenerators:
    """Gives variables other names."""
    return on_variables(names, lambda v: generator(AtTime(names[v.name], v.lag)))


DIAGONAL = "diag "


def diagonal_name(name: str, block: str = "") -> str:
    """The name of the vector that stands for a diagonal matrix, or for a block of one."""
    return f"{DIAGONAL}{name}{'|' + block if block else ''}"


def plain_name(name: str) -> str:
    """The parameter that a name stands for: itself, or the matrix of a diagonal."""
    return name.removeprefix(DIAGONAL).partition("|")[0]


def variables(p: Polynomial) -> set[AtTime]:
    """All variables in a polynomial, however deep."""
    return {g for g in everything(p) if isinstance(g, AtTime)}


def everything(p: Polynomial) -> set[Generator]:
    """All generators in a polynomial, however deep."""
    found: set[Generator] = set()
    waiting: list[Monomial] = [m for m, _ in p]
    while waiting:
        for g, _ in waiting.pop():
            if g in found:
                continue
            found.add(g)
            waiting += poly.inside(g)
    return found
