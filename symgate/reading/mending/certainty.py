"""How sure a mark is: how often marks of its kind were right on labelled sets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

#: How many marks the first guess counts for.
WEIGHT = 4
#: How sure a mark is that says what the note shows, whatever was meant.
SHOWN = 0.99


def certainty(kind: str, guess: float) -> float:
    """The share of right marks of a kind, where few were seen drawn to a first guess.

    A guess of 1 says that the note shows it, and no share is asked for.

    >>> certainty("no such kind", 0.7)
    0.7
    """
    if guess == 1:
        return SHOWN
    right, told = _told().get(kind, (0, 0))
    return round((right + WEIGHT * guess) / (told + WEIGHT), 2)


@lru_cache(maxsize=1)
def _told() -> Mapping[str, tuple[int, int]]:
    """For each kind the marks that were right and all that were told, as measured."""
    text = resources.files(__package__).joinpath("certainty.toml").read_text(encoding="utf-8")
    return {kind: (right, told) for kind, (right, told) in tomllib.loads(text).items()}
