"""The smallest numbers at which two cells differ, and where their Jacobians part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symgate.algebra.vectors import variable
from symgate.comparing.normal import Normal, diagonal_name, plain_name
from symgate.comparing.numbers import (
    Array,
    Draw,
    Evaluation,
    Values,
    all_sizes,
    block,
    columns,
    draws,
    translated,
)
from symgate.comparing.polynomials import Matrix
from symgate.comparing.search import Found
from symgate.equations.cell import Cell

DRAWS = 60
STEPS = 3
TOLERANCE = 1e-7


@dataclass(frozen=True)
class Parting:
    """Where two Jacobians part: the lag, the block, the entry (from 1) and both values."""

    lag: int
    of: str
    wrt: str
    entry: tuple[int, int]
    first: float
    second: float

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "entry": list(self.entry)}


@dataclass(frozen=True)
class Counterexample:
    """Numbers at which two cells differ: `name` at step `step`, component `component` from 1.

    `first_parameters` and `second_parameters` correspond to each other; `variables` are the
    inputs and the states before the step, by the first cell's names.
    """

    cells: tuple[Cell, Cell]
    names: Mapping[str, str]
    n: int
    first_parameters: Mapping[str, Array]
    second_parameters: Mapping[str, Array]
    variables: Mapping[str, Array]
    second_variables: Mapping[str, Array]
    name: str
    step: int
    component: int
    first: float
    second: float

    @cached_property
    def jacobians(self) -> Parting | None:
        """The first lag and entry at which the Jacobians differ at these numbers."""
        return _parting(self)

    def to_dict(self) -> dict[str, Any]:
        parting = self.jacobians
        return {
            "n": self.n,
            "first_parameters": _lists(self.first_parameters),
            "second_parameters": _lists(self.second_parameters),
            "variables": _lists(self.variables),
            "second_variables": _lists(self.second_variables),
            "name": self.name,
            "step": self.step,
            "component": self.component,
            "first": self.first,
            "second": self.second,
            "jacobians": None if parting is None else parting.to_dict(),
        }

    def __str__(self) -> str:
        own = {
            name: value
            for name, value in self.second_parameters.items()
            if not np.array_equal(self.first_parameters.get(name, np.nan), value)
        }
        at = _listed({**self.first_parameters, **self.variables})
        if own:
            at += f"\nin the second {_listed(own)}"
        steps = "" if self.step == 1 else f" after {self.step} steps"
        text = (
            f"n = {self.n}: {at}\n{self.name}{steps}, component {self.component}: "
            f"{self.first:.6g} in the first, {self.second:.6g} in the second"
        )
        parting = self.jacobians
        if parting is None:
            return text
        return (
            f"{text}\n∂{parting.of}_t/∂{parting.wrt}_{{t-{parting.lag}}}, entry "
            f"{parting.entry}: {parting.first:.6g} and {parting.second:.6g}"
        )


def counterexample(one: Normal, other: Normal, found: Found | None = None) -> Counterexample | None:
    """Numbers at which two cells differ, at one unit if there are any; None where none is found.

    With a relation that holds under conditions, the numbers break the conditions.
    """
    with np.errstate(all="ignore"):
        for steps in (1, STEPS):
            for draw, first, second, names in _trials(one, other, found):
                result = _differing(one, other, draw, first, second, names, steps)
                if result is not None:
                    return result
    return None


def _trials(
    one: Normal, other: Normal, found: Found | None
) -> Iterator[tuple[Draw, Values, Values, Mapping[str, str]]]:
    """Numbers for both cells that correspond, smallest first."""
    names = found.names if found is not None else _by_name(one, other)
    for mine, theirs in zip(draws(one.cell, DRAWS), draws(other.cell, DRAWS), strict=True):
        if found is None:
            yield mine, mine.parameters, _by_shape(one.cell, other.cell, mine, theirs), names
            continue
        here_sizes, sizes_there = all_sizes(one.cell, mine.n), all_sizes(other.cell, mine.n)
        there = translated(
            other, found.there.values, _with_diagonals(one, mine), one, here_sizes, sizes_there
        )
        _unfolded(there, other, found, _diagonal_blocks(one, mine), mine.n)
        yield mine, mine.parameters, there, names
        back = translated(
            one, found.back.values, _with_diagonals(other, theirs), other, sizes_there, here_sizes
        )
        _unfolded(back, one, found.mirrored, _diagonal_blocks(other, theirs), mine.n)
        yield mine, back, theirs.parameters, names


def _with_diagonals(cell: Normal, draw: Draw) -> Values:
    """The numbers, with the diagonals of square matrices under the names they get."""
    extra = {name: np.diagonal(array) for name, array in _diagonal_blocks(cell, draw).items()}
    return {**draw.parameters, **extra}


def _diagonal_blocks(cell: Normal, draw: Draw) -> Values:
    """The square matrices of a draw, block by block, by the names of their diagonals."""
    return {
        diagonal_name(*name): array
        for name, array in _arrays(cell, draw)
        if array.shape[0] == array.shape[1]
    }


def _unfolded(
    values: Values, cell: Normal, found: Found, known: Mapping[str, Array], n: int
) -> None:
    """Matrices that a relation takes as diagonal are taken whole, so that they may break it.

    `found` is turned so that `there` gives the parameters of `cell`; `known` has the blocks
    of the other's matrices by the names of their diagonals.
    """
    sizes = all_sizes(cell.cell, n)
    whole: dict[tuple[str, str], Array] = {name: np.eye(n) for name in found.identity_second}
    for (name, _), value in found.there.values.items():
        if plain_name(name) != name and len(value) == 1 and len(value[0][1]) == 1:
            c, (token,) = value[0]
            array = None if isinstance(token, Matrix) else known.get(token[0].name)
            if array is not None:
                part = name.partition("|")[2]
                whole[plain_name(name), part] = float(c) * array
    for (name, part), array in whole.items():
        target = block(values[name], Matrix(name, False, part), cell, sizes)
        target[...] = array


def _arrays(cell: Normal, draw: Draw) -> Iterator[tuple[tuple[str, str], Array]]:
    """The matrices of a draw, block by block."""
    sizes = all_sizes(cell.cell, draw.n)
    for name, value in draw.parameters.items():
        if value.ndim == 2:
            for part in cell.blocks.get(name, ("",)):
                yield (name, part), block(value, Matrix(name, False, part), cell, sizes)


def _by_name(one: Normal, other: Normal) -> dict[str, str]:
    """A map of the second cell's variables to the first's: equal names, then in order."""
    result: dict[str, str] = {}
    for left, right in (
        (list(one.states), list(other.states)),
        (list(one.cell.inputs), list(other.cell.inputs)),
    ):
        free = [name for name in left if name not in right]
        for name in right:
            if name in left:
                result[name] = name
            elif free and len(left) == len(right):
                result[name] = free.pop(0)
    if not set(result) & set(other.states):
        result[next(iter(other.states))] = next(iter(one.states))
    return result


def _by_shape(one: Cell, other: Cell, mine: Draw, theirs: Draw) -> Values:
    """Numbers for the second cell: those of equal names, then of equal shapes, then its own."""
    values: Values = {}
    free = {k: v for k, v in mine.parameters.items() if k not in other.parameters}
    for name, own in theirs.parameters.items():
        same = mine.parameters.get(name)
        if same is not None and same.shape == own.shape:
            values[name] = same
            continue
        spare = next((k for k, v in free.items() if v.shape == own.shape), None)
        values[name] = free.pop(spare) if spare is not None else own
    return values


def _differing(
    one: Normal,
    other: Normal,
    draw: Draw,
    first: Values,
    second: Values,
    names: Mapping[str, str],
    steps: int,
) -> Counterexample | None:
    mine = {s: draw.variables[s] for s in one.states}
    inputs = {x: draw.variables[x] for x in one.cell.inputs}
    theirs = {s: draw.variables[names[s]] if s in names else np.zeros(draw.n) for s in other.states}
    if len(one.states) > len(other.states):
        mine = {s: v if s in names.values() else np.zeros(draw.n) for s, v in mine.items()}
    inputs_there = {
        x: inputs[names[x]] if x in names else np.ones(draw.n) for x in other.cell.inputs
    }
    start, start_there = {**inputs, **mine}, {**inputs_there, **theirs}
    shared = {b: a for b, a in names.items() if b in other.observed and a in one.observed}
    shared |= {o: o for o in other.outputs if o in one.observed and o not in shared}
    for step in range(1, steps + 1):
        here = Evaluation(columns({**first, **inputs, **mine}), one, draw.n)
        there = Evaluation(columns({**second, **inputs_there, **theirs}), other, draw.n)
        for b, a in shared.items():
            left, right = here(one.observed[a])[:, 0], there(other.observed[b])[:, 0]
            if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
                return None
            gap = np.abs(left - right) / (1 + np.abs(left))
            worst = int(np.argmax(gap))
            if gap[worst] > TOLERANCE:
                return Counterexample(
                    (one.cell, other.cell), names, draw.n, first, second, start, start_there,
                    a, step, worst + 1, float(left[worst]), float(right[worst]),
                )  # fmt: skip
        mine = {s: here(p)[:, 0] for s, p in one.states.items()}
        theirs = {s: there(p)[:, 0] for s, p in other.states.items()}
    return None


def _parting(example: Counterexample) -> Parting | None:
    one, other = example.cells
    names = {b: a for b, a in example.names.items() if b in other.states and a in one.states}
    pairs = sorted(((of, wrt) for of in names for wrt in names), key=lambda p: p[0] != p[1])
    left = _Steps(one, example.first_parameters, example.variables)
    right = _Steps(other, example.second_parameters, example.second_variables)
    with np.errstate(all="ignore"):
        for lag in range(1, STEPS + 1):
            for of, wrt in pairs:
                mine = left.jacobian(names[of], names[wrt], lag)
                theirs = right.jacobian(of, wrt, lag)
                gap = np.abs(mine - theirs)
                if np.nanmax(gap) > TOLERANCE:
                    i, j = np.unravel_index(int(np.nanargmax(gap)), gap.shape)
                    return Parting(
                        lag, names[of], names[wrt], (int(i) + 1, int(j) + 1),
                        float(mine[i, j]), float(theirs[i, j]),
                    )  # fmt: skip
    return None


class _Steps:
    """The Jacobians of a cell along its own path, from the engine, block by block."""

    def __init__(self, cell: Cell, parameters: Any, variables: Mapping[str, Array]) -> None:
        self.cell, self.parameters = cell, dict(parameters)
        self.path = [dict(variables)]
        self.blocks: dict[tuple[str, str, int], Array] = {}

    def jacobian(self, of: str, wrt: str, lag: int) -> Array:
        if lag == 1:
            return self.block(of, wrt, 0)
        parts = [
            self.block(of, through, lag - 1) @ self.jacobian(through, wrt, lag - 1)
            for through in self.cell.states
        ]
        return np.asarray(sum(parts[1:], parts[0]))

    def block(self, of: str, wrt: str, step: int) -> Array:
        """One block of the one-step Jacobian at a step of the path."""
        from symgate.linear.jacobian import jacobian

        key = (of, wrt, step)
        if key not in self.blocks:
            self.blocks[key] = self.evaluated(jacobian(self.cell, of, wrt), step)
        return self.blocks[key]

    def evaluated(self, expression: Any, step: int) -> Array:
        from symgate.numerics.evaluate import lambdify

        while len(self.path) <= step:
            before = len(self.path) - 1
            values = {s: self.evaluated(variable(s), before) for s in self.cell.states}
            self.path.append({**self.path[before], **values})
        f = lambdify(self.cell, expression)
        return np.asarray(f(self.parameters, **{k: self.path[step][k] for k in f.needs}))


def _lists(values: Mapping[str, Array]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in values.items()}


def _listed(values: Mapping[str, Array]) -> str:
    """Names with their values; those of one value together."""
    together: dict[str, list[str]] = {}
    for name, value in values.items():
        together.setdefault(_shown(value), []).append(name)
    return "; ".join(f"{', '.join(names)} = {value}" for value, names in together.items())


def _shown(value: Array) -> str:
    flat = np.asarray(value)
    if flat.size == 1:
        return f"{float(flat.ravel()[0]):g}"
    return str(flat.tolist()).replace(".0", "")
