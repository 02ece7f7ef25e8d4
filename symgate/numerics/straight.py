"""Rows pulled back through a transition in NumPy, written out as one loop over the steps.

The text of the loop holds nothing but names made here and calls of NumPy that write into
arrays made once. The rows of every step stay for a while, so that their norms are measured
together, and so that a step at which they leave the range of numbers can be gone back to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.bound import BoundBlock
from symgate.numerics.norms import squares
from symgate.numerics.norms_by_lag import NormsByLag
from symgate.numerics.scaled import Scaled
from symgate.numerics.steps import Steps, StepSegment
from symgate.numerics.written import written

Array = NDArray[Any]

#: Steps whose coefficients are worked out together.
SEGMENT = 256

#: How many numbers the rows of the steps that are taken together hold, and Jacobians that are
#: formed at once; how many steps these are at least.
NUMBERS, FORMED, LEAST = 1 << 15, 1 << 16, 4

#: Up to how many numbers in the rows of a step a call costs more than what it does.
FEW = 1 << 10


class Straight:
    """A way to go back: some steps at once, in the loop that costs least for so many rows.

    *Dense* forms the Jacobian blocks of the steps first and multiplies once each; *thin* runs
    the terms one after the other on the rows.
    """

    longest = SEGMENT

    def __init__(self, steps: Steps, product: Scaled, curves: Sequence[NormsByLag]) -> None:
        self.steps, self.product, self.curves = steps, product, curves
        self.held: _Held | None = None

    def open(self, start: int, stop: int) -> None:
        self.segment = self.steps.segment(start, stop)

    def advance(self, last: int, count: int, lag: int) -> int:
        held = self.held
        if held is None or held.height != self.product.height:
            held = self.held = _Held(self.steps, self.product)
        count = min(count, held.most)
        for state, rows in held.rows.items():
            rows[0] = self.product.rows.get(state, 0)
        coefficients = held.loop.read(self.segment, last - count + 1, last + 1)
        held.loop.run([array[::-1] for array in coefficients], count)
        found = [self.measured(curve, held, count, lag) for curve in self.curves]
        done = min(map(len, found))
        shape = len(self.product.log), held.height
        self.product.rows = {
            s: rows[done].reshape(*shape, rows.shape[-1]).copy() for s, rows in held.rows.items()
        }
        for curve, squared in zip(self.curves, found, strict=True):
            ends = squared[done - 1, 0]
            inside = bool(((ends > curve.low) & (ends < curve.high)).all())
            curve.note_found(lag, squared[:done], self.product, inside)
        return done

    def measured(self, curve: NormsByLag, held: _Held, count: int, lag: int) -> Array:
        """(steps, 2, B): the squared norms of all rows and of the last, up to the first step
        at which they leave the range of numbers."""
        rows = held.rows[curve.wrt][1 : count + 1]
        whole = rows.reshape(count, len(self.product.log), held.height, rows.shape[-1])
        noted = curve.noted[lag + 1 : lag + 1 + count]
        if noted.all():
            norms = curve.measure_many(whole)
        else:
            norms = squares(whole)
            if noted.any():
                norms[noted] = curve.measure_many(whole[noted])
        far = ~((norms > curve.low) & (norms < curve.high)).all(axis=1)
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
        self.few = steps.width * self.height * samples <= FEW
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
        self.loop: _LoopText = _Dense(steps, self) if dense else _LoopText(steps, self)

    def zeros(self, size: int, *more: int) -> Array:
        """Rows of one value, once or several times: (…, B, r, n), or without the B."""
        return np.zeros((*more, *self.samples, self.height, size), self.dtype)


class _Scaling:
    """The coefficients that one array of rows is multiplied by, all in one call of NumPy."""

    def __init__(self, d: str) -> None:
        self.d, self.places = d, list[int]()

    def value(self, place: int) -> str:
        """The rows times one of the coefficients."""
        if place not in self.places:
            self.places.append(place)
        return f"{self.d}_by{place}"


class _LoopText:
    """The text of the loop; an array of all steps is a variable of it, all else a constant.

    What is called v is (B, r, n), or (r, n) of a single sample; v_flat is the same, all
    samples one below the other.
    """

    def __init__(self, steps: Steps, owner: _Held) -> None:
        self.owner, self.steps = owner, steps
        self.places: list[int] = []
        self.groups: dict[str, _Scaling] = {}
        self.constants: dict[str, Any] = {
            "add": np.add,
            "multiply": np.multiply,
            "copyto": np.copyto,
            "matmul": np.matmul,
        }
        self.lines: list[str | _Scaling] = []
        self.sizes = {f"now{i}": steps.size(s) for i, s in enumerate(steps.states)}
        self.now = {state: f"now{i}" for i, state in enumerate(self.steps.states)}
        self.next = {state: f"next{i}" for i, state in enumerate(self.steps.states)}
        self.write()
        self.run = self.made()

    def read(self, segment: StepSegment, first: int, last: int) -> list[Array]:
        """What the loop reads of the steps first … last - 1: by group, then by place, each
        broadcast over the rows of a sample."""
        found = []
        for group in self.groups.values():
            shape = last - first, len(group.places), *self.owner.samples, self.sizes[group.d]
            values = np.empty(shape, self.owner.dtype)
            for i, place in enumerate(group.places):
                array = segment.arrays[place][first:last]
                values[:, i] = array if self.owner.samples else array[:, 0]
            found.append(values[..., None, :])
        for place in self.places:
            array = segment.arrays[place][first:last]
            found.append(array[:, :, None] if self.owner.samples else array[:, 0])
        return found

    def write(self) -> None:
        rows = dict(self.now)
        for value, other, f in self.steps.within:
            if value in rows:
                into = self.scratch(self.steps.size(other))
                if other in rows:
                    self.lines.append(f"copyto({into}, {rows[other]})")
                self.through(f, rows[value], into, other in rows)
                rows[other] = into
        written: set[str] = set()
        for value, state, f in self.steps.across:
            if value in rows and self.through(f, rows[value], self.next[state], state in written):
                written.add(state)
        self.clear(written)

    def clear(self, written: set[str]) -> None:
        """Zeros for the states that nothing leads to."""
        for state in self.steps.states:
            if state not in written:
                self.lines.append(f"{self.next[state]}[...] = 0")

    def through(self, f: BoundBlock, d: str, out: str, more: bool) -> bool:
        """out = [out +] d block. Gives whether anything has been written to out."""
        for branch in f.branches:
            rows, columns = branch.matrix.shape
            source = self.scaled(branch.coefficient or 0, d, rows)
            if branch.rest.is_identity:
                more = self.times(source, branch.matrix, out, more)
            else:
                inner = self.scratch(columns)
                self.times(source, branch.matrix, inner, False)
                more = self.through(branch.rest, inner, out, more)
        if f.diagonal is not None:
            if more:
                self.lines.append(f"add({out}, {self.scaled(f.diagonal, d)}, {out})")
            else:
                self.multiplied_by(f.diagonal, d, out)
            more = True
        return more

    def scaled(self, place: int, d: str, size: int | None = None) -> str:
        """The array that holds d diag(coefficient), which is used at once; at place 0 d itself.

        Of few rows all that d is multiplied by is one call of NumPy; of many each product is
        used while it is at hand.
        """
        if not place:
            return d
        if self.owner.few:
            if d not in self.groups:
                self.groups[d] = _Scaling(d)
                self.lines.append(self.groups[d])
            return self.groups[d].value(place)
        size = self.sizes[d] if size is None else size
        spare = self.array(f"spare{size}", self.owner.zeros(size))
        self.multiplied_by(place, d, spare)
        return spare

    def multiplied_by(self, place: int, d: str, out: str) -> None:
        """out = d diag(coefficient)"""
        if place and place not in self.places:
            self.places.append(place)
        self.lines.append(f"multiply({d}, c{place}, {out})" if place else f"copyto({out}, {d})")

    def times(self, d: str, matrix: Array, out: str, more: bool) -> bool:
        """out = [out +] d matrix, all samples in one product"""
        name = f"m{len(self.constants)}"
        self.constants[name] = matrix
        into = self.scratch(matrix.shape[1]) if more else out
        flat = "_flat" if self.owner.samples else ""
        self.lines.append(f"{d}{flat}.dot({name}, {into}{flat})")
        if more:
            self.lines.append(f"add({out}, {into}, {out})")
        return True

    # -- arrays ----------------------------------------------------------------------------

    def scratch(self, size: int) -> str:
        """An array to work in."""
        return self.array(f"v{len(self.constants)}", self.owner.zeros(size))

    def array(self, name: str, array: Array) -> str:
        self.sizes[name] = array.shape[-1]
        self.constants[name] = array
        if self.owner.samples:
            rows = array.shape[0] * array.shape[1]
            self.constants[f"{name}_flat"] = array.reshape(rows, array.shape[-1])
        return name

    def line(self, line: str | _Scaling) -> str:
        """A line as text; for a group, the product of its rows with all of its coefficients."""
        if isinstance(line, str):
            return line
        together = self.owner.zeros(self.sizes[line.d], len(line.places))
        self.constants[f"{line.d}_all"] = together
        for place, part in zip(line.places, together, strict=True):
            self.array(line.value(place), part)
        return f"multiply({line.d}, c_{line.d}, {line.d}_all)"

    def made(self) -> Callable[[Sequence[Array], int], None]:
        """Compile the loop: it takes the coefficients of the steps in turn."""
        numbers = range(len(self.steps.states))
        kinds = ("", "_flat") if self.owner.samples else ("",)
        names = [f"next{i}{kind}" for kind in kinds for i in numbers]
        follow = "; ".join(f"now{i}{kind} = next{i}{kind}" for kind in kinds for i in numbers)
        first = "; ".join(f"now{i}{kind} = rows{kind}[{i}][0]" for kind in kinds for i in numbers)
        read = [*(f"c_{d}" for d in self.groups), *(f"c{place}" for place in self.places)]
        rows = ", ".join(f"rows{kind}[{i}][1 : count + 1]" for kind in kinds for i in numbers)
        lines = [
            "def run(coefficients, count):",
            f" {first}",
            f" for {', '.join([*names, *read])}, in zip({rows}, *coefficients):",
            *(f"  {self.line(line)}" for line in self.lines),
            f"  {follow}",
        ]
        held = {"rows": [*self.owner.rows.values()], "rows_flat": self.owner.flat}
        return written(lines, {**self.constants, **held})


class _Dense(_LoopText):
    """The loop over Jacobian blocks that are formed before it runs."""

    def write(self) -> None:
        rows, written = dict(self.now), set[str]()
        self.places = [*range(len(self.steps.blocks))]
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

    def multiplied(self, f: BoundBlock, place: int, d: str, out: str) -> None:
        if f.branches and not self.owner.samples:
            self.lines.append(f"{d}.dot(c{place}, {out})")
        else:
            self.lines.append(f"{'matmul' if f.branches else 'multiply'}({d}, c{place}, {out})")

    def read(self, segment: StepSegment, first: int, last: int) -> list[Array]:
        dense = segment.dense(first, last)
        found: list[Array] = []
        for diagonal, matrix in dense.blocks:
            many = bool(self.owner.samples)
            if matrix is not None:
                found.append(matrix if many else matrix[:, 0])
            else:
                assert diagonal is not None
                found.append(diagonal[:, :, None] if many else diagonal[:, 0])
        return found
