"""What a Keras configuration says of its recurrent layers: activations, reset place, wiring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from symgate.errors import SymgateError

RECURRENT = ("SimpleRNN", "GRU", "LSTM", "CuDNNGRU", "CuDNNLSTM")

#: Layers that hand on what they get when the network runs.
PASSING = ("Dropout", "SpatialDropout1D", "GaussianNoise", "ActivityRegularization", "InputLayer")

MERGES = ("concat", "sum", "ave")


def facts_of(config: Mapping[str, Any], version: str) -> dict[str, dict[str, Any]]:
    """By the name of a layer: what its configuration says, in the words of a reading."""
    found = {}
    for prefix, layer in _layers(config):
        inside = layer.get("config") or {}
        wrapped = layer.get("class_name") == "Bidirectional"
        core = inside.get("layer") or {} if wrapped else layer
        if core.get("class_name") not in RECURRENT:
            continue
        name = f"{prefix}{inside.get('name', layer.get('name', ''))}"
        facts = _facts(name, core["class_name"], core.get("config") or {}, version)
        if wrapped:
            merge = inside.get("merge_mode", "concat")
            if merge not in MERGES:
                raise SymgateError(
                    f"{name} merges its directions by {merge!r}; known are {', '.join(MERGES)}"
                )
            facts["merge"] = merge
        elif (core.get("config") or {}).get("go_backwards"):
            facts["backwards"] = True
        found[name] = facts
    return found


def _facts(name: str, kind: str, config: Mapping[str, Any], version: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"keras": True}
    if "activation" in config:
        activation = activation_of(name, config["activation"], version)
        facts |= {"candidate": activation}
        if kind == "LSTM":
            facts["output"] = activation
    if kind in ("GRU", "LSTM") and "recurrent_activation" in config:
        facts["gates"] = activation_of(name, config["recurrent_activation"], version)
    if kind == "GRU":
        facts["reset"] = "after" if config.get("reset_after") else "before"
    if config.get("return_sequences") is False:
        facts["last_only"] = True
    return facts


def activation_of(name: str, value: Any, version: str) -> str:
    """The name of an activation; a serialised object says its own, other objects are refused.

    >>> activation_of("lstm", "hard_sigmoid", "2.2.4")
    'hard_sigmoid(0.2)'
    """
    if isinstance(value, Mapping):
        value = (value.get("config") or {}) if value.get("class_name") == "function" else value
        value = value.get("name", value.get("class_name")) if isinstance(value, Mapping) else value
    if value is None:
        return "linear"
    if not isinstance(value, str):
        raise SymgateError(f"the activation of {name} is no name but {value!r}")
    old = not version.startswith("3")
    return "hard_sigmoid(0.2)" if value == "hard_sigmoid" and old else value


def unsaid_of(kind: str, version: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a weights-only file leaves open, and how it is taken: by the version's defaults."""
    number = re.match(r"(\d+)\.(\d+)", version)
    old = number is not None and tuple(map(int, number.groups())) < (2, 3) and "tf" not in version
    whose = f"Keras {version}" if version else "Keras 3"
    if kind == "rnn":
        return {}, (
            f"the activation is tanh, the default of {whose}: the file has only weights; "
            f'say activation="relu" for another',
        )
    gates = "hard_sigmoid(0.2)" if old else "sigmoid"
    facts = {"gates": gates} if old else {}
    return facts, (
        f"the activations are {gates} and tanh, the defaults of {whose}: the file has only "
        f'weights; say recurrent_activation="hard_sigmoid(0.2)" or activation="relu" for others',
    )


def _layers(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every layer of a model, those of models inside it by their path."""
    inside = config.get("config")
    if isinstance(inside, list):  # Keras 1: a Sequential is the list of its layers
        listed: Any = inside
    else:
        listed = (inside or {}).get("layers", ()) if isinstance(inside, Mapping) else ()
    if config.get("class_name") in (*RECURRENT, "Bidirectional"):
        yield prefix, dict(config)
    for layer in listed:
        if isinstance(layer, Mapping):
            name = (
                str((layer.get("config") or {}).get("name", layer.get("name", "")))
                if isinstance(layer.get("config"), Mapping)
                else ""
            )
            nested = isinstance(layer.get("config"), Mapping) and "layers" in layer["config"]
            if nested:
                yield from _layers(layer, f"{prefix}{name}.")
            else:
                yield prefix, dict(layer)


def chains_of(config: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Recurrent layers of which each one's output is the next one's input, nothing between."""
    below: dict[str, str | None] = {}
    kinds: dict[str, str] = {}
    previous: str | None = None
    sequential = config.get("class_name") == "Sequential"
    sequence: dict[str, bool] = {}
    for _, layer in _layers(config):
        inside = layer.get("config") or {}
        name = str(inside.get("name", layer.get("name", "")))
        core = (inside.get("layer") or {}) if layer.get("class_name") == "Bidirectional" else layer
        kinds[name] = str(core.get("class_name"))
        sequence[name] = bool((core.get("config") or {}).get("return_sequences", False))
        below[name] = previous if sequential else _only_source(layer.get("inbound_nodes"))
        previous = name
    chains: list[list[str]] = []
    for name, kind in kinds.items():
        if kind not in RECURRENT:
            continue
        source = below[name]
        while source is not None and kinds.get(source) in PASSING:
            source = below.get(source)
        chain = next((c for c in chains if c[-1] == source), None)
        if chain is not None and source is not None and sequence[source]:
            chain.append(name)
        else:
            chains.append([name])
    return tuple(tuple(c) for c in chains)


def _only_source(nodes: Any) -> str | None:
    """The one layer that a layer reads, from its inbound nodes in Keras 2 or 3; else None."""
    found = set()

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            if "keras_history" in value:
                found.add(str(value["keras_history"][0]))
            else:
                for v in value.values():
                    walk(v)
        elif isinstance(value, list | tuple):
            if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
                found.add(value[0])
            else:
                for v in value:
                    walk(v)

    walk(nodes)
    return found.pop() if len(found) == 1 else None
