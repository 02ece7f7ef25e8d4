"""One thread of BLAS while a run or a walk goes on: its products are small, one after the other.

With two threads on a busy machine such a walk was seen to take 200 times as long. This needs
threadpoolctl; without it OPENBLAS_NUM_THREADS=1 in the environment does the same.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Lock
from types import TracebackType
from typing import Any


class OneThread:
    """Holds BLAS to one thread while any walk is inside; the last to leave sets it back.

    >>> with OneThread():
    ...     pass
    """

    def __init__(self) -> None:
        self.lock, self.inside = Lock(), 0
        self.held: Any = None

    def __enter__(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1 and (found := controller()) is not None:
                self.held = found.limit(limits=1, user_api="blas")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0 and self.held is not None:
                self.held.restore_original_limits()
                self.held = None


ONE_THREAD = OneThread()


@cache
def controller() -> Any:
    """What sets the threads of BLAS, or None where threadpoolctl is missing or there is only
    one thread anyway."""
    try:
        found = import_module("threadpoolctl").ThreadpoolController()
        threads = [lib["num_threads"] for lib in found.info() if lib["user_api"] == "blas"]
    except (ImportError, AttributeError, OSError, KeyError):
        return None
    return found if max(threads, default=1) > 1 else None
