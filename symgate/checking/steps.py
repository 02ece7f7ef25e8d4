"""Products and sums over steps, written with a sign or with dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from symgate.algebra.vectors import shifted
from symgate.checking.partials import PRODUCTS, Running
from symgate.checking.values import NotUnderstood, Place, Transform, Value, VectorRead
from symgate.reading.trees import Tree, subtrees

if TYPE_CHECKING:
    from symgate.checking.reader import Reader

#: The most steps that a product runs over.
MOST_STEPS = 8

#: The most products inside a product: each is laid out for each step of those around it.
MOST_NESTED = 2


def over(reader: Reader, run: Running, inside: Tree, vector: bool) -> Value:
    """∏ over steps, each factor read at its own; what one step adds to a Σ over all."""
    scope = reader.scope
    if run.sign == "sum":
        if not run.letter or "gradient" not in scope.mentions:
            raise NotUnderstood("a sum over steps is not understood here", inside)
        if run.letter in scope.indices.time:
            return reader.value(inside, vector)
        return reader.within(scope.with_letter(run.letter, 0)).value(inside, vector)
    if run.first is None or run.last is None:
        raise NotUnderstood("over which steps this product runs is not understood", inside)
    values = range(run.first, run.last + 1)
    if not 0 < len(values) <= MOST_STEPS:
        raise NotUnderstood("a product over no steps, or too many", inside)
    if sum(getattr(part, "name", "") in PRODUCTS for part in subtrees(inside)) > MOST_NESTED:
        raise NotUnderstood("so many products in a product are not understood", inside)
    found = [reader.within(scope.with_letter(run.letter, i)).value(inside, vector) for i in values]
    if len(found) > 1 and all(isinstance(v, Transform) for v in found):
        falls = _shifted(found[0], 1) == _shifted(found[1], 0)
        if not falls and scope.way("order") == "later to the left":
            found.reverse()
    return _multiplied(reader, found, inside)


@dataclass(frozen=True)
class Factor:
    """A factor of a product with the sign before it; dots have no value of their own."""

    sign: str
    value: Value | None
    place: Place
    time: int | None


def filled(factors: Sequence[Factor]) -> list[tuple[str, Value, Place]]:
    """J_t J_{t-1} ⋯ J_{t-k+1}, with the factors that the dots stand for."""
    found: list[tuple[str, Value, Place]] = []
    for at, factor in enumerate(factors):
        if factor.value is not None:
            found.append((factor.sign, factor.value, factor.place))
            continue
        before = factors[at - 1] if found else None
        after = factors[at + 1] if at + 1 < len(factors) else None
        steps = _between(before, after) if before is not None and after is not None else None
        if steps is None or before is None or before.value is None:
            raise NotUnderstood("what these dots stand for is not understood", factor.place)
        step = 1 if steps > 0 else -1
        for n in range(1, abs(steps)):
            found.append(("", _shifted(before.value, n * step), factor.place))
        if steps == 0:  # so few steps that the last two are one
            found.pop()
    return found


def _between(before: Factor, after: Factor) -> int | None:
    """How many steps earlier the second of two values is the first; negative for later."""
    if before.value is None or after.value is None:
        return None
    guessed = [*range(MOST_STEPS), *range(-1, -MOST_STEPS, -1)]
    if before.time is not None and after.time is not None:
        guessed = [before.time - after.time]
    for n in guessed:
        one, other = (before, after) if n >= 0 else (after, before)
        assert one.value is not None
        assert other.value is not None
        if _shifted(one.value, abs(n)) == _shifted(other.value, 0):
            return n
    return None


def _shifted(value: Value, steps: int) -> Value:
    """A value so many steps earlier, without its place."""
    if isinstance(value, VectorRead):
        return replace(value, expr=shifted(value.expr, steps))
    parts = tuple(replace(s.shifted(steps), start=0, stop=0) for s in value.parts)
    return replace(value, parts=parts, factors=(), grid=())


def _multiplied(reader: Reader, values: Sequence[Value], at: Place) -> Value:
    result, *rest = values
    for value in rest:
        result = reader.products.beside(result, value, at, isinstance(result, VectorRead))
    return result
