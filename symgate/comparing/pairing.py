"""Which activation of one cell can be which of the other, and with which sign.

Nodes get colours from where they stand and (when `exact`) from what they hold, refined
until they settle; only nodes of one colour are paired. What is left over are the true
symmetries, of which a bounded number is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from itertools import islice, permutations, product

from symgate.comparing.coefficients import (
    Coefficient,
    Key,
    Node,
    argument,
    kind,
    nodes_in,
    nodes_of,
    skeleton,
)
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import Act, InverseFactor, Monomial, Polynomial, is_simple

MAX_PAIRINGS = 240

#: How often colours are refined.
ROUNDS = 4


@dataclass(frozen=True)
class Side:
    """One cell with its variables renamed: `owners` are its states and outputs.

    `labels` are what the owners are called in colours, where that is not their names. With
    `free` any state may be a multiple of its partner, so that plain numbers tell nothing.
    """

    owners: Mapping[str, Polynomial]
    names: Mapping[str, str]
    nodes: tuple[Node, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    coefficients: dict[Polynomial, dict[Key, Coefficient]] = field(
        default_factory=dict, compare=False
    )
    colours: dict[tuple[str, int], dict[Node, str]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, cell: Normal, names: Mapping[str, str], free: bool = False) -> Side:
        owners = {names.get(s, s): p for s, p in cell.observed.items()}
        return cls(owners, names, tuple(nodes_of(owners.values())), free=free)

    @classmethod
    def nameless(cls, cell: Normal) -> Side:
        """One cell whose states, inputs and outputs each have one name."""
        groups = {"state": cell.states, "input": cell.cell.inputs, "output": cell.outputs}
        names = {name: group for group, members in groups.items() for name in members}
        observed = cell.observed
        return cls(observed, names, tuple(nodes_of(observed.values())), names)

    def coloured(self, how: str, turn: int) -> dict[Node, str]:
        """The colours of the nodes after so many looks, remembered."""
        found = self.colours.get((how, turn))
        if found is None:
            found = self.colours[how, turn] = (
                _refined(self, how, self.coloured(how, turn - 1))
                if turn
                else {n: kind(n) for n in self.nodes}
            )
        return found


def _turns(how: str) -> int:
    return 0 if how == "kind" else ROUNDS


def may_pair(one: Side, other: Side, how: str) -> bool:
    """Whether the nodes of two sides have the same colours, however often they are refined."""
    return len(one.nodes) == len(other.nodes) and all(
        Counter(one.coloured(how, turn).values()) == Counter(other.coloured(how, turn).values())
        for turn in range(_turns(how) + 1)
    )


def pairings(one: Side, other: Side, how: str) -> Iterator[dict[Node, Node]]:
    """Pairings of the nodes of two sides, the likeliest first.

    `how` is "exact" (colours from inside and outside), "outside" or "kind".
    """
    if not may_pair(one, other, how):
        return
    left, right = (side.coloured(how, _turns(how)) for side in (one, other))
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


def _refined(side: Side, how: str, colours: Mapping[Node, str]) -> dict[Node, str]:
    """Colours after one more look at where the nodes stand and what they hold."""
    owners = [(side.labels.get(owner, owner), p) for owner, p in side.owners.items()]
    found: dict[Node, list[Hashable]] = {n: [] for n in side.nodes}
    inside: dict[Node, tuple[str, ...]] = {}
    polynomials = [*owners, *((colours[n], argument(n)) for n in side.nodes)]
    for at, (owner, p) in enumerate(polynomials):
        held = []
        numbers = at < len(owners) or not degree(side.nodes[at - len(owners)])
        for monomial, coefficient in p:
            key, tokens, _ = skeleton(monomial, side.names, colours)
            weight = "·" if tokens else _weight(side, monomial, coefficient) if numbers else "1"
            held.append((key, weight if how == "exact" else ""))
            if how == "outside" and tokens:
                continue  # a coefficient with parameters may be empty on the other side
            for node in nodes_in(monomial):
                found[node].append((owner, key, weight))
        if at >= len(owners):
            inside[side.nodes[at - len(owners)]] = tuple(sorted(set(map(str, held))))
    return {
        n: _digest(
            kind(n), *sorted(map(str, found[n])), "|", *(inside[n] if how == "exact" else ())
        )
        for n in side.nodes
    }


def _weight(side: Side, monomial: Monomial, coefficient: Fraction) -> str:
    """A plain number, as far as it is the same for the partner: not where that may be scaled."""
    loose = side.free or any(map(degree, nodes_in(monomial)))
    return "1" if loose else str(abs(coefficient))


def degree(node: Node) -> Fraction:
    """d where f(k a) is k^d f(a) for every k > 0; 0 where no d is known."""
    match node:
        case Act(kind="relu"):
            return Fraction(1)
        case Act(kind="**", extra=exponent) if exponent and is_simple(exponent):
            return exponent
    return Fraction(-1 if isinstance(node, InverseFactor) else 0)


def _digest(*parts: str) -> str:
    """A short colour for what a node is like, the same in every process."""
    return blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
