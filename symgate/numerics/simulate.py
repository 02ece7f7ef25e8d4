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
            operations = self.bound(ahead, kept, length)
            for first in range(0, length, STRIDE):
                last = min(first + STRIDE, length)
                for i in range(first, last):
                    for operation in operations:
                        operation(i)
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
    ) -> list[Callable[[int], None]]:
        """The step's operations as functions of the step's number."""
        self.buffers: dict[Expr, Array] = {}
        self.pre: dict[str, Array] = {}
        made: list[Callable[[int], None]] = []
        for op in self.plan.operations:
            if isinstance(op, Product):
                made.append(self.product(op, kept))
            elif isinstance(op, Activation):
                made.append(self.activation(op, ahead, kept, length))
            else:
                made.append(self.elementwise(op, ahead, kept, length))
        return made

    def source(self, e: Expr, kept: Mapping[str, Array]) -> Callable[[int], Array]:
        """How to get the value of a variable at a step of the loop."""
        name = name_of(e)
        array = kept[name] if name in kept else self.pre[name]
        if name in self.lin.cell.states and e != variable(name):
            return array.__getitem__
        if name in self.lin.cell.states:
            return array[1:].__getitem__
        return array.__getitem__

    def product(self, op: Product, kept: Mapping[str, Array]) -> Callable[[int], None]:
        matrix, source = self.stacks[id(op)], self.source(op.source, kept)
        out = np.empty((matrix.shape[0], self.frame.samples), self.frame.dtype)
        row = 0
        for target, part in zip(op.targets, op.matrices, strict=True):
            height = self.frame.size(part.rows)
            self.buffers[target] = out[row : row + height]
            row += height

        def multiply(i: int) -> None:
            np.matmul(matrix, source(i), out=out)

        return multiply

    def activation(
        self, op: Activation, ahead: Window, kept: dict[str, Array], length: int
    ) -> Callable[[int], None]:
        """One activation of a block of nodes, in place over their drives."""
        heights = [self.rows(name) for name in op.nodes]
        block = np.empty((length, sum(heights), self.frame.samples), self.frame.dtype)
        row = 0
        for name, drive, height in zip(op.nodes, op.drives, heights, strict=True):
            part = block[:, row : row + height]
            part[...] = ahead.value(drive)
            if name in self.lin.cell.states:
                self.pre[name] = part
            else:
                kept[name] = part
            row += height
        added = self.joined(op)
        function = in_place(op.function)
        states = [n for n in op.nodes if n in self.lin.cell.states]

        def activate(i: int) -> None:
            now = block[i]
            if added is not None:
                np.add(now, added, out=now)
            function(now)
            for name in states:
                kept[name][i + 1] = self.pre[name][i]

        return activate

    def joined(self, op: Activation) -> Array | None:
        """The rows of the stacked product that belong to a block of nodes."""
        parts = [self.buffers[p] for p in op.products if p is not None]
        if not parts:
            return None
        base = parts[0].base
        first = _offset(parts[0])
        row = first
        for part in parts:
            if part.base is not base or _offset(part) != row:
                raise AssertionError("the rows of a stacked product are not in order")
            row += part.shape[0]
        return np.asarray(base)[first:row]

    def elementwise(
        self, op: Elementwise, ahead: Window, kept: dict[str, Array], length: int
    ) -> Callable[[int], None]:
        for name in op.nodes:
            if name not in kept:
                shape = (length, self.rows(name), self.frame.samples)
                store = kept if name in self.plan.kept else self.pre
                store[name] = np.empty(shape, self.frame.dtype)
        compiled = elementwise(_chained(op))
        getters: list[Callable[[int], Array]] = []
        for e in compiled.inputs:
            getters.append(self.getter(e, ahead, kept))
        targets = [
            kept[n][1:] if n in self.lin.cell.states else kept.get(n, self.pre.get(n))
            for n in op.nodes
        ]
        function = compiled.function

        def compute(i: int) -> None:
            for target, value in zip(targets, function(*[g(i) for g in getters]), strict=True):
                target[i] = value

        return compute

    def getter(
        self, e: Expr, ahead: Window, kept: Mapping[str, Array]
    ) -> Callable[[int], Array]:
        if e in self.buffers:
            buffer = self.buffers[e]
            return lambda i: buffer
        if isinstance(e, Symbol):
            value = ahead[e]
            constant = value[0] if value.ndim == 3 else value
            return lambda i: constant
        if isinstance(e, MatVec) or name_of(e) in self.frame.inputs or (
            name_of(e) in self.plan.driven
        ):  # fmt: skip
            drive = ahead[e]
            if drive.shape[0] == 1:
                return lambda i: drive[0]
            return drive.__getitem__
        return self.source(e, kept)


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


def in_place(function: Function) -> Callable[[Array], None]:
    """An activation as a function that overwrites its argument."""
    from symgate.numerics.functions import MODULE

    name = type(function).__name__
    constants = [float(a) for a in function.args[1:]]
    if name == "sigmoid":

        def sigmoid(a: Array) -> None:
            np.negative(a, out=a)
            np.exp(a, out=a)
            np.add(a, 1, out=a)
            np.reciprocal(a, out=a)

        return sigmoid
    if name in MODULE:

        def general(a: Array) -> None:
            a[...] = MODULE[name](a, *constants)

        return general
    ufunc = getattr(np, {"Abs": "absolute"}.get(name, name))
    return lambda a: ufunc(a, out=a)


def _offset(view: Array) -> int:
    base = view.base
    assert base is not None
    start = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return int(start // max(base.strides[0], 1))


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


def _inputs(
    cell: Cell, x: Any, steps: int | None
) -> tuple[dict[str, Array], int, int | None]:
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

