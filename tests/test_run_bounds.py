"""Bounds are never below the curve; the spectral radius is no bound; predictions."""

from __future__ import annotations

import math

import numpy as np
import pytest

import symgate as sg
from symgate.bounds.growth import growths
from symgate.numerics.initialise import SCHEMES
from tests.chosen import CELLS


def draws(count: int) -> list[tuple[str, int, str, int, str]]:
    rng = np.random.default_rng(2026)
    cells = list(sg.zoo)
    schemes = [s for s in SCHEMES if s != "chrono"]
    return [
        (
            cells[i % len(cells)], int(rng.integers(1, 9)), schemes[rng.integers(len(schemes))],
            int(rng.integers(10_000)), ("spectral", "frobenius")[i % 2],
        )
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("part", range(6))
def test_no_bound_is_violated_at_any_lag(part: int) -> None:
    for name, n, scheme, seed, norm in draws(300)[part::6]:
        gain = (0.5, 1.0, 2.0)[seed % 3]
        try:
            d = sg.decay(sg.cell(name), hidden=n, lags=25, samples=2, scheme=scheme, seed=seed,
                         gain=gain, norm=norm, singular=())  # fmt: skip
        except sg.Diverged:
            continue
        assert d.bounds is not None
        words = f"{name} n={n} {scheme} gain={gain} seed={seed} {norm}"
        assert (d.log10_norm <= d.bounds.run_log10).all(), words
        assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all(), words
        room = 1e-9 * (1 + np.abs(d.bounds.run_log10))
        held = np.isfinite(d.bounds.run_log10)
        over = d.bounds.run_log10 - room <= d.bounds.worst_log10[:, None]
        assert over[held].all(), words


def test_all_blocks_of_a_state_are_bounded() -> None:
    for of in "hc":
        for wrt in "hc":
            d = sg.decay(sg.cell("lstm"), of, wrt, hidden=8, lags=40, bias={"f": 3},
                         scheme="orthogonal", gain=1.5)  # fmt: skip
            assert d.bounds is not None
            assert (d.log10_norm <= d.bounds.run_log10).all()
            assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()


@pytest.mark.parametrize(("name", "gamma"), [("rnn", 1.0), ("rnn-sigmoid", 0.25)])
def test_the_worst_case_of_the_rnn_row_4(name: str, gamma: float) -> None:
    d = sg.decay(sg.cell(name), hidden=12, lags=50, scheme="gaussian", gain=1.3)
    assert d.run is not None
    largest = np.linalg.norm(d.run.params["U"], 2)
    expected = np.arange(51) * math.log10(gamma * largest)
    np.testing.assert_allclose(d.bound_log10, expected, atol=1e-9)
    assert (d.log10_norm <= expected[:, None] + 1e-9).all()


def test_the_worst_case_of_the_lstm_needs_no_run() -> None:
    """|c_t| ≤ |c_0| + t; the same bound for inputs that drive c as far as it goes."""
    cell = sg.cell("lstm")
    params = {k: 0.5 * v for k, v in sg.init(cell, hidden=5, input=2, seed=1).items()}
    driven = {**params, **{f"b_{gate}": np.full(5, 40.0) for gate in "ifg"}}
    start = {"h": np.zeros(5), "c": np.full(5, 0.5)}
    x = np.random.default_rng(0).normal(size=(30, 2))
    found = []
    for numbers in (params, driven):
        d = sg.decay(sg.simulate(cell, numbers, x, start), "c", "h")
        assert d.bounds is not None
        assert (d.log10_norm <= d.bounds.run_log10).all()
        assert "|c_t| ≤ |c_{t-1}| + 1" in d.bounds.notes[0]
        found.append(d.bounds.worst_log10)
    np.testing.assert_allclose(*found, rtol=1e-12)
    norm = {gate: np.linalg.norm(params[f"U_{gate}"], 2) for gate in "ifog"}
    row = np.array([0.0, 1.0])
    for k in range(1, 31):
        c = 0.5 + 30 - k
        into_c = norm["g"] + norm["i"] / 4 + c * norm["f"] / 4
        row = row @ np.array([[into_c + norm["o"] / 4, 1.0], [into_c, 1.0]])
        assert found[0][k] == pytest.approx(np.log10(row[0]), abs=1e-9)


@pytest.mark.parametrize("keeps", [0.5, 0.99])
def test_a_state_that_starts_beyond_its_reach_is_taken_as_it_starts(keeps: float) -> None:
    cell = sg.Cell.from_text("""
        c[t] = alpha * c[t-1] + tanh(W @ x[t])
        h[t] = c[t-1] * tanh(U @ h[t-1])
    """)
    params = {"W": np.eye(2), "U": np.eye(2), "alpha": np.array(keeps)}
    for start in (0.0, 900.0):
        state = {"c": np.full(2, start), "h": np.full(2, 1e-3)}
        d = sg.decay(sg.simulate(cell, params, np.full((6, 2), 9.0), state), "h", "h")
        assert d.bounds is not None
        reach = max(start, 1 / (1 - keeps))
        np.testing.assert_allclose(d.bounds.worst_log10, np.arange(7) * np.log10(reach), atol=1e-9)


@pytest.mark.parametrize("name", CELLS)
def test_no_state_grows_faster_than_it_can(name: str) -> None:
    cell = sg.cell(name)
    found = growths(cell)
    if not found:
        return
    params = sg.init(cell, hidden=4, input=3, scheme="gaussian", gain=2, seed=1)
    x = {x: 9.0 * np.random.default_rng(0).normal(size=(40, 3)) for x in cell.inputs}
    run = sg.simulate(cell, params, x)
    for state, growth in found.items():
        numbers = {s: abs(float(params[str(s)])) for s in
                   (growth.factor.free_symbols | growth.addend.free_symbols)}  # fmt: skip
        factor, addend = (float(e.subs(numbers)) for e in (growth.factor, growth.addend))
        size = np.abs(run[state]).max(axis=1)
        assert (size[1:] <= factor * size[:-1] + addend + 1e-12).all()


def test_a_start_outside_the_range_has_no_worst_case() -> None:
    cell = sg.cell("gru")
    params = sg.init(cell, hidden=4, input=2)
    run = sg.simulate(cell, params, np.ones((8, 2)), {"h": np.full(4, 7.0)})
    d = sg.decay(run)
    assert d.bounds is not None
    assert np.isposinf(d.bounds.worst_log10[1:]).all()
    assert "starts outside" in d.bounds.notes[0]
    assert (d.log10_norm <= d.bounds.run_log10).all()


def counterexample(lags: int) -> sg.Decay:
    """Row 5: x ← W tanh x + b with spectral radius 0, at its fixed point."""
    cell = sg.Cell.from_text("h[t] = W @ tanh(h[t-1]) + b", name="counterexample")
    W = np.array([[8.0, 8], [-8, -8]])
    x = np.array([0, np.arctanh(0.5)])
    params = {"W": W, "b": x - W @ np.tanh(x)}
    return sg.decay(sg.simulate(cell, params, state={"h": x}, steps=lags), lags=lags)


def test_spectral_radius_zero_and_a_growing_norm_row_5() -> None:
    d = counterexample(12)
    expected = np.arange(12) * math.log10(2) + math.log10(10 * math.sqrt(2))
    np.testing.assert_allclose(d.log10_norm[1:, 0], expected, rtol=1e-10)
    assert d.bounds is not None
    assert d.bounds.values == {"‖W‖₂": pytest.approx(16)}
    assert d.bounds.radius_log10 is not None
    assert (d.bounds.radius_log10[1:] < -6 * np.arange(1, 13)).all()
    assert (
        "From lag 1 on, the gradient lies above the curve of the spectral radius"
        in d.bounds.notes[0]
    )
    assert (d.log10_norm[:, 0] <= d.bounds.worst_log10).all()


def test_a_transient_of_a_matrix_that_is_not_normal_row_6() -> None:
    cell = sg.Cell.from_text("h[t] = W @ h[t-1]", name="transient")
    params = {"W": np.array([[0.9, 3.0], [0, 0.9]])}
    d = sg.decay(sg.simulate(cell, params, state={"h": np.ones(2)}, steps=100))
    norms = 10**d.median
    for lag, value in {1: 3.249286, 9: 11.635514, 20: 8.106934, 50: 0.858993,
                       100: 0.008853879}.items():  # fmt: skip
        assert norms[lag] == pytest.approx(value, rel=1e-6)
    assert int(np.argmax(norms)) == 9
    assert int(np.argmax(norms[1:] < 1)) + 1 == 49
    assert d.bounds is not None
    assert d.bounds.radius_log10 is not None
    np.testing.assert_allclose(d.bounds.radius_log10, np.arange(101) * math.log10(0.9), atol=1e-9)
    assert "non-normal" in d.bounds.notes[0]


def test_a_normal_matrix_has_no_such_remark() -> None:
    cell = sg.Cell.from_text("h[t] = W @ h[t-1] + x[t]")
    params = {"W": np.array([[0.9, 0.1], [0.1, 0.5]])}
    d = sg.decay(sg.simulate(cell, params, np.ones((30, 2))))
    assert d.bounds is not None
    assert d.bounds.notes == ()


# -- predictions -------------------------------------------------------------------------------


@pytest.mark.parametrize("b", [0.0, 1.0, 5.0])
def test_all_predictions_are_right_with_zero_weights(b: float) -> None:
    cell = sg.cell("lstm")
    params = {k: 0 * v for k, v in sg.init(cell, hidden=4, input=2).items()}
    params["b_f"] += b
    d = sg.decay(sg.simulate(cell, params, np.ones((300, 2))), "c", "c")
    assert d.predictions is not None
    for entry in d.predictions.entries:
        assert entry.rate == pytest.approx(-math.log1p(math.exp(-b)), rel=1e-9)
        assert abs(entry.rate_off) < 1e-9
        assert abs(entry.decades_off) < 1e-6


def test_the_exponent_predicts_best() -> None:
    d = sg.decay(sg.cell("gru"), hidden=32, lags=300)
    assert d.predictions is not None
    off = {e.name: abs(e.rate_off) for e in d.predictions.entries}
    assert min(off, key=lambda name: off[name]) == "Lyapunov exponent"
    assert off["Lyapunov exponent"] < 0.02


def test_a_cell_without_carry_says_so() -> None:
    d = sg.decay(sg.cell("rnn"), hidden=8, lags=60)
    assert d.predictions is not None
    assert [e.name for e in d.predictions.entries] == ["Lyapunov exponent"]
    assert "no state is carried" in d.predictions.notes[0]


def test_a_bound_holds_beside_a_state_that_explodes() -> None:
    """c grows by 10⁶⁰ a step, h falls: no factor between them is lost."""
    cell = sg.Cell.from_text("c[t] = k * c[t-1] + W @ x[t]\nh[t] = 0.5 * h[t-1] + e * c[t-1]")
    params = {"k": np.full(2, 1e60), "W": np.zeros((2, 2)), "e": np.full(2, 1e-3)}
    run = sg.simulate(cell, params, np.ones((30, 2)), {"c": np.zeros(2), "h": np.ones(2)})
    for of, wrt in (("h", "h"), ("c", "c"), ("h", "c")):
        d = sg.decay(run, of, wrt)
        assert d.bounds is not None
        assert np.isfinite(d.log10_norm[1:]).all()
        np.testing.assert_allclose(d.bounds.run_log10, d.log10_norm, atol=1e-6)
        assert (d.log10_norm <= d.bounds.run_log10).all()
        assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()


def test_a_slope_that_overflows_is_refused_in_words_and_without_a_warning() -> None:
    """The slope of a root at 0 is infinite."""
    text = "c[t] = 1000 * c[t-1] + W @ x[t]\nh[t] = sqrt(1 - c[t]**2 / (1 + c[t]**2)) + h[t-1]"
    d = sg.decay(sg.Cell.from_text(text), "h", "h", hidden=2, lags=4, samples=1, seed=0)
    with pytest.raises(sg.Diverged, match="the Jacobian of cell is not finite at step 3"):
        d.bounds  # noqa: B018


def test_a_run_has_one_largest_exponent() -> None:
    d = sg.decay("lstm", hidden=8, lags=60, networks=1, samples=2)
    (run,) = d.runs
    predicted = d.predictions["Lyapunov exponent"].rate
    assert predicted == pytest.approx(sg.lyapunov(run, count=1).largest.mean())
