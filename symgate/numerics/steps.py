"""The forms of a cell's step as arrays: a stretch of steps, ready to be multiplied.

Two ways to apply a step to a matrix P of adjoint rows, chosen by the work they cost:
*dense* forms the step's Jacobian blocks first and multiplies once; *thin* runs the terms
one after the other on the few rows that are left. Both read the same forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, S

from symgate.errors import Diverged
from symgate.linear.forms import Form, Transition, transition
from symgate.numerics.compiled import matrix_value
from symgate.numerics.run import Run, checked_run

Array = NDArray[Any]

#: Adjoint rows by value: arrays (B, r, n).
Rows = dict[str, Array]

#: A form over some steps: its diagonal (b, B, n), or its matrix (b, B, n, n').
Block = tuple[Array | None, Array | None]

#: What one element of an array operation costs, in multiplications of a matrix product,
#: and what one call costs: they decide between dense and thin, never a result.
ELEMENT, CALL = 20, 40_000


@dataclass(frozen=True, eq=False)
class BoundBranch:
    """A branch with its matrix as an array; `coefficient` is a place in the table or None.

    `slot` is where its rows lie among all that end at the same state of the step before:
    these are stacked, and one product serves them all.
    """

    coefficient: int | None
    matrix: Array
    transposed: Array
    rest: BoundForm
    slot: slice | None


@dataclass(frozen=True, eq=False)
class BoundForm:
    """A form with its coefficients as places in the table; a diagonal of 1 is place 0."""

    diagonal: int | None
    branches: tuple[BoundBranch, ...]
    is_identity: bool


class Steps:
    """The coefficients of a run's steps, stretch by stretch, and the matrices as arrays.

    `step` is the cell's transition, or one with some of its routes left out.
    """

    def __init__(self, run: Run, step: Transition | None = None) -> None:
        checked_run(run)
        self.run = run
        self.transition = transition(run.cell) if step is None else step
        named = (*self.transition.within, *self.transition.across)
        self.table: dict[Expr, int] = {S.One: 0}
        self.arrays: dict[Any, tuple[Array, Array]] = {}
        count = len(self.transition.within)
        self.stacked: dict[str, list[Array]] = {}
        self.forms = [
            self.bind(f, None if place < count else state)
            for place, (_, state, f) in enumerate(named)
        ]
        self.stacks = {state: np.hstack(parts) for state, parts in self.stacked.items()}
        self.within = [(a, b, f) for (a, b, _), f in zip(named, self.forms, strict=True)][:count]
        self.across = [(a, b, f) for (a, b, _), f in zip(named, self.forms, strict=True)][count:]
        self.buffers: dict[Any, Array] = {}

    def bind(self, f: Form, state: str | None) -> BoundForm:
        """A form with numbers for its coefficients and arrays for its matrices; `state` is
        the state of the step before that it ends at, None where it ends within the step."""
        branches = []
        for b in f.branches:
            if b.matrix not in self.arrays:
                value = matrix_value(b.matrix, self.run.params, self.run.size)
                array = np.asarray(value, self.run.dtype)
                self.arrays[b.matrix] = array, np.ascontiguousarray(array.T)
            place = None if b.coefficient == S.One else self.place(b.coefficient)
            arrays = self.arrays[b.matrix]
            slot = self.slot(state, arrays[1]) if state and b.rest.is_identity else None
            branches.append(BoundBranch(place, *arrays, self.bind(b.rest, state), slot))
        diagonal = None if f.diagonal == S.Zero else self.place(f.diagonal)
        return BoundForm(diagonal, tuple(branches), f.is_identity)

    def slot(self, state: str, transposed: Array) -> slice:
        """The next free rows among the branches that end at a state."""
        parts = self.stacked.setdefault(state, [])
        start = sum(part.shape[1] for part in parts)
        parts.append(transposed)
        return slice(start, start + transposed.shape[1])

    def place(self, coefficient: Expr) -> int:
        return self.table.setdefault(coefficient, len(self.table))

    def size(self, name: str) -> int:
        """How long a state or a value is."""
        from symgate.linear.linearise import linearise

        return self.run.size(linearise(self.run.cell).size(name))

    @cached_property
    def width(self) -> int:
        """How long the whole state is."""
        return sum(map(self.size, self.run.cell.states))

    def stretch(self, start: int, stop: int) -> Stretch:
        """The coefficients of the steps start … stop - 1."""
        window = self.run.window(start, stop)
        count, samples = stop - start, self.run.samples
        found = window.all(tuple(self.table)[1:])
        arrays = [np.ones((count, samples, 1), self.run.dtype)]
        for value in found:
            if not np.isfinite(value).all():
                self.diverged(value, start)
            units = value.shape[-2] if value.ndim >= 2 else 1
            spread = np.broadcast_to(value, (count, units, samples))
            arrays.append(np.ascontiguousarray(np.moveaxis(spread, -1, 1)))
        return Stretch(self, arrays)

    def diverged(self, value: Array, start: int) -> None:
        at = np.flatnonzero(~np.isfinite(value).all(axis=(1, 2)))[0] if value.ndim == 3 else 0
        raise Diverged(
            f"the Jacobian of {self.run.cell.name} is not finite at step {start + at} (of "
            f"{self.run.steps}): a slope overflows or divides by zero; use smaller weights, "
            f"fewer steps, or float64"
        )

    def buffer(self, key: Any, shape: tuple[int, ...]) -> Array:
        """An array that is used again for the same purpose."""
        size = int(np.prod(shape))
        if key not in self.buffers or self.buffers[key].size < size:
            self.buffers[key] = np.empty(size, self.run.dtype)
        return self.buffers[key][:size].reshape(shape)

    def prefers_dense(self, rows: int) -> bool:
        """Whether forming the Jacobian first costs less for so many rows."""
        form = sum(self._forming(f)[0] for f in self.forms)
        named = (*self.within, *self.across)
        multiply = rows * sum(self._forming(f)[1] or ELEMENT * self.size(a) for a, _, f in named)
        return form + multiply < sum(self._thin(f, rows) for f in self.forms)

    def _forming(self, f: BoundForm) -> tuple[int, int]:
        """The cost of forming a dense matrix, and its number of elements."""
        cost, elements = 0, 0
        for branch in f.branches:
            rows, cols = branch.matrix.shape
            inner, inside = self._forming(branch.rest)
            elements = rows * (inside // max(cols, 1)) if inside else rows * cols
            cost += inner + inside * rows + 2 * ELEMENT * elements
        return cost, elements

    def _thin(self, f: BoundForm, rows: int) -> int:
        """The cost of running the terms on so many rows."""
        cost = 0 if f.diagonal is None else CALL
        for branch in f.branches:
            out, inside = branch.matrix.shape
            cost += (out * inside + ELEMENT * (out + inside)) * rows + 3 * CALL
            cost += self._thin(branch.rest, rows)
        return cost


class Stretch:
    """Some steps of a run with their coefficients, each (steps, B, n) at its place."""

    def __init__(self, steps: Steps, arrays: list[Array]) -> None:
        self.steps, self.arrays = steps, arrays
        single = steps.run.samples == 1
        self.columns = [
            np.ascontiguousarray(a[:, 0, :, None] if single else np.moveaxis(a, 1, 2)[..., None])
            for a in arrays
        ]

    # -- dense ---------------------------------------------------------------------------

    def dense(self, first: int, last: int) -> DenseSteps:
        """The Jacobian blocks of the steps first … last - 1 (numbers within the stretch)."""
        at = slice(first, last)
        made = [self._dense(f, at, (place,)) for place, f in enumerate(self.steps.forms)]
        return DenseSteps(self.steps, made)

    def _dense(self, f: BoundForm, at: slice, key: tuple[int, ...]) -> Block:
        """(diagonal (b, B, n) or None, matrix (b, B, n, n') or None)."""
        diagonal = None if f.diagonal is None else self.arrays[f.diagonal][at]
        total: Array | None = None
        for place, branch in enumerate(f.branches):
            part = self._branch(branch, at, (*key, place))
            total = part if total is None else np.add(total, part, out=total)
        if total is not None and diagonal is not None:
            np.einsum("...ii->...i", total)[...] += diagonal
            diagonal = None
        return diagonal, total

    def _branch(self, branch: BoundBranch, at: slice, key: tuple[int, ...]) -> Array:
        matrix = branch.matrix
        c = None if branch.coefficient is None else self.arrays[branch.coefficient][at, :, :, None]
        diagonal, inner = self._dense(branch.rest, at, key)
        lead = (at.stop - at.start, self.steps.run.samples)
        if inner is not None:
            out = self.steps.buffer(key, (*lead, matrix.shape[0], inner.shape[-1]))
            np.matmul(matrix, inner, out=out)
            return out if c is None else np.multiply(out, c, out=out)
        out = self.steps.buffer(key, (*lead, *matrix.shape))
        if c is None:
            out[...] = matrix
        else:
            np.multiply(c, matrix, out=out)
        if not branch.rest.is_identity and diagonal is not None:
            np.multiply(out, diagonal[..., None, :], out=out)
        return out

    # -- thin ----------------------------------------------------------------------------

    def pull(self, i: int, rows: dict[str, Array]) -> dict[str, Array]:
        """One step backward on columns {value: (n, B, r)}, or (n, r) for a single
        sample, term by term."""
        if not rows:
            return {}
        self.fold(i, rows)
        before: dict[str, Array] = {}
        shape = next(iter(rows.values())).shape[1:]
        stacks = self.steps.stacks
        buffers = {
            state: self.steps.buffer(("stack", state), (stack.shape[1], *shape))
            for state, stack in stacks.items()
        }
        for value, state, f in self.steps.across:
            if value in rows:
                part = self._pulled(f, i, rows[value], buffers.get(state))
                if part is not None:
                    _add(before, state, part)
            else:
                _clear(f, buffers.get(state))
        for state, stack in stacks.items():
            moved = _times(stack, buffers[state])
            if state in before:
                moved += before[state]
            before[state] = moved
        return before

    def fold(self, i: int, rows: dict[str, Array]) -> None:
        """Add to each value what others of the same step pass on to it."""
        for value, other, f in self.steps.within:
            if value in rows:
                part = self._pulled(f, i, rows[value], None)
                assert part is not None
                _add(rows, other, part)

    def _pulled(self, f: BoundForm, i: int, d: Array, buffer: Array | None) -> Array | None:
        """formᵀ d, but for the branches with a slot: those leave their rows in the buffer."""
        out: Array | None = None
        if f.diagonal is not None:
            out = self.columns[f.diagonal][i] * d
        for branch in f.branches:
            c = None if branch.coefficient is None else self.columns[branch.coefficient][i]
            if branch.slot is not None and buffer is not None:
                into = buffer[branch.slot]
                np.multiply(d, 1 if c is None else c, out=into)
                continue
            moved: Array | None = _times(branch.transposed, d if c is None else c * d)
            if not branch.rest.is_identity:
                moved = self._pulled(branch.rest, i, cast(Array, moved), buffer)
            if moved is not None:
                out = moved if out is None else np.add(out, moved, out=out)
        return out

    def push(self, i: int, d: dict[str, Array]) -> dict[str, Array]:
        """One step forward on columns {state before: (n, B, r)}: the tangent."""
        now: dict[str, Array] = {}
        for value, other, f in self.steps.across:
            _add(now, value, self._pushed(f, i, d[other]))
        for value, other, f in reversed(self.steps.within):
            if other in now:
                _add(now, value, self._pushed(f, i, now[other]))
        return {s: now[s] for s in self.steps.run.cell.states}

    def _pushed(self, f: BoundForm, i: int, d: Array) -> Array:
        """form d"""
        out: Array | None = None
        if f.diagonal is not None:
            out = self.columns[f.diagonal][i] * d
        for branch in f.branches:
            inner = d if branch.rest.is_identity else self._pushed(branch.rest, i, d)
            moved = _times(branch.matrix, inner)
            if branch.coefficient is not None:
                moved *= self.columns[branch.coefficient][i]
            out = moved if out is None else np.add(out, moved, out=out)
        assert out is not None
        return out


class DenseSteps:
    """The Jacobian blocks of a few steps, each (diagonal or None, matrix or None)."""

    def __init__(self, steps: Steps, made: list[Block]) -> None:
        self.steps, split = steps, len(steps.within)
        self.within = list(zip(steps.within, made[:split], strict=True))
        self.across = list(zip(steps.across, made[split:], strict=True))

    def pull(self, i: int, rows: Rows, turn: int) -> Rows:
        """One step backward on rows {value: (B, r, n)}; `turn` alternates the buffers."""
        for (value, other, _), block in self.within:
            if value in rows:
                self._fold(rows, other, rows[value], block, i, ("within", value, other))
        before: Rows = {}
        for (value, other, _), block in self.across:
            if value in rows:
                self._fold(before, other, rows[value], block, i, ("across", value, other, turn))
        return before

    def _fold(self, into: Rows, name: str, rows: Array, block: Block, i: int, key: Any) -> None:
        diagonal, matrix = block
        if matrix is not None:
            out = self.steps.buffer(key, (*rows.shape[:-1], matrix.shape[-1]))
            np.matmul(rows, matrix[i], out=out)
        else:
            assert diagonal is not None
            out = self.steps.buffer(key, rows.shape)
            np.multiply(rows, diagonal[i][:, None, :], out=out)
        if name in into:
            into[name] += out
        else:
            into[name] = out


def whole(steps: Steps, dense: DenseSteps, count: int) -> Array:
    """The whole state's Jacobian of each step: (count, B, N, N)."""
    states, samples = steps.run.cell.states, steps.run.samples
    ends = np.cumsum([steps.size(s) for s in states])
    place = {s: slice(end - steps.size(s), end) for s, end in zip(states, ends, strict=True)}
    total = np.zeros((count, samples, steps.width, steps.width), steps.run.dtype)
    for state in states:
        eye = np.eye(steps.size(state), dtype=steps.run.dtype)
        rows: dict[str, Array] = {state: np.broadcast_to(eye, (count, samples, *eye.shape))}
        before: dict[str, Array] = {}
        for into, blocks in (
            (rows, dense.within),
            (before, dense.across),
        ):
            for (value, other, _), block in blocks:
                if value in rows:
                    _add(into, other, _multiplied(rows[value], block))
        for other, part in before.items():
            total[..., place[state], place[other]] = part
    return total


def _clear(f: BoundForm, buffer: Array | None) -> None:
    """Zeros for the branches of a value that no rows have reached."""
    for branch in f.branches:
        if branch.slot is not None and buffer is not None:
            buffer[branch.slot] = 0
        _clear(branch.rest, buffer)


def _times(matrix: Array, columns: Array) -> Array:
    """A matrix times columns (n, r), or (n, B, r) with all samples in one product."""
    if columns.ndim == 2:
        return matrix @ columns
    flat = matrix @ columns.reshape(len(columns), -1)
    return flat.reshape(len(matrix), *columns.shape[1:])


def _multiplied(rows: Array, block: Block) -> Array:
    diagonal, matrix = block
    if matrix is not None:
        return np.asarray(rows @ matrix)
    assert diagonal is not None
    return rows * diagonal[..., None, :]


def _add(into: dict[str, Array], name: str, value: Array) -> None:
    into[name] = into[name] + value if name in into else value
