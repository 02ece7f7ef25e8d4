"""The Taylor remainder of every smooth cell falls with the square of the step."""

from __future__ import annotations

import numpy as np
import pytest

import symgate as sg
from symgate.algebra.vectors import variable
from tests.chosen import PLAIN
from tests.oracles import sample

KINKS = ("relu", "abs", "hard_")
SMOOTH = [name for name in PLAIN if not any(k in sg.cell(name).text for k in KINKS)]


@pytest.mark.parametrize("name", SMOOTH)
def test_slope_is_two(name: str) -> None:
    cell = sg.cell(name)
    numbers = sample(cell, seed=5, n=4, m=2)
    rng = np.random.default_rng(0)
    inputs = {x: array for x, array in numbers.window(1, 0).items() if x in cell.inputs}
    change = {s: rng.normal(size=a.shape) * 0.3 for s, a in numbers.before.items()}
    values = {s: sg.lambdify(cell, variable(s)) for s in cell.states}
    first = {
        s: sum(
            sg.lambdify(cell, sg.jacobian(cell, s, w))(numbers.parameters, **inputs,
                                                       **numbers.before) @ change[w]
            for w in cell.states
        )
        for s in cell.states
    }  # fmt: skip
    steps = 2.0 ** -np.arange(4, 12)
    remainders = []
    for step in steps:
        moved = {s: a + step * change[s] for s, a in numbers.before.items()}
        rest = [
            values[s](numbers.parameters, **inputs, **moved)
            - values[s](numbers.parameters, **inputs, **numbers.before)
            - step * first[s]
            for s in cell.states
        ]
        remainders.append(np.sqrt(sum((r**2).sum() for r in rest)))
    if max(remainders) < 1e-12:
        return  # the step is linear in the state: nothing remains
    slope = np.polyfit(np.log(steps), np.log(remainders), 1)[0]
    assert slope == pytest.approx(2, abs=0.1)
