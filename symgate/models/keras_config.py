"""What a Keras configuration says of its recurrent layers: activations, reset place, wiring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from symgate.asked import whole
from symgate.errors import SymgateError

RECURRENT = ("SimpleRNN", "GRU", "LSTM", "CuDNNGRU", "CuDNNLSTM")

#: Layers that hand on what they get when the network runs.
PASSING = ("Dropout", "SpatialDropout1D", "GaussianNoise", "ActivityRegularization", "InputLayer")

#: What a layer is called that is recurrent, though no cell here may be it.
NAMED = re.compile("RNN|LSTM|GRU")

#: What follows the name of a class that is not Keras's.
OWN = " of your own"

MERGES = ("concat", "sum", "ave")

#: What weights alone do not say of any layer of Keras.
FORWARD = "its steps run forward: weights alone do not say go_backwards"


def facts_of(config: Mapping[str, Any], version: str) -> dict[str, dict[str, Any]]:
    """By the name of a layer: what its configuration says, in the words of a reading."""
    found = {}
    wired = wiring(config)
    for name, (layer, _) in wired.items():
        inside = layer.get("config") or {}
        kind, core = core_of(layer)
        if kind not in RECURRENT:
            if NAMED.search(kind) or kind.endswith(OWN):
                found[name] = {"unread": True}
            continue
        facts = _facts(name, kind, core, version)
        if layer.get("class_name") == "Bidirectional":
            merge = inside.get("merge_mode", "concat")
            if merge not in MERGES:
                raise SymgateError(
                    f"{name} merges its directions by {merge!r}; known are {', '.join(MERGES)}"
                )
            facts["merge"] = merge
            if isinstance(other := inside.get("backward_layer"), Mapping):
                kind, core = core_of(other)
                facts["backward"] = _facts(name, kind, core, version)
        elif core.get("go_backwards"):
            facts["backwards"] = True
        facts["notes"] = tuple(_notes(name, wired))
        found[name] = facts
    return found


def core_of(layer: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The kind of a recurrent layer, and its configuration: RNN(LSTMCell) is an LSTM."""
    if layer.get("class_name") == "Bidirectional":
        layer = (layer.get("config") or {}).get("layer") or {}
    config = dict(layer.get("config") or {}) if isinstance(layer.get("config"), Mapping) else {}
    cell = config.get("cell")
    if layer.get("class_name") == "RNN" and isinstance(cell, Mapping):
        inside = cell.get("config") or {}
        return _kind(cell, "Cell"), {**config, **{k: v for k, v in inside.items() if k != "name"}}
    return _kind(layer), config


def _kind(layer: Mapping[str, Any], end: str = "") -> str:
    """The class of a layer, told from one of the user's by the same name."""
    name = str(layer.get("class_name"))
    keras = str(layer.get("module", "keras")).startswith(("keras", "tf_keras"))
    own = not keras or ">" in f"{name}{layer.get('registered_name')}"
    return name.rpartition(">")[2].removesuffix(end) + (OWN if own else "")


def unread(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Recurrent layers of a kind that no cell here is, in words."""
    found = []
    for name, (layer, _) in wiring(config).items():
        kind = core_of(layer)[0]
        if kind not in RECURRENT and NAMED.search(kind):
            mend = "write its cell as equations, with sg.Cell.from_text"
            if kind == "StackedRNNCells":
                mend = "layers one above the other, one for each of its cells, are"
            found.append(f"{name} is a {kind}, which is not read; {mend}")
    return tuple(found)


def saved_names(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Where Keras 2.12 to 3.2 lays the arrays of a layer, by the layer's name: the place counts
    the layers of each class. Later files say the name themselves."""
    inside = config.get("config")
    listed = inside.get("layers", ()) if isinstance(inside, Mapping) else ()
    counts: dict[str, int] = {}
    found: dict[str, str] = {}
    for layer in listed if prefix.count("/") < 40 else ():
        own = layer.get("config") if isinstance(layer, Mapping) else None
        if not isinstance(own, Mapping):
            continue
        name = str(layer.get("class_name")).rpartition(">")[2]
        for ends in ("(.)([A-Z][a-z]+)", "([a-z])([A-Z])"):
            name = re.sub(ends, r"\1_\2", name)
        name = name.lower()
        counts[name] = counts.get(name, -1) + 1
        place = f"{prefix}layers/{name}" + (f"_{counts[name]}" if counts[name] else "")
        found |= {f"{place}/vars": str(own.get("name", ""))} | saved_names(layer, f"{place}/")
    return found


def kinds_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes of the layers inside, in their order, each with its name."""
    return tuple(
        f"{name} ({layer.get('class_name')})" for name, (layer, _) in wiring(config).items()
    )


def _notes(name: str, wired: Wiring) -> Iterator[str]:
    """What the network does around a layer that its replay does not."""
    layer, reads = wired[name]
    if "calls" in layer:
        yield (
            f"the network calls it at {layer['calls']} places; a replay is one of them, and what "
            f"it reads there is x"
        )
    if len(reads) > 1:
        others = ", ".join(dict.fromkeys(s for s in reads[1:] if s))
        yield (
            f"its first state comes from {others or 'another input'}; the replay starts at 0, "
            f"say state= for another"
        )
    lower = _below(reads[0] if reads else "", (*PASSING, "Masking"), wired)
    if lower and core_of(wired[lower][0])[0] not in RECURRENT:
        kind = wired[lower][0].get("class_name")
        yield f"it reads what {lower} ({kind}) gives out, not the network's input: x is that"
    seen, ways = set(), list(reads)
    while ways:
        source = ways.pop()
        if source in seen or source not in wired:
            continue
        seen.add(source)
        layer, below = wired[source]
        if layer.get("class_name") == "Masking" or (layer.get("config") or {}).get("mask_zero"):
            yield (
                f"{source} masks steps, and the network holds its state over them; here every "
                f"step counts, so give sequences without them (lengths=)"
            )
        ways += below


def _below(name: str, passing: tuple[str, ...], wired: Wiring) -> str:
    """The layer that a value comes from, through those that hand on what they get; nothing for
    the network's input."""
    for _ in wired:  # a configuration that goes round in circles ends too
        if name not in wired or wired[name][0].get("class_name") not in passing:
            break
        below = wired[name][1]
        name = below[0] if len(below) == 1 else ""
    return name if name in wired else ""


def _facts(name: str, kind: str, config: Mapping[str, Any], version: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"keras": True}
    whole(1)(f"the number of units of {name or kind}", config.get("units", 1))
    policy = config.get("dtype")
    policy = (policy.get("config") or {}).get("name") if isinstance(policy, Mapping) else policy
    if str(policy).removeprefix("mixed_") in ("float16", "bfloat16"):
        facts["computes"] = str(policy).removeprefix("mixed_")
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
    if value is None:
        return "linear"
    if isinstance(value, Mapping):
        value = value.get("config") if value.get("class_name") == "function" else value
        value = value.get("name", value.get("class_name")) if isinstance(value, Mapping) else value
    if not isinstance(value, str):
        raise SymgateError(
            f"an activation of {name} is a function of its own, and a configuration names none; "
            f"write the cell as equations, with sg.Cell.from_text"
        )
    if value == "leaky_relu":
        return "leaky_relu(0.2)"
    old = not version.startswith("3")
    return "hard_sigmoid(0.2)" if value == "hard_sigmoid" and old else value


def unsaid_of(kind: str, version: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a weights-only file leaves open, and how it is taken: by the version's defaults."""
    number = re.match(r"(\d+)\.(\d+)", version)
    old = number is not None and tuple(map(int, number.groups())) < (2, 3) and "tf" not in version
    whose = f"Keras {version}" if version else "Keras 3"
    if kind == "rnn":
        return {}, (
            f"the activation is tanh, the default of {whose}: there are only weights; "
            f'say activation="relu" for another',
            FORWARD,
        )
    gates = "hard_sigmoid(0.2)" if old else "sigmoid"
    facts = {"gates": gates} if old else {}
    return facts, (
        f"the activations are {gates} and tanh, the defaults of {whose}: there are only weights; "
        f'say recurrent_activation="hard_sigmoid(0.2)" or activation="relu" for others',
        FORWARD,
    )


#: The layers by name, those of models inside by their path: what each is, and what it reads. One
#: that is called at several places reads something unknown, and nothing known reads it.
Wiring = dict[str, tuple[Mapping[str, Any], list[str]]]


def wiring(config: Mapping[str, Any]) -> Wiring:
    """Every layer of a model with the layers that it reads."""
    found: Wiring = {}
    if config.get("class_name") in (*RECURRENT, "RNN", "Bidirectional"):
        config = {"class_name": "Sequential", "config": {"layers": [config]}}
    _wired(config, "", [], found, 0)
    return found


def _wired(
    model: Mapping[str, Any], prefix: str, reads: list[str], found: Wiring, depth: int
) -> list[str]:
    """Enter the layers of a model that reads `reads`; what it gives out."""
    if depth > 20:
        raise SymgateError("the configuration has models nested more than 20 deep; refused")
    inside = model.get("config")
    if isinstance(inside, list):  # Keras 1: a Sequential is the list of its layers
        inside = {"layers": inside}
    inside = inside if isinstance(inside, Mapping) else {}
    listed = [layer for layer in inside.get("layers", ()) if isinstance(layer, Mapping)]
    sequential = model.get("class_name") == "Sequential"
    given: dict[str, list[str]] = {}
    last = reads
    for layer in listed:
        own = layer.get("config")
        name = str((own if isinstance(own, Mapping) else {}).get("name", layer.get("name", "")))
        below = (
            last
            if sequential
            else [
                s
                for source in _sources(layer.get("inbound_nodes"))
                for s in given.get(source, [""])
            ]
        )
        if layer.get("class_name") == "InputLayer" and not below:
            below = reads
        calls = 1 if sequential else len(layer.get("inbound_nodes") or "1")
        if calls > 1:
            layer, below = {**layer, "calls": calls}, [""]
        elif "calls" in model:
            layer = {**layer, "calls": model["calls"]}
        if (isinstance(own, Mapping) and "layers" in own) or isinstance(own, list):
            last = _wired(layer, f"{prefix}{name}.", below, found, depth + 1)
        else:
            found[f"{prefix}{name}"] = (layer, below)
            last = [f"{prefix}{name}"]
        given[name] = last if calls == 1 else [""]
    if sequential or "output_layers" not in inside:
        return last
    return [s for o in _sources([inside["output_layers"]]) for s in given.get(o, [""])]


def chains_of(config: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Recurrent layers of which each one's output is the next one's input, nothing between."""
    wired = wiring(config)
    chains: list[list[str]] = []
    for name, (layer, reads) in wired.items():
        if core_of(layer)[0] not in RECURRENT:
            continue
        source = _below(reads[0], PASSING, wired) if len(reads) == 1 else ""
        chain = next((c for c in chains if c[-1] == source), None)
        if chain is not None and core_of(wired[source][0])[1].get("return_sequences"):
            chain.append(name)
        else:
            chains.append([name])
    return tuple(tuple(c) for c in chains)


def _sources(nodes: Any) -> list[str]:
    """The layers that a layer reads, one a tensor, from its inbound nodes in Keras 2 or 3."""
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, Mapping):
            if "keras_history" in value:
                found.append(str(value["keras_history"][0]))
            else:
                for v in value.values():
                    collect(v)
        elif isinstance(value, list | tuple):
            if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
                found.append(value[0])
            else:
                for v in value:
                    collect(v)

    collect(nodes)
    return found
