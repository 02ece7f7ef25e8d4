"""A record from plain data that somebody else wrote: each field is what its annotation says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

Made = TypeVar("Made")


def from_fields(kind: type[Made], data: Any) -> Made:
    """The record of a mapping of its fields; a ValueError says which does not fit.

    >>> from symgate.decaying.predictions import Predictions
    >>> from_fields(Predictions, {"entries": [], "notes": ["none was made"]}).notes
    ('none was made',)
    """
    if not isinstance(data, dict) or set(data) != set(hints := get_type_hints(kind)):
        raise ValueError(f"these are not the fields of {kind.__name__}")
    return kind(**{name: fitting(hints[name], value, name) for name, value in data.items()})


def fitting(kind: Any, value: Any, name: str) -> Any:
    """A value as its annotation wants it: lists become tuples, whole numbers floats, mappings of
    fields records."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        chosen = next(one for one in inner if one is not NoneType)
        return None if value is None and NoneType in inner else fitting(chosen, value, name)
    if isinstance(kind, type) and is_dataclass(kind):
        return from_fields(kind, value)
    if origin is None and isinstance(value, kind) and not isinstance(value, bool):
        if not isinstance(value, str) or value.replace("\n", "").isprintable():
            return value
    elif kind is float and type(value) is int:
        return float(value)
    elif origin is np.ndarray and isinstance(value, np.ndarray):
        if value.dtype.kind in "iu" or value.dtype == float:
            return value
    elif origin is tuple and isinstance(value, list | tuple):
        return tuple(fitting(inner[0], each, name) for each in value)
    elif origin is Mapping and isinstance(value, dict):
        key, each = inner
        return {fitting(key, k, name): fitting(each, v, name) for k, v in value.items()}
    raise ValueError(f"{name} is not what it should be")
