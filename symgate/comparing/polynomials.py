"""Exact polynomials whose generators carry structure: the arithmetic of proofs.

A polynomial maps monomials to rational coefficients; a monomial is a set of (generator,
exponent) pairs. The generators are those of the vector algebra:

    AtTime    a state before the step or an input
    Param     a parameter that is a vector or a scalar
    Applied   a matrix acting on a monomial, W (r ⊙ h)
    Act       an activation of a polynomial
    Inverse   one over a polynomial
    Exp       e to a monomial, so that e^(a + b) is e^a e^b

Two polynomials that are the same mapping are equal for all sizes and all values: that is
the whole proof. SymPy's rings fix their generators beforehand, which nested ones forbid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from hashlib import blake2b
from zlib import crc32

from sympy import Expr, Rational, S, oo

from symgate.algebra.activations import ACTIVATIONS
from symgate.algebra.elementwise import Activation, K
from symgate.comparing.effort import TooLarge, spend
from symgate.comparing.scales import Radical

Monomial = frozenset[tuple["Generator", Fraction]]

#: More terms than this, and a comparison gives up and says so.
MAX_TERMS = 4000

#: The largest number in a power that plain numbers are raised to.
MOST_OF_A_POWER = 12

#: A power of a sum that is not a whole number.
ROOT = Activation("**", None, range=(S.Zero, oo))

ONE: Monomial = frozenset()


@cache
def _hash(text: str) -> int:
    """The hash of a text, the same in every process: sets of generators have one order then, and
    what a comparison costs is the same wherever it runs."""
    return crc32(text.encode())


@dataclass(frozen=True)
class AtTime:
    """A state at t-1 (`lag` 1) or an input at t (`lag` 0)."""

    name: str
    lag: int

    def __hash__(self) -> int:
        return hash((_hash(self.name), self.lag))


@dataclass(frozen=True)
class Param:
    """A parameter that is a vector or a scalar."""

    name: str
    scalar: bool

    def __hash__(self) -> int:
        return hash((_hash(self.name), self.scalar))


@dataclass(frozen=True)
class MatrixFactor:
    """A matrix parameter, perhaps transposed, or the columns (rows) of one: `block`."""

    name: str
    transposed: bool = False
    block: str = ""

    def __hash__(self) -> int:
        return hash((_hash(self.name), self.transposed, _hash(self.block)))


@dataclass(frozen=True)
class Applied:
    matrix: MatrixFactor
    feature: Monomial


@dataclass(frozen=True)
class Act:
    """An activation; `extra` is its constant, where it has one, and of a power its exponent."""

    kind: str
    argument: Polynomial
    extra: Fraction | None = None

    @property
    def record(self) -> Activation:
        return ACTIVATIONS.get(self.kind, ROOT)

    @property
    def parity(self) -> str:
        return self.record.parity

    def end(self, form: Expr) -> Fraction | float:
        """A limit in the record, which the constant may stand in."""
        value = form.xreplace(
            {K: self.record.default if self.extra is None else Rational(self.extra)}
        )
        return Fraction(int(value.p), int(value.q)) if value.is_Rational else float(value)

    def __hash__(self) -> int:
        return hash((_hash(self.kind), self.argument, self.extra or 0))


@dataclass(frozen=True)
class InverseFactor:
    of: Polynomial
    parity = "odd"


@dataclass(frozen=True)
class Exp:
    of: Monomial
    parity = ""


Generator = AtTime | Param | Applied | Act | InverseFactor | Exp


class Polynomial:
    """An immutable polynomial; arithmetic with + - * and hashing by value."""

    __slots__ = ("_hash", "_like", "terms")

    def __init__(self, terms: Mapping[Monomial, Fraction]) -> None:
        if len(terms) > MAX_TERMS:
            raise TooLarge("a polynomial in its gates has too many terms")
        self.terms = {m: c for m, c in terms.items() if c}
        self._hash: int | None = None
        self._like: object = self.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polynomial):
            return False
        if (
            self._like is not other._like
            and hash(self) == hash(other)
            and self.terms == other.terms
        ):
            other._like = self._like  # what is nested deeply is compared once
        return self._like is other._like

    def __iter__(self) -> Iterator[tuple[Monomial, Fraction]]:
        return iter(self.terms.items())

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: Polynomial) -> Polynomial:
        return total((self, other)) if self.terms and other.terms else self if self.terms else other

    def __neg__(self) -> Polynomial:
        return Polynomial({m: -c for m, c in self})

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + -other

    def __mul__(self, other: Polynomial) -> Polynomial:
        spend(len(self.terms) * len(other.terms))
        if self is UNIT or other is UNIT:
            return self if other is UNIT else other
        terms: dict[Monomial, Fraction] = {}
        for one, c in self:
            for two, d in other:
                _gather(terms, times(one, two), d if c is _ONE else c if d is _ONE else c * d)
        return Polynomial(terms)

    def scaled(self, factor: Fraction) -> Polynomial:
        return Polynomial({m: c * factor for m, c in self})

    @property
    def constant(self) -> Fraction | None:
        """The number that this is, or None."""
        if not self.terms:
            return Fraction(0)
        return self.terms[ONE] if len(self.terms) == 1 and ONE in self.terms else None


_ONE = Fraction(1)
ZERO = Polynomial({})
UNIT = Polynomial({ONE: _ONE})


def _gather(terms: dict[Monomial, Fraction], monomial: Monomial, coefficient: Fraction) -> None:
    """Add a term to others; fractions cost most of a comparison, so none is made for nothing."""
    before = terms.get(monomial)
    terms[monomial] = coefficient if before is None else before + coefficient


def number(value: Fraction | int) -> Polynomial:
    return UNIT if value is _ONE else Polynomial({ONE: _fraction(value)})


def generator(g: Generator, exponent: Fraction | int = 1) -> Polynomial:
    return Polynomial({frozenset({(g, _fraction(exponent))}): _ONE})


def of_monomial(monomial: Monomial, coefficient: Fraction | int = 1) -> Polynomial:
    return Polynomial({monomial: _fraction(coefficient)})


def _fraction(value: Fraction | int) -> Fraction:
    if isinstance(value, Fraction):
        return value
    return _ONE if value == 1 else Fraction(value)


def total(parts: Iterable[Polynomial]) -> Polynomial:
    terms: dict[Monomial, Fraction] = {}
    for part in parts:
        for monomial, coefficient in part:
            _gather(terms, monomial, coefficient)
        if len(terms) > MAX_TERMS:
            terms = Polynomial(terms).terms
    return Polynomial(terms)


def times(one: Monomial, two: Monomial) -> Monomial:
    if not one:
        return two
    if not two:
        return one
    exponents = dict(one)
    for g, e in two:
        exponents[g] = exponents[g] + e if g in exponents else e
    if len(exponents) == len(one) + len(two):
        return one | two
    return frozenset((g, e) for g, e in exponents.items() if e)


def power(base: Polynomial, exponent: Fraction) -> Polynomial:
    """A power: of a monomial exactly, of a sum written out, else as an opaque generator."""
    if exponent.denominator == 1 and exponent >= 0:
        if len(base.terms) == 1:
            return _power_of_term(base, exponent)
        result = UNIT
        for _ in range(int(exponent)):
            result = result * base
        return result
    if exponent.denominator != 1:
        if len(base.terms) == 1 and all(c == 1 and _all_exp(m) for m, c in base):
            return _power_of_term(base, exponent)
        scale = content(base) if base else _ONE
        whole = (Radical(scale) ** exponent).rational if is_simple(exponent) else None
        if whole is not None and scale != 1:  # sqrt(4 a) is 2 sqrt(a)
            return power(base.scaled(1 / scale), exponent).scaled(whole)
        return generator(Act(ROOT.name, base, exponent))
    if not base:
        raise ZeroDivisionError
    if len(base.terms) == 1:
        return _power_of_term(base, exponent)
    scale = content(base) if leading(base) > 0 else -content(base)
    inverse = InverseFactor(base.scaled(1 / scale))
    return generator(inverse, -exponent).scaled(scale ** int(exponent))


def is_simple(exponent: Fraction) -> bool:
    """Whether a number raised to an exponent is worth working out: 1/2 and 2/3, not 0.3333."""
    return max(abs(exponent.numerator), exponent.denominator) <= MOST_OF_A_POWER


def _power_of_term(base: Polynomial, exponent: Fraction) -> Polynomial:
    ((monomial, coefficient),) = base
    raised = frozenset((g, e * exponent) for g, e in monomial if exponent)
    digits = coefficient.numerator.bit_length() + coefficient.denominator.bit_length()
    spend(int(digits * abs(exponent)) // 64)  # squares of squares double their digits
    whole = coefficient ** int(exponent) if coefficient != 1 else Fraction(1)
    return Polynomial({raised: whole})


def _all_exp(monomial: Monomial) -> bool:
    return bool(monomial) and all(isinstance(g, Exp) for g, _ in monomial)


def leading(p: Polynomial) -> Fraction:
    """The coefficient of a distinguished term, so that its sign can be made positive."""
    return p.terms[min(p.terms, key=order)]


def content(p: Polynomial) -> Fraction:
    """The largest coefficient without its sign: a scale that names have no part in."""
    return max(map(abs, p.terms.values()))


@lru_cache(maxsize=50_000)
def order(monomial: Monomial) -> str:
    """A text to sort monomials by; the same in every process."""
    return _short("*".join(sorted(f"{text(g)}^{e}" for g, e in monomial)))


def signed(terms: Iterable[tuple[Fraction, str]]) -> str:
    """A sum as text, the terms with a minus last; each is given with its sign and without it."""
    shown = ""
    for c, term in sorted(terms, key=lambda term: term[0] < 0):
        sign = "-" if c < 0 else "+"
        shown = f"{shown} {sign} {term}" if shown else f"{'-' if c < 0 else ''}{term}"
    return shown or "0"


def _short(key: str) -> str:
    """A long text by its digest, so that texts of nested sums do not grow without end."""
    return key if len(key) <= 400 else f"#{blake2b(key.encode(), digest_size=16).hexdigest()}"


def text(g: Generator) -> str:
    """A generator as a text, the same in every process."""
    match g:
        case AtTime(name=name, lag=lag):
            return f"{name}[{lag}]"
        case Param(name=name):
            return name
        case Applied(matrix=m, feature=f):
            return f"{m.name}{'T' * m.transposed}{m.block}@({order(f)})"
        case Act(kind=kind, argument=argument, extra=extra):
            return f"{kind}({_sum_key(argument)};{extra})"
        case InverseFactor(of=of):
            return f"1/({_sum_key(of)})"
        case Exp(of=of):
            return f"e^({order(of)})"


def _sum_key(p: Polynomial) -> str:
    return "+".join(sorted(f"{c}*{order(m)}" for m, c in p))


def inside(g: Generator) -> list[Monomial]:
    """The monomials that a generator acts on."""
    match g:
        case Applied(feature=monomial) | Exp(of=monomial):
            return [monomial]
        case Act(argument=inner) | InverseFactor(of=inner):
            return list(inner.terms)
    return []


def generators(p: Polynomial) -> set[Generator]:
    """The outermost generators of a polynomial."""
    return {g for m, _ in p for g, _ in m}


def is_zero(p: Polynomial) -> bool:
    """Whether a polynomial is zero once its denominators are cleared."""
    for _ in range(20):
        inverse = next((g for g in generators(p) if isinstance(g, InverseFactor)), None)
        if inverse is None or not p:
            return not p
        p = cleared(p, inverse)
    return not p


def cleared(p: Polynomial, inverse: InverseFactor) -> Polynomial:
    """The polynomial times a power of a denominator, so that it is gone."""
    highest = max(e for m, _ in p for g, e in m if g == inverse)
    parts = []
    for monomial, coefficient in p:
        own = next((e for g, e in monomial if g == inverse), Fraction(0))
        rest = frozenset((g, e) for g, e in monomial if g != inverse)
        parts.append(of_monomial(rest, coefficient) * power(inverse.of, highest - own))
    return total(parts)


def rebuilt(p: Polynomial, change: Callable[[Generator], Polynomial]) -> Polynomial:
    """The polynomial with each outermost generator replaced."""
    parts = []
    for monomial, coefficient in p:
        term = number(coefficient)
        for g, e in monomial:
            term = term * power(change(g), e) if e != 1 else term * change(g)
        parts.append(term)
    return total(parts)
