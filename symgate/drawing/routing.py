"""Lines on a grid: each net takes the cheapest way among those that are drawn already.

A step costs 1; a bend, a branch and a crossing cost more; nets cross at right angles only and
never share a stretch. A net is a tree: a further end may leave it anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, pairwise, permutations
from math import inf

Spot = tuple[int, int]

#: East, south, west, north.
MOVES: tuple[Spot, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))
ARRIVED = 4
BEND, BRANCH, CROSSING, BESIDE = 4.0, 3.0, 16.0, 1.0

#: What it costs to pass the port of a node, and how often all nets are tried.
KEPT, ATTEMPTS = 3.0, 4

#: Of a net with so many ends all orders are tried, of one that goes so far just one.
ALL_ORDERS, LONG = 3, 120

_LEVEL, _UPRIGHT = 0b0101, 0b1010


@dataclass(frozen=True)
class Port:
    """A place where a line leaves or enters: the point before it, and which way it runs."""

    spot: Spot
    way: int
    cost: float = 0.0


@dataclass
class Net:
    """All lines from one node: `ends` are the ports of each reader, any of which will do.

    `many` says that they may leave by several ports, `first` which ends come first; `left` and
    `entered` are the ports that each line has. `seen` is what it was last laid among.
    """

    name: int
    starts: Sequence[Port]
    ends: dict[int, Sequence[Port]]
    straight: bool = False
    many: bool = False
    first: frozenset[int] = frozenset()
    parts: dict[Spot, int] = field(default_factory=dict)
    routes: dict[int, list[Spot]] = field(default_factory=dict)
    left: dict[int, Port] = field(default_factory=dict)
    entered: dict[int, Port] = field(default_factory=dict)
    cost: float = 0.0
    seen: object = None


class NoWay(Exception):
    """There is no room for a line, or looking for one takes too long."""


class Grid:
    """A grid of points, some of them blocked, and the nets on it."""

    left = 1_000_000

    def __init__(self, width: int, height: int, blocked: Iterable[Spot]) -> None:
        self.width, self.height = width, height
        self.blocked = set(blocked)
        self.near = {(x + dx, y + dy) for x, y in self.blocked for dx, dy in MOVES} - self.blocked
        self.used: dict[Spot, dict[int, int]] = {}
        self.ports: dict[Spot, int] = {}
        self.kept: set[Spot] = set()
        self.changes = 0

    # -- nets as a whole ---------------------------------------------------------------------

    def route(self, nets: Sequence[Net], rounds: int = 2) -> float:
        """Route all nets, then each again among the others; the cost of the whole."""
        self.lay_all(nets)
        for _ in range(rounds):
            before = self.whole(nets)
            for net in nets:
                if not net.straight and net.seen != (self.changes, net.starts, net.ends):
                    laid = net.parts, net.entered
                    self.lay_again(net)
                    self.changes += laid != (net.parts, net.entered)
                    net.seen = self.changes, net.starts, dict(net.ends)
            if self.whole(nets) >= before:
                break
        return self.whole(nets)

    def whole(self, nets: Sequence[Net]) -> float:
        """What all lines cost together, each crossing counted once."""
        total = CROSSING * sum(len(here) > 1 for here in self.used.values())
        for net in nets:
            total += sum(port.cost for port in net.entered.values())
            for mask in net.parts.values():
                ways = mask.bit_count()
                total += 1.0 if mask in (_LEVEL, _UPRIGHT) else BEND + (ways > 2) * BRANCH
        return total

    def lay_all(self, nets: Sequence[Net]) -> None:
        """Route what is not routed; a net that finds no way comes first in a new attempt."""
        order = list(nets)
        self.kept = {
            port.spot
            for net in nets
            for ports in (net.starts, *net.ends.values())
            for port in ports
        }
        for _ in range(ATTEMPTS):
            stuck = next((net for net in order if not net.parts and not self.try_to_lay(net)), None)
            if stuck is None:
                return
            for net in order:
                self.lift(net)
            order.remove(stuck)
            order.insert(sum(net.straight for net in order), stuck)
        raise NoWay

    def try_to_lay(self, net: Net) -> bool:
        try:
            self.lay(net)
        except NoWay:
            return False
        return True

    def lay_again(self, net: Net) -> None:
        """Route one net among the others, its ends in the order that costs least."""
        nearest = self.order(net)
        orders: list[tuple[int, ...]] = [tuple(nearest), tuple(nearest[::-1])]
        x = net.starts[0].spot[0]
        if max(abs(port.spot[0] - x) for ports in net.ends.values() for port in ports) > LONG:
            orders = [tuple(nearest)]
        elif len(nearest) <= ALL_ORDERS:
            orders = list(permutations(nearest))
        least, best = inf, tuple(nearest)
        order = best
        for order in dict.fromkeys(orders):
            self.lift(net)
            try:
                self.lay(net, order, least)
            except NoWay:
                continue
            least, best = net.cost, order
        if order != best or not net.cost == least < inf:
            self.lift(net)
            self.lay(net, best)

    def lift(self, net: Net) -> None:
        for spot in net.parts:
            self.used[spot].pop(net.name)
        for port in (*net.left.values(), *net.entered.values()):
            self.ports.pop(port.spot, None)
        net.parts, net.routes, net.left, net.entered, net.cost = {}, {}, {}, {}, 0.0

    def lay(self, net: Net, order: Sequence[int] = (), below: float = inf) -> None:
        """Route one net, end after end, if all of them together cost less than `below`."""
        for end in order or self.order(net):
            self.connect(net, end, below)

    def order(self, net: Net) -> list[int]:
        """The nearest end first, after those that have to be straight."""
        middle = net.starts[0].spot

        def away(end: int) -> tuple[bool, int, int]:
            spot = net.ends[end][0].spot
            far = abs(spot[0] - middle[0]) + abs(spot[1] - middle[1])
            return end not in net.first, far, end

        return sorted(net.ends, key=away)

    def connect(self, net: Net, end: int, below: float) -> None:
        starts: list[tuple[float, Spot, int]] = []
        if net.many or not net.parts:
            starts = [
                (p.cost + BRANCH * bool(net.parts), p.spot, p.way)
                for p in net.starts
                if self.is_free(p.spot) and p.spot not in self.ports and not self.used.get(p.spot)
            ]
        entered = {port.spot for port in net.entered.values()}
        for spot, mask in net.parts.items():
            if len(self.used[spot]) == 1:
                free = [w for w in range(4) if not mask >> w & 1]
                near = 6.0 if spot in entered else 0.0
                starts += [(BRANCH + near, spot, way) for way in free]
        goals = {
            p.spot: p
            for p in net.ends[end]
            if self.ports.get(p.spot, net.name) == net.name
            and p.spot not in {e.spot for e in net.entered.values()}
        }
        found = self.search(net, starts, goals, below - net.cost)
        if found is None:
            raise NoWay
        cost, states = found
        net.cost += cost
        branch = [spot for spot, _ in states]
        base = next((e for e, route in net.routes.items() if branch[0] in route), None)
        if base is None:
            net.left[end] = next(p for p in net.starts if (p.spot, p.way) == states[0])
            self.ports[branch[0]] = net.name
            net.routes[end] = branch
        else:
            route = net.routes[base]
            net.left[end] = net.left[base]
            net.routes[end] = route[: route.index(branch[0])] + branch
        goal = goals[states[-1][0]]
        self.draw(net, [*states[:-1], (goal.spot, states[-1][1])], goal.way)
        net.entered[end] = goal
        self.ports[goal.spot] = net.name

    def draw(self, net: Net, states: list[tuple[Spot, int]], into: int) -> None:
        def mark(spot: Spot, way: int) -> None:
            net.parts[spot] = net.parts.get(spot, 0) | 1 << way
            self.used.setdefault(spot, {})[net.name] = net.parts[spot]

        first, way = states[0]
        if first not in net.parts:  # it comes out of its node
            mark(first, (way + 2) % 4)
        for (one, _), (other, moved) in pairwise(states):
            mark(one, moved)
            mark(other, (moved + 2) % 4)
        mark(states[-1][0], into)

    # -- one line ----------------------------------------------------------------------------

    def is_free(self, spot: Spot) -> bool:
        inside = 0 <= spot[0] < self.width and 0 <= spot[1] < self.height
        return inside and spot not in self.blocked

    def search(
        self,
        net: Net,
        starts: list[tuple[float, Spot, int]],
        goals: dict[Spot, Port],
        below: float,
    ) -> tuple[float, list[tuple[Spot, int]]] | None:
        """The cheapest way from a start to a goal, as points with the way that led there."""
        if not goals:
            return None
        ground = _Ground(self, net, goals)
        queue: list[tuple[float, int, float, Spot, int]] = []
        best: dict[tuple[Spot, int], float] = {}
        came: dict[tuple[Spot, int], tuple[Spot, int] | None] = {}
        ticks = count()
        for cost, spot, way in starts:
            if cost < best.get((spot, way), inf):
                best[spot, way], came[spot, way] = cost, None
                heappush(queue, (cost + ground[spot][2], next(ticks), cost, spot, way))
        while queue:
            self.left -= 1
            if self.left <= 0:
                raise NoWay
            least, _, cost, spot, way = heappop(queue)
            if least >= below:
                return None
            state = (spot, way)
            if cost > best[state]:
                continue
            if way == ARRIVED:
                return cost, _back(came, state)[:-1]
            port, crossing = goals.get(spot), ground.masks(spot)
            if port and not crossing and (way - port.way) % 4 != 2:
                paid = cost + port.cost + (0.0 if way == port.way else 2 * BEND)
                if (way == port.way or came[state]) and paid < best.get((spot, ARRIVED), inf):
                    best[spot, ARRIVED], came[spot, ARRIVED] = paid, state
                    heappush(queue, (paid, next(ticks), paid, spot, ARRIVED))
            straight = crossing or (net.parts and came[state] is None)
            x, y = spot
            for moved, dx, dy, bend in _STRAIGHT[way] if straight else _TURNS[way]:
                new = (there := (x + dx, y + dy)), moved
                costs = ground[there]
                paid = cost + costs[moved & 1] + bend
                if paid < best.get(new, inf):
                    best[new], came[new] = paid, state
                    heappush(queue, (paid + costs[2], next(ticks), paid, there, moved))
        return None


class _Ground(dict[Spot, tuple[float, ...]]):
    """Of each point what it costs to come there level and upright, and the least that remains
    from there to the goals. Filled as points are asked for."""

    def __init__(self, grid: Grid, net: Net, goals: dict[Spot, Port]) -> None:
        self.grid, self.net, self.goals = grid, net, goals
        xs, ys = zip(*goals, strict=True)
        self.corners = min(xs), max(xs), min(ys), max(ys)

    def __missing__(self, spot: Spot) -> tuple[float, ...]:
        x, y = spot
        west, east, north, south = self.corners
        along, down = max(west - x, 0, x - east), max(north - y, 0, y - south)
        found = self[spot] = (*self.costs(spot), along + down + BEND * bool(along and down))
        return found

    def costs(self, spot: Spot) -> tuple[float, float]:
        """What it costs to come to a point; infinite where no line of the net may run."""
        grid, name = self.grid, self.net.name
        if not grid.is_free(spot) or spot in self.net.parts:
            return inf, inf
        if grid.ports.get(spot, name) != name:
            return inf, inf
        paid = 1.0
        if spot in grid.kept and spot not in self.goals:
            paid += KEPT
        if spot in grid.near:
            paid += BESIDE
        masks = self.masks(spot)
        if masks:  # only one straight line may be crossed, at a right angle
            crossing = paid + CROSSING
            return (
                crossing if masks == [_UPRIGHT] else inf,
                crossing if masks == [_LEVEL] else inf,
            )
        x, y = spot
        level = self.runs((x, y - 1), _LEVEL) or self.runs((x, y + 1), _LEVEL)
        upright = self.runs((x - 1, y), _UPRIGHT) or self.runs((x + 1, y), _UPRIGHT)
        return paid + BESIDE * level, paid + BESIDE * upright

    def runs(self, spot: Spot, bits: int) -> bool:
        """Whether a line of another net runs that way through a point."""
        here = self.grid.used.get(spot)
        if not here:
            return False
        name = self.net.name
        return any(mask & bits for other, mask in here.items() if other != name)

    def masks(self, spot: Spot) -> list[int]:
        """The lines of other nets that run through a point."""
        here = self.grid.used.get(spot)
        return [mask for name, mask in here.items() if name != self.net.name] if here else []


#: Of each way those that may follow it: the way, its move and the cost of the bend.
_TURNS = [
    [((way + t) % 4, *MOVES[(way + t) % 4], BEND if t else 0.0) for t in (0, 1, 3)]
    for way in range(4)
]
_STRAIGHT = [ways[:1] for ways in _TURNS]


def _back(
    came: dict[tuple[Spot, int], tuple[Spot, int] | None], state: tuple[Spot, int]
) -> list[tuple[Spot, int]]:
    states = [state]
    while (before := came[states[-1]]) is not None:
        states.append(before)
    return states[::-1]
