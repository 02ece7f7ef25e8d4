"""Where lines enter a node: from the left, and from above and below where there is room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: How far from a round node the line turns that enters it from above or below.
TURN = 13.0


@dataclass(frozen=True)
class Port:
    """A place on the edge: its height, and the height of the lane that leads to it."""

    side: str
    y: float
    lane: float


def ports(y: float, half: float, ends: Mapping[int, float], *, is_round: bool) -> dict[int, Port]:
    """A port for each source of a node at height `y`; `ends` are where the lines come from.

    >>> ports(0, 12, {7: 0, 8: 90}, is_round=True)[8].side
    'below'
    """
    order = sorted(ends, key=lambda s: ends[s])
    level = next((s for s in order if ends[s] == y), None)
    found: dict[int, Port] = {}
    if is_round and len(order) > 1:
        above = [s for s in order if ends[s] < y and s != level]
        below = [s for s in order if ends[s] >= y and s != level]
        if level is None:
            nearest = min(order, key=lambda s: abs(ends[s] - y))
            level = above.pop() if above and len(above) >= len(below) else below.pop(0)
            if not (above or below):
                level = nearest
        found[level] = Port("left", y, y)
        if above:
            first = above.pop(0)
            found[first] = Port("above", y - half, _lane(ends[first], y - half, -1))
        if below:
            last = below.pop()
            found[last] = Port("below", y + half, _lane(ends[last], y + half, 1))
        for rest, direction in ((above[::-1], -1), (below, 1)):
            for i, s in enumerate(rest):
                level_y = y + direction * half * 0.62 * (i + 1) / len(rest)
                found[s] = Port("left", level_y, level_y)
        return found
    count = len(order)
    middle = order.index(level) if level is not None else (count - 1) / 2
    most = max(middle, count - 1 - middle, 1)
    step = min(12.0, (half - 5) / most)
    for i, s in enumerate(order):
        found[s] = Port("left", y + (i - middle) * step, y + (i - middle) * step)
    return found


def _lane(end: float, edge: float, direction: int) -> float:
    """Where a line turns: straight on from where it comes, if that is near enough."""
    away = (end - edge) * direction
    return end if 8.0 <= away <= TURN + 2.0 else edge + direction * TURN
