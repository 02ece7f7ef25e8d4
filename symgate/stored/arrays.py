"""Arrays that lie in a file, known by name, shape and type before any of them is read.

A reader says how many bytes stand behind an array; nothing is allocated that they do not
cover, whatever a header claims.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from symgate.errors import SymgateError
from symgate.numerics.arrays import as_array

Array = NDArray[Any]
Listed = TypeVar("Listed", bound=Sized)

#: No array of a recurrent layer is larger than this, in bytes.
LARGEST = 1 << 31

#: A text in a file (a header, a configuration, a pickle of names) is shorter than this.
LONGEST_TEXT = 1 << 26

#: No network has more recurrent layers, or arrays.
MOST = 20_000

#: How far deflate can shrink anything, and how far the weights of a network where they are many.
ANYTHING, WEIGHTS = 1100, 100


@dataclass(frozen=True, slots=True)
class Stored:
    """An array of a source: `read` gives it, and is called only where it is needed."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], Array]


@dataclass(frozen=True)
class Contents:
    """What a reader found: arrays by name, and what else the source says.

    `kind` names the format in words. `config` maps the name of a layer to what a
    configuration says of it. `nodes` are layers that the source itself describes, `notes` says
    what is not read. `parts` are other files that the arrays lie in.
    """

    kind: str
    arrays: Mapping[str, Stored] = field(default_factory=dict)
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: tuple[Any, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    inside: tuple[str, ...] = ()
    batch_first: bool | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[Path, ...] = ()


def few(source: object, listed: Listed) -> Listed:
    """What a source holds, where it is no more than a network may have."""
    if len(listed) > MOST:
        raise SymgateError(f"{source} has {len(listed):,} layers or arrays, more than {MOST:,}")
    return listed


def in_memory(array: Array) -> Stored:
    """An array that is there already."""
    return Stored(array.shape, array.dtype.name, lambda: array)


def unpacked(packed: int) -> int:
    """The most bytes that so many packed ones hold in an honest file.

    >>> unpacked(10**3), unpacked(10**6)
    (1101100, 100000000)
    """
    return max(min(ANYTHING * (packed + 1), LONGEST_TEXT), WEIGHTS * packed)


def checked_bytes(name: str, shape: tuple[int, ...], itemsize: int, there: int) -> int:
    """The bytes of an array, held against the bytes that are there and the largest size."""
    empty = 0 in shape and max(shape) > LARGEST
    if any(type(n) is not int or n < 0 for n in shape) or len(shape) > 32 or empty:
        raise SymgateError(f"{name!r} has the impossible shape {_shown(shape)}; the file is broken")
    if itemsize < 1:
        raise SymgateError(f"{name!r} has values without a size; the file is broken")
    size = math.prod(shape) * itemsize
    if size > there:
        raise SymgateError(
            f"{name!r} claims {size:,} bytes and {there:,} are in the file; it was cut off or "
            f"its header lies"
        )
    if size > LARGEST:
        raise SymgateError(
            f"{name!r} has {size:,} bytes, more than the limit of {LARGEST:,} for one array"
        )
    return size


def _shown(shape: tuple[int, ...]) -> str:
    text = str(tuple(shape)[:8])
    return text if len(text) < 120 else f"{text[:117]}…"


def from_bytes(data: bytes, dtype: str, shape: tuple[int, ...]) -> Array:
    """Numbers from their bytes; bfloat16, which NumPy has not, is widened to float32."""
    if dtype in ("bfloat16", ">bfloat16"):
        order = ">" if dtype[0] == ">" else "<"
        bits = np.frombuffer(data, f"{order}u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(shape)
    return np.frombuffer(data, dtype).reshape(shape)


def wide(name: str, value: Any) -> Array:
    """Any array of any framework as NumPy's: real numbers or truth values."""
    found = as_array(name, value)
    if found.dtype.kind not in "fiub":
        raise SymgateError(f"{name} holds {found.dtype} values; expected real numbers")
    return found
