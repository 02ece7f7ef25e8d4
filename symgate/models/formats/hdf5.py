"""Keras files: .keras (a zip), .h5 with or without the configuration, weights only.

HDF5 is read through h5py; links, virtual and external data are not followed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from symgate.errors import SymgateError
from symgate.models.formats import hdf5_tree
from symgate.models.keras_config import (
    chains_of,
    facts_of,
    kinds_of,
    saved_names,
    unread,
    wiring,
)
from symgate.models.optional import optional
from symgate.stored.archive import Archive
from symgate.stored.arrays import LONGEST_TEXT, Array, Contents, Stored, checked_bytes, unpacked

#: More objects than this are in no file of a model.
MOST_OBJECTS = 100_000

#: Groups of Keras 3 that hold layers, and those of a layer's two directions.
CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
DIRECTIONS = ("forward_layer", "backward_layer")

#: What memory a file may take beside its own bytes.
ROOM = 1 << 31


def read_keras(archive: Archive) -> Contents:
    """A .keras file: the weights, and what config.json says of each layer."""
    inner = BytesIO(archive.read("model.weights.h5"))
    config = _json(archive.path, archive.read("config.json", LONGEST_TEXT))
    version = _json(archive.path, archive.read("metadata.json", LONGEST_TEXT))
    return _contents(archive.path, inner, "a Keras file", config, str(version["keras_version"]))


def read(path: Path) -> Contents:
    """An HDF5 file of Keras: a whole model, or weights only."""
    return _contents(path, path, "an HDF5 file of Keras", None, "")


def _json(path: Path, text: str | bytes) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SymgateError(f"the configuration in {path} is broken: {error}") from None
    if not isinstance(found, dict):
        raise SymgateError(f"the configuration in {path} is no mapping")
    return found


def _contents(path: Path, source: Any, kind: str, config: Any, version: str) -> Contents:
    h5py = optional("h5py", "a file of Keras")
    _tried_elsewhere(path, source)
    try:
        with h5py.File(source, "r") as file:
            version = version or _text(file.attrs.get("keras_version", ""))
            if config is None and "model_config" in file.attrs:
                config = _json(path, _text(file.attrs["model_config"]))
            objects = list(_objects(path, h5py, file, ""))
            said = {} if config is None else saved_names(config)
            said |= {n: _text(a["name"]) for n, a, shape in objects if "name" in a}
            paths = [n for n, _, shape in objects if shape is not None]
            layers = () if config is None else tuple(wiring(config))
            names = [renamed(n, said, layers) for n in paths]
            twice = {n for n, count in Counter(names).items() if count > 1}
            arrays = {
                n.replace("/", ".") if name in twice else name: _stored(
                    path, h5py, source, n, file[n]
                )
                for name, n in zip(names, paths, strict=True)
            }
    except (OSError, KeyError, RuntimeError, UnicodeDecodeError) as error:
        raise SymgateError(f"{path} is not a whole HDF5 file: {error}; it was cut off") from None
    facts = {} if config is None else facts_of(config, version)
    chains = () if config is None else chains_of(config)
    return Contents(
        kind,
        arrays,
        facts,
        chains=chains,
        batch_first=True,
        inside=((f"keras_version {version}",) if version else ())
        + (() if config is None else kinds_of(config)),
        notes=() if config is None else unread(config),
    )


def _tried_elsewhere(path: Path, source: Path | BytesIO) -> None:
    """Let another process walk the file first; one that it does not survive is refused."""
    content = None if isinstance(source, Path) else source.getvalue()
    room = ROOM + 4 * (path.stat().st_size if content is None else len(content))
    named = str(path.resolve()) if content is None else "-"
    command = [sys.executable, "-P", hdf5_tree.__file__, str(room), named]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=60, check=False)
        ended = done.returncode
    except subprocess.TimeoutExpired:
        ended = -1
    if ended < 0 or ended == 3:
        raise SymgateError(
            f"{path} is not a whole HDF5 file: the HDF5 library does not get through it; it was "
            f"changed or cut off"
        )


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _objects(
    path: Path, h5py: Any, group: Any, prefix: str, seen: list[int] | None = None
) -> Iterator[tuple[str, Mapping[str, Any], tuple[int, ...] | None]]:
    """Every group and array by its path; a link is refused."""
    seen = [0] if seen is None else seen
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise SymgateError(
                f"{path}: {prefix}{name} is a link to somewhere else; links are not followed"
            )
        seen[0] += 1
        if seen[0] > MOST_OBJECTS or prefix.count("/") > 30:
            raise SymgateError(f"{path} has more objects than a model; refused")
        item = group[name]
        attributes = {k: item.attrs[k] for k in ("name",) if k in item.attrs}
        is_array = isinstance(item, h5py.Dataset)
        yield f"{prefix}{name}", attributes, tuple(item.shape or ()) if is_array else None
        if not is_array:
            yield from _objects(path, h5py, item, f"{prefix}{name}/", seen)


def _stored(path: Path, h5py: Any, source: Any, name: str, data: Any) -> Stored:
    if data.is_virtual or data.external:
        raise SymgateError(f"{path}: {name} lies in another file; refused")
    if data.dtype.kind not in "fiub":
        return Stored(tuple(data.shape or ()), data.dtype.name, lambda: _no_numbers(path, name))
    there = data.id.get_storage_size()
    room = there if data.chunks is None else unpacked(there)
    checked_bytes(f"{name} in {path}", tuple(data.shape), data.dtype.itemsize, room)

    def load() -> Array:
        with h5py.File(source, "r") as file:
            found: Array = file[name][()]
            return found

    return Stored(tuple(data.shape), data.dtype.name, load)


def _no_numbers(path: Path, name: str) -> Array:
    raise SymgateError(f"{path}: {name} holds no numbers")


def renamed(path: str, names: Mapping[str, str], layers: Sequence[str] = ()) -> str:
    """The name of an array as `layer.kernel`, `layer.backward.bias`, whatever wrote the file.

    `names` are those that Keras 3 keeps beside its arrays, `layers` those of the configuration.

    >>> renamed("layers/bidirectional/backward_layer/cell/vars/1", {})
    'bidirectional.backward.recurrent_kernel'
    >>> renamed("encoder/rnn/cell/vars/0", {})
    'encoder.rnn.kernel'
    >>> renamed("model_weights/both/seq/both/forward_gru/gru_cell/kernel:0", {})
    'both.forward.kernel'
    >>> renamed("model_weights/inner/a/lstm_cell/kernel:0", {}, ("a", "inner.a"))
    'inner.a.kernel'
    """
    parts = path.split("/")
    if "vars" in parts and parts[0] != "model_weights":
        return _of_vars(parts, names)
    if parts[0] == "model_weights":
        parts = parts[1:]
    inner = parts[1:-1]
    direction = next((w for w in ("forward", "backward") for p in inner if p.startswith(w)), "")
    under = [name.split(".") for name in layers if name.split(".")[0] == parts[0]]
    fitting = [name for name in under if set(name[1:]) <= set(inner)]
    layer = max(fitting, key=len, default=parts[:1])
    return ".".join(filter(None, (*layer, direction, parts[-1].removesuffix(":0"))))


def _of_vars(parts: list[str], names: Mapping[str, str]) -> str:
    """Keras 3: layers/<group>/[forward_layer/]cell/vars/0, the layer's name on its `vars`;
    a model that is a class has its attributes' names instead of layers/<group>."""
    out = []
    for place, part in enumerate(parts[:-1]):
        if place and parts[place - 1] in CONTAINERS:
            out.append(names.get("/".join([*parts[: place + 1], "vars"]), part))
        elif part not in (*CONTAINERS, "cell", "vars"):
            out.append(part.removesuffix("_layer") if part in DIRECTIONS else part)
    is_cell = len(parts) >= 3 and parts[-3] == "cell" and parts[-1] in ("0", "1", "2")
    role = ("kernel", "recurrent_kernel", "bias")[int(parts[-1])] if is_cell else parts[-1]
    return ".".join([*out, role])
