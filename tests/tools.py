"""Programs that some tests need and not every machine has."""

from __future__ import annotations

import os
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest


def needs(program: str) -> str:
    """The path of a program."""
    return shutil.which(program) or missing(program)


def axe() -> Path:
    """The rules of axe-core, which .ci/run takes from the npm registry."""
    found = Path(__file__).parent.parent / "build/node_modules/axe-core/axe.min.js"
    return found if found.is_file() else missing("axe-core")


def missing(what: str) -> NoReturn:
    """A skip with a reason, and a failure where continuous integration should have installed
    it (CI=true)."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and .ci/run should have installed it")
    pytest.skip(f"{what} is not installed; .ci/run installs it", allow_module_level=True)


def package(name: str) -> Any:
    """A package that only tests of trained networks need, loaded."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    try:
        return import_module(name)
    except ImportError:
        return missing(name)
