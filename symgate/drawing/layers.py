"""Columns and their order: where each node of a graph stands, before there are distances.

A net is all that one node sends out: one trunk with branches. In each column that a net
passes without ending there it has a passage. Inputs come from below, so that they have no
column of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from symgate.drawing.graph import Graph

#: Orders of a column are sought from this many starts, where it has few items.
STARTS, SMALL = 12, 70

#: With more items than this neighbours are not exchanged.
MANY = 110

#: A node ("n", place) or a passage ("p", net, column).
Item = tuple[str, int] | tuple[str, int, int]


@dataclass
class Layers:
    """The columns of a graph from left to right, each from top to bottom."""

    graph: Graph
    column: dict[int, int]
    columns: list[list[Item]] = field(default_factory=list)

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        return self.graph.readers()

    def is_input(self, net: int) -> bool:
        return self.graph.nodes[net].kind == "input"

    @cached_property
    def nets(self) -> list[dict[int, tuple[Item | None, list[Item]]]]:
        """What passes in each channel, see `_through`."""
        return [self._through(channel) for channel in range(max(self.column.values()))]

    def _through(self, channel: int) -> dict[int, tuple[Item | None, list[Item]]]:
        """What passes between a column and the next: by net, its left end and right ends.

        An input that enters here has no left end.
        """
        found: dict[int, tuple[Item | None, list[Item]]] = {}
        for net, readers in self.readers.items():
            here = self.column[net]
            if not readers or not here <= channel < max(self.column[r] for r in readers):
                continue
            left: Item | None = ("n", net) if here == channel else ("p", net, channel)
            if self.is_input(net) and here == channel:
                left = None
            right: list[Item] = [("n", r) for r in readers if self.column[r] == channel + 1]
            if any(self.column[r] > channel + 1 for r in readers):
                right.append(("p", net, channel + 1))
            found[net] = (left, right)
        return found


def layered(graph: Graph) -> Layers:
    """Put the nodes into columns and order each so that few lines cross."""
    layers = Layers(graph, _columns(graph))
    last = max(layers.column.values())
    layers.columns = [[] for _ in range(last + 1)]
    for i, node in enumerate(graph.nodes):
        if node.kind != "input":
            layers.columns[layers.column[i]].append(("n", i))
    for channel in range(last):
        for net, (_, right) in layers.nets[channel].items():
            if ("p", net, channel + 1) in right:
                layers.columns[channel + 1].append(("p", net, channel + 1))
    _order(layers)
    return layers


def _columns(graph: Graph) -> dict[int, int]:
    """Longest paths first, then each node where its lines are shortest in all."""
    nodes, readers = graph.nodes, graph.readers()
    column: dict[int, int] = {}
    for i, node in enumerate(nodes):
        least = 0 if node.kind in ("before", "input") else 1
        column[i] = max([least, *(column[s] + 1 for s in node.sources)])
    last = max([2, *(column[i] for i, n in enumerate(nodes) if n.kind == "after")])
    for i, node in enumerate(nodes):
        if node.kind == "after":
            column[i] = last
    moving = [i for i, n in enumerate(nodes) if n.kind in ("box", "pill", "op")]
    for _ in range(20):
        before = dict(column)
        for i in [*reversed(moving), *moving]:
            low = max([1, *(column[s] + 1 for s in nodes[i].sources)])
            high = min([last - 1, *(column[r] - 1 for r in readers[i])])
            best = (_length(graph, readers, column), 0)
            place = column[i]
            for candidate in range(low, high + 1):
                cost = _length(graph, readers, {**column, i: candidate})
                if cost < best[0]:
                    best, place = (cost, candidate), candidate
            column[i] = place
        if column == before:
            break
    for i, node in enumerate(nodes):
        if node.kind == "input" and readers[i]:
            column[i] = min(column[r] for r in readers[i]) - 1
    return column


def _length(graph: Graph, readers: dict[int, list[int]], column: dict[int, int]) -> float:
    total = 0.0
    for net, node in enumerate(graph.nodes):
        reached = [column[r] for r in readers[net]]
        if reached:
            start = min(reached) - 1 if node.kind == "input" else column[net]
            total += max(reached) - start + 0.01 * (sum(reached) - start * len(reached))
    return total


# -- the order in a column ------------------------------------------------------------------


def _order(layers: Layers) -> None:
    """Carries on top, inputs at the bottom, all else where the fewest lines cross."""
    rank = _ranks(layers)
    neighbours = _neighbours(layers)
    draw = Random(0)
    best: list[list[Item]] = []
    fewest = 1_000_000
    for start in range(STARTS if len(rank) <= SMALL else 2):
        for items in layers.columns:
            place = {item: draw.random() if start else item[1] for item in items}
            items.sort(key=lambda item: (rank[item], place[item]))
        for sweep in range(6):
            columns = range(len(layers.columns))
            for c in columns if sweep % 2 == 0 else reversed(columns):
                _by_barycentre(layers, c, neighbours, rank, sweep % 2 == 0)
            if len(rank) <= MANY:
                _swap(layers, rank)
            found = _crossings(layers)
            if found < fewest:
                fewest, best = found, [list(items) for items in layers.columns]
        if fewest == 0:
            break
    layers.columns[:] = best


def _ranks(layers: Layers) -> dict[Item, int]:
    """Which items keep to the top, by carry, and which to the bottom."""
    rank: dict[Item, int] = {}
    for items in layers.columns:
        for item in items:
            rank[item] = 100 + 1000 * (item[0] == "p" and layers.is_input(item[1]))
    for order, way in enumerate(layers.graph.carries):
        for place, following in itertools.pairwise(way):
            for item in (("n", place), ("n", following)):
                rank[item] = min(rank[item], order)
            for c in range(layers.column[place] + 1, layers.column[following]):
                rank["p", place, c] = min(rank["p", place, c], order)
    return rank


def _neighbours(layers: Layers) -> dict[Item, tuple[list[Item], list[Item]]]:
    found: dict[Item, tuple[list[Item], list[Item]]] = {
        item: ([], []) for items in layers.columns for item in items
    }
    for channel in range(len(layers.columns) - 1):
        for left, right in layers.nets[channel].values():
            for end in right:
                if left is not None:
                    found[left][1].append(end)
                    found[end][0].append(left)
    return found


def _by_barycentre(
    layers: Layers,
    c: int,
    neighbours: dict[Item, tuple[list[Item], list[Item]]],
    rank: dict[Item, int],
    forward: bool,
) -> None:
    place = {item: i for items in layers.columns for i, item in enumerate(items)}

    def centre(item: Item) -> float:
        beside = neighbours[item][0 if forward else 1]
        return sum(place[b] for b in beside) / len(beside) if beside else float(place[item])

    layers.columns[c].sort(key=lambda item: (rank[item], centre(item)))


def _swap(layers: Layers, rank: dict[Item, int]) -> None:
    """Exchange neighbours in a column as long as that removes crossings."""
    for _ in range(4):
        changed = False
        for c, items in enumerate(layers.columns):
            for i in range(len(items) - 1):
                if rank[items[i]] != rank[items[i + 1]]:
                    continue
                before = _beside(layers, c)
                items[i], items[i + 1] = items[i + 1], items[i]
                if _beside(layers, c) < before:
                    changed = True
                else:
                    items[i], items[i + 1] = items[i + 1], items[i]
        if not changed:
            return


def _beside(layers: Layers, c: int) -> int:
    """The crossings on both sides of a column."""
    return sum(
        _inversions(layers, channel) for channel in (c - 1, c) if 0 <= channel < len(layers.nets)
    )


def _crossings(layers: Layers) -> int:
    """How often branches of different nets cross between columns."""
    return sum(_inversions(layers, channel) for channel in range(len(layers.columns) - 1))


def _inversions(layers: Layers, channel: int) -> int:
    left_place = {item: i for i, item in enumerate(layers.columns[channel])}
    right_place = {item: i for i, item in enumerate(layers.columns[channel + 1])}
    lines: list[tuple[int, int, int]] = []
    for net, (left, right) in layers.nets[channel].items():
        start = 10_000 if left is None else left_place[left]
        lines += [(start, right_place[end], net) for end in right]
    return _count(lines)


def _count(lines: Iterable[tuple[int, int, int]]) -> int:
    lines = list(lines)
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0 and a[2] != b[2]
        for i, a in enumerate(lines)
        for b in lines[:i]
    )
