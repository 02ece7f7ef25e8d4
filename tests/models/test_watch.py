"""Watching a training run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from tests.tools import package

torch = package("torch")


class Reader(torch.nn.Module):  # type: ignore[misc,name-defined]  # torch may be missing
    """An embedding, two layers, and a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(5, 3)
        self.rnn = torch.nn.LSTM(3, 4, num_layers=2, batch_first=True)
        self.out = torch.nn.Linear(4, 1)

    def forward(self, x: Any) -> Any:
        return self.out(self.rnn(self.table(x))[0])


def test_the_curve_of_each_epoch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Reader()
    x = torch.randint(0, 5, (6, 30))
    with sg.watch(module, x, lags=25) as watch:
        watch.epoch()
        with torch.no_grad():
            module.rnn.bias_hh_l1[4:8] += 5  # the forget gate of the upper layer opens
        watch.epoch()
    assert watch.labels == ("rnn: ∂h1/∂h1", "rnn: ∂h2/∂h2")
    lower, upper = watch.curve("rnn: ∂h1/∂h1"), watch.curve("rnn: ∂h2/∂h2")
    assert np.array_equal(lower[0], lower[1])
    assert upper[1, -1] > upper[0, -1] + 2
    run = sg.model(module)["rnn"].simulate(module.table(x))  # type: ignore[union-attr]  # a network
    true = sg.lag_norms(run, "h2", "h2", 25, norm="frobenius").log10_norm[watch.lags, :2]
    assert np.allclose(upper[1], np.median(true, axis=1), rtol=0, atol=1e-9)
    assert watch.plot().get_yscale() == "log"
    path = watch.save(tmp_path / "w.npz")
    again = sg.watch(module, x, lags=25, resume=path)
    again.epoch()
    assert again.epochs == [0, 1, 2]
    assert np.array_equal(again.curve()[:2], watch.curve())
    with pytest.raises(sg.SymgateError, match="other lags"):
        sg.watch(module, x, lags=20, resume=path)
    with pytest.raises(sg.SymgateError, match="no watch"):
        sg.watch(module, x, lags=20, resume=__file__)
    for wrong in ({"lags": np.ones(3)}, {"curve/0": np.ones((2, 3))}, {"about": np.array("{}")}):
        np.savez(path, **{**np.load(watch.save(path)), **wrong})
        with pytest.raises(sg.SymgateError, match="no watch"):
            sg.watch(module, x, lags=25, resume=path)


def test_training_goes_on_as_it_was() -> None:
    module = Reader().train()
    module.out.eval()  # a part that is frozen stays so
    watch = sg.watch(module, torch.zeros(2, 9, dtype=torch.long), lags=5)
    watch.epoch()
    assert [m.training for m in (module, module.rnn, module.out)] == [True, True, False]
    assert not module.rnn._forward_hooks


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras")
def test_a_callback_of_keras() -> None:
    keras = package("keras")
    module = keras.Sequential(
        [
            keras.Input((None, 3)),
            keras.layers.GRU(4, return_sequences=True, name="low"),
            keras.layers.Dense(3),
            keras.layers.GRU(4, name="high"),
            keras.layers.Dense(1),
        ]
    )
    module.compile(loss="mse")
    x = np.random.default_rng(0).normal(size=(8, 12, 3)).astype(np.float32)
    watch = sg.watch(module, x, lags=10)
    module.fit(x, np.ones((8, 1)), epochs=2, verbose=0, callbacks=[watch.callback()])
    assert watch.labels == ("low: ∂h/∂h", "high: ∂h/∂h")
    assert watch.epochs == [0, 1]
    assert not np.array_equal(*watch.curve())
