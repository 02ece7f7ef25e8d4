"""Which activation of one cell can be which of the other, and with which sign.

Nodes get colours from where they stand and (when `exact`) from what they hold, refined
until they settle; only nodes of one colour are paired. What is left over are the true
symmetries, of which a bounded number is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice, permutations, product

from symgate.comparing.coefficients import (
    Coefficient,
    Key,
    Node,
    argument,
    coefficients,
    kind,
    nodes_in,
    nodes_of,
    skeleton,
)
from symgate.comparing.identities import EVEN, ODD
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import Act, InverseFactor, Polynomial
from symgate.comparing.signs import solved

MAX_PAIRINGS = 240

#: How often colours are refined.
ROUNDS = 4

_EMPTY = Coefficient((), frozenset())


@dataclass(frozen=True)
class Side:
    """One cell with its variables renamed: `owners` are its states and outputs.

    `labels` are what the owners are called in colours, where that is not their names.
    """

    owners: Mapping[str, Polynomial]
    names: Mapping[str, str]
    nodes: tuple[Node, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    coefficients: dict[Polynomial, dict[Key, Coefficient]] = field(
        default_factory=dict, compare=False
    )
    colours: dict[tuple[str, int], dict[Node, str]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, cell: Normal, names: Mapping[str, str]) -> Side:
        owners = {names.get(s, s): p for s, p in cell.observed.items()}
        return cls(owners, names, tuple(nodes_of(owners.values())))

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


@dataclass(frozen=True)
class Equation:
    """What one coefficient holds on either side; the left times `sign` should be the right.

    `odd` are the nodes that change the sign of the left with their own; where they are
    solved for, only `fixed` of the sign is left.
    """

    key: Key
    left: Coefficient
    right: Coefficient
    sign: int
    odd: frozenset[Node] = frozenset()
    fixed: int = 1


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
        for monomial, coefficient in p:
            key, tokens, _ = skeleton(monomial, side.names, colours)
            weight = "·" if tokens else abs(coefficient)
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


def _digest(*parts: str) -> str:
    """A short colour for what a node is like, the same in every process."""
    return blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def aligned(one: Side, other: Side, pairs: Mapping[Node, Node]) -> list[Equation] | None:
    """The equations between the coefficients of two sides, or None where some clash."""
    labels = {b: i for i, b in enumerate(other.nodes)}
    own = {a: labels[b] for a, b in pairs.items()}
    raw: list[tuple[Key, Coefficient, Coefficient, frozenset[Node]]] = []
    owners: list[tuple[frozenset[Node], Polynomial, Polynomial]] = [
        (frozenset(), one.owners[s], other.owners[s]) for s in one.owners
    ]
    owners += [(frozenset({_sign_of(a)}), argument(a), argument(b)) for a, b in pairs.items()]
    for owner, left, right in owners:
        theirs = other.coefficients.get(right)
        if theirs is None:
            theirs = other.coefficients[right] = coefficients(right, other.names, labels)
        mine = coefficients(left, one.names, own)
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
        sign = -1 if sum(signs.get(n, 1) < 0 for n in odd) % 2 else 1
        found.append(Equation(key, a, b, sign, frozenset(filter(is_odd, odd))))
    return found


def _sign_of(node: Node) -> Node:
    """What stands for the sign of a node's argument: for an even function not the node's own."""
    even = isinstance(node, Act) and node.kind in EVEN
    return Act("odd", argument(node)) if even else node


def _clash(a: Coefficient, b: Coefficient) -> bool:
    """Whether both are plain numbers, and not the same ones up to a sign."""
    one, other = a.number, b.number
    return one is not None and other is not None and abs(one) != abs(other)


def is_odd(node: Node) -> bool:
    """Whether a node changes its sign with its argument."""
    return isinstance(node, InverseFactor) or (isinstance(node, Act) and node.kind in (*ODD, "odd"))


def _signs(
    raw: Sequence[tuple[Key, Coefficient, Coefficient, frozenset[Node]]], pairs: Mapping[Node, Node]
) -> dict[Node, int] | None:
    """Signs of the nodes such that all plain numbers agree: equations modulo 2."""
    equations: list[tuple[set[Node], int]] = [({n}, 0) for n in pairs if not is_odd(n)]
    for _, a, b, odd in raw:
        one, other = a.number, b.number
        if one and other is not None:
            equations.append((set(odd), int(one != other)))
    found = solved(equations)
    return None if found is None else {**dict.fromkeys(pairs, 1), **found}
