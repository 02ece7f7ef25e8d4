"""Curves: against automatic differentiation, closed forms and published numbers."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import symgate as sg
from symgate.decaying.tail import fitted, passes, quantile

FAMILY = [
    name for name in sg.zoo if name.split("-")[0] in ("rnn", "lstm", "gru", "gru1", "gru2", "gru3")
]


def zeroed(name: str, lags: int, b: float, gate: str = "f", state: str = "c") -> sg.Decay:
    """The decay with all weights zero and one gate's bias set."""
    cell = sg.cell(name)
    params = {k: 0 * v for k, v in sg.init(cell, hidden=4, input=2).items()}
    params[f"b_{gate}"] += b
    run = sg.simulate(cell, params, np.ones((lags, 2)))
    return sg.decay(run, state, state)


# -- oracles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILY)
def test_curves_equal_those_of_automatic_differentiation(name: str) -> None:
    from tests.automatic import log10_curve

    cell = sg.cell(name)
    state = cell.states[0]
    d = sg.decay(cell, state, state, hidden=16, input=5, lags=60, samples=1, seed=3,
                 scheme="orthogonal", gain=1.1)  # fmt: skip
    assert d.run is not None
    expected = log10_curve(d.run, state)
    np.testing.assert_allclose(d.log10_norm[:, 0], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("b", "factor", "tau", "half_life"),
    [
        (0, 0.5, 1 / math.log(2), 1.0),
        (1, 0.7310585786, 3.192219, 2.212678),
        (2, 0.8807970780, 7.878482, 7.878482 * math.log(2)),
        (5, 0.9933071491, 148.9126, 148.9126 * math.log(2)),
    ],
)
def test_forget_bias_row_10(b: float, factor: float, tau: float, half_life: float) -> None:
    d = zeroed("lstm", 200, b)
    assert math.exp(d.rate) == pytest.approx(factor, abs=1e-10)
    assert d.time_constant == pytest.approx(tau, rel=1e-6)
    assert d.half_life == pytest.approx(half_life, rel=1e-6)
    expected = np.arange(201) * math.log10(1 / (1 + math.exp(-b)))
    np.testing.assert_allclose(d.median, expected, atol=1e-11)


@pytest.mark.parametrize("b", [0.0, 1.0, -2.0])
def test_ten_thousand_lags_with_zero_weights(b: float) -> None:
    d = zeroed("lstm", 10_000, b)
    exact = -10_000 * math.log10(1 + math.exp(-b))
    assert d.log10_norm[-1, 0] == pytest.approx(exact, rel=1e-13)
    if b == 0:
        assert round(d.log10_norm[-1, 0], 1) == -3010.3


@pytest.mark.parametrize("steps", [20, 100, 784])
def test_chrono_row_11(steps: int) -> None:
    d = zeroed("lstm", steps, math.log(steps - 1))
    expected = {20: 0.358486, 100: 0.366032, 784: 0.367645}[steps]
    assert 10 ** d.median[-1] == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("seed", [0, 1])
def test_whole_state_and_not_the_hidden_blocks_row_21(seed: int) -> None:
    """The row: -0.033 a step for the whole state, -3.19 for a product of the (h, h) blocks.

    It names neither the inputs nor the scale of the variance. Read as analysis/published reads
    it (8 inputs, recurrent entries N(0, 0.2²/n)) both numbers hold over seeds.
    """
    cell, rng = sg.cell("lstm"), np.random.default_rng(seed)
    params = sg.init(cell, hidden=16, input=8, scheme="keras", bias={"f": 3.0})
    for name, value in params.items():
        if value.ndim == 2:
            size = 0.2 / math.sqrt(16) if name.startswith("U") else 0.2
            params[name] = rng.normal(scale=size, size=value.shape)
    d = sg.decay(sg.simulate(cell, params, rng.normal(size=(2000, 8))), singular=())
    assert d.rate == pytest.approx(-0.033, abs=0.02)
    assert d.predictions is not None
    assert d.predictions["Lyapunov exponent"].rate == pytest.approx(d.rate, abs=0.005)
    assert d.predictions["biases"].rate == pytest.approx(-0.0486, abs=1e-3)
    assert _hidden_blocks(d) == pytest.approx(-3.19, abs=0.3)


def _hidden_blocks(d: sg.Decay) -> float:
    """What a product of the (h, h) blocks alone would say, per step."""
    from symgate.decaying.paths import step_jacobian
    from symgate.numerics.steps import Steps

    assert d.run is not None
    steps, total = Steps(d.run), 0.0
    vector = np.ones(16) / 4
    for t in range(1000, 1400):
        vector = step_jacobian(steps, t)[0, :16, :16] @ vector
        size = float(np.linalg.norm(vector))
        vector, total = vector / size, total + math.log(size)
    return total / 400


# -- what is read from a curve -----------------------------------------------------------------


def test_what_is_averaged_is_said() -> None:
    d = sg.decay(sg.cell("gru"), hidden=6, lags=20, steps=60, at=[19, 39, 59], samples=3)
    assert d.log10_norm.shape == (21, 9)
    assert d.setting.positions == (19, 39, 59)
    assert "3 sequences" in d.setting.averaged_over
    assert "steps 19, 39, 59" in d.setting.averaged_over
    one = sg.decay(sg.cell("gru"), hidden=6, lags=20, steps=60, at=59, samples=3)
    np.testing.assert_array_equal(one.log10_norm[:, 1], d.log10_norm[:, 5])


def test_interval_covers_the_rate_of_another_seed() -> None:
    d = sg.decay(sg.cell("rnn"), hidden=32, lags=200, samples=8)
    assert d.fit.interval is not None
    low, high = d.fit.interval
    assert low < d.rate < high
    assert d.fit.lags == (100, 200)


def test_passes_relative_to_the_start() -> None:
    d = zeroed("lstm", 100, 0.0)
    assert d.passes == {"1e-3": 10, "1e-6": 20}
    assert passes(np.array([-1.0, -1.5, -2.0]), 3) is None
    assert passes(np.array([-np.inf, -1.0, -4.5]), 3) == 2
    assert passes(np.array([2.0, 0.0, -1.5]), 3) == 2


def test_exact_zeros_stay_minus_infinity() -> None:
    cell = sg.Cell.from_text("h[t] = N @ h[t-1] + W @ x[t]")
    params = {"N": np.diag([1.0, 1.0], 1), "W": np.eye(3)}
    d = sg.decay(sg.simulate(cell, params, np.zeros((10, 2, 3))))
    assert np.isneginf(d.median[3:]).all()
    assert d.rate == -math.inf
    assert d.half_life == 0
    assert d.passes == {"1e-3": 3, "1e-6": 3}
    assert d.to_dict()["last_log10"] is None
    assert "exactly zero" in d.notes[0]
    json.dumps(d.to_dict(), allow_nan=False)


def test_quantiles_with_zeros() -> None:
    curves = np.array([[0.0, -np.inf, -2.0]])
    assert quantile(curves, 0.5)[0] == -2.0
    assert quantile(curves, 0.1)[0] == -np.inf


def test_a_growing_curve_has_no_half_life() -> None:
    rate = fitted(0.01 * np.arange(50.0)[:, None], 1)
    assert rate.half_life == rate.time_constant == math.inf


def test_effective_rank_and_condition() -> None:
    cell = sg.Cell.from_text("h[t] = A @ h[t-1] + W @ x[t]")
    params = {"A": np.diag([1.0, 1.0, 0.1]), "W": np.eye(3)}
    d = sg.decay(sg.simulate(cell, params, np.zeros((20, 3))), singular=[0, 1, 3, 20])
    assert d.condition[1] == pytest.approx(10)
    assert d.condition[3] == pytest.approx(1000)
    assert d.condition[20] == math.inf
    assert d.effective_rank[0] == pytest.approx(3)
    p = np.array([1, 1, 0.1]) / 2.1
    assert d.effective_rank[1] == pytest.approx(np.exp(-(p * np.log(p)).sum()))


def test_the_largest_singular_value_of_each_sample_is_its_norm() -> None:
    """Network by network, sequence by sequence, the positions next to each other; far down too."""
    options = {"hidden": 4, "lags": 500, "steps": 540, "at": [510, 539], "norm": "spectral"}
    d = sg.decay("rnn", networks=2, samples=2, gain=0.2, **options)
    assert d.median[-1] < -200
    for lag in (1, 500):
        np.testing.assert_allclose(d.singular_values[lag][:, 0], d.log10_norm[lag], rtol=1e-9)


def test_in_random_directions_a_step_leaves_its_mean_square() -> None:
    """J = a_t I leaves the mean of a_t² of the square of the norm."""
    d = sg.decay("mamba2", hidden=3, lags=12, networks=1, norm="frobenius")
    assert d.predictions is not None
    mean = np.mean(d.runs[0]["a"] ** 2)
    assert d.predictions["random directions"].rate == pytest.approx(np.log(mean) / 2)


def test_a_carry_that_no_step_changes_predicts_its_powers() -> None:
    cell = sg.Cell.from_text("h[t] = alpha * h[t-1] + tanh(W @ x[t])")
    params = {"alpha": np.array(0.5), "W": np.eye(2)}
    d = sg.decay(sg.simulate(cell, params, np.ones((12, 2))))
    assert d.predictions is not None
    for name in ("biases", "mean gates"):
        assert d.predictions[name].rate == pytest.approx(math.log(0.5))


def test_the_state_h_unless_there_is_none() -> None:
    assert sg.decay(sg.cell("lstm"), hidden=4, lags=5).of == "h"
    assert sg.decay(sg.cell("qrnn"), hidden=4, lags=5).wrt == "c"
    assert sg.decay(sg.cell("jordan-rnn"), hidden=4, lags=5).of == "y"


def test_a_cell_without_inputs() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1])")
    d = sg.decay(cell, hidden=5, lags=20, samples=3)
    assert "no input" in d.setting.averaged_over
    assert d.log10_norm.shape == (21, 3)


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    one, two = (sg.decay(sg.cell("gru"), hidden=6, lags=30, seed=4) for _ in range(2))
    assert one.save(tmp_path / "a.npz").read_bytes() == two.save(tmp_path / "b.npz").read_bytes()
    other = sg.decay(sg.cell("gru"), hidden=6, lags=30, seed=5)
    assert (one.log10_norm != other.log10_norm).any()


def test_a_unit_that_is_shut_counts_at_lag_0_alone() -> None:
    cell = sg.cell("lstm")
    params = {k: 0 * v for k, v in sg.init(cell, hidden=4, input=2).items()}
    params["b_f"][:] = [2.0, 2.0, -800.0, -800.0]
    d = sg.decay(sg.simulate(cell, params, np.ones((9, 2))), "c", "c", norm="frobenius")
    assert d.predictions is not None
    expected = np.log10(2) / 2 - np.arange(10) * math.log10(1 + math.exp(-2))
    expected[0] = np.log10(4) / 2
    np.testing.assert_allclose(d.log10_norm[:, 0], expected, atol=1e-12)
    np.testing.assert_allclose(d.predictions["biases"].log10_norm, expected, atol=1e-12)


# -- files -------------------------------------------------------------------------------------


def test_save_and_load(tmp_path: Path) -> None:
    d = sg.decay(sg.cell("lstm"), "c", "h", hidden=5, lags=30, bias={"f": 2})
    d.measure_paths()
    again = sg.load(d.save(tmp_path / "curve.npz"))
    assert again.setting == d.setting
    assert again.setting.command.startswith("symgate decay lstm --of c --wrt h")
    np.testing.assert_array_equal(again.log10_norm, d.log10_norm)
    np.testing.assert_array_equal(again.singular_values[5], d.singular_values[5])
    assert again.paths is not None
    assert again.paths["c", "h"].share == d.paths["c", "h"].share  # type: ignore[index]
    assert again.bounds is not None
    np.testing.assert_array_equal(again.bounds.worst_log10, d.bound_log10)
    assert again.to_dict() == d.to_dict()
    with pytest.raises(sg.SymgateError, match="paths need the run"):
        again.measure_paths()


def test_a_file_cut_off_or_of_something_else(tmp_path: Path) -> None:
    path = sg.decay(sg.cell("rnn"), hidden=4, lags=10).save(tmp_path / "a.npz")
    whole = path.read_bytes()
    for size in (0, 1, 10, len(whole) // 3, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:size])
        with pytest.raises(sg.SymgateError, match=r"not a whole file|holds no curve"):
            sg.load(path)
    path.write_bytes(b"something else")
    with pytest.raises(sg.SymgateError, match="not a whole file"):
        sg.load(path)
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))
    with pytest.raises(sg.SymgateError, match="holds no curve"):
        sg.load(path)
    with path.open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object))
    with pytest.raises(sg.SymgateError, match="not a whole file"):
        sg.load(path)
    with pytest.raises(sg.SymgateError, match="there is no file"):
        sg.load(tmp_path / "missing.npz")
    with pytest.raises(sg.SymgateError, match="folder"):
        sg.load(tmp_path)


def test_a_file_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    d = sg.decay(sg.cell("rnn"), hidden=4, lags=10)
    d = replace(d, setting=replace(d.setting, command="rm -rf ~"))
    with monkeypatch.context() as patch:
        patch.setattr("symgate.decaying.saving.FORMAT", 99)
        path = d.save(tmp_path / "a.npz")
    with pytest.raises(sg.SymgateError, match="format 99") as found:
        sg.load(path)
    assert "symgate decay" in str(found.value)
    assert "rm -rf" not in str(found.value)  # a stranger's command is no advice


def test_a_file_holds_arrays_and_text_only(tmp_path: Path) -> None:
    path = sg.decay(sg.cell("rnn"), hidden=4, lags=10).save(tmp_path / "a.npz")
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            head = file.read(name)[:200]
            assert b"'descr': '|O'" not in head
            assert file.getinfo(name).date_time == (1980, 1, 1, 0, 0, 0)


def test_nothing_is_half_written(tmp_path: Path) -> None:
    d = sg.decay(sg.cell("rnn"), hidden=4, lags=10)
    with pytest.raises(sg.SymgateError, match="no folder"):
        d.save(tmp_path / "missing" / "a.npz")
    with pytest.raises(sg.SymgateError, match="folder"):
        d.to_csv(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_csv() -> None:
    lines = sg.decay(sg.cell("rnn"), hidden=4, lags=3, samples=2).to_csv().splitlines()
    assert lines[0] == "cell,lag,median_log10,low_log10,high_log10,sample_0_log10,sample_1_log10"
    assert [line.split(",")[1] for line in lines[1:]] == ["0", "1", "2", "3"]


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": 0}, "lags must be a whole number, 1 or more, not 0"),
        ({"lags": -3}, "lags must be a whole number, 1 or more"),
        ({"lags": 2.5}, "lags must be a whole number"),
        ({"lags": 50, "steps": 20}, "lag 50 reaches before the start of a run of 20 steps"),
        ({"lags": 50, "steps": 80, "at": 30}, "from step 30 there are 31 lags"),
        ({"at": 200}, "at must be a step"),
        ({"at": []}, "names no step"),
        ({"of": "q"}, "a value of gru named 'q'"),
        ({"wrt": "b_z"}, "a value of gru named 'b_z'"),
        ({"of": "x"}, "a value of gru named 'x'"),
        ({"norm": "nuclear"}, "the norm 'nuclear'"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"samples": 0}, "samples must be a whole number, 1 or more"),
        ({"bias": {"f": 1}}, "a gate or a bias of gru named 'f'"),
        ({"scheme": "magic"}, "the scheme 'magic'"),
        ({"singular": [500]}, "singular values are wanted at lag 500, and there are"),
    ],
)
def test_bad_input(options: dict[str, object], message: str) -> None:
    with pytest.raises(sg.SymgateError, match=message):
        sg.decay(sg.cell("gru"), **{"hidden": 4, **options})  # type: ignore[arg-type]


def test_bad_input_for_a_run() -> None:
    run = sg.simulate(sg.cell("rnn"), sg.init(sg.cell("rnn"), hidden=3), np.zeros((9, 3)))
    with pytest.raises(sg.SymgateError, match="hidden is for a cell"):
        sg.decay(run, hidden=3)
    with pytest.raises(sg.ShapeError, match="lag 10 reaches"):
        sg.decay(run, lags=10)
    with pytest.raises(sg.SymgateError, match="a cell or its name"):
        sg.decay(3)  # type: ignore[arg-type]


def test_the_interval_is_that_of_the_next_sequence() -> None:
    """Slopes -1 and -2: deviation 1/√2, one degree of freedom, t = 12.706."""
    k = np.arange(21.0)[:, None]
    found = fitted(-k * np.array([[1.0, 2.0]]) / np.log(10), 2)
    reach = 12.7062 * np.sqrt(1 / 2) * np.sqrt(1 + 1 / 2)
    assert found.interval == pytest.approx((-1.5 - reach, -1.5 + reach), rel=1e-4)
