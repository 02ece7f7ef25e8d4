"""`simulate`: run a cell over sequences; every gate and state at every step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Function, Symbol

from symgate.algebra.vectors import MatVec, name_of, variable
from symgate.equations.cell import Cell
from symgate.errors import Diverged, ShapeError
from symgate.numerics.arrays import checked, checked_parameters, fitted_sizes
from symgate.numerics.compiled import elementwise, matrix_value
from symgate.numerics.functions import MODULE
from symgate.numerics.run import Run, Window
from symgate.numerics.schedule import Activation, Elementwise, Product, schedule

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: How many steps are run between two looks at whether the state is still finite.
STRIDE = 256


def simulate(
    cell: Cell,
    params: Mapping[str, Any],
    x: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    steps: int | None = None,
    checkpoint: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Run a cell over a sequence x (T, m), or a batch of them (T, B, m).

    `state` maps states to their values before the first step, (n,) or (B, n); a state that
    is left out starts at 0. A cell with several inputs takes a mapping of names to arrays,
    one without inputs takes `steps`. With `checkpoint` only every √T-th state is kept, and
    the rest is computed again where it is needed.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((10, 2)))
    >>> run["h"].shape, run["z"].shape
    ((10, 4), (10, 4))
    """
    numbers = checked_parameters(cell, params)
    inputs, length, batch = _inputs(cell, x, steps)
    initial, batch = _initial(cell, state, batch, inputs)
    sizes = _sizes(cell, numbers, inputs, initial)
    dtype = np.result_type(*numbers.values(), *inputs.values(), *initial.values())
    frame = Run(
        cell,
        {name: np.asarray(array, dtype) for name, array in numbers.items()},
        sizes,
        length,
        batch,
        dtype,
        {name: _inward(array, batch, dtype) for name, array in inputs.items()},
        {},
        {},
    )
    start = {
        s: np.zeros((int(cell.size(s).subs(sizes)), frame.samples), dtype)
        if initial.get(s) is None
        else _column(initial[s], batch, frame.samples, dtype)
        for s in cell.states
    }
    if not checkpoint:
        values = Loop(frame).run(0, length, start, progress)
        return _made(frame, start, values, None)
    return _checkpointed(frame, start, progress)


def _made(frame: Run, start: Mapping[str, Array], values: Mapping[str, Array], again: Any) -> Run:
    fields = {**vars(frame), "initial": dict(start), "values": values, "recompute": again}
    return Run(**fields)


class Loop:
    """The operations of a step bound to arrays; runs any stretch of a sequence."""

    def __init__(self, frame: Run) -> None:
        self.frame, self.plan = frame, schedule(frame.cell)
        self.lin = self.plan.lin
        self.stacks = {
            id(op): np.concatenate([self.matrix(m) for m in op.matrices])
            for op in self.plan.operations
            if isinstance(op, Product)
        }

    def matrix(self, matrix: Any) -> Array:
        return np.asarray(matrix_value(matrix, self.frame.params, self.frame.size))

    def rows(self, name: str) -> int:
        return self.frame.size(self.lin.size(name))

    def run(
        self, start: int, stop: int, state: Mapping[str, Array], progress: Progress | None = None
    ) -> dict[str, Array]:
        """The kept values of the steps start … stop - 1; states have the one before first."""
        length, samples = stop - start, self.frame.samples
        kept: dict[str, Array] = {}
        for name in self.lin.cell.states:
            kept[name] = np.empty((length + 1, self.rows(name), samples), self.frame.dtype)
            kept[name][0] = state[name]
        ahead = Window(self.frame, start, stop, kept, start)
        with np.errstate(all="ignore"):
            for name in self.plan.driven:
                shape = (length, self.rows(name), samples)
                whole = np.broadcast_to(ahead[variable(name)], shape)
                if name in kept:
                    kept[name][1:] = whole
                elif name in self.plan.kept:
                    kept[name] = np.ascontiguousarray(whole)
            advance = self.bound(ahead, kept, length)
            for first in range(0, length, STRIDE):
                last = min(first + STRIDE, length)
                advance(first, last)
                self.check(kept, start, first, last)
                if progress is not None:
                    progress(start + last, self.frame.steps)
        return {name: kept[name] for name in self.plan.kept}

    def check(self, kept: Mapping[str, Array], start: int, first: int, last: int) -> None:
        for name in self.lin.cell.states:
            if not np.isfinite(kept[name][last]).all():
                block = kept[name][first + 1 : last + 1]
                bad = ~np.isfinite(block).all(axis=(1, 2))
                step = start + first + int(np.argmax(bad))
                raise Diverged(
                    f"the state {name} of {self.frame.cell.name} is not finite from step {step} "
                    f"on (of {self.frame.steps}): it overflows or divides by zero; use smaller "
                    f"weights, another start (state=…), or fewer steps"
                )

    def bound(
        self, ahead: Window, kept: dict[str, Array], length: int
    ) -> Callable[[int, int], None]:
        """The operations of a step, written out as one loop over steps."""
        code = LoopCode()
        for op in self.plan.operations:
            if isinstance(op, Product):
                self.product(op, code, kept)
            elif isinstance(op, Activation):
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
        driven = isinstance(e, MatVec) or name_of(e) in {*self.frame.inputs, *self.plan.driven}
        if driven:
            drive = ahead[e]
            return code.constant(e, drive[0]) if len(drive) == 1 else code.each(e, drive)
        return code.each(e, self.source(e, kept))

    def source(self, e: Expr, kept: Mapping[str, Array]) -> Array:
        """The array of a kept variable whose item i is its value at step i."""
        name = name_of(e)
        return kept[name][1:] if name in self.lin.cell.states and e == variable(name) else (
            kept[name]
        )  # fmt: skip

    def product(self, op: Product, code: LoopCode, kept: Mapping[str, Array]) -> None:
        matrix = self.stacks[id(op)]
        out = np.empty((matrix.shape[0], self.frame.samples), self.frame.dtype)
        source = code.local.get(op.source) or code.each(op.source, self.source(op.source, kept))
        row = 0
        for target, part in zip(op.targets, op.matrices, strict=True):
            height = self.frame.size(part.rows)
            code.buffers[target] = out, row, row + height
            code.local[target] = code.constant(target, out[row : row + height])
            row += height
        code.line(f"dot({code.constant(matrix)}, {source}, {code.constant(out)})")

    def activation(
        self, op: Activation, code: LoopCode, ahead: Window, kept: dict[str, Array], length: int
    ) -> None:
        """One activation of a block of nodes, in place over their drives."""
        heights = [self.rows(name) for name in op.nodes]
        block = np.empty((length, sum(heights), self.frame.samples), self.frame.dtype)
        now = code.each(op, block)
        row = 0
        for name, drive, height in zip(op.nodes, op.drives, heights, strict=True):
            part = block[:, row : row + height]
            part[...] = ahead.value(drive)
            if name not in self.lin.cell.states:
                kept[name] = part
            row += height
        moving = [code.buffers[p] for p in op.products if p is not None]
        if moving:
            joined = moving[0][0][moving[0][1] : moving[-1][2]]
            code.line(f"add({now}, {code.constant(joined)}, {now})")
        code.lines(in_place(op.function, now, code))
        row = 0
        for name, height in zip(op.nodes, heights, strict=True):
            if name in self.lin.cell.states:
                target = code.each(variable(name), kept[name][1:])
                code.line(f"{target}[...] = {now}[{row}:{row + height}]")
            row += height

    def elementwise(
        self, op: Elementwise, code: LoopCode, ahead: Window, kept: dict[str, Array], length: int
    ) -> None:
        compiled = elementwise(_chained(op))
        arguments = [self.value(e, code, ahead, kept) for e in compiled.inputs]
        results = []
        for name in op.nodes:
            if name in self.plan.kept:
                if name not in kept:
                    shape = (length, self.rows(name), self.frame.samples)
                    kept[name] = np.empty(shape, self.frame.dtype)
                target = code.each(variable(name), self.source(variable(name), kept))
                results.append(f"{target}[...]")
            else:
                local = code.fresh()
                code.local[variable(name)] = local
                results.append(local)
        call = f"{code.constant(compiled.function)}({', '.join(arguments)})"
        code.line(f"{', '.join(results)}, = {call}")


class LoopCode:
    """The text of a loop over steps, in which every name is made here: v0, v1, …

    An array of all steps becomes a loop variable, anything else a constant of the loop.
    """

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}
        self.arrays: dict[str, Array] = {}
        self.constants: dict[str, Any] = {
            "dot": np.dot, "add": np.add, "exp": np.exp, "negative": np.negative,
            "reciprocal": np.reciprocal, "one": np.array(1.0),
        }  # fmt: skip
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
        text = "\n".join(["def run(first, last):", f" {loop}", *(f"  {x}" for x in self.body)])
        space = {**self.constants, "arrays": list(self.arrays.values())}
        exec(compile(text, "<loop>", "exec"), space)
        made: Callable[[int, int], None] = space["run"]
        return made


def _chained(op: Elementwise) -> tuple[Expr, ...]:
    """The expressions of a block with those that it computes itself written in."""
    inside: dict[Any, Expr] = {}
    for name, expression in zip(op.nodes, op.expressions, strict=True):
        inside[variable(name)] = _substituted(expression, inside)
    return tuple(inside.values())


def _substituted(e: Expr, inside: Mapping[Any, Expr]) -> Expr:
    """xreplace that leaves the vectors of matrix products alone."""
    if e in inside:
        return inside[e]
    if isinstance(e, MatVec) or not e.args:
        return e
    return e.func(*(_substituted(a, inside) for a in e.args))


def in_place(function: Function, now: str, code: LoopCode) -> list[str]:
    """The lines of the loop that replace `now` by an activation of it."""
    name = type(function).__name__
    if name == "sigmoid":
        return [
            f"negative({now}, {now})",
            f"exp({now}, {now})",
            f"add({now}, one, {now})",
            f"reciprocal({now}, {now})",
        ]
    if name in MODULE:
        constants = "".join(f", {float(a)!r}" for a in function.args[1:])
        return [f"{now}[...] = {code.constant(MODULE[name])}({now}{constants})"]
    ufunc = getattr(np, {"Abs": "absolute"}.get(name, name))
    return [f"{code.constant(ufunc)}({now}, {now})"]


def _checkpointed(frame: Run, start: dict[str, Array], progress: Progress | None) -> Run:
    """Keep the state of every √T-th step; recompute the stretch that is asked for."""
    stride = max(1, math.isqrt(frame.steps))
    loop = Loop(frame)
    marks = [start]
    for first in range(0, frame.steps, stride):
        last = min(first + stride, frame.steps)
        values = loop.run(first, last, marks[-1], progress)
        marks.append({s: values[s][-1].copy() for s in frame.cell.states})

    def again(first: int, last: int) -> dict[str, Array]:
        mark = first // stride
        values = loop.run(mark * stride, last, marks[mark])
        skip = first - mark * stride
        return {name: array[skip:] for name, array in values.items()}

    return _made(frame, start, {}, again)


def _inputs(cell: Cell, x: Any, steps: int | None) -> tuple[dict[str, Array], int, int | None]:
    """The inputs by name, the number of steps, and the number of samples or None."""
    given = _by_name(cell, x)
    arrays = {name: _real(name, value) for name, value in given.items()}
    for name, array in arrays.items():
        if array.ndim not in (2, 3):
            raise ShapeError(
                f"{name} has shape {array.shape}; expected (steps, size) or (steps, samples, size)"
            )
    lengths = {array.shape[0] for array in arrays.values()} | ({steps} if steps else set())
    if not lengths:
        raise ShapeError(f"{cell.name} has no input; say how many steps to run with steps=…")
    if len(lengths) > 1:
        raise ShapeError(f"the inputs have different lengths: {sorted(lengths)}")
    length = lengths.pop()
    if length < 1:
        raise ShapeError("a sequence needs at least one step, and this one has none")
    batches = {array.shape[1] if array.ndim == 3 else None for array in arrays.values()}
    if len(batches) > 1:
        raise ShapeError(f"the inputs have different numbers of samples: {batches}")
    return arrays, length, batches.pop() if batches else None


def _by_name(cell: Cell, x: Any) -> dict[str, Any]:
    if isinstance(x, Mapping):
        given = dict(x)
    elif x is None:
        given = {}
    elif len(cell.inputs) == 1:
        given = {cell.inputs[0]: x}
    else:
        raise ShapeError(
            f"{cell.name} has the inputs {', '.join(cell.inputs) or '(none)'}; give a mapping of "
            f"names to arrays"
        )
    for name in given:
        if name not in cell.inputs:
            raise ShapeError(f"{name!r} is no input of {cell.name}; expected {cell.inputs}")
    for name in cell.inputs:
        if name not in given:
            raise ShapeError(f"the input {name} of {cell.name} is not given")
    return given


def _real(name: str, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind in "iu":
        warnings.warn(f"{name} holds integers; they are taken as float64", stacklevel=4)
    return checked(name, array, 1)


def _initial(
    cell: Cell, state: Mapping[str, Any] | None, batch: int | None, inputs: Mapping[str, Array]
) -> tuple[dict[str, Array], int | None]:
    out = {}
    for name, value in (state or {}).items():
        if name not in cell.states:
            raise ShapeError(f"{name!r} is no state of {cell.name}; expected {cell.states}")
        array = _real(name, value)
        if array.ndim == 2 and batch is None and not inputs:
            batch = array.shape[0]
        if array.ndim > 2 or (array.ndim == 2 and array.shape[0] != batch):
            raise ShapeError(
                f"the initial {name} has shape {array.shape}; expected (n,) or "
                f"(samples, n) with {batch} samples"
            )
        out[name] = array
    return out, batch


def _sizes(
    cell: Cell,
    numbers: Mapping[str, Array],
    inputs: Mapping[str, Array],
    initial: Mapping[str, Array],
) -> dict[Symbol, int]:
    shapes = {}
    for name, array in numbers.items():
        expected = cell.parameters[name].shape
        if array.ndim != len(expected):
            letters = ", ".join(map(str, expected))
            raise ShapeError(f"{name} has shape {array.shape}; expected ({letters})")
        shapes[name] = (array.shape, expected)
    for name, array in (*inputs.items(), *initial.items()):
        shapes[name] = (array.shape[-1:], (cell.size(name),))
    sizes = fitted_sizes(cell, shapes)
    missing = [letter for letter, symbol in cell.sizes.items() if symbol not in sizes]
    if missing:
        raise ShapeError(
            f"the size {missing[0]} of {cell.name} does not follow from the arrays; give the "
            f"state before the first step with state=…"
        )
    return sizes


def _inward(array: Array, batch: int | None, dtype: Any) -> Array:
    moved = array[..., None] if batch is None else np.moveaxis(array, -1, -2)
    return np.ascontiguousarray(moved, dtype)


def _column(array: Array, batch: int | None, samples: int, dtype: Any) -> Array:
    column = array[:, None] if array.ndim == 1 else array.T
    return np.array(np.broadcast_to(column, (column.shape[0], samples)), dtype)
