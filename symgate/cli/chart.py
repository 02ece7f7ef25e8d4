"""Curves of log10 values as plain text, for a terminal without pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARKS = "*o+x#%@&"

#: Columns and rows of a picture.
WIDTH, HEIGHT = 60, 14


def chart(curves: Sequence[tuple[str, NDArray[Any]]]) -> list[str]:
    """Lines of text: log10 of each curve over its index, a mark a curve.

    >>> chart([("a", -np.arange(9.0))])[0]
    '    1e0 |****'
    """
    last = max(len(values) for _, values in curves) - 1
    held = np.concatenate([v[np.isfinite(v)] for _, v in curves] + [np.zeros(1)])
    low, high = float(held.min()), float(held.max())
    span = high - low or 1.0
    rows = [[" "] * WIDTH for _ in range(HEIGHT + 1)]
    for mark, (_, values) in zip(MARKS, curves, strict=False):
        places = np.round(np.linspace(0, last, WIDTH)).astype(int)
        for column, k in enumerate(places):
            if k < len(values) and np.isfinite(values[k]):
                rows[round((high - float(values[k])) / span * HEIGHT)][column] = mark
    out, labels = [], set[str]()
    for number, row in enumerate(rows):
        level = high - number * span / HEIGHT
        label = f"1e{round(level)}" if number == HEIGHT or number % 4 == 0 else ""
        label = "" if label in labels else label  # a short range has few whole powers
        labels.add(label)
        out.append(f"{label:>7} |{''.join(row)}".rstrip())
    out.append(f"{'':>7} +{'-' * WIDTH}")
    out.append(f"{'':>8} 0{last:>{WIDTH - 1}}".rstrip())
    legend = ", ".join(f"{m} {name}" for m, (name, _) in zip(MARKS, curves, strict=False))
    out.append(f"{'':>8} lag; {legend}")
    return out
