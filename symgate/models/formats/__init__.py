"""Files of trained networks, told apart by their first bytes and never by their ending."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from symgate.errors import SymgateError
from symgate.files import unread
from symgate.models.formats import hdf5, onnx_file, safetensors, torch_zip
from symgate.models.heads import kind_of
from symgate.stored import npz
from symgate.stored.archive import Archive
from symgate.stored.arrays import LONGEST_TEXT, Contents, Stored

KNOWN = ".pt and .safetensors, .npz, Keras's .keras and .h5, .onnx"

#: A file of several that hold one network together, as the Hub's savers name them.
SHARD = re.compile(r".*-(\d{5})-of-(\d{5})\.\w+")


#: What readers and their libraries raise where bytes were changed in a way nobody thought of.
ODD = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, OSError, RuntimeError)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Reading a file: whatever is odd about its bytes becomes an error that says so."""
    try:
        yield
    except SymgateError:
        raise
    except MemoryError:
        raise SymgateError(f"the memory of this machine does not hold what is in {path}") from None
    except ODD as error:
        raise SymgateError(
            f"{path} is broken ({type(error).__name__}: {str(error)[:100]}); it was cut off or "
            f"changed"
        ) from None


def contents(path: Path) -> Contents:
    """What a file holds, by the reader that its first bytes ask for."""
    try:
        found = _of_file(path)
        if (shard := SHARD.fullmatch(path.name)) is None:
            return found
        text = f"the file is part {int(shard[1])} of {int(shard[2])}: what the others hold is not "
        return replace(found, notes=(*found.notes, f"{text}read; give the .index.json of them all"))
    except IsADirectoryError:
        raise SymgateError(
            f"{path} is a folder; name a file in it ({KNOWN}); a SavedModel of TensorFlow is saved "
            f'anew with model.save("model.keras")'
        ) from None
    except OSError as error:
        raise unread(path, error) from None


def _of_shards(path: Path) -> Contents:
    """The tensors of all files that an index names, which lie beside it."""
    said = json.loads(path.read_bytes()[:LONGEST_TEXT])
    files = sorted(set(said["weight_map"].values())) if "weight_map" in said else []
    if not files or any(SHARD.fullmatch(name) is None or "/" in name for name in files):
        raise SymgateError(f"{path} is text in JSON, and no index of the parts of a network")
    arrays: dict[str, Stored] = {}
    parts = tuple(path.parent / name for name in files)
    for part in parts:
        arrays |= _of_file(part).arrays
    return Contents(f"an index of {len(files)} files", arrays, parts=parts)


def _of_file(path: Path) -> Contents:
    with path.open("rb") as file:
        head = file.read(16)
    kind = kind_of(head)
    if kind == "zip":
        return _of_zip(Archive(path))
    if kind == "pickle":
        raise SymgateError(torch_zip.raw_pickle(path, head))
    if kind:
        return {"hdf5": hdf5, "safetensors": safetensors, "onnx": onnx_file}[kind].read(path)
    if head.startswith(b"version https://"):
        raise SymgateError(f"{path} only points to a file that Git LFS keeps; run git lfs pull")
    if head.lstrip()[:5].lower() in (b"<!doc", b"<html"):
        raise SymgateError(f"{path} is a web page, not the file that it offers")
    if not head:
        raise SymgateError(f"{path} is empty")
    if head.lstrip()[:1] == b"{":
        return _of_shards(path)
    raise SymgateError(
        f"{path} is not a file of a trained network that is known here: {KNOWN}; a checkpoint of "
        f'TensorFlow is loaded and saved anew with model.save("model.keras"), arrays with np.savez'
    )


def _of_zip(archive: Archive) -> Contents:
    names = archive.entries
    if "model.weights.h5" in names:
        return hdf5.read_keras(archive)
    if names and all(name.endswith(".npy") for name in names):
        return npz.read(archive)
    return torch_zip.read(archive)
