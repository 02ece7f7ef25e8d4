"""A norm is one record: these two are in no file of the package, and every verb takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import symgate as sg
from symgate.cli.main import main
from symgate.numerics.norms import NORMS, MatrixNorm, singular_values
from symgate.numerics.scaled import largest_entries

MADE = {
    "nuclear": MatrixNorm(
        "nuclear",
        "*",
        "nuclear (sum of the singular values); the spectral norm is at least 1/{size} of it",
        lambda held, library: singular_values(held).sum(axis=-1) ** 2,
        lambda rows: np.abs(rows).sum(axis=(-2, -1)) ** 2,
        lambda rows, columns: min(rows, columns) ** 2,
    ),
    "entry": MatrixNorm(
        "largest-entry",
        "\\max",
        "the largest entry; the spectral norm is 1 to {size} times as large",
        lambda held, library: largest_entries(held) ** 2,
        lambda rows: largest_entries(rows) ** 2,
        lambda rows, columns: 1,
        rotates=False,
    ),
}

#: A state in a circle, one whose Jacobian is diagonal, a matrix whose rows go alike, and one
#: that numbers alone carry.
CELLS = ("lstm", "indrnn", "deltanet", "retnet")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, norm in MADE.items():
        monkeypatch.setitem(NORMS, name, norm)


def by_numpy(jacobian: NDArray[np.float64], norm: str) -> float:
    if norm == "entry":
        return float(np.abs(jacobian).max())
    return float(np.linalg.norm(jacobian, "nuc"))


def moved(run: sg.Run, state: str, lag: int) -> NDArray[np.float64]:
    """∂state_t/∂state_{t-k} by central differences of the run itself, (numbers, numbers)."""
    at = run.steps - 1 - lag
    start = {s: run[s][at] for s in run.cell.states}
    size, step = start[state].size, 1e-6
    moves = np.concatenate([np.eye(size), -np.eye(size)]).reshape(-1, *start[state].shape) * step
    many = {s: np.repeat(v[None], 2 * size, axis=0) for s, v in start.items()}
    many[state] = many[state] + moves
    x = {n: np.repeat(run[n][at + 1 :, None], 2 * size, axis=1) for n in run.cell.inputs}
    last = sg.simulate(run.cell, run.params, x, many)[state][-1].reshape(2, size, size)
    return np.asarray((last[0] - last[1]).T / (2 * step))


@pytest.mark.parametrize("engine", ["numpy", "c"])
@pytest.mark.parametrize("norm", MADE)
@pytest.mark.parametrize("name", CELLS)
def test_a_norm_is_that_of_the_jacobian(name: str, norm: str, engine: str) -> None:
    cell = sg.cell(name)
    state, size = cell.states[-1], 3 if "S" in cell.states else 40
    x = {n: np.random.default_rng(0).normal(size=(41, size)) for n in cell.inputs}
    run = sg.simulate(cell, sg.init(cell, hidden=size, input=size, seed=0), x)
    found = sg.lag_norms(run, state, state, 40, norm=norm, engine=engine)
    whole = sg.lag_norms(run, state, state, 40, norm=norm, engine=engine, tolerance=0)
    assert found.log10_norm == pytest.approx(whole.log10_norm, abs=1e-9)
    for lag in (0, 1, 2, 5, 9):
        exact = moved(run, state, lag) if lag else np.eye(run[state][0].size)
        assert found.norm[lag] == pytest.approx(by_numpy(exact, norm), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("norm", MADE)
@pytest.mark.parametrize("name", CELLS)
def test_its_curve_lies_under_its_bounds_and_is_named(name: str, norm: str) -> None:
    d = sg.decay(name, hidden=4, lags=20, networks=2, norm=norm)
    assert d.bounds is not None
    assert d.predictions is not None
    assert (d.bounds.run_log10 >= d.log10_norm).all()
    assert (d.bounds.worst_log10[:, None] >= d.log10_norm).all()
    assert d.bounds.worst_log10[0] == d.log10_norm[0].max()  # no room for rounding, nor √n twice
    assert all(p.log10_norm[0] == pytest.approx(d.median[0]) for p in d.predictions.entries)
    assert rf"\|_{{{MADE[norm].sign}}}" in d.plot().get_ylabel()
    assert MADE[norm].sentence.format(size=d.width) in d._repr_html_()


@pytest.mark.parametrize("norm", MADE)
def test_every_verb_takes_it(norm: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    d = sg.decay("gru", hidden=4, lags=12, networks=2, norm=norm)
    assert sg.load(d.save(tmp_path / "d.npz")).norm_name == norm
    assert d.paths is not None
    assert d.paths.norm == norm
    assert main(["decay", "gru", "--hidden=4", "--lags=12", f"--norm={norm}"]) == 0
    assert MADE[norm].sentence.format(size=4) in capsys.readouterr().out
    swept = sg.sweep("gru", hidden=[4], lags=12, norm=norm, networks=2)
    assert swept.rows[0]["rate"] == pytest.approx(d.rate)
    weights = np.random.default_rng(0).normal(size=(2, 4, 4)) / 3
    net = sg.model({"weight_ih_l0": weights[0], "weight_hh_l0": weights[1]})
    seen = sg.reach(net, np.ones((9, 4)), at=5, norm=norm)
    run = net.simulate(np.ones((9, 4)))
    assert isinstance(run, sg.Run)
    exact = by_numpy(np.diag(1 - run["h"][5] ** 2) @ weights[0], norm)
    assert 10 ** seen[5] == pytest.approx(exact)
    assert MADE[norm].sign in seen.plot().get_ylabel()
    with pytest.raises(sg.SymgateError, match="nuclear"):
        sg.decay("gru", norm="nucular")
