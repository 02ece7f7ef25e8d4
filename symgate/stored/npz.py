"""npz: a zip of arrays, each with a header that is read as a literal and never trusted."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.lib.format import descr_to_dtype

from symgate.errors import SymgateError
from symgate.files import unread
from symgate.parsing import expression
from symgate.stored.archive import BROKEN, Archive
from symgate.stored.arrays import Array, Contents, Stored, checked_bytes

#: What NumPy raises on a header that was changed.
ODD = (ValueError, TypeError, LookupError, EOFError, SyntaxError, RecursionError, MemoryError)

#: A header of an array is shorter than this.
HEADER = 1 << 16


def read(archive: Archive) -> Contents:
    """The arrays of a network, a name's parts with dots between them."""
    return Contents("an npz file", {k.replace("/", "."): v for k, v in arrays(archive).items()})


def arrays(archive: Archive) -> dict[str, Stored]:
    """The arrays by name."""
    names = [name for name in archive.entries if name.endswith(".npy")]
    return {name.removesuffix(".npy"): _stored(archive, name) for name in names}


def packed(about: Mapping[str, Any], held: Mapping[str, Array]) -> bytes:
    """A file of arrays and one text in JSON, `about`: no pickle, no date."""
    out = io.BytesIO()
    said = np.array(json.dumps(about, sort_keys=True))
    np.savez_compressed(out, allow_pickle=False, about=said, **held)
    return out.getvalue()


def about(stored: Mapping[str, Stored]) -> dict[str, Any]:
    """The text in JSON beside the arrays of a file."""
    found: dict[str, Any] = json.loads(text(stored["about"]).rstrip("\0"))
    return found


def text(stored: Stored) -> str:
    """The text of an array; its bytes may hold what is no character, and Python trusts them."""
    array = stored.read()
    if array.dtype.kind != "U" or array.size != 1:
        raise ValueError("no text")
    return array.tobytes().decode("utf-32-be" if array.dtype.str[0] == ">" else "utf-32-le")


def read_npy(path: Path) -> Array:
    """One array from a .npy file, its header held against the file."""
    try:
        with path.open("rb") as file:
            head = io.BytesIO(file.read(HEADER))
            whole = path.stat().st_size
            start, size, shape, order, dtype = _header(str(path), head, whole)
            file.seek(start)
            return np.frombuffer(file.read(size), dtype).reshape(shape, order=order)
    except OSError as error:
        raise unread(path, error) from None
    except SymgateError:
        raise
    except ODD as error:
        raise SymgateError(f"{path} is not an array: {str(error)[:100]}") from None


def _header(name: str, head: io.BytesIO, whole: int) -> tuple[int, int, Any, Any, Any]:
    """Where the numbers begin, their bytes, the shape, the order of the axes, the type."""
    try:
        length = int.from_bytes(head.read(2 if npy.read_magic(head) == (1, 0) else 4), "little")
        said = ast.literal_eval(expression(head.read(length).decode("utf-8").strip()))
        shape, fortran, dtype = said["shape"], said["fortran_order"], descr_to_dtype(said["descr"])
        shape = tuple(shape)
    except ODD as error:
        raise SymgateError(f"{name} is not an array: {str(error)[:100]}") from None
    if dtype.hasobject:
        raise SymgateError(
            f"{name} holds Python objects, which are not made from a file; save arrays of numbers"
        )
    start = head.tell()
    size = checked_bytes(name, shape, dtype.itemsize, whole - start)
    return start, size, shape, "F" if fortran else "C", dtype


def _stored(archive: Archive, name: str) -> Stored:
    entry, where = archive.entries[name], f"{name!r} in {archive.path}"
    try:
        with archive.zip.open(entry) as file:
            head = io.BytesIO(file.read(HEADER))
    except BROKEN as error:
        raise SymgateError(f"{where} is not an array: {error}") from None
    start, size, shape, order, dtype = _header(where, head, entry.file_size)

    def load() -> Array:
        data = archive.read(name)[start : start + size]
        return np.frombuffer(data, dtype).reshape(shape, order=order)

    return Stored(shape, dtype.name, load)
