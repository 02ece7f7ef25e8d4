"""Gradients through all depths and both directions: PyTorch's automatic differentiation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.models.reach import of_the_middle
from tests.tools import package

torch = package("torch")


def jacobians(module: Any, x: Any, at: int) -> Any:
    """∂y_at/∂x_s, (T, n, m), for one sequence."""
    found = torch.autograd.functional.jacobian(lambda v: module(v)[0][at], x)
    return np.moveaxis(found.numpy(), 1, 0)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("two_ways", [False, True])
def test_reach_is_automatic_differentiation(kind: str, two_ways: bool) -> None:
    torch.manual_seed(0)
    module = getattr(torch.nn, kind)(3, 4, num_layers=2, bidirectional=two_ways).double()
    x = torch.randn(40, 3, dtype=torch.float64)
    net = sg.model(module)
    for norm, order in (("spectral", 2), ("frobenius", "fro")):
        found = sg.reach(net, x, at=25, norm=norm)
        with np.errstate(divide="ignore"):
            true = np.log10(np.linalg.norm(jacobians(module, x, 25), ord=order, axis=(1, 2)))  # type: ignore[call-overload]  # two kinds
        assert np.allclose(found, true, rtol=0, atol=1e-10)
        assert np.isneginf(found[26:]).all() or two_ways


def test_projection_and_batches() -> None:
    torch.manual_seed(0)
    module = torch.nn.LSTM(3, 4, proj_size=2, bidirectional=True).double()
    x = torch.randn(20, 2, 3, dtype=torch.float64)
    found = sg.reach(sg.model(module), x, at=7)
    for sample in range(2):
        true = np.linalg.norm(jacobians(module, x[:, sample], 7), ord=2, axis=(1, 2))
        assert np.allclose(found[:, sample], np.log10(true), rtol=0, atol=1e-10)


def test_nothing_underflows() -> None:
    torch.manual_seed(0)
    module = torch.nn.RNN(2, 3, num_layers=2).double()
    x = np.random.default_rng(0).normal(size=(1400, 2))
    found = sg.reach(sg.model(module), x, at=1399)
    assert -2000 < found[0] < -320
    rate = np.polyfit(np.arange(200, 1000), found[200:1000], 1)[0]
    assert found[0] == pytest.approx(found[400] - 400 * rate, rel=0.05)


def test_a_stack_is_one_cell() -> None:
    """∂h2_T/∂h1_{T-k}: the cell of two layers against automatic differentiation."""
    torch.manual_seed(0)
    lag, cells = 12, [torch.nn.LSTMCell(3, 5).double(), torch.nn.LSTMCell(5, 4).double()]
    module = torch.nn.ModuleList(cells)
    net = sg.model(module, chain=("0", "1"))
    x = torch.randn(15, 3, dtype=torch.float64)
    run = net.simulate(x)
    assert isinstance(run, sg.Run)

    def last(h1: Any) -> Any:
        t = 14 - lag
        states = {n: torch.from_numpy(np.array(run[n][t])) for n in run.cell.states}
        low, high = (h1, states["c1"]), (states["h2"], states["c2"])
        for row in x[t + 1 :]:
            low = cells[0](row, low)
            high = cells[1](low[0], high)
        return high[0]

    start = torch.from_numpy(np.array(run["h1"][14 - lag]))
    true = torch.autograd.functional.jacobian(last, start).numpy()
    found = sg.lag_norms(run, "h2", "h1", lag, norm="spectral").log10_norm[lag]
    assert found == pytest.approx(np.log10(np.linalg.norm(true, 2)), abs=1e-10)


def test_wrong_places() -> None:
    net = sg.model(torch.nn.GRU(2, 3))
    with pytest.raises(sg.ShapeError, match="from 0 to 4"):
        sg.reach(net, np.ones((5, 2)), at=5)
    with pytest.raises(sg.UnknownName, match="spectral"):
        sg.reach(net, np.ones((5, 2)), at=2, norm="two")
    with pytest.raises(sg.SymgateError, match=r"from sg\.model"):
        sg.reach("gru", np.ones((5, 2)), at=2)  # type: ignore[arg-type]  # on purpose


def test_a_few_random_directions_stand_for_a_wide_output() -> None:
    torch.manual_seed(0)
    net = sg.model(torch.nn.GRU(3, 40, bidirectional=True))
    x = np.random.default_rng(0).normal(size=(12, 3))
    found = of_the_middle(net, x)
    assert "8 random directions" in found.norm
    true = sg.reach(net, x, at=6, norm="frobenius")
    assert np.abs(found.log10_norm - true.log10_norm).max() < 0.2
    above = np.flatnonzero(true.log10_norm > true.log10_norm.max() + np.log10(0.5))
    assert true.spans(0.5) == (6 - above.min(), above.max() - 6)
