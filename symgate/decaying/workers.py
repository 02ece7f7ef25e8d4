"""Tasks on any executor, their results in the order of the tasks."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_all_start_methods, get_context
from typing import Any, TypeVar

from symgate.errors import MissingTool, SymgateError

Task = TypeVar("Task")
Result = TypeVar("Result")

#: How many tasks wait for each process, and how often a task is tried whose process died.
AHEAD, TRIES = 4, 3

#: Seconds in which a scheduler must answer.
ANSWER = 10

#: How processes are started: a fork needs no script that guards its main part.
START = "fork" if "fork" in get_all_start_methods() else "spawn"


def in_order(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int = 1,
    executor: Executor | None = None,
) -> Iterator[Result]:
    """`map`, with `jobs` processes of our own or on an executor that was given.

    A process that dies is replaced, and its tasks are done again; one that dies of the same
    task three times ends it.

    >>> list(in_order(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    if executor is None and (jobs == 1 or len(tasks) < 2):
        yield from map(function, tasks)
        return
    if executor is not None:
        if not hasattr(executor, "submit"):
            raise SymgateError(f"an executor must have a method submit, and {executor!r} has none")
        try:
            yield from _submitted(function, tasks, executor, 64)
        except BrokenExecutor as error:
            raise SymgateError(
                f"the executor died ({error}); what a sweep has measured is in its file, and "
                f"the same call goes on from there (keep=…)"
            ) from None
        return
    done = failed = 0
    while done < len(tasks):
        before = done
        with ProcessPoolExecutor(min(jobs, len(tasks)), get_context(START)) as pool:
            try:
                for result in _submitted(function, tasks[done:], pool, AHEAD * jobs):
                    yield result
                    done += 1
            except BrokenExecutor:
                failed = failed + 1 if done == before else 1
                if failed == TRIES:
                    raise SymgateError(
                        f"the process at work on task {done + 1} of {len(tasks)} died {TRIES} "
                        f"times; is there memory enough for it? Take fewer jobs or units"
                    ) from None


def _started(executor: Executor, function: Any, task: Any) -> Future[Any]:
    """Hand a task on. JAX warns of any fork in its process; ours run NumPy alone."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"os\.fork", RuntimeWarning)
        try:
            return executor.submit(function, task)
        except BrokenExecutor:
            raise
        except RuntimeError as error:  # it was shut down
            raise SymgateError(f"the executor takes no work: {error}") from None


@contextmanager
def cluster(address: str | None) -> Iterator[Executor | None]:
    """The executor of a Dask cluster at an address; None without one."""
    if address is None:
        yield None
        return
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise MissingTool(
            "a Dask cluster needs the package distributed: pip install 'symgate[dask]'"
        ) from None
    try:
        client = distributed.Client(address, timeout=ANSWER)
    except (OSError, ValueError, TimeoutError) as error:
        raise SymgateError(
            f"no Dask scheduler answered at {address} within {ANSWER} s ({error}); is it running?"
        ) from None
    with client:
        yield client.get_executor()


def _submitted(
    function: Callable[[Task], Result], tasks: Sequence[Task], executor: Executor, ahead: int
) -> Iterator[Result]:
    """The results in order, with no more than `ahead` tasks handed over at a time."""
    waiting: deque[Future[Any]] = deque()
    rest = iter(tasks)
    try:
        for task in rest:
            waiting.append(_started(executor, function, task))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
