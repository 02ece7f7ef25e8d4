"""Which arrays of a source are recurrent layers: found by their names, held against shapes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.errors import SymgateError, UnknownName
from symgate.models.conventions import ArrayNames, LayerKind, conventions
from symgate.models.reading import Blocks
from symgate.numerics.room import must_fit
from symgate.stored.arrays import Contents, Stored

Array = NDArray[Any]

ROLES = ("W", "U", "b", "c", "R", "WU", "P")

#: Parts of a name that say that an array belongs to an optimiser, not to the network.
OPTIMISER = {
    "optimizer",
    "optimizer_state_dict",
    "optimizer_weights",
    "optim",
    "opt_state",
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "momentum_buffer",
    "square_avg",
    "Adam",
    "Adam_1",
    "Momentum",
    "RMSProp",
    "RMSProp_1",
    "Adagrad",
    "ExponentialMovingAverage",
}

#: Weights that a parametrisation makes when the network runs: the stored ones are not they.
PARAMETRISED = re.compile(r"(.*\.)?weight_[ih]h(_l\d+)?(_reverse)?(_g|_v|_raw|_orig|\.original\d*)")


#: Names of what stands beside a layer that has no name: norms, and arrays of its own.
NORM = re.compile(r"(layer_?norm|batch_?norm|ln|bn|norm)(_?\w*)\..*|[^./]+")

#: What follows a layer's name in those beside it, also without a point, as in enc_w_ih.
UNDER = re.compile(r"\..*|_(w|u|p|b|ln|norm)_\w+")

#: So many of them are named.
SHOWN = 4


@dataclass(frozen=True)
class StoredLayer:
    """A layer as its source stores it: no meaning given to its blocks but by `row`.

    `facts` are what the source says of it (activations, reset place, …), `unsaid` what nothing
    says. Layers of one `group` stand one above the other.
    """

    name: str
    group: str
    depth: int
    reverse: bool
    row: LayerKind
    blocks: Blocks
    dtype: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    merge: str = "concat"


@dataclass(frozen=True)
class _Key:
    prefix: str
    depth: int
    reverse: bool


def recognised(contents: Contents, framework: str | None) -> list[StoredLayer]:
    """Every recurrent layer among the arrays, in the order of the source."""
    rows = conventions().rows.values()
    known = sorted({row.framework for row in rows})
    if framework is not None and framework not in known:
        raise UnknownName("the framework", framework, known)
    _not_parametrised(contents.arrays)
    named = {n.removesuffix(":0"): a for n, a in contents.arrays.items()}
    contents = replace(contents, arrays=named)
    arrays = {n: a for n, a in named.items() if not OPTIMISER.intersection(n.split("."))}
    found: dict[_Key, StoredLayer] = {}
    around: dict[_Key, set[str]] = {}
    families = dict.fromkeys(row.names for row in rows if row.names)
    for family in families:
        chosen = [r for r in rows if r.names == family and framework in (None, r.framework)]
        if not chosen:
            continue
        names = conventions().names[family]
        for key, roles in _groups(arrays, names).items():
            if framework is None and names.under not in key.prefix.rstrip("._/").split(".")[-1]:
                continue
            if layer := _layer(key, roles, family, chosen, contents):
                found[key] = layer
                taken = [n for listed in roles.values() for n in listed if n is not None]
                around[key] = {n.rpartition(".")[0] for n in taken} | {layer.group}
                for name in taken:
                    arrays.pop(name, None)  # an array belongs to one layer
    beside = _beside({n for each in around.values() for n in each}, arrays)
    return _named(
        [replace(f, unsaid=f.unsaid + _said(around[k], beside)) for k, f in found.items()]
    )


def _beside(around: Iterable[str], left: Mapping[str, Stored]) -> dict[str, list[tuple[int, str]]]:
    """By each name around a layer, the first arrays under it (beside a layer without a name:
    norms) that no cell has, with their places."""
    found: dict[str, list[tuple[int, str]]] = {name: [] for name in around}
    lengths = sorted({len(name) for name in found})
    for place, name in enumerate(left):
        if left[name].shape and "seed_generator" not in name:
            for n in lengths:
                listed = found.get(name[:n])
                if listed is None or len(listed) > SHOWN:
                    continue
                if (UNDER if n else NORM).fullmatch(name, n):
                    listed.append((place, name))
    return found


def _said(around: Iterable[str], beside: Mapping[str, list[tuple[int, str]]]) -> tuple[str, ...]:
    names = [name for _, name in sorted({each for head in around for each in beside[head]})]
    if not names:
        return ()
    shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return (f"beside its weights stand {shown}: what they do is not read",)


def _not_parametrised(arrays: Iterable[str]) -> None:
    for name in arrays:
        if PARAMETRISED.fullmatch(name):
            raise SymgateError(
                f"{name!r} belongs to a parametrisation (weight_norm, spectral_norm, pruning, …): "
                f"the weights themselves are not stored; remove it before saving, with "
                f"torch.nn.utils.parametrize.remove_parametrizations, or prune.remove, "
                f"remove_weight_norm, remove_spectral_norm, as it was made"
            )


def _groups(
    arrays: Mapping[str, Stored], names: ArrayNames
) -> dict[_Key, dict[str, list[str | None]]]:
    """The arrays of each layer by role, one entry a pattern."""
    found: dict[_Key, dict[str, list[str | None]]] = {}
    for role in ROLES:
        patterns = names.roles.get(role, [])
        listed = [patterns] if isinstance(patterns, str) else patterns
        for place, pattern in enumerate(listed):
            if not pattern:
                continue
            compiled = re.compile(rf"(?P<prefix>(?:.*?[._/])?)(?:{pattern})")
            for name in arrays:
                if (match := compiled.fullmatch(name)) is None:
                    continue
                groups = match.groupdict()
                key = _Key(
                    groups["prefix"],
                    int(groups.get("depth") or 0),
                    bool(groups.get("reverse")),
                )
                matched = found.setdefault(key, {}).setdefault(role, [None] * len(listed))
                matched[place] = name
    return found


def _layer(
    key: _Key,
    roles: dict[str, list[str | None]],
    family: str,
    rows: Iterable[LayerKind],
    c: Contents,
) -> StoredLayer | None:
    """A layer, where its matrices are all there and have shapes that fit a row."""
    names = conventions().names[family]
    if any(role not in roles or None in roles[role] for role in names.needed):
        return None
    shapes = {
        role: [None if n is None else c.arrays[n].shape for n in listed]
        for role, listed in roles.items()
    }
    matrices = names.needed if "WU" in names.needed else ("W", "U")
    if any(s is None or len(s) != 2 for role in matrices for s in shapes[role]):
        return None
    row = next((r for r in rows if _fits(r, names, shapes)), None)
    if row is None:
        return None
    first = roles[matrices[0]][0]
    assert first is not None
    config = c.config.get(key.prefix.rstrip("._/"), {})
    if config.get("unread"):
        return None
    if key.reverse and "backward" in config:
        config = {**config, **config["backward"]}
    blocks = _blocks(row, names, roles, c.arrays)
    group = config.get("group", key.prefix.rstrip("._/"))
    return StoredLayer(
        "",
        group,
        key.depth,
        config.get("reverse", key.reverse),
        row,
        blocks,
        config.get("computes", c.arrays[first].dtype),
        unsaid=tuple(config.get("notes", ()) if config else _unsaid(group, row, names, shapes, c)),
        facts=config,
        merge=config.get("merge", "concat"),
    )


def _unsaid(
    group: str, row: LayerKind, names: ArrayNames, shapes: Mapping[str, list[Any]], c: Contents
) -> Iterator[str]:
    """What names and shapes leave open, where no configuration and no framework says it."""
    yield from row.unsaid
    own = c.kind in ("a mapping of arrays", "an npz file") and row.framework != "torch"
    if own and all(s[0] == s[1] for role in ("W", "U") for s in shapes.get(role, [(0, 1)])):
        taken, other = ("W @ x", "x @ W") if names.axis == "rows" else ("x @ W", "W @ x")
        yield f"its square matrices are taken for {taken}; if it was {other}, give them transposed"
    kind = row.cell.split("-")[0]
    for word in {"lstm", "gru"} - {kind}:
        if word in group.lower() and kind not in group.lower():
            yield f"its name says {word}, and its {row.blocks} blocks are those of a {kind}"


def _fits(row: LayerKind, names: ArrayNames, shapes: Mapping[str, list[Any]]) -> bool:
    """Whether shapes are those of a row: its number of gates, its biases."""
    lie = 0 if names.axis == "rows" else 1
    matrices = shapes.get("WU") or shapes["U"]
    wide = sum(s[lie] for s in matrices)
    if wide % row.blocks:
        return False
    hidden = wide // row.blocks
    if not hidden:
        return False
    if "P" in shapes and (not row.peephole or "R" in shapes or {*shapes["P"]} != {(hidden,)}):
        return False
    if "WU" in shapes:
        across = shapes["R"][0][1] if "R" in shapes else hidden
        if any(s[1 - lie] <= across for s in shapes["WU"]):
            return False
        if "R" in shapes and shapes["R"][0][0] != hidden:
            return False
    else:
        across = matrices[0][1 - lie]
        projected = shapes["R"][0][1] if "R" in shapes else across
        if projected != hidden or sum(s[lie] for s in shapes["W"]) != wide:
            return False
    if row.biases:
        form = {"G": (wide,), "2xG": (2, wide), "2G": (2 * wide,)}[row.biases]
        return "b" not in shapes or tuple(shapes["b"][0]) == form
    return all(
        sum(hidden if s is None else math.prod(s) for s in shapes[role]) == wide
        for role in ("b", "c")
        if any(s is not None for s in shapes.get(role, ()))
    )


def _blocks(
    row: LayerKind,
    names: ArrayNames,
    roles: Mapping[str, list[str | None]],
    arrays: Mapping[str, Stored],
) -> Blocks:
    """Read the arrays and lay them out: (G, n, m), (G, n, p), (G, n)."""

    def concatenated(role: str, axis: int) -> Array | None:
        listed = roles.get(role)
        if listed is None or all(name is None for name in listed):
            return None
        read = [None if name is None else _finite(name, arrays[name]) for name in listed]
        like = next(a for a in read if a is not None)
        return np.concatenate([np.zeros_like(like) if a is None else a for a in read], axis=axis)

    axis = 0 if names.axis == "rows" else 1
    parts: dict[str, Array] = {}
    for role in ("W", "U", "WU"):
        matrix = concatenated(role, axis)
        if matrix is not None:
            parts[role] = _cut(matrix if axis == 0 else matrix.T, row.blocks)
    R = concatenated("R", 0)
    R = R if R is None or axis == 0 else R.T
    if "WU" in parts:
        lowest = len(parts["WU"][0] if R is None else R)
        parts["W"], parts["U"] = parts["WU"][..., :-lowest], parts["WU"][..., -lowest:]
    if row.transposed:
        parts["W"] = _from_cudnn(parts["W"])
        parts["U"] = np.swapaxes(parts["U"], 1, 2)
    b, c = concatenated("b", -1), concatenated("c", -1)
    if b is not None and row.biases in ("2xG", "2G"):
        b, c = b.reshape(2, -1)
    peepholes = _rows(concatenated("P", 0), len(row.peepholes))
    own = _rows(b, row.blocks), _rows(c, row.blocks)
    return Blocks(parts["W"], parts["U"], *own, peepholes, R)


def _from_cudnn(W: Array) -> Array:
    """A kernel of CuDNN, (G, n, m): its numbers were stored as (n, m) and read as (m, n)."""
    G, n, m = W.shape
    return np.swapaxes(W, 1, 2).reshape(G, n, m)


def _cut(matrix: Array, blocks: int) -> Array:
    return matrix.reshape(blocks, -1, matrix.shape[1])


def _rows(vector: Array | None, blocks: int) -> Array | None:
    return None if vector is None else vector.reshape(blocks, -1)


def _finite(name: str, stored: Stored) -> Array:
    """An array of a layer: real numbers, none of them NaN."""
    array = stored.read()
    must_fit(name, array.size, "take the weights that are its own")
    if array.dtype.kind not in "fiu":
        raise SymgateError(f"{name} holds {array.dtype} values; expected real numbers")
    if not np.isfinite(array).all():
        place = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
        raise SymgateError(f"{name}{place} is {array[tuple(place)]}; the weights are not finite")
    return array


def _named(found: list[StoredLayer]) -> list[StoredLayer]:
    """Names for layers: the group's where it has one layer, with depth and direction else."""
    members: dict[str, int] = {}
    for layer in found:
        members[layer.group] = members.get(layer.group, 0) + 1
    return list(_with_names(list(_missed(found)), members))


def _missed(found: list[StoredLayer]) -> Iterator[StoredLayer]:
    """Layers, each with the parts of its network that the names count and the source lacks."""
    there = {(f.group, f.depth, f.reverse) for f in found}
    for layer in found:
        below = layer.depth and not any((layer.group, layer.depth - 1, r) in there for r in (0, 1))
        alone = layer.reverse and (layer.group, layer.depth, False) not in there
        missing = [f"layer l{layer.depth - 1}, whose output it reads,"] if below else []
        missing += ["the forward direction beside it"] if alone and not layer.facts else []
        text = tuple(f"the weights of {m} are not in the source" for m in missing)
        yield replace(layer, unsaid=layer.unsaid + text)


def _with_names(found: list[StoredLayer], members: Mapping[str, int]) -> Iterator[StoredLayer]:
    ordered = sorted(found, key=lambda f: (list(members).index(f.group), f.depth, f.reverse))
    for layer in ordered:
        end = f"l{layer.depth}" + ("_reverse" if layer.reverse else "")
        alone = members[layer.group] == 1
        name = layer.group if alone else ".".join(filter(None, (layer.group, end)))
        yield replace(layer, name=name or layer.row.cell)
