"""Options that come from outside: names and mappings, checked before use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from symgate.errors import SymgateError, UnknownName


def known_name(what: str, name: Any, known: Iterable[str]) -> str:
    """A name among those known; anything else is an error with the nearest of them."""
    names = tuple(known)
    if not isinstance(name, str) or name not in names:
        raise UnknownName(what, name, names)
    return name


def mapping(what: str, value: Any) -> Mapping[str, Any]:
    """A mapping, empty where nothing was given."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SymgateError(
            f"{what} must be a mapping of names to values, not {type(value).__name__}"
        )
    return value
