"""Proofs that one cell, for some parameters, is no other cell, whatever that one's parameters.

Each proof names something that the second cell can never do, for any parameters, and that the
first one does. Nothing here is a failed search: where no proof is found, nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product
from types import MappingProxyType

import numpy as np

from symgate.comparing import polynomials as poly
from symgate.comparing.changes import everything, on_variables, renamed, variables
from symgate.comparing.effort import TooLarge, bounded
from symgate.comparing.freedom import degrees_of_freedom, independent_directions
from symgate.comparing.growth import incompatible
from symgate.comparing.intervals import Reaches
from symgate.comparing.normal import Normal
from symgate.comparing.numbers import Array, Draw, Trajectory, drawn
from symgate.comparing.polynomials import (
    Applied,
    AtTime,
    Monomial,
    Polynomial,
    generator,
    of_monomial,
)

DRAWS = 24
POINTS = 12

#: More ways than this to name the variables, and nothing is said.
MOST_WAYS = 64
MOST_REASONS = 4

#: How far beyond a bound a value has to be, so that rounding plays no part.
MARGIN = 1e-4

NOTHING: Mapping[str, Array] = MappingProxyType({})


@dataclass(frozen=True)
class Pair:
    """Two cells with the variables of the second named as the first's.

    `observed` has by name what both compute, `names` what the first calls that, `taking` tells
    what stands for states without a partner.
    """

    one: Normal
    other: Normal
    observed: Mapping[str, tuple[Polynomial, Polynomial]]
    names: Mapping[str, str]
    taking: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        return (*self.one.cell.inputs, *self.one.states)

    def values(self, name: str, draw: Draw, moved: Mapping[str, Array] = NOTHING) -> Array:
        """What the first cell computes, (parameters, points, units), with some variables moved."""
        start = self.one.doubled({**draw.variables, **moved})
        there = Trajectory(self.one.cell, draw.n, draw.parameters, start)
        return there.state(self.names[name])


def separated(one: Normal, other: Normal) -> str:
    """Why some `one` is no `other`, whatever its names and parameters; "" without a proof.

    >>> from symgate.equations.zoo import cell
    >>> from symgate.comparing.normal import normal
    >>> separated(normal(cell("rnn")), normal(cell("rnn-sigmoid")))
    'h of rnn-sigmoid lies in (0, 1) for all parameters, and h of rnn does not'
    """
    reasons = dict.fromkeys(filter(None, [_counted(one, other)]))
    ways, taken = 0, dict[str, str]()
    try:
        with bounded(), np.errstate(all="ignore"):
            for ways, pair in enumerate(_pairs(one, other), 1):
                found = next(filter(None, (proof(pair) for proof in PROOFS)), "")
                if not found or ways > MOST_WAYS:
                    return ""
                if pair.taking:
                    taken.setdefault(pair.taking, found)
                else:
                    reasons[found] = None
    except (TooLarge, ArithmeticError):
        return ""
    if taken:
        (taking, found), *others = taken.items()
        alike = ", and likewise where " + " or ".join(way for way, _ in others) if others else ""
        reasons[f"{found} (taking {taking} in {other.cell.name}{alike})"] = None
    return "; ".join([*reasons][:MOST_REASONS])


def _counted(*both: Normal) -> str:
    one, other = sorted(both, key=lambda each: each.cell.name)
    for what, left, right in (
        ("inputs", one.cell.inputs, other.cell.inputs),
        ("states", tuple(one.states), tuple(other.states)),
        ("outputs beside the states", one.outputs, other.outputs),
    ):
        if len(left) != len(right):
            shown = [" and ".join(names) or "none" for names in (left, right)]
            return f"{what}: {shown[0]} in {one.cell.name}, {shown[1]} in {other.cell.name}"
    return ""


def _pairs(one: Normal, other: Normal) -> Iterator[Pair]:
    """All ways in which the variables of the second cell can be those of the first.

    A state that the first has no partner for is read by nothing, or is always another one.
    Read by nothing it is a gate where some equation reads it in its own step, else an output.
    """
    for kept in permutations(other.states, len(one.states)):
        left = [s for s in other.states if s not in kept]
        for choice in product(("", *kept), repeat=len(left)):
            dropped = dict(zip(left, choice, strict=True))
            outputs = [*other.outputs]
            outputs += [s for s, same in dropped.items() if not same and not other.is_gate(s)]
            if len(outputs) != len(one.outputs) or len(one.cell.inputs) != len(other.cell.inputs):
                continue
            for inputs, named in product(permutations(one.cell.inputs), permutations(one.outputs)):
                names = dict(
                    zip(
                        (*kept, *other.cell.inputs, *outputs),
                        (*one.states, *inputs, *named),
                        strict=True,
                    )
                )
                yield _pair(one, other, names, dropped)


def _pair(one: Normal, other: Normal, names: Mapping[str, str], dropped: Mapping[str, str]) -> Pair:
    merged = {d: names[s] for d, s in dropped.items() if s}
    named = renamed({**names, **merged})
    gone = on_variables([d for d, s in dropped.items() if not s], lambda v: poly.ZERO)
    every = {**other.gates, **other.states}
    partners = {s: name for s, name in {**names, **merged}.items() if name in one.observed}
    told = {names.get(s, f"{s} = {name}"): (s, name) for s, name in partners.items()}
    observed = {at: (one.observed[name], named(gone(every[s]))) for at, (s, name) in told.items()}
    taking = ", ".join(f"{d} = {s or 0}" for d, s in dropped.items())
    return Pair(one, other, observed, {at: name for at, (_, name) in told.items()}, taking)


# -- numbers against what holds for all parameters ------------------------------------------


def _seen(pair: Pair) -> Iterator[tuple[Sequence[str], str, str, Polynomial, Polynomial]]:
    """What both compute, as it is and with some variables at zero where it is defined there:
    these variables, where that is, the name, and what it is in either."""
    for gone in ((), *((v,) for v in pair.variables), pair.variables):
        rest = on_variables(gone, lambda v: poly.ZERO)
        where = f" at {' = '.join(gone)} = 0" if gone else ""
        for name, both in pair.observed.items():
            try:
                mine, theirs = map(rest, both)
            except ZeroDivisionError:
                continue
            yield gone, where, name, mine, theirs


def _out_of_range(pair: Pair) -> str:
    """A value outside of the range of the second cell, perhaps with some variables at zero."""
    draw, ranges = _draw(pair.one, 1, DRAWS, POINTS), Reaches({})
    for gone, where, name, _, theirs in _seen(pair):
        reach = ranges(theirs)
        if reach.low == -np.inf and reach.high == np.inf:
            continue
        values = pair.values(name, draw, {v: np.zeros(1) for v in gone})
        values = values[np.isfinite(values)]
        low, high = float(reach.low) - MARGIN, float(reach.high) + MARGIN
        if np.any((values < low) | (values > high)):
            is_in = "is" if reach.low == reach.high else "lies in"
            return (
                f"{name} of {pair.other.cell.name}{where} {is_in} {reach} for all parameters, "
                f"and {name} of {pair.one.cell.name} does not"
            )
    return ""


def _draw(cell: Normal, n: int, count: int, points: int) -> Draw:
    """Random numbers: `count` sets of parameters, each at some points."""
    rng = np.random.default_rng(3)
    return drawn(
        cell,
        n,
        lambda its: rng.normal(scale=2.0, size=(count, 1, *its)),
        lambda its: rng.normal(scale=2.0, size=(count, points, *its)),
    )


#: The difference that is zero for a polynomial of the degree.
BINOMIAL = ((-1, 1), (1, -2, 1), (-1, 3, -3, 1), (1, -4, 6, -4, 1))


def _degree(pair: Pair) -> str:
    """A variable in which the second cell is a polynomial, and the first of a higher degree."""
    one, other = pair.one.cell.name, pair.other.cell.name
    for gone, where, name, mine, theirs in _seen(pair):
        for v in pair.variables:
            degree = degree_in(theirs, v)
            if degree is None or degree > 3 or degree_in(mine, v) == degree:
                continue
            weights = BINOMIAL[degree]
            steps = {v: [0.75 * i - 1 for i in range(len(weights))]}
            if _differences(pair, name, {**{g: [0.0] for g in gone}, **steps}, weights):
                if not degree:
                    return f"{name}{where} depends on {v} in {one}, and not in {other}"
                what = "affine" if degree == 1 else f"a polynomial of degree {degree}"
                return f"{name}{where} is {what} in {v} in {other}, and not in {one}"
    return ""


def degree_in(p: Polynomial, variable: str) -> int | None:
    """The degree of a polynomial in a variable; None where it stands in an activation."""
    degrees = [_monomial_degree(m, variable) for m, _ in p]
    return None if None in degrees else max((d for d in degrees if d), default=0)


def _monomial_degree(monomial: Monomial, variable: str) -> int | None:
    total = 0
    for g, exponent in monomial:
        if isinstance(g, AtTime):
            own = int(g.name == variable)
        elif isinstance(g, Applied):
            inner = _monomial_degree(g.feature, variable)
            if inner is None:
                return None
            own = inner
        else:
            own = int(reads(of_monomial(frozenset({(g, exponent)})), variable))
            if own:
                return None
        if own and (exponent.denominator != 1 or exponent < 0):
            return None
        total += own * int(exponent) if own else 0
    return total


def reads(p: Polynomial, variable: str) -> bool:
    """Whether a variable stands somewhere in a polynomial."""
    return any(g.name == variable for g in variables(p))


def _differences(
    pair: Pair, name: str, points: Mapping[str, Sequence[float]], weights: Sequence[float]
) -> bool:
    """Whether the values at some points, each with its weight, do not add up to zero somewhere."""
    draw = _draw(pair.one, 1, DRAWS, 1)
    values = pair.values(name, draw, {v: np.reshape(at, (-1, 1)) for v, at in points.items()})
    if values.shape[-2] == 1:
        return False
    whole = values[..., 0] @ np.asarray(weights)
    return bool(np.any(np.abs(whole) > MARGIN * (1 + np.abs(values[..., 0]).max(-1))))


def _not_apart(pair: Pair) -> str:
    """Two variables that never stand in one product in the second cell, and do in the first."""
    one, other = pair.one, pair.other.cell.name
    for name, (mine, theirs) in pair.observed.items():
        for at, left in enumerate(pair.variables):
            for right in pair.variables[at + 1 :]:
                if _together(theirs, left, right) or not _together(mine, left, right):
                    continue
                square = {left: (-1.0, -1.0, 1.0, 1.0), right: (-1.0, 1.0, -1.0, 1.0)}
                if _differences(pair, name, square, (1, -1, -1, 1)):
                    return (
                        f"{name} of {other} is a function of {left} plus one of {right}, and "
                        f"{name} of {one.cell.name} is not"
                    )
    return ""


def _together(p: Polynomial, left: str, right: str) -> bool:
    parts = [of_monomial(m) for m, _ in p]
    return any(reads(part, left) and reads(part, right) for part in parts)


def _across(pair: Pair) -> str:
    """A variable that the second cell reads unit by unit, and the first across units."""
    for name, (mine, theirs) in pair.observed.items():
        for v in pair.variables:
            if _under_matrix(theirs, v) or not _under_matrix(mine, v):
                continue
            draw = _draw(pair.one, 2, DRAWS, 1)
            moved = draw.variables[v] + [[0.0, 0.0], [0.0, 1.0]]
            values = pair.values(name, draw, {v: moved})
            if values.shape[-2] == 2 and np.any(np.abs(np.diff(values[..., 0])) > 1e-3):
                return (
                    f"a unit of {name} reads {v} of other units in {pair.one.cell.name}, "
                    f"and not in {pair.other.cell.name}"
                )
    return ""


def _under_matrix(p: Polynomial, variable: str) -> bool:
    return any(
        isinstance(g, Applied) and reads(of_monomial(g.feature), variable) for g in everything(p)
    )


def _one_sided(pair: Pair) -> str:
    """The second cell is odd or even in some variables for all parameters, the first is not."""
    draw = _draw(pair.one, 1, DRAWS, POINTS)
    for gone in (*((v,) for v in pair.variables), pair.variables):
        turned = on_variables(gone, lambda v: -generator(v))
        there = {v: -draw.variables[v] for v in gone}
        for name, (_, theirs) in pair.observed.items():
            for sign, word in ((1, "even"), (-1, "odd")):
                if poly.is_zero(turned(theirs) - theirs.scaled(Fraction(sign))):
                    gap = pair.values(name, draw, there) - sign * pair.values(name, draw)
                    if np.any(np.abs(gap) > 1e-3):
                        return (
                            f"{name} is {word} in {' and '.join(gone)} in {pair.other.cell.name} "
                            f"for all parameters, and not in {pair.one.cell.name}"
                        )
    return ""


def _freer(pair: Pair) -> str:
    """More directions in which the first cell changes than the second has parameters."""
    for n in (1, 2):
        most, own = degrees_of_freedom(pair.other, n), degrees_of_freedom(pair.one, n)
        if most is None or (own is not None and own <= most):
            continue
        found = independent_directions(pair.one, n)
        if found > most:
            units = "one unit" if n == 1 else "two units"
            return (
                f"with {units} {pair.one.cell.name} changes in {found} independent ways with its "
                f"parameters, and {pair.other.cell.name} has {most}"
            )
    return ""


def _grows_otherwise(pair: Pair) -> str:
    return incompatible(pair.one, pair.other, pair.observed)


#: The proofs, the plainest first.
PROOFS: tuple[Callable[[Pair], str], ...] = (
    _out_of_range,
    _degree,
    _across,
    _not_apart,
    _one_sided,
    _grows_otherwise,
    _freer,
)
