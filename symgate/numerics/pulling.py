"""The step of a transition backward, written as tapes for the compiled engine.

Two tapes do the same: *thin* runs the terms one after the other on the rows, *dense* forms
the Jacobian blocks of each step first. Both begin with the coefficients of the step.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.bound import BoundBranch, BoundForm
from symgate.numerics.recipe import Register, worked_out
from symgate.numerics.steps import Rows, Steps
from symgate.numerics.tape import FEW, ROW, SAMPLE, Place, Tape

Array = NDArray[Any]

#: Steps of a stretch: as many as give so many numbers, within limits.
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
        self.block, self.results = worked_out(steps.expressions)
        self.packs: dict[int, Place] = {}
        self.spectral = spectral
        counts = _forming, _applying, _running
        self.costs = [sum(map(count, steps.forms)) for count in counts]
        self.found = {s: np.zeros((self.length, 2, self.samples)) for s in wrt}
        self.tapes: dict[str, Tape] = {}
        first = Tape(library)
        self.now = {v: self.buffer(first, v) for v in steps.values}
        self.before = {s: self.buffer(first, s) for s in self.states}

    # -- running ---------------------------------------------------------------------------

    def open(self, start: int, stop: int) -> None:
        """The values that the coefficients of the steps start … stop - 1 are made of."""
        self.count = stop - start
        with np.errstate(all="ignore"):
            self.window = self.steps.run.window(start, stop)
        self.read: dict[Register, Array] = {}
        for tape in self.tapes.values():
            tape.point(self.array)

    def array(self, register: Register) -> Array:
        """What a register reads, at all steps: (steps, B, n)."""
        if register not in self.read:
            assert register.leaf is not None
            with np.errstate(all="ignore"):
                value = self.window[register.leaf.expression]
            whole = np.broadcast_to(value, (self.count, value.shape[1], self.samples))
            self.read[register] = np.ascontiguousarray(whole.swapaxes(-1, -2))
        return self.read[register]

    def run(self, rows: Rows, last: int, count: int, low: float, high: float) -> tuple[Rows, int]:
        """The rows `count` steps back from local step `last`, and how many steps were done."""
        height = next(iter(rows.values())).shape[1]
        dense = self.prefers_dense(height)
        tape = self.tape("dense" if dense else "thin")
        whole, apart = [(0, self.samples)], [(b, b + 1) for b in range(self.samples)]
        while True:
            for state in self.states:
                self.view(self.now[state], height)[...] = rows.get(state, 0)
            parts = (apart if dense else whole) or whole
            done = [tape.run(last, last - count, part, height, low, high) for part in parts]
            if min(done) == max(done):
                break
            count = min(done)  # one sample had to stop: all stop there
        return {s: self.view(self.now[s], height).copy() for s in self.states}, done[0]

    def view(self, place: Place, height: int) -> Array:
        whole = place.array[: self.samples * height, : place.n]
        return whole.reshape(self.samples, height, place.n)

    def prefers_dense(self, rows: int) -> bool:
        """Whether forming the Jacobian first takes fewer multiplications for so many rows."""
        forming, applying, running = self.costs
        if running < WORTH:
            return False
        return forming + rows * applying < rows * running

    def tape(self, kind: str) -> Tape:
        if kind not in self.tapes:
            tape = Tape(self.library)
            self.work_out(tape)
            self.tapes[kind] = self.thin(tape) if kind == "thin" else self.dense(tape)
        return self.tapes[kind]

    def work_out(self, tape: Tape) -> None:
        """The coefficients of a step, before its rows go through it."""
        held: dict[Register, float | Place] = {}

        def value(part: float | Register) -> float | Place:
            if isinstance(part, float) or part in held:
                return part if isinstance(part, float) else held[part]
            assert part.leaf is not None
            if part.leaf.expression.is_Symbol:
                array = self.steps.run.params[part.leaf.expression.name]
                held[part] = _constant(array)
            else:
                array = self.array(part)
                held[part] = Place(array, array.shape[-1], moves=True, key=part)
            return held[part]

        for do in self.block.instructions:
            assert isinstance(do.out, Register)
            held[do.out] = tape.element(do.name, [value(p) for p in do.parts], self.samples)
        self.coefficients = [1.0, *map(value, self.results)]

    # -- places ----------------------------------------------------------------------------

    def buffer(self, tape: Tape, value: str) -> Place:
        size = self.steps.size(value)
        return Place(tape.rows(self.samples * self.height, size), size)

    def coefficient(self, index: int, size: int) -> Place:
        """Where a coefficient lies at a step, a row a sample."""
        value = self.coefficients[index]
        if isinstance(value, float):
            return Place(np.full(size, value), size)
        return value if value.array.ndim == 1 else value.but(mode=SAMPLE)

    def packed(self, tape: Tape, matrix: Array) -> Place:
        if id(matrix) not in self.packs:
            self.packs[id(matrix)] = tape.packed(matrix)
            tape.held.append(matrix)
        return self.packs[id(matrix)]

    # -- the tapes -------------------------------------------------------------------------

    def thin(self, tape: Tape) -> Tape:
        write = _Writer(self, tape, self.height)
        have = set(self.states)
        for value, other, f in self.steps.within:
            if value in have:
                write.through(f, self.now[value], self.now[other], more=other in have, wide=None)
                have.add(other)
        written: set[str] = set()
        wide = {
            s: Place(tape.rows(self.samples * self.height, len(stack)), len(stack))
            for s, stack in self.steps.stacks.items()
        }
        for value, state, f in self.steps.across:
            if value in have:
                into = self.before[state]
                more = write.through(f, self.now[value], into, state in written, wide.get(state))
                written |= {state} if more else set()
        for state, place in wide.items():
            pack = self.packed(tape, self.steps.stacks[state])
            name = "times_add" if state in written else "times"
            tape.do(name, self.before[state], place, pack, k=place.n)
        self.finish(tape, written | set(wide))
        return tape

    def dense(self, tape: Tape) -> Tape:
        write = _Writer(self, tape, max(map(self.steps.size, self.steps.values)))
        have, written = set(self.states), set[str]()
        for value, other, f in self.steps.within:
            if value in have:
                write.formed(f, self.now[value], self.now[other], more=other in have)
                have.add(other)
        for value, state, f in self.steps.across:
            if value in have:
                write.formed(f, self.now[value], self.before[state], more=state in written)
                written.add(state)
        self.finish(tape, written)
        return tape

    def finish(self, tape: Tape, written: set[str]) -> None:
        """What was before becomes what is now; its squares are noted."""
        for state in self.states:
            if state not in written:
                n = self.now[state].n
                tape.do("copy", self.before[state], Place(np.zeros(n), n))
            place = self.now[state], self.before[state]
            if state not in self.found:
                tape.do("copy", *place)
                continue
            name = "spectral" if self.spectral and self.height <= FEW else "squares"
            out = Place(self.found[state], place[0].n, moves=True)
            tape.do(name, out, place[1], place[0], k=self.samples)


class _Writer:
    """Writes how rows go through forms onto a tape; scratch rows for the way."""

    def __init__(self, pulling: Pulling, tape: Tape, height: int) -> None:
        self.pulling, self.tape, self.height = pulling, tape, height
        self.free: dict[int, list[Array]] = {}

    def scratch(self, size: int) -> Array:
        if self.free.get(size):
            return self.free[size].pop()
        return self.tape.rows(self.pulling.samples * self.height, size)

    def through(
        self, f: BoundForm, d: Place, out: Place, more: bool, wide: Place | None, height: int = 0
    ) -> bool:
        """out = [out +] d form; branches with a slot leave their rows in `wide`. Gives whether
        anything has been written to out."""
        tape, n = self.tape, d.n
        if f.diagonal is not None:
            if f.diagonal:
                c = self.pulling.coefficient(f.diagonal, n)
                tape.do("muladd" if more else "mul", out, d, c, height=height)
            elif more:
                tape.do("add", out, out, d, height=height)
            else:
                tape.do("copy", out, d, height=height)
            more = True
        for branch in f.branches:
            rows, cols = branch.matrix.shape
            if branch.slot is not None and wide is not None:
                into = Place(wide.array, rows, first=branch.slot.start)
                self.scaled(branch, d, into, height)
                continue
            taken: list[tuple[int, Array]] = []
            source = d
            if branch.coefficient is not None or d.mode:
                source = Place(self.scratch(rows), rows)
                taken.append((rows, source.array))
                self.scaled(branch, d, source, height)
            pack = self.pulling.packed(tape, branch.matrix)
            if branch.rest.is_identity:
                name = "times_add" if more else "times"
                tape.do(name, out, source, pack, k=rows, height=height)
                more = True
            else:
                inner = Place(self.scratch(cols), cols)
                taken.append((cols, inner.array))
                tape.do("times", inner, source, pack, k=rows, height=height)
                more = self.through(branch.rest, inner, out, more, wide, height)
            for size, array in taken:
                self.free.setdefault(size, []).append(array)
        return more

    def scaled(self, branch: BoundBranch, d: Place, out: Place, height: int) -> None:
        if branch.coefficient is None:
            self.tape.do("copy", out, d, height=height)
        else:
            c = self.pulling.coefficient(branch.coefficient, d.n)
            self.tape.do("mul", out, d, c, height=height)

    def formed(self, f: BoundForm, d: Place, out: Place, more: bool) -> None:
        """The same with the form's matrix formed first, where it has one."""
        if not f.branches:
            self.through(f, d, out, more, None)
            return
        tape, n, m, samples = self.tape, d.n, out.n, self.pulling.samples
        block = Place(np.zeros((samples * n, m + 2 * tape.vector)), m)
        added = False
        for branch in f.branches:
            rows = Place(branch.matrix, branch.matrix.shape[1], mode=ROW)
            if not branch.rest.is_identity:
                inner = Place(self.scratch(m), m)
                self.through(branch.rest, rows, inner, False, None, height=n)
                rows = inner
            if branch.coefficient is not None:
                c = self.pulling.coefficient(branch.coefficient, n)
                tape.do("scale_add" if added else "scale", block, rows, c, height=n)
            elif added:
                tape.do("add", block, block, rows, height=n)
            else:
                tape.do("copy", block, rows, height=n)
            added = True
        if f.diagonal is not None:
            tape.do("diagonal_add", block, self.pulling.coefficient(f.diagonal, n), height=n)
        tape.do("apply_add" if more else "apply", out, d, block, k=n)


def _constant(array: Array) -> float | Place:
    return Place(np.ascontiguousarray(array), len(array)) if array.ndim else float(array)


def _running(f: BoundForm) -> int:
    """Multiplications for one row, term by term."""
    return sum(b.matrix.size + _running(b.rest) for b in f.branches)


def _forming(f: BoundForm) -> int:
    """Multiplications that form the matrix, and what it costs to write it down."""
    return sum(
        len(b.matrix) * (_running(b.rest) + 6 * _width(b.rest, b.matrix.shape[1]))
        for b in f.branches
    )


def _applying(f: BoundForm) -> int:
    """Multiplications for one row, once the matrix is formed."""
    return len(f.branches[0].matrix) * _width(f, 0) if f.branches else 0


def _width(f: BoundForm, columns: int) -> int:
    first = f.branches[0] if f.branches else None
    return columns if first is None else _width(first.rest, first.matrix.shape[1])
