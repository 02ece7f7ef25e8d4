"""Every public function with one wrong argument at a time.

`CALLS` holds a right call of each function; `KINDS` says by the name of a parameter what it
is; `WRONG` the values that are no such thing, and `NEVER` those that must be refused.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_type_hints

import numpy as np

import symgate as sg

NAN, INF = float("nan"), float("inf")
TEXT = "f[t] = sigmoid(U_f @ h[t-1] + b_f)\nh[t] = f[t] * h[t-1] + tanh(W @ x[t] + U @ h[t-1])"

#: Values that are no such thing, by what is asked for: refused in words or, where they can be
#: read as one, taken.
WRONG: dict[str, tuple[Any, ...]] = {
    "count": (None, "3", 2.5, -1, 0, 10**30, NAN, INF, True, [], {}, object(), np.nan, 1j, b"3"),
    "number": (None, "x", NAN, INF, -INF, True, [], {}, object(), 1j, b"1", np.array([1.0, 2.0])),
    "word": (
        None,
        "",
        "no such",
        5,
        True,
        [],
        ["h"],
        {},
        object(),
        b"h",
        NAN,
        "h\0",
        "é",
        "a" * 5000,
    ),
    "cell": (
        None,
        "",
        "grru",
        5,
        True,
        [],
        {},
        object(),
        NAN,
        b"gru",
        sg,
        "\0",
        "a" * 5000,
        Path("x"),
    ),
    "cells": (None, "", "grru", 5, True, [], [None], {}, object(), NAN, [5], ["gru", "grru"]),
    "run": (None, "run", 5, True, [], {}, object(), NAN),
    "table": (
        5,
        True,
        "b",
        [1],
        object(),
        NAN,
        {1: 2},
        {"no_such": 1.0},
        {"f": "x"},
        {"f": None},
        {"f": [1, "a"]},
        {"f": NAN},
        {"f": object()},
        {None: 1},
        {"n": -1},
        {"b_f": {}},
    ),
    "params": (
        None,
        5,
        True,
        "p",
        [1],
        object(),
        {},
        {"U": 1},
        {1: 2},
        {"U": None},
        {"U": "x"},
        {"U": np.ones((2, 2), object)},
        {"U": np.full((3, 3), NAN)},
        {"U": np.ones((3, 3), complex)},
    ),
    "array": (
        5,
        True,
        "x",
        object(),
        [],
        [[]],
        {},
        {"x": 1},
        {"no": np.ones((4, 2))},
        NAN,
        b"x",
        np.ones(3),
        np.ones((4, 7)),
        np.ones((0, 2)),
        np.full((4, 2), NAN),
        np.ones((4, 2), object),
        np.ones((4, 2), complex),
        np.array([["a"]]),
        np.ones((1, 1, 1, 1)),
        [[1, 2], [3]],
        [None],
    ),
    "lag": (
        *("", "t", "1", 2.5, -1, NAN, INF, True, [], {}, object(), 10**9, b"k", 1j, "k k"),
        np.ones(2),
    ),
    "expression": (None, "x", True, [], {}, object(), NAN, b"x", sg),
    "path": (
        None,
        5,
        True,
        [],
        {},
        object(),
        NAN,
        "",
        "\0",
        "no/such/file.json",
        b"x",
        "a" * 5000,
    ),
    "words": (None, 5, True, "no such", [5], [None], {}, object(), NAN, ["no such"], [["h"]], b"x"),
    "choice": ("", "no such", 5, True, [], {}, object(), NAN, b"x", ["x"], {"f": "x"}),
    "counts": (
        10**12,
        5.5,
        "3",
        True,
        [True],
        ["a"],
        [None],
        [2.5],
        [-1],
        object(),
        NAN,
        [NAN],
        {},
        [10**30],
    ),
    "numbers": ("x", True, ["a"], [None], object(), NAN, [NAN], {}, [1j], [[1]]),
    "executor": (5, "x", [], {}, NAN, object()),
    "hook": (5, "x", [], {}, NAN),
    "flag": (),
    "unknown": (),
}
#: What must never be taken: a bool, a text or what is not a number where a number is asked for.
NEVER: dict[str, tuple[Any, ...]] = {
    "count": ("3", 2.5, NAN, True),
    "number": ("x", NAN, True),
    "word": (5, True, "no such"),
    "cell": (5, True, "grru"),
    "params": (5, "p", {}),
    "array": ("x", True),
    "choice": (5, True, "no such"),
    "table": (5, True, "b"),
    "run": (5, True, "run"),
}

#: What a parameter is, by its name; by function where names differ.
KINDS = {
    "cell": "cell",
    "first": "cell",
    "second": "cell",
    "what": "cell",
    "system": "cell",
    "cells": "cells",
    "names": "words",
    "run": "run",
    "params": "params",
    "x": "array",
    "state": "table",
    "direction": "table",
    "of": "word",
    "wrt": "word",
    "notation": "choice",
    "layout": "choice",
    "form": "choice",
    "hadamard": "choice",
    "scheme": "choice",
    "norm": "choice",
    "format": "choice",
    "hidden": "count",
    "input": "count",
    "lags": "count",
    "samples": "count",
    "steps": "count",
    "seed": "count",
    "starts": "count",
    "burn_in": "count",
    "limit": "count",
    "gain": "number",
    "t_max": "number",
    "input_variance": "number",
    "low": "number",
    "high": "number",
    "scale": "number",
    "tolerance": "number",
    "start": "number",
    "dt": "number",
    "noise": "number",
    "bias": "table",
    "values": "table",
    "sizes": "table",
    "lag": "lag",
    "expression": "expression",
    "path": "path",
    "source": "path",
    "output": "path",
    "sections": "words",
    "words": "words",
    "at": "counts",
    "singular": "counts",
    "since": "count",
    "progress": "hook",
    "loss": "array",
    "vector": "array",
    "dtype": "choice",
    "bold": "flag",
    "checkpoint": "flag",
    "name": "cell",
    "keep": "path",
    "order": "hook",
    "count": "count",
    "students": "count",
    "jobs": "count",
    "text": "word",
    "networks": "count",
    "step": "hook",
    "net": "run",
    "executor": "executor",
    "layers": "count",
    "residual": "flag",
    "module": "run",
    "runs": "run",
    "inputs": "words",
    "resume": "path",
    "batch_first": "flag",
    "engine": "choice",
    "framework": "choice",
}
BY_FUNCTION = {
    ("activation", "name"): "word",
    ("activation", "formula"): "word",
    ("activation", "values"): "number",
    ("activation", "slopes"): "number",
    ("activation", "latex"): "words",
    ("memory", "steps"): "number",
    ("check", "names"): "table",
    ("memory", "state"): "word",
    ("gradients", "state"): "word",
    ("sweep", "hidden"): "counts",
    ("sweep", "gain"): "numbers",
    ("sweep", "scheme"): "words",
    ("lag_norms", "at"): "count",
    ("reach", "at"): "count",
    ("vector_norms", "at"): "count",
    ("judge", "cells"): "table",
    ("text", "order"): "hook",
}


@cache
def _things() -> dict[str, Any]:
    cell = sg.Cell.from_text(TEXT, "mine")
    params = sg.init(cell, 3, 2)
    x = np.random.default_rng(0).normal(size=(6, 2))
    run = sg.simulate(cell, params, x)
    rng = np.random.default_rng(0)
    net = sg.model({"weight_ih_l0": rng.normal(size=(12, 2)), "weight_hh_l0": np.eye(12, 3)})
    return {"net": net, "cell": cell, "params": params, "x": x, "run": run, "J": sg.jacobian(cell)}


def calls() -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """A right call of every public function."""
    t = _things()
    cell, params, x, run = t["cell"], t["params"], t["x"], t["run"]
    small = {"hidden": 3, "input": 2}
    given: dict[str, dict[str, Any]] = {
        "activation": {"name": "own", "formula": "a"},
        "adjoint": {"cell": cell},
        "cell": {"name": "gru"},
        "compare": {"first": cell, "second": "gru"},
        "critical_gain": {"cell": sg.cell("rnn"), "input_variance": 0.2},
        "decay": {"what": cell, **small, "lags": 5},
        "derive": {"cell": cell, "sections": ["cell"]},
        "diagram": {"cell": cell},
        "exercises": {"cells": ["rnn"], "count": 2},
        "explore": {},
        "fixed_points": {"cell": cell, "params": params, "x": np.zeros(2), "starts": 2},
        "gradients": {"run": run, "loss": np.ones((6, 3))},
        "init": {"cell": cell, **small},
        "jacobian": {"cell": cell},
        "judge": {"names": ["no claim"]},
        "lag_norms": {"run": run},
        "lambdify": {"cell": cell, "expression": t["J"]},
        "latex": {"expression": t["J"]},
        "linearise": {"cell": cell},
        "load": {"path": "no/such/file.json"},
        "model": {"source": "no/such/file.onnx"},
        "lyapunov": {"system": cell, "params": params, "x": x},
        "mean_field": {"cell": sg.cell("rnn"), "gain": 0.9},
        "measured_growth": {
            "cell": sg.cell("rnn"),
            "hidden": 4,
            "lags": 3,
            "samples": 1,
            "burn_in": 2,
        },
        "memory": {"cell": cell, "steps": 5, **small},
        "origin": {"cell": cell},
        "read": {"source": "no/such/file.md"},
        "reach": {"net": t["net"], "x": x, "at": 3},
        "report": {"cells": [cell], "output": "no/such", "format": "no such"},
        "simulate": {"cell": cell, "params": params, "x": x},
        "sweep": {"cell": cell, "hidden": [3], "lags": 4, "input": 2, "samples": 1},
        "tangent": {"run": run, "direction": {"h": np.ones(3)}},
        "text": {"expression": t["J"]},
        "trace": {"module": object()},
        "watch": {"module": object(), "x": x},
        "vector_norms": {"run": run, "vector": np.ones(3)},
    }
    return {name: (getattr(sg, name), given[name]) for name in given}


def uncovered() -> list[str]:
    """Public functions that no call stands for."""
    return [
        name for name in sg.__all__ if inspect.isfunction(getattr(sg, name)) and name not in calls()
    ]


def arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """The arguments of a function by name, each with its default; of **options, each of them."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            hint = get_type_hints(function)[name]
            options = getattr(hint, "__args__", (object,))[0]
            found |= dict.fromkeys(getattr(options, "__annotations__", ()))
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[name] = parameter.default
    return found


def unknown() -> list[str]:
    """Parameters of which the table does not know what they are."""
    return [
        f"{name}: {argument}"
        for name, (function, _) in calls().items()
        for argument in arguments(function)
        if not BY_FUNCTION.get((name, argument), KINDS.get(argument, ""))
    ]


@dataclass(frozen=True)
class Wrong:
    """A call with one wrong argument."""

    function: str
    parameter: str
    kind: str
    value: Any

    def __str__(self) -> str:
        return f"{self.function}({self.parameter}={repr(self.value)[:40]})"


def wrong_calls() -> Iterator[Wrong]:
    for name, (function, _) in calls().items():
        for argument, default in arguments(function).items():
            kind = BY_FUNCTION.get((name, argument)) or KINDS.get(argument) or "unknown"
            for value in WRONG[kind]:
                if value is not None or default is not None:
                    yield Wrong(name, argument, kind, value)


def outcome(wrong: Wrong) -> str:
    """ "refused", "taken", or the raw error that a wrong call ends in."""
    function, given = calls()[wrong.function]
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("error")
            function(**{**given, wrong.parameter: wrong.value})
    except sg.SymgateError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        at = [f for f in frames if f"symgate{os.sep}" in f.filename][-1:] or frames[-1:]
        place = f"{at[0].filename.split('symgate/')[-1]}:{at[0].lineno}"
        return f"{type(error).__name__}: {str(error)[:60]} at {place}"
    return "taken"


def must_be_refused(wrong: Wrong) -> bool:
    return any(wrong.value is value for value in NEVER.get(wrong.kind, ()))


def every_call() -> Iterator[Wrong]:
    """Each parameter with the wrong values of every kind: those that fit it among them."""
    for name, (function, _) in calls().items():
        for argument in arguments(function):
            kind = BY_FUNCTION.get((name, argument)) or KINDS.get(argument) or "unknown"
            for each, values in WRONG.items():
                for value in values:
                    yield Wrong(name, argument, kind if each == kind else "", value)


def main() -> int:
    """Every wrong call, or those of the functions (or their parameters) named, each raw error
    told once: python -m tests.bad_calls [FUNCTION[.PARAMETER] …]."""
    with TemporaryDirectory() as folder, contextlib.chdir(folder):  # what is taken may write
        return _every(sys.argv[1:] or list(calls()))


def _every(names: list[str]) -> int:
    seen: set[str] = set()
    tried = [w for w in every_call() if {w.function, f"{w.function}.{w.parameter}"} & {*names}]
    for wrong in tried:
        start = time.process_time()
        found = outcome(wrong)
        if found == "taken" and must_be_refused(wrong):
            found = "taken, though it never may be"
        elif found in ("refused", "taken"):
            found = "" if time.process_time() - start < 5 else "more than 5 s"
        if found and found not in seen:
            seen.add(found)
            print(f"{wrong}: {found}", flush=True)
    print(f"{len(tried):,} calls, {len(seen)} kinds of raw errors")
    return bool(seen)


if __name__ == "__main__":
    sys.exit(main())
