"""Numbers for any cell: parameters, a sequence of inputs, states before the first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgate import Cell, Run, simulate

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Numbers:
    """What a run of a cell takes; `sizes` maps the letters of its sizes to numbers."""

    cell: Cell
    sizes: Mapping[str, int]
    params: Arrays
    inputs: Arrays
    initial: Arrays
    steps: int

    def run(self, **options: Any) -> Run:
        """Simulate the cell with these numbers."""
        steps = None if self.inputs else self.steps
        x = self.inputs or None
        return simulate(self.cell, self.params, x, self.initial, steps=steps, **options)

    def before(self, run: Run, state: str) -> Any:
        """The state before each step of a run: (T, n) or (T, B, n)."""
        return np.concatenate([self.initial[state][None], run[state][:-1]])


def numbers(
    cell: Cell,
    *,
    n: int = 5,
    m: int = 3,
    steps: int = 12,
    batch: int | None = None,
    seed: int = 0,
    scale: float = 0.7,
    dtype: Any = float,
) -> Numbers:
    """Random numbers for a cell: normal, matrices with rows of the length `scale` on average.

    Further sizes are n + 1, n + 2, …; scalars lie between 0.2 and 0.9; a normaliser n (of
    sLSTM) is divided by and therefore positive.
    """
    rng = np.random.default_rng(seed)
    known = {"n": n, "m": m}
    sizes = {letter: known.get(letter, n - 1 + i) for i, letter in enumerate(cell.sizes)}
    by_symbol = {cell.sizes[letter]: number for letter, number in sizes.items()}
    lead = () if batch is None else (batch,)

    def number(size: Any) -> int:
        return int(size.subs(by_symbol))

    params: Arrays = {}
    for name, parameter in cell.parameters.items():
        shape = tuple(map(number, parameter.shape))
        if parameter.kind == "scalar":
            drawn = np.asarray(rng.uniform(0.2, 0.9))
        elif parameter.kind == "vector":
            drawn = scale * rng.normal(size=shape)
        else:
            drawn = scale * rng.normal(size=shape) / np.sqrt(max(shape[-1], 1))
        params[name] = drawn.astype(dtype)
    inputs = {x: rng.normal(size=(steps, *lead, number(cell.size(x)))) for x in cell.inputs}
    initial = {s: rng.normal(size=(*lead, number(cell.size(s)))) for s in cell.states}
    if "n" in initial:
        initial["n"] = np.abs(initial["n"]) + 0.5
    return Numbers(
        cell,
        sizes,
        params,
        {name: array.astype(dtype) for name, array in inputs.items()},
        {name: array.astype(dtype) for name, array in initial.items()},
        steps,
    )
