"""Signs that make products agree: equations modulo 2."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def solved(
    equations: Iterable[tuple[set[T], int]], kept: Callable[[T], bool] = lambda name: False
) -> dict[T, int] | None:
    """A sign, 1 or -1, for every name: the names of an equation have the product (-1)**bit.

    Names that are `kept` change their signs only where no others can.

    Names that no equation decides keep the sign 1; None where the equations clash.

    >>> solved([({"a", "b"}, 1), ({"b"}, 0)])
    {'a': -1, 'b': 1}
    >>> solved([({"a"}, 1), ({"a"}, 0)]) is None
    True
    """
    pivots: dict[T, tuple[set[T], int]] = {}
    order: dict[T, None] = {}
    for names, bit in equations:
        order.update(dict.fromkeys(sorted(names, key=str)))
        rest = set(names)
        for name, (others, right) in pivots.items():
            if name in rest:
                rest ^= {name} ^ others
                bit ^= right
        if not rest:
            if bit:
                return None
            continue
        pivot = min(rest, key=lambda name: (kept(name), str(name)))
        rest -= {pivot}
        for name, (others, right) in list(pivots.items()):
            if pivot in others:
                pivots[name] = (others ^ {pivot} ^ rest, right ^ bit)
        pivots[pivot] = (rest, bit)
    return {name: -1 if name in pivots and pivots[name][1] else 1 for name in order}
