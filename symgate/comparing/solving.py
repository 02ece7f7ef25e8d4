"""Solving for the parameters of one cell in those of another.

Each coefficient gives an equation: what fills it on the right, in unknown parameters, is what
fills it on the left, in known ones. First a plain renaming is tried, with signs, then the
equations are solved as linear ones. What is left unsatisfied are conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations
from types import MappingProxyType
from typing import Any

from symgate.comparing.alignment import Balance, Factor
from symgate.comparing.coefficients import Summand, Token, Unknown, turned, unknown
from symgate.comparing.effort import spend
from symgate.comparing.polynomials import MatrixFactor
from symgate.comparing.scales import UNIT, solved_scales
from symgate.comparing.signs import solved

#: What an unknown is: a sum of products of known parameters.
Value = tuple[Summand, ...]


@dataclass(frozen=True)
class Solution:
    """Values of the unknowns, and sums of known parameters that must be zero for it to hold.

    `sizes` are equations that the sizes must satisfy.
    """

    values: Mapping[Unknown, Value]
    conditions: tuple[Value, ...]
    sizes: tuple[str, ...] = ()

    @property
    def renaming(self) -> bool:
        """Whether each unknown is one known parameter, each used once, as it is."""
        used = []
        for value in self.values.values():
            if len(value) != 1 or value[0][0] != 1 or len(value[0][1]) != 1:
                return False
            token = value[0][1][0]
            if isinstance(token, MatrixFactor) and token.transposed:
                return False
            used.append(unknown(token))
        return len(set(used)) == len(used) and not self.conditions


def solutions(
    coefficients: Sequence[Balance], identities: Mapping[Unknown, str] = MappingProxyType({})
) -> Iterator[Solution]:
    """Solutions for the parameters of the right side, the plainest first.

    `identities` are the matrices that may be I, each with what that asks of the sizes.
    """
    renamed = _renaming(coefficients)
    if renamed is not None:
        yield Solution({k: (v,) for k, v in renamed.items()}, ())
    linear = _linear(coefficients, ())
    if linear is not None:
        yield linear
    ones = _factors(coefficients, identities)
    linear = _linear(coefficients, ones) if ones else None
    if linear is not None:
        sizes = dict.fromkeys(identities[name] for name in ones if identities.get(name))
        yield replace(linear, sizes=tuple(sizes))


# -- renaming --------------------------------------------------------------------------


#: Which known parameter each unknown one is, and equations for the signs and for the sizes.
Bound = tuple[
    dict[Unknown, Token],
    list[tuple[set[Factor], int]],
    list[tuple[dict[Unknown, Fraction], Fraction]],
]


def _renaming(coefficients: Sequence[Balance]) -> dict[Unknown, Summand] | None:
    """A multiple of one known parameter for each unknown one; found by search."""
    tasks = []
    for coefficient in sorted(coefficients, key=lambda s: len(s.right.summands)):
        left = [(c * coefficient.fixed, t) for c, t in coefficient.left.summands]
        right = list(coefficient.right.summands)
        if len(left) != len(right):
            return None
        tasks.append((left, right, coefficient.odd, coefficient.sign * coefficient.fixed))
    steps = [0]

    def search(at: int, bound: Bound) -> dict[Unknown, Summand] | None:
        steps[0] += 1
        if steps[0] > 2000:
            return None
        if at == len(tasks):
            signs = solved(bound[1], lambda name: isinstance(name, tuple))
            scales = solved_scales(bound[2], str) if signs is not None else None
            if signs is None or scales is None:
                return None
            sizes = {name: scales.get(name, UNIT).rational for name in bound[0]}
            values: dict[Unknown, Summand] = {
                n: (k * signs.get(n, 1), (bound[0][n],)) for n, k in sizes.items() if k
            }
            return values if len(values) == len(sizes) else None
        left, right, odd, sign = tasks[at]
        orders = list(permutations(left)) if len(left) <= 5 else [tuple(left)]
        for order in sorted(orders, key=lambda order: _turns(order, right, sign)):
            for extended in _bound_all(list(zip(order, right, strict=True)), odd, bound):
                found = search(at + 1, extended)
                if found is not None:
                    return found
        return None

    return search(0, ({}, [], []))


def _turns(known: Sequence[Summand], wanted: Sequence[Summand], sign: int) -> tuple[int, ...]:
    """How many sizes, transposes and signs differ where one is taken for the other."""
    pairs = list(zip(known, wanted, strict=True))
    transposes = sum(
        isinstance(a, MatrixFactor) and isinstance(b, MatrixFactor) and a.transposed != b.transposed
        for (_, tokens), (_, others) in pairs
        for a, b in zip(tokens, others, strict=False)
    )
    sizes = sum(abs(c) != abs(d) for (c, _), (d, _) in pairs)
    signs = sum(c * sign * d < 0 for (c, _), (d, _) in pairs)
    return sizes, transposes, min(signs, len(pairs) - signs), signs  # all may be one activation's


def _bound_all(
    pairs: Sequence[tuple[Summand, Summand]], odd: frozenset[Factor], bound: Bound
) -> Iterator[Bound]:
    """Ways to bind all products of a coefficient, one after the other."""
    if not pairs:
        yield bound
        return
    for extended in _bind(*pairs[0], odd, bound):
        yield from _bound_all(pairs[1:], odd, extended)


def _bind(known: Summand, wanted: Summand, odd: frozenset[Factor], bound: Bound) -> Iterator[Bound]:
    """Ways to let the parameters of a wanted product be those of a known one.

    Matrices stand in order; vectors and scalars side by side may change places.
    """
    spend(1)
    (c, tokens), (d, names) = known, wanted
    if len(tokens) != len(names) or (not names and abs(c) != abs(d)):
        return
    for order in _orders(tokens):
        result = dict(bound[0])
        signed: set[Factor] = set(odd)
        powers: dict[Unknown, Fraction] = {}
        for token, name in zip(order, names, strict=True):
            value = _plain(token, name)
            if value is None or result.setdefault(unknown(name), value) != value:
                break
            power = Fraction(1) if isinstance(name, MatrixFactor) else name[1]
            powers[unknown(name)] = powers.get(unknown(name), Fraction(0)) + power
            if power % 2:
                signed ^= {unknown(name)}
        else:
            sizes = [*bound[2], (powers, abs(c / d))]
            yield result, [*bound[1], (signed, int(c * d < 0))], sizes


def _orders(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, ...]]:
    """A product with the vectors and scalars at its front in every order."""
    front = [t for t in tokens if not isinstance(t, MatrixFactor)]
    if not 1 < len(front) < 5 or list(tokens[: len(front)]) != front:
        yield tokens
        return
    for order in permutations(front):
        yield (*order, *tokens[len(front) :])


def _plain(token: Token, name: Token) -> Token | None:
    """The known parameter that an unknown one, which stands as `name`, has to be."""
    if isinstance(token, MatrixFactor) and isinstance(name, MatrixFactor):
        return replace(token, transposed=token.transposed ^ name.transposed)
    if isinstance(token, MatrixFactor) or isinstance(name, MatrixFactor):
        return None
    (param, exponent), (other, power) = token, name
    if exponent != power or (other.scalar and not param.scalar):
        return None
    return (param, Fraction(1))


# -- linear equations ------------------------------------------------------------------


#: A row: a sum of unknowns on the left, a sum of known products on the right.
Row = tuple[dict[Unknown, Fraction], dict[tuple[Token, ...], Fraction]]


def _linear(coefficients: Sequence[Balance], ones: Sequence[Unknown]) -> Solution | None:
    """Solve for the unknowns as linear ones; rows without unknowns are conditions.

    A coefficient that holds a product of unknowns waits until all but one of them are solved; some
    are taken as one, or as I.
    """
    values: dict[Unknown, Value] = {name: ((Fraction(1), ()),) for name in ones}
    rows: list[Row] = []
    scalars = _scalars(coefficients)
    for _ in range(4):
        ways: dict[Unknown, bool] = {}
        found_rows = [_row(coefficient, values, ways) for coefficient in coefficients]
        rows = [row for row in found_rows if row is not None]
        found = _solved(rows, scalars)
        if found is None or len(rows) == len(coefficients):
            return found and replace(found, values={**values, **found.values})
        known = {name: v for name, v in found.values.items() if name not in values}
        known = {name: v for name, v in known.items() if _is_alone(name, rows) and len(v) <= 1}
        if not known:
            return None
        values.update(known)
    return None


def _scalars(coefficients: Sequence[Balance]) -> set[Unknown]:
    tokens = [token for s in coefficients for _, names in s.right.summands for token in names]
    return {unknown(t) for t in tokens if not isinstance(t, MatrixFactor) and t[0].scalar}


def _is_alone(name: Unknown, rows: Sequence[Row]) -> bool:
    """Whether a row has this unknown alone."""
    return any(set(row) == {name} for row, _ in rows)


def _row(
    coefficient: Balance, values: Mapping[Unknown, Value], ways: dict[Unknown, bool]
) -> Row | None:
    """The equation of a coefficient with known values put in; None where it is not linear."""
    row: dict[Unknown, Fraction] = {}
    rest: dict[tuple[Token, ...], Fraction] = {}
    for c, tokens in coefficient.left.summands:
        rest[tokens] = rest.get(tokens, Fraction(0)) + c * coefficient.sign
    flipped: set[bool] = set()
    factors: set[tuple[Token, ...]] = set()
    for c, tokens in coefficient.right.summands:
        open_ones = [t for t in tokens if unknown(t) not in values]
        scale, factor = _known_product([t for t in tokens if unknown(t) in values], values)
        if not scale:
            continue
        if not open_ones:
            rest[factor] = rest.get(factor, Fraction(0)) - c * scale
            continue
        single = _single(tuple(open_ones))
        if single is None:
            return None
        factors.add(factor)
        name = unknown(single)
        row[name] = row.get(name, Fraction(0)) + c * scale
        if isinstance(single, MatrixFactor):
            flipped.add(single.transposed)
            if ways.setdefault(name, single.transposed) != single.transposed:
                return None
    if len(flipped) > 1 or len(factors) > 1:
        return None
    divided = _divided(rest, *factors)
    if divided is None:
        return None
    if flipped == {True}:
        divided = {_in_order(turned(tokens)): c for tokens, c in divided.items()}
    row = {name: c for name, c in row.items() if c}
    return row, {tokens: c for tokens, c in divided.items() if c}


def _known_product(
    tokens: Sequence[Token], values: Mapping[Unknown, Value]
) -> tuple[Fraction, tuple[Token, ...]]:
    """What a product of solved unknowns is: a coefficient and known parameters."""
    scale, product = Fraction(1), list[Token]()
    for token in tokens:
        value = values[unknown(token)]
        if not value:
            return Fraction(0), ()
        ((c, factors),) = value
        power = 1 if isinstance(token, MatrixFactor) else token[1]
        if power.denominator == 1 and (c or power > 0):
            scale *= c ** int(power)
        product += [t if isinstance(t, MatrixFactor) else (t[0], t[1] * power) for t in factors]
    return scale, _in_order(product)


def _in_order(product: Sequence[Token]) -> tuple[Token, ...]:
    """A product as coefficients have it: scalars in front, vectors between the same matrices."""
    segments: list[list[Token]] = [[]]
    for token in product:
        if isinstance(token, MatrixFactor):
            segments += [[token], []]
        else:
            segments[0 if token[0].scalar else -1].append(token)
    return tuple(token for segment in segments for token in sorted(segment, key=str))


def _divided(
    rest: dict[tuple[Token, ...], Fraction], factor: tuple[Token, ...] = ()
) -> dict[tuple[Token, ...], Fraction] | None:
    """The known side over a product that stands in every term of it."""
    if not factor:
        return rest
    result = {}
    for tokens, c in rest.items():
        left = list(tokens)
        for token in factor:
            if token not in left or isinstance(token, MatrixFactor):
                return None
            left.remove(token)
        result[tuple(left)] = c
    return result


def _factors(
    coefficients: Sequence[Balance], identities: Mapping[Unknown, str]
) -> tuple[Unknown, ...]:
    """Unknowns that are taken as one, so that no product holds two: diag(γ) B is any matrix.

    Only those that never stand alone; vectors and scalars first, then matrices that may be I.
    """
    products = [
        [unknown(t) for t in tokens] for s in coefficients for _, tokens in s.right.summands
    ]
    matrices = {
        unknown(t): None
        for s in coefficients
        for _, tokens in s.right.summands
        for t in tokens
        if isinstance(t, MatrixFactor)
    }
    ones: list[Unknown] = []
    while True:
        left = [[name for name in names if name not in ones] for names in products]
        alone = {names[0] for names in left if len(names) == 1}
        free = [name for names in left if len(names) > 1 for name in names if name not in alone]
        free = [name for name in free if name not in matrices or name in identities]
        if not free:
            return tuple(ones)
        ones.append(min(free, key=lambda name: (name in matrices, free.index(name))))


def _single(tokens: tuple[Token, ...]) -> Token | None:
    if len(tokens) != 1:
        return None
    token = tokens[0]
    return token if isinstance(token, MatrixFactor) or token[1] == 1 else None


def _solved(
    rows: list[tuple[dict[Unknown, Fraction], dict[tuple[Token, ...], Fraction]]],
    scalars: set[Unknown],
) -> Solution | None:
    pivots: dict[Unknown, tuple[dict[Unknown, Fraction], dict[tuple[Token, ...], Fraction]]] = {}
    conditions: list[Value] = []
    for row, rest in rows:
        for name, (others, value) in pivots.items():
            factor = row.get(name)
            if factor:
                row = _sum(row, others, -factor)
                rest = _sum(rest, value, -factor)
        if not row:
            if rest:
                conditions.append(tuple((c, tokens) for tokens, c in rest.items()))
            continue
        pivot = next(iter(row))
        scale = 1 / row[pivot]
        row = {k: c * scale for k, c in row.items()}
        rest = {k: c * scale for k, c in rest.items()}
        for name, (others, value) in list(pivots.items()):
            factor = others.get(pivot)
            if factor:
                pivots[name] = (_sum(others, row, -factor), _sum(value, rest, -factor))
        pivots[pivot] = (row, rest)
    values: dict[Unknown, Value] = {}
    for name, (others, value) in pivots.items():
        if name in scalars and any(_is_vector(tokens) for tokens in value):
            return None
        values[name] = tuple((c, tokens) for tokens, c in value.items())
        for free in others:
            values.setdefault(free, ())
    return Solution(values, tuple(conditions))


def _is_vector(tokens: tuple[Token, ...]) -> bool:
    return any(isinstance(t, MatrixFactor) or not t[0].scalar for t in tokens)


def _sum(
    one: Mapping[Any, Fraction], other: Mapping[Any, Fraction], factor: Fraction
) -> dict[Any, Fraction]:
    result = dict(one)
    for key, c in other.items():
        result[key] = result.get(key, Fraction(0)) + c * factor
        if not result[key]:
            del result[key]
    return result
