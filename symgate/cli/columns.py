"""Words in columns, for output that is the same in every terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Lines with two spaces between columns; columns of numbers are set to the right.

    >>> print("\\n".join(columns([("cell", "lag"), ("lstm", "14"), ("gru", "-")])))
    cell  lag
    lstm   14
    gru     -
    """
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    right = [
        all(word[:1] in "+-0123456789±" or word in _WORDS for word in column[1:])
        for column in zip(*table, strict=True)
    ]
    lines = []
    for row in table:
        words = [
            _room(word, width) + word if left_free else word + _room(word, width)
            for word, width, left_free in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(words).rstrip())
    return lines


def show_table(table: Sequence[Sequence[str]]) -> None:
    """Print words in columns."""
    print("\n".join(columns(table)))


def _room(word: str, width: int) -> str:
    return " " * (width - _width(word))


def _width(word: str) -> int:
    """Places that a word takes in a terminal: two for each wide character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in word)


#: Words that stand for a number.
_WORDS = ("", "grows", "zero", "none", "inf")
