"""Conventions of frameworks that do not install beside the others: recorded pairs.

`recorded.json` has, for each row of conventions.toml that no installed framework has, random
weights, an input and what the framework itself gave for it: the cells of TensorFlow 1 and the
weights of CuDNN and of Keras 1, as TensorFlow 2.15 and its Keras run and convert them; Haiku.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg

PAIRS = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{p['row']}-{k}" for k, p in enumerate(PAIRS)])
def test_recorded(pair: dict[str, Any]) -> None:
    arrays = {name: np.array(a, np.float32) for name, a in pair["arrays"].items()}
    net = sg.model(arrays, batch_first=False, **pair["said"])
    assert net.layers[0].row == pair["row"], pair["source"]
    found = net.check(np.array(pair["x"], np.float32), np.array(pair["y"], np.float32))
    assert found.error < 1e-6
    own = net.layers[0].reading
    assert [(f.reading.order, f.reading.add) for f in found.readings] == [(own.order, own.add)]
    assert found.margin > 1e-3


def test_a_recorded_forget_bias_is_found() -> None:
    """The weights of a TensorFlow cell with forget_bias=0 are read with 1, which is said."""
    pair = next(p for p in PAIRS if p["said"] == {"forget_bias": 0})
    net = sg.model({name: np.array(a, np.float32) for name, a in pair["arrays"].items()})
    assert any("forget_bias=0" in text for text in net.assumed)
    found = net.check(np.array(pair["x"], np.float32), np.array(pair["y"], np.float32))
    assert not found.holds
    assert [f.reading.add for f in found.readings] == [{}]


def test_names_of_tensorflow() -> None:
    """Cells in a stack or in two directions; what an optimizer keeps is no weight."""
    rng = np.random.default_rng(0)

    def cell(name: str, m: int, n: int = 4) -> dict[str, Any]:
        return {f"{name}/kernel": rng.normal(size=(m + n, 4 * n)), f"{name}/bias": np.zeros(4 * n)}

    deep = "rnn/multi_rnn_cell/cell_{}/basic_lstm_cell"
    moments = {f"{deep.format(0)}/kernel/Adam": np.ones((7, 16))}
    net = sg.model({**cell(deep.format(0), 3), **cell(deep.format(1), 4), **moments})
    assert set(net.stack()[0].states) == {"c1", "h1", "c2", "h2"}
    assert not any("Adam" in text for text in net.assumed)
    ways = "bidirectional_rnn/{}/lstm_cell"
    net = sg.model({**cell(ways.format("fw"), 3), **cell(ways.format("bw"), 3)})
    assert [layer.reverse for layer in net] == [False, True]


@pytest.mark.parametrize(
    ("kernels", "beside"),
    [
        ({"weight_ih": (16, 3), "weight_hh": (16, 4)}, "weight_ch"),
        ({"rnn.weight_ih": (16, 3), "rnn.weight_hh": (16, 4)}, "rnn.lora_A"),
        ({"enc_w_ih": (16, 3), "enc_w_hh": (16, 4)}, "enc_w_ch"),
        ({"a.layer_norm_basic_lstm_cell.kernel": (7, 16)}, "a.layer_norm_basic_lstm_cell.gamma"),
    ],
)
def test_arrays_beside_a_layer_are_said(kernels: dict[str, Any], beside: str) -> None:
    net = sg.model(
        {**{name: np.ones(shape) for name, shape in kernels.items()}, beside: np.ones(4)}
    )
    assert any(f"beside its weights stand {beside}" in text for text in net.assumed)


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"w_ih": (4, 4), "w_hh": (4, 4)}, "its square matrices are taken for W @ x"),
        ({"kernel": (4, 4), "recurrent_kernel": (4, 4)}, "its square matrices are taken for x @ W"),
        ({f"{a}_{g}": (4, 4) for g in "ifco" for a in "WU"}, "square matrices are taken for x @ W"),
        ({"lstm.weight_ih": (12, 3), "lstm.weight_hh": (12, 4)}, "its name says lstm"),
    ],
)
def test_what_shapes_and_names_leave_open_is_said(shapes: dict[str, Any], said: str) -> None:
    net = sg.model({name: np.ones(shape) for name, shape in shapes.items()})
    assert any(said in text for text in net.assumed)


def test_parts_of_a_network_in_several_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {"weight_ih": rng.normal(size=(12, 3)), "weight_hh": rng.normal(size=(12, 4))}
    arrays["bias_ih"] = rng.normal(size=12)
    files = {name: f"m-0000{1 + (name == 'bias_ih')}-of-00002.safetensors" for name in arrays}
    for file in set(files.values()):
        write(tmp_path / file, {n: arrays[n] for n in arrays if files[n] == file})
    index = tmp_path / "m.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": files}), encoding="utf-8")
    assert sg.model(index).same_weights(sg.model(arrays))
    before = sg.model(index).origin.sha256
    write(tmp_path / files["bias_ih"], {"bias_ih": arrays["bias_ih"] + 1})
    assert sg.model(index).origin.sha256 != before
    (part,) = set(files.values()) - {files["bias_ih"]}
    assert any("part 1 of 2" in text for text in sg.model(tmp_path / part).assumed)
    (tmp_path / files["bias_ih"]).unlink()
    with pytest.raises(sg.SymgateError, match=f"there is no file .*{files['bias_ih']}"):
        sg.model(index)
    index.write_text(json.dumps({"weight_map": {"a": "../m-00001-of-00002.pt"}}), encoding="utf-8")
    with pytest.raises(sg.SymgateError, match="no index of the parts"):
        sg.model(index)


def write(path: Path, arrays: dict[str, Any]) -> None:
    """A file of safetensors."""
    header, data = {}, b""
    for name, array in arrays.items():
        ends = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": ends}
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
