"""Cells one above the other: an ordinary cell with the names, sizes and gradients of its layers."""

from __future__ import annotations

import pickle

import jax
import numpy as np
import pytest

import symgate as sg
from tests import by_step


def test_names_roles_and_outputs() -> None:
    deep = sg.stack("lstm", layers=2)
    assert set(deep.states) == {"c1", "h1", "c2", "h2"}
    assert deep.outputs == ("h1", "h2")
    assert deep.roles["f2"].startswith("layer 2: ")
    assert {"W1_i", "U2_f", "b2_o"} <= set(deep.parameters)
    assert pickle.loads(pickle.dumps(deep)).output == "h2"
    assert sg.latex(deep.equations["h2"]) == r"o_t^{(2)} \odot \tanh(c_t^{(2)})"
    assert sg.text(deep.equations["c1"], deep.orders["c1"]).startswith("f⁽¹⁾_t ⊙ c⁽¹⁾_{t-1}")


def test_of_and_wrt_are_the_output_of_the_top_layer() -> None:
    deep = sg.stack("rnn", layers=3)
    assert str(sg.jacobian(deep)) == "diag(1 - h⁽³⁾_t²) U⁽³⁾"
    run = sg.simulate(deep, sg.init(deep, [4, 3, 2], 5), np.zeros((6, 5)))
    assert run["h3"].shape == (6, 2)
    assert sg.lag_norms(run).of == "h3"


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["lstm", "gru", "mgu"])
def test_gradients_between_layers_are_those_of_jax(name: str, layers: int) -> None:
    deep = sg.stack(name, layers=layers)
    rng = np.random.default_rng(layers)
    widths = [3, 4, 2, 3][:layers]
    params = sg.init(deep, widths if layers > 1 else 3, 5, seed=layers)
    x = rng.normal(size=(5, 5))
    run = sg.simulate(deep, params, x)
    top, bottom = deep.output, (deep.outputs or (deep.output,))[0]
    start = {s: np.zeros(run[s].shape[1:]) for s in deep.states}

    def moved(push: object) -> object:
        return by_step.run(deep, params, {"x": x}, start, (bottom, 1, push))[-1][top]

    expected = np.linalg.norm(jax.jacfwd(moved)(np.zeros(run[bottom].shape[1:])))
    found = 10 ** sg.lag_norms(run, top, bottom, lags=3).log10_norm[3]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_residual_connections_and_norms() -> None:
    deep = sg.stack("gru", layers=2, residual=True, norm="rms_norm")
    assert "y1[t] = rms_norm(h1[t] + x[t])" in str(deep)
    run = sg.simulate(deep, sg.init(deep, 4, 4), np.ones((3, 4)))
    assert np.isfinite(run["h2"]).all()


def test_several_kinds() -> None:
    deep = sg.stack("gru", sg.cell("lstm"))
    assert set(deep.states) == {"h1", "c2", "h2"}
    assert deep.name == "gru-lstm"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: sg.stack(), "cells or their names"),
        (lambda: sg.stack("lstm", layers=0), "from 1 to"),
        (lambda: sg.stack("lstm", layers=True), "whole number"),
        (lambda: sg.stack("lstm", "gru", layers=3), "2 cells were given"),
        (lambda: sg.stack(3), "expected a cell"),
        (lambda: sg.stack("gru", norm="batch"), "layer_norm"),
        (lambda: sg.stack("gru", "hopfield"), "0 inputs"),
        (lambda: sg.init(sg.stack("gru", layers=2), [3, 4, 5]), "3 numbers"),
    ],
)
def test_wrong_calls(call: object, says: str) -> None:
    with pytest.raises(sg.SymgateError, match=says):
        call()  # type: ignore[operator]
