"""The step of a transition backward, written as tapes for the compiled engine.

Two tapes do the same: *thin* runs the terms one after the other on the rows, *dense* forms
the Jacobian blocks of each step first. Both begin with the coefficients of the step. They are
written once for a transition and its sizes; a run binds them to its arrays.
"""

from __future__ import annotations

import ctypes
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from symgate.numerics.bound import BoundBlock, BoundBranch
from symgate.numerics.forward import empty, scalars_of
from symgate.numerics.norms import FEW_COMPILED
from symgate.numerics.recipe import Register, worked_out
from symgate.numerics.run import window_of
from symgate.numerics.steps import Rows, Steps
from symgate.numerics.tape import ROW, SAMPLE, TAPES, Bound, Place, Same, Tape, packed
from symgate.numerics.threads import side_by_side

Array = NDArray[Any]

#: Steps of a segment: as many as give so many numbers, within limits.
NUMBERS, SHORTEST, LONGEST = 1 << 18, 64, 2048

#: Below so many multiplications a row it does not pay to form Jacobians at all.
WORTH = 1 << 13


class Pulling:
    """Rows of up to `height` by every value, pulled back through the steps of a run.

    `wrt` lists the states whose squares are noted at each step, (steps, 2, B): the sum of
    squares of all rows and of the last, or with `spectral` the largest singular value's.
    """

    def __init__(
        self, steps: Steps, library: ctypes.CDLL, height: int, wrt: list[str], spectral: bool
    ) -> None:
        self.steps, self.height, self.library = steps, height, library
        self.samples, self.states = steps.run.samples, steps.states
        numbers = sum(map(steps.size, steps.values)) * self.samples
        self.length = int(np.clip(NUMBERS // max(numbers, 1), SHORTEST, LONGEST))
        self.vector = int(library.symgate_vector())
        self.is_spectral = spectral and height <= FEW_COMPILED
        self.wrt = tuple(wrt)
        counts = _forming, _applying, _running
        self.costs = [sum(map(count, steps.blocks)) for count in counts]
        flat = {s: empty(self.length, 2 * self.samples, 1) for s in wrt}
        self.found = {s: f.reshape(self.length, 2, self.samples) for s, f in flat.items()}
        self.flat = {("found", s): f for s, f in flat.items()}
        self.tapes: dict[str, tuple[PulledTapes, Bound]] = {}

    def open(self, start: int, stop: int) -> None:
        """The values that the coefficients of the steps start … stop - 1 are made of."""
        with np.errstate(all="ignore"):
            self.window = window_of(self.steps.run, start, stop)
        for written, bound in self.tapes.values():
            bound.point(self.read(written))

    def read(self, written: PulledTapes) -> dict[Any, Array]:
        """What a tape reads of the steps that are open."""
        with np.errstate(all="ignore"):
            return {key: self.window[key[1]] for key in written.read}

    def run(self, rows: Rows, last: int, count: int, low: float, high: float) -> tuple[Rows, int]:
        """The rows `count` steps back from local step `last`, and how many steps were done."""
        height = next(iter(rows.values())).shape[1]
        dense = self.prefers_dense(height)
        written, bound = self.tape("dense" if dense else "thin")
        shape = self.samples, height
        now = {
            state: bound.view(written.now[state], self.samples * height).reshape(*shape, -1)
            for state in self.states
        }
        whole, apart = [(0, self.samples)], [(b, b + 1) for b in range(self.samples)]
        forming, applying, _ = self.costs
        work = count * (forming + height * applying)

        def one(part: tuple[int, int]) -> int:
            return bound.run(last, last - count, part, height, low, high)

        while True:
            for state in self.states:
                now[state][...] = rows.get(state, 0)
            done = side_by_side(one, apart, work) if dense else [one(whole[0])]
            if min(done) == max(done):
                break
            count = min(done)  # one sample had to stop: all stop there
        return {s: part.copy() for s, part in now.items()}, done[0]

    def prefers_dense(self, rows: int) -> bool:
        """Whether forming the Jacobian first takes fewer multiplications for so many rows."""
        forming, applying, running = self.costs
        if running < WORTH:
            return False
        return forming + rows * applying < rows * running

    def tape(self, kind: str) -> tuple[PulledTapes, Bound]:
        if kind not in self.tapes:
            steps, run = self.steps, self.steps.run
            shape, scalars = (self.samples, self.height, self.vector), scalars_of(run)
            text = TAPES.get(
                (
                    Same(steps.transition),
                    kind,
                    frozenset(run.sizes.items()),
                    scalars,
                    shape,
                    self.wrt,
                    self.is_spectral,
                ),
                lambda: PulledTapes(steps, kind, dict(scalars), shape, self.wrt, self.is_spectral),
            )
            arrays: dict[Any, Array] = {**self.flat, **self.read(text)}
            for key in text.arrays:
                arrays[key] = self.array(*key)
            self.tapes[kind] = text, Bound(text.tape, self.library, arrays)
        return self.tapes[kind]

    def array(self, kind: str, what: Any) -> Array:
        """A matrix or a vector of parameters that a tape names."""
        if kind == "parameter":
            return np.ascontiguousarray(self.steps.run.params[what])
        if kind == "stack":
            return packed(self.steps.stacks[what], self.vector)
        matrix = self.steps.binding.matrix(what)
        return packed(matrix, self.vector) if kind == "pack" else matrix


class PulledTapes:
    """One of the two tapes of a transition, with the names of the arrays that it needs.

    `now` says where the rows of each state lie, `read` what it reads of the steps of a run,
    `arrays` the matrices and vectors of parameters. No array of the run stays in it.
    """

    def __init__(
        self,
        steps: Steps,
        kind: str,
        scalars: dict[str, float],
        shape: tuple[int, int, int],
        wrt: tuple[str, ...],
        spectral: bool,
    ) -> None:
        self.samples, self.height, vector = shape
        self.states, self.scalars = steps.states, scalars
        self.wrt, self.spectral = wrt, spectral
        self.tape = Tape(vector)
        self.read: dict[Any, None] = {}
        self.arrays: dict[Any, None] = {}
        self.now = {v: self.buffer(steps.size(v)) for v in steps.values}
        self.before = {s: self.buffer(steps.size(s)) for s in self.states}
        self.work_out(steps)
        write = self.thin if kind == "thin" else self.dense
        write(steps)
        self.tape.text()

    def work_out(self, steps: Steps) -> None:
        """The coefficients of a step, before its rows go through it."""
        block, results = worked_out(steps.expressions)
        held: dict[Register, float | Place] = {}

        def value(part: float | Register) -> float | Place:
            if isinstance(part, float):
                return part
            if part not in held:
                assert part.leaf is not None
                held[part] = self.leaf(part.leaf.expression, steps)
            return held[part]

        for do in block.instructions:
            assert isinstance(do.out, Register)
            held[do.out] = self.tape.element(do.name, [value(p) for p in do.parts], self.samples)
        self.coefficients = [1.0, *map(value, results)]

    def leaf(self, e: Expr, steps: Steps) -> float | Place:
        """Where something that coefficients are made of lies, or its number."""
        if e.is_Symbol:
            if e.name in self.scalars:
                return self.scalars[e.name]
            return Place(self.needed("parameter", e.name), steps.length(e), row=0)
        self.read["read", e] = None
        return Place(("read", e), steps.length(e), moves=True)

    # -- places ----------------------------------------------------------------------------

    def buffer(self, size: int) -> Place:
        return self.tape.rows(self.samples * self.height, size)

    def needed(self, kind: str, what: Any) -> Any:
        self.arrays[kind, what] = None
        return kind, what

    def coefficient(self, index: int, size: int) -> Place:
        """Where a coefficient lies at a step, a row a sample."""
        value = self.coefficients[index]
        if isinstance(value, float):
            return self.tape.number(value, size)
        return value if value.row == 0 else replace(value, mode=SAMPLE)

    def packed(self, kind: str, what: Any, columns: int) -> Place:
        return Place(self.needed(kind, what), columns, row=0)

    # -- the tapes -------------------------------------------------------------------------

    def thin(self, steps: Steps) -> None:
        write, tape = _TapeWriter(self, self.height), self.tape
        have = set(self.states)
        for value, other, f in steps.within:
            if value in have:
                write.through(f, self.now[value], self.now[other], more=other in have, wide=None)
                have.add(other)
        written: set[str] = set()
        wide = {s: self.buffer(len(stack)) for s, stack in steps.stacks.items()}
        for value, state, f in steps.across:
            if value in have:
                into = self.before[state]
                more = write.through(f, self.now[value], into, state in written, wide.get(state))
                written |= {state} if more else set()
        for state, place in wide.items():
            into = self.before[state]
            pack = self.packed("stack", state, into.n)
            tape.do("times_add" if state in written else "times", into, place, pack, k=place.n)
        self.finish(written | set(wide))

    def dense(self, steps: Steps) -> None:
        write = _TapeWriter(self, max(map(steps.size, steps.values)))
        have, written = set(self.states), set[str]()
        for value, other, f in steps.within:
            if value in have:
                write.formed(f, self.now[value], self.now[other], more=other in have)
                have.add(other)
        for value, state, f in steps.across:
            if value in have:
                write.formed(f, self.now[value], self.before[state], more=state in written)
                written.add(state)
        self.finish(written)

    def finish(self, written: set[str]) -> None:
        """What was before becomes what is now; its squares are noted."""
        for state in self.states:
            now, before = self.now[state], self.before[state]
            if state not in written:
                self.tape.do("copy", before, self.tape.number(0.0, now.n))
            if state not in self.wrt:
                self.tape.do("copy", now, before)
                continue
            name = "spectral" if self.spectral else "squares"
            out = Place(("found", state), now.n, moves=True)
            self.tape.do(name, out, before, now, k=self.samples)


class _TapeWriter:
    """Writes how rows go through blocks onto a tape; scratch rows for the way."""

    def __init__(self, written: PulledTapes, height: int) -> None:
        self.written, self.tape, self.height = written, written.tape, height
        self.free: dict[int, list[Place]] = {}

    def scratch(self, size: int) -> Place:
        if self.free.get(size):
            return self.free[size].pop()
        return self.tape.rows(self.written.samples * self.height, size)

    def through(
        self, f: BoundBlock, d: Place, out: Place, more: bool, wide: Place | None, height: int = 0
    ) -> bool:
        """out = [out +] d block; branches with `columns` leave their rows in `wide`. Gives whether
        anything has been written to out."""
        tape, n = self.tape, d.n
        if f.diagonal is not None:
            if f.diagonal:
                c = self.written.coefficient(f.diagonal, n)
                tape.do("muladd" if more else "mul", out, d, c, height=height)
            elif more:
                tape.do("add", out, out, d, height=height)
            else:
                tape.do("copy", out, d, height=height)
            more = True
        for branch in f.branches:
            rows, cols = branch.matrix.shape
            if branch.columns is not None and wide is not None:
                self.scaled(branch, d, wide.part(branch.columns.start, rows), height)
                continue
            taken: list[Place] = []
            source = d
            if branch.coefficient is not None or d.mode:
                source = self.scratch(rows)
                taken.append(source)
                self.scaled(branch, d, source, height)
            pack = self.written.packed("pack", branch.key, cols)
            if branch.rest.is_identity:
                name = "times_add" if more else "times"
                tape.do(name, out, source, pack, k=rows, height=height)
                more = True
            else:
                inner = self.scratch(cols)
                taken.append(inner)
                tape.do("times", inner, source, pack, k=rows, height=height)
                more = self.through(branch.rest, inner, out, more, wide, height)
            for place in taken:
                self.free.setdefault(place.n, []).append(place)
        return more

    def scaled(self, branch: BoundBranch, d: Place, out: Place, height: int) -> None:
        if branch.coefficient is None:
            self.tape.do("copy", out, d, height=height)
        else:
            c = self.written.coefficient(branch.coefficient, d.n)
            self.tape.do("mul", out, d, c, height=height)

    def formed(self, f: BoundBlock, d: Place, out: Place, more: bool) -> None:
        """The same with the block's matrix formed first, where it has one."""
        if not f.branches:
            self.through(f, d, out, more, None)
            return
        tape, n, m = self.tape, d.n, out.n
        block = tape.rows(self.written.samples * n, m + 2 * tape.vector).part(0, m)
        added = False
        for branch in f.branches:
            columns = branch.matrix.shape[1]
            key = self.written.needed("matrix", branch.key)
            rows = Place(key, columns, row=columns, mode=ROW)
            if not branch.rest.is_identity:
                inner = self.scratch(m)
                self.through(branch.rest, rows, inner, False, None, height=n)
                rows = inner
            if branch.coefficient is not None:
                c = self.written.coefficient(branch.coefficient, n)
                tape.do("scale_add" if added else "scale", block, rows, c, height=n)
            elif added:
                tape.do("add", block, block, rows, height=n)
            else:
                tape.do("copy", block, rows, height=n)
            added = True
        if f.diagonal is not None:
            tape.do("diagonal_add", block, self.written.coefficient(f.diagonal, n), height=n)
        tape.do("apply_add" if more else "apply", out, d, block, k=n)


def _running(f: BoundBlock) -> int:
    """Multiplications for one row, term by term."""
    return sum(b.matrix.size + _running(b.rest) for b in f.branches)


def _forming(f: BoundBlock) -> int:
    """Multiplications that form the matrix, and what it costs to write it down."""
    return sum(
        len(b.matrix) * (_running(b.rest) + 6 * _width(b.rest, b.matrix.shape[1]))
        for b in f.branches
    )


def _applying(f: BoundBlock) -> int:
    """Multiplications for one row, once the matrix is formed."""
    return len(f.branches[0].matrix) * _width(f, 0) if f.branches else 0


def _width(f: BoundBlock, columns: int) -> int:
    first = f.branches[0] if f.branches else None
    return columns if first is None else _width(first.rest, first.matrix.shape[1])
