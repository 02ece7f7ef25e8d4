"""ONNX: the recurrent nodes of a graph, of its branches and loops, with their weights.

The file is parsed by the onnx package and never run. Weights may stand behind a few
operations on constants, which are worked out here; nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from symgate.errors import SymgateError
from symgate.models.formats.onnx_layout import LAYING, PASSING, is_handed_on, said, way_to
from symgate.models.formats.onnx_nodes import Around, OnnxNode, node_of
from symgate.models.optional import optional
from symgate.stored.arrays import LARGEST, Array, Contents, checked_bytes, few, from_bytes

#: A message of protobuf is shorter than this.
LONGEST = 1 << 31

#: What an operation on weights acts on is no larger than so many times all that was read:
#: they are cut, joined and widened, never repeated.
WIDENED = 16

RECURRENT = ("RNN", "GRU", "LSTM", "DynamicQuantizeLSTM")

#: ONNX's codes of types: the type, and the field that holds the numbers where they are not raw.
TYPES = {
    1: ("float32", "float_data"),
    2: ("uint8", "int32_data"),
    3: ("int8", "int32_data"),
    5: ("int16", "int32_data"),
    6: ("int32", "int32_data"),
    7: ("int64", "int64_data"),
    9: ("bool", "int32_data"),
    10: ("float16", ""),
    11: ("float64", "double_data"),
    16: ("bfloat16", ""),
}


def read(path: Path) -> Contents:
    """The recurrent layers of a model, each with what its node says."""
    onnx = optional("onnx", "an ONNX file")
    if path.stat().st_size > LONGEST:
        raise SymgateError(f"{path} is larger than {LONGEST:,} bytes, the limit of ONNX itself")
    try:
        model = onnx.ModelProto.FromString(path.read_bytes())
    except Exception as error:  # protobuf raises what it likes
        raise SymgateError(
            f"{path} is not a whole ONNX file ({type(error).__name__}); it was cut off"
        ) from None
    if not model.graph.node:
        raise SymgateError(
            f"{path} is no ONNX file, or one with no nodes in it; TensorFlow's .pb is saved anew "
            f'with model.save("model.keras")'
        )
    every = list(_nodes(model.graph, _GraphScope(path)))
    recurrent = [(node, scope) for node, scope in every if node.op_type in RECURRENT]
    layers = (
        node_of(node, scope.constant, _around(node, scope), path) for node, scope in recurrent
    )
    nodes = _apart(few(path, [one for some in layers for one in some]))
    kinds = sorted({str(node.op_type) for node, _ in every})
    inner = [f.name for f in model.functions if any(n.op_type in RECURRENT for n in f.node)]
    if inner and not nodes:
        raise SymgateError(
            f"{path} has its recurrent layers inside the functions {', '.join(inner[:5])}; write "
            f"them out, with onnx.inliner.inline_local_functions(model)"
        )
    return Contents(
        "an ONNX file",
        nodes=tuple(node.layer for node in _distinct(nodes)),
        chains=_chains(nodes),
        inside=tuple(kinds),
        batch_first=next((b for b in (True, False) if b in {n.batch_first for n in nodes}), None),
    )


@dataclass
class _GraphScope:
    """What names stand for: initialisers, and the nodes that make the other values."""

    path: Path
    tensors: dict[str, Any] = field(default_factory=dict)
    makers: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    known: dict[str, Array | None] = field(default_factory=dict)
    stored: list[int] = field(default_factory=lambda: [0])  # bytes that were read, in one number

    def inside(self, graph: Any) -> _GraphScope:
        if self.depth > 20:
            raise SymgateError("the graph has branches nested more than 20 deep; refused")
        return _GraphScope(
            self.path,
            {**self.tensors, **{t.name: t for t in graph.initializer}},
            {**self.makers, **{o: n for n in graph.node for o in n.output if o}},
            self.depth + 1,
            stored=self.stored,
        )

    def constant(self, name: str, depth: int = 0) -> Array | None:
        """The value of a name, where it follows from constants by the operations below."""
        if name not in self.known:
            self.known[name] = self.folded(name, depth) if name else None
        return self.known[name]

    def read(self, found: Array | None) -> Array | None:
        """An array of the file, counted."""
        self.stored[0] += 0 if found is None else found.nbytes
        return found

    def folded(self, name: str, depth: int) -> Array | None:
        """The same, worked out."""
        if name in self.tensors:
            return self.read(tensor(self.path, self.tensors[name]))
        node = self.makers.get(name)
        if node is None or depth > 50:
            return None
        attributes = {a.name: a for a in node.attribute}
        if node.op_type == "Constant":
            return self.read(_of_constant(self.path, attributes))
        if node.op_type not in FOLDED:
            return None
        inputs = [self.constant(i, depth + 1) for i in node.input]
        if any(v is None and i for v, i in zip(inputs, node.input, strict=True)):
            return None
        size = sum(v.nbytes for v in inputs if v is not None)
        if size > WIDENED * self.stored[0]:
            raise SymgateError(
                f"{self.path}: {node.op_type} {node.name!r} acts on {size:,} bytes of weights, "
                f"more than is worked out here"
            )
        try:
            return np.asarray(FOLDED[node.op_type](inputs, attributes))
        except (ValueError, IndexError, TypeError, KeyError) as error:
            raise SymgateError(
                f"{self.path}: {node.op_type} {node.name!r} does not fit its weights: {error}"
            ) from None


def _nodes(graph: Any, outer: _GraphScope) -> Iterator[tuple[Any, _GraphScope]]:
    """Every node of a graph and of the graphs inside it, with what names stand for there."""
    scope = outer.inside(graph)
    for node in graph.node:
        yield node, scope
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.type == 5 else attribute.graphs:
                yield from _nodes(inner, scope)


def _around(node: Any, scope: _GraphScope) -> Around:
    """What is done before a recurrent node, and what a replay of it leaves out."""
    given = [*node.input, *[""] * 7]
    notes = []
    if given[4]:
        notes.append(
            "it ends its sequences by sequence_lens; here every step counts, so give sequences "
            "of their own lengths (lengths=)"
        )
    if not all(_is_start(name, scope) for name in given[5:7]):
        notes.append(
            "it starts from a state that the file holds or works out; the replay starts at 0, "
            "say state= for another"
        )
    source, way = way_to(given[0], scope.makers)
    maker = scope.makers.get(source)
    turned = [n for n in way if n.op_type not in PASSING]
    batch_first = None
    if maker is None:
        turns = [[*said(n)["perm"].ints] for n in turned if "perm" in said(n)]
        batch_first = True if len(turned) == 1 and turns == [[1, 0, 2]] else None
        batch_first = batch_first if turned else False
    elif (
        maker.op_type in RECURRENT
        and source == maker.output[0]
        and is_handed_on(maker, way, node, scope.constant)
    ):
        return Around(source, None, tuple(notes))
    if batch_first is None:
        last = maker or turned[-1]
        notes.append(f"it reads what {last.op_type} gives out, not the network's input: x is that")
    return Around("", batch_first, tuple(notes))


#: Operations that make zeros of zeros.
KEEPING = ("Expand", "Slice", "Concat", "Gather", "Tile", "Split")


def _is_start(name: str, scope: _GraphScope, depth: int = 0) -> bool:
    """Whether a first state is 0, or an input of the graph that the caller gives."""
    value = scope.constant(name)
    node = scope.makers.get(name)
    if value is not None or node is None or depth > 50:
        return value is None or not value.any()
    if node.op_type == "ConstantOfShape":
        return not any(tensor(scope.path, a.t).any() for a in node.attribute)
    if node.op_type not in (*LAYING, *KEEPING):
        return False
    parts = node.input if node.op_type == "Concat" else node.input[:1]
    return all(_is_start(part, scope, depth + 1) for part in parts)


def _apart(nodes: list[OnnxNode]) -> list[OnnxNode]:
    """Names that differ where the nodes do."""
    seen: dict[tuple[str, bool], int] = {}
    out = []
    for node in nodes:
        key = node.name, node.layer.reverse
        count = seen[key] = seen.get(key, 0) + 1
        apart = replace(node.layer, name=f"{node.name}#{count}", group=f"{node.name}#{count}")
        out.append(node if count == 1 else replace(node, layer=apart))
    return out


def _distinct(nodes: list[OnnxNode]) -> tuple[OnnxNode, ...]:
    """Layers that hold the very same weights (branches repeat them) are given once, but for
    those of which one reads the other."""
    chain = {name: names for names in _chains(nodes) for name in names}
    kept: list[OnnxNode] = []
    for node in nodes:
        twins = (other for other in kept if node.same_weights(other))
        if all(chain.get(node.name, node) is chain.get(other.name) for other in twins):
            kept.append(node)
    return tuple(kept)


def _chains(nodes: list[OnnxNode]) -> tuple[tuple[str, ...], ...]:
    chains: list[list[str]] = []
    ends: dict[str, list[str]] = {}
    placed: set[str] = set()
    for node in nodes:
        chain = ends.get(node.reads)
        if node.reads and chain is not None:
            if chain[-1] != node.name:
                chain.append(node.name)
        elif node.name not in placed:
            chain = [node.name]
            chains.append(chain)
        else:
            continue
        placed.add(node.name)
        ends[node.writes] = chain
    return tuple(tuple(c) for c in chains)


def tensor(path: Path, proto: Any) -> Array:
    """The numbers of a tensor, its size held against what is there."""
    name, shape = proto.name or "a constant", tuple(proto.dims)
    if proto.data_type not in TYPES:
        raise SymgateError(f"{path}: {name!r} has a type that no weights have")
    dtype, place = TYPES[proto.data_type]
    itemsize = 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize
    if proto.data_location == 1:
        data = _external(path, proto)
    elif proto.raw_data or not place:
        data = proto.raw_data
    else:
        listed = getattr(proto, place)
        checked_bytes(name, shape, itemsize, len(listed) * itemsize)
        return np.array(listed, dtype=dtype).reshape(shape)
    size = checked_bytes(name, shape, itemsize, len(data))
    if size != len(data):
        raise SymgateError(f"{path}: {name!r} has {len(data):,} bytes for shape {shape}")
    return from_bytes(data, dtype, shape)


def _external(path: Path, proto: Any) -> bytes:
    """Bytes in a file beside the model: of its folder, and no link out of it."""
    said = {entry.key: entry.value for entry in proto.external_data}
    folder = path.resolve().parent
    beside = folder / said.get("location", "")
    real = beside.resolve()
    if not said.get("location") or folder not in real.parents or beside.is_symlink():
        raise SymgateError(
            f"{path}: the weights {proto.name!r} lie outside the model's folder "
            f"({said.get('location', '')!r}); refused"
        )
    try:
        start, length = int(said.get("offset", 0)), int(said.get("length", 0))
        whole = real.stat().st_size
        length = length or whole - start
        if not 0 <= start <= start + length <= whole or length > LARGEST:
            raise SymgateError(f"{path}: {proto.name!r} reaches beyond {real.name}; refused")
        with real.open("rb") as file:
            file.seek(start)
            return file.read(length)
    except (OSError, ValueError) as error:
        if isinstance(error, SymgateError):
            raise
        raise SymgateError(f"{path}: the weights in {real.name} cannot be read: {error}") from None


def _of_constant(path: Path, attributes: Mapping[str, Any]) -> Array | None:
    for name, get in (
        ("value", lambda a: tensor(path, a.t)),
        ("value_float", lambda a: np.array(a.f)),
        ("value_int", lambda a: np.array(a.i)),
        ("value_ints", lambda a: np.array(a.ints)),
        ("value_floats", lambda a: np.array(a.floats, np.float32)),
    ):
        if name in attributes:
            found: Array = get(attributes[name])
            return found
    return None


def _axes(inputs: list[Any], attributes: Mapping[str, Any], place: int = 1) -> tuple[int, ...]:
    if len(inputs) > place and inputs[place] is not None:
        return tuple(int(i) for i in np.atleast_1d(inputs[place]))
    return tuple(attributes["axes"].ints) if "axes" in attributes else ()


def _slice(inputs: list[Any], attributes: Mapping[str, Any]) -> Array:
    data = inputs[0]
    if len(inputs) > 1:
        starts, ends = inputs[1], inputs[2]
        axes = inputs[3] if len(inputs) > 3 and inputs[3] is not None else range(len(starts))
        steps = inputs[4] if len(inputs) > 4 and inputs[4] is not None else [1] * len(starts)
    else:
        starts, ends = attributes["starts"].ints, attributes["ends"].ints
        axes = attributes["axes"].ints if "axes" in attributes else range(len(starts))
        steps = [1] * len(starts)
    index = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[int(axis)] = slice(int(start), int(end), int(step))
    found: Array = data[tuple(index)]
    return found


def _reshape(inputs: list[Any], _: Mapping[str, Any]) -> Array:
    data, shape = inputs[0], [int(n) for n in inputs[1]]
    found: Array = data.reshape([data.shape[i] if n == 0 else n for i, n in enumerate(shape)])
    return found


def _dequantised(inputs: list[Any], attributes: Mapping[str, Any]) -> Array:
    data, scale = inputs[0].astype(np.float32), np.asarray(inputs[1])
    zero = inputs[2].astype(np.float32) if len(inputs) > 2 and inputs[2] is not None else 0.0
    if scale.ndim == 1 and scale.size > 1:
        axis = attributes["axis"].i if "axis" in attributes else 1
        shape = [-1 if i == axis % data.ndim else 1 for i in range(data.ndim)]
        scale, zero = scale.reshape(shape), np.reshape(zero, shape) if np.ndim(zero) else zero
    found: Array = (data - zero) * scale
    return found


def _cast(inputs: list[Any], attributes: Mapping[str, Any]) -> Array:
    dtype = TYPES[attributes["to"].i][0]
    found: Array = inputs[0].astype("float32" if dtype == "bfloat16" else dtype)
    return found


#: The operations on constants that are worked out.
FOLDED: dict[str, Callable[[list[Any], Mapping[str, Any]], Any]] = {
    "Identity": lambda i, _: i[0],
    "Cast": _cast,
    "Slice": _slice,
    "Concat": lambda i, a: np.concatenate(i, axis=a["axis"].i),
    "Transpose": lambda i, a: np.transpose(i[0], a["perm"].ints if "perm" in a else None),
    "Squeeze": lambda i, a: np.squeeze(i[0], axis=_axes(i, a) or None),
    "Unsqueeze": lambda i, a: np.expand_dims(i[0], _axes(i, a)),
    "Reshape": _reshape,
    "DequantizeLinear": _dequantised,
}
