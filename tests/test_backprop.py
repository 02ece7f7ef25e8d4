"""`sg.gradients` against JAX: every cell of the zoo, both precisions."""

from __future__ import annotations

import numpy as np
import pytest

import symgate as sg
from tests.oracles import sample

STEPS = 3


@pytest.mark.parametrize("name", sg.zoo)
def test_equals_jax(name: str) -> None:
    cell = sg.cell(name)
    numbers = sample(cell, seed=6, n=5, m=3, steps=STEPS)
    rng = np.random.default_rng(0)
    weights = [
        {s: rng.normal(size=array.shape) for s, array in numbers.before.items()}
        for _ in range(STEPS)
    ]
    by_parameter, by_input, by_state = numbers.text.gradients(*numbers.given, weights)
    expected = {**by_parameter, **{f"first {s}": g for s, g in by_state.items()}}
    for dtype, exact in ((np.float64, 1e-10), (np.float32, 1e-4)):
        run = sg.simulate(
            cell,
            {name: array.astype(dtype) for name, array in numbers.parameters.items()},
            {x: np.stack([at[x] for at in numbers.inputs]).astype(dtype) for x in cell.inputs},
            {s: array.astype(dtype) for s, array in numbers.before.items()},
            steps=STEPS,
        )
        loss = {s: np.stack([at[s] for at in weights]) for s in cell.states}
        found = sg.gradients(run, loss)
        ours = {**found.parameters, **{f"first {s}": g for s, g in found.initial.items()}}
        for key, wanted in expected.items():
            scale = max(float(np.abs(wanted).max(initial=0)), 1e-2)
            np.testing.assert_allclose(ours[key], wanted, rtol=0, atol=exact * scale, err_msg=key)
        for step, at in enumerate(by_input):
            for x, wanted in at.items():
                scale = max(float(np.abs(wanted).max(initial=0)), 1e-2)
                got = found.inputs[x][step]
                np.testing.assert_allclose(got, wanted, rtol=0, atol=exact * scale, err_msg=x)
