"""The steps of a run, ready to be multiplied: their coefficients segment by segment.

Two ways to apply a step to adjoint rows, chosen by the work they cost: *dense* forms the
step's Jacobian blocks first and multiplies once; *thin* runs the terms one after the other
on the few rows that are left. Both read the same blocks. Rows are (B, r, n): the samples
lie one below the other, so that one matrix product serves them all.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from symgate.algebra.vectors import as_product, name_of
from symgate.errors import Diverged
from symgate.linear.linearise import linearise
from symgate.linear.transition import Transition, transition
from symgate.numerics.bound import ELEMENT, Binding, BoundBlock
from symgate.numerics.dense import DenseSteps, whole
from symgate.numerics.run import Run, checked_run, window_of

Array = NDArray[Any]

#: Adjoint rows by value: arrays (B, r, n).
Rows = dict[str, Array]


class Steps:
    """The coefficients of a run's steps, segment by segment, and the matrices as arrays.

    `step` is the cell's transition, or one with some of its routes left out.
    """

    def __init__(self, run: Run, step: Transition | None = None) -> None:
        checked_run(run)
        self.run = run
        self.transition = transition(run.cell) if step is None else step
        self.binding = binding = Binding(run)
        self.within = [(a, b, binding.bind(f, None)) for a, b, f in self.transition.within]
        self.across = [(a, b, binding.bind(f, b)) for a, b, f in self.transition.across]
        self.blocks = [f for _, _, f in (*self.within, *self.across)]
        self.expressions = tuple(binding.table)[1:]
        self.stacks = {s: np.vstack(m) for s, m in binding.stacked.items()}
        self.buffers: dict[Any, Array] = {}
        self.states, self.values = run.cell.states, self.transition.values

    def size(self, name: str) -> int:
        """How long a state or a value is."""
        return self.run.size(linearise(self.run.cell).size(name))

    def length(self, e: Expr) -> int:
        """How long a vector is: a value, an input, a parameter, or a product with a matrix."""
        run = self.run
        if (product := as_product(e)) is not None:
            return run.size(product.matrix.rows)
        if e.is_Symbol:
            return len(run.params[e.name])
        name = name_of(e)
        return run.size(run.cell.size(name)) if name in run.cell.inputs else self.size(name)

    @cached_property
    def width(self) -> int:
        """How long the whole state is."""
        return sum(map(self.size, self.run.cell.states))

    def segment(self, start: int, stop: int) -> StepSegment:
        """The coefficients of the steps start … stop - 1."""
        window = window_of(self.run, start, stop)
        count, samples = stop - start, self.run.samples
        arrays = [np.ones((count, samples, 1), self.run.dtype)]
        for value in window.all(self.expressions):
            if not np.isfinite(value).all():
                self.diverged(value, start)
            units = value.shape[-2] if value.ndim >= 2 else 1
            spread = np.broadcast_to(value, (count, units, samples))
            arrays.append(np.ascontiguousarray(spread.swapaxes(-1, 1)))
        return StepSegment(self, arrays)

    def diverged(self, value: Array, start: int) -> None:
        at = np.flatnonzero(~np.isfinite(value).all(axis=(1, 2)))[0] if value.ndim == 3 else 0
        raise Diverged(
            f"the Jacobian of {self.run.cell.name} is not finite at step {start + at} (of "
            f"{self.run.steps}): a slope overflows or divides by zero; use smaller weights, "
            f"fewer steps, or float64"
        )

    def buffer(self, key: Any, shape: tuple[int, ...]) -> Array:
        """An array that is used again for the same purpose."""
        size = math.prod(shape)
        if key not in self.buffers or self.buffers[key].size < size:
            self.buffers[key] = np.empty(size, self.run.dtype)
        return self.buffers[key][:size].reshape(shape)

    def prefers_dense(self, rows: int) -> bool:
        """Whether forming the Jacobian first costs less for so many rows."""
        form = sum(f.forming()[0] for f in self.blocks)
        named = (*self.within, *self.across)
        multiply = rows * sum(f.forming()[1] or ELEMENT * self.size(a) for a, _, f in named)
        return form + multiply < sum(f.running(rows) for f in self.blocks)


class StepSegment:
    """Some steps of a run with their coefficients, each (steps, B, n) at its place."""

    def __init__(self, steps: Steps, arrays: list[Array]) -> None:
        self.steps, self.arrays = steps, arrays
        self.spread = [array[:, :, None] for array in arrays]

    def dense(self, first: int, last: int) -> DenseSteps:
        """The Jacobian blocks of the steps first … last - 1 (numbers within the segment)."""
        return DenseSteps(self.steps, [array[first:last] for array in self.arrays])

    def whole(self, first: int, last: int) -> Array:
        """The whole state's Jacobian of some steps, (last - first, B, N, N)."""
        return whole(self.steps, self.dense(first, last), last - first)

    def fold(self, i: int, rows: Rows) -> None:
        """Add to each value what others of the same step pass on to it."""
        for value, other, f in self.steps.within:
            if value in rows:
                _add(rows, other, self._pulled(f, i, rows[value]))

    def _pulled(self, f: BoundBlock, i: int, d: Array) -> Array:
        """d block"""
        out = None if f.diagonal is None else d * self.spread[f.diagonal][i]
        for branch in f.branches:
            c = None if branch.coefficient is None else self.spread[branch.coefficient][i]
            moved = _times(d if c is None else d * c, branch.matrix)
            if not branch.rest.is_identity:
                moved = self._pulled(branch.rest, i, moved)
            out = moved if out is None else np.add(out, moved, out=moved)
        return cast(Array, out)

    def push(self, i: int, d: Rows) -> Rows:
        """One step forward on directions {state before: (B, r, n)}: the tangent."""
        now: Rows = {}
        for value, other, f in self.steps.across:
            _add(now, value, self._pushed(f, i, d[other]))
        for value, other, f in reversed(self.steps.within):
            if other in now:
                _add(now, value, self._pushed(f, i, now[other]))
        for state in self.steps.run.cell.states:
            if state not in now:  # it reads no state before
                count = next(iter(d.values())).shape[:2]
                now[state] = np.zeros((*count, self.steps.size(state)), self.steps.run.dtype)
        return {s: now[s] for s in self.steps.run.cell.states}

    def _pushed(self, f: BoundBlock, i: int, d: Array) -> Array:
        """block d"""
        out = None if f.diagonal is None else d * self.spread[f.diagonal][i]
        for branch in f.branches:
            inner = d if branch.rest.is_identity else self._pushed(branch.rest, i, d)
            moved = _times(inner, branch.matrix.T)
            if branch.coefficient is not None:
                moved *= self.spread[branch.coefficient][i]
            out = moved if out is None else np.add(out, moved, out=moved)
        return cast(Array, out)


def _times(rows: Array, matrix: Array) -> Array:
    """Rows (B, r, n) times a matrix, all samples in one product."""
    samples, count, size = rows.shape
    flat = np.dot(rows.reshape(samples * count, size), matrix)
    return flat.reshape(samples, count, matrix.shape[1])


def _add(into: Rows, name: str, fresh: Array) -> None:
    """Add an array that nothing else holds."""
    into[name] = np.add(into[name], fresh, out=fresh) if name in into else fresh
