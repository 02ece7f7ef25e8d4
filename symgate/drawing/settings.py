"""Matplotlib's settings for a while: there is one set for all threads, so one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from matplotlib import rc_context

#: Held where Matplotlib measures words or draws: its reader of formulas serves one thread.
ALONE = RLock()


@contextmanager
def settings(values: Any) -> Iterator[None]:
    """Draw with some settings, alone, and leave Matplotlib's as they were."""
    with ALONE, rc_context(values):
        yield
