"""Arrays that come from outside, held against the shapes of a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from symgate import asked
from symgate.equations.cell import Cell
from symgate.equations.zoo import zoo
from symgate.errors import ShapeError, did_you_mean
from symgate.numerics.room import must_fit

Array = NDArray[Any]

#: What is computed in; arrays of other real numbers are taken as the second.
PRECISIONS = ("float32", "float64")
_KINDS = tuple(map(np.dtype, PRECISIONS))


def checked_parameters(cell: Cell, params: Mapping[str, Any]) -> dict[str, Array]:
    """The parameters of a cell as float arrays; a missing or unknown one is an error."""
    if not isinstance(params, Mapping):
        mend = "; sg.model(module).simulate(x) runs it" if hasattr(params, "state_dict") else ""
        raise ShapeError(
            f"parameters must be a mapping of names to arrays, not {type(params).__name__}{mend}"
        )
    for name in params:
        if name not in cell.parameters:
            raise ShapeError(
                f"{name!r} is not a parameter of {cell.name}{_mend(cell, params, name)}"
            )
    missing = [name for name in cell.parameters if name not in params]
    if missing:
        raise ShapeError(f"{cell.name} needs the parameter {missing[0]!r}, which is not given")
    return {
        name: checked(name, params[name], len(parameter.shape), parameter.shape)
        for name, parameter in cell.parameters.items()
    }


def _mend(cell: Cell, params: Mapping[str, Any], name: object) -> str:
    """What to do about a name that a cell does not have."""
    if any(word in str(name) for word in ("weight_ih", "weight_hh", "kernel")):
        return (
            "; it is how a framework stores a layer: sg.model(params) reads it and names the cell "
            "(nn.GRU is gru-reset-after, nn.LSTM lstm)"
        )
    others = [c.name for c in zoo.values() if c.parameters.keys() == params.keys()]
    if others:
        return f"; these are the parameters of {' and of '.join(others)}"
    return did_you_mean(str(name), cell.parameters)


def checked(
    name: str, value: Any, at_least: int = 0, expected: Sequence[object] | None = None
) -> Array:
    """A finite float array with at least so many axes; those `expected` are for the message."""
    array = real(name, value)
    must_fit(f"{name} of shape {array.shape}", array.size, "give less of it at once")
    if array.dtype not in _KINDS or not array.dtype.isnative:
        with np.errstate(over="ignore"):
            array = array.astype(float)
    if array.ndim < at_least:
        wanted = f"at least {at_least} axes" if expected is None else shown(expected)
        raise ShapeError(f"{name} has shape {array.shape}; expected {wanted}")
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        item = f"{name}{list(place)}" if place else name
        raise ShapeError(f"{item} is {array[place]}; expected finite numbers")
    return array


def real(name: str, value: Any) -> Array:
    """An array of real numbers of any type."""
    array = as_array(name, value)
    if array.dtype.kind in "fiu":
        return array
    if array.dtype == object and not array.ndim:
        raise ShapeError(f"{name} must be an array of real numbers, not {asked.shown(value)}")
    where = ""
    if hasattr(value, "columns"):
        kinds = {c: np.asarray(value[c]).dtype.kind for c in value.columns}
        where = f" in its column {next(c for c in kinds if kinds[c] not in 'fiu')!r}"
    raise ShapeError(f"{name} holds {array.dtype} values{where}; expected real numbers")


def as_array(name: str, value: Any) -> Array:
    """NumPy's own array of anyone's: detached, on the processor, bfloat16 as float32.

    No framework is loaded here: tensors of PyTorch, variables of Keras, arrays of JAX are told
    by what they can do.
    """
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        raise ShapeError(
            f"{name} has {int(value.mask.sum())} masked values; fill them, or leave out"
        )
    if isinstance(value, np.ndarray):
        return value
    kind = type(value)
    if kind.__module__.startswith("keras"):
        value = value.value  # what a variable of Keras holds
    try:
        for step in ("detach", "cpu"):
            if callable(getattr(value, step, None)):
                value = getattr(value, step)()
        if "bfloat16" in str(getattr(value, "dtype", "")):
            value = value.float() if hasattr(value, "float") else value.astype("float32")
        if isinstance(value, list | tuple):
            value = [as_array(name, v) if hasattr(v, "detach") else v for v in value]
        return np.asarray(value)
    except ValueError:
        mend = f"; give one of its {len(value)} parts alone" if kind is tuple else ""
        raise ShapeError(f"{name} is not an array: its rows have different lengths{mend}") from None
    except (TypeError, RuntimeError) as error:
        raise ShapeError(f"{name} is not an array: {error}") from None


def shown(sizes: Sequence[object], before: str = "") -> str:
    """Sizes as a tuple prints: (n, m), (n,), (steps, m)."""
    parts = [*([before] if before else []), *map(str, sizes)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def number_of(size: Expr, sizes: Mapping[Symbol, int]) -> Any:
    """The number of a symbolic size; the size itself where it is not known."""
    if size in sizes:
        return sizes[size]
    number = size.subs(sizes)
    return int(number) if number.is_Integer else number


def fitted_sizes(
    named: Mapping[str, tuple[tuple[int, ...], tuple[Expr, ...]]],
) -> dict[Symbol, int]:
    """The numbers of the symbolic sizes, from the shapes of arrays.

    `named` maps a name to (its array's shape, the symbolic sizes of the last axes). A size is
    what most arrays have; the error names the one that has not, with both shapes.
    """
    first: dict[Symbol, int] = {}
    agree = True
    for shape, symbolic in named.values():
        for number, size in zip(_last(shape, symbolic), symbolic, strict=True):
            agree &= isinstance(size, Symbol) and first.setdefault(size, number) == number
    if agree:
        return first
    votes: dict[Symbol, Counter[int]] = {}
    for shape, symbolic in named.values():
        for number, size in zip(_last(shape, symbolic), symbolic, strict=True):
            if isinstance(size, Symbol):
                votes.setdefault(size, Counter())[number] += 1
    sizes = {size: counts.most_common(1)[0][0] for size, counts in votes.items()}
    for name, (shape, symbolic) in named.items():
        expected = tuple(number_of(size, sizes) for size in symbolic)
        if _last(shape, symbolic) != expected:
            before = "…" if len(shape) > len(symbolic) else ""
            raise ShapeError(
                f"{name} has shape {shape}; expected {shown(symbolic, before)} = "
                f"{shown(expected, before)} as for the other arrays"
            )
    return sizes


def _last(shape: tuple[int, ...], symbolic: tuple[Expr, ...]) -> tuple[int, ...]:
    return shape[len(shape) - len(symbolic) :]


def draws_of(name: str, seed: int) -> np.random.Generator:
    """What an input or a state is drawn with: its own, so that what else a cell has, and in
    which order, changes no draw."""
    return np.random.default_rng([seed, 1, *name.encode()])
