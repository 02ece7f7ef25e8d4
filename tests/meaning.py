"""What a cell means, apart from how it is typed: numbers, verdicts and sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

import symgate as sg
from symgate.bounds.norms import bounds
from tests.numbers import Arrays, Numbers


def said(cell: sg.Cell) -> dict[str, str]:
    """Every verdict and sentence about a cell, or the words in which it is refused."""
    verbs = {
        "origin": lambda: sg.origin(cell).text(),
        "memory": lambda: sg.memory(cell, steps=20, hidden=3, seed=1).sentence(),
        "bounds": lambda: "\n".join(
            sg.text(bounds(cell).total(of, wrt)) for of in _states(cell) for wrt in _states(cell)
        ),
        "jacobian": lambda: "\n".join(
            sg.text(sg.jacobian(cell, of, wrt)) for of in _states(cell) for wrt in _states(cell)
        ),
        "count": lambda: str(cell.parameter_count()),
        "output": lambda: cell.output,
    }
    found = {}
    for name, say in verbs.items():
        try:
            found[name] = say()
        except sg.SymgateError as error:
            found[name] = str(error)
    return found


def _states(cell: sg.Cell) -> list[str]:
    return sorted(cell.states)


def measured(cell: sg.Cell, given: Numbers) -> Arrays:
    """The numbers of a run of a cell: states, gradients and curves, by name."""
    run = Numbers(
        cell, {}, given.params, given.inputs, _some(given.initial, cell.states), given.steps
    ).run()
    rng = np.random.default_rng(2)
    states = _states(cell)
    weights = {s: rng.normal(size=run[s].shape) for s in states if s in given.initial}
    back = sg.gradients(run, weights)
    found: dict[str, Any] = {s: run[s] for s in states}
    found |= {f"∂{name}": array for name, array in back.parameters.items()}
    for of in states:
        found[f"curve of {of}"] = 10 ** sg.lag_norms(run, of, of, norm="frobenius").log10_norm
    return found


def _some(arrays: Arrays, names: Any) -> Arrays:
    return {name: array for name, array in arrays.items() if name in names}
