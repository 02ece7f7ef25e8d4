"""The live page's engine, in Node, against symgate: its draws, its curves, its faults."""

from __future__ import annotations

import re
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.exploring.describing import description
from tests.chosen import CELLS
from tests.node import measured
from tests.random_cells import random_cell

#: Beside CELLS: scalars and matrices of the step, mixing functions, a surrogate slope.
GENERAL = ("deltanet", "rwkv7", "mlstm", "mamba2-row", "layer-norm-lstm", "hopfield", "lif")

SETTINGS: tuple[dict[str, Any], ...] = (
    {"hidden": 8, "lags": 120},
    {"hidden": 5, "lags": 120, "seed": 3, "gain": 1.7, "scale": 0.5},
    {"hidden": 4, "lags": 120, "seed": 1, "norm": "frobenius", "gain": 0.5, "scale": 2.0},
)


def arrays(cell: sg.Cell, answer: dict[str, Any], settings: dict[str, Any]) -> Any:
    """The page's parameters and inputs as arrays."""
    numbers = dict.fromkeys(cell.sizes.values(), settings["hidden"])

    def shaped(flat: list[float], shape: Any) -> Any:
        return np.array(flat).reshape([int(size.subs(numbers)) for size in shape])

    steps = settings["lags"]
    params = {n: shaped(answer["parameters"][n], p.shape) for n, p in cell.parameters.items()}
    x = {n: shaped(answer["inputs"][n], (cell.shapes[n][0] * 0 + steps, *cell.shapes[n]))
         for n in cell.inputs}  # fmt: skip
    return params, x


def by_symgate(cell: sg.Cell, answer: dict[str, Any], settings: dict[str, Any]) -> Any:
    """The curve of symgate from the page's parameters and inputs."""
    steps = settings["lags"]
    params, x = arrays(cell, answer, settings)
    run = sg.simulate(cell, params, x or None, steps=None if x else steps)
    norm = settings.get("norm", "spectral")
    return sg.lag_norms(run, answer["of"], answer["wrt"], steps, norm=norm).log10_norm


def off(curve: list[Any], right: Any) -> float:
    """How far two curves are apart, in decades; equal infinities are equal."""
    mine = np.array(curve, float)
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(mine == right, 0.0, np.abs(mine - right))))


@cache
def told(cell: sg.Cell) -> dict[str, Any]:
    """What the engine uses of a description."""
    found = description(cell)
    return {name: found[name] for name in ("roles", "biases", "keeps", "added", "doubled")}


def test_zoo_cells_have_the_curves_of_symgate() -> None:
    cells = [sg.cell(name) for name in (*CELLS, *GENERAL)]
    asked = [
        {"text": str(cell), "told": {}, "settings": settings}
        for place, cell in enumerate(cells)
        for settings in (SETTINGS if place < 3 else SETTINGS[place % 3 :][:1])
    ]
    kept = [
        (cell, settings)
        for place, cell in enumerate(cells)
        for settings in (SETTINGS if place < 3 else SETTINGS[place % 3 :][:1])
    ]
    for (cell, settings), answer in zip(kept, measured(asked), strict=True):
        assert "error" not in answer, (cell.name, answer)
        if answer["overflow"]:
            with pytest.raises(sg.Diverged):
                by_symgate(cell, answer, settings)
            continue
        right = by_symgate(cell, answer, settings)
        assert off(answer["curve"], right) < 1e-7, cell.name
        assert (answer["of"], answer["wrt"]) == (cell.output, cell.output)
        spectral = settings.get("norm", "spectral") == "spectral"
        bound, curve = np.array(answer["bound"], float), np.array(answer["curve"], float)
        assert not spectral or (bound >= curve - 1e-9).all(), cell.name


def test_random_cells_have_the_curves_of_symgate() -> None:
    cells = [random_cell(Random(seed)) for seed in range(3000, 3040)]
    settings = {"hidden": 4, "lags": 30}
    asked = [{"text": cell.text, "told": {}, "settings": settings} for cell in cells]
    compared = 0
    for cell, answer in zip(cells, measured(asked), strict=True):
        assert "error" not in answer, (cell.text, answer)
        try:
            right = by_symgate(cell, answer, settings)
        except (sg.Diverged, sg.ShapeError):
            continue  # overflows, or has a size that no array tells
        if np.max(right[np.isfinite(right)], initial=0) < 3:  # chaos tells any two machines apart
            assert off(answer["curve"], right) < 1e-6, cell.text
            compared += 1
    assert compared > 20


def test_rows_times_matrices_have_the_curves_of_symgate() -> None:
    text = """
        f[t] = sigmoid(U_f @ h[t-1] + b_f)
        S[t] = 0.9 * S[t-1] + outer(V @ x[t], f[t])
        h[t] = tanh((W @ x[t]) @ S[t] + h[t-1] @ (S[t] @ A))"""
    settings = {"hidden": 3, "lags": 20}
    (answer,) = measured([{"text": text, "settings": settings}])
    right = by_symgate(sg.Cell.from_text(text), answer, settings)
    assert off(answer["curve"], right) < 1e-9


def test_the_page_draws_what_symgate_draws() -> None:
    """Also a cell of which the page knows its text alone, but for the forget bias of keras."""
    cases = [
        (name, scheme)
        for name in ("lstm", "gru-concat", "gru-reset-after")
        for scheme in ("pytorch", "keras", "orthogonal", "gaussian", "identity", "chrono")
    ]
    asked = []
    for name, scheme in cases:
        about = {} if scheme == "pytorch" else told(sg.cell(name))
        settings = {"hidden": 6, "lags": 5, "seed": 7, "gain": 1.25, "scheme": scheme, "tMax": 50}
        asked.append({"text": str(sg.cell(name)), "told": about, "settings": settings})
    for (name, scheme), answer in zip(cases, measured(asked), strict=True):
        t_max = 50 if scheme == "chrono" else None
        right = sg.init(name, 6, seed=7, gain=1.25, scheme=scheme, t_max=t_max)
        for parameter, array in right.items():
            near = np.allclose(answer["parameters"][parameter], array.ravel(), rtol=0, atol=1e-13)
            assert near, (name, scheme, parameter)


def test_the_whole_curve_is_that_of_decay() -> None:
    cases = (("lstm", {"f": 2.0}), ("gru", {"z": -1.0}))
    asked = []
    for name, bias in cases:
        about = told(sg.cell(name))
        values = {about["biases"][gate]: value for gate, value in bias.items()}
        settings = {"hidden": 6, "lags": 50, "seed": 4, "values": values}
        asked.append({"text": str(sg.cell(name)), "told": about, "settings": settings})
    for (name, bias), answer in zip(cases, measured(asked), strict=True):
        d = sg.decay(name, hidden=6, lags=50, networks=1, seed=4, bias=bias)
        assert off(answer["curve"], d.log10_norm[:, 0]) < 1e-9


def test_the_typeset_step_is_the_exact_one() -> None:
    """Of typed cells too: the terms that the page shows, in numbers, against symgate."""
    own = """
        r[t] = sigmoid(U_r @ h[t-1] + b_r)
        n[t] = tanh((U - U.T) @ (r[t] * h[t-1]) + [h[t-1], x[t]] @ W)
        c[t] = r[t] * c[t-1] - 0.5 * (1 - r[t])**3 * n[t] / (2 + c[t-1]**2)
        h[t] = exp(-c[t]) + h[t-1] / (1 + r[t]) + elu(V @ [x[t], c[t]])"""
    cells = [sg.cell("lstm"), sg.cell("gru-concat"), sg.cell("mgu"), sg.Cell.from_text(own)]
    for wrt in ("h", "c"):
        some = [cell for cell in cells if wrt in cell.states]
        settings = {"hidden": 3, "lags": 5, "typeset": wrt}
        answers = measured([{"text": str(cell), "settings": settings} for cell in some])
        for cell, answer in zip(some, answers, strict=True):
            params, x = arrays(cell, answer, settings)
            run = sg.simulate(cell, params, x)
            at = {name: run[name][-2] for name in cell.states} | {"x": x["x"][-1]}
            for of in cell.states:
                right = sg.lambdify(cell, sg.jacobian(cell, of, wrt))(params, **at)
                assert np.allclose(np.array(answer["typeset"][of]), right.ravel(), atol=1e-12), of


def test_shares_of_a_step_add_up_to_one() -> None:
    asked = [
        {"text": str(sg.cell(n)), "settings": {"hidden": 6, "lags": 20}} for n in ("lstm", "gru")
    ]
    for answer, names in zip(measured(asked), (("carry", "f"), ("carry", "n, r")), strict=True):
        assert len(answer["shares"]) == 20
        assert set(names) <= set(answer["shares"][3])
        assert all(abs(sum(share.values()) - 1) < 1e-9 for share in answer["shares"])


def test_without_webassembly_the_numbers_are_the_same() -> None:
    asked = [{"text": str(sg.cell("lstm")), "settings": {"hidden": 8, "lags": 30}}]
    (fast,), (slow,) = measured(asked), measured(asked, "delete globalThis.WebAssembly;")
    assert off(slow["curve"], np.array(fast["curve"], float)) < 1e-12


#: Texts that are no cells.
FAULTS = [
    "h[t] = tanh(U @ h[t-1] + b",
    "h[t] = tanh(U @ h[t-1] + ß)",
    "h[t] = tahn(U @ h[t-1])",
    "h[t] = layernorm(U @ h[t-1])",
    "h[t] = tanh(U @ hh[t-1])",
    "h[t] = tanh(U @ h[t-1] b)",
    "h[t] = tanh(U @ c[t-1])",
    "h[t] = h[t-1] +",
    "h[t] = tanh(b)",
    "h[t] = tanh(W @ x[t] + U @ h[t-2])",
    "h[t] = tanh(W @ x[t+1] + U @ h[t-1])",
    "h[t] = tanh(U @ h[t-1])\nh[t] = h[t-1]",
    "h[t-1] = tanh(U @ h[t-1])",
    "z[t] = sigmoid(h[t])\nh[t] = z[t] * h[t-1]",
    "h[t] = tanh(U @ h[t-1] + U * b)",
    "y[t] = V @ h[t-1]\nh[t] = tanh(U @ h[t-1] + dot(h[t-1], 2))",
    "",
]


def test_what_symgate_refuses_the_page_refuses_in_the_same_line() -> None:
    answers = measured([{"text": t, "settings": {"hidden": 3, "lags": 4}} for t in FAULTS])
    for text, answer in zip(FAULTS, answers, strict=True):
        with pytest.raises(sg.EquationError) as refused:
            sg.Cell.from_text(text)
        assert answer["line"] == (refused.value.line or 1), (answer, str(refused.value))
        assert "^" in answer["shown"]
        mend = re.search(r"did you mean '\w+'", str(refused.value))
        assert mend is None or mend.group() in answer["error"], answer
