"""Public functions by 8 threads at once; with all of them: `python -m tests.everywhere`."""

from __future__ import annotations

import json
import subprocess
import sys

import symgate as sg
from tests.everywhere import MADE_BY, WITHOUT, pictures, verbs

#: Functions of `sg.plots` that draw nothing of their own.
NO_PICTURE = {"save", "sized", "svg", "watch_curves"}


def test_every_public_name_is_tried() -> None:
    tried = set(verbs())
    assert set(sg.__all__) - tried <= {*MADE_BY, *WITHOUT}
    assert set(MADE_BY.values()) <= tried
    assert set(sg.plots.__all__) - set(pictures()) == NO_PICTURE


def test_eight_threads_give_the_same_bytes() -> None:
    """With cold caches, and a clock that goes back."""
    options = ("--threads", "8", "--clock", "zoo", "jacobian", "simulate", "check", "activation")
    command = [sys.executable, "-m", "tests.everywhere", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for name, found in json.loads(done.stdout).items():
        assert len(found) == 1, (name, found)
        assert ":" not in found[0], (name, found)  # a digest, and no raw error
