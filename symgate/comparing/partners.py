"""Which parameter of one cell stands where which of another does, where no map was proved.

Parameters of equal names are partners, else those that stand in the same places: in an
activation of the same kind and place, beside the same variables. What is left is paired by
its shape. That proves nothing; it lets a counterexample give both cells the same numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from symgate.comparing.coefficients import argument, skeleton, unknown
from symgate.comparing.normal import Normal
from symgate.comparing.pairing import ROUNDS, Side

#: Where a parameter stands.
Places = frozenset[tuple[Hashable, ...]]


def partners(one: Normal, other: Normal, names: Mapping[str, str]) -> dict[str, str]:
    """The partner in the first cell of each parameter of the second that has one.

    `names` maps the second cell's variables to the first's.
    """
    left, right = one.cell.parameters, other.cell.parameters
    found = {n: n for n in right if n in left and _alike(one, n, other, n)}
    own = {n: n for n in one.observed}
    sides = Side.of(one, own), Side.of(other, names)
    for how, turn in (("outside", ROUNDS), ("outside", 1), ("kind", 0)):
        mine, theirs = (_places(side, how, turn) for side in sides)
        for name, place in theirs.items():
            free = [n for n in mine if n not in found.values()]
            same = next((n for n in free if mine[n] == place and _alike(one, n, other, name)), None)
            if name not in found and same is not None:
                found[name] = same
    for name in right:
        free = [n for n in left if n not in found.values() and _alike(one, n, other, name)]
        if name not in found and free:
            found[name] = free[0]
    return found


def _alike(one: Normal, left: str, other: Normal, right: str) -> bool:
    """Whether two parameters get arrays of one shape when all sizes are the same."""
    return _width(one, left) == _width(other, right)


def _width(cell: Normal, name: str) -> tuple[int, int]:
    """How many indices a parameter has, and how many blocks."""
    return len(cell.cell.parameters[name].shape), len(cell.blocks.get(name, ("",)))


def _places(side: Side, how: str, turn: int) -> dict[str, Places]:
    """All places of each parameter, under the colours of the activations around it."""
    colours = side.coloured(how, turn)
    found: dict[str, set[tuple[Hashable, ...]]] = {}
    owners = [*side.owners.items(), *((colours[n], argument(n)) for n in side.nodes)]
    for owner, p in owners:
        for monomial, _ in p:
            key, tokens, _ = skeleton(monomial, side.names, colours)
            for at, token in enumerate(tokens):
                found.setdefault(unknown(token)[0], set()).add((owner, key, at))
    return {name: frozenset(places) for name, places in found.items()}
