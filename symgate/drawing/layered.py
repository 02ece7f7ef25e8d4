"""Layers one above the other, each in its frame, and what goes up in the gaps between them.

A value leaves a layer at the right, passes all that leaves above it, and enters a higher layer
from below: so its line crosses no state's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgate.drawing.graph import MAX_NODES, Graph, graph_of
from symgate.drawing.labels import Label, name_label, plain_label, width
from symgate.drawing.lines import THIN, joints
from symgate.drawing.palette import INK, gate_colours
from symgate.drawing.plain import plain
from symgate.drawing.scene import Caption, Junction, Point, Polyline, Scene
from symgate.drawing.textbook import textbook
from symgate.equations.cell import Cell
from symgate.errors import SymgateError

#: From a layer to the first line of the gap, between lines, and from labels to what rises.
GAP, LANE, MARGIN = 22.0, 12.0, 14.0

#: How far below its frame a line into it begins, and how much room a label below it takes.
FOOT, NAMED = 12.0, 36.0


def layered(layers: Sequence[Cell]) -> tuple[Scene, bool]:
    """The scene of layers from the bottom up, of which there may be one only, and whether a
    state is carried in it."""
    of = {name: place for place, layer in enumerate(layers) for name in layer.equations}
    rising = {n: [i for i, layer in enumerate(layers) if n in layer.inputs] for n in of}
    graphs = [graph_of(layer, [n for n in layer.equations if rising[n]]) for layer in layers]
    if sum(len(graph.nodes) for graph in graphs) > MAX_NODES:
        raise SymgateError(
            f"{len(layers)} layers are too many to draw: their diagram has more than {MAX_NODES} "
            f"nodes"
        )
    scenes = _scenes(graphs)
    carried = any(graph.carries for graph in graphs)
    if len(scenes) == 1:
        return scenes[0], carried
    framed = [i for i, scene in enumerate(scenes) if scene.frames]
    drawn = {
        name: [i for i in above if i in framed]
        for name, above in rising.items()
        if of[name] in framed
    }
    ways = {(of[name], name): above for name, above in drawn.items() if above}
    return _tower(_aligned(scenes), ways), carried


def _scenes(graphs: Sequence[Graph]) -> list[Scene]:
    """The scene of each graph; where one is another under other names, it is drawn once."""
    known: dict[object, tuple[Graph, Scene]] = {}
    found = []
    for graph in graphs:
        form = _form(graph)
        pair = known.get(form)
        names = _renamed(pair[0], graph) if pair else None
        if pair is None or names is None:
            scene = textbook(graph) or plain(graph)
            known[form] = graph, scene
        else:
            texts = tuple(replace(t, label=names.get(t.label, t.label)) for t in pair[1].texts)
            scene = replace(pair[1], texts=texts)
        found.append(scene)
    return found


def _form(graph: Graph) -> object:
    """All that a scene depends on, but for what is written in it."""
    colours = gate_colours(graph.cell)
    return tuple(map(tuple, graph.carries)), tuple(
        (
            node.kind,
            node.sources,
            node.added,
            node.label == "÷",
            colours.get(node.gate),
            0.0 if node.kind == "input" else width(name_label(node.name, 0), 1),
            width(plain_label(node.label), 1),
        )
        for node in graph.nodes
    )


def _renamed(one: Graph, other: Graph) -> dict[Label, Label] | None:
    """What is written in one graph, and in its place in another of the same form."""
    names: dict[Label, Label] = {}
    for a, b in zip(one.nodes, other.nodes, strict=True):
        pairs = [(name_label(a.name, lag), name_label(b.name, lag)) for lag in (0, 1)]
        for old, new in (*pairs, (plain_label(a.label), plain_label(b.label))):
            if names.setdefault(old, new) != new:
                return None
    return names


def _tower(scenes: Sequence[Scene], ways: dict[tuple[int, str], list[int]]) -> Scene:
    """One scene of all, with a line for each value from its layer to those that read it."""
    edge = max((_right(scene) for scene in scenes if scene.frames), default=0.0)
    exits = {way: _named(scenes[way[0]], way[1], edge, leaves=True) for way in ways}
    order = sorted(ways, key=lambda way: (max(ways[way]) - way[0], exits[way].y))
    beside = max((t.x + t.width / 2 for s in scenes if s.frames for t in s.texts), default=0.0)
    rise = {way: beside + MARGIN + LANE * place for place, way in enumerate(order)}
    lanes: dict[tuple[int, str, int], tuple[Point, Point]] = {}
    parts: list[Scene] = []
    down = 0.0
    for place in reversed(range(len(scenes))):
        scene = scenes[place]
        entering = [way for way in order if place in ways[way]]
        ends = {way: _named(scene, way[1], edge, leaves=False) for way in entering}
        scene = replace(scene, texts=tuple(t for t in scene.texts if t not in ends.values()))
        scene = _moved(scene, down=down)
        height = scene.height
        if entering:
            foot = scene.frames[0].y + scene.frames[0].height / 2
            named = any(text.y > foot for text in scene.texts)
            level = foot + (NAMED if named else 0.0) + GAP
            for lane, way in enumerate(reversed(entering)):
                x, y = ends[way].x, level + LANE * lane - down
                lanes[(*way, place)] = ((rise[way], y + down), (x, foot + FOOT))
            height = level + LANE * (len(entering) - 1) - down + GAP - FOOT
        exits |= {way: replace(e, y=e.y + down) for way, e in exits.items() if way[0] == place}
        parts.append(scene)
        down += height
    lines, dots = [], []
    for way in order:
        start = (exits[way].x + exits[way].width / 2 + 4, exits[way].y)
        found: list[list[Point]] = []
        for place in ways[way]:
            (x, y), end = lanes[(*way, place)]
            found.append([start, (x, start[1]), (x, y), (end[0], y), end])
        parting = joints(found)
        lines += [
            Polyline(tuple(points), INK, THIN, False, frozenset(parting & {*points}))
            for points in found
        ]
        dots += [Junction(spot, INK, 1.2 * THIN + 0.8) for spot in sorted(parting)]
    return Scene(
        max([*(scene.width for scene in parts), *(x + MARGIN for x in rise.values())]),
        down,
        (*lines, *(line for part in parts for line in part.lines)),
        (*dots, *(dot for part in parts for dot in part.dots)),
        tuple(shape for part in parts for shape in part.shapes),
        tuple(text for part in parts for text in part.texts),
        tuple(frame for part in parts for frame in part.frames),
    )


def _named(scene: Scene, name: str, edge: float, *, leaves: bool) -> Caption:
    """The label of a value where it leaves at the right, or where it enters from below."""
    label = name_label(name, 0)
    return next(t for t in scene.texts if t.label == label and (t.x > edge) == leaves)


def _right(scene: Scene) -> float:
    return scene.frames[0].x + scene.frames[0].width / 2


def _aligned(scenes: Sequence[Scene]) -> list[Scene]:
    """The scenes with their frames as far to the left and to the right as one another."""
    framed = [scene.frames[0] for scene in scenes if scene.frames]
    left = max((frame.x - frame.width / 2 for frame in framed), default=0.0)
    moved = [
        _moved(s, left - s.frames[0].x + s.frames[0].width / 2) if s.frames else s for s in scenes
    ]
    right = max((_right(scene) for scene in moved if scene.frames), default=0.0)
    return [_moved(s, wider=right - _right(s)) if s.frames else s for s in moved]


def _moved(scene: Scene, along: float = 0.0, down: float = 0.0, wider: float = 0.0) -> Scene:
    """A scene in another place, its frame so much `wider`, with all that is right of it."""
    edge = _right(scene) if scene.frames else scene.width

    def at(spot: Point) -> Point:
        x, y = spot
        return x + along + (wider if x > edge else 0.0), y + down

    def text(t: Caption) -> Caption:
        x, y = at((t.x, t.y))
        return replace(t, x=x, y=y)

    def line(way: Polyline) -> Polyline:
        return replace(way, points=tuple(map(at, way.points)), sharp=frozenset(map(at, way.sharp)))

    frames = [replace(f, x=f.x + wider / 2, width=f.width + wider) for f in scene.frames]
    return Scene(
        scene.width + along + wider,
        scene.height,
        tuple(map(line, scene.lines)),
        tuple(replace(dot, at=at(dot.at)) for dot in scene.dots),
        tuple(replace(shape, x=shape.x + along, y=shape.y + down) for shape in scene.shapes),
        tuple(map(text, scene.texts)),
        tuple(replace(frame, x=frame.x + along, y=frame.y + down) for frame in frames),
    )
