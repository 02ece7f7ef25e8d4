"""The steps of a cell as one Python loop over NumPy calls, written out once and compiled.

The text of the loop holds nothing but names made here (v0, v1, …) and calls of NumPy, so
that no text from outside is ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Function, Symbol

from symgate.algebra.activations import record_of
from symgate.algebra.vectors import as_product, name_of, variable
from symgate.errors import Diverged
from symgate.linear.linearise import linearise
from symgate.numerics.compiled import elementwise
from symgate.numerics.functions import IN_PLACE, MODULE
from symgate.numerics.run import Run, Window, matrix_of, times_vectors
from symgate.numerics.schedule import (
    ActivationBlock,
    ElementwiseBlock,
    ProductBlock,
    schedule,
    split_stacks,
)
from symgate.numerics.threads import ONE_THREAD
from symgate.numerics.values import FUNCTIONS
from symgate.numerics.written import written

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: How many steps are run between two looks at whether the state is still finite, at least;
#: and how many numbers these steps hold.
STRIDE, NUMBERS = 256, 1 << 16


class Loop:
    """The operations of a step bound to arrays; runs any segment of a sequence."""

    def __init__(self, planned: Run) -> None:
        self.planned, self.plan = planned, schedule(planned.cell)
        self.lin = self.plan.lin
        self.stacks = {
            id(op): matrix_of(planned, *op.matrices)
            for op in self.plan.operations
            if isinstance(op, ProductBlock)
        }

    def rows(self, name: str) -> int:
        return self.planned.size(self.lin.size(name))

    def run(
        self, start: int, stop: int, state: Mapping[str, Array], progress: Progress | None = None
    ) -> dict[str, Array]:
        """The kept values of the steps start … stop - 1; states have the one before first."""
        return self.bind(start, stop).run(state, progress)

    def bind(self, start: int, stop: int) -> BoundLoop:
        """The loop over the steps start … stop - 1, with its arrays, ready to run."""
        length, samples = stop - start, self.planned.samples
        kept: dict[str, Array] = {}
        for name in self.lin.cell.states:
            kept[name] = np.empty((length + 1, self.rows(name), samples), self.planned.dtype)
        ahead = Window(self.planned, start, stop, kept, start)
        self.blocks: list[Array] = []
        with ONE_THREAD, np.errstate(all="ignore"):
            self.drive(ahead)
            for name in self.plan.driven:
                shape = (length, self.rows(name), samples)
                expression = split_stacks(self.lin[name].expression)
                whole = np.broadcast_to(ahead[expression], shape)
                if name in kept:
                    kept[name][1:] = whole
                elif name in self.plan.kept:
                    kept[name] = np.ascontiguousarray(whole)
            advance = self.bound(ahead, kept, length)
        return BoundLoop(self, start, length, kept, self.blocks, advance)

    def drive(self, ahead: Window) -> None:
        """The matrix products of the inputs, for all steps at once."""
        for source, products in self.plan.input_products.items():
            stacked = matrix_of(self.planned, *(p.matrix for p in products))
            rows = np.cumsum([0, *(self.planned.size(p.matrix.rows) for p in products)])
            found = times_vectors(stacked, ahead[source])
            for p, first, last in zip(products, rows[:-1], rows[1:], strict=True):
                ahead.known[p] = found[:, first:last]

    def bound(
        self, ahead: Window, kept: dict[str, Array], length: int
    ) -> Callable[[int, int], None]:
        """The operations of a step, written out as one loop over steps."""
        code = LoopCode()
        for op in self.plan.operations:
            if isinstance(op, ProductBlock):
                self.product(op, code, kept)
            elif isinstance(op, ActivationBlock):
                self.activation(op, code, ahead, kept, length)
            else:
                self.elementwise(op, code, ahead, kept, length)
        return code.made()

    def value(self, e: Expr, code: LoopCode, ahead: Window, kept: Mapping[str, Array]) -> str:
        """The name that a variable, parameter or product has in the loop."""
        if e in code.local:
            return code.local[e]
        if isinstance(e, Symbol):
            value = ahead[e]
            return code.constant(e, value[0] if value.ndim == 3 else value)
        driven = as_product(e) is not None or name_of(e) in {
            *self.planned.inputs,
            *self.plan.driven,
        }
        if driven:
            drive = ahead[e]
            return code.constant(e, drive[0]) if len(drive) == 1 else code.each(e, drive)
        return code.each(e, self.source(e, kept))

    def source(self, e: Expr, kept: Mapping[str, Array]) -> Array:
        """The array of a kept variable whose item i is its value at step i."""
        name = name_of(e)
        return (
            kept[name][1:] if name in self.lin.cell.states and e == variable(name) else (kept[name])
        )

    def product(self, op: ProductBlock, code: LoopCode, kept: Mapping[str, Array]) -> None:
        matrix = self.stacks[id(op)]
        out = np.empty((matrix.shape[0], self.planned.samples), self.planned.dtype)
        source = code.local.get(op.source) or code.each(op.source, self.source(op.source, kept))
        row = 0
        for target, part in zip(op.targets, op.matrices, strict=True):
            height = self.planned.size(part.rows)
            code.buffers[target] = out, row, row + height
            code.local[target] = code.constant(target, out[row : row + height])
            row += height
        code.line(f"{code.constant(matrix)}.dot({source}, {code.constant(out)})")

    def activation(
        self,
        op: ActivationBlock,
        code: LoopCode,
        ahead: Window,
        kept: dict[str, Array],
        length: int,
    ) -> None:
        """One activation of a block of nodes, in place over their drives."""
        heights = [self.rows(name) for name in op.nodes]
        block = np.empty((length, sum(heights), self.planned.samples), self.planned.dtype)
        self.blocks.append(block)
        now = code.each(op, block)
        row = 0
        for name, drive, height in zip(op.nodes, op.drives, heights, strict=True):
            part = block[:, row : row + height]
            part[...] = ahead.value(drive)
            if name not in self.lin.cell.states:
                kept[name] = part
            row += height
        for first, last, source in self.summands(op, heights, code):
            target = now if last - first == row else f"{now}[{first}:{last}]"
            code.line(f"add({target}, {code.constant(source)}, {target})")
        code.lines(in_place(op.function, now, code))
        row = 0
        for name, height in zip(op.nodes, heights, strict=True):
            if name in self.lin.cell.states:
                target = code.each(variable(name), kept[name][1:])
                code.line(f"{target}[...] = {now}[{row}:{row + height}]")
            row += height

    def summands(
        self, op: ActivationBlock, heights: list[int], code: LoopCode
    ) -> list[tuple[int, int, Array]]:
        """(first row, last row, the product to add there): products that lie one below the
        other in memory, in the order in which the block uses them, are added at once."""
        runs: list[tuple[int, int, Array, int, int]] = []
        row = 0
        for product, height in zip(op.products, heights, strict=True):
            if product is not None:
                out, start, stop = code.buffers[product]
                last = runs[-1] if runs else None
                if last and last[1] == row and last[2] is out and last[4] == start:
                    runs[-1] = (last[0], row + height, out, last[3], stop)
                else:
                    runs.append((row, row + height, out, start, stop))
            row += height
        return [(first, last, out[start:stop]) for first, last, out, start, stop in runs]

    def elementwise(
        self,
        op: ElementwiseBlock,
        code: LoopCode,
        ahead: Window,
        kept: dict[str, Array],
        length: int,
    ) -> None:
        compiled = elementwise(op.expressions)
        arguments = [self.value(e, code, ahead, kept) for e in compiled.inputs]
        results = []
        for name in op.nodes:
            if name in self.plan.kept:
                if name not in kept:
                    shape = (length, self.rows(name), self.planned.samples)
                    kept[name] = np.empty(shape, self.planned.dtype)
                target = code.each(variable(name), self.source(variable(name), kept))
                results.append(f"{target}[...]")
            else:
                local = code.fresh()
                code.local[variable(name)] = local
                results.append(local)
        call = f"{code.constant(compiled.function)}({', '.join(arguments)})"
        code.line(f"{', '.join(results)}, = {call}")


class BoundLoop:
    """Some steps bound to their arrays; `run` fills them from a state before the first.

    Activations overwrite their drives in place, so that a segment that is to run more than
    once keeps a copy of them (`keep_drives`).
    """

    def __init__(
        self,
        loop: Loop,
        start: int,
        length: int,
        kept: dict[str, Array],
        blocks: list[Array],
        advance: Callable[[int, int], None],
    ) -> None:
        self.loop, self.start, self.length = loop, start, length
        self.kept, self.blocks, self.advance = kept, blocks, advance
        self.drives: list[Array] = []

    def keep_drives(self) -> None:
        self.drives = [block.copy() for block in self.blocks]

    def run(self, state: Mapping[str, Array], progress: Progress | None = None) -> dict[str, Array]:
        """Run the steps; a state that is no longer finite raises `Diverged`."""
        for name, value in state.items():
            self.kept[name][0] = value
        for block, drive in zip(self.blocks, self.drives, strict=False):
            block[...] = drive
        planned = self.loop.planned
        advance(planned, self.kept, self.start, self.length, self.advance, progress)
        return {name: self.kept[name] for name in self.loop.plan.kept}


def advance(
    planned: Run,
    kept: Mapping[str, Array],
    start: int,
    length: int,
    some: Callable[[int, int], None],
    progress: Progress | None,
) -> None:
    """Run `length` steps from step `start` of a run, some at a time; a state that is no longer
    finite, or a gate that is not a number, raises `Diverged`."""
    width = sum(kept[s][0].size for s in planned.cell.states)
    stride = max(STRIDE, NUMBERS // max(width, 1))
    with ONE_THREAD, np.errstate(all="ignore"):
        for first in range(0, length, stride):
            last = min(first + stride, length)
            some(first, last)
            _check(planned, kept, start, length, first, last)
            if progress is not None:
                progress(start + last, planned.steps)


def _check(
    planned: Run, kept: Mapping[str, Array], start: int, length: int, first: int, last: int
) -> None:
    """Name the first value of the first bad step, in the order in which a step computes."""
    bad: dict[str, Array] = {}
    for name, array in kept.items():
        own = array[len(array) - length :][first:last]
        states = name in planned.cell.states
        whole = own.sum()  # 1/0 of one step may be forgotten by the next
        if not np.isfinite(whole) if states else np.isnan(whole):
            apart = ~np.isfinite(own) if states else np.isnan(own)
            bad[name] = np.any(apart, axis=(1, 2))
    bad = {name: steps for name, steps in bad.items() if steps.any()}
    if not bad:
        return
    step = min(int(np.argmax(steps)) for steps in bad.values())
    name = next(n for n in linearise(planned.cell).nodes if n in bad and bad[n][step])
    own = kept[name][len(kept[name]) - length + first + step]
    is_state = name in planned.cell.states
    what = "it overflows or divides by zero"
    if np.isnan(own).any():
        what = "0 is divided by 0, a logarithm or root of a negative number taken, or it overflows"
    raise Diverged(
        f"the {'state' if is_state else 'value'} {name} of {planned.cell.name} is not "
        f"{'finite' if is_state else 'a number'} from step {start + first + step} on (of "
        f"{planned.steps}): {what}; use smaller weights, another start (state=…), or fewer steps"
    )


class LoopCode:
    """The text of a loop over steps, in which every name is made here: v0, v1, …

    An array of all steps becomes a loop variable, anything else a constant of the loop.
    """

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}
        self.arrays: dict[str, Array] = {}
        self.constants: dict[str, Any] = {
            "add": np.add,
            "exp": np.exp,
            "negative": np.negative,
            "reciprocal": np.reciprocal,
            "one": np.array(1.0),
        }
        self.body: list[str] = []
        self.local: dict[Any, str] = {}
        self.buffers: dict[Any, tuple[Array, int, int]] = {}

    def fresh(self) -> str:
        return f"v{len(self.arrays) + len(self.constants) + len(self.local)}_{len(self.names)}"

    def each(self, key: Any, array: Array) -> str:
        """A loop variable over an array of all steps."""
        name = self.names.get(("each", key)) or self.fresh()
        self.names["each", key] = name
        self.arrays[name] = array
        return name

    def constant(self, key: Any, value: Any = None) -> str:
        """A constant of the loop; without a value the key is it."""
        held = key if value is None else value
        place = ("constant", id(held))
        if place not in self.names:
            self.names[place] = self.fresh()
            self.constants[self.names[place]] = held
        return self.names[place]

    def line(self, text: str) -> None:
        self.body.append(text)

    def lines(self, text: list[str]) -> None:
        self.body.extend(text)

    def made(self) -> Callable[[int, int], None]:
        """Compile the loop; its text holds nothing but the names made here."""
        if not self.body:
            return lambda first, last: None
        loop = f"for {', '.join(self.arrays)}, in zip(*(a[first:last] for a in arrays)):"
        lines = ["def run(first, last):", f" {loop}", *(f"  {x}" for x in self.body)]
        return written(lines, {**self.constants, "arrays": list(self.arrays.values())})


def in_place(function: Function, now: str, code: LoopCode) -> list[str]:
    """The lines of the loop that replace `now` by an activation of it."""
    name = type(function).__name__
    if name in IN_PLACE:
        return [call.format(now) for call in IN_PLACE[name]]
    if name in MODULE:
        constants = "".join(f", {float(a)!r}" for a in function.args[1:])
        return [f"{now}[...] = {code.constant(MODULE[name])}({now}{constants})"]
    record = record_of(function)
    if record.name not in FUNCTIONS:  # of a user: worked out from its closed form
        return [f"{now}[...] = {code.constant(elementwise((record.closed,)).function)}({now})[0]"]
    return [f"{code.constant(FUNCTIONS[record.name])}({now}, {now})"]
