"""Sequences and states that come from outside, held against the shapes of a cell."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from symgate.equations.cell import Cell
from symgate.errors import ShapeError, UnknownName, did_you_mean
from symgate.numerics.arrays import as_array, checked, fitted_sizes, shown

Array = NDArray[Any]


def checked_inputs(
    cell: Cell, x: Any, steps: int | None, batch_first: bool | None = None
) -> tuple[dict[str, Array], int, int | None]:
    """The inputs by name, the number of steps, and the number of samples or None."""
    arrays = {name: checked(name, value) for name, value in _by_name(cell, x).items()}
    if batch_first:
        swapped = {n: a for n, a in arrays.items() if a.ndim == len(cell.shapes[n]) + 2}
        arrays |= {name: np.swapaxes(array, 0, 1) for name, array in swapped.items()}
    if steps is None and not arrays:
        raise ShapeError(f"{cell.name} has no input; say how many steps to run with steps=…")
    lengths = {} if steps is None else {"the option steps": int(steps)}
    batches = {}
    for name, array in arrays.items():
        shape = cell.shapes[name]
        if array.ndim - len(shape) not in (1, 2):
            raise ShapeError(
                f"{name} has shape {array.shape}; expected {shown(shape, 'steps')} or "
                f"{shown(shape, 'steps, samples')}"
            )
        lengths[name] = array.shape[0]
        batches[name] = array.shape[1] if array.ndim - len(shape) == 2 else None
    length = _the_same(lengths, "steps")
    batch = _the_same(batches, "samples") if batches else None
    if length < 1:
        raise ShapeError(f"a sequence needs at least one step; {next(iter(lengths))} has {length}")
    return arrays, length, batch


def _the_same(numbers: Mapping[str, Any], what: str) -> Any:
    """The one number that all have; two names that differ make an error."""
    (first, number), *others = numbers.items()
    for name, other in others:
        if other != number:
            both = f"{first} has {_counted(number, what)} and {name} has {_counted(other, what)}"
            raise ShapeError(f"{both}; all inputs go together")
    return number


def _counted(number: int | None, what: str) -> str:
    return f"no axis of {what}" if number is None else f"{number} {what}"


def _by_name(cell: Cell, x: Any) -> dict[str, Any]:
    if isinstance(x, Mapping):
        given = dict(x)
    elif x is None:
        given = {}
    elif len(cell.inputs) == 1:
        given = {cell.inputs[0]: x}
    elif not cell.inputs:
        raise ShapeError(f"{cell.name} has no input; leave x out and say steps=…")
    else:
        raise ShapeError(
            f"{cell.name} has the inputs {', '.join(cell.inputs)}; give a mapping of names to "
            f"arrays"
        )
    for name in given:
        if name not in cell.inputs:
            raise ShapeError(
                f"{name!r} is not an input of {cell.name}{did_you_mean(str(name), cell.inputs)}"
            )
    for name in cell.inputs:
        if name not in given:
            raise ShapeError(f"the input {name} of {cell.name} is not given")
    return given


def are_sequences(cell: Cell, x: Any) -> bool:
    """Whether x is a list of sequences, of any lengths, and no array written as lists."""
    if not isinstance(x, list | tuple) or not x or len(cell.inputs) != 1:
        return False
    axes = 1 + len(cell.shapes[cell.inputs[0]])
    return all(getattr(one, "ndim", None) == axes for one in x)


def with_starts(cell: Cell, state: Any, start: Mapping[str, Any]) -> Any:
    """The states before the first step, with those that have a keyword: h0 for h."""
    if not start:
        return state
    given = dict(state) if isinstance(state, Mapping) else {}
    for name, value in start.items():
        if name not in (known := {f"{s}0": s for s in cell.states}):
            raise UnknownName("the option", name, [*known, "state", "steps", "checkpoint"])
        given[known[name]] = value
    return given


def checked_states(
    cell: Cell, state: Mapping[str, Any] | None, batch: int | None, inputs: Mapping[str, Array]
) -> tuple[dict[str, Array], int | None]:
    """The states before the first step, by name, and the number of samples or None."""
    out = {}
    if state is not None and not isinstance(state, Mapping):
        starts = " or ".join(f"{s}0=…" for s in cell.states)
        raise ShapeError(
            f"state must be a mapping of states to arrays, not {type(state).__name__}; "
            f"or give {starts}"
        )
    for name, value in (state or {}).items():
        if name not in cell.states:
            raise ShapeError(
                f"{name!r} is not a state of {cell.name}{did_you_mean(str(name), cell.states)}"
            )
        size = cell.shapes[name]
        array = checked(f"the initial {name}", value, len(size), size)
        axes = array.ndim - len(size)
        if axes == 1 and batch is None and not inputs:
            batch = array.shape[0]
        if axes > 1 or (axes == 1 and array.shape[0] != batch):
            expected = shown(size)
            if batch is not None:
                expected += f" or {shown(size, str(batch))}, for {batch} samples"
            raise ShapeError(f"the initial {name} has shape {array.shape}; expected {expected}")
        out[name] = array
    return out, batch


def say_what_is_converted(cell: Cell, *given: Any) -> None:
    """Warn of integers among what a user gave: mappings of names to arrays, or the input."""
    named = [
        item
        for part in given
        for item in (part.items() if isinstance(part, Mapping) else [(cell.inputs[0], part)])
    ]
    found = [str(n) for n, a in named if np.ndim(a) and as_array(n, a).dtype.kind in "iu"]
    if found:
        text = f"{', '.join(found)} held integers; they were taken as float64"
        warnings.warn(text, stacklevel=4)


def say_if_swapped(cell: Cell, x: Any) -> None:
    """Warn of more samples than steps: the arrays of frameworks often lie (B, T, m)."""
    shape: Any = getattr(x, "shape", ())
    if cell.inputs and len(cell.shapes[cell.inputs[0]]) == 1 and len(shape) == 3:
        steps, samples = int(shape[0]), int(shape[1])
        if steps < samples:
            text = (
                f"x {tuple(map(int, shape))} is taken as {steps} steps of {samples} samples; say "
                f"batch_first=True if it has {steps} samples, or batch_first=False"
            )
            warnings.warn(text, stacklevel=4)


def sizes_of(
    cell: Cell,
    numbers: Mapping[str, Array],
    inputs: Mapping[str, Array],
    initial: Mapping[str, Array],
) -> dict[Symbol, int]:
    shapes = {}
    for name, array in numbers.items():
        expected = cell.parameters[name].shape
        if array.ndim != len(expected):
            raise ShapeError(f"{name} has shape {array.shape}; expected {shown(expected)}")
        shapes[name] = (array.shape, expected)
    for name, array in inputs.items():
        shapes[name] = (array.shape, cell.shapes[name])
    for name, array in initial.items():
        shapes[f"the initial {name}"] = (array.shape, cell.shapes[name])
    sizes = fitted_sizes(shapes)
    missing = [letter for letter, symbol in cell.sizes.items() if symbol not in sizes]
    if missing:
        raise ShapeError(
            f"the size {missing[0]} of {cell.name} does not follow from the arrays; give the "
            f"state before the first step with state=…"
        )
    return sizes


def inward(array: Array, batch: int | None, dtype: Any) -> Array:
    """(T, *shape) or (T, B, *shape) as (T, size, B)."""
    if batch is None:
        moved = array.reshape(len(array), math.prod(array.shape[1:]), 1)
    else:
        flat = array.reshape(*array.shape[:2], math.prod(array.shape[2:]))
        moved = np.moveaxis(flat, -1, -2)
    return np.ascontiguousarray(moved, dtype)


def column(array: Array, axes: int, samples: int, dtype: Any) -> Array:
    """A state of `axes` axes, or one a sample, as (size, B)."""
    single = array.ndim == axes
    column = (
        array.reshape(-1, 1) if single else array.reshape(len(array), math.prod(array.shape[1:])).T
    )
    return np.array(np.broadcast_to(column, (column.shape[0], samples)), dtype)
