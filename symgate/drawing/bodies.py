"""The sizes of nodes in steps of the grid, and the ports where lines leave and enter them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from symgate.drawing.graph import Graph, GraphNode
from symgate.drawing.labels import Label, name_label, plain_label, width
from symgate.drawing.routing import Port, Spot

#: Points to a step of the grid; sizes of letters; the radius of a circle.
STEP, SIZE, SMALL, RADIUS = 10.0, 15.0, 13.0, 11.0
EAST, SOUTH, WEST, NORTH = range(4)


@dataclass(frozen=True)
class Body:
    """A node's shape: half its width and height in steps, and what is written in and by it."""

    kind: str
    half: int
    sign: Label
    name: Label
    entries: int

    @property
    def width(self) -> float:
        return 2 * RADIUS if self.kind == "circle" else 2 * self.half * STEP

    @property
    def height(self) -> float:
        return {"circle": 2 * RADIUS, "box": 28.0, "pill": 24.0}.get(self.kind, 0.0)

    @property
    def size(self) -> float:
        """The size of the letters in it."""
        one = sum(len(run.text) for run in self.sign) == 1
        return SIZE if one else SMALL - (self.kind == "circle")

    @property
    def right(self) -> int:
        """How far it and its name reach to the right, in steps."""
        beside = ceil((6 + width(self.name, SMALL)) / STEP) if self.name else 0
        return max(self.half, beside)


def body_of(node: GraphNode, graph: Graph, *, rail: bool) -> Body:
    """The body of a box, a pill, an operation or a join; on a `rail` few lines reach it."""
    if node.kind == "join":
        return Body("join", 0, (), (), len(node.sources))
    sign = plain_label(node.label) if node.label else ()
    name = name_label(node.name, 0) if node.name in graph.cell.gates else ()
    entries = len(node.sources)
    if not sign:
        sign, name = name, ()
    wide = width(sign, SIZE if sum(len(r.text) for r in sign) == 1 else SMALL - 1)
    if node.kind == "op" and wide <= 2 * RADIUS - 2 and entries <= 3 - rail:
        return Body("circle", 1, sign, name, entries)
    half = max(2, ceil((wide / 2 + 5) / STEP), entries // 2 + 1 if entries > 3 else 2)
    return Body("box" if node.kind == "box" else "pill", half, sign, name, entries)


def blocked(body: Body, at: Spot) -> set[Spot]:
    """The points of the grid that a body and its name cover."""
    x, y = at
    tall = 0 if body.kind == "join" else 1
    found = {
        (x + dx, y + dy) for dx in range(-body.half, body.half + 1) for dy in range(-tall, tall + 1)
    }
    if body.name:
        reach = ceil((4 + width(body.name, SMALL)) / STEP)
        found |= {(x + dx, y - up) for dx in range(1, reach + 1) for up in (2, 3)}
    return found


def exits(body: Body, at: Spot, *, level: bool) -> list[Port]:
    """Where a line leaves; `level` for a node on a rail."""
    x, y = at
    east = Port((x + body.half + 1, y), EAST, 0.0 if body.kind == "circle" else 1.0)
    if body.kind == "join" or level:
        return [east]
    ports = [east, Port((x, y - 2), NORTH)]
    if body.kind != "box" and body.entries < 3:
        ports.append(Port((x, y + 2), SOUTH, 1.0))
    return ports


def entries(body: Body, at: Spot, *, level: bool, rail: bool, lower: bool) -> list[Port]:
    """Where a line enters: `level` from the left along a rail, `rail` for any other line to
    a node on one; `lower` for what stands below a stroke of division."""
    x, y = at
    west = Port((x - body.half - 1, y), EAST)
    if level:
        return [west]
    down = 1 if body.kind == "join" else 2
    count = body.entries - rail
    spread: list[int] = [0]
    if body.kind in ("box", "pill") and count > 1:
        spread = [dx for dx in range(-(count // 2), count // 2 + 1) if dx or count % 2]
    south = [Port((x + dx, y + down), NORTH, 0.1 * abs(dx)) for dx in spread]
    if lower:
        return south
    above = Port((x, y - down), SOUTH)
    if body.kind == "box":
        corner = Port((x - 1, y - 2), SOUTH, 5.0) if count > 1 else Port(above.spot, SOUTH, 2.0)
        sides = [] if rail else [Port(west.spot, EAST, 1.0)]
        return [*south, *sides, corner, Port((x + body.half + 1, y), WEST, 9.0)]
    return [*south, above] if rail else [west, *south, above]
