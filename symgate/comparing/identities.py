"""Identities of functions of polynomials: what is the same function becomes the same polynomial.

σ, silu and the hard functions are written by tanh and relu, products of sines and cosines as
sums, and what people write by exponentials as what it is: 1 / (1 + e⁻ᵃ) is σ(a), log(1 + eᵃ)
is softplus(a), (eᵃ - e⁻ᵃ) / (eᵃ + e⁻ᵃ) is tanh(a).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

from sympy import S

from symgate.algebra.elementwise import A, Activation, K
from symgate.comparing import polynomials as poly
from symgate.comparing.polynomials import (
    ONE,
    ROOT,
    Act,
    Exp,
    Generator,
    Monomial,
    Polynomial,
    generator,
    number,
    of_monomial,
)

HALF = Fraction(1, 2)


def gate(a: Polynomial) -> Polynomial:
    """σ(a) by tanh."""
    return activation("tanh", a.scaled(HALF)).scaled(HALF) + number(HALF)


def activation(kind: str, a: Polynomial, extra: Fraction | None = None) -> Polynomial:
    """One of the functions that the normal form keeps, of a polynomial."""
    act = Act(kind, a, extra)
    if kind == "exp":
        return exponential(a)
    if kind == ROOT.name:
        return power(a, Fraction(extra or 1))
    if not a and (at_zero := _at_zero(act.record)) is not None:
        return number(at_zero)
    if act.parity in ("odd", "even") and poly.leading(a) < 0:
        turned = generator(replace(act, argument=-a))
        return turned if act.parity == "even" else -turned
    if kind == "log" and (found := _logarithm(a)) is not None:
        return found
    if kind == "relu":
        inside = _rectified_twice(a)
        if inside is not None:
            return inside
        scale = poly.content(a)
        return generator(Act(kind, a.scaled(1 / scale))).scaled(scale)
    return generator(act)


@cache
def _at_zero(record: Activation) -> Fraction | None:
    """The value at 0 where it is a ratio."""
    form = record.function(A) if record.closed is None else record.closed
    exact = form.xreplace({A: S.Zero, K: record.default})
    return Fraction(int(exact.p), int(exact.q)) if exact.is_Rational else None


def _rectified_twice(a: Polynomial) -> Polynomial | None:
    """relu(k relu(u) - c) = k relu(u - c/k), relu(c - k relu(u)) = c - k relu(u) + k relu(u - c/k)
    for k > 0 and c ≥ 0."""
    inner, constant = [(m, c) for m, c in a if m != ONE], a.terms.get(ONE, Fraction(0))
    if len(inner) != 1 or len(inner[0][0]) != 1:
        return None
    (((relu, exponent),), scale) = inner[0]
    if not isinstance(relu, Act) or relu.kind != "relu" or exponent != 1 or scale * constant > 0:
        return None
    above = activation("relu", relu.argument + number(constant / scale)).scaled(abs(scale))
    return above if scale > 0 else a + above


def exponential(a: Polynomial) -> Polynomial:
    """e to a sum is the product of e to its terms; e to a logarithm is what it is taken of."""
    powers: dict[Generator, Fraction] = {}
    apart = poly.UNIT
    for monomial, coefficient in a:
        undone = _undone(monomial) if coefficient.denominator == 1 else None
        if undone is None:
            powers[Exp(monomial)] = coefficient
        else:
            apart = apart * power(undone, coefficient)
    return simpler(apart * of_monomial(frozenset(powers.items())))


def _undone(monomial: Monomial) -> Polynomial | None:
    """e to a logarithm, or to a softplus."""
    if len(monomial) != 1:
        return None
    ((g, exponent),) = monomial
    if exponent != 1 or not isinstance(g, Act) or g.kind not in ("log", "softplus"):
        return None
    return g.argument if g.kind == "log" else exponential(g.argument) + number(1)


def _logarithm(a: Polynomial) -> Polynomial | None:
    """The logarithm of eᵇ, or of 1 + eᵇ."""
    exponents = {m: _exponent(m) for m, c in a if c == 1}
    if len(exponents) != len(a.terms) or None in exponents.values():
        return None
    found = [b for b in exponents.values() if b is not None and b]
    if len(found) == len(a.terms) == 1:
        return found[0]
    one_and_another = len(found) == 1 and len(a.terms) == 2
    return activation("softplus", found[0]) if one_and_another else None


def _exponent(monomial: Monomial) -> Polynomial | None:
    """b where the monomial is eᵇ; 0 for 1."""
    if any(not isinstance(g, Exp) for g, _ in monomial):
        return None
    parts = (of_monomial(g.of, e) for g, e in monomial if isinstance(g, Exp))
    return poly.total(parts)


def power(base: Polynomial, exponent: Fraction) -> Polynomial:
    """A power; of eᵃ + eᵇ a negative one is that of eᵃ times σ(a - b)."""
    terms = sorted(base.terms.items(), key=lambda term: poly.order(term[0]))
    if len(terms) == 2 and exponent < 0 and exponent.denominator == 1:
        (one, c), (other, d) = terms
        a, b = _exponent(one), _exponent(other)
        if c == d and a is not None and b is not None:
            part = gate(a - b) * exponential(-a)
            return simpler(poly.power(part.scaled(1 / c), -exponent))
    return simpler(poly.power(base, exponent))


def simpler(p: Polynomial) -> Polynomial:
    """Products of sines and cosines written as sums, those of eᵃ and tanh(a/2) too."""
    return _one_gate(one_angle(p))


def _one_gate(p: Polynomial) -> Polynomial:
    """eᵃ tanh(a/2) = eᵃ - 1 - tanh(a/2), which is eᵃ σ(-a) = σ(a)."""
    result, changed = poly.ZERO, False
    for monomial, coefficient in p:
        found = _gate_in(monomial)
        if found is None:
            result = result + of_monomial(monomial, coefficient)
            continue
        tanh, part, sign = found
        itself = frozenset({(tanh, Fraction(1))})
        undo = frozenset((g, -e) for g, e in (*part, *itself))
        rest = of_monomial(poly.times(monomial, undo), coefficient)
        growing = of_monomial(part) - number(1)
        result = result + rest * (growing.scaled(sign) - of_monomial(itself))
        changed = True
    return _one_gate(result) if changed else result


def _gate_in(monomial: Monomial) -> tuple[Act, Monomial, Fraction] | None:
    """tanh(a/2) beside e to s a, s = ±1, in a product: both, and s."""
    powers = {g.of: e for g, e in monomial if isinstance(g, Exp)}
    for g, exponent in monomial:
        if not powers or not isinstance(g, Act) or g.kind != "tanh" or exponent < 1:
            continue
        whole = {m: 2 * c for m, c in g.argument}
        for sign in (Fraction(1), Fraction(-1)):
            if all(powers.get(m, 0) * sign * c >= c * c for m, c in whole.items()):
                part = frozenset((Exp(m), sign * c) for m, c in whole.items())
                return g, part, sign
    return None


def one_angle(p: Polynomial) -> Polynomial:
    """Products of sin and cos written as sums, by 2 sin a sin b = cos(a - b) - cos(a + b)."""
    result = poly.ZERO
    changed = False
    for monomial, coefficient in p:
        angles = [
            g
            for g, e in monomial
            if isinstance(g, Act) and g.kind in ("sin", "cos")
            for _ in range(int(e) if e.denominator == 1 and e > 0 else 0)
        ]
        if len(angles) < 2:
            result = result + of_monomial(monomial, coefficient)
            continue
        changed = True
        one, other = angles[:2]
        rest = poly.times(monomial, frozenset({(one, Fraction(-1))}))
        rest = poly.times(rest, frozenset({(other, Fraction(-1))}))
        a, b = one.argument, other.argument
        if one.kind == other.kind:
            sign = 1 if one.kind == "cos" else -1
            both = activation("cos", a - b) + activation("cos", a + b).scaled(Fraction(sign))
        else:
            if one.kind == "cos":
                a, b = b, a
            both = activation("sin", a + b) + activation("sin", a - b)
        result = result + both * of_monomial(rest, coefficient / 2)
    return one_angle(result) if changed else result
