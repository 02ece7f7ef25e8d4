"""How much work one comparison may cost, counted in products of monomials.

Work is counted and not timed, so that the same pair has the same verdict on every machine.
The account belongs to the running comparison: threads that compare at once have one each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

#: What one comparison may cost: a few seconds where it is used up.
EFFORT = 60_000


class TooLarge(Exception):
    """More work than a comparison is worth; the text says what grew."""


@dataclass
class _Account:
    left: int


_account: ContextVar[_Account | None] = ContextVar("effort", default=None)


@contextmanager
def bounded(effort: int = EFFORT) -> Iterator[None]:
    """Let the work inside cost so much, and no more; what surrounds it pays nothing for it."""
    token = _account.set(_Account(effort))
    try:
        yield
    finally:
        _account.reset(token)


def spend(work: int) -> None:
    """Count some work; TooLarge where the effort is used up."""
    account = _account.get()
    if account is None:
        return
    account.left -= work
    if account.left < 0:
        raise TooLarge("the search for a map was ended after its bound of work")
