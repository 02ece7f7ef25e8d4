"""Words in columns, for output that is the same in every terminal."""

from __future__ import annotations

from collections.abc import Sequence


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """Lines with two spaces between columns; columns of numbers are set to the right.

    >>> print("\\n".join(columns([("cell", "lag"), ("lstm", "14"), ("gru", "-")])))
    cell  lag
    lstm   14
    gru     -
    """
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    right = [
        all(word[:1] in "+-0123456789±" or word in _WORDS for word in column[1:])
        for column in zip(*table, strict=True)
    ]
    lines = []
    for row in table:
        words = [
            word.rjust(width) if left_free else word.ljust(width)
            for word, width, left_free in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(words).rstrip())
    return lines


#: Words that stand for a number.
_WORDS = ("", "grows", "zero", "none", "inf")
