"""Solving for the parameters of one cell in those of another.

Each slot gives an equation: what fills it on the right, in unknown parameters, is what
fills it on the left, in known ones. First a plain renaming is tried, with signs, then the
equations are solved as linear ones. What is left unsatisfied are conditions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations

from symgate.comparing.pairing import SlotPair
from symgate.comparing.polynomials import Matrix
from symgate.comparing.slots import Filling, Token

#: A parameter by name; a matrix by name and block.
Unknown = tuple[str, str]

#: What an unknown is: a sum of products of known parameters.
Value = tuple[Filling, ...]


@dataclass(frozen=True)
class Solution:
    """Values of the unknowns, and sums of known parameters that must be zero for it to hold."""

    values: Mapping[Unknown, Value]
    conditions: tuple[Value, ...]

    @property
    def renaming(self) -> bool:
        """Whether each unknown is one known parameter, each used once, as it is."""
        used = []
        for value in self.values.values():
            if len(value) != 1 or value[0][0] != 1 or len(value[0][1]) != 1:
                return False
            token = value[0][1][0]
            if isinstance(token, Matrix) and token.transposed:
                return False
            used.append(unknown(token))
        return len(set(used)) == len(used) and not self.conditions


def unknown(token: Token) -> Unknown:
    """The name of the parameter in a token."""
    return (token.name, token.block) if isinstance(token, Matrix) else (token[0].name, "")


def solutions(slots: Sequence[SlotPair]) -> Iterator[Solution]:
    """Solutions for the parameters of the right side, the plainest first."""
    renamed = _renaming(slots)
    if renamed is not None:
        yield Solution({k: (v,) for k, v in renamed.items()}, ())
    linear = _linear(slots)
    if linear is not None:
        yield linear


# -- renaming --------------------------------------------------------------------------


def _renaming(slots: Sequence[SlotPair]) -> dict[Unknown, Filling] | None:
    """One known parameter, perhaps with a sign, for each unknown one; found by search."""
    tasks = []
    for slot in sorted(slots, key=lambda s: len(s.right.fillings)):
        left = [(c * slot.sign, t) for c, t in slot.left.fillings]
        if len(left) != len(slot.right.fillings):
            return None
        tasks.append((left, list(slot.right.fillings)))
    steps = [0]

    def search(at: int, bound: dict[Unknown, Filling]) -> dict[Unknown, Filling] | None:
        steps[0] += 1
        if steps[0] > 2000:
            return None
        if at == len(tasks):
            return bound
        left, right = tasks[at]
        for order in permutations(left) if len(left) <= 5 else [left]:
            extended: dict[Unknown, Filling] | None = dict(bound)
            for known, wanted in zip(order, right, strict=True):
                extended = _bind(known, wanted, extended) if extended is not None else None
            if extended is not None:
                found = search(at + 1, extended)
                if found is not None:
                    return found
        return None

    return search(0, {})


def _bind(
    known: Filling, wanted: Filling, bound: Mapping[Unknown, Filling]
) -> dict[Unknown, Filling] | None:
    """Let the parameters of a wanted product be those of a known one, in order."""
    (c, tokens), (d, names) = known, wanted
    if len(tokens) != len(names) or abs(c) != abs(d):
        return None
    sign, result = Fraction(c, d), dict(bound)
    for token, name in zip(tokens, names, strict=True):
        value = _plain(token, name)
        if value is None:
            return None
        there = result.get(unknown(name))
        if there is None:
            result[unknown(name)] = (sign, (value,))
            sign = Fraction(1)
        elif there[1] != (value,):
            return None
        else:
            sign *= there[0]
    return result if sign == 1 else None


def _plain(token: Token, name: Token) -> Token | None:
    """The known parameter that an unknown one, which stands as `name`, has to be."""
    if isinstance(token, Matrix) and isinstance(name, Matrix):
        return replace(token, transposed=token.transposed ^ name.transposed)
    if isinstance(token, Matrix) or isinstance(name, Matrix):
        return None
    (param, exponent), (other, power) = token, name
    if exponent != power or (other.scalar and not param.scalar):
        return None
    return (param, Fraction(1))


# -- linear equations ------------------------------------------------------------------


def _linear(slots: Sequence[SlotPair]) -> Solution | None:
    """Solve for the unknowns as linear ones; rows without unknowns are conditions."""
    rows: list[tuple[dict[Unknown, Fraction], dict[tuple[Token, ...], Fraction]]] = []
    orientation: dict[Unknown, bool] = {}
    scalars: set[Unknown] = set()
    ones, slots = _lone_scales(slots)
    for slot in slots:
        row: dict[Unknown, Fraction] = {}
        rest: dict[tuple[Token, ...], Fraction] = {}
        for c, tokens in slot.left.fillings:
            rest[tokens] = rest.get(tokens, Fraction(0)) + c * slot.sign
        flipped: set[bool] = set()
        for c, tokens in slot.right.fillings:
            if not tokens:
                rest[()] = rest.get((), Fraction(0)) - c
                continue
            single = _single(tokens)
            if single is None:
                return None
            name = unknown(single)
            row[name] = row.get(name, Fraction(0)) + c
            if isinstance(single, Matrix):
                flipped.add(single.transposed)
                if orientation.setdefault(name, single.transposed) != single.transposed:
                    return None
            elif single[0].scalar:
                scalars.add(name)
        if len(flipped) > 1:
            return None
        if flipped == {True}:
            rest = {_transposed(tokens): c for tokens, c in rest.items()}
        rows.append((row, {tokens: c for tokens, c in rest.items() if c}))
    found = _solved(rows, scalars)
    if found is None:
        return None
    units = {name: ((Fraction(1), ()),) for name in ones}
    return replace(found, values={**found.values, **units})


def _lone_scales(slots: Sequence[SlotPair]) -> tuple[list[Unknown], list[SlotPair]]:
    """Scales that stand once, before a matrix, are taken as 1: diag(γ) B is any matrix."""
    uses = Counter(
        unknown(token) for s in slots for _, tokens in s.right.fillings for token in tokens
    )
    ones: list[Unknown] = []

    def alone(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        matrices = [t for t in tokens if isinstance(t, Matrix)]
        lone = [t for t in tokens if not isinstance(t, Matrix) and uses[unknown(t)] == 1]
        if len(matrices) != 1 or len(lone) + 1 != len(tokens) or not lone:
            return tokens
        ones.extend(map(unknown, lone))
        return (matrices[0],)

    changed = [
        replace(s, right=replace(s.right, fillings=tuple(
            (c, alone(tokens)) for c, tokens in s.right.fillings)))
        for s in slots
    ]  # fmt: skip
    return ones, changed


def _single(tokens: tuple[Token, ...]) -> Token | None:
    if len(tokens) != 1:
        return None
    token = tokens[0]
    return token if isinstance(token, Matrix) or token[1] == 1 else None


def _transposed(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    matrices = [t for t in tokens if isinstance(t, Matrix)]
    others = [t for t in tokens if not isinstance(t, Matrix)]
    flipped = [replace(m, transposed=not m.transposed) for m in reversed(matrices)]
    return (*others, *flipped)


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
    return any(isinstance(t, Matrix) or not t[0].scalar for t in tokens)


def _sum(one: Mapping, other: Mapping, factor: Fraction) -> dict:  # type: ignore[type-arg]
    result = dict(one)
    for key, c in other.items():
        result[key] = result.get(key, Fraction(0)) + c * factor
        if not result[key]:
            del result[key]
    return result
