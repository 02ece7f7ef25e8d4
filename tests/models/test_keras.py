"""Layers of Keras: in memory and from each of its three kinds of files."""

from __future__ import annotations

import contextlib
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from tests.chosen import in_turn
from tests.tools import package


@pytest.fixture(autouse=True)
def single_precision() -> Any:
    """Keras computes in float32; another test of this process may have asked JAX for 64 bits."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_enable_x64", before)


keras = package("keras")
h5py = package("h5py")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 3)).astype(np.float32)


def layer(kind: str, **options: Any) -> Any:
    return getattr(keras.layers, kind)(4, **{"return_sequences": True, **options})


def two_ways(inner: Any, merge: str) -> Any:
    return keras.layers.Bidirectional(inner, merge_mode=merge)


CASES = {
    "rnn": lambda: [layer("SimpleRNN")],
    "rnn-relu": lambda: [layer("SimpleRNN", activation="relu", use_bias=False)],
    "lstm": lambda: [layer("LSTM")],
    "lstm-last": lambda: [layer("LSTM", return_sequences=False)],
    "lstm-hard": lambda: [layer("LSTM", recurrent_activation="hard_sigmoid", activation="relu")],
    "gru": lambda: [layer("GRU")],
    "gru-before": lambda: [layer("GRU", reset_after=False)],
    "gru-no-bias": lambda: [layer("GRU", use_bias=False)],
    "gru-leaky": lambda: [layer("GRU", activation="leaky_relu")],
    "both-ways": lambda: [two_ways(layer("GRU"), "concat")],
    "both-ways-sum": lambda: [two_ways(layer("LSTM", return_sequences=False), "sum")],
    "deep": lambda: [layer("LSTM"), keras.layers.Dropout(0.5), two_ways(layer("GRU"), "ave")],
}


def model(case: str) -> Any:
    """A model with drawn weights."""
    found = keras.Sequential([keras.Input((None, 3)), *CASES[case]()])
    rng = np.random.default_rng(1)
    for weight in found.weights:
        weight.assign(0.5 * rng.normal(size=weight.shape))
    return found


@pytest.mark.parametrize("case", in_turn(CASES, 5))
def test_replays(case: str, tmp_path: Path) -> None:
    source = model(case)
    y = np.asarray(source(X))
    source.save(tmp_path / "whole.keras")
    source.save(tmp_path / "old.h5")
    source.save_weights(tmp_path / "only.weights.h5")
    net = sg.model(source)
    found = net.check(X, y)
    assert found.error < 1e-5
    assert len(found.readings) == 1
    assert net.assumed == ()
    for file in ("whole.keras", "old.h5"):
        read = sg.model(tmp_path / file)
        assert read.assumed == ()
        assert [_told(a) for a in read] == [_told(a) for a in net]
        assert {(a.name, a.name) for a in net} <= set(net.same_weights(read))
    if case != "deep":
        only = sg.model(tmp_path / "only.weights.h5", merge="sum" if "sum" in case else "concat")
        assert only.assumed
        assert len(only.check(X, y).readings) == (case not in ("lstm-hard", "gru-leaky"))


def _told(layer: sg.Layer) -> tuple[Any, ...]:
    return layer.name, layer.group, layer.depth, layer.reading, layer.merge, layer.last_only


def test_a_layer_by_itself() -> None:
    source = model("gru")
    net = sg.model(source.layers[0])
    assert net.check(X, np.asarray(source(X))).error < 1e-5


def test_a_planted_order_is_found() -> None:
    source = model("gru")
    y = np.asarray(source(X))
    kernel, recurrent, bias = (np.asarray(w) for w in source.weights)
    planted = {
        "lstm.kernel": np.concatenate([kernel[:, 4 * k : 4 * k + 4] for k in (2, 0, 1)], 1),
        "lstm.recurrent_kernel": np.concatenate(
            [recurrent[:, 4 * k : 4 * k + 4] for k in (2, 0, 1)], 1
        ),
        "lstm.bias": np.concatenate([bias[:, 4 * k : 4 * k + 4] for k in (2, 0, 1)], 1),
    }
    found = sg.model(planted, batch_first=True).check(X, y)
    assert not found.holds
    assert [fit.reading.order for fit in found.readings] == [("n", "z", "r")]


def test_what_is_between_makes_no_stack() -> None:
    source = keras.Sequential(
        [keras.Input((None, 3)), layer("LSTM"), keras.layers.Dense(4), layer("LSTM")]
    )
    net = sg.model(source)
    assert len(net.groups) == 2
    with pytest.raises(sg.SymgateError, match="2 recurrent networks"):
        net.stack()


def test_a_functional_model_is_wired_by_its_graph() -> None:
    x = keras.Input((None, 3))
    first = layer("LSTM", name="first")(x)
    second = layer("GRU", name="second")(first)
    other = layer("GRU", name="other")(keras.layers.Add()([first, second]))
    net = sg.model(keras.Model(x, [second, other]))
    assert net.groups == ("first+second", "other")
    cell, params = net["first+second"].stack()  # type: ignore[union-attr]  # a network
    assert set(cell.states) == {"c1", "h1", "h2"}
    assert params["U1_f"].shape == (4, 4)


def test_backwards_alone_is_refused() -> None:
    with pytest.raises(sg.SymgateError, match="go_backwards"):
        sg.model(keras.Sequential([keras.Input((None, 3)), layer("GRU", go_backwards=True)]))


def test_directions_of_two_kinds() -> None:
    """The backward layer of a Bidirectional may have activations of its own."""
    back = layer("LSTM", activation="relu", go_backwards=True)
    both = keras.layers.Bidirectional(layer("LSTM"), backward_layer=back)
    made = keras.Sequential([keras.Input((None, 3)), both])
    net = sg.model(made)
    assert net.check(X, np.asarray(made(X))).error < 1e-6
    assert net.layers[1].cell.name == "lstm-relu"


def test_a_function_of_ones_own_is_refused() -> None:
    made = keras.Sequential([keras.Input((None, 3)), layer("LSTM", activation=lambda a: a * 2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns that it cannot save it
        with pytest.raises(sg.SymgateError, match="function of its own"):
            sg.model(made)


def test_half_precision_is_allowed_for() -> None:
    made = keras.Sequential([keras.Input((None, 3)), layer("GRU", dtype="mixed_float16")])
    found = sg.model(made).check(X, np.asarray(made(X)).astype(np.float32))
    assert found.holds
    assert found.error > 1e-5


def test_weights_of_a_model_that_is_a_class(tmp_path: Path) -> None:
    class Own(keras.Model):  # type: ignore[misc]  # Keras is untyped
        def __init__(self) -> None:
            super().__init__()
            self.encoder = layer("GRU")

        def call(self, x: Any) -> Any:
            return self.encoder(x)

    made = Own()
    y = np.asarray(made(X))
    made.save_weights(tmp_path / "own.weights.h5")
    net = sg.model(tmp_path / "own.weights.h5")
    assert net.check(X, y).error < 1e-6
    assert net.layers[0].name == "encoder"


def test_old_files_of_weights(tmp_path: Path) -> None:
    """Keras 2.0 wrote such a file; hard_sigmoid and reset before were its defaults."""
    source = keras.Sequential([keras.Input((None, 3)), layer("GRU", reset_after=False)])
    weights = [RNG.normal(size=w.shape).astype(np.float32) for w in source.weights]
    with h5py.File(tmp_path / "w.hdf5", "w") as file:
        file.attrs["keras_version"] = b"2.0.6"
        for name, array in zip(("kernel", "recurrent_kernel", "bias"), weights, strict=True):
            file[f"rnn/rnn/{name}:0"] = array
    net = sg.model(tmp_path / "w.hdf5")
    assert net.layers[0].cell.equation("z").startswith("z[t] = hard_sigmoid(")
    assert any("Keras 2.0.6" in text for text in net.assumed)
    source.set_weights(weights)
    found = net.check(X, np.asarray(source(X)))
    assert [fit.reading.activations for fit in found.readings] == [{}]


@pytest.mark.parametrize("end", ["keras", "h5", ""])
def test_a_model_inside_a_model_is_one_stack(end: str, tmp_path: Path) -> None:
    inner = keras.Sequential(
        [layer("LSTM", name="a"), keras.layers.Dropout(0.1), layer("GRU", name="b")], name="inner"
    )
    x = keras.Input((6, 3))
    source = keras.Model(x, keras.layers.Dense(2)(inner(x)))
    for weight in source.weights:
        weight.assign(0.5 * RNG.normal(size=weight.shape))
    path = tmp_path / f"m.{end}"
    if end:
        with pytest.warns() if end == "h5" else contextlib.nullcontext():
            source.save(path)
    net = sg.model(path if end else source)
    assert set(net.groups) == {"inner.a+inner.b"}
    assert net.check(X, np.asarray(inner(X))).error < 1e-5


def test_a_cell_in_a_layer() -> None:
    source = keras.Sequential(
        [keras.Input((None, 3)), keras.layers.RNN(keras.layers.GRUCell(4), return_sequences=True)]
    )
    assert sg.model(source).check(X, np.asarray(source(X))).error < 1e-5
    cells = [keras.layers.LSTMCell(4), keras.layers.LSTMCell(4)]
    with pytest.raises(sg.SymgateError, match="StackedRNNCells, which is not read"):
        sg.model(keras.Sequential([keras.Input((None, 3)), keras.layers.RNN(cells)]))


def test_a_cell_of_ones_own_is_not_taken_for_its_parent(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable()
    class GRUCell(keras.layers.GRUCell):  # type: ignore[misc]  # Keras is untyped
        pass

    inner = keras.layers.RNN(GRUCell(4), name="inner")
    source = keras.Sequential([keras.Input((None, 3)), inner])
    source.save(tmp_path / "own.keras")
    for where in (source, tmp_path / "own.keras"):
        with pytest.raises(sg.SymgateError, match="inner is a GRU of your own"):
            sg.model(where)


def test_first_states_and_masks_are_said() -> None:
    """A decoder starts from its encoder's state; masked steps are passed over."""
    x = keras.Input((6, 3))
    masked = keras.layers.Masking(name="mask")(x)
    out, h, c = layer("LSTM", return_state=True, name="encoder")(masked)
    found = layer("LSTM", name="decoder")(out, initial_state=[h, c])
    net = sg.model(keras.Model(x, found))
    assert net.groups == ("encoder", "decoder")  # the output is not all that the decoder gets
    assert any(t.startswith("decoder: its first state comes from encoder") for t in net.assumed)
    assert any(t.startswith("encoder: mask masks steps") for t in net.assumed)


def test_what_is_said_is_said_in_the_words_of_the_version(tmp_path: Path) -> None:
    """hard_sigmoid was another function before Keras 3."""
    with h5py.File(tmp_path / "w.hdf5", "w") as file:
        file.attrs["keras_version"] = b"2.4.3"
        for name, shape in (("kernel", (3, 16)), ("recurrent_kernel", (4, 16)), ("bias", (16,))):
            file[f"rnn/rnn/{name}:0"] = RNG.normal(size=shape)
    net = sg.model(tmp_path / "w.hdf5", recurrent_activation="hard_sigmoid")
    assert net[0].reading.activations == {"gates": "hard_sigmoid(0.2)"}  # type: ignore[union-attr]


def test_both_directions_of_a_layer_by_its_name() -> None:
    source = model("deep")
    net = sg.model(source)
    both = next(a.name for a in source.layers if "bidirectional" in a.name)
    found = net[both]
    assert isinstance(found, sg.Network)
    assert [layer.reverse for layer in found] == [False, True]
    inner = source.layers[-1]
    low = np.asarray(source.layers[0](X))
    assert found.check(low, np.asarray(inner(low))).error < 1e-5
    with pytest.raises(sg.SymgateError, match=r"sg\.reach\(net, x, at\)"):
        sg.decay(net.simulate(X))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(sg.SymgateError, match=r"net\.simulate\(x\)"):
        sg.decay(net)  # type: ignore[arg-type]
    with pytest.raises(sg.SymgateError, match=r"layer\.cell"):
        sg.derive(net[0])  # type: ignore[arg-type]


def test_a_layer_that_is_called_twice_is_no_stack_on_itself(tmp_path: Path) -> None:
    x = keras.Input((6, 4))
    shared = layer("GRU", name="shared")
    made = keras.Model(x, layer("GRU", name="above")(shared(shared(x))))
    made.save(tmp_path / "m.keras")
    for net in (sg.model(tmp_path / "m.keras"), sg.model(made)):
        assert net.groups == ("shared", "above")
        assert "shared: the network calls it at 2 places" in net.assumed[0]


def test_an_input_that_is_not_the_networks_own_is_said() -> None:
    inner = [keras.Input((6, 3)), keras.layers.Dense(3), keras.layers.Dropout(0.1), layer("LSTM")]
    (text,) = sg.model(keras.Sequential(inner)).assumed
    assert "it reads what dense" in text


def test_files_of_keras_2_that_count_their_layers(tmp_path: Path) -> None:
    """Such files name no layer beside its arrays: the configuration does."""
    made = keras.Sequential(
        [keras.Input((6, 3)), layer("GRU", reset_after=False), layer("GRU", use_bias=False)]
    )
    made.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as old:
        parts = {n: old.read(n) for n in old.namelist()}
    (tmp_path / "w.h5").write_bytes(parts["model.weights.h5"])
    with h5py.File(tmp_path / "w.h5", "a") as file:
        file.visititems(lambda _, item: item.attrs.pop("name", None) and None)
    parts["model.weights.h5"] = (tmp_path / "w.h5").read_bytes()
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    net = sg.model(tmp_path / "m.keras")
    assert net.groups == ("+".join(a.name for a in net),)
    assert [a.cell.name for a in net] == ["gru", "gru-reset-after"]
    assert net.assumed == ()
