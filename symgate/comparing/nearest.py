"""The zoo's nearest cell, quickly: fingerprints first, proofs for the few that are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from symgate.cells import cell as zoo_cell
from symgate.cells import entries
from symgate.comparing.comparison import Comparison, compare, normal_form
from symgate.comparing.effort import TooLarge, bounded
from symgate.comparing.joined import best_joined
from symgate.comparing.normal import Normal, Unsupported
from symgate.comparing.search import QUICK, best
from symgate.comparing.slots import kind, nodes_of
from symgate.equations.cell import Cell

#: States, outputs and inputs, each by number, and the kinds of activations with their numbers.
Fingerprint = tuple[int, int, int, tuple[tuple[str, int], ...]]

#: How many of the nearest are compared in full where none is equal.
CANDIDATES = 3


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
    try:
        with bounded():
            own = normal_form(cell)
            mark = fingerprint(own)
    except (TooLarge, Unsupported, RecursionError):
        return None
    chosen = list(dict.fromkeys(first))
    rest = [name for name in entries() if name not in chosen] if others else []
    for names in (chosen, rest):
        equal = [compare(zoo_cell(n), cell) for n in _alike(names, mark) if _equal(n, own)]
        if equal:
            return min(equal, key=lambda c: (c.verdict != "identical", len(c.first.name)))
    ranked = sorted([*chosen, *rest], key=lambda name: _distance(_marked(name), mark))
    found = [compare(zoo_cell(name), cell) for name in ranked[:CANDIDATES]]
    conditional = [c for c in found if c.verdict == "conditional"]
    if conditional:
        return min(conditional, key=lambda c: min(map(len, c.conditions)))
    return found[0] if found else None


def fingerprint(cell: Normal) -> Fingerprint:
    """What equal cells have in common, whatever their names and parameters."""
    kinds = Counter(kind(node) for node in nodes_of(cell.observed.values()))
    counts = (len(cell.states), len(cell.outputs), len(cell.cell.inputs))
    return (*counts, tuple(sorted(kinds.items())))


@lru_cache(maxsize=128)
def _marked(name: str) -> Fingerprint:
    return fingerprint(normal_form(zoo_cell(name)))


def _alike(names: Iterable[str], mark: Fingerprint) -> Iterator[str]:
    return (name for name in names if _marked(name) == mark)


def _equal(name: str, own: Normal) -> bool:
    try:
        with bounded():
            known = normal_form(zoo_cell(name))
            found = best(known, own, QUICK)
            if found is None or not found.unconditional:
                found = best_joined(known, own)
    except TooLarge:
        return False
    return found is not None and found.unconditional


def _distance(one: Fingerprint, other: Fingerprint) -> int:
    """How many activations, states, outputs and inputs one has more than the other."""
    left, right = Counter(dict(one[3])), Counter(dict(other[3]))
    counts = sum(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))
    return (left - right).total() + (right - left).total() + 3 * counts
