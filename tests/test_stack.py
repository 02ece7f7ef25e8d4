"""Cells one above the other: an ordinary cell with the names, sizes and gradients of its layers."""

from __future__ import annotations

import pickle
from random import Random

import jax
import numpy as np
import pytest

import symgate as sg
from tests import by_step
from tests.chosen import ROTATION


def test_names_roles_and_outputs() -> None:
    deep = sg.stack("lstm", layers=2)
    assert set(deep.states) == {"c1", "h1", "c2", "h2"}
    assert deep.outputs == ("h1", "h2")
    assert deep.roles["f2"].startswith("forget gate of layer 2: ")
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


GATED = [name for name in sg.zoo if sg.cell(name).gates and len(sg.cell(name).inputs) == 1]
LAYERS = (1, 2, 3, 4)


def stacks() -> list[tuple[str, int]]:
    """The LSTM and DeltaNet in every height and four other cells; with ROTATION=all each cell."""
    if ROTATION == "all":
        return [(name, layers) for name in GATED for layers in LAYERS]
    fixed = [("lstm", layers) for layers in LAYERS] + [("deltanet", 2)]
    others = zip(Random(ROTATION).sample(GATED, 4), LAYERS, strict=True)
    return [*fixed, *others]


@pytest.mark.parametrize(("name", "layers"), stacks())
def test_gradients_between_layers_are_those_of_jax(name: str, layers: int) -> None:
    """Of what the top gives out, by the first state of the bottom and by the input."""
    deep = sg.stack(name, layers=layers)
    (read,) = deep.inputs
    params = sg.init(deep, 3, 3, seed=layers)
    x = np.random.default_rng(layers).normal(size=(5, 3))
    run = sg.simulate(deep, params, x)
    start = {s: np.zeros(run[s].shape[1:]) for s in deep.states}
    of = deep.outputs[-1] if deep.outputs else deep.output
    pushes = {wrt: np.zeros(run[wrt].shape[1:]) for wrt in (deep.states[0], read)}

    def moved(push: dict[str, object]) -> object:
        return by_step.run(deep, params, {read: x}, start, (2, push))[-1][of]

    for wrt, block in jax.jit(jax.jacfwd(moved))(pushes).items():
        expected = np.linalg.norm(block)
        found = 10 ** sg.lag_norms(run, of, wrt, lags=2, norm="frobenius").log10_norm[2]
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_blocks_of_several_layers_are_products_of_the_layers_own() -> None:
    """∂h2/∂h1⁻ is a product with four terms on either side, not sixteen; also past a norm."""
    for deep, between in (
        (sg.stack("lstm", layers=2), "h1"),
        (sg.stack("lstm", layers=2, residual=True, norm="layer_norm"), "y1"),
    ):
        J = sg.jacobian(deep, "h2", "h1")
        above = sg.jacobian(deep, "h2", between, lag=0)
        below = sg.jacobian(deep, between, "h1", lag=1)
        assert str(J) == f"({above}) ({below})"


def test_layers_of_several_sizes() -> None:
    deep = sg.stack("lstm", layers=3)
    params = sg.init(deep, [3, 4, 2], 5)
    assert params["W2_f"].shape == (4, 3)
    assert params["U3_f"].shape == (2, 2)
    run = sg.simulate(deep, params, np.ones((4, 5)))
    assert sg.lag_norms(run, "h3", "h1").log10_norm.shape == (5,)


def test_residual_connections_and_norms() -> None:
    deep = sg.stack("gru", layers=2, residual=True, norm="rms_norm")
    assert "y1[t] = rms_norm(h1[t] + x[t])" in str(deep)
    run = sg.simulate(deep, sg.init(deep, 4, 4), np.ones((3, 4)))
    assert np.isfinite(run["h2"]).all()


def test_several_kinds() -> None:
    deep = sg.stack("gru", sg.cell("lstm"))
    assert set(deep.states) == {"h1", "c2", "h2"}
    assert deep.name == "gru-lstm"


MATRIX = sg.Cell.from_text("S[t] = S[t-1] + outer(x[t], x[t])")
ROWS = sg.Cell.from_text("h[t] = X[t] @ h[t-1]")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: sg.stack(), "cells or their names"),
        (lambda: sg.stack("lstm", layers=0), "1 or more, not 0"),
        (lambda: sg.stack("lstm", layers=True), "whole number"),
        (lambda: sg.stack("lstm", "gru", layers=3), "2 cells were given"),
        (lambda: sg.stack(3), "layers=3 stacks one"),
        (lambda: sg.stack("gru", norm="batch"), "layer_norm"),
        (lambda: sg.stack("gru", "hopfield"), "0 inputs"),
        (lambda: sg.init(sg.stack("gru", layers=2), [3, 4, 5]), "3 numbers"),
        (lambda: sg.stack(MATRIX, "gru"), r"sends S up, a matrix, .* such as o\[t\] = S\[t\] @ q"),
        (lambda: sg.stack("gru", ROWS), "sends h up, a vector, and cell above it reads X as a mat"),
    ],
)
def test_wrong_calls(call: object, says: str) -> None:
    with pytest.raises(sg.SymgateError, match=says):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("name", ["deltanet", "mlstm"])
def test_a_stack_of_matrix_cells_is_derived(name: str) -> None:
    """Also where a key is transposed in a differential, and where a number is added up."""
    page = sg.derive(sg.stack(name, layers=2)).html()
    assert "<math" in page
    assert len(page) < 300_000


def test_what_does_not_fit_is_refused() -> None:
    tied = sg.stack("gru", "lstm", residual=True)
    for hidden in (3, [3, 4]):
        with pytest.raises(sg.SymgateError, match=r"as long as its input|said twice"):
            sg.init(tied, hidden=hidden, input=2)
    assert sg.init(tied, hidden=3)["W1_z"].shape == (3, 3)
    with pytest.raises(sg.SymgateError, match="residual"):
        sg.stack("lstm", layers=2, residual="no")  # type: ignore[arg-type]


def test_a_state_as_long_as_the_input_is_no_layer() -> None:
    cell = sg.Cell.from_text("s[t] = a * s[t-1] + x[t]\nh[t] = tanh(W @ s[t] + U @ h[t-1])")
    shapes = {name: array.shape for name, array in sg.init(cell, hidden=3, input=2).items()}
    assert shapes["W"] == (3, 2)


def test_zero_is_a_fixed_point_of_deep_stacks() -> None:
    with pytest.raises(sg.SymgateError, match="no closed form"):
        sg.origin(sg.stack("rnn", layers=4))  # four biases have to be 0
