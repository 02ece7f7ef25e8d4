"""How long a whole Lyapunov spectrum takes, with a loop over JAX's Jacobians beside it.

Both follow a GRU of 64 units for 400 steps, in double precision; compiling is not counted.
No test asserts a time.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symgate as sg
from tests import by_jax as functions_by_jax
from tests.oracles import Text

GRU, UNITS, STEPS, BURN_IN = sg.cell("gru"), 64, 400, 100
GROUP = "lyapunov: gru, 64 units, 400 steps"


@pytest.fixture(scope="module")
def run() -> sg.Run:
    params = sg.init(GRU, UNITS, UNITS, "gaussian", gain=2.0)
    return sg.simulate(GRU, params, np.random.default_rng(0).normal(size=(STEPS, UNITS)))


@pytest.mark.benchmark(group=GROUP)
def test_symgate(benchmark: Any, run: sg.Run) -> None:
    found = benchmark.pedantic(lambda: sg.lyapunov(run, burn_in=BURN_IN), rounds=3)
    assert np.abs(found.exponents - by_jax(run, jacobian_of(run))).max() < 1e-8


@pytest.mark.benchmark(group=GROUP)
def test_jax_jacobians_and_qr(benchmark: Any, run: sg.Run) -> None:
    jacobian = jacobian_of(run)
    benchmark.pedantic(lambda: by_jax(run, jacobian), rounds=3, warmup_rounds=1)


def jacobian_of(run: sg.Run) -> Any:
    """∂h_t/∂h_{t-1} by forward differentiation, compiled."""
    text = Text(GRU.text, dict.fromkeys(GRU.equations, UNITS), functions_by_jax.FUNCTIONS)
    params = {name: jnp.asarray(value) for name, value in run.params.items()}
    return jax.jit(jax.jacfwd(lambda h, x: text.step(params, {"x": x}, {"h": h})["h"]))


def by_jax(run: sg.Run, jacobian: Any) -> Any:
    """The exponents by the loop that one would write; the frame is the one of seed 0."""
    frame = np.linalg.qr(np.random.default_rng(0).normal(size=(1, UNITS, UNITS))[0])[0]
    before = np.concatenate([run.initial["h"].T, run["h"][:-1]])
    logs = []
    for h, x in zip(before, run["x"], strict=True):
        frame, r = np.linalg.qr(np.asarray(jacobian(h, x)) @ frame)
        logs.append(np.log(np.abs(np.diag(r))))
    return np.sort(np.mean(logs[BURN_IN:], axis=0))[::-1]
