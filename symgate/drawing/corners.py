"""Lines with round corners, as moves that every writer knows: M, L and Q."""

from __future__ import annotations

from math import hypot

from symgate.drawing.scene import Line, Point


def rounded(line: Line) -> list[tuple[str, tuple[Point, ...]]]:
    """The line as (verb, points): move to, straight to, curve over a corner to.

    >>> line = Line(((0, 0), (20, 0), (20, 20)), "ink", 1, False)
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
