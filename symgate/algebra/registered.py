"""Where the classes of registered functions are found by name, as pickle asks for them."""

from __future__ import annotations

from typing import Any

from symgate.algebra.activations import ACTIVATIONS


def __getattr__(name: str) -> Any:
    record = ACTIVATIONS.get(name)
    if record is None or not record.formula:
        raise AttributeError(f"no function {name!r} is registered in this process")
    return record.function
