"""A plain picture for cells with too many lines for one as in textbooks: all nodes in a row,
in the order of the equations, and below them a level line for each value, tapped by those
that read it."""

from __future__ import annotations

from itertools import pairwise

from symgate.drawing.bodies import SIZE, SMALL, body_of
from symgate.drawing.graph import Graph
from symgate.drawing.labels import Label, name_label, width
from symgate.drawing.lines import by_weight, drawn
from symgate.drawing.palette import INK, for_words, gate_colours
from symgate.drawing.scene import Caption, DrawnShape, Junction, Point, Polyline, Scene

#: Room between nodes, ports and lanes, and around the picture.
GAP, PORT, LANE, MARGIN = 16.0, 11.0, 12.0, 14.0

#: How high the nodes are, and where their middle stands.
TALL, MIDDLE = 28.0, 44.0


def plain(graph: Graph) -> Scene:
    """The scene of any graph; lines of different values cross only at right angles."""
    colours = gate_colours(graph.cell)
    heavy = {pair for way in graph.carries for pair in pairwise(way)}
    readers = {i: found for i, found in graph.readers().items() if found}
    shapes: list[DrawnShape] = []
    texts: list[Caption] = []
    leaves: dict[int, float] = {}
    enters: dict[tuple[int, int], float] = {}
    foot = MIDDLE + TALL / 2
    x = MARGIN
    for i, node in enumerate(graph.nodes):
        body = body_of(node, graph, rail=False)
        lag = 1 if node.kind == "before" else 0
        edge = node.kind in ("before", "after", "input")
        sign: Label = name_label(node.name, lag) if edge else body.sign
        size = SIZE if edge else body.size
        wide = max(width(sign, size) + 12, body.width, PORT * (len(node.sources) + 2))
        middle = x + wide / 2
        colour = colours.get(node.gate, INK)
        texts.append(Caption(sign, middle, MIDDLE, size, width(sign, size)))
        if not edge:
            kind = "box" if node.kind == "box" else "pill"
            shapes.append(DrawnShape(kind, middle, MIDDLE, wide, TALL, colour))
        if body.name and not edge:
            above, long = MIDDLE - TALL / 2 - 11, width(body.name, SMALL)
            texts.append(Caption(body.name, middle, above, SMALL, long, for_words(colour)))
        for place, source in enumerate(node.sources):
            enters[source, i] = x + PORT * (place + 0.8)
        leaves[i] = x + wide - 0.8 * PORT
        x += max(wide, width(body.name, SMALL)) + GAP
    lanes = _lanes(
        {i: (leaves[i], max(enters[i, r] for r in found)) for i, found in readers.items()}
    )
    lines: list[Polyline] = []
    dots: list[Junction] = []
    for i, found in readers.items():
        level = foot + LANE * (lanes[i] + 1.5)
        colour = colours.get(graph.nodes[i].gate, INK)
        ways: dict[int, list[Point]] = {
            r: [(leaves[i], foot), (leaves[i], level), (enters[i, r], level), (enters[i, r], foot)]
            for r in found
        }
        net = drawn(ways, [r for r in found if (i, r) in heavy], colour)
        lines += net[0]
        dots += net[1]
    lines.sort(key=by_weight)
    height = foot + LANE * (max(lanes.values(), default=0) + 2) + MARGIN
    return Scene(x - GAP + MARGIN, height, tuple(lines), tuple(dots), tuple(shapes), tuple(texts))


def _lanes(spans: dict[int, tuple[float, float]]) -> dict[int, int]:
    """The first lane below the nodes that is free over the whole of each span.

    >>> _lanes({0: (0, 100), 1: (10, 50), 2: (70, 90)})
    {2: 0, 1: 0, 0: 1}
    """
    taken: list[list[tuple[float, float]]] = []
    found: dict[int, int] = {}
    for i in sorted(spans, key=lambda i: (spans[i][1] - spans[i][0], i)):
        start, end = min(spans[i]), max(spans[i])
        free = (
            n
            for n, there in enumerate(taken)
            if all(end + PORT < a or b + PORT < start for a, b in there)
        )
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((start, end))
        found[i] = lane
    return found
