"""The first thing that a new user types works, or is answered with what to type."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

mpl.use("agg")

import numpy as np
from matplotlib import pyplot as plt

import symgate as sg
from symgate.reporting.report import Report

TYPED = tomllib.loads(Path(__file__).with_name("data").joinpath("first_typed.toml").read_text())


def test_sixty_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch, pd = pytest.importorskip("torch"), pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"sg": sg, "np": np, "plt": plt, "pickle": pickle}
    names |= {"torch": torch, "pd": pd}
    wrong = []
    for line, mend in (pair for lines in TYPED.values() for pair in lines):
        said = ""
        try:
            exec(line, names)
        except Exception as error:  # what a user would see
            said = f"{type(error).__name__}: {error}"
        if bool(said) != bool(mend) or mend not in said:
            wrong.append((line, said))
    assert not wrong
    assert [len(lines) for lines in TYPED.values()] == [15] * 4 + [25, 18, 30, 40]


def results() -> dict[str, Any]:
    """One of each result."""
    d = sg.decay("lstm", hidden=4, lags=12)
    run = sg.simulate("lstm", sg.init("lstm", 4, 3), np.ones((12, 3)))
    shapes = {"weight_ih_l0": (16, 3), "weight_hh_l0": (16, 4), "bias_ih_l0": 16, "bias_hh_l0": 16}
    net = sg.model({f"rnn.{name}": np.full(shape, 0.3) for name, shape in shapes.items()})
    claim = r"\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2) U"
    return {
        "decay": d, "run": run, "lag_norms": sg.lag_norms(run), "bounds": d.bounds,
        "sweep": sg.sweep("rnn", hidden=[2, 3], lags=5), "predictions": d.predictions,
        "gradients": sg.gradients(run, np.ones((12, 4))), "paths": d.paths, "zoo": sg.zoo,
        "lyapunov": sg.lyapunov(run), "mean_field": sg.mean_field("rnn", gain=1.2),
        "growth": sg.measured_growth("rnn", hidden=8, lags=10), "cell": sg.cell("lstm"),
        "fixed_points": sg.fixed_points("rnn", sg.init("rnn", 2, 2)), "net": net,
        "origin": sg.origin("rnn"), "reach": sg.reach(net, np.ones((8, 3)), at=5),
        "memory": sg.memory("lstm", steps=20, hidden=4), "compare": sg.compare("gru", "lstm"),
        "jacobian": sg.jacobian("gru"), "derivation": sg.derive("rnn"),
        "diagram": sg.diagram("rnn"), "linearisation": sg.linearise("gru"),
        "adjoint": sg.adjoint("gru"), "check": sg.check("rnn", claim), "fit": d.fit,
        "judgements": sg.judge(["same-inputs"]), "judgement": sg.judge(["forget-gate"])[0],
        "report": sg.Report(Path("reports/index.html"), {"long": "x" * 2000}, {}),
        "read": sg.read(r"$$h_t = \tanh(W x_t)$$"),
        "tangent": sg.tangent(run, {"h": np.ones(4)}), "setting": d.setting,
        "explicit": sg.cell("lstm").explicit(n=2, m=1), "layer": net.layers[0],
        "replay": net.check(np.ones((8, 3)), net.simulate(np.ones((8, 3)))["h"]),
    }  # fmt: skip


TABLES = ["decay", "run", "lag_norms", "sweep", "bounds", "predictions", "paths", "zoo"]
TABLES += ["lyapunov", "reach", "gradients"]


def test_results_print_short_show_in_a_notebook_and_pickle() -> None:
    for name, result in results().items():
        assert len(repr(result)) < 1000, name
        assert any(hasattr(result, f"_repr_{form}_") for form in ("html", "latex", "svg")), name
        again = pickle.loads(pickle.dumps(result))
        assert repr(again) == repr(result), name
        if name in TABLES and (pd := pytest.importorskip("pandas")):
            assert isinstance(result.to_frame(), pd.DataFrame), name


def test_what_stands_beside_a_curve_says_how_it_is_drawn() -> None:
    d = sg.decay("gru", hidden=3, lags=5)
    for beside in (d.paths, d.bounds, d.predictions):
        with pytest.raises(AttributeError, match=r"take sg\.plots\.") as told:
            beside.plot()
        assert eval(str(told.value).partition("; take ")[2], {"sg": sg, "d": d})


def test_lists_of_sequences_are_run_one_by_one() -> None:
    params = sg.init("gru", hidden=3, input=2, seed=1)
    long, short = np.ones((7, 2)), np.zeros((4, 2))
    runs = sg.simulate("gru", params, [long, short])
    for run, x in zip(runs, (long, short), strict=True):
        assert (run["h"] == sg.simulate("gru", params, x)["h"]).all()
    assert sg.simulate("gru", params, [[1.0, 2.0], [3.0, 4.0]]).steps == 2  # an array, as lists
    with pytest.raises(sg.ShapeError, match="one by one"):
        sg.simulate("gru", params, [long, short], h0=np.ones(3))


def test_states_and_biases_by_their_names() -> None:
    params = sg.init("lstm", hidden=3, input=2, b_f=5, bias={"i": -2})
    assert set(params["b_f"]) == {5.0}
    assert set(params["b_i"]) == {-2.0}
    x = np.ones((4, 2))
    run = sg.simulate("lstm", params, x, c0=np.full(3, 0.5))
    assert (run["c"] == sg.simulate("lstm", params, x, {"c": np.full(3, 0.5)})["c"]).all()
    for wrong in ({"b_q": 1}, {"hiden": 3}):
        with pytest.raises(sg.UnknownName):
            sg.init("lstm", 3, **wrong)
    with pytest.raises(sg.UnknownName, match="did you mean 'h0'"):
        sg.simulate("lstm", params, x, h_0=np.ones(3))
    with pytest.raises(sg.SymgateError, match="b_f is for a cell"):
        sg.decay(run, b_f=2)
    same = (
        sg.decay("lstm", hidden=3, lags=5, b_f=2),
        sg.decay("lstm", hidden=3, lags=5, bias={"f": 2}),
    )
    assert (same[0].log10_norm == same[1].log10_norm).all()


def test_a_report_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    path = Path("reports", "index.html")
    assert Report(path, {}, {}).open() == path
    assert shown == [path.resolve().as_uri()]
