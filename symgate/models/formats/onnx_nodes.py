"""One recurrent node of ONNX as layers: its directions, activations, biases, peepholes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.errors import SymgateError
from symgate.models.conventions import conventions
from symgate.models.reading import Blocks
from symgate.models.recognise import StoredLayer

Array = NDArray[Any]

#: How many activations each kind of node has a direction: their roles, and the usual ones.
USUAL = {
    "RNN": (("candidate",), ("Tanh",)),
    "GRU": (("gates", "candidate"), ("Sigmoid", "Tanh")),
    "LSTM": (("gates", "candidate", "output"), ("Sigmoid", "Tanh", "Tanh")),
}

#: The activations that are read, and of those with constants: the usual alpha and beta.
ACTIVATIONS = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "hardsigmoid": "hard_sigmoid",
    "softsign": "softsign",
    "softplus": "softplus",
    "elu": "elu",
    "leakyrelu": "leaky_relu",
    "identity": "linear",
}
CONSTANTS = {
    "hardsigmoid": (0.2, 0.5),
    "elu": (1.0,),
    "leakyrelu": (0.01,),
    "thresholdedrelu": (1.0,),
    "scaledtanh": (1.0, 1.0),
    "affine": (1.0, 0.0),
}


@dataclass(frozen=True)
class Around:
    """What the graph does around a node: the layer whose output it reads, the layout of the
    graph's input where it reads that, what a replay leaves out."""

    reads: str
    batch_first: bool | None
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """One direction of a node: its layer, and the values of the graph that it reads and writes."""

    layer: StoredLayer
    reads: str
    writes: str
    batch_first: bool | None

    @property
    def name(self) -> str:
        """The name of the layer."""
        return self.layer.name

    def same_weights(self, other: OnnxNode) -> bool:
        """Whether another layer is this one again, as branches repeat it."""
        mine, theirs = self.layer, other.layer
        return (mine.row, mine.reverse, mine.facts) == (
            theirs.row,
            theirs.reverse,
            theirs.facts,
        ) and all(map(_equal, vars(mine.blocks).values(), vars(theirs.blocks).values()))


def _equal(a: Array | None, b: Array | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


def node_of(
    node: Any, constant: Callable[[str], Array | None], around: Around, path: Path
) -> Iterator[OnnxNode]:
    """The layers of a node, one a direction."""
    name = _name(node)
    unsaid = around.notes
    quantised = node.op_type.startswith("Dynamic")
    if quantised:
        unsaid += (
            "it is quantised: the runtime rounds activations too, so that a replay agrees to "
            "about 4e-2",
        )
    said = {a.name: a for a in node.attribute}
    kind = node.op_type.removeprefix("DynamicQuantize")
    weights = _weights(node, constant, name, path)
    roles, usual = USUAL[kind]
    blocks = conventions().rows[f"onnx-{kind.lower()}"].blocks
    direction = said["direction"].s.decode() if "direction" in said else "forward"
    _refused(said, name)
    row = f"onnx-{kind.lower()}"
    batch_first = True if "layout" in said and said["layout"].i else around.batch_first
    if kind == "GRU" and "linear_before_reset" in said and said["linear_before_reset"].i:
        row += "-reset-after"
    given = [s.decode() for s in said["activations"].strings] if "activations" in said else []
    count = 2 if direction == "bidirectional" else 1
    given = given or list(usual) * count
    if weights["W"].ndim != 3 or len(weights["W"]) != count or len(given) != len(roles) * count:
        raise SymgateError(f"{path}: {name} has weights or activations for {count} directions not")
    functions = _activations(given, said, name)
    for d in range(count):
        layer = StoredLayer(
            name,
            name,
            0,
            direction == "reverse" or d == 1,
            conventions().rows[row],
            _blocks(weights, d, blocks, name),
            "int8" if quantised else weights["W"].dtype.name,
            dict(zip(roles, functions[d * len(roles) :], strict=False)),
            unsaid,
        )
        yield OnnxNode(layer, around.reads, node.output[0], batch_first)


def _name(node: Any) -> str:
    """A node's name, without the name of its operation; its output's where it has none."""
    text = node.name or next((o for o in node.output if o), node.op_type)
    parts = [p for p in text.replace("/", ".").split(".") if p]
    if len(parts) > 1 and any(k in parts[-1] for k in ("LSTM", "GRU", "RNN")):
        parts = parts[:-1]
    return ".".join(parts) or node.op_type.lower()


def _weights(
    node: Any, constant: Callable[[str], Array | None], name: str, path: Path
) -> dict[str, Array]:
    inputs = [*node.input, *[""] * 12]
    places = {"W": 1, "R": 2, "B": 3, "P": 7}
    if node.op_type.startswith("Dynamic"):
        places = {"W": 1, "R": 2, "B": 3, "P": 7, "Ws": 8, "Wz": 9, "Rs": 10, "Rz": 11}
    elif node.op_type != "LSTM":
        places.pop("P")
    found = {}
    for role, place in places.items():
        value = constant(inputs[place])
        if value is None and inputs[place]:
            raise SymgateError(
                f"{path}: the weights {inputs[place]!r} of {name} are worked out when the model "
                f"runs; only constants are read"
            )
        if value is not None:
            found[role] = value
    for role in ("W", "R"):
        if role not in found:
            raise SymgateError(f"{path}: {name} has no {role}")
        if f"{role}s" in found:  # (directions, m, G n) in whole numbers, a scale and a zero point
            shape = (len(found[role]), 1, -1)
            scale, zero = (np.reshape(found[f"{role}{k}"].astype(np.float64), shape) for k in "sz")
            found[role] = np.swapaxes((found[role].astype(np.float64) - zero) * scale, 1, 2)
    for role, value in found.items():
        if not np.isfinite(value).all():
            place_ = [int(i) for i in np.argwhere(~np.isfinite(value))[0]]
            raise SymgateError(f"{path}: {role}{place_} of {name} is not finite")
    return found


def _refused(said: dict[str, Any], name: str) -> None:
    if "clip" in said:
        raise SymgateError(f"{name} clips what its activations act on; no cell here does")
    if "input_forget" in said and said["input_forget"].i:
        raise SymgateError(f"{name} couples input and forget gate (input_forget); not read")


def _activations(given: list[str], said: dict[str, Any], name: str) -> list[str]:
    """The activations by the names of a reading. Those that have constants take them in turn
    from alpha and beta, which belong to no place."""
    lists = (f"activation_{k}" for k in ("alpha", "beta"))
    alpha, beta = ([*said[k].floats] if k in said else [] for k in lists)
    found = []
    for function in given:
        key = function.lower()
        usual = CONSTANTS.get(key, ())
        constants = [
            round(rest.pop(0), 6) if rest else default
            for rest, default in zip((alpha, beta), usual, strict=False)
        ]
        if key not in ACTIVATIONS or constants[1:] != [*usual[1:]]:
            shown = f"{function} with beta {constants[1]:g}" if constants[1:] else function
            raise SymgateError(
                f"{name} has the activation {shown}; known are {', '.join(sorted(ACTIVATIONS))}"
            )
        found.append(ACTIVATIONS[key] + "".join(f"({k:g})" for k in constants[:1]))
    return found


def _blocks(weights: dict[str, Array], d: int, count: int, name: str) -> Blocks:
    W, R = weights["W"][d], weights["R"][d]
    n = R.shape[-1]
    if W.shape[0] != count * n or R.shape != (count * n, n):
        raise SymgateError(f"{name} has W {W.shape} and R {R.shape}; they do not fit each other")
    b = c = None
    if "B" in weights:
        if weights["B"][d].shape != (2 * count * n,):
            raise SymgateError(f"{name} has B {weights['B'].shape}; expected {2 * count * n}")
        b, c = weights["B"][d].reshape(2, count, n)
    peepholes = None
    if "P" in weights and np.any(weights["P"]):
        if weights["P"][d].shape != (3 * n,):
            raise SymgateError(f"{name} has P {weights['P'].shape}; expected {3 * n}")
        peepholes = weights["P"][d].reshape(3, n)
    return Blocks(W.reshape(count, n, -1), R.reshape(count, n, n), b, c, peepholes)
