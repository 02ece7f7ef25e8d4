"""The zoo's nearest cell, quickly: fingerprints first, proofs for the few that are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from symgate.cells import entries
from symgate.comparing.coefficients import kind, nodes_of
from symgate.comparing.comparison import Comparison, compare, proved_maps, related
from symgate.comparing.effort import TooLarge, bounded
from symgate.comparing.forms import BEYOND, normal_form, zoo_form
from symgate.comparing.normal import Normal, Unsupported
from symgate.comparing.search import QUICK, ProvedMap, best
from symgate.comparing.sums import best_summed
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell as zoo_cell

#: States, outputs and inputs, each by number, and the kinds of activations with their numbers.
Fingerprint = tuple[int, int, int, tuple[tuple[str, int], ...]]

#: How many of the nearest are looked at where none is equal.
CANDIDATES = 3


def proved_equal(
    cell: Cell, first: Iterable[str] = (), *, others: bool = True
) -> Comparison | None:
    """The comparison with a cell of the zoo that is proved equal; None where none is.

    The zoo's cells in `first` are looked at before the `others`; an identical one wins. Only
    equality is looked for, so that this is quick where there is none.

    >>> found = proved_equal(Cell.from_text("s[t] = tanh(A @ s[t-1] + B @ u[t] + a)"))
    >>> found.first.name, found.verdict, found.map.states
    ('rnn', 'identical', {'s': 'h'})
    """
    try:
        own = normal_form(cell)
    except BEYOND:
        return None
    for names in _ordered(first, others):
        equal = [
            related(zoo_form(name), own, [found])
            for name in _alike(names, fingerprint(own))
            if (found := _equal(name, own)) is not None
        ]
        if equal:
            return min(equal, key=lambda c: (c.verdict != "identical", len(c.first.name)))
    return None


def nearest(cell: Cell, first: Iterable[str] = (), *, others: bool = True) -> Comparison | None:
    """The strongest relation of a cell to one of the zoo's; None for a cell out of reach.

    The zoo's cells in `first` are looked at before the `others`; an equal one wins, then one
    that is equal under the fewest conditions, then the one that is built most alike. In the
    result the zoo's cell is the first.

    >>> mine = Cell.from_text("s[t] = tanh(A @ s[t-1] + B @ u[t] + a + b)")
    >>> found = nearest(mine)
    >>> found.first.name, found.verdict
    ('rnn', 'equal')
    """
    equal = proved_equal(cell, first, others=others)
    if equal is not None:
        return equal
    try:
        own = normal_form(cell)
    except BEYOND:
        return None
    mark = fingerprint(own)
    names = [name for group in _ordered(first, others) for name in group]
    many = len(cell.parameters)
    apart = {
        n: (_distance(_marked(n), mark), abs(len(zoo_form(n).cell.parameters) - many))
        for n in names
    }
    ranked = sorted(names, key=apart.__getitem__)[:CANDIDATES]
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


def _ordered(first: Iterable[str], others: bool) -> tuple[list[str], list[str]]:
    chosen = [name for name in dict.fromkeys(first) if _is_understood(name)]
    rest = entries() if others else ()
    return chosen, [name for name in rest if name not in chosen and _is_understood(name)]


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


def _alike(names: Iterable[str], mark: Fingerprint) -> Iterator[str]:
    return (name for name in names if _marked(name) == mark)


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
