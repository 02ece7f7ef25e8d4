"""Lanes: which upright stretch of which net stands where between two columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

#: Up to this many lanes all orders are tried.
ALL_ORDERS = 6

#: Up to this many lanes each is tried at all places; of more only none may lie on another.
EXCHANGED = 16

#: Two level stretches that lie nearer than this are taken for one.
NEAR = 4.0


@dataclass(frozen=True)
class Branch:
    """What one net does in a channel: it comes from `start` and goes on at `ends`."""

    net: int
    start: float
    ends: tuple[float, ...]
    from_below: bool = False

    @property
    def is_straight(self) -> bool:
        return not self.from_below and all(end == self.start for end in self.ends)


@dataclass(frozen=True)
class Channel:
    """The lane of each net that bends, counted from the left."""

    lane: dict[int, int]
    count: int


def lanes(branches: Sequence[Branch]) -> Channel:
    """Give each net that bends a lane of its own, so that few lines cross and none meet.

    >>> lanes([Branch(0, 0, (0,)), Branch(1, 10, (30, 50)), Branch(2, 20, (10,))]).lane
    {1: 0, 2: 1}
    """
    bent = [b for b in branches if not b.is_straight]
    straight = [b for b in branches if b.is_straight]
    order = _first_order(bent)
    if len(bent) <= ALL_ORDERS:
        order = min(permutations(order), key=lambda o: (_cost(o, straight), o != tuple(order)))
    elif len(bent) <= EXCHANGED:
        order = _exchanged(order, straight)
    else:
        order = _apart(order)
    return Channel({b.net: i for i, b in enumerate(order)}, len(bent))


def _first_order(bent: Iterable[Branch]) -> tuple[Branch, ...]:
    return tuple(sorted(bent, key=lambda b: (-b.start, b.net)))


def _exchanged(order: Sequence[Branch], straight: Sequence[Branch]) -> tuple[Branch, ...]:
    """Move one net at a time to the lane where it costs least."""
    best = list(order)
    for _ in range(6):
        before = list(best)
        for branch in order:
            rest = [b for b in best if b != branch]
            tries = [[*rest[:i], branch, *rest[i:]] for i in range(len(best))]
            best = min([best, *tries], key=lambda o: _cost(o, straight))
        if best == before:
            break
    return tuple(best)


def _apart(order: Sequence[Branch]) -> tuple[Branch, ...]:
    """An order in which few level stretches lie on one another: a net that starts where
    another ends stands to the left of it."""
    left_of = {
        b.net: {o.net for o in order if o.net != b.net and not o.from_below
                and any(abs(end - o.start) < NEAR for end in b.ends)}
        for b in order
    }  # fmt: skip
    out: list[Branch] = []
    rest = list(order)
    while rest:
        waiting = {b.net for b in rest}
        free = next((b for b in rest if not left_of[b.net] & waiting), rest[0])
        out.append(free)
        rest.remove(free)
    return tuple(out)


def _cost(order: Sequence[Branch], straight: Sequence[Branch]) -> float:
    """Crossings, and far more for level stretches that would lie on one another."""
    total = 0.0
    for i, b in enumerate(order):
        low, high = min(b.start, *b.ends), max(b.start, *b.ends)
        for j, other in enumerate(order):
            if i == j:
                continue
            levels = other.ends if j < i else () if other.from_below else (other.start,)
            total += sum(low < level < high for level in levels)
            if j < i:  # b comes in from the left over the lane of the other, which leaves right
                total += sum(
                    100 for end in other.ends if not b.from_below and abs(end - b.start) < NEAR
                )
        total += 0.001 * i * len(b.ends)
        total += sum(low < s.start < high for s in straight)
    return total
