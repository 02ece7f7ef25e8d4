"""Packages of the extra symgate[models], loaded where a file needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from symgate.errors import MissingTool


def optional(package: str, what: str) -> Any:
    """A package, or an error that says what to type."""
    try:
        return import_module(package)
    except ImportError:
        raise MissingTool(
            f"{what} needs {package}, which is not installed: pip install 'symgate[models]'"
        ) from None
