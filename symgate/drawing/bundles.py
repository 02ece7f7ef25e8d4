"""Buses: what several boxes read alike is brought together once, as in [h, x]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from symgate.drawing.graph import Graph, GraphNode

#: A join has three sides to come in by.
MOST = 3


def bundled(graph: Graph) -> Graph:
    """The same graph, with a join for sources that two boxes or more read through matrices.

    >>> import symgate as sg
    >>> from symgate.drawing.graph import graph_of
    >>> lstm = bundled(graph_of(sg.cell("lstm")))
    >>> [len(n.sources) for n in lstm.nodes if n.kind in ("join", "box")]
    [2, 1, 1, 1, 1]
    """
    while (common := _most_common(graph.nodes)) is not None:
        graph = _with_join(graph, common)
    return graph


def _most_common(nodes: Sequence[GraphNode]) -> tuple[int, ...] | None:
    """The sources that save the most lines when they are joined."""
    reads = [_mixed(node) for node in nodes if node.kind == "box"]
    best: tuple[int, tuple[int, ...]] = (0, ())
    for one, other in combinations(reads, 2):
        common = tuple(source for source in one if source in other)[:MOST]
        users = sum(set(common) <= set(read) for read in reads)
        saved = (len(common) - 1) * (users - 1)
        if len(common) > 1 and saved > best[0]:
            best = (saved, common)
    return best[1] or None


def _mixed(node: GraphNode) -> tuple[int, ...]:
    return tuple(source for source in node.sources if source not in node.added)


def _with_join(graph: Graph, common: tuple[int, ...]) -> Graph:
    """A graph with one join more, which stands right before the first box that reads it."""
    users = [
        i for i, n in enumerate(graph.nodes) if n.kind == "box" and set(common) <= set(_mixed(n))
    ]
    place = users[0]

    def moved(old: int) -> int:
        return old + (old >= place)

    nodes = []
    for i, node in enumerate(graph.nodes):
        sources = [moved(s) for s in node.sources]
        if i in users:
            sources = [place, *(moved(s) for s in node.sources if s not in common)]
        if i == place:
            nodes.append(GraphNode("join", sources=common))
        added = tuple(moved(s) for s in node.added)
        nodes.append(replace(node, sources=tuple(sources), added=added))
    carries = [tuple(moved(i) for i in way) for way in graph.carries]
    return Graph(graph.cell, nodes, carries)
