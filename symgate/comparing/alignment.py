"""What the coefficients of two cells ask of each other, once their nodes are paired.

A node of one cell may be its partner but for a factor: tanh but for a sign, relu and what is
divided by but for a positive number that stands before them as well. The factors are found
from the plain numbers, which have to agree.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from symgate.comparing.coefficients import (
    Coefficient,
    Key,
    Node,
    argument,
    coefficients,
    unknown,
)
from symgate.comparing.pairing import Side, degree
from symgate.comparing.polynomials import AtTime, MatrixFactor, Polynomial
from symgate.comparing.scales import UNIT, Radical, solved_scales
from symgate.comparing.signs import solved

#: What a factor is of: a node, by the number of the right one; a state; a parameter. The sign
#: of what an even function acts on is not that of its value, and has a negative number.
Factor = Hashable

_EMPTY = Coefficient(())


@dataclass(frozen=True)
class Balance:
    """What one coefficient holds on either side; the left times `sign` should be the right.

    `odd` are the nodes that change the sign of the left with their own; where they are
    solved for, only `fixed` of the sign is left.
    """

    key: Key
    left: Coefficient
    right: Coefficient
    sign: int
    odd: frozenset[Factor] = frozenset()
    fixed: int = 1


@dataclass(frozen=True)
class _CoefficientRow:
    """The coefficient of one product on either side, in a state or in what a node acts on."""

    key: Key
    left: Coefficient
    right: Coefficient
    owner: int | AtTime

    @property
    def ratio(self) -> Fraction | None:
        """The right over the left, where both are plain numbers; 1 where both are none."""
        one, other = self.left.number, self.right.number
        return None if one is None or other is None else other / one if one else Fraction(1)

    @property
    def likely(self) -> Iterator[tuple[Fraction, Mapping[Factor, Fraction]]]:
        """Where parameters stand, the ratios of the numbers before what seems to be the same on
        either side: a plain number, or the only product of parameters, with the right one's
        exponents."""
        sides = self.left.summands, self.right.summands
        for plain in (True, False):
            one, other = ([s for s in side if plain == (not s[1])] for side in sides)
            if self.ratio is None and len(one) == len(other) == 1:
                ((c, _),), ((d, tokens),) = one, other
                powers: dict[Factor, Fraction] = {}
                for token in tokens:
                    power = Fraction(1) if isinstance(token, MatrixFactor) else token[1]
                    powers[unknown(token)] = powers.get(unknown(token), Fraction(0)) + power
                yield d / c, powers


@dataclass(frozen=True)
class Alignment:
    """The coefficients of two sides whose nodes are paired."""

    nodes: tuple[Node, ...]
    rows: tuple[_CoefficientRow, ...]

    @classmethod
    def of(cls, one: Side, other: Side, pairs: Mapping[Node, Node]) -> Alignment | None:
        """The alignment; None where a number stands on one side and nothing on the other."""
        labels = {b: i for i, b in enumerate(other.nodes)}
        own = {a: labels[b] for a, b in pairs.items()}
        rows = []
        owners: list[tuple[int | AtTime, Polynomial, Polynomial]] = [
            (AtTime(s, 1), one.owners[s], other.owners[s]) for s in one.owners
        ]
        owners += [(own[a], argument(a), argument(b)) for a, b in pairs.items()]
        for owner, left, right in owners:
            theirs = other.coefficients.get(right)
            if theirs is None:
                theirs = other.coefficients[right] = coefficients(right, other.names, labels)
            mine = coefficients(left, one.names, own)
            for key in {**mine, **theirs}:
                rows.append(
                    _CoefficientRow(key, mine.get(key, _EMPTY), theirs.get(key, _EMPTY), owner)
                )
                if rows[-1].ratio is not None and bool(mine.get(key)) != bool(theirs.get(key)):
                    return None
        return cls(other.nodes, tuple(rows))

    def scales(self, states: Collection[AtTime] = ()) -> Mapping[Factor, Radical] | None:
        """How often larger the left is than the right, in what each node acts on and in some
        states, so that all plain numbers agree; None where there is no way."""
        ratios = [(row, abs(row.ratio)) for row in self.rows if row.ratio is not None]
        if not states and not any(map(degree, self.nodes)):
            return {} if all(ratio == 1 for _, ratio in ratios) else None
        plain = [(self._powers(row, states), ratio) for row, ratio in ratios]
        beside = [
            ({**self._powers(row, states), **{n: -e for n, e in powers.items()}}, abs(ratio))
            for row in self.rows
            for ratio, powers in row.likely
        ]
        found = solved_scales([*plain, *beside], _place)
        return solved_scales(plain, _place) if found is None else found

    def signs(self, states: Collection[AtTime] = ()) -> Mapping[Factor, int] | None:
        """The same for signs."""
        plain, beside = list[tuple[set[Factor], int]](), list[tuple[set[Factor], int]]()
        plain += [({i}, 0) for i, node in enumerate(self.nodes) if node.parity != "odd"]
        for row in self.rows:
            odd = {*self.odd(row, states)}
            if row.ratio is not None:
                plain.append((odd, int(row.ratio < 0)))
            for ratio, powers in row.likely if states else ():
                beside.append((odd ^ {n for n, e in powers.items() if e % 2}, int(ratio < 0)))
        found = solved([*plain, *beside], _is_state)
        return solved(plain, _is_state) if found is None else found

    def odd(self, row: _CoefficientRow, states: Collection[AtTime] = ()) -> frozenset[Factor]:
        """What changes the sign of a coefficient on the left with its own."""
        names = {name for name, power in row.left.powers.items() if power % 2}
        owner: Factor = row.owner
        if isinstance(row.owner, int):
            even = self.nodes[row.owner].parity == "even"
            owner = -1 - row.owner if even else row.owner
        return frozenset(n for n in names ^ {owner} if not isinstance(n, AtTime) or n in states)

    def _powers(self, row: _CoefficientRow, states: Collection[AtTime]) -> dict[Factor, Fraction]:
        """What a coefficient on the left is larger by: products of what nodes and states are."""
        found: dict[Factor, Fraction] = {}
        powers = {name: (p, self._degree(name, states)) for name, p in row.left.powers.items()}
        for name, (power, its) in powers.items():
            if its:
                found[name] = power * its
        if self._degree(row.owner, states):
            found[row.owner] = found.get(row.owner, Fraction(0)) - 1
        return found

    def _degree(self, name: Factor, states: Collection[AtTime]) -> Fraction:
        if isinstance(name, int):
            return degree(self.nodes[name])
        return Fraction(name in states)

    def equations(self) -> list[Balance] | None:
        """What the parameters must satisfy; None where the plain numbers cannot agree."""
        scales, signs = self.scales(), self.signs()
        if scales is None or signs is None:
            return None
        found = []
        for row in self.rows:
            root = UNIT
            for name, power in self._powers(row, ()).items():
                root = root * scales.get(name, UNIT) ** power
            larger = root.rational
            if larger is None:
                return None
            odd = self.odd(row)
            sign = -1 if sum(signs.get(n, 1) < 0 for n in odd) % 2 else 1
            summands = tuple((c * larger, tokens) for c, tokens in row.left.summands)
            left, turned = replace(row.left, summands=summands), filter(self._turns, odd)
            found.append(Balance(row.key, left, row.right, sign, frozenset(turned)))
        return found

    def _turns(self, name: Factor) -> bool:
        """Whether the sign of what a node acts on may be turned."""
        return isinstance(name, int) and (name < 0 or self.nodes[name].parity == "odd")


def _is_state(name: Factor) -> bool:
    return isinstance(name, AtTime)


def _place(name: Factor) -> tuple[int, str]:
    """Parameters are solved for first, then nodes, and states only where they have to be."""
    return (2 if isinstance(name, AtTime) else 1 if isinstance(name, int) else 0), str(name)


def aligned(one: Side, other: Side, pairs: Mapping[Node, Node]) -> list[Balance] | None:
    """The equations between the coefficients of two sides, or None where some clash."""
    found = Alignment.of(one, other, pairs)
    return None if found is None else found.equations()


def state_scales(
    one: Side, other: Side, pairs: Mapping[Node, Node], names: Collection[str]
) -> dict[str, Fraction | None] | None:
    """How often larger some states of the left are than those of the right, so that the plain
    numbers agree: None for a number without a ratio. None by itself where there is no way."""
    states = {AtTime(name, 1): name for name in names}
    found = Alignment.of(one, other, pairs)
    scales = None if found is None else found.scales(states)
    signs = None if found is None or scales is None else found.signs(states)
    if scales is None or signs is None:
        return None
    sizes = {s: scales.get(s, UNIT).rational for s in states}
    return {states[s]: size and size * signs.get(s, 1) for s, size in sizes.items()}
