"""Which activation of one cell can be which of the other, and with which sign.

Nodes get colours from where they stand and (when `exact`) from what they hold, refined
until they settle; only nodes of one colour are paired. What is left over are the true
symmetries, of which a bounded number is tried.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, permutations, product

from symgate.comparing.normal import ODD, Normal
from symgate.comparing.polynomials import Act, Polynomial
from symgate.comparing.slots import (
    Key,
    Node,
    Slot,
    argument,
    kind,
    nodes_in,
    nodes_of,
    skeleton,
    slots,
)

MAX_PAIRINGS = 240

_EMPTY = Slot((), frozenset())


@dataclass(frozen=True)
class Side:
    """One cell with its variables renamed: `owners` are its states and outputs."""

    owners: Mapping[str, Polynomial]
    names: Mapping[str, str]
    nodes: tuple[Node, ...]
    slots: dict[Polynomial, dict[Key, Slot]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, cell: Normal, names: Mapping[str, str]) -> Side:
        owners = {names.get(s, s): p for s, p in cell.observed.items()}
        return cls(owners, names, tuple(nodes_of(owners.values())))


@dataclass(frozen=True)
class SlotPair:
    """What one slot holds on either side; the left times `sign` should be the right."""

    key: Key
    left: Slot
    right: Slot
    sign: int


def pairings(one: Side, other: Side, how: str) -> Iterator[dict[Node, Node]]:
    """Pairings of the nodes of two sides, the likeliest first.

    `how` is "exact" (colours from inside and outside), "outside" or "kind".
    """
    if len(one.nodes) != len(other.nodes):
        return
    left, right = _colours(one, how), _colours(other, how)
    classes = sorted(set(left.values()), key=str)
    groups = []
    for colour in classes:
        mine = [n for n in one.nodes if left[n] == colour]
        theirs = [n for n in other.nodes if right[n] == colour]
        if len(mine) != len(theirs) or len(mine) > 6:
            return
        groups.append([list(zip(mine, p, strict=True)) for p in permutations(theirs)])
    for choice in islice(product(*groups), MAX_PAIRINGS):
        yield {a: b for group in choice for a, b in group}


def _colours(side: Side, how: str) -> dict[Node, Hashable]:
    colours: dict[Node, Hashable] = {n: kind(n) for n in side.nodes}
    owners: list[tuple[Hashable, Polynomial]] = list(side.owners.items())
    for _ in range(0 if how == "kind" else 4):
        found: dict[Node, list[Hashable]] = {n: [] for n in side.nodes}
        inside: dict[Node, Hashable] = {}
        polynomials = [*owners, *((colours[n], argument(n)) for n in side.nodes)]
        for at, (owner, p) in enumerate(polynomials):
            held = []
            for monomial, coefficient in p:
                key, tokens, _ = skeleton(monomial, side.names, colours)
                weight = "·" if tokens else abs(coefficient)
                held.append((key, weight if how == "exact" else ""))
                if how == "outside" and tokens:
                    continue  # a slot with parameters may be empty on the other side
                for node in nodes_in(monomial):
                    found[node].append((owner, key, weight))
            if at >= len(owners):
                inside[side.nodes[at - len(owners)]] = tuple(sorted(set(map(str, held))))
        colours = {
            n: hash((kind(n), tuple(sorted(map(str, found[n]))),
                     inside[n] if how == "exact" else None))
            for n in side.nodes
        }  # fmt: skip
    return colours


def aligned(one: Side, other: Side, pairs: Mapping[Node, Node]) -> list[SlotPair] | None:
    """The slots of both sides next to each other with their signs, or None where they clash."""
    labels = {b: i for i, b in enumerate(other.nodes)}
    own = {a: labels[b] for a, b in pairs.items()}
    raw: list[tuple[Key, Slot, Slot, frozenset[Node]]] = []
    owners: list[tuple[frozenset[Node], Polynomial, Polynomial]] = [
        (frozenset(), one.owners[s], other.owners[s]) for s in one.owners
    ]
    owners += [(frozenset({a}), argument(a), argument(b)) for a, b in pairs.items()]
    for owner, left, right in owners:
        theirs = other.slots.get(right)
        if theirs is None:
            theirs = other.slots[right] = slots(right, other.names, labels)
        mine = slots(left, one.names, own)
        for key in {**mine, **theirs}:
            a, b = mine.get(key, _EMPTY), theirs.get(key, _EMPTY)
            if _clash(a, b):
                return None
            raw.append((key, a, b, a.odd ^ owner))
    signs = _signs(raw, pairs)
    if signs is None:
        return None
    found = []
    for key, a, b, odd in raw:
        sign = -1 if sum(signs[n] < 0 for n in odd) % 2 else 1
        found.append(SlotPair(key, a, b, sign))
    return found


def _clash(a: Slot, b: Slot) -> bool:
    """Whether plain numbers fill a slot on both sides, and not the same ones up to a sign."""
    one, other = a.number, b.number
    return one is not None and other is not None and abs(one) != abs(other)


def _signs(
    raw: Sequence[tuple[Key, Slot, Slot, frozenset[Node]]], pairs: Mapping[Node, Node]
) -> dict[Node, int] | None:
    """Signs of the nodes such that all plain numbers agree: equations modulo 2."""
    equations: list[tuple[set[Node], int]] = [
        ({n}, 0) for n in pairs if not (isinstance(n, Act) and n.kind in ODD)
    ]
    for _, a, b, odd in raw:
        one, other = a.number, b.number
        if one and other is not None:
            equations.append((set(odd), int(one != other)))
    solved: dict[Node, tuple[set[Node], int]] = {}
    for nodes, value in equations:
        for node, (rest, right) in solved.items():
            if node in nodes:
                nodes = nodes ^ {node} ^ rest
                value ^= right
        if not nodes:
            if value:
                return None
            continue
        pivot = min(nodes, key=lambda n: list(pairs).index(n))
        rest = nodes - {pivot}
        for node, (others, right) in list(solved.items()):
            if pivot in others:
                solved[node] = (others ^ {pivot} ^ rest, right ^ value)
        solved[pivot] = (rest, value)
    # nodes that no equation decides keep their sign
    return {n: -1 if n in solved and solved[n][1] else 1 for n in pairs}
