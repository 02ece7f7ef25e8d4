"""Arrays that come from outside, held against the shapes of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from symgate.equations.cell import Cell
from symgate.errors import ShapeError, did_you_mean

Array = NDArray[Any]

#: What is computed in; arrays of other real numbers are taken as the second.
PRECISIONS = ("float32", "float64")


def checked_parameters(cell: Cell, params: Mapping[str, Any]) -> dict[str, Array]:
    """The parameters of a cell as float arrays; a missing or unknown one is an error."""
    if not isinstance(params, Mapping):
        raise ShapeError(f"parameters are a mapping of names to arrays, not {type(params)}")
    for name in params:
        if name not in cell.parameters:
            raise ShapeError(
                f"{name!r} is no parameter of {cell.name}{did_you_mean(str(name), cell.parameters)}"
            )
    missing = [name for name in cell.parameters if name not in params]
    if missing:
        raise ShapeError(f"{cell.name} needs the parameter {missing[0]!r}, which is not given")
    return {
        name: checked(name, params[name], len(parameter.shape))
        for name, parameter in cell.parameters.items()
    }


def checked(name: str, value: Any, at_least: int) -> Array:
    """A finite float array with at least so many axes."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ShapeError(f"{name} holds {array.dtype} values; expected real numbers")
    if array.dtype.name not in PRECISIONS or not array.dtype.isnative:
        with np.errstate(over="ignore"):
            array = array.astype(float)
    if array.ndim < at_least:
        raise ShapeError(f"{name} has shape {array.shape}; expected at least {at_least} axes")
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        item = f"{name}{list(place)}" if place else name
        raise ShapeError(f"{item} is {array[place]}; expected finite numbers")
    return array


def number_of(size: Expr, sizes: Mapping[Symbol, int]) -> Any:
    """The number of a symbolic size; the size itself where it is not known."""
    if isinstance(size, Symbol):
        return sizes.get(size, size)
    number = size.subs(sizes)
    return int(number) if number.is_Integer else number


def fitted_sizes(cell: Cell, named: Mapping[str, tuple[tuple[int, ...], tuple[Expr, ...]]]) -> (
    dict[Symbol, int]
):  # fmt: skip
    """The numbers of the symbolic sizes, from the shapes of arrays.

    `named` maps a name to (its array's last axes, their symbolic sizes). Every array must
    agree; the error names the one that does not, with both shapes.
    """
    sizes: dict[Symbol, int] = {}
    for shape, symbolic in named.values():
        for number, size in zip(shape, symbolic, strict=True):
            if isinstance(size, Symbol):
                sizes.setdefault(size, number)
    for name, (shape, symbolic) in named.items():
        expected = tuple(number_of(size, sizes) for size in symbolic)
        if shape != expected:
            letters = ", ".join(map(str, symbolic))
            raise ShapeError(
                f"{name} has shape {shape}; expected ({letters}) = "
                f"({', '.join(map(str, expected))}) as for the other arrays"
            )
    return sizes
