"""What is kept of a claim that is judged: what was asked, its readings, the judgement."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from symgate.checking.locating import Flaw
from symgate.checking.names import Lexicon
from symgate.checking.scope import WayToRead
from symgate.checking.summands import Summands
from symgate.checking.targets import Target
from symgate.checking.values import NOTES, Transform, kind_of

RIGHT, TRANSPOSED, WRONG, UNCLEAR = "right", "transposed", "wrong", "not understood"

#: A gradient in which nothing comes back from later steps.
AT_LAST = "right at the last step, where no later one hands anything back"
LAST_LETTER = re.compile(r"_\{?T\b")


@dataclass(frozen=True)
class Judged:
    """One side of a claim, judged."""

    verdict: str
    faults: tuple[Flaw, ...] = ()
    notes: tuple[str, ...] = ()
    about: str = ""
    start: int = 0
    stop: int = 0


def unclear(why: str, at: Any, mend: str = "") -> Judged:
    return Judged(UNCLEAR, (Flaw(at.start, at.stop, (why,), (mend,) if mend else ()),))


@dataclass(frozen=True)
class ClaimContext:
    """What a claim is held to be about where it does not say it itself."""

    of: str | None = None
    wrt: str | None = None
    lag: int | None = None
    layout: str | None = None

    def allows(self, target: Target) -> bool:
        mine = (self.of, self.wrt, self.lag)
        return all(a in (None, own) for a, own in zip(mine, target.names, strict=True))


@dataclass(frozen=True)
class SideReading:
    """One way to read a side, and what it is held against, each with what is said of it."""

    operator: Transform
    truths: list[tuple[Summands, str]]
    named: Lexicon
    scope: WayToRead

    @property
    def fits(self) -> bool:
        """Whether it has the shape that is due."""
        return shape_of(self.truths[0][0], self.operator) == (
            self.operator.rows,
            self.operator.cols,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        chosen = [(kind_of(key), way) for key, way in self.scope.seen.chosen.items()]
        return tuple(NOTES[pair] for pair in chosen if pair in NOTES)


def alike(one: SideReading, other: SideReading) -> bool:
    """Whether two readings say the same."""
    rows = one.named.row, other.named.row
    return rows[0] == rows[1] and one.operator == other.operator and one.truths == other.truths


def shape_of(parts: Summands, claimed: Transform) -> tuple[Any, Any]:
    """The shape of a truth; that of a sum of nothing is the claim's."""
    return (parts[0].rows, parts[0].cols) if parts else (claimed.rows, claimed.cols)
