"""A user's own cell in PyTorch, as equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgate as sg
from tests.tools import package

torch = package("torch")
nn = torch.nn


class Gated(nn.Module):  # type: ignore[misc,name-defined]  # torch may be missing
    """One matrix for all gates, cut into three."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Linear(3 + 4, 12)
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Any, h: Any) -> Any:
        z, r, q = self.gates(torch.cat([x, h], dim=-1)).chunk(3, dim=-1)
        z = torch.sigmoid(z)
        r = r.sigmoid()
        n = torch.tanh(q + r * self.inner(h))
        new = (1 - z) * n + z * h
        return new


class Lstm(nn.Module):  # type: ignore[misc,name-defined]
    """Bare parameters, a tuple of states, an output beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.randn(16, 3))
        self.U = nn.Parameter(torch.randn(4, 16))
        self.b = nn.Parameter(torch.randn(16))
        self.scale = nn.Parameter(torch.randn(4))

    def forward(self, x: Any, state: Any) -> Any:
        h, c = state
        a = torch.nn.functional.linear(x, self.W, self.b) + h @ self.U
        i, f, g, o = a.split(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * torch.tanh(g) * self.scale
        h = torch.sigmoid(o) * c.tanh()
        return h, (h, c)


class Strange(nn.Module):  # type: ignore[misc,name-defined]
    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(3, 3)

    def forward(self, x: Any, h: Any) -> Any:
        return torch.cumsum(self.lin(x), -1) + h


class Branches(nn.Module):  # type: ignore[misc,name-defined]
    def forward(self, x: Any, h: Any) -> Any:
        return h if x.sum() > 0 else x


def steps(module: Any, x: Any, *states: Any) -> list[Any]:
    out = []
    for row in x:
        with torch.no_grad():
            found = module(row[None], states[0] if len(states) == 1 else states)
        states = found[1] if isinstance(found, tuple) else (found,)
        out.append(states[0][0].numpy())
    return out


def test_a_gated_cell() -> None:
    torch.manual_seed(0)
    module = Gated().double()
    cell, params = sg.trace(module)
    assert cell.gates == ("z", "r", "n")
    assert cell.states == ("h",)
    assert params["W_z"].shape == (4, 7)
    x = torch.randn(6, 3, dtype=torch.float64)
    true = steps(module, x, torch.zeros(1, 4, dtype=torch.float64))
    assert np.abs(sg.simulate(cell, params, x)["h"] - np.array(true)).max() < 1e-14


def test_an_lstm_of_bare_parameters() -> None:
    torch.manual_seed(0)
    module = Lstm().double()
    cell, params = sg.trace(module, inputs=("x", ("h", "c")))
    assert set(cell.states) == {"h", "c"}
    x = torch.randn(6, 3, dtype=torch.float64)
    zero = torch.zeros(1, 4, dtype=torch.float64)
    true = steps(module, x, zero, zero)
    assert np.abs(sg.simulate(cell, params, x)["h"] - np.array(true)).max() < 1e-14


class Deep(nn.Module):  # type: ignore[misc,name-defined]
    """Cells of PyTorch itself, one above the other, behind a layer and before another."""

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Linear(3, 5)
        self.low, self.high = nn.LSTMCell(5, 4), nn.GRUCell(4, 2)
        self.out = nn.Linear(2, 1)

    def forward(self, x: Any, low: Any, top: Any) -> Any:
        e = torch.relu(self.code(x))
        a, c = self.low(e, low)
        top = self.high(a, top)
        y = self.out(top)
        return y, (a, c), top


def test_cells_of_pytorch_are_those_of_the_zoo() -> None:
    torch.manual_seed(0)
    module = Deep().double()
    cell, params = sg.trace(module, inputs=("x", ("h", "c"), "top"))
    assert set(cell.states) == {"h", "c", "top"}
    assert cell.equation("e") == "e[t] = relu(W_e @ x[t] + b_e)"
    assert "r_2" not in cell.gates  # the names of the zoo, each once
    x = torch.randn(6, 3, dtype=torch.float64)
    low = (torch.zeros(1, 4, dtype=torch.float64),) * 2
    top, true = torch.zeros(1, 2, dtype=torch.float64), []
    for row in x:
        with torch.no_grad():
            _, low, top = module(row[None], low, top)
        true.append(top[0].numpy())
    assert np.abs(sg.simulate(cell, params, x)["top"] - np.array(true)).max() < 1e-14


def test_a_cell_of_pytorch_by_itself() -> None:
    cell, params = sg.trace(nn.GRUCell(3, 4))
    assert cell.equations == sg.cell("gru-reset-after").equations
    assert params["U_n"].shape == (4, 4)


def test_what_is_not_traced_says_where() -> None:
    with pytest.raises(sg.SymgateError, match=r"Strange uses cumsum \(line \d+: return torch.cums"):
        sg.trace(Strange())
    with pytest.raises(sg.SymgateError, match="branches on values"):
        sg.trace(Branches())
    with pytest.raises(sg.SymgateError, match="a module of PyTorch"):
        sg.trace("gru")
    with pytest.raises(sg.SymgateError, match="name the input and the states"):
        sg.trace(Gated(), inputs=("x",))
