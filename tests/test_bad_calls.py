"""Every public function refuses what is wrong in the project's own words (`tests/bad_calls.py`)."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from tests.bad_calls import calls, must_be_refused, outcome, uncovered, unknown, wrong_calls

WRONG = list(wrong_calls())


def test_the_table_holds_every_function() -> None:
    assert set(uncovered()) <= {"check", "stack"}  # any number of cells; tests/test_checking.py
    assert unknown() == []
    assert len(WRONG) > 2000


@pytest.mark.parametrize("name", calls())
def test_a_wrong_argument_is_refused_in_words(name: str) -> None:
    raw = {}
    for wrong in WRONG:
        if wrong.function == name:
            found = outcome(wrong)
            if found not in ("refused", "taken") or (found == "taken" and must_be_refused(wrong)):
                raw[str(wrong)] = found
    assert not raw


@pytest.mark.parametrize("name", calls())
def test_numbers_of_numpy_are_taken(name: str) -> None:
    function, given = calls()[name]
    mine = {k: np.int64(v) for k, v in given.items() if type(v) is int}
    if mine:
        function(**{**given, **mine})


@pytest.mark.parametrize("name", calls())
def test_a_name_stands_for_a_cell(name: str) -> None:
    function, given = calls()[name]
    if "cell" in inspect.signature(function).parameters and name != "judge":
        rnn = sg.cell("rnn")
        params = sg.init(rnn, 3, 2)
        more = {"params": params} if "params" in given else {}
        if "input_variance" in inspect.signature(function).parameters:
            more = {"input_variance": 0.2}
        if name == "memory":
            rnn = sg.cell("lstm")
        if "expression" in given:
            more = {"expression": sg.jacobian(rnn)}
        function(**{**given, **more, "cell": rnn.name})


@pytest.mark.parametrize("wrong", [None, 5, True, "grru", [], {}, ""])
def test_a_stack_of_what_is_no_cell(wrong: object) -> None:
    for cells in ((wrong,), ("gru", wrong)):
        with pytest.raises(sg.SymgateError):
            sg.stack(*cells)  # type: ignore[arg-type]
    for layers in (0, -1, 2.5, True, "2", float("nan"), [2]):
        with pytest.raises(sg.SymgateError):
            sg.stack("gru", layers=layers)  # type: ignore[arg-type]


CELL, X = sg.cell("gru"), np.random.default_rng(0).normal(size=(12, 2))
PARAMS = sg.init(CELL, hidden=3, input=2, seed=0)

#: Results, each with public methods.
RESULTS: dict[str, Callable[[], Any]] = {
    "adjoint": lambda: sg.adjoint("rnn"),
    "cell": lambda: CELL,
    "check": lambda: sg.check("rnn", r"\frac{\partial h_t}{\partial h_{t-1}} = U"),
    "comparison": lambda: sg.compare("gru", "gru-z-takes-new"),
    "decay": lambda: sg.decay("rnn", hidden=3, lags=5, networks=1),
    "derivation": lambda: sg.derive("rnn"),
    "diagram": lambda: sg.diagram("rnn"),
    "exercises": lambda: sg.exercises("rnn", seed=1, count=1),
    "explicit": lambda: sg.cell("rnn").explicit(1),
    "explore": lambda: sg.explore("rnn"),
    "fixed points": lambda: sg.fixed_points("gru", PARAMS, np.zeros(2), starts=2),
    "gradients": lambda: sg.gradients(sg.simulate(CELL, PARAMS, X), np.ones((12, 3))),
    "growth": lambda: sg.measured_growth("rnn", hidden=4, lags=3, samples=1, burn_in=2),
    "judgements": lambda: sg.judge("lstm-vanishing"),
    "lag norms": lambda: sg.lag_norms(sg.simulate(CELL, PARAMS, X)),
    "linearisation": lambda: sg.linearise("rnn"),
    "lyapunov": lambda: sg.lyapunov(sg.simulate(CELL, PARAMS, X)),
    "mean field": lambda: sg.mean_field("rnn", gain=0.9),
    "memory": lambda: sg.memory("lstm", steps=5),
    "network": lambda: sg.model(TORCH),
    "layer": lambda: sg.model(TORCH).layers[0],
    "origin": lambda: sg.origin("gru"),
    "reading": lambda: sg.read(r"$$h_t=\tanh(W x_t+U h_{t-1}+b)$$")[0],
    "run": lambda: sg.simulate(CELL, PARAMS, X),
    "sweep": lambda: sg.sweep("rnn", hidden=[3], lags=5, networks=1),
    "tangent": lambda: sg.tangent(sg.simulate(CELL, PARAMS, X), {"h": np.ones(3)}),
    "zoo": lambda: sg.zoo,
}
TORCH = {"weight_ih_l0": np.ones((12, 2)), "weight_hh_l0": np.eye(12, 3)}
BAD = (None, 3, -1, 1.5, np.nan, True, "gruu", "", b"x", ["a"], {"a": 1}, object(), np.zeros(2))


@pytest.mark.parametrize("kind", RESULTS)
def test_methods_of_results_refuse_in_their_own_words(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what is taken may write
    result, raw = RESULTS[kind](), {}
    for method, name, wrong in _wrong_calls(result):
        given = {p: "h" for p in _required(method) if p != name} | {name: wrong}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                method(**given)
        except sg.SymgateError:
            continue
        except Exception as error:
            raw[f"{method.__name__}({name}={wrong!r})"] = repr(error)
        else:
            if name in ("path", "ax", "separator") and type(wrong) in (float, bytes, list, object):
                raw[f"{method.__name__}({name}={wrong!r})"] = "taken"
    assert not raw


#: What people do to a result as to a list, a mapping or a function, and what Python says of it.
SIGNS: dict[str, Callable[[Any], Any]] = {
    "len": len,
    "[0]": lambda result: result[0],
    "['zz']": lambda result: result["zz"],
    "iteration": lambda result: next(iter(result), None),
    "()": lambda result: result(),
}
PYTHON = re.compile(r"has no len\(|not subscriptable|not iterable|not callable|object of type")


@pytest.mark.parametrize("kind", RESULTS)
def test_signs_of_python_are_answered_in_words(kind: str) -> None:
    result, raw = RESULTS[kind](), {}
    for sign, do in SIGNS.items():
        try:
            do(result)
        except sg.SymgateError:
            continue
        except Exception as error:
            if PYTHON.search(str(error)):
                raw[sign] = repr(error)
    assert not raw


@pytest.mark.parametrize(
    "call",
    [
        lambda: sg.latex(None),
        lambda: sg.zoo(),
        lambda: sg.Cell(),
        lambda: sg.cells(),
        lambda: sg.lag_norms("lstm"),
        lambda: sg.init("lstm"),
        lambda: sg.simulate("lstm"),
        lambda: sg.report(5),
    ],
)
def test_a_first_call_says_how_it_is_made(call: Callable[[], Any]) -> None:
    with pytest.raises((sg.SymgateError, TypeError, AttributeError)) as found:
        call()
    assert not PYTHON.search(str(found.value))
    assert not re.search("required positional|positional argument: ", str(found.value)) or (
        "call it as" in str(found.value)
    )


def _wrong_calls(result: Any) -> Iterator[tuple[Callable[..., Any], str, Any]]:
    for name in dir(result):
        method = getattr(result, name, None) if not name.startswith("_") else None
        if inspect.ismethod(method):
            named = [p for p in inspect.signature(method).parameters.values() if p.kind in (1, 3)]
            yield from ((method, p.name, wrong) for p in named for wrong in BAD)


def _required(method: Callable[..., Any]) -> list[str]:
    given = inspect.signature(method).parameters.values()
    return [p.name for p in given if p.default is p.empty and p.kind in (1, 3)]
