"""npz: a zip of arrays, each with a header that is read as a literal and never trusted."""

from __future__ import annotations

import io

import numpy as np
from numpy.lib import format as npy

from symgate.errors import SymgateError
from symgate.models.formats.archive import BROKEN, Archive
from symgate.models.stored import Array, Contents, Stored, checked_bytes

#: A header of an array is shorter than this.
HEADER = 1 << 16


def read(archive: Archive) -> Contents:
    """The arrays by name."""
    names = [name for name in archive.entries if name.endswith(".npy")]
    return Contents(
        "a npz file", {name.removesuffix(".npy"): _stored(archive, name) for name in names}
    )


def _stored(archive: Archive, name: str) -> Stored:
    entry = archive.entries[name]
    try:
        with archive.zip.open(entry) as file:
            head = io.BytesIO(file.read(HEADER))
        version = npy.read_magic(head)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = reader(head)
    except (*BROKEN, ValueError) as error:
        raise SymgateError(f"{name!r} in {archive.path} is no array: {error}") from None
    if dtype.hasobject:
        raise SymgateError(
            f"{name!r} in {archive.path} holds Python objects, which are not made from a file; "
            f"save arrays of numbers"
        )
    start = head.tell()
    size = checked_bytes(name, tuple(shape), dtype.itemsize, entry.file_size - start)

    def load() -> Array:
        data = archive.read(name)[start : start + size]
        flat = np.frombuffer(data, dtype)
        return flat.reshape(shape, order="F" if fortran else "C")

    return Stored(tuple(shape), dtype.name, load)
