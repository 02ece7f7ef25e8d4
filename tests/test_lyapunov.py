"""Lyapunov exponents: against dual numbers, published maps, identities; and what is no chaos."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.cli import main
from symgate.plots.theory import lyapunov_picture
from tests.numbers import numbers
from tests.oracles import Text

CHAOTIC = sg.cell("rnn-pre-activation")


def by_duals(run: sg.Run, burn_in: int) -> tuple[Any, float]:
    """Exponents and the mean ln |det J| from the Jacobians of the whole state by duals.

    The first frame is the one that a seed of 0 draws.
    """
    cell = run.cell
    sizes = [run.initial[s].shape[0] for s in cell.states]
    text = Text(cell.text, {name: run[name].shape[-1] for name in cell.equations})
    jacobians = []
    before = {s: run.initial[s][:, 0] for s in cell.states}
    for t in range(run.steps):
        block = text.jacobians(run.params, [{x: run[x][t] for x in cell.inputs}], before)
        jacobians.append(np.block([[block(a, b, 1) for b in cell.states] for a in cell.states]))
        before = {s: run[s][t] for s in cell.states}
    width = sum(sizes)
    frame = np.linalg.qr(np.random.default_rng(0).normal(size=(1, width, width))[0])[0]
    logs = []
    for jacobian in jacobians:
        frame, r = np.linalg.qr(jacobian @ frame)
        logs.append(np.log(np.abs(np.diag(r))))
    dets = [np.linalg.slogdet(j)[1] for j in jacobians[burn_in:]]
    return np.sort(np.mean(logs[burn_in:], axis=0))[::-1], float(np.mean(dets))


def chaotic(units: int, steps: int, gain: float = 3.0, seed: int = 0) -> sg.Run:
    params = sg.init(CHAOTIC, units, 1, "gaussian", seed, gain=gain)
    start = {"h": np.random.default_rng(seed).normal(size=units)}
    return sg.simulate(CHAOTIC, params, np.zeros((steps, 1)), start)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "lstm-peephole"])
def test_exponents_are_those_of_duals(name: str) -> None:
    run = numbers(sg.cell(name), n=6, m=3, steps=80, scale=1.5).run()
    found = sg.lyapunov(run, burn_in=20)
    expected, log_abs_det = by_duals(run, 20)
    assert found.width == 6 * len(run.cell.states)
    np.testing.assert_allclose(found.exponents, expected, atol=1e-8)
    assert abs(found.sum - log_abs_det) < 1e-8
    assert abs(found.log_abs_det - log_abs_det) < 1e-8


def test_a_linear_map_has_the_logarithms_of_its_eigenvalues() -> None:
    rng = np.random.default_rng(0)
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    blocks = np.zeros((5, 5))
    blocks[:2, :2], blocks[2, 2], blocks[3:, 3:] = 1.3 * turn, -0.9, 0.4 * turn
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    matrix = basis @ blocks @ basis.T
    cell = sg.Cell.from_text("h[t] = U @ h[t-1]")
    found = sg.lyapunov(cell, {"U": matrix}, steps=600, burn_in=200)
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(matrix))))[::-1]
    np.testing.assert_allclose(found.exponents, expected, atol=1e-10)
    assert found.unstable_fraction == 0.4
    assert found.entropy == pytest.approx(2 * np.log(1.3))


def test_the_logistic_map_has_ln_2() -> None:
    cell = sg.Cell.from_text("h[t] = 4 * h[t-1] * (1 - h[t-1])")
    run = sg.simulate(cell, {}, state={"h": np.array([0.3])}, steps=20_000)
    found = sg.lyapunov(run)
    assert found.exponents.shape == (1,)
    assert abs(found.largest - np.log(2)) < 0.01
    assert found.dimension == 1
    assert found.notes == ()


def test_the_henon_map() -> None:
    """0.4192, -1.6232 and the dimension 1.258; the sum is ln 0.3 at every step."""
    cell = sg.Cell.from_text("x[t] = 1 - 1.4 * x[t-1]**2 + y[t-1]\ny[t] = 0.3 * x[t-1]")
    start = {"x": np.array([0.1]), "y": np.array([0.1])}
    found = sg.lyapunov(sg.simulate(cell, {}, state=start, steps=20_000))
    np.testing.assert_allclose(found.exponents, [0.4192, -1.6232], atol=0.01)
    assert abs(found.sum - np.log(0.3)) < 1e-10
    assert abs(found.dimension - 1.258) < 0.01


def test_the_sum_is_the_determinant_where_units_saturate() -> None:
    """Slopes of 10⁻¹³ beside 1: a QR alone knows no digit of the smallest growth."""
    run = chaotic(60, 400, gain=4.5)
    found = sg.lyapunov(run, burn_in=100)
    h = run["h"][99:-1]
    slopes = (-2 * (np.logaddexp(h, -h) - np.log(2))).sum(axis=1)
    assert slopes.min() < -200
    expected = slopes.mean() + np.linalg.slogdet(run.params["U"])[1]
    assert abs(found.sum - expected) < 1e-4  # 1 - tanh² has that many digits
    assert abs(found.sum - found.log_abs_det) < 1e-8
    assert found.largest > 0.2
    assert np.isfinite(found.exponents).all()


def test_a_direction_that_a_qr_loses_follows_from_the_determinant() -> None:
    cell = sg.Cell.from_text("h[t] = U @ (d * h[t-1])")
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    slopes = np.array([1.0, 0.5, 1e-25])
    found = sg.lyapunov(cell, {"U": turn, "d": slopes}, steps=50)
    assert abs(found.sum - np.log(slopes).sum()) < 1e-10


def test_dead_directions_are_minus_infinity_and_said_so() -> None:
    cell = sg.Cell.from_text("h[t] = relu(U @ h[t-1] + b)")
    b = np.array([1.0, 1.0, -9.0])
    found = sg.lyapunov(cell, {"U": 0.3 * np.eye(3)[[1, 0, 2]], "b": b}, steps=100)
    np.testing.assert_allclose(found.exponents[:2], np.log(0.3))
    assert found.exponents[2] == -np.inf
    assert found.error[2] == 0
    assert "1 of 3 exponents are -inf" in found.notes[0]
    assert json.loads(json.dumps(found.to_dict()))["exponents"][2] is None
    assert "not shown" in lyapunov_picture(found).axes[0].get_title(loc="left")


def test_time_batches_and_part_of_the_directions() -> None:
    run = chaotic(30, 300)
    whole = sg.lyapunov(run)
    np.testing.assert_allclose(sg.lyapunov(run, dt=0.5).exponents, 2 * whole.exponents)
    few = sg.lyapunov(run, count=3)
    np.testing.assert_allclose(few.exponents, whole.exponents[:3], atol=0.02)
    with pytest.raises(sg.SymgateError, match="only 3 of 30 exponents were followed"):
        _ = few.dimension
    alone = numbers(sg.cell("gru"), n=4, steps=60).run()
    x = np.stack([alone["x"]] * 2, axis=1)
    start = {"h": np.stack([alone.initial["h"][:, 0]] * 2)}
    batched = sg.lyapunov(sg.simulate(alone.cell, alone.params, x, start))
    assert batched.exponents.shape == (2, 4)
    np.testing.assert_allclose(batched.exponents[0], sg.lyapunov(alone).exponents, atol=1e-9)
    np.testing.assert_allclose(batched.sum, batched.log_abs_det, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "params", "said"),
    [
        ("h[t] = tanh(U @ h[t-1])", {"U": 0.5 * np.eye(2)}, "a fixed point: no chaos at this"),
        ("h[t] = tanh(U @ h[t-1])", {"U": np.array([[-3.0]])}, "a cycle of 2 steps: no chaos"),
    ],
)
def test_a_run_that_settles_is_no_chaos(text: str, params: Any, said: str) -> None:
    found = sg.lyapunov(sg.Cell.from_text(text), params, steps=300)
    assert said in found.notes[0]
    assert found.largest < 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 10, "burn_in": 10}, "burn-in of 10 steps leaves nothing of 10"),
        ({"steps": 0}, "steps must be a whole number, 1 or more"),
        ({"count": 4}, "there are 3 exponents, and 4 are wanted"),
        ({"dt": 0.0}, "dt must be a finite number above 0"),
        ({"burn_in": -1}, "burn_in must be a whole number, 0 or more"),
    ],
)
def test_bad_input_is_told(options: Any, message: str) -> None:
    with pytest.raises(sg.SymgateError, match=message):
        sg.lyapunov(sg.cell("rnn"), sg.init(sg.cell("rnn"), hidden=3), **options)


def test_what_is_measured_has_to_be_a_run_or_a_cell() -> None:
    with pytest.raises(sg.SymgateError, match="gain is for parameters that are drawn"):
        sg.lyapunov("rnn", sg.init("rnn", hidden=3), gain=2)
    with pytest.raises(sg.SymgateError, match="give them with a cell"):
        sg.lyapunov(chaotic(3, 10), steps=5)
    with pytest.raises(sg.SymgateError, match="expected a cell or its name"):
        sg.lyapunov(3)  # type: ignore[arg-type]


# -- the command ------------------------------------------------------------------------------


@pytest.fixture
def symgate(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main(("lyapunov", *words))
        except SystemExit as stop:
            code = int(stop.code or 0)
        return (code, *capsys.readouterr())

    return run


def test_the_command_prints_draws_and_gives_data(symgate: Any, tmp_path: Path) -> None:
    target = tmp_path / "spectrum.svg"
    words = ("rnn-pre-activation", "--scheme", "gaussian", "--gain", "3", "--hidden", "30")
    code, out, err = symgate(*words, "--steps", "200", "-o", str(target))
    assert (code, err) == (0, f"symgate: wrote {target}\n")
    assert "nats per step, over 150 steps after 50 of burn-in" in out
    assert target.stat().st_size > 1000
    code, out, _ = symgate("lstm", "gru", "--hidden", "4", "--noise", "1", "--json")
    data = json.loads(out)
    assert [(d["cell"], d["width"]) for d in data] == [("lstm", 8), ("gru", 4)]
    assert all(abs(d["sum"] - d["log_abs_det"]) < 1e-8 for d in data)


def test_the_command_tells_faults(symgate: Any) -> None:
    assert symgate()[0] == 2
    assert symgate("rnn", "gru", "-o", "a.svg")[0] == 2
    code, _, err = symgate("rnn", "--steps", "5", "--burn-in", "9", "--hidden", "3")
    assert (code, "leaves nothing" in err) == (3, True)
    assert "no chaos at this size (1 direction)" in symgate("rnn", "--hidden", "1")[1]


def test_a_state_that_reads_no_state_before_is_a_dead_direction() -> None:
    cell = sg.Cell.from_text("h[t] = 0.5 * h[t-1] + tanh(U @ z[t-1])\nz[t] = x[t]")
    params = sg.init(cell, hidden=2)
    found = sg.lyapunov(cell, params, steps=40, burn_in=10)
    np.testing.assert_allclose(found.exponents[:2], np.log(0.5), atol=1e-12)
    assert np.isneginf(found.exponents[2:]).all()
    one = sg.lyapunov(cell, params, steps=40, burn_in=10, count=1)
    np.testing.assert_allclose(one.exponents, np.log(0.5), atol=1e-6)
    assert sg.fixed_points(cell, params, starts=4)[0].radius == 0.5


def test_steps_that_share_a_qr_give_what_single_ones_give(monkeypatch: pytest.MonkeyPatch) -> None:
    run = numbers(sg.cell("gru"), n=8, m=3, steps=90, scale=0.7).run()
    shared = sg.lyapunov(run, burn_in=21)
    monkeypatch.setattr("symgate.theory.directions.TOGETHER", 1)
    single = sg.lyapunov(run, burn_in=21)
    np.testing.assert_allclose(shared.exponents, single.exponents, atol=1e-11)
    assert not np.array_equal(shared.exponents, single.exponents)


def test_results_are_shown_in_short() -> None:
    found = sg.lyapunov(chaotic(6, 60, gain=0.5))
    assert repr(found).startswith("<Lyapunov of rnn-pre-activation: 6 of 6 exponents, largest -")
    assert "\n  the run settles on a fixed point" in repr(found)
    assert "<td>unstable fraction</td><td>0.</td>" in found._repr_html_()
    one = sg.lyapunov(sg.cell("rnn"), sg.init(sg.cell("rnn"), hidden=3), steps=8, count=1)
    assert "sum" not in one._repr_html_()
    with pytest.raises(sg.ShapeError, match="needs the parameter 'W'"):
        sg.lyapunov(sg.cell("rnn"), {"U": np.eye(2)})


def test_states_that_read_others_of_the_same_step_in_a_chain() -> None:
    cell = sg.Cell.from_text(
        "h[t] = tanh(C @ h[t-1] + c[t])\nc[t] = tanh(B @ c[t-1] + s[t])\n"
        "s[t] = tanh(A @ s[t-1] + 0.5 * h[t-1] + W @ x[t])"
    )
    x = np.random.default_rng(3).normal(size=(40, 2))
    run = sg.simulate(cell, sg.init(cell, 3, 2, "gaussian", gain=1.5), x)
    found = sg.lyapunov(run, burn_in=5)
    exponents, _ = by_duals(run, 5)
    np.testing.assert_allclose(found.exponents, exponents, atol=1e-9)
    np.testing.assert_allclose(found.log_abs_det, by_duals(run, 5)[1], atol=1e-9)


def test_where_the_input_of_zero_has_no_value_the_noise_is_named() -> None:
    with pytest.raises(sg.Diverged, match=r"noise=1 \(--noise 1\)"):
        sg.lyapunov("deltanet", hidden=4, steps=20)
    with pytest.raises(sg.Diverged, match="overflows") as told:
        sg.lyapunov(sg.Cell.from_text("h[t] = 9 * h[t-1] + W @ x[t]"), hidden=2, input=2, steps=999)
    assert "noise" not in str(told.value)


def test_another_input_changes_no_draw() -> None:
    rnn, rng = "tanh(W @ x[t] + U @ h[t-1])", np.random.default_rng(3)
    params = {"W": rng.normal(size=(3, 2)), "U": rng.normal(size=(3, 3)), "V": np.zeros((3, 2))}
    found = [
        sg.lyapunov(sg.Cell.from_text(f"h[t] = {line}"), given, steps=50, noise=1.0).exponents
        for line, given in (
            (rnn, {n: params[n] for n in "WU"}),
            (f"tanh(V @ u[t]) + {rnn}", params),
        )
    ]
    np.testing.assert_allclose(found[0], found[1])
