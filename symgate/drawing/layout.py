"""From a graph to a scene: columns, heights, lanes between the columns, labels."""

from __future__ import annotations

from itertools import pairwise

from symgate.drawing.graph import Graph, Node
from symgate.drawing.labels import Label, name_label, plain_label, width
from symgate.drawing.lanes import Branch, Channel, lanes
from symgate.drawing.layers import Item, Layers, layered
from symgate.drawing.palette import CARRY, INK, gate_colours
from symgate.drawing.ports import Port, ports
from symgate.drawing.rows import heights
from symgate.drawing.scene import Dot, Line, Point, Scene, Shape, Text

SIZE, SMALL = 15.0, 12.0
MARGIN, PITCH = 14.0, 12.0
RADIUS = 12.0
HEAVY, THIN = 3.6, 1.4


def scene_of(graph: Graph) -> Scene:
    """Lay out a graph."""
    return _Layout(graph).scene()


class _Layout:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = graph.nodes
        self.colours = gate_colours(graph.cell)
        self.layers: Layers = layered(graph)
        self.heavy = {pair for way in graph.carries for pair in pairwise(way)}
        self.y = heights(self.layers, self.extent)
        self.left_end: dict[tuple[int, int], Item | None] = {
            (net, channel): left
            for channel, nets in enumerate(self.layers.nets)
            for net, (left, _) in nets.items()
        }
        self.ports: dict[tuple[int, int], Port] = {}
        for i, node in enumerate(self.nodes):
            if node.kind != "input":
                self.ports |= {(s, i): p for s, p in self.ports_of(i, node).items()}
        top = min(self.y[item] - self.extent(item)[0] for item in self.y)
        foot = max(self.y[item] + self.extent(item)[1] for item in self.y)
        self.shift = MARGIN - top
        self.foot = foot + self.shift + 24.0
        self.channels = [self.channel(c) for c in range(len(self.layers.nets))]
        self.x = self.columns()

    # -- sizes ---------------------------------------------------------------------------

    def labels(self, node: Node) -> tuple[Label, Label]:
        """What stands in a node: what it does, and the name of what it gives."""
        name = name_label(node.name, 0) if node.name else ()
        return plain_label(node.label) if node.label else (), name

    def size(self, i: int) -> tuple[float, float]:
        """The width and height of a node's shape."""
        node = self.nodes[i]
        sign, name = self.labels(node)
        if node.kind == "before":
            return width(name_label(node.name, 1), SIZE) + 6, SIZE
        if node.kind == "after":
            return width(name, SIZE) + 6, SIZE
        wide = max(width(sign, SIZE if node.kind == "op" else SMALL), width(name, SMALL)) + 12
        if node.kind == "op" and not name and width(sign, SIZE) <= 2 * RADIUS:
            return 2 * RADIUS, 2 * RADIUS
        tall = 24.0 if not (sign and name) else 38.0
        if node.kind == "box":
            tall = max(tall, 30.0, 13.0 * len(node.sources) + 6)
        return max(wide, 34.0), tall

    def is_round(self, i: int) -> bool:
        return self.nodes[i].kind == "op" and self.size(i)[0] == 2 * RADIUS

    def extent(self, item: Item) -> tuple[float, float]:
        if item[0] == "p":
            return 0.0, 0.0
        half = self.size(item[1])[1] / 2
        extra = 15.0 if self.is_round(item[1]) and len(self.nodes[item[1]].sources) > 1 else 0.0
        return half + extra, half + extra

    # -- ports ---------------------------------------------------------------------------

    def ports_of(self, i: int, node: Node) -> dict[int, Port]:
        channel = self.layers.column[i] - 1
        ends = {}
        for source in node.sources:
            left = self.left_end[source, channel]
            ends[source] = 1e6 + source if left is None else self.y[left]
        half = self.size(i)[1] / 2
        return ports(self.y["n", i], half, ends, is_round=self.is_round(i))

    # -- channels ------------------------------------------------------------------------

    def channel(self, c: int) -> Channel:
        branches = []
        for net, (left, right) in self.layers.nets[c].items():
            start = self.foot if left is None else self.y[left] + self.shift
            ends = []
            for end in right:
                level = self.y[end] if end[0] == "p" else self.ports[net, end[1]].lane
                ends.append(level + self.shift)
            branches.append(Branch(net, start, tuple(ends), from_below=left is None))
        return lanes(branches)

    def columns(self) -> list[float]:
        """The middle of each column."""
        x, middle = MARGIN, []
        self.start: list[float] = []
        for c, items in enumerate(self.layers.columns):
            wide = max([8.0, *(self.size(i[1])[0] for i in items if i[0] == "n")])
            middle.append(x + wide / 2)
            x += wide
            self.start.append(x)
            if c < len(self.channels):
                x += max(30.0, PITCH * (self.channels[c].count + 1) + 10)
        self.width = x + MARGIN
        return middle

    def lane_x(self, c: int, net: int) -> float:
        return round(self.start[c] + PITCH * (self.channels[c].lane[net] + 1), 1)

    # -- lines ---------------------------------------------------------------------------

    def way(self, net: int, reader: int) -> list[Point]:
        """The corners of the line from a node to one that reads it."""
        points: list[Point] = []
        last = self.layers.column[reader] - 1
        for c in range(self.layers.column[net], last + 1):
            left = self.left_end[net, c]
            port = self.ports[net, reader]
            if left is None:
                here = self.foot
                points.append((self.lane_x(c, net), here))
            else:
                here = self.y[left] + self.shift
                if left[0] == "n":
                    wide = self.size(net)[0] / 2
                    points.append((self.x[c] + wide, here))
            there = (port.lane if c == last else self.y["p", net, c + 1]) + self.shift
            if here != there or left is None:
                lane = self.lane_x(c, net)
                points += [(lane, here), (lane, there)]
        x, y = self.x[last + 1], port.y + self.shift
        if port.side == "left":
            points.append((x - self.size(reader)[0] / 2, y))
        else:
            points += [(x, port.lane + self.shift), (x, y)]
        return simplified(points)

    def colour(self, i: int) -> str:
        return self.colours.get(self.nodes[i].gate, INK)

    def scene(self) -> Scene:
        lines, dots = [], []
        for net, readers in self.layers.readers.items():
            ways = {reader: self.way(net, reader) for reader in readers}
            parting = joints(list(ways.values()))
            for reader, points in ways.items():
                heavy = (net, reader) in self.heavy
                colour, weight = (CARRY, HEAVY) if heavy else (self.colour(net), THIN)
                sharp = frozenset(p for p in points if p in parting)
                lines.append(Line(tuple(points), colour, weight, True, sharp))
            thick = any((net, reader) in self.heavy for reader in readers)
            for joint in parting:
                colour = CARRY if thick and any(
                    lies_on(joint, ways[r]) for r in readers if (net, r) in self.heavy
                ) else self.colour(net)  # fmt: skip
                dots.append(Dot(joint, colour, 3.4 if colour == CARRY else 2.5))
        lines.sort(key=lambda line: (line.colour == CARRY, line.colour != INK))
        return Scene(
            round(self.width, 1), round(self.foot + 30, 1),
            tuple(lines), tuple(dots), tuple(self.shapes()), tuple(self.texts()),
        )  # fmt: skip

    # -- shapes and labels ---------------------------------------------------------------

    def shapes(self) -> list[Shape]:
        found = []
        for i, node in enumerate(self.nodes):
            if node.kind in ("box", "pill", "op"):
                kind = "circle" if self.is_round(i) else "box" if node.kind == "box" else "pill"
                at = (self.x[self.layers.column[i]], self.y["n", i] + self.shift)
                found.append(Shape(kind, *at, *self.size(i), self.colour(i)))
        return found

    def texts(self) -> list[Text]:
        found = []
        for i, node in enumerate(self.nodes):
            sign, name = self.labels(node)
            c = self.layers.column[i]
            if node.kind == "input":
                if self.layers.readers[i]:
                    label = name_label(node.name, 0)
                    at = (self.lane_x(c, i), self.foot + 13)
                    found.append(Text(label, *at, SIZE, width(label, SIZE)))
                continue
            x, y = self.x[c], self.y["n", i] + self.shift
            if node.kind in ("before", "after"):
                label = name_label(node.name, 1) if node.kind == "before" else name
                found.append(Text(label, x, y, SIZE, width(label, SIZE)))
                continue
            size = SIZE if self.is_round(i) and len(node.label) == 1 else SMALL
            rows = [part for part in (sign, name) if part]
            for row, part in enumerate(rows):
                shift = (row - (len(rows) - 1) / 2) * 15.0
                found.append(Text(part, x, y + shift, size, width(part, size)))
        return found


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


def _direction(start: Point, end: Point) -> tuple[int, int]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    return (dx > 0) - (dx < 0), (dy > 0) - (dy < 0)
