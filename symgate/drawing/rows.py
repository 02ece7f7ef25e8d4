"""Heights: where each item of a column stands, so that long lines run straight.

Items that should stand at one height are joined to a block; the blocks of all columns are
then packed from the top and moved to where their lines bend least.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from symgate.drawing.layers import Item, Layers

#: The least room between two items of a column.
GAP = 15.0


def heights(layers: Layers, extent: Callable[[Item], tuple[float, float]]) -> dict[Item, float]:
    """The height of the middle of each item; `extent` is its room above and below."""
    return _Rows(layers, extent).placed()


class _Rows:
    def __init__(self, layers: Layers, extent: Callable[[Item], tuple[float, float]]) -> None:
        self.layers, self.extent = layers, extent
        self.block = {item: i for i, item in enumerate(self.items())}
        self.aligned: set[tuple[Item, str]] = set()
        self.join_all()

    def items(self) -> list[Item]:
        return [item for items in self.layers.columns for item in items]

    # -- blocks --------------------------------------------------------------------------

    def join_all(self) -> None:
        pairs = sorted(self.pairs())
        for _, _, left, right in pairs:
            taken = {(left, "right"), (right, "left")} & self.aligned
            if not taken and self.can_join(self.block[left], self.block[right]):
                self.aligned |= {(left, "right"), (right, "left")}
                old, new = self.block[right], self.block[left]
                for item, block in self.block.items():
                    if block == old:
                        self.block[item] = new

    def pairs(self) -> list[tuple[int, int, Item, Item]]:
        """Ends of lines that should be level, the most important first."""
        heavy = {pair for way in self.layers.graph.carries for pair in itertools.pairwise(way)}
        found = []
        for channel, nets in enumerate(self.layers.nets):
            for net, (left, right) in nets.items():
                if left is None:
                    continue
                for i, end in enumerate(right):
                    reader = end[1] if end[0] == "n" else -1
                    if end[0] == "p":
                        carried = any(
                            a == net and self.layers.column[b] > channel + 1 for a, b in heavy
                        )
                        rank = 0 if carried else 1 if left[0] == "p" else 2
                    elif (net, reader) in heavy:
                        rank = 0
                    elif self.layers.graph.nodes[reader].kind == "after":
                        rank = 2
                    else:
                        rank = 3 if len(right) == 1 else 4
                    found.append((rank, channel * 1000 + i, left, end))
        return found

    def below(self) -> dict[int, set[int]]:
        """The blocks that stand right below each block."""
        found: dict[int, set[int]] = {b: set() for b in self.block.values()}
        for items in self.layers.columns:
            for upper, lower in itertools.pairwise(items):
                found[self.block[upper]].add(self.block[lower])
        return found

    def can_join(self, one: int, other: int) -> bool:
        if one == other:
            return False
        below = self.below()
        return other not in _reach(below, one) and one not in _reach(below, other)

    # -- heights -------------------------------------------------------------------------

    def placed(self) -> dict[Item, float]:
        self.gaps = self.minimal_gaps()
        order = self.topological()
        y = dict.fromkeys(order, 0.0)
        for block in order:
            y[block] = max([0.0, *(y[a] + gap for (a, b), gap in self.gaps.items() if b == block)])
        pulls = self.pulls()
        for sweep in range(40):
            for block in order if sweep % 2 else reversed(order):
                beside = pulls.get(block, [])
                if not beside:
                    continue
                wish = sum(w * y[b] for b, w in beside) / sum(w for _, w in beside)
                low = max([0.0, *(y[a] + g for (a, b), g in self.gaps.items() if b == block)])
                high = min([1e9, *(y[b] - g for (a, b), g in self.gaps.items() if a == block)])
                y[block] = min(max(wish, low), high)
        return {item: round(y[block], 1) for item, block in self.block.items()}

    def minimal_gaps(self) -> dict[tuple[int, int], float]:
        found: dict[tuple[int, int], float] = {}
        for items in self.layers.columns:
            for upper, lower in itertools.pairwise(items):
                pair = (self.block[upper], self.block[lower])
                gap = self.extent(upper)[1] + GAP + self.extent(lower)[0]
                found[pair] = max(found.get(pair, 0.0), gap)
        return found

    def topological(self) -> list[int]:
        below, order = self.below(), list[int]()
        done: set[int] = set()

        def visit(block: int) -> None:
            if block not in done:
                done.add(block)
                for lower in sorted(below[block]):
                    visit(lower)
                order.append(block)

        for block in sorted(below):
            visit(block)
        return order[::-1]

    def pulls(self) -> dict[int, list[tuple[int, float]]]:
        found: dict[int, list[tuple[int, float]]] = {}
        for nets in self.layers.nets:
            for left, right in nets.values():
                for end in right:
                    if left is not None and self.block[left] != self.block[end]:
                        a, b = self.block[left], self.block[end]
                        weight = 1.0 / len(right)
                        found.setdefault(a, []).append((b, weight))
                        found.setdefault(b, []).append((a, weight))
        return found


def _reach(below: Mapping[int, set[int]], start: int) -> set[int]:
    found, todo = set(), [start]
    while todo:
        for lower in below[todo.pop()]:
            if lower not in found:
                found.add(lower)
                todo.append(lower)
    return found
