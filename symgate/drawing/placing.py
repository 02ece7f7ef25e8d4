"""Where nodes stand, as textbooks have it: carries on rails along the top, boxes in one row,
operations between them, buses below. Columns and rows are counted here, not measured.

From top to bottom the rows are the rails, the middle rows, the row of gates, the buses. In a
cell that carries nothing a rail holds the shortest way of a state to itself; where all boxes
are on it, it is the row of gates.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from symgate.drawing.graph import Graph

#: About how far apart columns and rows are, what a bend costs, and what a detour costs.
WIDE, TALL, BEND, DETOUR = 4.0, 4.0, 3.0, 10.0

#: All orders of so many boxes are tried; of more, exchanges of neighbours.
ALL_ORDERS = 4

Cell = tuple[int, int]


@dataclass
class Placement:
    """The column and row of each node; inputs and states after the step have no column."""

    graph: Graph
    rails: int
    middles: int
    column: dict[int, int] = field(default_factory=dict)
    row: dict[int, int] = field(default_factory=dict)
    cost: float = 0.0
    ways: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def gate_row(self) -> int:
        return self.rails + self.middles

    @property
    def rows(self) -> int:
        """How many rows there are, the buses among them."""
        return max(self.gate_row, *self.row.values()) + 1

    def key(self) -> tuple[object, ...]:
        return tuple(sorted(self.column.items())), tuple(sorted(self.row.items()))


def placements(graph: Graph, count: int) -> list[Placement]:
    """Some good placements, of each number of middle rows the ones that promise most."""
    if not count:
        return []
    found: dict[tuple[object, ...], Placement] = {}
    ways = graph.carries or _shortest_way(graph)
    on_way = {i for way in ways for i in way}
    every_box = [i for i, node in enumerate(graph.nodes) if node.kind == "box"]
    boxes = [i for i in every_box if i not in on_way]
    loose = [i for i, n in enumerate(graph.nodes) if n.kind in ("op", "pill") and i not in on_way]
    most = 0 if not loose else 2 if len(loose) < 10 else 3
    for middles in range(min(1, most), most + 1):
        for order in _orders(graph, boxes, middles):
            placed = _Placing(graph, order, middles).placed()
            if placed is not None:
                found.setdefault(placed.key(), placed)
    every = sorted(found.values(), key=lambda p: p.cost)
    chosen = []
    for middles in sorted({p.middles for p in every}):
        chosen += [p for p in every if p.middles == middles][: -(-count // 2)]
    return chosen


def _orders(graph: Graph, boxes: list[int], middles: int) -> Iterator[Sequence[int]]:
    if len(boxes) <= ALL_ORDERS:
        yield from itertools.permutations(boxes)
        return
    best, least = list(boxes), float("inf")
    start = _Placing(graph, best, middles).placed()
    least = start.cost if start else least
    yield best
    for _ in range(3 if len(boxes) < 8 else 1):
        changed = False
        for i in range(len(boxes) - 1):
            tried = [*best[:i], best[i + 1], best[i], *best[i + 2 :]]
            placed = _Placing(graph, tried, middles).placed()
            if placed is not None and placed.cost < least:
                best, least, changed = tried, placed.cost, True
                yield tried
        if not changed:
            return


def _shortest_way(graph: Graph) -> list[tuple[int, ...]]:
    """The way with the fewest nodes from an old state to its new value."""
    ways = (graph.way(state, lambda _: True) for state in graph.cell.states)
    return sorted(filter(None, ways), key=len)[:1]


class _Placing:
    """One placement: boxes in a given order, operations where they cost least."""

    def __init__(self, graph: Graph, order: Sequence[int], middles: int) -> None:
        self.graph, self.nodes = graph, graph.nodes
        self.order = list(order)
        self.readers = graph.readers()
        ways = graph.carries or _shortest_way(graph)
        boxes = {i for i, node in enumerate(graph.nodes) if node.kind == "box"}
        alone = not graph.carries and all(boxes <= set(way) for way in ways)
        self.p = Placement(graph, 0 if alone else len(ways), middles, ways=ways)
        self.column, self.row = self.p.column, self.p.row
        self.taken: dict[Cell, int] = {}
        self.wired: set[Cell] = set()
        self.columns: set[int] = set()
        self.rail_end: dict[int, int] = {}
        self.last_box = 0
        self.behind: list[set[int]] = []
        for i, node in enumerate(self.nodes):
            own = {i} if node.kind == "box" else set()
            self.behind.append(own.union(*(self.behind[s] for s in node.sources)))
        self.rows_of_ends()

    def rows_of_ends(self) -> None:
        """The rows of states, and of the nodes on the ways of those that are carried."""
        self.on_way: dict[int, int] = {}
        for rail, way in enumerate(self.p.ways):
            row = rail if self.p.rails else self.p.gate_row
            for i in way:
                self.on_way.setdefault(i, row)
        row_of: dict[str, int] = {}
        bus = self.p.gate_row + 1
        for i, node in enumerate(self.nodes):
            if node.kind in ("before", "after"):
                if node.name not in row_of:
                    row_of[node.name] = self.on_way.get(i, bus)
                    bus += i not in self.on_way
                self.row[i] = row_of[node.name]
            if node.kind == "before":
                self.column[i] = -1
        self.next_bus = bus

    # -- one after the other ---------------------------------------------------------------

    def placed(self) -> Placement | None:
        waiting = [
            i
            for i, node in enumerate(self.nodes)
            if node.kind in ("op", "pill") or (node.kind == "box" and i in self.on_way)
        ]
        waiting = self.ready(waiting)
        for box in self.order:
            if not all(self.has(s) for s in self.nodes[box].sources):
                return None
            self.place_box(box)
            waiting = self.ready(waiting)
        self.p.cost += WIDE * len(self.columns)
        return self.p

    def has(self, i: int) -> bool:
        """Whether a node's place is known; a join is placed with its first reader."""
        node = self.nodes[i]
        if node.kind == "join":
            return all(self.has(s) for s in node.sources)
        return node.kind == "input" or i in self.column

    def ready(self, waiting: list[int]) -> list[int]:
        """Place the operations whose sources all have their places."""
        left = []
        for i in waiting:
            if self.is_wanted(i) and all(self.has(s) for s in self.nodes[i].sources):
                self.place_operation(i)
            else:
                left.append(i)
        return left

    def is_wanted(self, i: int) -> bool:
        """Whether something reads a node now, and not only together with a later box."""
        return any(
            self.nodes[r].kind in ("after", "box")
            or r in self.on_way
            or all(box in self.column for box in self.behind[r])
            for r in self.readers[i]
        )

    def place_box(self, box: int) -> None:
        deepest = max([0, *(self.depth(s) for s in self.nodes[box].sources)])
        column = max(self.last_box + 2, deepest + 1 + (deepest + 1) % 2)
        while (column, self.p.gate_row) in self.taken:
            column += 2
        self.last_box = column
        for source in self.nodes[box].sources:
            self.place_join(source, column - 1)
        self.put(box, column, self.p.gate_row)
        for source in self.nodes[box].sources:
            here, kind = self.column.get(source, column), self.nodes[source].kind
            if kind in ("op", "pill", "box"):
                near = kind == "box" and here == column - 2
                self.p.cost += WIDE * (column - here) + (0 if near else TALL + 2 * BEND)
            elif kind == "before":
                self.p.cost += 0.5 * WIDE * (column - here) + TALL

    def depth(self, source: int) -> int:
        """The column that a reader of a source stands to the right of."""
        node = self.nodes[source]
        if node.kind == "join" and source not in self.column:
            return max([0, *(self.depth(s) for s in node.sources)])
        return self.column.get(source, 0) if node.kind != "before" else 0

    def place_join(self, join: int, column: int) -> None:
        """Put a join on the row of a state that it takes in, or on a row of its own."""
        if self.nodes[join].kind != "join" or join in self.column:
            return
        for source in self.nodes[join].sources:
            self.place_join(source, column)
        rows = [
            self.row[s]
            for s in self.nodes[join].sources
            if self.nodes[s].kind == "before" and self.row[s] > self.p.gate_row
        ]
        free = [
            row
            for row in rows
            if not any(self.row.get(j) == row for j, n in enumerate(self.nodes) if n.kind == "join")
        ]
        if not free:
            free = [self.next_bus]
            self.next_bus += 1
        self.column[join], self.row[join] = column, free[0]
        self.columns.add(column)

    def put(self, i: int, column: int, row: int) -> None:
        self.column[i], self.row[i] = column, row
        self.taken[column, row] = i
        self.columns.add(column)
        if i in self.on_way:
            self.rail_end[row] = column
        for source in self.nodes[i].sources:
            if self.column.get(source) == column and source in self.row:
                low, high = sorted((self.row[source], row))
                self.wired |= {(column, r) for r in range(low + 1, high)}

    def place_operation(self, i: int) -> None:
        sources = [
            s for s in self.nodes[i].sources if self.nodes[s].kind not in ("input", "before")
        ]
        low = max([1, *(self.depth(s) for s in sources)])
        rows = (
            [self.on_way[i]] if i in self.on_way else list(range(self.p.rails, self.p.gate_row + 1))
        )
        best: tuple[float, int, int] | None = None
        for row in rows:
            first = max(low, self.rail_end.get(row, 0) + 1) if i in self.on_way else low
            for column in range(first, max(first, self.last_box) + 4 + len(self.nodes)):
                if (column, row) in self.taken:
                    continue
                if any(self.row.get(s) == row and self.column[s] >= column for s in sources):
                    continue
                cost = self.cost(i, column, row)
                if best is None or (cost, column, row) < best:
                    best = (cost, column, row)
        assert best is not None, "there is always a free column at the right"
        self.p.cost += best[0]
        for source in self.nodes[i].sources:
            self.place_join(source, best[1] - 1)
        self.put(i, best[1], best[2])

    # -- what a place costs ------------------------------------------------------------------

    def cost(self, i: int, column: int, row: int) -> float:
        total = sum(self.line(s, column, row) for s in self.nodes[i].sources)
        total += 0.0 if column in self.columns else WIDE
        if row == self.p.gate_row and i not in self.on_way:
            total += BEND
        if (column, row) in self.wired:
            total += DETOUR
        for reader in self.readers[i]:
            if reader in self.on_way:
                total += 0.25 * TALL * abs(row - self.on_way[reader])
            elif self.nodes[reader].kind == "after":
                total += 0.5 * TALL * abs(row - self.row[reader])
        return total

    def line(self, source: int, column: int, row: int) -> float:
        """What the line from a source to a place costs, by its bends and its length."""
        node = self.nodes[source]
        if node.kind == "input":
            return TALL * (self.p.gate_row + 2 - row) + BEND
        if source not in self.column:
            return 0.0
        there, from_row = self.column[source], self.row[source]
        across, along = WIDE * (column - there), TALL * abs(row - from_row)
        on_rail = source in self.on_way and from_row < self.p.rails
        if row == from_row:
            free = all((c, row) not in self.taken for c in range(there + 1, column))
            return across + (0.0 if free else DETOUR)
        between = range(min(row, from_row) + 1, max(row, from_row))
        free = all((column, r) not in self.taken for r in between)
        if on_rail:  # it leaves the rail wherever it likes, before the next node on it
            left = any(
                self.row.get(n) == from_row and there < c <= column
                for n, c in self.column.items()
                if n in self.on_way
            )
            return 0.3 * across + along + (DETOUR if left else 0.0) + (0.0 if free else DETOUR)
        if column == there:
            return along + (0.0 if free else DETOUR)
        up_first = all((there, r) not in self.taken for r in (*between, row))
        return across + along + BEND + (0.0 if free or up_first else DETOUR)
