"""Cells of Flax, linen and nnx."""

from __future__ import annotations

import numpy as np
import pytest

import symgate as sg
from tests.tools import package

jax = package("jax")
flax = package("flax")
linen, nnx = package("flax.linen"), package("flax.nnx")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", ["LSTMCell", "OptimizedLSTMCell", "GRUCell", "SimpleCell"])
def test_linen(kind: str) -> None:
    module = linen.RNN(getattr(linen, kind)(4))
    tree = jax.tree.map(
        lambda a: a + 0.3 * RNG.normal(size=a.shape).astype(np.float32),
        module.init(jax.random.key(0), X),
    )
    found = sg.model(tree, batch_first=True).check(X, np.asarray(module.apply(tree, X)))
    assert found.error < 1e-5
    assert len(found.readings) == 1


@pytest.mark.parametrize("kind", ["LSTMCell", "OptimizedLSTMCell", "GRUCell", "SimpleCell"])
def test_nnx(kind: str) -> None:
    module = nnx.RNN(getattr(nnx, kind)(3, 4, rngs=nnx.Rngs(0)))
    found = sg.model(module).check(X, np.asarray(module(X)))
    assert found.error < 1e-5
    assert len(found.readings) == 1


def test_a_planted_order_is_found() -> None:
    module = nnx.RNN(nnx.OptimizedLSTMCell(3, 4, rngs=nnx.Rngs(0)))
    y = np.asarray(module(X))
    net = sg.model(module, order="i o f g")
    found = net.check(X, y)
    assert not found.holds
    assert [fit.reading.order for fit in found.readings] == [("i", "f", "g", "o")]


def test_nnx_says_activations_and_directions() -> None:
    relu = nnx.RNN(nnx.SimpleCell(3, 4, activation_fn=jax.nn.relu, rngs=nnx.Rngs(0)))
    net = sg.model(relu)
    assert not net.assumed
    assert net.check(X, np.asarray(relu(X))).holds
    ways = [nnx.RNN(nnx.GRUCell(3, 4, rngs=nnx.Rngs(k))) for k in (0, 1)]
    both = nnx.Bidirectional(*ways)
    net = sg.model(both)
    assert [layer.reverse for layer in net.layers] == [False, True]
    assert net.check(X, np.asarray(both(X))).error < 1e-5
    with pytest.raises(sg.SymgateError, match="residual"):
        sg.model(nnx.RNN(nnx.SimpleCell(4, 4, residual=True, rngs=nnx.Rngs(0))))
    with pytest.raises(sg.SymgateError, match="runs backwards"):
        sg.model(nnx.RNN(nnx.GRUCell(3, 4, rngs=nnx.Rngs(0)), reverse=True))


def test_cells_in_a_list_of_nnx() -> None:
    class Own(nnx.Module):  # type: ignore[misc]  # Flax is untyped
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.cells = nnx.List([nnx.LSTMCell(3, 4, rngs=rngs), nnx.LSTMCell(4, 5, rngs=rngs)])

    own = Own()
    y = nnx.RNN(own.cells[1])(nnx.RNN(own.cells[0])(X))
    net = sg.model(own, batch_first=True, chain=("cells.0", "cells.1"))
    assert net.check(X, np.asarray(y)).error < 1e-5


def test_any_linear_layer_is_no_lstm_of_haiku() -> None:
    linear = {"mlp/linear": {"w": np.ones((9, 8)), "b": np.zeros(8)}}
    with pytest.raises(sg.SymgateError, match="no recurrent layer"):
        sg.model(linear)
    assert sg.model(linear, framework="haiku").layers[0].row == "haiku-lstm"
