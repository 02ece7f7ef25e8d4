"""Threads: one of BLAS while a run or a walk goes on, several of the compiled engine.

The products of a walk are small, one after the other: with two threads of BLAS on a busy
machine one was seen to take 200 times as long. To hold it needs threadpoolctl; without it
OPENBLAS_NUM_THREADS=1 in the environment does the same. The samples of a walk in the compiled
engine are independent: where the work is worth it each core takes some of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from multiprocessing import parent_process
from threading import Lock, Thread
from typing import Any, TypeVar

Part = TypeVar("Part")

#: From how many multiplications on a thread is worth its start.
WORTH = 1 << 22


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

    def __exit__(self, *_: object) -> None:
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


def side_by_side(run: Callable[[Part], int], parts: Sequence[Part], work: int) -> list[int]:
    """What `run`, which holds no lock of Python, gives for each part, on all cores that this
    process may use; one after the other where a part is little `work`, or in a worker.

    >>> side_by_side(lambda part: 2 * part, [1, 2, 3], work=1 << 30)
    [2, 4, 6]
    """
    threads = min(len(parts), cores()) if work >= WORTH else 1
    if threads < 2:
        return [run(part) for part in parts]
    found = [0] * len(parts)
    left = iter(range(len(parts)))
    lock = Lock()

    def some() -> None:
        while True:
            with lock:
                place = next(left, None)
            if place is None:
                return
            found[place] = run(parts[place])

    others = [Thread(target=some, daemon=True) for _ in range(threads - 1)]
    for thread in others:
        thread.start()
    some()
    for thread in others:
        thread.join()
    return found


def cores() -> int:
    """How many cores this process may use; a worker, beside which others run, one."""
    if parent_process() is not None:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
