"""Options that come from outside: names, mappings and progress hooks, checked before use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

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


def check_progress(progress: Any) -> None:
    """A progress hook takes (steps done, all steps)."""
    if progress is not None and not callable(progress):
        raise SymgateError(f"progress must be a function of two numbers, not {progress!r}")


def check_switch(name: str, value: Any) -> None:
    """A switch is True or False, and no text or number that Python takes for one."""
    if not isinstance(value, bool | np.bool_):
        raise SymgateError(f"{name} must be True or False, not {value!r}")
