"""How much memory and time something would take, said before it is begun."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

from symgate.errors import SymgateError

#: What a machine is taken to have that does not say.
UNKNOWN = 16 << 30

#: How many multiplications of a product of matrices one core makes in a second, factorisations
#: included, and the most that are begun: an hour.
SPEED, MOST_WORK = 5e9, 2e13


def memory() -> int:
    """The bytes of memory that this machine has, or that a process may have where that is less.

    >>> memory() > 0
    True
    """
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        there = UNKNOWN
    if find_spec("resource") is None:
        return there
    resource = import_module("resource")
    limit: int = resource.getrlimit(resource.RLIMIT_AS)[0]
    return there if limit == resource.RLIM_INFINITY else min(there, limit)


def must_fit(what: str, numbers: int, mend: str, most: int | None = None) -> None:
    """Raise where so many numbers of 8 bytes are more than the machine can hold, or than the
    bytes that are spent on it at `most`.

    >>> must_fit("a run", 10**15, "take fewer steps")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    symgate.errors.SymgateError: a run would take 7,450,581 GB of memory, and this machine has ...
    """
    room = memory() if most is None else most
    if 8 * numbers > room:
        known = "and this machine has" if most is None else "more than the limit of"
        raise SymgateError(
            f"{what} would take {8 * numbers / 2**30:,.0f} GB of memory, {known} "
            f"{room / 2**30:,.0f}; {mend}"
        )


def must_end(what: str, work: float, mend: str) -> None:
    """Raise where so many multiplications would take more than an hour on one core.

    >>> must_end("a spectrum", 1e14, "take fewer units")
    Traceback (most recent call last):
        ...
    symgate.errors.SymgateError: a spectrum would take about 6 hours on one core; take fewer units
    """
    if work > MOST_WORK:
        hours = work / SPEED / 3600
        time = f"{hours:,.0f} hours" if hours < 48 else f"{hours / 24:,.0f} days"
        raise SymgateError(f"{what} would take about {time} on one core; {mend}")
