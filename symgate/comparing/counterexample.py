"""The smallest numbers at which two cells differ, and where their Jacobians part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symgate.algebra.vectors import variable
from symgate.comparing.normal import Normal
from symgate.comparing.numbers import Array, Draw, Evaluation, Values, draws, translated
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
            at += f"; in the second {_listed(own)}"
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
        there = translated(
            other.cell,
            other.blocks,
            found.there.values,
            _with_diagonals(one, mine),
            one.blocks,
            mine.n,
        )
        _diagonals_back(there, found.there.values, other, mine.n)
        yield mine, mine.parameters, there, names
        back = translated(
            one.cell, one.blocks, found.back.values, _with_diagonals(other, theirs),
            other.blocks, mine.n,
        )  # fmt: skip
        yield mine, back, theirs.parameters, names


def _with_diagonals(cell: Normal, draw: Draw) -> Values:
    """The numbers, with the diagonals of square matrices under the names they get."""
    extra = {
        f"diag {name}": np.diagonal(value)
        for name, value in draw.parameters.items()
        if value.ndim == 2 and value.shape[0] == value.shape[1]
    }
    return {**draw.parameters, **extra}


def _diagonals_back(values: Values, solution: Any, cell: Normal, n: int) -> None:
    """Matrices that a relation takes as diagonal are taken whole from the known ones."""
    for (name, _), value in solution.items():
        if name.startswith("diag ") and len(value) == 1 and len(value[0][1]) == 1:
            values.setdefault(name.removeprefix("diag "), np.zeros((n, n)))


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
        here = Evaluation({**first, **inputs, **mine}, one.blocks, draw.n)
        there = Evaluation({**second, **inputs_there, **theirs}, other.blocks, draw.n)
        for b, a in shared.items():
            left, right = here(one.observed[a]), there(other.observed[b])
            if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
                return None
            gap = np.abs(left - right) / (1 + np.abs(left))
            worst = int(np.argmax(gap))
            if gap[worst] > TOLERANCE:
                return Counterexample(
                    (one.cell, other.cell), names, draw.n, first, second, start, start_there,
                    a, step, worst + 1, float(left[worst]), float(right[worst]),
                )  # fmt: skip
        mine = {s: here(p) for s, p in one.states.items()}
        theirs = {s: there(p) for s, p in other.states.items()}
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
    return ", ".join(f"{name} = {_shown(value)}" for name, value in values.items())


def _shown(value: Array) -> str:
    flat = np.asarray(value)
    if flat.size == 1:
        return f"{float(flat.ravel()[0]):g}"
    return str(flat.tolist()).replace(".0", "")
