"""A Jacobian over some steps as people write it, and where it is wrong: a product with one
bracket a step, or the sum over what stands between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import matmul

from symgate.checking.locating import Flaw
from symgate.checking.points import Array, Points, same
from symgate.checking.summands import Summands, exact, multiplied
from symgate.checking.values import Transform
from symgate.equations.cell import Cell


def wrong_bracket(
    cell: Cell,
    claim: Transform,
    target: tuple[str, str, int] | tuple[()],
    points: Points,
) -> tuple[Transform, Summands] | None:
    """The first bracket that is not the Jacobian of its step, and that Jacobian; None where
    it is no such product."""
    if not target or target[2] < 2 or cell.states != (target[0],) or target[1] != target[0]:
        return None
    step, last = exact(cell, *target[:2], 1), target[2] - 1
    steps = [tuple(s.shifted(i) for s in step) for i in range(last + 1)]
    size, factors = claim.rows, claim.factors
    if len(factors) <= last or any(f.rows != f.cols for f in factors):
        return None
    own = [points.numbers(f.parts, f.rows, f.cols) for f in factors]
    due = [points.numbers(parts, size, size) for parts in steps]
    begin, stop, done, left = 0, len(factors), 0, last
    while end := next((n for n in range(begin + 1, stop + 1) if _is(own[begin:n], due[done])), 0):
        begin, done = end, done + 1
        if done > last:
            return None
    while left > done and (
        at := next((n for n in range(stop - 1, begin, -1) if _is(own[n:stop], due[left])), 0)
    ):
        stop, left = at, left - 1
    length, over = divmod(stop - begin, left - done + 1)  # where several are wrong: alike
    if over or not length:
        return None
    parts = reduce(multiplied, [f.parts for f in factors[begin : begin + length]])
    return Transform(parts, size, size), steps[done]


def _is(factors: Sequence[Array], due: Array) -> bool:
    """Whether a product of factors has the numbers that are due, at every point."""
    return same(reduce(matmul, factors), due)


def wrong_way(
    cell: Cell,
    claim: Transform,
    target: tuple[str, str, int] | tuple[()],
    points: Points,
    span: tuple[int, int],
) -> Flaw | tuple[Transform, Summands] | None:
    """Of a sum over the states between two steps, what is wrong with one summand, or that
    summand and what is due; None where it is no such sum."""
    if not target or target[2] != 2 or len(cell.states) < 2 or target[1] not in cell.states:
        return None
    of, wrt, _ = target
    due: dict[str, Array] = {}
    ways: dict[str, Summands] = {}
    for state in cell.states:
        before = [s.shifted(1) for s in exact(cell, state, wrt, 1)]
        if parts := multiplied(exact(cell, of, state, 1), before):
            about = f"∂{of}_t/∂{state}_{{t-1}} ∂{state}_{{t-1}}/∂{wrt}_{{t-2}}"
            ways[about] = parts
            due[about] = points.numbers(parts, claim.rows, claim.cols)
    written: dict[tuple[int, int], Summands] = {}
    for part in claim.parts:
        place = part.start, part.stop
        written[place] = (*written.get(place, ()), part)
    left, odd = dict(due), []
    for place, parts in written.items():
        own = points.numbers(parts, claim.rows, claim.cols)
        about = next((a for a, n in due.items() if same(own, n)), "")
        if about not in left:
            odd.append((about, own, place))
        left.pop(about, None)
    if len(left) == len(due) or len(odd) > 1 or len(left) > 1:
        return None
    missing = next(iter(left), "")
    if not odd:
        return Flaw(*span, ("missing: the path through ", missing), ("add ", missing))
    about, own, place = odd[0]
    if not missing:
        what = "this stands once too often" if about else "no path is like this one"
        return Flaw(*place, (what,), ("take it away",))
    if same(-own, due[missing]):
        return Flaw(*place, ("the sign is turned",), ("turn the sign",))
    if len(written[place]) == len(ways[missing]) == 1:
        return replace(claim, parts=written[place]), ways[missing]
    return Flaw(*place, (missing, " is missing here"), ("write ", missing))
