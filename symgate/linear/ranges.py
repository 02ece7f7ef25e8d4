"""In which interval each value of a cell lies, by interval arithmetic over its equations.

The rules know what plain interval arithmetic does not: z (1 - z) is at most 1/4, a
weighted mean z h + (1 - z) n stays between its parts, f / (f + i) is at most 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

import sympy as sp
from sympy import Add, Dummy, Expr, Function, Indexed, Mul, Pow, Rational, Symbol

from symgate.algebra.vectors import MatVec, name_of, variable
from symgate.equations.cell import Cell, once_a_cell
from symgate.linear.images import image
from symgate.linear.intervals import EVERYTHING, SYMMETRIC, UNIT, ZERO, End, Interval, rounded
from symgate.linear.linearise import Linearisation, linearise


def _fraction(number: Expr) -> End:
    if isinstance(number, Rational):
        return Fraction(int(number.p), int(number.q))
    return Fraction(float(number)).limit_denominator(10**9)


@dataclass(frozen=True)
class Ranges:
    """The interval of every value of a cell.

    `before` are the intervals of the old states. They hold at every step if they hold at
    the start, as they do for states that start at zero. `assumed` are those that would not
    hold after one step from just any start. Inputs and parameters are unbounded.

    >>> import symgate as sg
    >>> r = ranges(sg.cell("gru"))
    >>> r["z"], r["h"], dict(r.assumed)
    (Interval(0, 1), Interval(-1, 1), {'h': Interval(-1, 1)})
    """

    values: Mapping[str, Interval]
    before: Mapping[str, Interval]
    assumed: Mapping[str, Interval]
    known: dict[Expr, Interval] = field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, name: str) -> Interval:
        return self.values[name]

    def of(self, expression: Expr) -> Interval:
        """The interval of an expression of the cell's values."""
        return _Walk(self.values, self.before, self.known).range(expression)


@once_a_cell
def ranges(cell: Cell) -> Ranges:
    """The intervals of all values, with the invariants of the states found by trial."""
    lin, states = linearise(cell), cell.states
    trials = [dict.fromkeys(states, EVERYTHING), dict.fromkeys(states, SYMMETRIC)]
    trials.append(dict.fromkeys(states, UNIT))
    before = dict.fromkeys(states, EVERYTHING)
    for trial in trials:
        held = {s: trial[s] if not before[s].is_bounded else before[s] for s in states}
        while True:
            after = _step(lin, held)
            kept = {
                s: held[s] if after[s].within(held[s].low, held[s].high) else EVERYTHING
                for s in states
            }
            if kept == held:
                break
            held = kept
        tightened = {s: after[s].hull(ZERO) if after[s].is_bounded else held[s] for s in states}
        before = tightened if _holds(lin, tightened) else held
    values = _step(lin, before)
    free = _step(lin, dict.fromkeys(states, EVERYTHING))
    assumed = {s: before[s] for s in states if before[s].is_bounded and not free[s].is_bounded}
    return Ranges(MappingProxyType(values), MappingProxyType(before), MappingProxyType(assumed))


def _holds(lin: Linearisation, before: Mapping[str, Interval]) -> bool:
    after = _step(lin, before)
    return all(after[s].within(before[s].low, before[s].high) for s in before)


def _step(lin: Linearisation, before: Mapping[str, Interval]) -> dict[str, Interval]:
    values: dict[str, Interval] = {}
    walk = _Walk(values, before, {})
    for node in lin:
        values[node.name] = walk.range(node.expression)
    return values


class _Walk:
    """Interval arithmetic over one expression."""

    def __init__(
        self,
        values: Mapping[str, Interval],
        before: Mapping[str, Interval],
        known: dict[Expr, Interval],
    ) -> None:
        self.values, self.before, self.known = values, before, known

    def range(self, e: Expr) -> Interval:
        if e not in self.known:
            self.known[e] = self.worked_out(e)
        return self.known[e]

    def worked_out(self, e: Expr) -> Interval:
        if e.is_Number or e.is_NumberSymbol:
            end = _fraction(e)
            return Interval(end, end)
        if isinstance(e, Indexed):
            held = self.values if e.indices[0] == variable("t").indices[0] else self.before
            return held.get(name_of(e), EVERYTHING)
        if isinstance(e, MatVec | Symbol):
            return EVERYTHING
        if isinstance(e, Add):
            return self.sum(e)
        if isinstance(e, Mul):
            return self.product(e)
        if isinstance(e, Pow):
            return self.power(e)
        if isinstance(e, Function):
            return image(e, self.range(e.args[0]))
        return EVERYTHING

    def sum(self, e: Add) -> Interval:
        total = Interval(Fraction(0), Fraction(0))
        for part in e.args:
            total = total + self.range(part)
        if only_value(e) is not None:
            return total.meet(self.of_one_variable(e))
        mean = self.mean(e)
        return total if mean is None else total.meet(mean)

    def product(self, e: Mul) -> Interval:
        """A product, factors in the same variable taken together."""
        groups: dict[Expr | None, list[Expr]] = {}
        for factor in e.args:
            groups.setdefault(only_value(factor), []).append(factor)
        result = Interval(Fraction(1), Fraction(1))
        for alone, factors in groups.items():
            if alone is not None and len(factors) > 1:
                result = result * self.of_one_variable(Mul(*factors))
            else:
                for factor in factors:
                    result = result * self.range(factor)
        above, below = sp.fraction(e)
        if below != 1 and self.is_share(above, below):
            return result.meet(UNIT)
        return result

    def is_share(self, above: Expr, below: Expr) -> bool:
        """Whether a quotient lies in [0, 1]: f / (f + i) with both positive."""
        rest = sp.expand(below - above)
        return self.range(above).low >= 0 and self.range(rest).low >= 0

    def power(self, e: Pow) -> Interval:
        base, exponent = self.range(e.base), e.exp
        if exponent.is_Integer:
            if exponent > 0:
                return base.power(int(exponent))
            return base.inverse().power(-int(exponent))
        if exponent.is_Rational and base.low >= 0:
            ends = [
                rounded(float(end) ** float(exponent), 0, direction)
                if math.isfinite(end) and (end > 0 or exponent > 0) else math.inf
                for end, direction in ((base.low, -1), (base.high, 1))
            ]  # fmt: skip
            return Interval(min(ends), max(ends))
        return EVERYTHING

    def of_one_variable(self, e: Expr) -> Interval:
        """The exact range of a polynomial in one value over that value's interval."""
        alone = only_value(e)
        assert alone is not None
        u = Dummy("u", real=True)
        over, plain = self.range(alone), e.xreplace({alone: u})
        if not over.is_bounded or not plain.is_polynomial(u):
            return EVERYTHING
        return _polynomial_range(sp.Poly(plain, u), over)

    def mean(self, e: Add) -> Interval | None:
        """The hull of the parts, where a sum is a weighted mean  a v + (1 - a) w."""
        if not any(self.range(p).is_bounded for p in _pieces(e)):
            return None
        for part, weight, other in _means(e):
            over = self.range(part)
            if over.is_bounded and self.range(weight).within(0, 1):
                return over.hull(self.range(other))
        return None


@lru_cache(maxsize=1024)
def _means(e: Add) -> tuple[tuple[Expr, Expr, Expr], ...]:
    """The ways to read a sum as  weight part + (1 - weight) other."""
    stand_in = {a: Dummy(real=True) for a in _pieces(e)}
    back = {d: a for a, d in stand_in.items()}
    if len(stand_in) > 8 or any(isinstance(p, MatVec) for p in stand_in):
        return ()
    plain = e.xreplace(stand_in)
    found = []
    for part, dummy in stand_in.items():
        weight = plain.diff(dummy)
        if weight == 0 or weight.has(dummy) or weight.is_number:
            continue
        other = sp.cancel((plain - weight * dummy) / (1 - weight))
        if other.is_polynomial(*back) and not other.has(dummy):
            found.append((part, weight.xreplace(back), other.xreplace(back)))
    return tuple(found)


@lru_cache(maxsize=4096)
def _polynomial_range(poly: sp.Poly, over: Interval) -> Interval:
    low, high = _rational(over.low), _rational(over.high)
    places = [low, high]
    if poly.degree() > 1:
        places += [r for r in sp.real_roots(poly.diff()) if low < r < high]
    found = [poly.eval(place) for place in places]
    return Interval(min(_outward(v, -1) for v in found), max(_outward(v, 1) for v in found))


def _rational(end: End) -> Rational:
    exact = Fraction(end)
    return Rational(exact.numerator, exact.denominator)


def _outward(value: Expr, direction: int) -> End:
    if isinstance(value, Rational):
        return Fraction(int(value.p), int(value.q))
    return rounded(float(value), 0, direction)


def _pieces(e: Expr) -> list[Expr]:
    """The values, parameters, activations and matrix products that an expression holds."""
    found: dict[Expr, None] = {}
    todo = [e]
    while todo:
        part = todo.pop()
        if isinstance(part, MatVec | Indexed | Symbol | Function):
            found[part] = None
        else:
            todo.extend(part.args)
    return list(found)


@lru_cache(maxsize=8192)
def only_value(e: Expr) -> Expr | None:
    """The one value that an expression is made of, if it is only one."""
    pieces = _pieces(e)
    return pieces[0] if len(pieces) == 1 else None
