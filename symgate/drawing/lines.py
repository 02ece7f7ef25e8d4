"""Lines of level and upright parts: where they bend and part, and their round corners as moves
that every writer knows: M, L and Q."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from math import hypot
from types import MappingProxyType

from symgate.drawing.palette import CARRY, INK
from symgate.drawing.scene import Junction, Point, Polyline

#: The weights of the carry and of any other line.
HEAVY, THIN = 3.6, 1.4


def rounded(line: Polyline) -> list[tuple[str, tuple[Point, ...]]]:
    """The line as (verb, points): move to, straight to, curve over a corner to.

    >>> line = Polyline(((0, 0), (20, 0), (20, 20)), "ink", 1, False)
    >>> [verb for verb, _ in rounded(line)]
    ['M', 'L', 'Q', 'L']
    """
    points = line.points
    steps: list[tuple[str, tuple[Point, ...]]] = [("M", (points[0],))]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        room = _length(corner, after) / (2 if line.arrow or after != points[-1] else 1)
        reach = min(line.corner, _length(before, corner) / 2, room)
        if corner in line.sharp or reach < 0.5:
            steps.append(("L", (corner,)))
        else:
            steps.append(("L", (_toward(corner, before, reach),)))
            steps.append(("Q", (corner, _toward(corner, after, reach))))
    end = points[-1]
    if line.arrow:
        end = _toward(end, points[-2], min(4.0, _length(points[-2], end) / 2))
    steps.append(("L", (end,)))
    return steps


def _length(a: Point, b: Point) -> float:
    return hypot(b[0] - a[0], b[1] - a[1])


def _toward(start: Point, end: Point, distance: float) -> Point:
    share = distance / (_length(start, end) or 1.0)
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def simplified(points: list[Point]) -> list[Point]:
    """Without repeated points, and without those in the middle of a straight part."""
    rounded = [(round(x, 1), round(y, 1)) for x, y in points]
    out: list[Point] = []
    for p in rounded:
        if out and p == out[-1]:
            continue
        if len(out) > 1 and (out[-2][0] == out[-1][0] == p[0] or out[-2][1] == out[-1][1] == p[1]):
            out.pop()
        out.append(p)
    return out


def lies_on(p: Point, way: list[Point]) -> bool:
    """Whether a point lies on a line of level and upright parts."""
    return any(_between(p, a, b) for a, b in pairwise(way))


def _between(p: Point, a: Point, b: Point) -> bool:
    """Whether a point lies on a level or upright part."""
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def joints(ways: list[list[Point]]) -> set[Point]:
    """Where the lines of one net part: points from which they leave in three directions."""
    found = set()
    for corner in {p for way in ways for p in way[1:-1]}:
        directions = set()
        for way in ways:
            for a, b in pairwise(way):
                if _between(corner, a, b):
                    directions |= {_direction(corner, a), _direction(corner, b)}
        if len(directions - {(0, 0)}) > 2:
            found.add(corner)
    return found


def drawn(
    ways: Mapping[int, list[Point]],
    heavy: Collection[int],
    colour: str,
    thin: float = THIN,
    merging: Mapping[int, float] = MappingProxyType({}),
) -> tuple[list[Polyline], list[Junction]]:
    """The net of one value: its line to each reader, heavy where it carries, and a dot where
    they part; a line that is `merging` has no arrow, and a corner of that radius."""
    parting = joints(list(ways.values()))
    lines = []
    for reader, points in ways.items():
        paint, weight = (CARRY, HEAVY) if reader in heavy else (colour, thin)
        sharp = frozenset(p for p in points if p in parting)
        corner = merging.get(reader, 5.0)
        lines.append(Polyline(tuple(points), paint, weight, reader not in merging, sharp, corner))
    dots = []
    for spot in sorted(parting):
        thick = any(lies_on(spot, ways[reader]) for reader in heavy)
        radius = 3.4 if thick else 1.2 * thin + 0.8
        dots.append(Junction(spot, CARRY if thick else colour, radius))
    return lines, dots


def by_weight(line: Polyline) -> tuple[bool, bool]:
    """The order in which lines are drawn: coloured ones over those in ink, the carry on top."""
    return line.colour == CARRY, line.colour != INK


def _direction(start: Point, end: Point) -> tuple[int, int]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    return (dx > 0) - (dx < 0), (dy > 0) - (dy < 0)
