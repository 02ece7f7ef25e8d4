"""Programs that some tests need and not every machine has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def needs(program: str) -> str:
    """The path of a program; a skip with a reason where it is missing, a failure where
    continuous integration should have installed it (CI=true)."""
    found = shutil.which(program)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{program} is missing, and .ci/run should have installed it")
    if found is None:
        pytest.skip(f"{program} is not installed; .ci/run installs it")
    return found


def axe() -> Path:
    """The rules of axe-core, which .ci/run takes from the npm registry."""
    found = Path(__file__).parent.parent / "build/node_modules/axe-core/axe.min.js"
    if found.is_file():
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("axe-core is missing, and .ci/run should have installed it")
    pytest.skip("axe-core is not installed; .ci/run installs it")
