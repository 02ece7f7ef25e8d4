"""`torch.save` files: a zip with a pickle of names and the bytes of tensors.

The pickle is read by an unpickler that knows only what a state_dict needs: OrderedDict, the
rebuilding of a tensor, the storage types. What trainers put beside one (hyper-parameters, a
path, a number of NumPy) is passed over without being made. Any other name or operation is
refused by name, so nothing in a file can run.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symgate.errors import SymgateError
from symgate.stored.archive import Archive
from symgate.stored.arrays import LONGEST_TEXT, Array, Contents, Stored, checked_bytes, from_bytes

#: The types of storages and of NumPy, by the name that the pickle has.
STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}

SAVE = "save the weights alone: torch.save(model.state_dict(), path)"

#: The operations that a dictionary of tensors, numbers and texts is written with.
OPERATIONS = """
    PROTO STOP MARK EMPTY_DICT EMPTY_LIST EMPTY_TUPLE EMPTY_SET ADDITEMS TUPLE TUPLE1 TUPLE2 TUPLE3
    BINUNICODE SHORT_BINUNICODE BINUNICODE8 BININT BININT1 BININT2 LONG1 BINFLOAT NONE NEWTRUE
    NEWFALSE BINPUT LONG_BINPUT BINGET LONG_BINGET MEMOIZE SETITEM SETITEMS APPEND APPENDS GLOBAL
    STACK_GLOBAL REDUCE BUILD BINPERSID FRAME POP POP_MARK DUP NEWOBJ BINBYTES SHORT_BINBYTES
"""
ALLOWED = frozenset(OPERATIONS.split())


@dataclass(frozen=True, slots=True)
class _Type:
    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    dtype: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: Any
    offset: Any
    shape: Any
    strides: Any


class _Passed:
    """What stands for an object that is passed over: it takes everything and does nothing."""

    def __init__(self, *_: Any) -> None: ...
    def __setstate__(self, _: Any) -> None: ...
    def __setitem__(self, *_: Any) -> None: ...
    def append(self, _: Any) -> None: ...
    def extend(self, _: Any) -> None: ...


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _parameter(data: Any, *_: Any) -> Any:
    return data


KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    **{("torch", name): _Type(name) for name in STORAGES},
}

#: The packages of what trainers put beside the weights; nothing of them is made.
PASSED = re.compile(
    r"(argparse|pathlib|datetime|typing|omegaconf|lightning|lightning_fabric|pytorch_lightning)"
    r"(\.\w+)*|collections|_codecs|numpy(\.(_?core\.multiarray|dtypes))?"
)
PLAIN = re.compile(r"(builtins|__builtin__)\.(dict|list|set|int|float|str|bool|tuple|complex)")


def _is_passed(module: str, name: str) -> bool:
    if module == "torch":
        return (
            name in ("device", "Size")
            or re.fullmatch(r"b?float\d+|u?int\d+|bool", name) is not None
        )
    return bool(PASSED.fullmatch(module) or PLAIN.fullmatch(f"{module}.{name}"))


def read(archive: Archive) -> Contents:
    """The tensors of a checkpoint by their names, nested ones with a point between."""
    top = _top(archive)
    where = archive.path
    order = "<"
    if f"{top}byteorder" in archive.entries:
        order = ">" if archive.read(f"{top}byteorder", 100) == b"big" else "<"
    tree = _unpickled(archive, f"{top}data.pkl")
    found = {name: _stored(archive, top, order, name, t) for name, t in _tensors(tree)}
    if not found:
        raise SymgateError(f"{where} holds no tensors; {SAVE}")
    return Contents("a PyTorch file", found)


def _top(archive: Archive) -> str:
    """The folder in the archive that holds data.pkl; other archives of PyTorch are refused."""
    names = list(archive.entries)
    if any("/code/" in name or name.endswith("/constants.pkl") for name in names):
        raise SymgateError(f"{archive.path} is TorchScript, a program: it is not run; {SAVE}")
    if any(name.endswith("/.data/extern_modules") for name in names):
        raise SymgateError(f"{archive.path} is a torch.package, a program: not run; {SAVE}")
    tops = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
    if len(tops) != 1:
        raise SymgateError(f"{archive.path} is a zip, but no file of torch.save; {SAVE}")
    return tops[0]


def raw_pickle(path: Path, head: bytes) -> str:
    """Why a pickle that is no zip is not read, and what to save instead."""
    if head[2:14] == b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19":  # the number that it wrote
        return (
            f"{path} was saved by PyTorch before 1.6, or in its format; save it anew: "
            f"torch.save(torch.load(path, weights_only=True), new_path)"
        )
    return f"{path} is a raw pickle, a program that makes objects: it is not run; {SAVE}"


class _Unpickler(pickle.Unpickler):
    path: Any = None

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in KNOWN:
            return KNOWN[module, name]
        if not _is_passed(module, name):
            raise SymgateError(
                f"{self.path} holds an object of {module}.{name}, and objects are not made from "
                f"a file; {SAVE}"
            )
        return _Passed

    def persistent_load(self, pid: Any) -> _Storage:
        match pid:
            case ("storage", _Type(name=name), str(key), _, int(count)):
                return _Storage(STORAGES[name], key, count)
        raise SymgateError(f"{self.path} refers to something else than a storage; refused")


def _unpickled(archive: Archive, name: str) -> Any:
    data = archive.read(name, LONGEST_TEXT)
    try:
        for place, (operation, argument, _) in enumerate(pickletools.genops(data)):
            if operation.name not in ALLOWED:
                raise SymgateError(
                    f"{archive.path}: its pickle has the operation {operation.name}, which no "
                    f"dictionary of tensors needs; {SAVE}"
                )
            if "BINPUT" in operation.name and int(argument or 0) > place + 1:
                raise SymgateError(f"{archive.path}: its pickle asks for too much memory; refused")
        reader = _Unpickler(io.BytesIO(data))
        reader.path = archive.path
        return reader.load()
    except SymgateError:
        raise
    except Exception as error:  # whatever a broken pickle makes Python say
        raise SymgateError(
            f"{archive.path}: its pickle is broken ({type(error).__name__}); it was cut off or "
            f"changed"
        ) from None


def _tensors(tree: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, _Tensor]]:
    """Every tensor of nested dictionaries and lists, with its name."""
    if depth > 20:
        raise SymgateError(f"dictionaries are nested more than 20 deep at {prefix[:60]!r}")
    if isinstance(tree, _Tensor):
        yield prefix.removesuffix("."), tree
        return
    items: Any = ()
    if isinstance(tree, dict):
        items = dict.items(tree)
    elif isinstance(tree, list | tuple):
        items = enumerate(tree)
    for name, value in items:
        if isinstance(value, dict | list | tuple | _Tensor):
            yield from _tensors(value, f"{prefix}{name}.", depth + 1)


def _stored(archive: Archive, top: str, order: str, name: str, tensor: _Tensor) -> Stored:
    storage, shape, strides = tensor.storage, tensor.shape, tensor.strides
    numbers = (tensor.offset, *shape, *strides) if _whole(shape, strides) else (None,)
    if not isinstance(storage, _Storage) or any(not isinstance(n, int) or n < 0 for n in numbers):
        raise SymgateError(f"{name!r} in {archive.path} has no shape and strides that make sense")
    entry = archive.entries.get(f"{top}data/{storage.key}")
    if entry is None:
        raise SymgateError(f"{archive.path} has no bytes for {name!r}; it was cut off")
    wide_dtype = storage.dtype == "bfloat16"
    itemsize = 2 if wide_dtype else np.dtype(storage.dtype).itemsize
    checked_bytes(name, tuple(shape), itemsize, entry.file_size)
    last = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if shape else 0
    if math.prod(shape) and (tensor.offset + last + 1) * itemsize > entry.file_size:
        raise SymgateError(f"{name!r} in {archive.path} reaches beyond its bytes; refused")

    def load() -> Array:
        data = archive.read(f"{top}data/{storage.key}")
        dtype = storage.dtype
        if order == ">":
            dtype = ">bfloat16" if wide_dtype else np.dtype(dtype).newbyteorder(">").str
        flat = from_bytes(data, dtype, (len(data) // itemsize,))
        steps = tuple(s * flat.itemsize for s in strides)
        view = np.lib.stride_tricks.as_strided(flat[tensor.offset :], tuple(shape), steps)
        return np.array(view)

    return Stored(tuple(shape), storage.dtype, load)


def _whole(*parts: Any) -> bool:
    shape, strides = parts
    return all(isinstance(p, list | tuple) for p in parts) and len(shape) == len(strides)
