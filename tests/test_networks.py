"""What is drawn and measured: several networks, their interval, the command that repeats it."""

from __future__ import annotations

import math
import pickle
import shlex
from pathlib import Path

import numpy as np
import pytest

import symgate as sg
from symgate.cli.main import main
from symgate.decaying.table import in_words, ranking
from symgate.decaying.tail import Rate, fitted
from symgate.numerics.initialise import seed_of
from symgate.numerics.setup import Setup, setup
from symgate.reporting.settings import chosen


def test_each_network_has_weights_and_a_sequence_of_its_own() -> None:
    d = sg.decay("gru", hidden=5, lags=20)
    assert d.log10_norm.shape == (21, 4)
    first, second, *_ = d.runs
    assert not np.array_equal(first.params["U_z"], second.params["U_z"])
    assert not np.array_equal(first.inputs["x"], second.inputs["x"])
    alone = sg.init("gru", 5, seed=seed_of(setup(sg.cell("gru")), 2))
    np.testing.assert_array_equal(d.runs[2].params["U_z"], alone["U_z"])
    np.testing.assert_array_equal(sg.init("gru", 5)["U_z"], first.params["U_z"])
    more = sg.decay("gru", hidden=5, lags=20, networks=6)
    np.testing.assert_array_equal(more.log10_norm[:, :4], d.log10_norm)


def test_columns_go_by_network_then_sequence_then_position() -> None:
    d = sg.decay("gru", hidden=5, lags=10, steps=30, at=[15, 29], networks=3, samples=2)
    assert d.log10_norm.shape == (11, 12)
    for i, (part, run) in enumerate(zip(d.parts, d.runs, strict=True)):
        np.testing.assert_array_equal(part.log10_norm, d.log10_norm[:, 4 * i : 4 * i + 4])
        again = sg.decay(run, lags=10, at=[15, 29])
        np.testing.assert_allclose(again.log10_norm, part.log10_norm, atol=1e-9)
        assert part.rate == pytest.approx(again.rate, rel=1e-9)
    assert d.rate == pytest.approx(np.mean([part.rate for part in d.parts]), rel=1e-12)


def test_samples_alone_are_sequences_of_one_network() -> None:
    d = sg.decay("gru", hidden=5, lags=20, samples=3)
    assert (d.setting.networks, d.log10_norm.shape[1], d.fit.over) == (1, 3, "sequences")
    assert sg.decay("gru", hidden=5, lags=20, networks=1).fit.interval is None


def test_the_interval_holds_further_networks() -> None:
    """Rates that vary over networks and sequences: 95 of 100 further ones lie inside."""
    rng, inside = np.random.default_rng(0), 0
    lags = np.arange(41.0)[:, None]
    for _ in range(400):
        rates = -0.3 + 0.05 * rng.normal(size=(5, 1)) + 0.01 * rng.normal(size=(5, 2))
        found = fitted(lags * rates[:4].reshape(1, -1) / math.log(10), 2, 4)
        assert found.interval is not None
        inside += found.interval[0] <= rates[4].mean() <= found.interval[1]
        assert found.between is not None
        assert found.within is not None
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_the_interval_of_real_cells_holds_fresh_networks(name: str) -> None:
    rates = [part.rate for part in sg.decay(name, hidden=8, lags=30, networks=60, seed=1).parts]
    inside = 0
    for i in range(12):
        four, fresh = rates[5 * i : 5 * i + 4], rates[5 * i + 4]
        curves = np.arange(31.0)[:, None] * np.array(four)[None] / math.log(10)
        low, high = fitted(curves, 1, 4).interval or (0.0, 0.0)
        inside += low <= fresh <= high
    assert inside >= 9


def test_between_and_within_are_told_apart() -> None:
    lags = np.arange(21.0)[:, None]
    rates = np.array([[-0.1, -0.1], [-0.3, -0.3]])
    found = fitted(lags * rates.reshape(1, -1) / math.log(10), 2, 2)
    assert found.within == pytest.approx(0, abs=1e-12)
    assert found.between == pytest.approx(np.std([-0.1, -0.3], ddof=1))


def test_a_ranking_needs_intervals_that_part() -> None:
    a, b, c = (Rate(v, (v - 0.1, v + 0.1), (1, 2)) for v in (-1.0, -0.7, -0.85))
    assert a.parts_from(b)
    assert b.parts_from(a)
    assert not a.parts_from(c)
    assert not a.parts_from(Rate(-0.1, None, (1, 2)))
    close = [sg.decay("gru", hidden=6, lags=20), sg.decay("lstm", hidden=6, lags=20)]
    assert ranking(close) == ""


def test_bounds_paths_and_predictions_of_several_networks() -> None:
    d = sg.decay("lstm", hidden=5, lags=25, networks=3, bias={"f": 1})
    assert d.bounds is not None
    assert d.paths is not None
    assert d.predictions is not None
    assert (d.bounds.run_log10 >= d.log10_norm - 1e-9).all()
    assert (d.bounds.worst_log10[:, None] >= d.bounds.run_log10 - 1e-9).all()
    assert d.paths.sequences == 3
    np.testing.assert_allclose(d.paths["h", "h"].whole, d.median, atol=1e-9)
    each = [part.predictions["Lyapunov exponent"].rate for part in d.parts]  # type: ignore[index]
    assert d.predictions["Lyapunov exponent"].rate == pytest.approx(np.mean(each))


def test_a_half_life_beyond_the_lags() -> None:
    slow = sg.decay("lstm", "c", "c", hidden=4, lags=30, bias={"f": 4.5, "i": -6})
    assert math.isinf(slow.half_life)
    assert slow.fit.half_life > 30
    assert in_words(slow) == "more than 30 steps"
    assert "more than 30 steps" in repr(slow)
    assert slow.reaches == 30
    fast = sg.decay("rnn", hidden=8, lags=60)
    above = np.flatnonzero(fast.median > fast.median[0] - 1 / math.log(10))
    assert fast.reaches == above[-1]


def test_a_curve_is_an_array_and_pickles() -> None:
    d = sg.decay("rnn", hidden=4, lags=10)
    np.testing.assert_array_equal(np.asarray(d), d.log10_norm)
    again = pickle.loads(pickle.dumps(d))
    np.testing.assert_array_equal(again.log10_norm, d.log10_norm)
    assert again.paths.names == d.paths.names  # type: ignore[union-attr]
    assert len(repr(d)) < 200


def test_any_value_by_any_other() -> None:
    d = sg.decay("lstm", "o", "x", hidden=4, input=2, lags=9, networks=2)
    assert d.setting.steps == 10  # the input of the first step is seen from the last
    for run, part in zip(d.runs, d.parts, strict=True):
        expected = sg.lag_norms(run, "o", "x", 9, norm="spectral").log10_norm
        np.testing.assert_array_equal(part.log10_norm[:, :1], expected)
        step = sg.lambdify("lstm", sg.jacobian("lstm", "o", "x"))  # lag 0
        state = {s: run[s][8, 0] for s in ("h", "c")}
        exact = step(run.params, x=run["x"][9, 0], **state)
        assert 10 ** part.log10_norm[0, 0] == pytest.approx(np.linalg.norm(exact, 2), rel=1e-9)
    assert d.bounds is None
    with pytest.raises(sg.SymgateError, match="paths are known from state to state"):
        d.measure_paths()
    with pytest.raises(
        sg.ShapeError, match="lag 9 reaches before the start: from step 8 there are 8 lags"
    ):
        sg.decay("lstm", "o", "x", hidden=4, lags=9, steps=9)
    assert sg.decay("gru", "h", "z", hidden=3, lags=5).rate < 0


# -- the command that makes it again -------------------------------------------------------------


def again(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> sg.Decay:
    file = tmp_path / "again.npz"
    capsys.readouterr()
    assert main([*shlex.split(command)[1:], "--save", str(file), "--csv"]) == 0
    return sg.load(file)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("lstm-projected", {"sizes": {"p": 2}, "bias": {"f": 0.1 + 0.2}}),
        ("gru", {"gain": 1 / 3, "networks": 2, "samples": 2, "steps": 30, "at": [12, 29]}),
        ("lstm", {"scheme": "chrono", "t_max": 17.25, "input": 3}),
    ],
)
def test_the_command_makes_the_same_bytes(
    name: str, options: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    d = sg.decay(name, hidden=4, lags=12, seed=3, **options)  # type: ignore[arg-type]
    assert d.setting.needs == ""
    found = again(d.setting.command, tmp_path, capsys)
    assert found.log10_norm.tobytes() == d.log10_norm.tobytes()
    assert found.setting == d.setting


def test_a_cell_of_the_same_name_needs_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "z[t] = sigmoid(U @ h[t-1])\nh[t] = z[t] * h[t-1] + W @ x[t]"
    d = sg.decay(sg.Cell.from_text(text, name="gru"), hidden=3, lags=6)
    assert "gru.cell is a file with the equations of gru" in d.setting.needs
    monkeypatch.chdir(tmp_path)
    Path("gru.cell").write_text(d.setting.equations)
    found = again(d.setting.command, tmp_path, capsys)
    assert found.log10_norm.tobytes() == d.log10_norm.tobytes()


def test_the_command_of_a_report_names_no_other_cell() -> None:
    own = sg.Cell.from_text("h[t] = tanh(U @ h[t-1])", name="gru")
    assert chosen([own, "lstm", sg.cell("rnn")]).command == "symgate report gru.cell lstm rnn"


@pytest.mark.parametrize("name", ["rm -rf ~; x", "../../etc/passwd", "", "a\x1b[31m"])
def test_a_strange_name_makes_no_strange_command(name: str) -> None:
    d = sg.decay(sg.Cell.from_text("h[t] = tanh(U @ h[t-1])", name=name or "none"), lags=3)
    word = shlex.split(d.setting.command)[2]
    assert set(word.removesuffix(".cell")) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    )


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": 0}, "networks must be a whole number, 1 or more, not 0"),
        ({"networks": True}, "networks must be a whole number"),
        ({"networks": 10**9}, "fewer units, lags, networks or samples"),
        ({"gain": "big"}, "gain must be a finite number"),
        ({"t_max": math.nan}, "t_max must be a finite number"),
        ({"bias": "f"}, "bias must be a mapping"),
        ({"sizes": {"q": 3}}, "a size of gru named 'q'"),
        ({"hiden": 3}, "the option 'hiden'"),
    ],
)
def test_bad_input(options: dict[str, object], message: str) -> None:
    with pytest.raises(sg.SymgateError, match=message):
        sg.decay("gru", **options)  # type: ignore[arg-type]


def test_a_name_stands_for_the_cell() -> None:
    assert sg.memory("lstm", 9, hidden=3).parameter == "b_f"
    assert sg.sweep("rnn", hidden=3, lags=4).cell == "rnn"
    with pytest.raises(sg.UnknownName, match="gruu"):
        sg.decay("gruu")
    made = setup(sg.cell("rnn"), hidden=np.int64(3))  # type: ignore[arg-type]
    assert isinstance(made, Setup)
    assert type(made.hidden) is int


def test_every_result_is_told_in_short() -> None:
    d = sg.decay("lstm-full-gate-recurrence", hidden=3, lags=70, networks=2)
    s = sg.sweep("lstm", hidden=[2, 3, 4, 5], bias={"f": range(15)}, lags=4)
    for result in (d, d.paths, d.paths["h", "h"], d.bounds, d.predictions, d.fit, s):  # type: ignore[index]
        assert len(repr(result)) < 1000
        assert "array(" not in repr(result)
    assert "<table" in d._repr_html_()
    assert "<table" in d.paths._repr_html_()  # type: ignore[union-attr]
    assert "10 further points" in s._repr_html_()


def test_singular_values_are_worked_out_when_they_are_asked_for() -> None:
    d = sg.decay("rnn", hidden=5, lags=12, networks=2)
    assert d.singular is None
    assert sorted(d.singular_values) == [1, 2, 5, 10, 12]
    values = d.singular_values[5]
    assert values.shape == (2, 5)
    np.testing.assert_allclose(values[:, 0], d.log10_norm[5], atol=1e-9)
    assert sg.decay("rnn", hidden=5, lags=12, singular=()).effective_rank == {}


def test_tables_become_frames() -> None:
    pandas = pytest.importorskip("pandas")
    d = sg.decay("lstm", hidden=3, lags=5)
    frame = d.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns[:3]) == ["median_log10", "low_log10", "high_log10"]
    assert frame.index.name == "lag"
    assert "h,h: carry alone, log10" in d.paths.to_frame().columns  # type: ignore[union-attr]
    assert len(sg.sweep("rnn", hidden=[2, 3], lags=4).to_frame()) == 2


@pytest.mark.parametrize("name", ["deltanet", "mlstm", "layer-norm-lstm", "hopfield"])
def test_a_step_that_is_not_of_vectors_alone(name: str) -> None:
    d = sg.decay(name, hidden=3, lags=6, networks=2)
    assert np.isfinite(d.median).all()
    assert d.bounds is not None
    assert (d.bounds.run_log10 >= d.log10_norm - 1e-9).all()
    assert d.paths is not None
    assert sum(d.paths.share.values()) == pytest.approx(1)
    assert d.predictions is not None
    assert d.predictions.entries[-1].name == "Lyapunov exponent"
    assert not any(np.isnan(entry.rate) for entry in d.predictions.entries)
    d.to_dict()


def test_runs_and_norms_are_mappings_and_arrays() -> None:
    run = sg.decay("lstm", hidden=3, lags=8, networks=1).run
    assert run is not None
    values = dict(run)  # type: ignore[call-overload]  # a mapping by keys() and []
    assert set(values) == {"i", "f", "g", "o", "c", "h", "x"}
    np.testing.assert_array_equal(values["c"], run["c"])
    norms = sg.lag_norms(run)
    np.testing.assert_array_equal(np.asarray(norms), norms.log10_norm)
    grads = sg.gradients(run, run["h"])
    for result in (norms, grads, sg.tangent(run, {"h": np.ones(3)})):
        assert len(repr(result)) < 1000
        assert "array(" not in repr(result)
    assert set(dict(grads)) >= {"U_f", "x"}  # type: ignore[call-overload]
