"""Networks of PyTorch: replayed in float64, from the module and from its file."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.models.running import output
from tests.tools import package

torch = package("torch")
KINDS = {
    "rnn": ("RNN", {}),
    "rnn-relu": ("RNN", {"nonlinearity": "relu"}),
    "gru": ("GRU", {}),
    "lstm": ("LSTM", {}),
    "lstm-projected": ("LSTM", {"proj_size": 2}),
}


def made(kind: str, **options: Any) -> Any:
    """A network of PyTorch in float64, its input (7, 2, 3) and its output."""
    name, own = KINDS[kind]
    torch.manual_seed(0)
    module = getattr(torch.nn, name)(3, 5, **own, **options).double()
    x = torch.randn(7, 2, 3, dtype=torch.float64)
    return module, x, module(x)[0].detach().numpy()


@pytest.mark.parametrize("two_ways", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_replays(kind: str, bias: bool, layers: int, two_ways: bool, tmp_path: Path) -> None:
    module, x, y = made(kind, bias=bias, num_layers=layers, bidirectional=two_ways)
    path = tmp_path / "weights"  # a file is known by its first bytes
    torch.save({"epoch": 3, "note": "best", "model": module.state_dict()}, path)
    said = {"nonlinearity": "relu"} if kind == "rnn-relu" else {}
    for net in (sg.model(module), sg.model(path, **said)):
        assert np.abs(output(net, net.simulate(x)) - y).max() < 1e-12
        assert len(net.layers) == layers * (1 + two_ways)


@pytest.mark.parametrize("kind", KINDS)
def test_only_one_reading_fits(kind: str) -> None:
    module, x, y = made(kind)
    found = sg.model(module).check(x, y)
    assert found.holds
    assert len(found.readings) == 1
    assert found.margin > 1e4 * found.tolerance


def test_a_planted_order_is_found() -> None:
    module, x, y = made("lstm", num_layers=2)
    planted = {
        name: torch.cat([array.chunk(4)[k] for k in (0, 3, 1, 2)])  # i o f g
        for name, array in module.state_dict().items()
    }
    net = sg.model(planted)
    found = net.check(x, y)
    assert not found.holds
    assert [fit.reading.order for fit in found.readings] == [("i", "o", "f", "g")]
    assert sg.model(planted, order="i o f g").check(x, y).holds


def test_what_the_weights_do_not_say() -> None:
    module, x, y = made("rnn-relu")
    net = sg.model(module.state_dict())
    assert any("nonlinearity" in text for text in net.assumed)
    found = net.check(x, y)
    assert not found.holds
    assert found.readings[0].reading.activations == {"candidate": "relu"}
    assert not any("tanh" in t for t in sg.model(module.state_dict(), nonlinearity="relu").assumed)
    assert sg.model(module).assumed == ()


def test_one_step_is_too_little() -> None:
    module, x, _ = made("lstm")
    found = sg.model(module).check(x[:1], module(x[:1])[0])
    assert len(found.readings) > 1
    assert "one step" in found.notes[0]


def test_names_and_their_ends() -> None:
    class Two(torch.nn.Module):  # type: ignore[misc,name-defined]  # torch may be missing
        def __init__(self) -> None:
            super().__init__()
            self.encoder = torch.nn.Sequential(torch.nn.LSTM(3, 4))
            self.decoder = torch.nn.ModuleDict({"rnn": torch.nn.GRU(4, 4, num_layers=2)})

    net = sg.model(Two())
    assert [layer.name for layer in net.layers] == ["encoder.0", "decoder.rnn.l0", "decoder.rnn.l1"]
    assert net["0"] is net.layers[0]
    assert net["rnn.l1"] is net.layers[2]
    with pytest.raises(sg.UnknownName, match="a layer named 'nn'"):
        net["nn"]  # an end of a name is a whole word
    two = net["decoder.rnn"]
    assert isinstance(two, sg.Network)
    assert two.stack()[0].states == ("h1", "h2")
    with pytest.raises(sg.UnknownName, match=r"did you mean.*encoder\.0"):
        net["encoder.1"]
    with pytest.raises(sg.SymgateError, match="2 recurrent networks"):
        net.simulate(np.ones((4, 3)))


def test_layouts_lengths_and_carried_states() -> None:
    module, x, y = made("lstm", num_layers=2, batch_first=True)
    net = sg.model(module)
    run = net.simulate(x)  # (samples, steps, m), as the module says
    assert np.abs(np.swapaxes(run["h2"], 0, 1) - y).max() < 1e-12
    first = net.simulate(x[:, :1])
    rest = net.simulate(x[:, 1:], first)
    assert np.allclose(rest["h2"], run["h2"][1:], rtol=0, atol=1e-15)
    runs = net.simulate([x[0], x[1, :1]])
    assert [r["c2"].shape for r in runs] == [(2, 5), (1, 5)]
    assert np.allclose(runs[1]["h2"], run["h2"][:1, 1], rtol=0, atol=1e-15)
    padded = net.simulate(x, lengths=[2, 1, 2, 2, 2, 2, 2])
    assert np.array_equal(padded[1]["h2"], runs[1]["h2"])
    with pytest.warns(UserWarning, match="batch_first=True"):
        sg.model(module.state_dict()).simulate(np.ones((2, 7, 3)))
    with pytest.raises(sg.ShapeError, match="x has 4 numbers a step and l0 takes 3"):
        net.simulate(np.ones((5, 4)))


def test_bfloat16_and_gradients_are_taken(tmp_path: Path) -> None:
    module = made("gru")[0]
    module = module.bfloat16()
    torch.save(module.state_dict(), tmp_path / "b.pt")
    for source in (tmp_path / "b.pt", dict(module.named_parameters())):
        layer = sg.model(source).layers[0]
        assert layer.dtype in ("bfloat16", "float32")
        W = module.weight_ih_l0.detach().float().numpy()
        assert np.array_equal(layer.params["W_r"], W[:5])


def test_moments_of_an_optimiser_are_no_layers() -> None:
    weights = made("lstm")[0].state_dict()
    net = sg.model({"model": weights, "optimizer": {"exp_avg": weights}})
    assert [layer.name for layer in net.layers] == ["model"]


def test_a_parametrised_module_is_refused() -> None:
    module = torch.nn.utils.parametrizations.weight_norm(made("lstm")[0], "weight_hh_l0")
    for source in (module, module.state_dict()):
        with pytest.raises(sg.SymgateError, match="remove_parametrizations"):
            sg.model(source)


def test_a_checkpoint_of_a_trainer(tmp_path: Path) -> None:
    """Hyper-parameters, paths and numbers of NumPy beside the weights are passed over."""
    module, x, y = made("gru")
    beside = {
        "hyper_parameters": argparse.Namespace(rate=0.1, folder=Path("/a")),
        "best": np.float64(0.5),
        "device": torch.device("cpu"),
        "optimizer_states": [{"state": {0: {"exp_avg": module.weight_hh_l0.detach()}}}],
    }
    state = {f"module.net.{n}": a for n, a in module.state_dict().items()}
    torch.save({**beside, "state_dict": state}, tmp_path / "last.ckpt")
    net = sg.model(tmp_path / "last.ckpt", batch_first=False)
    assert net.groups == ("state_dict.module.net",)
    whole = sg.model({**beside, "state_dict": state, "names": ["a", "b"]})
    assert whole.groups == net.groups
    assert net.check(x, y).error < 1e-12


def test_a_file_of_before_1_6_says_how_to_save_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    torch.save(made("gru")[0].state_dict(), path, _use_new_zipfile_serialization=False)
    with pytest.raises(sg.SymgateError, match=r"before 1\.6.*weights_only=True"):
        sg.model(path)


def test_arrays_that_no_cell_has_are_said() -> None:
    state = dict(torch.nn.LSTMCell(3, 4).state_dict())
    beside = {f"cell.{n}": a for n, a in state.items()} | {"cell.ln.weight": torch.ones(16)}
    assert "cell.ln.weight" in "".join(sg.model(beside, batch_first=False).assumed)


def test_the_biases_of_equinox() -> None:
    """Its names are those of PyTorch's cells but for the biases: they are read, not passed over."""
    for kind, wide in (("LSTM", 20), ("GRU", 15)):
        torch.manual_seed(0)
        module = getattr(torch.nn, kind)(3, 5).double()
        own = {n: a.detach() for n, a in module.named_parameters()}
        arrays = {"weight_ih": own["weight_ih_l0"], "weight_hh": own["weight_hh_l0"]}
        arrays["bias"], beside = own["bias_ih_l0"].clone(), own["bias_hh_l0"]
        last = 10 if kind == "GRU" else wide
        arrays["bias"][:last] += beside[:last]
        if kind == "GRU":
            arrays["bias_n"] = beside[10:]
        x = torch.randn(6, 3, dtype=torch.float64)
        net = sg.model(arrays)
        assert np.abs(output(net, net.simulate(x)) - module(x)[0].detach().numpy()).max() < 1e-14
        assert "Equinox" in net.assumed[0]


def test_a_class_of_the_users_is_said() -> None:
    """Weights of the same names and shapes are no proof: the class computes what it likes."""

    class Own(torch.nn.LSTM):
        def forward(self, x: Any) -> Any:
            return -super().forward(x)[0]

    class Cell(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight_ih = torch.nn.Parameter(torch.ones(20, 3))
            self.weight_hh = torch.nn.Parameter(torch.ones(20, 5))

    for module in (Own(3, 5), Cell()):
        text = sg.model(module, batch_first=False).assumed[0]
        assert f"{type(module).__name__} is no layer of PyTorch's own" in text
    hooked = torch.nn.LSTM(3, 5, batch_first=True)
    hooked.register_forward_hook(lambda module, given, found: found)
    assert "forward hooks" in sg.model(hooked).assumed[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert not sg.model(torch.jit.script(torch.nn.GRU(3, 5))).assumed


def test_code_around_a_layer_is_said_not_to_be_read() -> None:
    class Twice(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = torch.nn.GRU(4, 4)

        def forward(self, x: Any) -> Any:
            return self.rnn(self.rnn(x)[0])[0]

    (said,) = sg.model(Twice()).assumed
    assert "Twice.forward is not read" in said
    assert sg.model(torch.nn.Sequential(torch.nn.GRU(4, 4))).assumed == ()


def test_parts_that_names_count_and_nothing_holds() -> None:
    state = torch.nn.GRU(3, 5, 2, bidirectional=True).state_dict()
    upper = {n: a for n, a in state.items() if "l1" in n}
    assert "weights of layer l0, whose output it reads," in sg.model(upper).assumed[0]
    back = {n: a for n, a in state.items() if "l0_reverse" in n}
    assert "weights of the forward direction" in sg.model(back).assumed[0]
    with pytest.raises(sg.SymgateError, match="no data"):
        sg.model(torch.nn.GRU(3, 5, device="meta"))


def test_a_network_that_amplifies_rounding_is_allowed_for() -> None:
    """In single precision its own outputs are off; no other reading comes near."""
    torch.manual_seed(0)
    module = torch.nn.RNN(3, 64)
    with torch.no_grad():
        module.weight_hh_l0 *= 4
    x = torch.randn(400, 3)
    y = module(x)[0].detach().numpy()
    net = sg.model(module)
    off = np.abs(output(net, net.simulate(x)) - y).max(axis=1)
    steps = int(np.argmax(off > 2e-4)) + 1
    assert steps > 5
    found = net.check(x[:steps], y[:steps])
    assert found.error > 1e-4
    assert found.holds
    assert len(found.readings) == 1
    planted = sg.model(module, nonlinearity="relu")
    assert not planted.check(x[:steps], y[:steps]).holds
