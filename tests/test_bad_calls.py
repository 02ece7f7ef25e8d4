"""Every public function refuses what is wrong in the project's own words (`tests/bad_calls.py`)."""

from __future__ import annotations

import inspect

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


RESULTS = {
    "cell": lambda: sg.cell("gru"),
    "decay": lambda: sg.decay("rnn", hidden=3, lags=5, networks=1),
    "derivation": lambda: sg.derive("rnn"),
    "diagram": lambda: sg.diagram("rnn"),
    "exercises": lambda: sg.exercises("rnn", seed=1, count=1),
    "explore": lambda: sg.explore("rnn"),
    "sweep": lambda: sg.sweep("rnn", hidden=[3], lags=5, networks=1),
}

#: Methods that take a path, axes or a name, as every result spells them.
METHODS = {"save": "path", "to_csv": "path", "from_file": "path", "plot": "ax", "equation": "name"}


@pytest.mark.parametrize("kind", RESULTS)
def test_methods_of_results_refuse_in_their_own_words(kind: str) -> None:
    result = RESULTS[kind]()
    asked = [name for name in METHODS if name in dir(result)]
    assert asked
    for method in asked:
        for bad in (3, 1.5, True, b"x", ["a"], {"a": 1}, object(), np.zeros(2), "a\0.md"):
            with pytest.raises(sg.SymgateError):
                getattr(result, method)(**{METHODS[method]: bad})
