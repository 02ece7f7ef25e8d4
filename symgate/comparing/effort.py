"""How much work one comparison may cost, counted in products of monomials.

Work is counted and not timed, so that the same pair has the same verdict on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

#: What one comparison may cost: a few seconds where it is used up.
EFFORT = 150_000


class TooLarge(Exception):
    """More work than a comparison is worth; the text says what grew."""


class _Purse:
    """What is left of the running comparison's effort; None outside of one."""

    left: int | None = None


@contextmanager
def bounded(effort: int = EFFORT) -> Iterator[None]:
    """Let the work inside cost so much, and no more; one inside another shares its effort."""
    if _Purse.left is not None:
        yield
        return
    _Purse.left = effort
    try:
        yield
    finally:
        _Purse.left = None


def spend(work: int) -> None:
    """Count some work; TooLarge where the effort is used up."""
    if _Purse.left is None:
        return
    _Purse.left -= work
    if _Purse.left < 0:
        raise TooLarge("the search for a map was ended after its bound of work")
