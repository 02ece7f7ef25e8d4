"""ONNX graphs, made here and run by onnxruntime: every node, both ways, weights behind nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from tests.tools import package

onnx = package("onnx")
runtime = package("onnxruntime")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 2, 3)).astype(np.float32)
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def drawn(*shape: int) -> Any:
    return (0.5 * RNG.normal(size=shape)).astype(np.float32)


def run(nodes: list[Any], constants: dict[str, Any], path: Path, out: str = "Y") -> Any:
    """Write a model, and what the runtime makes of X."""
    helper = onnx.helper
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("X", 1, ["t", "b", 3])],
        [helper.make_tensor_value_info(out, 1, None)],
        [onnx.numpy_helper.from_array(a, n) for n, a in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(made.SerializeToString())
    return runtime.InferenceSession(path).run([out], {"X": X})[0]


def node(kind: str, direction: str = "forward", **more: Any) -> Any:
    return onnx.helper.make_node(
        kind, ["X", "W", "R", "B"], ["Y"], hidden_size=4, direction=direction, **more
    )


def weights(kind: str, directions: int = 1) -> dict[str, Any]:
    g = GATES[kind]
    return {
        "W": drawn(directions, 4 * g, 3),
        "R": drawn(directions, 4 * g, 4),
        "B": drawn(directions, 8 * g),
    }


def flat(y: Any) -> Any:
    """(T, directions, B, n) as (T, B, directions n)."""
    return np.moveaxis(y, 1, 2).reshape(len(y), y.shape[2], -1)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("RNN", {}),
        ("RNN", {"activations": ["Relu"]}),
        ("GRU", {}),
        ("GRU", {"linear_before_reset": 1}),
        ("LSTM", {}),
        ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Softsign"]}),
        ("RNN", {"activations": ["Elu"], "activation_alpha": [0.2]}),
        ("GRU", {"activations": ["HardSigmoid", "LeakyRelu"], "activation_alpha": [0.25, 0.1]}),
    ],
)
def test_replays(kind: str, more: dict[str, Any], direction: str, tmp_path: Path) -> None:
    count = 2 if direction == "bidirectional" else 1
    if "activations" in more:
        more = {name: listed * count for name, listed in more.items()}
    made = node(kind, direction, **more)
    y = flat(run([made], weights(kind, count), tmp_path / "m"))
    net = sg.model(tmp_path / "m")
    found = net.check(X, y)
    assert found.error < 1e-5
    assert len(found.readings) == 1
    assert net.assumed == ()


def test_peepholes(tmp_path: Path) -> None:
    made = onnx.helper.make_node(
        "LSTM", ["X", "W", "R", "B", "", "", "", "P"], ["Y"], hidden_size=4
    )
    y = flat(run([made], {**weights("LSTM"), "P": drawn(1, 12)}, tmp_path / "m"))
    net = sg.model(tmp_path / "m")
    assert net.layers[0].cell.name == "lstm-peephole"
    assert net.check(X, y).error < 1e-5


def test_two_layers_with_a_squeeze_between(tmp_path: Path) -> None:
    helper = onnx.helper
    second = {
        "W2": drawn(1, 12, 4),
        "R2": drawn(1, 12, 4),
        "B2": drawn(1, 24),
        "axis": np.array([1]),
    }
    nodes = [
        helper.make_node("LSTM", ["X", "W", "R", "B"], ["Y1"], hidden_size=4, name="low"),
        helper.make_node("Squeeze", ["Y1", "axis"], ["S"]),
        helper.make_node("GRU", ["S", "W2", "R2", "B2"], ["Y"], hidden_size=4, name="high"),
    ]
    y = flat(run(nodes, {**weights("LSTM"), **second}, tmp_path / "m"))
    net = sg.model(tmp_path / "m")
    assert net.groups == ("low+high",)
    assert net.check(X, y).error < 1e-5
    assert set(net.stack()[0].states) == {"h1", "c1", "h2"}


def test_weights_behind_nodes(tmp_path: Path) -> None:
    """Slice, Concat, Unsqueeze, Transpose and a Constant give W and R."""
    helper, made = onnx.helper, weights("LSTM")
    W = made.pop("W")[0]
    constants = {
        **made,
        "flat": W.T,
        "top": np.array([0]),
        "half": np.array([8]),
        "end": np.array([99]),
        "zero": np.array([0]),
    }
    nodes = [
        helper.make_node("Transpose", ["flat"], ["whole"], perm=[1, 0]),
        helper.make_node("Slice", ["whole", "top", "half", "zero"], ["a"]),
        helper.make_node("Slice", ["whole", "half", "end", "zero"], ["b"]),
        helper.make_node("Concat", ["a", "b"], ["joined"], axis=0),
        helper.make_node("Unsqueeze", ["joined", "zero"], ["W"]),
        node("LSTM"),
    ]
    y = flat(run(nodes, constants, tmp_path / "m"))
    assert sg.model(tmp_path / "m").check(X, y).error < 1e-5


def test_branches(tmp_path: Path) -> None:
    """A layer in a branch, its weights outside; the other branch repeats it."""
    helper = onnx.helper

    def branch(name: str) -> Any:
        inner = helper.make_node("GRU", ["X", "W", "R", "B"], [name], hidden_size=4, name=name)
        return helper.make_graph([inner], name, [], [helper.make_tensor_value_info(name, 1, None)])

    nodes = [
        helper.make_node("If", ["yes"], ["Y"], then_branch=branch("t"), else_branch=branch("e"))
    ]
    y = flat(run(nodes, {**weights("GRU"), "yes": np.array(True)}, tmp_path / "m"))
    net = sg.model(tmp_path / "m")
    assert len(net.layers) == 1
    assert net.check(X, y).error < 1e-5


def test_quantised(tmp_path: Path) -> None:
    """Whole numbers with a scale and a zero point; the runtime rounds activations as well."""
    made = weights("LSTM")
    quantised: dict[str, Any] = {"B": made["B"]}
    for name in ("W", "R"):
        scale = np.abs(made[name]).max() / 127
        quantised[name] = np.swapaxes(np.round(made[name] / scale).astype(np.int8), 1, 2)
        quantised[f"{name}s"] = np.array([scale], np.float32)
        quantised[f"{name}z"] = np.array([0], np.int8)
    inputs = ["X", "W", "R", "B", "", "", "", "", "Ws", "Wz", "Rs", "Rz"]
    made_node = onnx.helper.make_node(
        "DynamicQuantizeLSTM", inputs, ["Y"], hidden_size=4, domain="com.microsoft"
    )
    y = flat(run([made_node], quantised, tmp_path / "m"))
    net = sg.model(tmp_path / "m")
    assert net.check(X, y).error < 4e-2
    assert "rounds activations" in net.assumed[0]


def test_a_planted_order_is_found(tmp_path: Path) -> None:
    made = weights("LSTM")
    y = flat(run([node("LSTM")], made, tmp_path / "m"))
    found = sg.model(tmp_path / "m", order="i f o g").check(X, y)
    assert not found.holds
    assert [fit.reading.order for fit in found.readings] == [("i", "o", "f", "g")]


def test_a_graph_without_a_layer_lists_what_is_inside(tmp_path: Path) -> None:
    run([onnx.helper.make_node("Relu", ["X"], ["Y"])], {}, tmp_path / "m")
    with pytest.raises(sg.SymgateError, match="inside are Relu"):
        sg.model(tmp_path / "m")


def test_clipping_is_refused(tmp_path: Path) -> None:
    run([node("LSTM", clip=1.0)], weights("LSTM"), tmp_path / "m")
    with pytest.raises(sg.SymgateError, match="clips"):
        sg.model(tmp_path / "m")


def test_what_stands_before_leaves_the_layout_open(tmp_path: Path) -> None:
    before = onnx.helper.make_node("Relu", ["X"], ["X2"])
    own = onnx.helper.make_node("GRU", ["X2", "W", "R", "B"], ["Y"], hidden_size=4)
    run([before, own], weights("GRU"), tmp_path / "m")
    net = sg.model(tmp_path / "m")
    assert "batch_first" in "".join(net.assumed)
    with pytest.warns(UserWarning, match="2 steps of 6 samples"):
        net.simulate(X.swapaxes(0, 1))


def test_batches_come_first_behind_a_transpose(tmp_path: Path) -> None:
    turned = onnx.helper.make_node("Transpose", ["X"], ["X2"], perm=[1, 0, 2])
    own = onnx.helper.make_node("GRU", ["X2", "W", "R", "B"], ["Y"], hidden_size=4)
    y = run([turned, own], weights("GRU"), tmp_path / "m")
    net = sg.model(tmp_path / "m")
    assert net.batch_first
    assert net.check(X, flat(y).swapaxes(0, 1)).error < 1e-5


@pytest.mark.parametrize(
    ("inputs", "constants", "said"),
    [
        (["L"], {"L": np.array([6, 4], np.int32)}, "sequence_lens"),
        (["", "h"], {"h": np.ones((1, 2, 4), np.float32)}, "starts from a state"),
        (["", "h"], {"h": np.zeros((1, 2, 4), np.float32)}, ""),
    ],
)
def test_what_a_replay_leaves_out_is_said(
    inputs: list[str], constants: dict[str, Any], said: str, tmp_path: Path
) -> None:
    own = onnx.helper.make_node("GRU", ["X", "W", "R", "B", *inputs], ["Y"], hidden_size=4)
    y = run([own], {**weights("GRU"), **constants}, tmp_path / "m")
    net = sg.model(tmp_path / "m")
    assert net.check(X, flat(y)).holds == (not said)
    assert bool(net.assumed) == bool(said)
    assert said in "".join(net.assumed)


def test_layers_that_share_their_weights(tmp_path: Path) -> None:
    """One reads the other: both stand, though branches that repeat a layer give it once."""
    w = {"W": drawn(1, 9, 3), "R": drawn(1, 9, 3), "B": drawn(1, 18)}
    make = onnx.helper.make_node
    nodes = [
        make("GRU", ["X", "W", "R", "B"], ["A"], hidden_size=3, name="low"),
        make("Squeeze", ["A", "axes"], ["S"]),
        make("GRU", ["S", "W", "R", "B"], ["Y"], hidden_size=3, name="high"),
    ]
    y = run(nodes, {**w, "axes": np.array([1])}, tmp_path / "m.onnx")
    found = sg.model(tmp_path / "m.onnx").check(X, flat(y))
    assert found.error < 1e-5


@pytest.mark.parametrize(
    ("operation", "more", "shape"),
    [
        ("Transpose", {"perm": [2, 1, 0, 3]}, None),  # samples for steps
        ("Reshape", {}, [4, 6, 1, 4]),
        ("Transpose", {"perm": [0, 1, 2, 3]}, None),
    ],
)
def test_an_output_laid_out_otherwise_is_not_handed_on(
    operation: str, more: dict[str, Any], shape: list[int] | None, tmp_path: Path
) -> None:
    make, file = onnx.helper.make_node, tmp_path / "m.onnx"
    constants = {**weights("GRU"), "W2": drawn(1, 12, 4), "axes": np.array([1])}
    reshaped = [] if shape is None else ["shape"]
    nodes = [
        node("GRU", name="lower"),
        make(operation, ["Y", *reshaped], ["a"], **more),
        make("Squeeze", ["a", "axes"], ["b"]),
        make("GRU", ["b", "W2", "R", "B"], ["Z"], hidden_size=4, name="upper"),
    ]
    if shape is not None:
        constants["shape"] = np.array(shape)
        nodes[2] = make("Squeeze", ["a", "axis"], ["b"])
        constants["axis"] = np.array([2])
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [onnx.helper.make_tensor_value_info("X", 1, [6, 4, 3])],
        [onnx.helper.make_tensor_value_info("Z", 1, None)],
        [onnx.numpy_helper.from_array(a, n) for n, a in constants.items()],
    )
    file.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    net = sg.model(file)
    stacked = more.get("perm") == [0, 1, 2, 3]
    assert len(net.groups) == (1 if stacked else 2)
    assert any("upper: it reads what GRU gives out" in a for a in net.assumed) != stacked
