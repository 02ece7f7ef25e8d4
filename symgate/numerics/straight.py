"""Rows pulled back through a transition in NumPy, written out as one loop over the steps.

The text of the loop holds nothing but names made here and calls of NumPy that write into
arrays made once. The rows of every step stay for a while, so that their norms are measured
together, and so that a step at which they leave the range of numbers can be gone back to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.bound import BoundForm
from symgate.numerics.norms import squares
from symgate.numerics.record import Record
from symgate.numerics.scaled import Scaled
from symgate.numerics.steps import Steps, Stretch

Array = NDArray[Any]

#: Steps whose coefficients are worked out together.
STRETCH = 256

#: How many numbers the rows of the steps that are taken together hold, and Jacobians that are
#: formed at once; how many steps these are at least.
NUMBERS, FORMED, LEAST = 1 << 15, 1 << 16, 4


class Straight:
    """A way to go back: some steps at once, in the loop that costs least for so many rows.

    *Dense* forms the Jacobian blocks of the steps first and multiplies once each; *thin* runs
    the terms one after the other on the rows.
    """

    longest = STRETCH

    def __init__(self, steps: Steps, product: Scaled, records: Sequence[Record]) -> None:
        self.steps, self.product, self.records = steps, product, records
        self.held: _Held | None = None

    def open(self, start: int, stop: int) -> None:
        self.stretch = self.steps.stretch(start, stop)

    def advance(self, last: int, count: int, lag: int) -> int:
        held = self.held
        if held is None or held.height != self.product.height:
            held = self.held = _Held(self.steps, self.product)
        count = min(count, held.most)
        for state, rows in held.rows.items():
            rows[0] = self.product.rows.get(state, 0)
        coefficients = held.loop.read(self.stretch, last - count + 1, last + 1)
        held.loop.run([array[::-1] for array in coefficients], count)
        found = [self.measured(record, held, count, lag) for record in self.records]
        done = min(map(len, found))
        shape = len(self.product.log), held.height
        self.product.rows = {
            s: rows[done].reshape(*shape, rows.shape[-1]).copy() for s, rows in held.rows.items()
        }
        for record, squared in zip(self.records, found, strict=True):
            ends = squared[done - 1, 0]
            inside = bool(((ends > record.low) & (ends < record.high)).all())
            record.note_found(lag, squared[:done], self.product, inside)
        return done

    def measured(self, record: Record, held: _Held, count: int, lag: int) -> Array:
        """(steps, 2, B): the squared norms of all rows and of the last, up to the first step
        at which they leave the range of numbers."""
        rows = held.rows[record.wrt][1 : count + 1]
        whole = rows.reshape(count, len(self.product.log), held.height, rows.shape[-1])
        noted = record.noted[lag + 1 : lag + 1 + count]
        if noted.all():
            norms = record.measure_many(whole)
        else:
            norms = squares(whole)
            if noted.any():
                norms[noted] = record.measure_many(whole[noted])
        far = ~((norms > record.low) & (norms < record.high)).all(axis=1)
        for step in np.flatnonzero(far):
            if whole[step].any():  # not zero
                count = int(step) + 1
                break
        found = np.zeros((count, 2, len(self.product.log)))
        found[:, 0] = norms[:count]
        if self.product.has_remainder:
            found[:, 1] = squares(whole[:count, :, -1:])
        return found


class _Held:
    """The rows of some steps, for one height, and the loop that fills them."""

    def __init__(self, steps: Steps, product: Scaled) -> None:
        self.height, samples, self.dtype = product.height, len(product.log), steps.run.dtype
        self.samples = () if samples == 1 else (samples,)
        dense = steps.prefers_dense(self.height * samples)
        most = NUMBERS // max(1, steps.width * self.height * samples)
        if dense:
            most = min(most, FORMED // max(1, steps.width**2 * samples))
        self.most = max(LEAST, most)
        self.rows = {s: self.zeros(steps.size(s), self.most + 1) for s in steps.states}
        self.flat = [
            rows.reshape(len(rows), samples * self.height, rows.shape[-1])
            for rows in self.rows.values()
        ]
        self.loop: _Loop = _Dense(steps, self) if dense else _Loop(steps, self)

    def zeros(self, size: int, *steps: int) -> Array:
        """Rows of one value, at one step or at several: (…, B, r, n), or without the B."""
        return np.zeros((*steps, *self.samples, self.height, size), self.dtype)


class _Loop:
    """The text of the loop; an array of all steps is a variable of it, all else a constant.

    What is called v is (B, r, n), or (r, n) of a single sample; v_flat is the same, all
    samples one below the other.
    """

    def __init__(self, steps: Steps, owner: _Held) -> None:
        self.owner, self.steps = owner, steps
        self.places: list[int] = []
        self.constants: dict[str, Any] = {
            "dot": np.dot,
            "add": np.add,
            "multiply": np.multiply,
            "copyto": np.copyto,
            "matmul": np.matmul,
        }
        self.lines: list[str] = []
        self.now = {state: f"now{i}" for i, state in enumerate(self.steps.states)}
        self.next = {state: f"next{i}" for i, state in enumerate(self.steps.states)}
        self.write()
        self.run = self.made()

    def read(self, stretch: Stretch, first: int, last: int) -> list[Array]:
        """What the loop reads of the steps first … last - 1, each a row a sample."""
        found = [stretch.arrays[place][first:last] for place in self.places]
        return [a[:, :, None] if self.owner.samples else a[:, 0] for a in found]

    def write(self) -> None:
        rows = dict(self.now)
        for value, other, f in self.steps.within:
            if value in rows:
                into = self.scratch(self.steps.size(other))
                if other in rows:
                    self.lines.append(f"copyto({into}, {rows[other]})")
                self.through(f, rows[value], into, other in rows, None)
                rows[other] = into
        written: set[str] = set()
        wide = {state: self.scratch(len(stack)) for state, stack in self.steps.stacks.items()}
        for value, state, f in self.steps.across:
            if value not in rows:
                continue
            if self.through(f, rows[value], self.next[state], state in written, wide.get(state)):
                written.add(state)
        for state, stack in self.steps.stacks.items():
            self.times(wide[state], stack, self.next[state], state in written)
            written.add(state)
        self.clear(written)

    def clear(self, written: set[str]) -> None:
        """Zeros for the states that nothing leads to."""
        for state in self.steps.states:
            if state not in written:
                self.lines.append(f"{self.next[state]}[...] = 0")

    def through(self, f: BoundForm, d: str, out: str, more: bool, wide: str | None) -> bool:
        """out = [out +] d form; branches with a slot leave their rows in `wide`. Gives whether
        anything has been written to out."""
        if f.diagonal is not None:
            self.scaled(f.diagonal, d, out, more)
            more = True
        for branch in f.branches:
            rows, columns = branch.matrix.shape
            if branch.slot is not None and wide is not None:
                self.scaled(branch.coefficient or 0, d, self.part(wide, branch.slot), False)
                continue
            source = d
            if branch.coefficient is not None:
                source = self.scratch(rows)
                self.scaled(branch.coefficient, d, source, False)
            if branch.rest.is_identity:
                self.times(source, branch.by_columns, out, more)
                more = True
            else:
                inner = self.scratch(columns)
                self.times(source, branch.by_columns, inner, False)
                more = self.through(branch.rest, inner, out, more, wide)
        return more

    def scaled(self, place: int, d: str, out: str, more: bool) -> None:
        """out = [out +] diag(coefficient) d; at place 0 that is 1"""
        if place and place not in self.places:
            self.places.append(place)
        if not more:
            self.lines.append(f"multiply({d}, c{place}, {out})" if place else f"copyto({out}, {d})")
            return
        spare = d
        if place:
            spare = self.scratch_like(out)
            self.lines.append(f"multiply({d}, c{place}, {spare})")
        self.lines.append(f"add({out}, {spare}, {out})")

    def times(self, d: str, matrix: Array, out: str, more: bool) -> None:
        """out = [out +] d matrix, all samples in one product"""
        name = f"m{len(self.constants)}"
        self.constants[name] = matrix
        into = self.scratch(matrix.shape[1]) if more else out
        flat = "_flat" if self.owner.samples else ""
        self.lines.append(f"dot({d}{flat}, {name}, {into}{flat})")
        if more:
            self.lines.append(f"add({out}, {into}, {out})")

    # -- arrays ----------------------------------------------------------------------------

    def scratch(self, size: int) -> str:
        """An array to work in."""
        return self.array(f"v{len(self.constants)}", self.owner.zeros(size))

    def scratch_like(self, out: str) -> str:
        size = {self.next[s]: self.steps.size(s) for s in self.steps.states}.get(out)
        return self.scratch(self.constants[out].shape[-1] if size is None else size)

    def part(self, wide: str, slot: slice) -> str:
        """Some columns of an array."""
        return self.array(f"{wide}_{slot.start}", self.constants[wide][..., slot], flat=False)

    def array(self, name: str, array: Array, flat: bool = True) -> str:
        self.constants[name] = array
        if flat and self.owner.samples:
            rows = array.shape[0] * array.shape[1]
            self.constants[f"{name}_flat"] = array.reshape(rows, array.shape[-1])
        return name

    def made(self) -> Callable[[Sequence[Array], int], None]:
        """Compile the loop: it takes the coefficients of the steps in turn."""
        numbers = range(len(self.steps.states))
        kinds = ("", "_flat") if self.owner.samples else ("",)
        names = [f"next{i}{kind}" for kind in kinds for i in numbers]
        follow = "; ".join(f"now{i}{kind} = next{i}{kind}" for kind in kinds for i in numbers)
        first = "; ".join(f"now{i}{kind} = rows{kind}[{i}][0]" for kind in kinds for i in numbers)
        each = ", ".join([*names, *(f"c{place}" for place in self.places)])
        rows = ", ".join(f"rows{kind}[{i}][1 : count + 1]" for kind in kinds for i in numbers)
        text = "\n".join(
            [
                "def run(coefficients, count):",
                f" {first}",
                f" for {each}, in zip({rows}, *coefficients):",
                *(f"  {line}" for line in self.lines),
                f"  {follow}",
            ]
        )
        owner = self.owner
        space = {**self.constants, "rows": [*owner.rows.values()], "rows_flat": owner.flat}
        exec(_compiled(text), space)
        made: Callable[[Sequence[Array], int], None] = space.pop("run")
        return made


class _Dense(_Loop):
    """The loop over Jacobian blocks that are formed before it runs."""

    def write(self) -> None:
        rows, written = dict(self.now), set[str]()
        self.places = [*range(len(self.steps.forms))]
        split = len(self.steps.within)
        for place, (value, other, f) in enumerate(self.steps.within):
            if value not in rows:
                continue
            part = self.scratch(self.steps.size(other))
            self.multiplied(f, place, rows[value], part)
            if other in rows:
                self.lines.append(f"add({part}, {rows[other]}, {part})")
            rows[other] = part
        for place, (value, state, f) in enumerate(self.steps.across, split):
            if value not in rows:
                continue
            more = state in written
            part = self.scratch(self.steps.size(state)) if more else self.next[state]
            self.multiplied(f, place, rows[value], part)
            if more:
                self.lines.append(f"add({self.next[state]}, {part}, {self.next[state]})")
            written.add(state)
        self.clear(written)

    def multiplied(self, f: BoundForm, place: int, d: str, out: str) -> None:
        product = "matmul" if self.owner.samples else "dot"
        self.lines.append(f"{product if f.branches else 'multiply'}({d}, c{place}, {out})")

    def read(self, stretch: Stretch, first: int, last: int) -> list[Array]:
        dense = stretch.dense(first, last)
        found: list[Array] = []
        for diagonal, matrix in dense.blocks:
            many = bool(self.owner.samples)
            if matrix is not None:
                found.append(matrix if many else matrix[:, 0])
            else:
                assert diagonal is not None
                found.append(diagonal[:, :, None] if many else diagonal[:, 0])
        return found


@lru_cache(maxsize=256)
def _compiled(text: str) -> CodeType:
    return compile(text, "<rows>", "exec")
