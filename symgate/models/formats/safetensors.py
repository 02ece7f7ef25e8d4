"""safetensors: a JSON header, then bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from symgate.errors import SymgateError
from symgate.stored.arrays import LONGEST_TEXT, Array, Contents, Stored, checked_bytes, from_bytes

TYPES = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}


def read(path: Path) -> Contents:
    """The tensors by name."""
    whole = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(whole - 8, LONGEST_TEXT):
            raise SymgateError(
                f"{path} claims a header of {length:,} bytes and has {whole:,} in all; it was cut "
                f"off or its header lies"
            )
        text = file.read(length)
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        found = {name: _stored(path, 8 + length, whole, name, e) for name, e in header.items()}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        if isinstance(error, SymgateError):
            raise
        raise SymgateError(f"{path} has a broken header ({type(error).__name__})") from None
    return Contents("a safetensors file", found)


def _stored(path: Path, start: int, whole: int, name: str, entry: dict[str, Any]) -> Stored:
    code, shape = entry["dtype"], entry["shape"]
    first, last = entry["data_offsets"]
    if code not in TYPES:
        return Stored(tuple(shape), str(code), lambda: _refused(path, name, code))
    dtype, itemsize = TYPES[str(code)]
    dims = tuple(shape)
    if not 0 <= first <= last <= whole - start:
        raise SymgateError(f"{name!r} in {path} lies outside the file; it was cut off")
    size = checked_bytes(name, dims, itemsize, last - first)
    if size != last - first:
        raise SymgateError(f"{name!r} in {path} has {last - first:,} bytes for shape {dims}")

    def load() -> Array:
        with path.open("rb") as file:
            file.seek(start + first)
            return from_bytes(file.read(size), dtype, dims)

    return Stored(dims, dtype, load)


def _refused(path: Path, name: str, code: object) -> Array:
    raise SymgateError(f"{name!r} in {path} is of type {code}; known are {', '.join(TYPES)}")
