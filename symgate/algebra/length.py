"""How long a value is, written out or multiplied out; counted before it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from sympy import Add, Mul, Pow
from sympy.core.basic import Basic

#: Past this number of symbols a value is not written out.
MOST_WRITTEN = 10_000


def length(expressions: Iterable[Basic], given: Mapping[Basic, int] | None = None) -> int:
    """How many symbols and signs expressions hold, without walking a part twice.

    `given` says how long some parts are.

    >>> from sympy import Basic, Symbol
    >>> e = Symbol("a")
    >>> for _ in range(40):
    ...     e = Basic(e, e)
    >>> length([e]) == 2**41 - 1
    True
    """
    known = dict(given or {})

    def of(e: Basic) -> int:
        if e not in known:
            known[e] = 1 + sum(map(of, e.args))
        return known[e]

    return sum(map(of, expressions))


def summands(e: Basic, most: int, known: dict[Basic, int]) -> int:
    """How many summands an expression has, multiplied out: `most` + 1 where they are more, or
    where a node in it holds more. `known` keeps what was counted.

    >>> from sympy import cos, symbols
    >>> a, b = symbols("a b")
    >>> summands(a * (a + b) ** 3, 20, {}), summands(cos((a + b) ** 5), 20, {})
    (8, 21)
    """
    if e not in known:
        parts = [summands(p, most, known) for p in e.args]
        count = 1
        if isinstance(e, Add):
            count = sum(parts)
        elif isinstance(e, Mul):
            count = prod(parts)
        elif isinstance(e, Pow) and e.exp.is_Integer and e.exp.is_positive:
            count = parts[0] ** min(int(e.exp), most)
        known[e] = min(max([count, *(n for n in parts if n > most)]), most + 1)
    return known[e]
