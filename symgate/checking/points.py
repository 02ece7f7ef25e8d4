"""Random points of a cell: the values of all its nodes over some steps, and what follows there.

All points are worked out at once: they are the first axis of every array.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer

from symgate.algebra.fold import fold
from symgate.algebra.vectors import MatVec, rank, shifted, variable
from symgate.checking.matrices import CHANGE, LETTER
from symgate.checking.summands import Addend, Summands
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.linearise import linearise
from symgate.numerics.values import Arrays, Diagonal

Array = NDArray[Any]

#: At how many random points a claim is worked out, of which sizes, and how many are drawn at once.
#: No size is a number of points, so that no axis is taken for another.
POINTS, SIZES, MANY = 11, (5, 4, 3, 6), 44

#: How far two numbers may lie apart that are the same but for rounding, beside the largest, and
#: at the least; a claim is wrong only where they lie `APART` times as far apart.
CLOSE, LEAST, APART = 1e-11, 1e-13, 1e3

#: How far sums may lie apart, beside the largest, that are lost in a whole.
SHOWN = 1e-6

#: How often points are drawn, and after how many times each draw is half as large as the last, so
#: that what grows fast (an exp, a seventh power) stays finite over all steps.
DRAWS, LARGE = 16, 8


class Points(Arrays):
    """The values of a cell's nodes at random points, and of all that follows from them."""

    def __init__(self, cell: Cell, given: Mapping[Any, Array], size: Any) -> None:
        self.known: dict[Any, Any] = dict(given)
        super().__init__(self.known, size)
        self.cell, self.given = cell, dict(given)

    def dot(self, u: Any, v: Any, e: Any) -> Any:
        """The inner product; of matrices, of the columns that hold their rows."""
        one, other = e.args
        return np.sum(_column(u, rank(one)) * _column(v, rank(other)), axis=-1)

    def numbers(self, parts: Iterable[Addend], rows: Expr, cols: Expr) -> Array:
        """A sum of products, as a matrix at each point; an ArithmeticError where it has none."""
        shape = self.size(rows), self.size(cols)
        with np.errstate(all="ignore"):
            found = sum((self.product(s, shape) for s in parts), np.zeros((POINTS, *shape)))
        if not np.isfinite(found).all():
            raise ArithmeticError("its numbers are not finite")
        return found

    def product(self, part: Addend, shape: tuple[int, ...]) -> Array:
        """A product of diagonals and matrices, in the shape that is due."""
        found = self.value(part.number)[..., None, None] * np.eye(self.size(part.rows))
        for factor in part.factors:
            value = fold(factor, self)
            diagonal = isinstance(value, Diagonal)
            found = found * value.vector[..., None, :] if diagonal else found @ value
        if found.shape[-2:] != shape:
            raise ValueError(f"a matrix of {found.shape[-2:]} stands for one of {shape}")
        return found

    def gives(self, parts: Iterable[Addend], due: Array, times: float = 1.0) -> bool:
        """Whether a sum has these numbers; one whose shapes do not fit has not."""
        try:
            with np.errstate(all="ignore"):
                found = sum((self.product(s, due.shape[-2:]) for s in parts), np.zeros_like(due))
            return same(found, due, times)
        except (TypeError, ValueError, IndexError, ArithmeticError):
            return False

    def shows(self, one: Summands, other: Summands, whole: Array) -> bool:
        """Whether two sums that are the same as a whole are so in what is lost in it, too: in the
        summands that are too small beside the largest at every point."""
        least = APART * (LEAST + CLOSE * np.abs(whole).max((1, 2), initial=0.0))
        lost = []
        for parts, others in ((one, other), (other, one)):
            left = Counter(part.product for part in others)
            left.subtract(part.product for part in parts)
            nothing, shape = np.zeros_like(whole), whole.shape[-2:]
            own = [nothing + self.product(p, shape) for p in parts if left[p.product] < 0]
            small = [a for a in own if np.all(np.abs(a).max((1, 2), initial=0.0) <= least)]
            lost.append((len(small), sum(small, nothing)))
        (many, a), (more, b) = lost
        largest = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
        return not (many or more) or bool(largest > 0 and np.all(abs(a - b) <= SHOWN * largest))

    def put(self, symbol: Any, expression: Expr, shape: tuple[Expr, ...]) -> None:
        """Give a node the value of an expression."""
        self.given[symbol] = self.known[symbol] = self.everywhere(expression, shape)

    def everywhere(self, expression: Expr, shape: tuple[Expr, ...]) -> Array:
        """The value of an expression at each point, in a shape."""
        many = len(next(iter(self.given.values())))
        return np.broadcast_to(self.shaped(expression, shape), (many, *map(self.size, shape)))

    def limited(self, limits: Mapping[str, int]) -> Points:
        """The same points with some gates of the last step at their limits, all else as it is."""
        lin, made = linearise(self.cell), Points(self.cell, self.given, self.size)
        fixed = {lin[name].symbol: Integer(number) for name, number in limits.items()}
        for node in lin:
            if node.name not in limits and node.expression.has(MatVec):
                continue
            now = fixed.get(node.symbol, node.expression.xreplace(fixed))
            if now.is_number and now.is_finite:  # what follows from the gates alone
                fixed[node.symbol] = now
            elif node.kind != "inner":  # only another name for what a matrix acts on
                continue
            made.put(node.symbol, now, node.shape)
        return made


def points(cell: Cell, steps: int) -> Points:
    """The last of `steps` steps at random points; the earlier ones are behind it."""
    sizes = {symbol: SIZES[min(i, 3)] for i, symbol in enumerate(cell.sizes.values())}
    size = cache(lambda e: int(e.subs(sizes)))
    with np.errstate(all="ignore"):
        for seed in range(DRAWS):
            largest = 0.5 ** max(seed - LARGE + 1, 0)
            drawn = _drawn(cell, steps, np.random.default_rng(seed), size, largest)
            real = [np.isfinite(a).reshape(MANY, -1).all(1) for a in drawn.given.values()]
            kept = np.flatnonzero(np.all(real, axis=0))[:POINTS]  # without a log(-1), say
            if len(kept) == POINTS:
                return Points(cell, {symbol: a[kept] for symbol, a in drawn.given.items()}, size)
    raise SymgateError(f"{cell.name} could not be evaluated at random points")


def _drawn(
    cell: Cell, steps: int, random: np.random.Generator, size: Any, largest: float
) -> Points:
    """Random numbers for what is free at some steps, and what the cell makes of them."""
    lin = linearise(cell)

    def draw(shape: tuple[Expr, ...], positive: bool = False) -> Array:
        drawn = largest * random.uniform(0.2, 1.0, (MANY, *map(size, shape)))
        return drawn if positive else drawn * random.choice([-1.0, 1.0], drawn.shape)

    given = {p.symbol: draw(p.shape, not p.shape) for p in cell.parameters.values()}
    given |= {lin.variable(s, steps): draw(cell.shapes[s], True) for s in cell.states}
    letters = [(f"{what}{s}", s) for s in cell.states for what in ("delta_", "loss:", "later:")]
    letters += [(CHANGE.format(name), name) for name in (*cell.states, *cell.inputs)]
    for back in range(steps):
        given |= {lin.variable(x, back): draw(cell.shapes[x]) for x in cell.inputs}
        for letter, name in letters:
            shape = cell.shapes[name]
            given[variable(letter, back, len(shape))] = draw(shape)
        for n in cell.sizes.values():
            given[variable(LETTER.format(n), back, 2)] = _diagonals(size(n))
    found = Points(cell, given, size)
    for back in reversed(range(steps)):
        for node in lin:
            found.put(shifted(node.symbol, back), shifted(node.expression, back), node.shape)
    return found


def _diagonals(size: int) -> Array:
    """E of n² × n: column j is e_j ⊗ e_j."""
    whole = np.eye(size)[:, None, :] * np.eye(size)[None, :, :]
    return np.broadcast_to(whole.reshape(size * size, size), (MANY, size * size, size))


def _column(value: Any, have: int) -> Array:
    """A value as one vector at each point."""
    array = np.asarray(value)
    if have == 2:
        return array.reshape(*array.shape[:-2], -1)
    return array if have else array[..., None]


def same(a: Array, b: Array, times: float = 1.0) -> bool:
    """Whether two matrices at each point are the same but for rounding, or `times` as much."""
    if a.shape != b.shape:
        return False
    largest = np.maximum(np.abs(a), np.abs(b)).max((1, 2), initial=0.0, keepdims=True)
    return bool(np.all(np.abs(a - b) <= times * (LEAST + CLOSE * largest)))
