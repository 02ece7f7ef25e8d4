"""How long a value is, written out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
