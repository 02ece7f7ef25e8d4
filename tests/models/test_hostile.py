"""Files that lie, and files that would run something: refused before anything is allocated."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import struct
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.models.keras_config import _below, facts_of
from symgate.stored.npz import read_npy
from tests.tools import package

MARK: list[str] = []


class Runs:
    """An object that runs something when a pickle is loaded."""

    def __reduce__(self) -> Any:
        return MARK.append, ("ran",)


def torch_zip(data: bytes, storage: bytes = b"\0" * 64, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/data.pkl", data)
        archive.writestr("a/data/0", storage)
        for name, content in more.items():
            archive.writestr(name, content)
    return out.getvalue()


def tensor(shape: tuple[int, ...], strides: tuple[int, ...], count: int = 16) -> bytes:
    """The pickle of {"weight_ih_l0": tensor} with any shape and strides, by hand."""

    def numbers(values: tuple[int, ...]) -> bytes:
        body = b"".join(b"\x8a\x08" + struct.pack("<q", v) for v in values)
        return b"(" + body + b"t"

    def text(word: str) -> bytes:
        return b"X" + struct.pack("<I", len(word)) + word.encode()

    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu")
    storage += b"\x8a\x08" + struct.pack("<q", count) + b"tQ"
    build = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00"
    build += numbers(shape) + numbers(strides) + b"\x89}tR"
    return b"\x80\x02}" + text("weight_ih_l0") + build + b"s."


def npz(header: str, content: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        text = header.encode() + b"\n"
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content
        archive.writestr("a.npy", data)
    return out.getvalue()


def zeros(size: int) -> bytes:
    """An array of so many zeros, packed."""
    out = io.BytesIO()
    np.savez_compressed(out, a=np.zeros(size))
    return out.getvalue()


def safetensors(header: Any, content: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def objects() -> bytes:
    out = io.BytesIO()
    np.savez(out, a=np.array([{}], dtype=object))
    return out.getvalue()


def paths() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../a/data.pkl", b"")
    return out.getvalue()


BIG = "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000,), }"
CASES: dict[str, tuple[bytes, str]] = {
    "a raw pickle": (pickle.dumps(Runs()), r"raw pickle.*state_dict"),
    "an object in a zip": (torch_zip(pickle.dumps({"a": Runs()}, 2)), r"objects are not made"),
    "TorchScript": (torch_zip(b"", **{"a/code/x.py": b""}), "TorchScript"),
    "torch.package": (torch_zip(b"", **{"a/.data/extern_modules": b""}), r"torch\.package"),
    "stride 0 of 10^10": (torch_zip(tensor((10**10,), (0,))), "claims 40,000,000,000 bytes"),
    "a negative stride": (torch_zip(tensor((4,), (-1,))), "shape and strides"),
    "10^15 numbers": (torch_zip(tensor((10**15,), (1,), 10**15)), "claims"),
    "strides beyond the bytes": (torch_zip(tensor((2, 2), (100, 1))), "beyond its bytes"),
    "a memo of 8 GB": (torch_zip(b"\x80\x02}r\xff\xff\xff\x3f."), "memory"),
    "an operation of objects": (torch_zip(b"\x80\x02cos\nsystem\n)\x81."), r"os\.system"),
    "a cut-off pickle": (torch_zip(b"\x80\x02}X\xff\xff\xff\x7fa"), "broken"),
    "80 GB of npz": (npz(BIG), "claims 80,000,000,000 bytes"),
    "100 MB of packed zeros": (zeros(12_500_000), "do not hold them"),
    "a header that is code": (npz("__import__('os')"), "not an array"),
    "object arrays": (objects(), "Python objects"),
    "paths in a zip": (paths(), "path out of it"),
    "a header of 10^15": (struct.pack("<Q", 10**15) + b"{}", "claims a header"),
    "safetensors beyond": (
        safetensors({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
        "outside the file",
    ),
    "safetensors that lie": (
        safetensors({"a": {"dtype": "F32", "shape": [10**15], "data_offsets": [0, 4]}}, b"1234"),
        "claims",
    ),
    "negative offsets": (
        safetensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}, b"1234"),
        "outside the file",
    ),
    "an empty file": (b"", "is empty"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
    "a web page": (b"<!DOCTYPE html><html>", "a web page"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "not a file of a trained network"),
    "half a zip": (torch_zip(b"")[:60], "cut off"),
    "no layer": (
        safetensors({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, b"1"),
        r"no recurrent layer.*a \(1,\)",
    ),
}


def test_layers_that_read_one_another_in_circles_end() -> None:
    passing: dict[str, Any] = {"class_name": "Dropout"}
    wired: Any = {"": (passing, [""]), "a": (passing, ["b"]), "b": (passing, ["a"])}
    assert _below("", ("Dropout",), wired) == ""
    assert _below("a", ("Dropout",), wired) in ("a", "b")


def test_a_name_steers_no_terminal() -> None:
    """Names of cells and of layers stand in pages, pictures and what a prompt shows."""
    name = "a\u202eb\u200bc\x1b[31md\x07"
    cell = sg.Cell.from_text("h[t] = tanh(W @ x[t] + U @ h[t-1])", name)
    arrays = {"weight_ih_l0": np.ones((12, 2)), "weight_hh_l0": np.ones((12, 3))}
    net = sg.model({f"{name}.{key}": array for key, array in arrays.items()})
    decay = sg.decay(cell, hidden=3, lags=3)
    made = [repr(cell), sg.derive(cell).text(), repr(decay), sg.diagram(cell).svg()]
    made += [repr(net), str(net), repr(net.layers), net.layers[0].name, sg.explore(cell).html]
    for text in made:
        assert text.replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.parametrize("kind", ["<U0", "|S0", "|V0"])
@pytest.mark.parametrize("shape", ["(True, 24)", "(0, 99999999999999999999)", "(24,)", "(3e0,)"])
def test_a_header_of_an_array_that_is_none(kind: str, shape: str, tmp_path: Path) -> None:
    for descr in (kind, "<f8") if shape != "(24,)" else (kind,):
        head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n"
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(192)
        (tmp_path / "a.npy").write_bytes(data)
        with pytest.raises(sg.SymgateError, match=r"impossible shape|without a size|not an array"):
            read_npy(tmp_path / "a.npy")


def test_many_layers_take_their_share_of_time(tmp_path: Path) -> None:
    """Names are counted and looked up, not compared each with each."""
    arrays: dict[str, Any] = {}
    for i in range(300):
        arrays[f"l{i}.weight_ih_l0"] = np.ones((12, 2))
        arrays[f"l{i}.weight_hh_l0"] = np.ones((12, 3))
        arrays[f"l{i}.norm.weight"] = np.ones(3)
    net = sg.model(arrays)
    assert [layer.name for layer in net.layers] == [f"l{i}" for i in range(300)]
    assert any("l7.norm.weight" in each for each in net["l7"].assumed)
    assert not any("l8.norm.weight" in each for each in net["l7"].assumed)


@pytest.mark.parametrize("case", CASES)
def test_is_refused(case: str, tmp_path: Path) -> None:
    content, why = CASES[case]
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(sg.SymgateError, match="no file"):
        sg.model("loads what is imported when it is first used")
    tracemalloc.start()
    try:
        with pytest.raises(sg.SymgateError, match=why):
            sg.model(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert MARK == []


def test_a_cut_off_file_says_so(tmp_path: Path) -> None:
    state = pickle.dumps(OrderedDict(), 2)
    whole = torch_zip(state)
    for length in range(4, len(whole) - 30, 7):
        (tmp_path / "m").write_bytes(whole[:length])
        with pytest.raises(sg.SymgateError):
            sg.model(tmp_path / "m")


def test_weights_that_are_not_finite(tmp_path: Path) -> None:
    W = np.ones((4, 2))
    W[3, 1] = np.nan
    with pytest.raises(sg.SymgateError, match=r"weight_hh_l0\[3, 1\] is nan"):
        sg.model({"weight_ih_l0": np.ones((4, 3)), "weight_hh_l0": np.pad(W, ((0, 0), (0, 2)))})
    with pytest.raises(sg.SymgateError, match="there is no file"):
        sg.model(tmp_path / "none.pt")
    with pytest.raises(sg.UnknownName, match="did you mean 'order'"):
        sg.model({}, oder="i f g o")


def hdf5(write: Callable[[Any, Any], None]) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        h5py = package("h5py")
        with h5py.File(path, "w") as file:
            write(h5py, file)

    return made


def soft(h5py: Any, file: Any) -> None:
    file["a"] = h5py.SoftLink("/b")


def external(h5py: Any, file: Any) -> None:
    file["a"] = h5py.ExternalLink("/etc/passwd", "/b")


def empty(h5py: Any, file: Any) -> None:
    file.create_dataset("a", shape=(10**10,), dtype="f8")


def raw(h5py: Any, file: Any) -> None:
    file.create_dataset("a", shape=(10,), dtype="u1", external=[("/etc/passwd", 0, 10)])


def kernel(h5py: Any, file: Any) -> None:
    file.create_dataset("rnn/rnn/kernel:0", data=np.ones((3, 4)))


def model_proto(change: Callable[[Any, Any], None], path: Path) -> None:
    onnx = package("onnx")
    helper = onnx.helper
    W = helper.make_tensor("W", 1, (1, 8, 2), np.zeros(16, np.float32).tobytes(), raw=True)
    R = helper.make_tensor("R", 1, (1, 8, 2), np.zeros(16, np.float32).tobytes(), raw=True)
    node = helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=2)
    change(helper, (W, node))
    graph = helper.make_graph([node], "g", [], [], [W, R])
    path.write_bytes(helper.make_model(graph).SerializeToString())


def outside(helper: Any, parts: Any) -> None:
    W = parts[0]
    W.ClearField("raw_data")
    W.data_location = 1
    entry = W.external_data.add()
    entry.key, entry.value = "location", "../secret"


def lying(helper: Any, parts: Any) -> None:
    parts[0].dims[0] = 10**12


def shape_constant(helper: Any, parts: Any) -> None:
    parts[1].input[1] = "made when it runs"


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (hdf5(soft), "links are not followed"),
        (hdf5(external), "links are not followed"),
        (hdf5(empty), "claims 80,000,000,000 bytes"),
        (hdf5(raw), "another file"),
        (lambda p: model_proto(outside, p), "outside the model's folder"),
        (lambda p: model_proto(lying, p), "claims"),
        (lambda p: model_proto(shape_constant, p), "only constants are read"),
    ],
)
def test_hdf5_and_onnx_are_refused(write: Callable[[Path], None], why: str, tmp_path: Path) -> None:
    write(tmp_path / "m")
    with pytest.raises(sg.SymgateError, match=why):
        sg.model(tmp_path / "m")


def test_weights_that_double_are_refused(tmp_path: Path) -> None:
    """Forty Concats of a constant with itself: 10^14 bytes from 128."""
    onnx = package("onnx")
    helper = onnx.helper
    nodes = [helper.make_node("Concat", [f"w{k}"] * 2, [f"w{k + 1}"], axis=0) for k in range(40)]
    nodes.append(helper.make_node("LSTM", ["x", "w40", "R"], ["y"], hidden_size=2))
    parts = [helper.make_tensor(n, 1, (1, 8, 2), np.zeros(16)) for n in ("w0", "R")]
    graph = helper.make_graph(nodes, "g", [], [], parts)
    (tmp_path / "m").write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(sg.SymgateError, match="more than is worked out"):
        sg.model(tmp_path / "m")


@pytest.mark.parametrize("wrong", [{"bias_ih_l0": np.ones(7)}, {"weight_ih_l0": np.ones((0, 3))}])
def test_shapes_that_fit_no_row(wrong: dict[str, Any]) -> None:
    arrays = {"weight_ih_l0": np.ones((16, 3)), "weight_hh_l0": np.ones((16, 4)), **wrong}
    with pytest.raises(sg.SymgateError, match="no recurrent layer"):
        sg.model(arrays)


@pytest.mark.parametrize("kind", ["pt", "npz", "onnx", "h5"])
def test_changed_bytes_never_end_raw(kind: str, tmp_path: Path) -> None:
    """Bytes changed at random: the network is read, or the file is refused in words."""
    package({"onnx": "onnx", "h5": "h5py"}.get(kind, "numpy"))
    if kind == "pt":
        (tmp_path / "m").write_bytes(torch_zip(tensor((4, 4), (4, 1))))
    elif kind == "npz":
        with (tmp_path / "m").open("wb") as file:
            np.savez(file, weight_ih_l0=np.ones((4, 3)), weight_hh_l0=np.ones((4, 4)))
    elif kind == "onnx":
        model_proto(lambda *_: None, tmp_path / "m")
    else:
        hdf5(kernel)(tmp_path / "m")
    whole = (tmp_path / "m").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40 if kind == "h5" else 150):  # each file of HDF5 is a process
        changed = np.frombuffer(whole, np.uint8).copy()
        places = rng.integers(0, len(changed), rng.integers(1, 8))
        changed[places] = rng.integers(0, 256, len(places))
        (tmp_path / "c").write_bytes(changed.tobytes()[: rng.integers(1, 2 * len(changed))])
        with contextlib.suppress(sg.SymgateError):
            sg.model(tmp_path / "c")


@pytest.mark.parametrize("units", [-3, 0, 1.5, "4", None])
def test_units_that_no_layer_has(units: object) -> None:
    config = {"config": {"layers": [{"class_name": "GRU", "config": {"units": units}}]}}
    with pytest.raises(sg.SymgateError, match="units of GRU must be a whole number, 1 or more"):
        facts_of(config, "3.0")


def test_more_than_any_network_has_is_refused() -> None:
    """Layers without number, and a view of one zero that is said to be 37 GB."""
    one = np.ones((1, 1))
    with pytest.raises(sg.SymgateError, match=r"30,000 layers or arrays, more than 20,000"):
        sg.model({f"l{k}.weight_ih_l0": one for k in range(30_000)})
    wide = np.broadcast_to(0.0, (400_000, 100_000))
    with pytest.raises(sg.SymgateError, match="GB of memory"):
        sg.model({"weight_ih_l0": wide, "weight_hh_l0": wide})
