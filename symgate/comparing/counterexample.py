"""The smallest numbers at which two cells differ, and where their Jacobians part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from symgate.comparing.changes import diagonal_name, plain_name
from symgate.comparing.jacobians import STEPS, TOLERANCE, Parting, parting
from symgate.comparing.normal import Normal
from symgate.comparing.numbers import (
    Array,
    Draw,
    Trajectory,
    Values,
    all_sizes,
    block,
    draws,
)
from symgate.comparing.partners import partners
from symgate.comparing.polynomials import MatrixFactor
from symgate.comparing.search import ProvedMap
from symgate.comparing.translation import translated
from symgate.equations.cell import Cell

DRAWS = 60

#: A difference that is seen at once; a smaller one is shown where there is no other.
CLEAR = 1e-2


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
        one, other = self.cells
        left = Trajectory(one, self.n, self.first_parameters, self.variables)
        right = Trajectory(other, self.n, self.second_parameters, self.second_variables)
        return parting(left, right, self.names)

    def to_dict(self) -> dict[str, Any]:
        parting = self.jacobians
        numbers = ("first_parameters", "second_parameters", "variables", "second_variables")
        return {
            "n": self.n,
            **{what: _lists(getattr(self, what)) for what in numbers},
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


def counterexample(
    one: Normal, other: Normal, found: ProvedMap | None = None
) -> Counterexample | None:
    """Numbers at which two cells differ, at one unit if there are any; None where none is found.

    With a relation that holds under conditions, the numbers break the conditions; where it
    asks for more than parameters at zero, both cells get the same numbers under its map first.
    """
    structural = found is not None and bool(
        found.single_unit or found.first.diagonal or found.second.diagonal
    )
    trials = _Trials(one, other, found)
    with np.errstate(all="ignore"):
        for mapped in (True, False) if structural else (False,):
            for gap in (CLEAR, TOLERANCE):
                for steps in (1, STEPS):
                    result = trials.first(mapped, steps, gap)
                    if result is not None:
                        return result
    return None


#: A draw for each cell; the second's is used where the map goes back.
Draws = tuple[Draw, Draw]


@dataclass(frozen=True)
class _Trials:
    """Numbers for two cells that correspond: by a relation, else by where parameters stand."""

    one: Normal
    other: Normal
    found: ProvedMap | None

    @cached_property
    def names(self) -> Mapping[str, str]:
        return self.found.names if self.found is not None else _by_name(self.one, self.other)

    @cached_property
    def partners(self) -> Mapping[str, str]:
        return partners(self.one, self.other, self.names)

    def first(self, mapped: bool, steps: int, gap: float) -> Counterexample | None:
        """The first numbers that differ; with `mapped` what is asked of single parameters holds."""
        ways = [self.there]
        if self.found is not None:
            ways = [self.there] if not (mapped and self.found.first.equal) else []
            ways += [self.back] if not (mapped and self.found.second.equal) else []
        for pair in zip(draws(self.one, DRAWS), draws(self.other, DRAWS), strict=True):
            for way in ways:
                result = self.tried(way, pair, steps, gap)
                if result is not None:
                    return self.shrunk(way, pair, result, gap)
        return None

    def tried(
        self, way: Callable[[Draws], tuple[Values, Values]], pair: Draws, steps: int, gap: float
    ) -> Counterexample | None:
        return _differing(self.one, self.other, pair[0], *way(pair), self.names, steps, gap)

    def shrunk(
        self,
        way: Callable[[Draws], tuple[Values, Values]],
        pair: Draws,
        result: Counterexample,
        gap: float,
    ) -> Counterexample:
        """The same with as many parameters at zero as the difference bears."""
        at = 0 if way == self.there else 1
        if all(np.all(value == 1) for value in pair[at].parameters.values()):
            return result
        for whole in (True, False):
            for name, value in pair[at].parameters.items():
                for place in [...] if whole else list(np.ndindex(value.shape)):
                    smaller = pair[at].parameters[name].copy()
                    smaller[place] = 0
                    draw = replace(pair[at], parameters={**pair[at].parameters, name: smaller})
                    trial = (draw, pair[1]) if at == 0 else (pair[0], draw)
                    again = self.tried(way, trial, result.step, gap)
                    if again is not None and again.step == result.step:
                        pair, result = trial, again
        return result

    def there(self, pair: Draws) -> tuple[Values, Values]:
        """The first cell's numbers, and what they make of the second's."""
        mine, theirs = pair
        if self.found is None:
            return mine.parameters, _by_partner(self.partners, mine, theirs)
        return mine.parameters, _mapped(self.one, self.other, self.found, mine)

    def back(self, pair: Draws) -> tuple[Values, Values]:
        """What the second cell's numbers make of the first's."""
        assert self.found is not None
        return _mapped(self.other, self.one, self.found.mirrored, pair[1]), pair[1].parameters


def _mapped(one: Normal, other: Normal, found: ProvedMap, draw: Draw) -> Values:
    """The second cell's numbers from a draw of the first's."""
    sizes = all_sizes(one.cell, draw.n), all_sizes(other.cell, draw.n)
    values = translated(other, found.there.values, _with_diagonals(one, draw), one, *sizes)
    _unfolded(values, other, found, _diagonal_blocks(one, draw), draw.n)
    return values


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
    values: Values, cell: Normal, found: ProvedMap, known: Mapping[str, Array], n: int
) -> None:
    """Matrices that a relation takes as diagonal are taken whole, so that they may break it.

    `found` is turned so that `there` gives the parameters of `cell`; `known` has the blocks
    of the other's matrices by the names of their diagonals.
    """
    sizes = all_sizes(cell.cell, n)
    whole: dict[tuple[str, str], Array] = {name: np.eye(n) for name in found.second.identity}
    for (name, _), value in found.there.values.items():
        if plain_name(name) != name and len(value) == 1 and len(value[0][1]) == 1:
            c, (token,) = value[0]
            array = None if isinstance(token, MatrixFactor) else known.get(token[0].name)
            if array is not None:
                part = name.partition("|")[2]
                whole[plain_name(name), part] = float(c) * array
    for (name, part), array in whole.items():
        target = block(values[name], MatrixFactor(name, False, part), cell, sizes)
        target[...] = array


def _arrays(cell: Normal, draw: Draw) -> Iterator[tuple[tuple[str, str], Array]]:
    """The matrices of a draw, block by block."""
    sizes = all_sizes(cell.cell, draw.n)
    for p, (name, part) in cell.unknowns:
        if p.kind == "matrix":
            matrix = MatrixFactor(name, False, part)
            yield (name, part), block(draw.parameters[name], matrix, cell, sizes)


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


def _by_partner(partners: Mapping[str, str], mine: Draw, theirs: Draw) -> Values:
    """Numbers for the second cell: those of the partners in the first, else its own."""
    values: Values = {}
    for name, own in theirs.parameters.items():
        value = mine.parameters.get(partners.get(name, ""))
        values[name] = own if value is None or value.shape != own.shape else value
    return values


def _differing(
    one: Normal,
    other: Normal,
    draw: Draw,
    first: Values,
    second: Values,
    names: Mapping[str, str],
    steps: int,
    least: float,
) -> Counterexample | None:
    mine = {s: draw.variables[s] for s in one.states}
    inputs = {x: draw.variables[x] for x in one.cell.inputs}
    theirs = {s: draw.variables[names[s]] if s in names else np.zeros(draw.n) for s in other.states}
    if len(one.states) > len(other.states):
        mine = {s: v if s in names.values() else np.zeros(draw.n) for s, v in mine.items()}
    inputs_there = {
        x: inputs[names[x]] if x in names else np.ones(draw.n) for x in other.cell.inputs
    }
    start, start_there = one.doubled({**inputs, **mine}), other.doubled({**inputs_there, **theirs})
    here = Trajectory(one.cell, draw.n, first, start)
    there = Trajectory(other.cell, draw.n, second, start_there)
    shared = {b: a for b, a in names.items() if b in other.observed and a in one.observed}
    shared |= {o: o for o in other.outputs if o in one.observed and o not in shared}
    for step in range(1, steps + 1):
        for b, a in shared.items():
            left = here.at(one.cell.variable(a), step - 1)
            right = there.at(other.cell.variable(b), step - 1)
            if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
                return None
            gap = np.abs(left - right) / (1 + np.abs(left))
            worst = int(np.argmax(gap))
            if gap[worst] > least:
                return Counterexample(
                    (one.cell, other.cell),
                    names,
                    draw.n,
                    first,
                    second,
                    start,
                    start_there,
                    a,
                    step,
                    worst + 1,
                    float(left[worst]),
                    float(right[worst]),
                )
    return None


def _lists(values: Mapping[str, Array]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in values.items()}


def _listed(values: Mapping[str, Array]) -> str:
    """Names with their values; those of one value together."""
    together: dict[str, list[str]] = {}
    for name, value in values.items():
        shown = _shown(value.item() if value.size == 1 else value.tolist())
        together.setdefault(shown, []).append(name)
    return "; ".join(f"{', '.join(names)} = {value}" for value, names in together.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:g}"
