"""Cells of Flax, linen and nnx; rows that are held against recorded arithmetic: TF1, Haiku."""

from __future__ import annotations

from typing import Any

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


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def test_a_planted_order_is_found() -> None:
    module = nnx.RNN(nnx.OptimizedLSTMCell(3, 4, rngs=nnx.Rngs(0)))
    y = np.asarray(module(X))
    net = sg.model(module, order="i o f g")
    found = net.check(X, y)
    assert not found.holds
    assert [fit.reading.order for fit in found.readings] == [("i", "f", "g", "o")]


def test_tensorflow_1_and_haiku_lstm() -> None:
    """i, j, f, o from one matrix; 1 is added to f when the layer runs."""
    kernel, bias = RNG.normal(size=(7, 16)), RNG.normal(size=16)
    x, h, c = RNG.normal(size=(5, 3)), np.zeros(4), np.zeros(4)
    out = []
    for row in x:
        i, j, f, o = np.split(np.concatenate([row, h]) @ kernel + bias, 4)
        c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    tensorflow = {"rnn/basic_lstm_cell/kernel:0": kernel, "rnn/basic_lstm_cell/bias:0": bias}
    haiku = {"lstm/linear": {"w": kernel, "b": bias}}
    for source in (tensorflow, haiku):
        found = sg.model(source).check(x, np.array(out))
        assert found.error < 1e-12
        assert found.readings[0].reading.add == {"f": 1.0}
    assert any("forget_bias=0" in text for text in sg.model(tensorflow).assumed)


def test_tensorflow_1_and_haiku_gru() -> None:
    gates, candidate = RNG.normal(size=(7, 8)), RNG.normal(size=(7, 4))
    b, d = RNG.normal(size=8), RNG.normal(size=4)
    x, h, g = RNG.normal(size=(5, 3)), np.zeros(4), np.zeros(4)
    keeps, takes = [], []
    for row in x:
        r, u = np.split(sigmoid(np.concatenate([row, h]) @ gates + b), 2)
        h = u * h + (1 - u) * np.tanh(np.concatenate([row, r * h]) @ candidate + d)
        keeps.append(h)
        r, z = np.split(sigmoid(np.concatenate([row, g]) @ gates + b), 2)
        g = (1 - z) * g + z * np.tanh(np.concatenate([row, r * g]) @ candidate + d)
        takes.append(g)
    tensorflow = {
        "rnn/gru_cell/gates/kernel": gates,
        "rnn/gru_cell/gates/bias": b,
        "rnn/gru_cell/candidate/kernel": candidate,
        "rnn/gru_cell/candidate/bias": d,
    }
    assert sg.model(tensorflow).check(x, np.array(keeps)).error < 1e-12
    z_first = np.concatenate([gates[:, 4:], gates[:, :4], candidate], axis=1)
    haiku = {
        "gru": {"w_i": z_first[:3], "w_h": z_first[3:], "b": np.concatenate([b[4:], b[:4], d])}
    }
    found = sg.model(haiku).check(x, np.array(takes))
    assert found.error < 1e-12
