"""`model`: a trained network from a file, a module or a mapping of arrays."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from symgate.asked import Check, asked, number, several, switch, word, words
from symgate.asked import path as checked_path
from symgate.errors import SymgateError, UnknownName, harmless
from symgate.models import formats, memory
from symgate.models.keras_config import MERGES, activation_of, unsaid_of
from symgate.models.network import Layer, Layers, Network, NetworkOrigin
from symgate.models.reading import reading_of
from symgate.models.recognise import StoredLayer, recognised
from symgate.stored.arrays import Contents, few

#: What a caller can say of a source, and the words that frameworks have for the same.
SAID = (
    "order",
    "forget_bias",
    "reset",
    "update",
    "gates",
    "candidate",
    "output",
    "batch_first",
    "merge",
    "chain",
)
ALIASES = (
    "nonlinearity",
    "activation",
    "recurrent_activation",
    "reset_after",
    "linear_before_reset",
)


@asked()
def model(source: Any, framework: str | None = None, **said: Any) -> Network:
    """The recurrent layers of a trained network, as cells with their weights.

    `source` is a path (the kind of file is told by its first bytes), a module of PyTorch, a
    layer or model of Keras, a tree or module of Flax, a module of Equinox, or a mapping of
    arrays. What the source does not say stands in `.assumed`, and can be said:
    order="i f g o", forget_bias=1.0, reset="before" or "after", update="keeps" or "takes",
    nonlinearity="relu", activation=, recurrent_activation=, merge="sum" of two directions,
    batch_first=True, chain=("lower", "upper") for layers of which one reads the other.
    `framework` says whose names the arrays have.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> net = model({"weight_ih_l0": rng.normal(size=(16, 3)), "weight_hh_l0": np.eye(16, 4)})
    >>> net.layers[0], net.simulate(np.ones((5, 3)))["c"].shape
    (<Layer lstm: lstm 3 → 4>, (5, 4))
    """
    given = _said(said)
    if not isinstance(source, str | os.PathLike):
        contents = memory.contents(source)
        return _network(contents, NetworkOrigin(contents.kind), framework, given)
    path = Path(checked_path("source", source))
    with formats.whole(path):
        contents = formats.contents(path)
        origin = NetworkOrigin(contents.kind, str(path), _sha256(path, *contents.parts))
        return _network(contents, origin, framework, given)


def _network(
    contents: Contents, origin: NetworkOrigin, framework: str | None, given: Mapping[str, Any]
) -> Network:
    """The layers of what a reader found, each as the caller says or its row."""
    few(origin, contents.arrays)
    found = [*contents.nodes] or recognised(contents, framework)
    found = _chained(found, given.get("chain") or contents.chains, "chain" in given)
    if not found:
        raise SymgateError(
            f"{origin} has no recurrent layer that is known here; {_listed(contents)}"
        )
    batch_first = given.get("batch_first", contents.batch_first)
    layers = tuple(
        replace(_layer(f, contents, given), origin=origin, batch_first=batch_first) for f in found
    )
    return Network(Layers(layers), origin, batch_first, contents.inside, contents.notes)


#: How what is said is checked; what is not here is a word.
_CHECKS: Mapping[str, Check] = {
    "order": words,
    "forget_bias": number(),
    "chain": several(word),
    **dict.fromkeys(("batch_first", "reset_after", "linear_before_reset"), switch),
}


def _said(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the caller says, in the words of a reading."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        if name not in (*SAID, *ALIASES):
            raise UnknownName("something to say of a network,", name, (*SAID, *ALIASES))
        check: Check = _CHECKS.get(name, word)
        check(name, value)
        if name in ("nonlinearity", "activation"):
            found["candidate"] = value
            if name == "activation":
                found["output"] = value
        elif name == "recurrent_activation":
            found["gates"] = value
        elif name in ("reset_after", "linear_before_reset"):
            found["reset"] = "after" if value else "before"
        elif name == "merge" and value not in MERGES:
            raise UnknownName("a way to merge two directions,", str(value), MERGES)
        elif name == "chain":
            found["chain"] = (tuple(value),)
        else:
            found[name] = value
    return found


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _chained(
    found: list[StoredLayer], chains: Sequence[tuple[str, ...]], said: bool
) -> list[StoredLayer]:
    """Layers put one above the other where the source, or the caller, says so; in its order."""
    groups = list(dict.fromkeys(f.group for f in found))
    placed: dict[str, tuple[str, int]] = {}
    for chain in chains:
        names = [_group(c, groups) for c in chain] if said else [c for c in chain if c in groups]
        top, below = "+".join(names) if len(names) > 1 else "", 0
        for name in names:
            placed[name] = (top or name, below)
            below += 1 + max(f.depth for f in found if f.group == name)
    out = []
    for f in found:
        group, below = placed.get(f.group, (f.group, 0))
        out.append(replace(f, group=group, depth=f.depth + below, name=f.name))
    tops = dict.fromkeys([*(top for top, _ in placed.values()), *(f.group for f in out)])
    order = {group: place for place, group in enumerate(tops)}
    return _named(sorted(out, key=lambda f: (order[f.group], f.depth, f.reverse)))


def _group(name: str, groups: list[str]) -> str:
    ends = [g for g in groups if g == name or g.endswith(f".{name}")]
    if len(ends) != 1:
        raise UnknownName("a layer for chain=…, named", name, groups)
    return ends[0]


def _named(found: list[StoredLayer]) -> list[StoredLayer]:
    """Names that differ: the two directions of a layer, layers of the same name."""
    ways = Counter((f.name, f.reverse) for f in found)
    out: list[StoredLayer] = []
    before: Counter[str] = Counter()
    for f in found:
        name = f.name
        if f.reverse and (name, False) in ways:
            name = f"{name}_reverse"
        elif ways[name, f.reverse] > 1:
            name = f"{name}#{1 + before[name]}"
        out.append(replace(f, name=name))
        before[name.split("#")[0]] += 1
    return out


def _layer(found: StoredLayer, contents: Contents, said: Mapping[str, Any]) -> Layer:
    facts, unsaid = dict(found.facts), found.unsaid
    keras = found.row.framework == "keras"
    versions = (i.split()[-1] for i in contents.inside if i.startswith("keras_version"))
    version = next(versions, "")
    if keras and version:  # "hard_sigmoid" is another function in Keras 3
        given = {k: v for k, v in said.items() if k in ("gates", "candidate", "output")}
        said = {**said, **{k: activation_of(found.name, v, version) for k, v in given.items()}}
    if keras and not facts and not found.row.transposed:  # CuDNN has no other activations
        kind = "rnn" if found.row.cell == "rnn" else "gated"
        facts, of_version = unsaid_of(kind, version)
        unsaid = (*of_version[: 1 if found.reverse else None], *unsaid)
    if keras and found.row.cell.startswith("gru") and found.blocks.b is None and not found.facts:
        unsaid += (
            "without biases nothing says where the reset acts; after the matrix, as Keras 3 "
            'has it; say reset="before" for the other',
        )
    if facts.get("backwards"):
        raise SymgateError(
            f"{found.name} runs backwards (go_backwards, reverse) and hands its steps on in that "
            f"order; give the model without it, and the sequence turned round"
        )
    if keras and found.reverse and not found.facts and "merge" not in said:
        unsaid += (
            "the outputs of both directions stand side by side, the default of Keras: say "
            'merge="sum" or merge="ave" for another',
        )
    reading = reading_of(found.row, found.blocks, {**facts, **said})
    answered = {k for k in said if k != "batch_first"}
    cell, params = reading.interpret(found.blocks)
    assumed = tuple(t for t in unsaid if not _answered(t, answered))
    return Layer(
        harmless(found.name),
        harmless(found.group),
        found.depth + 1,
        found.reverse,
        cell,
        params,
        reading,
        found.blocks,
        found.row.name,
        found.dtype,
        said.get("merge", found.merge),
        bool(facts.get("last_only")),
        assumed,
    )


def _answered(text: str, said: set[str]) -> bool:
    """Whether what a text calls open has been said by the caller."""
    words = {
        "order": ("order=",),
        "forget_bias": ("forget_bias=",),
        "reset": ("reset=",),
        "candidate": ("nonlinearity=", "activation="),
        "gates": ("recurrent_activation=",),
    }
    return any(w in text for k in said for w in words.get(k, ()))


def _listed(contents: Contents) -> str:
    """What is inside instead."""
    if contents.kind == "an ONNX file":
        return (
            f"inside are {', '.join(contents.inside[:20])}; if it had one, the exporter wrote it "
            f"as single operations: export with torch.onnx.export(…, dynamo=False), or give the "
            f"state_dict"
        )
    if contents.notes:
        return "; ".join(contents.notes)
    if contents.inside:
        return f"inside are {', '.join(contents.inside[:20])}"
    names = list(contents.arrays)
    shown = ", ".join(f"{n} {contents.arrays[n].shape}" for n in names[:8])
    one = "is one array" if len(names) == 1 else f"are {len(names)} arrays"
    return (
        f"inside {one}: {shown}{', …' if len(names) > 8 else ''}; arrays of your "
        f"own are known as weight_ih (G n, m) and weight_hh (G n, n), with framework= as those of "
        f"another"
    )
