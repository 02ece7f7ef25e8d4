"""The range of a function of one argument over an interval, from its record or its pieces."""

from __future__ import annotations

from functools import lru_cache, reduce

import sympy as sp
from sympy import Add, Dummy, Expr, Function, Indexed, MatrixExpr, Symbol

from symgate.algebra.activations import record_of
from symgate.algebra.structure import leaves
from symgate.algebra.vectors import Opaque
from symgate.bounds.intervals import EVERYTHING, Between, End, enclosed, rational

#: Beyond this an argument counts as infinite: what a function gives there is its limit.
FAR = 10_000

#: Degrees of fractions whose extrema are looked for, and how many values a mean may hold.
DEGREE, MEMBERS = 8, 8


def value_range(function: Expr) -> Between:
    """Where the values of a function lie, whatever it acts on.

    >>> from symgate.algebra.activations import elu, A
    >>> value_range(elu(A, 2))
    Between(-2, inf)
    """
    return _span(function, record_of(function).range)


def slope_range(function: Expr) -> Between:
    """Where the slope of a function lies, whatever it acts on.

    >>> from symgate.algebra.activations import elu, sigmoid, A
    >>> slope_range(sigmoid(A)), slope_range(elu(A, 2))
    (Between(0, 1/4), Between(0, 2))
    """
    return _span(function, record_of(function).slopes)


def _span(function: Expr, ends: tuple[Expr, Expr]) -> Between:
    low, high = (enclosed(record_of(function).bound(end, function)) for end in ends)
    return Between(low.low, high.high)


def _at(function: Function, end: End) -> Between:
    """What a function that never falls gives at the end of an interval."""
    if max(end, -end) > FAR:
        return EVERYTHING
    value = function.func(rational(end), *function.args[1:])
    return enclosed(value.closed_form() if hasattr(value, "closed_form") else value)


#: What stands for the one value of a fraction.
_U = Dummy("u", real=True)


@lru_cache(maxsize=4096)
def _fraction_range(e: Expr, over: Between) -> Between:
    """The exact range of a fraction of polynomials over an interval, to its ends."""
    above, below = sp.fraction(sp.together(e))
    if not (above.is_polynomial(_U) and below.is_polynomial(_U)):
        return EVERYTHING
    p, q = sp.Poly(above, _U), sp.Poly(below, _U)
    exact = all(part.domain.is_ZZ or part.domain.is_QQ for part in (p, q))
    if not exact or max(p.degree(), q.degree()) > DEGREE:
        return EVERYTHING
    low, high = rational(over.low), rational(over.high)
    if any(low <= pole <= high for pole in sp.real_roots(q)):
        return EVERYTHING
    slope = p.diff() * q - p * q.diff()
    inner = [r for r in sp.real_roots(slope) if low < r < high] if slope.degree() > 0 else []
    found = [enclosed(_limit_at(p, q, place)) for place in (low, high, *inner)]
    return reduce(Between.hull, found)


def _limit_at(p: sp.Poly, q: sp.Poly, place: Expr) -> Expr:
    """p / q at a place, which may be infinite."""
    if place.is_finite:
        return p.eval(place) / q.eval(place)
    rise = p.degree() - q.degree()
    if p.is_zero or rise < 0:
        return sp.S.Zero
    ratio = p.LC() / q.LC()
    return ratio if rise == 0 else ratio * place**rise


def pieces(e: Expr) -> tuple[Expr, ...]:
    """The values, parameters, activations and matrix products that an expression holds."""
    return leaves(e, Indexed, Symbol, Function, Opaque, MatrixExpr)


def only_value(e: Expr) -> Expr | None:
    """The one value that an expression is made of, if it is only one."""
    held = pieces(e)
    return held[0] if len(held) == 1 else None


@lru_cache(maxsize=1024)
def _means(e: Add) -> tuple[tuple[Expr, Expr, Expr], ...]:
    """The ways to read a sum as  weight part + (1 - weight) other."""
    held = pieces(e)
    if len(held) > MEMBERS:
        return ()
    stand_in = {piece: Dummy(real=True) for piece in held}
    back = {dummy: piece for piece, dummy in stand_in.items()}
    plain, found = e.xreplace(stand_in), []
    for part, dummy in stand_in.items():
        weight = plain.diff(dummy)
        if weight == 0 or weight.has(dummy) or weight.is_number:
            continue
        other = sp.cancel((plain - weight * dummy) / (1 - weight))
        if not other.has(dummy):
            found.append((part, weight.xreplace(back), other.xreplace(back)))
    return tuple(found)
