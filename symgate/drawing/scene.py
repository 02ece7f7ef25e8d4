"""The scene: shapes, lines and labels with their places, which every writer draws.

Distances are in points, x to the right and y down; colours are "ink" or "#rrggbb".
"""

from __future__ import annotations

from dataclasses import dataclass

from symgate.drawing.labels import Label

Point = tuple[float, float]


@dataclass(frozen=True)
class DrawnShape:
    """A circle, a box with square corners ("box") or with round ones ("pill"), a "frame"."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    colour: str

    @property
    def corner(self) -> float:
        """The radius of its corners."""
        if self.kind == "frame":
            return 16.0
        return 4.0 if self.kind == "box" else min(14.0, self.height / 2)


@dataclass(frozen=True)
class Polyline:
    """Straight parts with corners of a radius, none at `sharp` points; `arrow` at its end."""

    points: tuple[Point, ...]
    colour: str
    weight: float
    arrow: bool
    sharp: frozenset[Point] = frozenset()
    corner: float = 5.0

    def head(self) -> tuple[Point, Point, Point]:
        """The corners of the arrow's head; its tip is the end of the line."""
        (x0, y0), (x, y) = self.points[-2:]
        dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
        long, half = (8.5, 5.0) if self.weight > 2 else (6.5, 3.2)
        back = (x - long * dx, y - long * dy)
        return (
            (x, y),
            (back[0] - half * dy, back[1] + half * dx),
            (back[0] + half * dy, back[1] - half * dx),
        )


@dataclass(frozen=True)
class Junction:
    """Where a line branches."""

    at: Point
    colour: str
    radius: float


@dataclass(frozen=True)
class Caption:
    """A label whose middle stands at (x, y)."""

    label: Label
    x: float
    y: float
    size: float
    width: float
    colour: str = "ink"


@dataclass(frozen=True)
class Scene:
    """All that is to be seen, in the order in which it is drawn."""

    width: float
    height: float
    lines: tuple[Polyline, ...]
    dots: tuple[Junction, ...]
    shapes: tuple[DrawnShape, ...]
    texts: tuple[Caption, ...]
    frames: tuple[DrawnShape, ...] = ()

    def colours(self) -> list[str]:
        """The colours that occur, in order."""
        found = {line.colour for line in self.lines} | {dot.colour for dot in self.dots}
        found |= {shape.colour for shape in self.shapes} | {text.colour for text in self.texts}
        return sorted(found)
