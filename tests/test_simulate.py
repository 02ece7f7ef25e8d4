"""`sg.simulate`: every value of every cell at every step, however the run is organised."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.algebra.vectors import variable
from symgate.numerics import chunks
from symgate.numerics.loop import STRIDE
from tests.chosen import CELLS
from tests.numbers import Numbers, numbers

TWO_INPUTS = sg.Cell.from_text(
    "g[t] = sigmoid(V @ u[t] + U @ h[t-1])\nh[t] = g[t] * tanh(W @ x[t] + R @ h[t-1])"
)
NO_INPUT = sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + b)")
TWO_STEPS_BEHIND = sg.Cell.from_text("""
    c[t] = tanh(U @ h[t-1] + W @ [x[t], h[t-1]])
    h[t] = tanh(c[t-1] @ V + diag(v) @ x[t]) * c[t]
""")
READS_INPUTS_ONLY = sg.Cell.from_text("""
    h[t] = 0.5 * h[t-1] + tanh(U @ z[t-1] + V @ y[t-1] + y[t])
    y[t] = tanh(W @ x[t] + b)
    z[t] = x[t]
""")


def names(cell: sg.Cell) -> list[str]:
    return [*sg.linearise(cell).nodes, *cell.inputs]


def assert_same_run(one: sg.Run, two: sg.Run, tolerance: float) -> None:
    for name in names(one.cell):
        assert one[name].shape == two[name].shape
        assert one[name].dtype == two[name].dtype
        np.testing.assert_allclose(one[name], two[name], rtol=tolerance, atol=tolerance)


def assert_every_step_follows(given: Numbers, run: sg.Run, tolerance: float) -> None:
    """Each value of a step is what the compiled equation gives from the step before."""
    before = {state: given.before(run, state) for state in given.cell.states}
    for name in sg.linearise(given.cell).nodes:
        compiled = sg.lambdify(given.cell, variable(name))
        expected = np.broadcast_to(
            compiled(given.params, **given.inputs, **before), run[name].shape
        )
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(
            run[name], expected, rtol=tolerance, atol=tolerance * scale, err_msg=name
        )


@pytest.mark.parametrize("name", CELLS)
def test_every_value_of_every_cell(name: str) -> None:
    """Single and batch, both precisions, plain and checkpointed."""
    for batch in (None, 3):
        for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 3e-5)):
            given = numbers(sg.cell(name), batch=batch, dtype=dtype)
            run = given.run()
            assert run[run.cell.states[-1]].dtype == dtype
            assert_every_step_follows(given, run, tolerance)
            assert_same_run(given.run(checkpoint=True), run, tolerance)


@pytest.mark.parametrize("cell", [TWO_INPUTS, NO_INPUT, TWO_STEPS_BEHIND, READS_INPUTS_ONLY])
@pytest.mark.parametrize("batch", [None, 1, 4])
def test_cells_of_other_shapes(cell: sg.Cell, batch: int | None) -> None:
    given = numbers(cell, batch=batch, steps=20)
    assert_every_step_follows(given, given.run(), 1e-13)
    assert_same_run(given.run(checkpoint=True), given.run(), 1e-13)


def test_layout() -> None:
    cell = sg.cell("lstm")
    single, batch = numbers(cell, n=4, m=3, steps=6), numbers(cell, n=4, m=3, steps=6, batch=2)
    for name in ("h", "c", "f", "a_f"):
        assert single.run()[name].shape == (6, 4)
        assert batch.run()[name].shape == (6, 2, 4)
    np.testing.assert_array_equal(single.run()["x"], single.inputs["x"])
    np.testing.assert_array_equal(batch.run()["x"], batch.inputs["x"])
    assert (single.run().steps, single.run().batch, single.run().samples) == (6, None, 1)
    assert (batch.run().steps, batch.run().batch, batch.run().samples) == (6, 2, 2)


@pytest.mark.parametrize("name", ["gru", "lstm-peephole", "lmu", "slstm"])
def test_samples_do_not_mix(name: str) -> None:
    given = numbers(sg.cell(name), batch=3, steps=15)
    run = given.run()
    for b in range(3):
        x = given.inputs["x"][:, b]
        alone = sg.simulate(
            given.cell, given.params, x, {s: v[b] for s, v in given.initial.items()}
        )
        for value in names(given.cell):
            np.testing.assert_allclose(run[value][:, b], alone[value], rtol=1e-12, atol=1e-14)


def test_states_before_the_first_step() -> None:
    cell = sg.cell("lstm")
    given = numbers(cell, n=4, m=2, batch=3)
    x, params = given.inputs["x"], given.params
    zero = {"h": np.zeros(4), "c": np.zeros(4)}
    assert_same_run(sg.simulate(cell, params, x), sg.simulate(cell, params, x, zero), 0)
    c = np.arange(4.0)
    spread = {"c": np.broadcast_to(c, (3, 4))}
    assert_same_run(sg.simulate(cell, params, x, {"c": c}), sg.simulate(cell, params, x, spread), 0)
    # a run in two parts is the run
    whole = given.run()
    first = sg.simulate(cell, params, x[:7], given.initial)
    last = {s: first[s][-1] for s in cell.states}
    second = sg.simulate(cell, params, x[7:], last)
    for name in names(cell):
        joined = np.concatenate([first[name], second[name]])
        np.testing.assert_allclose(joined, whole[name], rtol=1e-14, atol=1e-15)


def test_no_input() -> None:
    given = numbers(NO_INPUT, steps=9)
    run = sg.simulate(NO_INPUT, given.params, steps=9, state=given.initial)
    assert run["h"].shape == (9, 5)
    many = {"h": np.stack([given.initial["h"], -given.initial["h"]])}
    assert sg.simulate(NO_INPUT, given.params, steps=9, state=many)["h"].shape == (9, 2, 5)


# -- chunks of a sequence side by side ----------------------------------------------------------


@pytest.fixture
def step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNKS", 10**9)


def in_chunks(given: Numbers) -> bool:
    """Whether a run takes the way over chunks to its end."""
    taken: list[bool] = []
    inside = chunks.in_chunks

    def watched(*arguments: Any) -> Any:
        found = inside(*arguments)
        taken.append(found is not None)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("symgate.numerics.simulate.in_chunks", watched)
        given.run(engine="numpy")
    return taken[0]


@pytest.mark.parametrize("name", CELLS)
def test_chunks_at_once_equal_step_by_step(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = sg.cell(name)
    for batch in (None, 2):
        given = numbers(cell, n=3, m=2, steps=10 * chunks.LENGTH + 17, batch=batch, scale=0.4)
        at_once = given.run(engine="numpy")
        with monkeypatch.context() as patch:
            patch.setattr(chunks, "CHUNKS", 10**9)
            assert not in_chunks(given)
            assert_same_run(at_once, given.run(engine="numpy"), 1e-13)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "lstm-peephole", "lem", "mut1"])
def test_a_cell_that_forgets_runs_in_chunks(name: str) -> None:
    given = numbers(sg.cell(name), n=3, m=2, steps=800, scale=0.4)
    assert in_chunks(given)


def test_a_cell_that_remembers_runs_step_by_step() -> None:
    given = numbers(sg.cell("lstm"), n=3, m=2, steps=800)
    given.params["b_f"][:] = 8
    assert not in_chunks(given)


def test_a_state_that_fades_away_is_not_cut_to_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk must not start from 0 where the truth is small: a relu would be dead there."""
    cell = sg.cell("rnn-relu")
    params = {"W": np.zeros((2, 1)), "U": np.diag([0.8, 0.5]), "b": np.zeros(2)}
    run = sg.simulate(cell, params, np.zeros((1000, 1)), {"h": np.ones(2)})
    exact = np.power.outer([0.8, 0.5], np.arange(1, 1001)).T
    np.testing.assert_allclose(run["h"], exact, rtol=1e-10)


@pytest.mark.usefixtures("step_by_step")
def test_one_loop_over_many_strides() -> None:
    given = numbers(sg.cell("gru"), n=3, m=2, steps=3 * STRIDE + 5)
    assert_every_step_follows(given, given.run(), 1e-13)


# -- progress, interruption, memory -------------------------------------------------------------


@pytest.mark.parametrize("hidden", [4, 120])  # in chunks, and step by step
@pytest.mark.parametrize("checkpoint", [False, True])
def test_progress_reaches_the_total(hidden: int, checkpoint: bool) -> None:
    cell = sg.cell("gru")
    calls: list[tuple[int, int]] = []
    sg.simulate(
        cell,
        sg.init(cell, hidden, 2),
        np.zeros((600, 2)),
        checkpoint=checkpoint,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls[-1] == (600, 600)
    assert calls == sorted(calls)
    assert {total for _, total in calls} == {600}


@pytest.mark.parametrize("checkpoint", [False, True])
def test_an_interrupt_passes_through_the_progress_hook(checkpoint: bool) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    cell = sg.cell("gru")
    params = sg.init(cell, 120, 2)
    with pytest.raises(KeyboardInterrupt):
        sg.simulate(cell, params, np.zeros((600, 2)), checkpoint=checkpoint, progress=interrupt)


def peak(action: Any) -> int:
    """The most memory that was held during an action, over what was held before, in bytes."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        action()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_kept_values() -> None:
    """T · n numbers for each kept value, never T · n²; far less with checkpoints."""
    cell, n, steps = sg.cell("gru"), 64, 4096
    params, x = sg.init(cell, n, 2), np.zeros((steps, 2))
    plain = peak(lambda: sg.simulate(cell, params, x))
    kept = 8 * steps * n * 4  # h, z, r, n
    assert plain < 3 * kept
    assert peak(lambda: sg.simulate(cell, params, x, checkpoint=True)) < kept / 4


def test_memory_is_said_before_it_is_taken() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1])")
    params = sg.init(cell, 3)
    for call in (
        lambda: sg.simulate(cell, params, steps=10**12),
        lambda: sg.lyapunov(cell, params, steps=10**12),
        lambda: sg.init("gru", 100_000),
        lambda: sg.memory("lstm", 10, hidden=100_000),
    ):
        with pytest.raises(sg.SymgateError, match="would take"):
            call()
    with pytest.raises(sg.SymgateError, match="more than 1,000,000 values"):
        sg.decay("rnn", hidden=2, lags=3, at=range(10**12))
