"""Back-propagation through time, loss vectors and the tangent pass, of every cell.

`sg.gradients` is held against dual numbers over the cell's text; loss vectors
against the gradients; the tangent against both, in the inner product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.numerics import backward
from tests.chosen import CELLS
from tests.numbers import Numbers, numbers
from tests.oracles import Text

#: A cell for each thing that may be special: two products in a row, peepholes, stacks,
#: matrix expressions, states that read states, diagonal matrices, scalars in functions.
SOME = ["gru", "lstm-peephole", "lstm-concat", "antisymmetric-rnn", "lem", "lru", "fast-rnn", "lmu"]


def losses(given: Numbers, run: sg.Run, seed: int = 9) -> dict[str, Any]:
    """∂L/∂s at every step, for every state s."""
    rng = np.random.default_rng(seed)
    return {s: rng.normal(size=run[s].shape).astype(run.dtype) for s in given.cell.states}


def by_duals(given: Numbers, run: sg.Run, weights: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The gradients of Σ weight · state by parameters, inputs and initial states, by duals.

    It takes a batch, as double precision whatever the run was made in.
    """
    text = Text(given.cell.text, {name: run[name].shape[-1] for name in given.cell.equations})
    found = []
    for b in range(run[given.cell.states[0]].shape[1]):
        inputs = [{k: a[t, b] for k, a in given.inputs.items()} for t in range(given.steps)]
        losses = [{s: w[t, b] for s, w in weights.items()} for t in range(given.steps)]
        initial = {s: a[b] for s, a in given.initial.items()}
        found.append(text.gradients(given.params, inputs, initial, losses))
    params = {name: sum(each[0][name] for each in found) for name in given.params}
    inputs = {
        x: np.stack([np.stack([at[x] for at in each[1]]) for each in found], axis=1)
        for x in given.inputs
    }
    return params, inputs, {s: np.stack([each[2][s] for each in found]) for s in given.initial}


def parts(found: sg.Gradients) -> tuple[Any, Any, Any]:
    return found.parameters, found.inputs, found.initial


def assert_same(found: Any, expected: Any, tolerance: float) -> None:
    """Equal names and shapes; values to a tolerance relative to the largest of an array."""
    largest = max(np.abs(a).max(initial=0) for part in expected for a in part.values())
    for mine, other in zip(found, expected, strict=True):
        assert set(mine) == set(other)
        for name, array in other.items():
            assert mine[name].shape == array.shape, name
            scale = max(np.abs(array).max(initial=0), 1e-3 * largest)
            np.testing.assert_allclose(
                mine[name], array, rtol=0, atol=tolerance * scale, err_msg=name
            )


@pytest.mark.parametrize("name", CELLS)
def test_gradients_of_every_cell(name: str) -> None:
    """Double and single precision, checkpoints, a batch and its samples alone."""
    given = numbers(sg.cell(name), n=4, m=3, steps=7, batch=2)
    run = given.run()
    weights = losses(given, run)
    expected = by_duals(given, run, weights)
    found = sg.gradients(run, weights)
    assert_same(parts(found), expected, 1e-10)
    assert_same(parts(sg.gradients(given.run(checkpoint=True), weights)), expected, 1e-10)

    single = numbers(sg.cell(name), n=4, m=3, steps=7, batch=2, dtype=np.float32)
    short = single.run()
    rounded = {s: w.astype(np.float32) for s, w in weights.items()}
    found = sg.gradients(short, rounded)
    assert all(a.dtype == np.float32 for part in parts(found) for a in part.values())
    assert_same(parts(found), expected, 1e-4)

    alone = []
    for b in range(2):
        x = {key: array[:, b] for key, array in given.inputs.items()}
        initial = {key: array[b] for key, array in given.initial.items()}
        one = sg.simulate(given.cell, given.params, x, initial)
        alone.append(sg.gradients(one, {s: w[:, b] for s, w in weights.items()}))
    summed = {key: alone[0][key] + alone[1][key] for key in given.params}
    inputs = {x: np.stack([a.inputs[x] for a in alone], axis=1) for x in given.inputs}
    initial = {s: np.stack([a.initial[s] for a in alone]) for s in given.initial}
    assert_same((summed, inputs, initial), expected, 1e-10)


@pytest.mark.parametrize("name", SOME)
def test_gradients_over_the_boundaries_of_stretches(name: str) -> None:
    steps = 2 * backward.SEGMENT + 44
    given = numbers(sg.cell(name), n=4, m=3, steps=steps, batch=2, scale=0.4)
    run = given.run()
    weights = losses(given, run)
    expected = by_duals(given, run, weights)
    assert_same(parts(sg.gradients(run, weights)), expected, 1e-10)
    assert_same(parts(sg.gradients(given.run(checkpoint=True), weights)), expected, 1e-10)


def test_a_loss_of_one_state() -> None:
    given = numbers(sg.cell("lstm"), batch=3)
    run = given.run()
    weights = losses(given, run)
    zero = np.zeros_like(weights["c"])
    for found, expected in (
        (sg.gradients(run, weights["h"]), {"h": weights["h"], "c": zero}),
        (sg.gradients(run, weights["c"], state="c"), {"h": zero, "c": weights["c"]}),
        (sg.gradients(run, {"c": weights["c"]}), {"h": zero, "c": weights["c"]}),
    ):
        assert_same(parts(found), parts(sg.gradients(run, expected)), 1e-14)


def test_names_and_plain_data() -> None:
    given = numbers(sg.cell("gru"))
    found = sg.gradients(given.run(), losses(given, given.run()))
    assert found["U_z"] is found.parameters["U_z"]
    assert found["x"] is found.inputs["x"]
    data = found.to_dict()
    assert data["initial"]["h"] == found.initial["h"].tolist()


def test_progress_and_interruption() -> None:
    given = numbers(sg.cell("gru"), steps=300)
    run, calls = given.run(), []
    weights = losses(given, run)
    sg.gradients(run, weights, progress=lambda *done: calls.append(done))
    assert calls == [(128, 300), (256, 300), (300, 300)]

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sg.gradients(run, weights, progress=interrupt)


# -- loss vectors -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("batch", [None, 3])
def test_the_loss_vector_is_the_gradient_by_the_state_before(name: str, batch: int | None) -> None:
    """‖∂L/∂s_{t-k}‖ is that of the gradient by the initial state of the last k steps."""
    given = numbers(sg.cell(name), steps=9, batch=batch)
    run, cell = given.run(), given.cell
    rng = np.random.default_rng(4)
    of = cell.states[-1]
    vector = rng.normal(size=run[of].shape[1:])
    for wrt in cell.states:
        found = sg.vector_norms(run, vector, of, wrt).log10_norm
        for lag in (1, 4, 9):
            first = 9 - lag
            start = {s: given.before(run, s)[first] for s in cell.states}
            x = {key: array[first:] for key, array in given.inputs.items()}
            end = sg.simulate(cell, given.params, x, start)
            loss = np.zeros_like(end[of])
            loss[-1] = vector
            size = np.linalg.norm(sg.gradients(end, loss, state=of).initial[wrt], axis=-1)
            np.testing.assert_allclose(10 ** found[lag], size, rtol=1e-10, atol=1e-15)


def test_a_vector_for_all_samples_and_one_for_each() -> None:
    run = numbers(sg.cell("gru"), batch=2, steps=40).run()
    one = np.arange(1.0, 6)
    both = sg.vector_norms(run, np.stack([one, 2 * one])).log10_norm
    same = sg.vector_norms(run, one).log10_norm
    np.testing.assert_allclose(both[:, 0], same[:, 0], rtol=1e-12)
    np.testing.assert_allclose(both[:, 1], same[:, 1] + np.log10(2), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("n", [5, 70])
def test_the_size_of_a_vector_is_only_a_shift(size: float, n: int) -> None:
    for name in ("gru", "lstm"):
        run = numbers(sg.cell(name), n=n, steps=60).run()
        vector = np.random.default_rng(1).normal(size=n)
        kept = vector.copy()
        for wrt in run.cell.states:
            plain = sg.vector_norms(run, vector, "h", wrt).log10_norm
            found = sg.vector_norms(run, size * vector, "h", wrt).log10_norm
            np.testing.assert_allclose(found, plain + np.log10(size), rtol=1e-12)
        np.testing.assert_array_equal(vector, kept)


def test_vectors_of_all_directions_make_the_frobenius_norm() -> None:
    run = numbers(sg.cell("lstm"), steps=200, scale=0.5).run()
    squares = [10 ** (2 * sg.vector_norms(run, row, "c", "h").log10_norm) for row in np.eye(5)]
    whole = sg.lag_norms(run, "c", "h", norm="frobenius").log10_norm
    np.testing.assert_allclose(np.sqrt(sum(squares)), 10**whole, rtol=1e-12)


# -- the tangent --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("batch", [None, 2])
def test_tangent_and_adjoint_agree_in_the_inner_product(name: str, batch: int | None) -> None:
    """⟨w, J v⟩ = ⟨Jᵀ w, v⟩, over all steps and all states."""
    given = numbers(sg.cell(name), steps=9, batch=batch)
    run, cell = given.run(), given.cell
    rng = np.random.default_rng(2)
    v = {s: rng.normal(size=array.shape) for s, array in given.initial.items()}
    w = {s: rng.normal(size=array.shape) for s, array in given.initial.items()}
    forward = sg.tangent(run, v)
    start = np.sqrt(sum((array**2).sum(axis=-1) for array in v.values()))
    size = 10 ** forward.log10_norm[-1] * start
    left = sum((w[s] * forward.direction[s]).sum(axis=-1) for s in w) * size
    loss = {s: np.zeros_like(run[s]) for s in cell.states}
    for s in cell.states:
        loss[s][-1] = w[s]
    back = sg.gradients(run, loss).initial
    right = sum((back[s] * v[s]).sum(axis=-1) for s in v)
    scale = np.sqrt(sum((array**2).sum(axis=-1) for array in w.values())) * size
    np.testing.assert_allclose(left / scale, right / scale, rtol=0, atol=1e-12)


def test_the_tangent_is_the_limit_of_differences() -> None:
    """The remainder of a step of size e falls as e²."""
    given = numbers(sg.cell("lstm"), steps=30)
    run = given.run()
    v = {s: np.random.default_rng(1).normal(size=5) for s in "hc"}
    forward = sg.tangent(run, v)
    size = np.sqrt(sum((a**2).sum() for a in v.values())) * 10 ** forward.log10_norm[-1]
    remainders = []
    for e in (1e-3, 1e-4):
        moved = {s: given.initial[s] + e * v[s] for s in "hc"}
        other = sg.simulate(given.cell, given.params, given.inputs, moved)
        remainders.append(
            max(np.abs(other[s][-1] - run[s][-1] - e * size * forward.direction[s]).max()
                for s in "hc")
        )  # fmt: skip
    assert 1.9 < np.log10(remainders[0] / remainders[1]) < 2.1


def test_a_tangent_over_some_steps() -> None:
    given = numbers(sg.cell("lem"), steps=300, batch=2, scale=0.5)
    run = given.run()
    v = {s: np.arange(1.0, 1 + run[s].shape[-1]) for s in given.cell.states}
    whole = sg.tangent(run, v)
    assert whole.log10_norm.shape == (301, 2)
    np.testing.assert_array_equal(whole.log10_norm[0], 0)
    first = sg.tangent(run, v, steps=140)
    second = sg.tangent(run, first.direction, since=140)
    joined = np.concatenate([first.log10_norm, first.log10_norm[-1] + second.log10_norm[1:]])
    np.testing.assert_allclose(joined, whole.log10_norm, rtol=1e-10, atol=1e-12)
    for s in v:
        np.testing.assert_allclose(second.direction[s], whole.direction[s], rtol=1e-9, atol=1e-12)
    checkpointed = sg.tangent(given.run(checkpoint=True), v)
    np.testing.assert_allclose(checkpointed.log10_norm, whole.log10_norm, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30, 1e300])
def test_the_size_of_a_tangent_does_not_matter(size: float) -> None:
    run = numbers(sg.cell("gru"), steps=20).run()
    v = np.arange(1.0, 6)
    plain, found = sg.tangent(run, {"h": v}), sg.tangent(run, {"h": size * v})
    np.testing.assert_allclose(found.log10_norm, plain.log10_norm, rtol=1e-12, atol=1e-14)


def test_a_tangent_that_dies() -> None:
    cell = sg.cell("rnn-relu")
    params = {"W": np.zeros((2, 1)), "U": np.eye(2), "b": -np.ones(2)}
    run = sg.simulate(cell, params, np.zeros((10, 1)), {"h": np.full(2, 4.5)})
    found = sg.tangent(run, {"h": np.ones(2)}).log10_norm
    np.testing.assert_allclose(found[:5], 0, atol=1e-15)
    assert np.isneginf(found[5:]).all()
