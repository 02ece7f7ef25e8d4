"""The zoo's nearest cell, quickly: fingerprints first, proofs for the few that are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from symgate.cells import entries
from symgate.comparing.coefficients import kind, nodes_of
from symgate.comparing.comparison import Comparison, compare, proved_maps, related
from symgate.comparing.effort import TooLarge, bounded
from symgate.comparing.normal import Normal, Unsupported
from symgate.comparing.normal_forms import BEYOND, normal_form, zoo_form
from symgate.comparing.search import QUICK, ProvedMap, best
from symgate.comparing.sums import best_summed
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell as zoo_cell

#: States, outputs and inputs, each by number, and the kinds of activations with their numbers.
Fingerprint = tuple[int, int, int, tuple[tuple[str, int], ...]]

#: How many of the nearest are looked at where none is equal.
CANDIDATES = 3


def proved_equal(cell: Cell, names: Iterable[str] | None = None) -> Comparison | None:
    """The comparison with a cell of the zoo that is proved equal; None where none is.

    `names` are the zoo's cells that are looked at, all where left out; an identical one wins.
    Only equality is looked for, so that this is quick where there is none.

    >>> found = proved_equal(Cell.from_text("s[t] = tanh(A @ s[t-1] + B @ u[t] + a)"))
    >>> found.first.name, found.verdict, found.map.states
    ('rnn', 'identical', {'s': 'h'})
    """
    try:
        own = normal_form(cell)
    except BEYOND:
        return None
    mark = fingerprint(own)
    equal = [
        related(zoo_form(name), own, [found])
        for name in _understood(names)
        if _marked(name) == mark and (found := _equal(name, own)) is not None
    ]
    return min(equal, key=lambda c: (c.verdict != "identical", len(c.first.name)), default=None)


def nearest(cell: Cell, names: Iterable[str] | None = None) -> Comparison | None:
    """The strongest relation of a cell to one of the zoo's; None for a cell out of reach.

    `names` are the zoo's cells that are looked at, all where left out; an equal one wins, then
    one that is equal under the fewest conditions, then the one that is built most alike. In
    the result the zoo's cell is the first.

    >>> mine = Cell.from_text("s[t] = tanh(A @ s[t-1] + B @ u[t] + a + b)")
    >>> found = nearest(mine)
    >>> found.first.name, found.verdict
    ('rnn', 'equal')
    """
    equal = proved_equal(cell, names)
    if equal is not None:
        return equal
    try:
        own = normal_form(cell)
    except BEYOND:
        return None
    mark, many = fingerprint(own), len(cell.parameters)

    def apart(name: str) -> tuple[int, int]:
        return _distance(_marked(name), mark), abs(len(zoo_form(name).cell.parameters) - many)

    ranked = sorted(_understood(names), key=apart)[:CANDIDATES]
    conditional = []
    for name in ranked:
        try:
            with bounded():
                found = proved_maps(zoo_form(name), own)
        except (TooLarge, RecursionError):
            continue
        if found:
            conditional.append(related(zoo_form(name), own, found))
    if conditional:
        return min(conditional, key=lambda c: min(map(len, c.conditions)))
    return compare(zoo_cell(ranked[0]), cell) if ranked else None


def fingerprint(cell: Normal) -> Fingerprint:
    """What equal cells have in common, whatever their names and parameters."""
    kinds = Counter(kind(node) for node in nodes_of(cell.observed.values()))
    counts = (len(cell.states), len(cell.outputs), len(cell.cell.inputs))
    return (*counts, tuple(sorted(kinds.items())))


def _understood(names: Iterable[str] | None) -> Iterator[str]:
    return filter(_is_understood, entries() if names is None else names)


@cache
def _is_understood(name: str) -> bool:
    """Whether a cell of the zoo can be compared: not yet with matrices of the step."""
    try:
        zoo_form(name)
    except Unsupported:
        return False
    return True


@cache
def _marked(name: str) -> Fingerprint:
    return fingerprint(zoo_form(name))


def _equal(name: str, own: Normal) -> ProvedMap | None:
    try:
        with bounded():
            known = zoo_form(name)
            found = best(known, own, QUICK)
            if found is None or not found.unconditional:
                found = best_summed(known, own)
    except (TooLarge, RecursionError):
        return None
    return found if found is not None and found.unconditional else None


def _distance(one: Fingerprint, other: Fingerprint) -> int:
    """How many activations, states, outputs and inputs one has more than the other."""
    left, right = Counter(dict(one[3])), Counter(dict(other[3]))
    counts = sum(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))
    return (left - right).total() + (right - left).total() + 3 * counts
