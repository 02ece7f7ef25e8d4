"""What does not fit is said in words before it is begun: sizes, and cells that grow twofold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

import symgate as sg

HUGE = 10**12
#: Values that double with each gate: written out, the last one holds 2^30 symbols.
DOUBLING = sg.Cell.from_text(
    "\n".join(
        [
            "g1[t] = sigmoid(W @ x[t] + U @ h[t-1] + b)",
            *(f"g{i}[t] = g{i - 1}[t] * tanh(g{i - 1}[t])" for i in range(2, 31)),
            "h[t] = g30[t] * h[t-1]",
        ]
    ),
    name="doubling",
)
#: The same with a matrix for a state: 2^29 paths lead from S to its past.
DOUBLING_MATRIX = sg.Cell.from_text(
    "\n".join(
        [
            "S1[t] = 0.5 * S[t-1] + outer(x[t], x[t])",
            *(f"S{i}[t] = S{i - 1}[t] @ diag(w) + diag(u) @ S{i - 1}[t]" for i in range(2, 31)),
            "S[t] = S30[t]",
        ]
    ),
    name="doubling-matrix",
)


def many(*shape: int) -> np.ndarray:
    """An array that claims to be large and holds one number."""
    return np.broadcast_to(np.ones(()), shape)


def rnn() -> tuple[sg.Cell, dict[str, np.ndarray], sg.Run]:
    cell = sg.cell("rnn")
    params = dict(sg.init(cell, 3, 2))
    return cell, params, sg.simulate(cell, params, np.ones((6, 2)))


def network() -> sg.Network:
    return sg.model({"weight_ih_l0": np.ones((12, 2)), "weight_hh_l0": np.eye(12, 3)})


CELLS = ("rnn", "lstm", "deltanet", "mlstm", "hopfield")
SIZES: dict[str, Callable[[str], object]] = {
    "init": lambda c: sg.init(c, 10**6, 2),
    "input": lambda c: sg.init(c, 2, HUGE),
    "decay": lambda c: sg.decay(c, hidden=10**6, lags=3),
    "units": lambda c: sg.decay(c, hidden=10**5, lags=3),
    "lags": lambda c: sg.decay(c, hidden=2, lags=HUGE),
    "samples": lambda c: sg.decay(c, hidden=2, lags=3, samples=10**9),
    "networks": lambda c: sg.decay(c, hidden=2, lags=3, networks=10**9),
    "sweep": lambda c: sg.sweep(c, hidden=[10**5], lags=3),
    "explicit": lambda c: sg.cell(c).explicit(n=10**5),
    "memory": lambda c: sg.memory(c, steps=5, hidden=10**6),
    "stack": lambda c: sg.stack(c, layers=10**6),
    "jacobian": lambda c: sg.jacobian(c, lag=10**9),
    "report": lambda c: sg.report(cells=[c], output="no/such", lags=HUGE),
    "exercises": lambda c: sg.exercises([c], count=10**9),
}
ARRAYS: dict[str, Callable[[], object]] = {
    "simulate": lambda: sg.simulate(*rnn()[:2], many(10**11, 2)),
    "batch": lambda: sg.simulate(*rnn()[:2], many(10, 10**10, 2)),
    "lyapunov": lambda: sg.lyapunov(*rnn()[:2], x=many(10**11, 2)),
    "gradients": lambda: sg.gradients(rnn()[2], many(10**11, 3)),
    "tangent": lambda: sg.tangent(rnn()[2], {"h": many(10**10, 3)}),
    "vector_norms": lambda: sg.vector_norms(rnn()[2], many(10**10, 3)),
    "reach": lambda: sg.reach(network(), many(10**11, 2), at=3),
    "a network": lambda: network().simulate(many(10**11, 2)),
    "components": lambda: sg.cell("deltanet").explicit(n=12, m=12).jacobian(),
    "a spectrum": lambda: sg.lyapunov("mlstm", hidden=64),
    "noise": lambda: sg.lyapunov("rnn", hidden=8, steps=10**10),
    "Newton": lambda: sg.fixed_points("gru", hidden=2000),
    "Jacobians": lambda: sg.fixed_points("gru", hidden=64, starts=10**6),
    "a long memory": lambda: sg.memory("gru", steps=1000, hidden=2000),
    "starts": lambda: sg.fixed_points(*rnn()[:2], x=np.zeros(2), starts=10**9),
    "singular": lambda: sg.decay("rnn", hidden=2, lags=3, singular=HUGE),  # type: ignore[arg-type]
    "a wide network": lambda: sg.measured_growth("rnn", hidden=8000),
    "measured": lambda: sg.measured_growth("rnn", hidden=10**6, lags=3),
    "parameters": lambda: sg.init(sg.stack("rnn", layers=2), [10**5, 10**5]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_a_size_that_does_not_fit(cell: str, name: str) -> None:
    with pytest.raises(sg.SymgateError):
        SIZES[name](cell)


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_does_not_fit(name: str) -> None:
    with pytest.raises(sg.SymgateError):
        ARRAYS[name]()


SMALL = {"hidden": 3, "input": 3, "lags": 3, "samples": 1}
VERBS: dict[str, Callable[[sg.Cell], object]] = {
    "jacobian": sg.jacobian,
    "derive": lambda c: sg.derive(c).latex(),
    "components": lambda c: c.explicit(n=3, m=3).jacobian(),
    "decay": lambda c: [sg.decay(c, **SMALL).paths, sg.decay(c, **SMALL).bound_log10],  # type: ignore[arg-type]
    "compare": lambda c: sg.compare(c, "gru"),
    "check": lambda c: sg.check(c, r"\frac{\partial h_t}{\partial h_{t-1}} = I"),
    "explore": sg.explore,
    "diagram": lambda c: sg.diagram(c).svg(),
    "origin": sg.origin,
    "memory": lambda c: sg.memory(c, steps=5, hidden=3),
    "mean field": lambda c: sg.mean_field(c, input_variance=0.1),
}


@pytest.mark.parametrize("cell", [DOUBLING, DOUBLING_MATRIX], ids=lambda c: c.name)
@pytest.mark.parametrize("name", VERBS)
def test_a_cell_that_doubles_with_each_gate(cell: sg.Cell, name: str) -> None:
    """An answer or a refusal; before, most of these did not end."""
    with suppress(sg.SymgateError):
        assert VERBS[name](cell) is not None


def test_what_doubles_is_still_measured() -> None:
    """Its gates are the values that NumPy finds for them, one after the other."""
    cell = sg.Cell.from_text(str(DOUBLING).replace(" + b", ""), name="still")
    params = sg.init(cell, 2, 2, seed=1)
    x = np.random.default_rng(0).normal(size=(3, 2))
    run = sg.simulate(cell, params, x)
    value = 1 / (1 + np.exp(-(params["W"] @ x[1] + params["U"] @ run["h"][0])))
    for _ in range(29):
        value = value * np.tanh(value)
    assert np.allclose(run["g30"][1], value, rtol=1e-12, atol=0)


def test_a_chain_of_divisions_is_measured_and_compared() -> None:
    """Written into each other its gates cost SymPy twice the time a level, and on a ray their
    numbers twice the digits: neither ended at 30."""
    lines = [f"g{i}[t] = h[t-1] / (2 + g{i - 1}[t]**2)" for i in range(1, 31)]
    text = "g0[t] = 1 / (1 + (A @ h[t-1])**2)\n" + "\n".join(lines)
    cell = sg.Cell.from_text(f"{text}\nh[t] = g30[t] * tanh(U @ h[t-1] + W @ x[t])")
    assert sg.decay(cell, hidden=3, lags=3, networks=1).bound_log10.shape[0] == 4
    assert sg.compare(cell, "gru").verdict != "equal"
    assert sg.compare(cell, cell).verdict == "identical"
