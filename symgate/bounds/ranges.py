"""In which interval each value of a cell lies, by interval arithmetic over its equations.

The rules know what plain interval arithmetic does not: z (1 - z) is at most 1/4, a
weighted mean z h + (1 - z) n stays between its parts, f / (f + i) is at most 1. The interval
of a state is an invariant: it holds the start, and with it at a step it holds after the step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy import Add, Expr, Function, Indexed, Mul, Pow, S

from symgate.algebra.activations import record_of
from symgate.algebra.fold import Semantics, fold
from symgate.algebra.values import Mixing, Norm
from symgate.algebra.vectors import name_of, time_of
from symgate.bounds.functions import (
    _U,
    _at,
    _fraction_range,
    _means,
    only_value,
    pieces,
    value_range,
)
from symgate.bounds.intervals import (
    EVERYTHING,
    SYMMETRIC,
    UNIT,
    ZERO,
    Between,
    End,
    enclosed,
    is_infinite,
    rational,
)
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation

#: Steps from the start before an end that still moves is taken further out, and where to.
PATIENCE = 4
OUTWARD: tuple[End, ...] = (Fraction(1), Fraction(2), Fraction(4), math.inf)

Ends = dict[str, Between]


@dataclass(frozen=True)
class CellRanges:
    """The interval of every value of a cell.

    `before` are the intervals of the old states. They hold at every step if they hold at
    the start, as they do for states that start at zero. `assumed` are those that would not
    hold after one step from just any start. Inputs and parameters are unbounded. `lengths` are
    bounds of ‖v‖ of vectors that are scaled to one.

    >>> import symgate as sg
    >>> r = ranges(sg.cell("gru"))
    >>> r["z"], r["h"], dict(r.assumed)
    (Between(0, 1), Between(-1, 1), {'h': Between(-1, 1)})
    """

    values: Mapping[str, Between]
    before: Mapping[str, Between]
    assumed: Mapping[str, Between]
    arithmetic: Arithmetic = field(compare=False, repr=False)
    lengths: Mapping[Expr, Expr] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Between:
        return self.values[name]

    def of(self, expression: Expr) -> Between:
        """The interval of an expression of the cell's values."""
        found: Between = fold(expression, self.arithmetic)
        return found


@once_a_cell
def ranges(cell: Cell) -> CellRanges:
    """The intervals of all values, with invariants of the states."""
    lin, states = linearise(cell), cell.states
    before = _invariant(lin)
    arithmetic = _step(lin, before)
    values = arithmetic.now
    free = _step(lin, dict.fromkeys(states, EVERYTHING)).now
    assumed = {s: before[s] for s in states if before[s].is_bounded and not free[s].is_bounded}
    proxy = MappingProxyType
    lengths = proxy(_lengths(lin, arithmetic))
    return CellRanges(proxy(values), proxy(before), proxy(assumed), arithmetic, lengths)


def _lengths(lin: Linearisation, arithmetic: Arithmetic) -> dict[Expr, Expr]:
    """Bounds of ‖v‖ for v/‖v‖, for softmax and normed vectors, and for multiples of these."""
    found: dict[Expr, Expr] = {}
    for node in lin:
        e = node.expression
        if isinstance(e, Mixing):
            found[node.symbol] = e.longest(node.size)
        for factor in Mul.make_args(e):
            if isinstance(factor, Pow) and isinstance(factor.base, Norm):
                v = factor.base.args[0]
                plain = lin[name_of(v)].expression if v in lin.symbols else v
                if e in (v * factor, plain * factor):
                    found[node.symbol] = S.One
            elif factor in found:
                rest = fold(e / factor, arithmetic)
                if rest.is_bounded:
                    found[node.symbol] = found[factor] * rational(rest.magnitude)
    return found


# -- invariants ---------------------------------------------------------------------------


def _invariant(lin: Linearisation) -> Ends:
    """Intervals of the states that hold the start and that a step leads back into.

    The states start at 0, or within ±1 where 0 is never left.
    """
    start = dict.fromkeys(lin.cell.states, ZERO)
    held = _grown(lin, start)
    still = {s: SYMMETRIC for s in start if held[s] == ZERO}
    if still:
        start |= still
        held = _grown(lin, start)
    for _ in range(2):  # what is taken too far out comes back
        after = _after(lin, held)
        closer = {s: held[s].meet(after[s].hull(start[s])) for s in held}
        if _holds(lin, closer):
            held = closer
    return held


def _grown(lin: Linearisation, start: Ends) -> Ends:
    """The hull of the steps from a start; ends that do not settle go to their limit, if a step
    leads back into it, else outward."""
    seen = [start]
    for _ in range(PATIENCE):
        seen.append(_hull(seen[-1], _after(lin, seen[-1])))
        if seen[-1] == seen[-2]:
            return start if seen[-1] == start else seen[-1]
    limit = {s: _limit(*(step[s] for step in seen[-3:])) for s in start}
    if _holds(lin, limit):
        return limit
    held = seen[-1]
    while (grown := _hull(held, _after(lin, held))) != held:
        held = {s: _further(held[s], grown[s]) for s in held}
    return held


def _hull(one: Ends, other: Ends) -> Ends:
    return {s: interval.hull(other[s]) for s, interval in one.items()}


def _limit(first: Between, second: Between, third: Between) -> Between:
    """Where the ends go if each step moves them by the same part of the one before."""
    return Between(
        _geometric(first.low, second.low, third.low),
        _geometric(first.high, second.high, third.high),
    )


def _geometric(first: End, second: End, third: End) -> End:
    if is_infinite(third) or second == first:
        return third
    ratio = (third - second) / (second - first)
    return third + (third - second) * ratio / (1 - ratio) if 0 < ratio < 1 else third


def _further(held: Between, grown: Between) -> Between:
    """Ends that moved, at the next place outward."""
    low, high = held.low, held.high
    if grown.low < low:
        low = -next(end for end in OUTWARD if end >= -grown.low)
    if grown.high > high:
        high = next(end for end in OUTWARD if end >= grown.high)
    return Between(low, high)


def _holds(lin: Linearisation, before: Ends) -> bool:
    after = _after(lin, before)
    return all(after[s].within(before[s].low, before[s].high) for s in before)


def _after(lin: Linearisation, before: Ends) -> Ends:
    values = _step(lin, before).now
    return {s: values[s] for s in before}


def _step(lin: Linearisation, before: Ends) -> Arithmetic:
    """One step from given intervals of the states."""
    arithmetic = Arithmetic(before)
    for node in lin:
        arithmetic.now[node.name] = fold(node.expression, arithmetic)
    return arithmetic


# -- the arithmetic -----------------------------------------------------------------------


class Arithmetic(Semantics):
    """Between arithmetic; `now` and `before` hold the intervals of values and old states.

    A matrix means the interval of its diagonal, everything where it has more than that.
    """

    floating = False

    def __init__(self, before: Mapping[str, Between]) -> None:
        self.now: Ends = {}
        self.before = before
        self.known = {}
        self.functions = {"abs": abs, "max": Between.above, "min": Between.below}

    def unknown(self, e: Any) -> Between:
        return EVERYTHING

    def variable(self, e: Indexed) -> Between:
        held = self.now if time_of(e) == 0 else self.before
        return held.get(name_of(e), EVERYTHING)

    def number(self, e: Expr) -> Between:
        return enclosed(e)

    def identity(self, e: Any) -> Between:
        return Between(Fraction(1), Fraction(1))

    def diagonal(self, vector: Between, e: Any) -> Between:
        return vector

    def matvec(self, matrix: Between, vector: Between, e: Any) -> Between:
        return matrix * vector

    def mean(self, vector: Between, e: Any) -> Between:
        return vector

    def norm(self, vector: Between, e: Any) -> Between:
        return Between(Fraction(0), math.inf)

    def spread(self, vector: Between, e: Any) -> Between:
        return Between(enclosed(sp.sqrt(e.epsilon)).low, math.inf)

    def mixing(self, vector: Between, e: Any) -> Between:
        return UNIT if e.name == "softmax" else EVERYTHING

    def across(self, vector: Between, e: Any) -> Between:
        return vector

    down = across

    def dyad(self, u: Between, v: Between, e: Any) -> Between:
        return u * v

    def add(self, parts: Sequence[Between], e: Add) -> Between:
        whole, alone = reduce(Between.__add__, parts), only_value(e)
        return whole.meet(self.weighted(e) if alone is None else self.of_one_value(e, alone))

    def multiply(self, parts: Sequence[Between], e: Mul) -> Between:
        """A product, factors in the same value taken together."""
        groups: dict[Expr, list[tuple[Expr, Between]]] = {}
        whole = Between(Fraction(1), Fraction(1))
        scaled = {f for v in e.args if (over := 1 / Norm(v)) in e.args for f in (v, over)}
        for factor, part in zip(e.args, parts, strict=True):
            if factor not in scaled:
                groups.setdefault(only_value(factor) or factor, []).append((factor, part))
            elif isinstance(factor, Pow):
                whole = whole * SYMMETRIC  # v / ‖v‖
        for value, group in groups.items():
            found = reduce(Between.__mul__, (part for _, part in group))
            if len(group) > 1:
                found = found.meet(self.of_one_value(Mul(*(f for f, _ in group)), value))
            whole = whole * found
        return whole.meet(UNIT) if self.is_share(e) else whole

    def power(self, base: Between, exponent: Between, e: Pow) -> Between:
        if not e.exp.is_Integer:
            return base.meet(Between(Fraction(0), math.inf)).raised(exponent)
        return base.power(int(e.exp))

    def apply(self, arguments: Sequence[Between], e: Function) -> Between:
        record = record_of(e)
        if record.name in self.functions:
            return super().apply(arguments, e)
        within = value_range(e)
        if within.is_bounded:
            return within  # the ends that everybody knows
        if record.rising:
            low, high = (_at(e, end) for end in (arguments[0].low, arguments[0].high))
            return within.meet(Between(low.low, high.high))
        return within if record.closed is None else within.meet(super().apply(arguments, e))

    def is_share(self, e: Expr) -> bool:
        """Whether a quotient lies in [0, 1]: f / (f + i) with both positive."""
        above, below = sp.fraction(e)
        if below == 1:
            return False
        rest = sp.expand(below - above)
        return all(fold(part, self).low >= 0 for part in (above, rest))

    def of_one_value(self, e: Expr, alone: Expr) -> Between:
        """The range of a fraction of polynomials in one value, over that value's interval."""
        return _fraction_range(e.xreplace({alone: _U}), fold(alone, self))

    def weighted(self, e: Add) -> Between:
        """The hull of the parts, where a sum is a weighted mean  a v + (1 - a) w."""
        if all(fold(piece, self) == EVERYTHING for piece in pieces(e)):
            return EVERYTHING
        for part, weight, other in _means(e):
            over = fold(part, self)
            if over != EVERYTHING and fold(weight, self).within(0, 1):
                hull: Between = over.hull(fold(other, self))
                return hull
        return EVERYTHING


# -- what an expression is made of --------------------------------------------------------
