"""A cell as textbooks draw it: rails on top, gates in a row, buses below, in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from math import ceil

from symgate.drawing.bodies import (
    NORTH,
    SIZE,
    SMALL,
    STEP,
    Body,
    blocked,
    body_of,
    entries,
    exits,
)
from symgate.drawing.bundles import bundled
from symgate.drawing.graph import Graph
from symgate.drawing.labels import name_label, width
from symgate.drawing.lines import THIN, by_weight, drawn, simplified
from symgate.drawing.palette import INK, for_words, gate_colours
from symgate.drawing.placing import Placement, placements
from symgate.drawing.routing import MOVES, Grid, Net, NoWay, Port, Spot
from symgate.drawing.scene import Caption, DrawnShape, Junction, Point, Polyline, Scene

#: The weight of a bus, and the radius of the corner where a line joins it.
BUS, MERGE = 2.4, 9.0

#: How many placements are routed, for a graph of so many nodes at most.
TRIES = ((22, 6), (34, 3), (48, 1))

#: Of these so many are refined, of a graph that is tried once just one.
REFINED = 2

#: After so many points of the grid the search for lines gives up.
MOST_STEPS = 180_000

#: Free steps between columns.
GAP = 3

#: Steps between rows: rails, those below them, down to the buses, between buses, to the frame.
RAIL, MIDDLE, BELOW, BETWEEN, EDGE = 5, 4, 3, 3, 3


def textbook(graph: Graph) -> Scene | None:
    """The best of some placements, or None where there is no good one."""
    with_joins = bundled(graph)
    tries = next((count for most, count in TRIES if len(with_joins.nodes) <= most), 0)
    left = MOST_STEPS
    routed: list[tuple[float, int, _Figure]] = []
    for place, placement in enumerate(placements(with_joins, tries)):
        if left <= MOST_STEPS // 2:
            break
        figure = _Figure(placement)
        figure.grid.left = left
        with suppress(NoWay):
            routed.append((figure.route(rounds=0), place, figure))
        left = figure.grid.left
    routed.sort()
    first = routed[0][2].scene() if routed else None
    best: list[tuple[float, int, Scene]] = []
    for _, place, figure in routed[: min(REFINED, tries)]:
        figure.grid.left = left
        with suppress(NoWay):
            best.append((figure.route(), place, figure.scene()))
        left = figure.grid.left
    return min(best, key=lambda found: found[:2])[2] if best else first


class _Figure:
    def __init__(self, placement: Placement) -> None:
        self.p, self.graph = placement, placement.graph
        self.nodes, self.readers = self.graph.nodes, self.graph.readers()
        ways = self.graph.carries or placement.ways
        self.level = {pair for way in ways for pair in pairwise(way)}
        self.heavy = {pair for way in self.graph.carries for pair in pairwise(way)}
        self.on_way = {i for way in ways for i in way}
        self.bodies: dict[int, Body] = {
            i: body_of(node, self.graph, rail=i in self.on_way)
            for i, node in enumerate(self.nodes)
            if node.kind not in ("before", "after", "input")
        }
        self.rows()
        self.columns()
        self.inputs()
        self.grid = self.empty_grid()
        self.nets = {i: self.net(i) for i, readers in self.readers.items() if readers}

    # -- distances -------------------------------------------------------------------------

    def rows(self) -> None:
        p, self.y = self.p, []
        y = 1 + EDGE
        for row in range(p.rows):
            if row:
                named = any(p.row.get(i) == row and body.name for i, body in self.bodies.items())
                y += (
                    RAIL
                    if row < p.rails
                    else MIDDLE + named
                    if row <= p.gate_row
                    else (BELOW if row == p.gate_row + 1 else BETWEEN)
                )
            elif p.gate_row == 0:
                y += 1
            self.y.append(y)
        self.foot = y + (EDGE if p.rows > p.gate_row + 1 else BELOW + 2)

    def columns(self) -> None:
        def longest(kind: str, lag: int) -> float:
            found = [width(name_label(n.name, lag), SIZE) for n in self.nodes if n.kind == kind]
            return max(found, default=0.0)

        self.left = 3 + ceil(longest("before", 1) / STEP)
        x, self.x = self.left + 1, {}
        reach = 0
        for column in sorted({c for i, c in self.p.column.items() if i in self.bodies}):
            here = [
                self.bodies[i] for i, c in self.p.column.items() if c == column and i in self.bodies
            ]
            x += reach + GAP + max(body.half for body in here)
            self.x[column] = x
            reach = max(body.right for body in here)
        self.right = x + reach + GAP + 1
        self.wide = self.right + 4 + ceil(longest("after", 0) / STEP)

    def at(self, i: int) -> Spot:
        return self.x[self.p.column[i]], self.y[self.p.row[i]]

    def inputs(self) -> None:
        """Inputs stand below a join that reads them, or below the first node that does."""
        self.input_x: dict[int, int] = {}
        found = []
        for i, node in enumerate(self.nodes):
            if node.kind == "input" and self.readers[i]:
                joins = [r for r in self.readers[i] if self.nodes[r].kind == "join"]
                room = 2 + ceil(width(name_label(node.name, 0), SIZE) / STEP)
                found.append((min(self.at(r)[0] for r in joins or self.readers[i]), -i, room))
        last, needed = self.right, 0
        for x, i, room in sorted(found, reverse=True):
            last = min(x, last - (needed + room) // 2)
            needed = room
            self.input_x[-i] = last
        outside = max(0, self.left + 2 - last) if found else 0
        self.x = {column: x + outside for column, x in self.x.items()}
        self.input_x = {i: x + outside for i, x in self.input_x.items()}
        self.right += outside
        self.wide += outside

    # -- lines -----------------------------------------------------------------------------

    def empty_grid(self) -> Grid:
        """The grid with all that stands on it."""
        covered = {(x, y) for y in range(self.foot + 1) for x in (self.left, self.right)}
        covered |= {(x, y) for x in range(self.right + 1) for y in (1, self.foot)}
        for i, body in self.bodies.items():
            covered |= blocked(body, self.at(i))
        return Grid(self.right + 1, self.foot + 1, covered)

    def route(self, rounds: int = 3) -> float:
        """Lay all nets; what they cost, with the size of the whole."""

        def first(i: int) -> tuple[int, int]:
            if i in self.on_way:
                return 0, i
            to_rail = any(reader in self.on_way for reader in self.readers[i])
            return (1 if self.nodes[i].kind == "join" else 2 if to_rail else 3), i

        nets = [self.nets[i] for i in sorted(self.nets, key=first)]
        cost = self.grid.route(nets, rounds=min(rounds, 1))
        for _ in range(rounds - 1):
            self.centre()
            cost = self.grid.route(nets, 1)
        return cost + 0.5 * (self.right + self.foot) + max(0.0, self.wide - 2 * self.foot)

    def centre(self) -> None:
        """Let the only line that enters a box from below do so in the middle, and an input
        with one reader stand below its port."""
        for i, body in self.bodies.items():
            sources = [s for s in self.nodes[i].sources if (s, i) not in self.level]
            from_below = [s for s in sources if self.nets[s].entered[i].way == NORTH]
            if body.kind != "box" or len(from_below) != 1:
                continue
            x, y = self.at(i)
            for s in sources:
                kept = [port for port in self.nets[s].ends[i] if port.way != NORTH]
                self.nets[s].ends[i] = [Port((x, y + 2), NORTH), *kept]
        for i, net in self.nets.items():
            if self.nodes[i].kind == "input" and len(self.input_x) == len(net.ends) == 1:
                (port,) = net.entered.values()
                if port.way == NORTH and len(net.ends[self.readers[i][0]]) > 1:
                    self.move_input(i, port)

    def move_input(self, i: int, port: Port) -> None:
        middle = next(p for p in self.nets[i].ends[self.readers[i][0]] if p.way == NORTH)
        x = middle.spot[0] if middle.cost == 0.0 else port.spot[0]
        self.input_x[i] = x
        self.nets[i].starts = [Port((x, self.foot - 1), NORTH)]

    def net(self, i: int) -> Net:
        node = self.nodes[i]
        level = any((i, reader) in self.level for reader in self.readers[i])
        if node.kind == "before":
            starts = [Port((self.left + 1, self.y[self.p.row[i]]), 0)]
        elif node.kind == "input":
            starts = [Port((self.input_x[i], self.foot - 1), 3)]
        else:
            starts = exits(self.bodies[i], self.at(i), level=level)
        ends: dict[int, Sequence[Port]] = {r: self.entries(i, r) for r in self.readers[i]}
        first = frozenset(r for r in ends if (i, r) in self.level)
        return Net(i, starts, ends, bool(first) and len(ends) == 1, not level, first)

    def entries(self, i: int, reader: int) -> list[Port]:
        node = self.nodes[reader]
        if node.kind == "after":
            return [Port((self.right - 1, self.y[self.p.row[reader]]), 0)]
        return entries(
            self.bodies[reader],
            self.at(reader),
            level=(i, reader) in self.level,
            rail=any((s, reader) in self.level for s in node.sources),
            lower=node.label == "÷" and i == node.sources[-1],
        )

    def way(self, i: int, reader: int) -> list[Point]:
        """The corners of a line from the edge of one node to the edge of another."""
        net = self.nets[i]
        spots = [(STEP * x, STEP * y) for x, y in net.routes[reader]]
        start, end = (
            self.edge(i, net.left[reader], out=True),
            self.edge(reader, net.entered[reader]),
        )
        points = [start, *spots, end]
        if self.nodes[reader].kind == "join":
            points.append((end[0] + MERGE, end[1]))
        if self.nodes[i].kind == "join":
            points[0] = (start[0] + MERGE, start[1])
        return simplified(points)

    def edge(self, i: int, port: Port, *, out: bool = False) -> Point:
        """Where a line touches the node behind a port."""
        kind = self.nodes[i].kind
        (x, y), (dx, dy) = port.spot, MOVES[port.way]
        if kind == "before":
            return STEP * self.left - 12, STEP * y
        if kind == "after":
            return STEP * self.right + 14, STEP * y
        if kind == "input":
            return STEP * x, STEP * self.foot + 12
        middle, body = self.at(i), self.bodies[i]
        sign = 1 if out else -1
        if dx:
            return STEP * middle[0] + sign * dx * body.width / 2, STEP * y
        return STEP * x, STEP * middle[1] + sign * dy * body.height / 2

    # -- the scene -------------------------------------------------------------------------

    def colour(self, i: int) -> str:
        return self.colours.get(self.nodes[i].gate, INK)

    def scene(self) -> Scene:
        self.colours = gate_colours(self.graph.cell)
        lines: list[Polyline] = []
        dots: list[Junction] = []
        for i, readers in self.readers.items():
            ways = {reader: self.way(i, reader) for reader in readers}
            heavy = [reader for reader in readers if (i, reader) in self.heavy]
            thin = BUS if self.nodes[i].kind == "join" else THIN
            merging = {r: MERGE for r in readers if self.nodes[r].kind == "join"}
            net = drawn(ways, heavy, self.colour(i), thin, merging)
            lines += net[0]
            dots += net[1]
        lines.sort(key=by_weight)
        left, right = STEP * self.left, STEP * self.right
        top, foot = STEP, STEP * self.foot
        frame = DrawnShape(
            "frame", (left + right) / 2, (top + foot) / 2, right - left, foot - top, INK
        )
        return Scene(
            STEP * self.wide,
            foot + (36 if self.input_x else 10),
            tuple(lines),
            tuple(dots),
            tuple(self.shapes()),
            tuple(self.texts()),
            (frame,),
        )

    def shapes(self) -> list[DrawnShape]:
        found = []
        for i, body in self.bodies.items():
            if body.kind != "join":
                x, y = self.at(i)
                colour = self.colour(i)
                found.append(
                    DrawnShape(body.kind, STEP * x, STEP * y, body.width, body.height, colour)
                )
        return found

    def texts(self) -> list[Caption]:
        found = []
        for i, node in enumerate(self.nodes):
            if node.kind in ("before", "after"):
                label = name_label(node.name, 1 if node.kind == "before" else 0)
                wide = width(label, SIZE)
                x = STEP * self.left - 16 - wide / 2
                if node.kind == "after":
                    x = STEP * self.right + 18 + wide / 2
                found.append(Caption(label, x, STEP * self.y[self.p.row[i]], SIZE, wide))
            elif node.kind == "input" and i in self.input_x:
                label = name_label(node.name, 0)
                x, y = STEP * self.input_x[i], STEP * self.foot + 23
                found.append(Caption(label, x, y, SIZE, width(label, SIZE)))
            elif i in self.bodies:
                found += self.written(i)
        return found

    def written(self, i: int) -> list[Caption]:
        """What stands in a node, and its name at its upper right."""
        body, (x, y) = self.bodies[i], (STEP * self.at(i)[0], STEP * self.at(i)[1])
        found = []
        if body.sign:
            found.append(Caption(body.sign, x, y, body.size, width(body.sign, body.size)))
        if body.name:
            wide = width(body.name, SMALL)
            away = body.height / 2 + 10
            found.append(
                Caption(
                    body.name, x + 6 + wide / 2, y - away, SMALL, wide, for_words(self.colour(i))
                )
            )
        return found
