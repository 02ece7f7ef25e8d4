"""A place of a cell where something does not hold that holds in every cell."""

from __future__ import annotations

from dataclasses import dataclass

from symgate.reading.mending.sketch import Facts
from symgate.reading.terms import AnyTerm


@dataclass(frozen=True)
class Broken:
    """A place where an invariant does not hold."""

    line: str
    start: int
    stop: int
    kind: str
    why: str
    fixed: bool = False
    weight: float = 1.0
    rule: str = ""


def at(own: Facts, term: AnyTerm, kind: str, why: str, fixed: bool = False) -> Broken:
    return Broken(own.name, term.start, term.stop, kind, why, fixed)
