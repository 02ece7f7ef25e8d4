"""Sequences and states that come from outside, held against the shapes of a cell."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from symgate.equations.cell import Cell
from symgate.errors import ShapeError
from symgate.numerics.arrays import checked, fitted_sizes

Array = NDArray[Any]


def checked_inputs(
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


def checked_states(
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


def inward(array: Array, batch: int | None, dtype: Any) -> Array:
    moved = array[..., None] if batch is None else np.moveaxis(array, -1, -2)
    return np.ascontiguousarray(moved, dtype)


def column(array: Array, batch: int | None, samples: int, dtype: Any) -> Array:
    column = array[:, None] if array.ndim == 1 else array.T
    return np.array(np.broadcast_to(column, (column.shape[0], samples)), dtype)
