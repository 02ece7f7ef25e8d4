"""Random cells through every verb of the package, each against its oracle (`tests/verbs.py`).

By hand, more of them: python -m tests.verbs --cells 500 --seed 1000
"""

from __future__ import annotations

from random import Random

import pytest

import symgate as sg
from tests.chosen import in_turn
from tests.random_cells import random_cell
from tests.verbs import VERBS, Case, fault

#: Slow verbs take every so many cells.
EVERY = {"diagram": 20, "shown": 5, "derive": 5, "compare": 6, "decay": 3, "lyapunov": 2}


@pytest.mark.parametrize("seed", in_turn(range(100), 40))
def test_a_random_cell(seed: int) -> None:
    case = Case(random_cell(Random(seed)), seed)
    for at, verb in enumerate(VERBS):
        if (seed + at) % EVERY.get(verb, 1) == 0:
            found = fault(case, verb)
            assert found is None, f"{case.cell.text}\n\n{found[0]}\n{found[1]}"


#: The smallest cells that once were a fault of a verb.
ONCE = {
    "a quotient by what is not bounded": "h[t] = W @ x[t]\nc[t] = h[t] / (1 + c[t-1]**2)",
    "a product of one value": "h[t] = tanh(U @ h[t-1]) / (1 + h[t-1]**2)",
    "a scaled matrix before a parameter": "z[t] = h[t-1]\nh[t] = (gamma * W) @ b + z[t]",
    "a diagonal of a sum": "h[t] = h[t-1] + (W + diag(d + e)) @ b",
    "hard": "h[t] = hard_sigmoid(U @ h[t-1]) * hard_tanh(W @ x[t]) + abs(c * h[t-1])",
    "a gate without input under a matrix": (
        "z[t] = sigmoid(C @ b1 + b3)\nh[t] = tanh(D @ z[t] + U @ h[t-1])"
    ),
    "a gradient that is minus an adjoint": "r[t] = d - b\nh[t] = tanh(U @ h[t-1] + r[t])",
    "a state only through a gate": (
        "z[t] = sigmoid(U @ h[t-1])\nc[t] = tanh(V @ z[t-1] + c[t-1])\nh[t] = c[t-1]"
    ),
}


@pytest.mark.parametrize("name", ONCE)
def test_a_cell_that_once_was_a_fault(name: str) -> None:
    case = Case(sg.Cell.from_text(ONCE[name]), 0)
    for verb in VERBS:
        found = fault(case, verb)
        assert found is None, f"{found[0]}\n{found[1]}"
