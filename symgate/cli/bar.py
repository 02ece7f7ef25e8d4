"""A progress bar on standard error, only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
Sections = Callable[[str, int, int], None]


@contextmanager
def bar(title: str) -> Iterator[Progress | None]:
    """A hook (done, total) that draws a bar, or None where nobody would see it."""
    with sections(title) as hook:
        yield None if hook is None else lambda done, total: hook(title, done, total)


@contextmanager
def sections(title: str) -> Iterator[Sections | None]:
    """A hook (what is being done, done, total), or None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.3g}/s" if task.speed else "")

    columns = (*Bars.get_default_columns(), Rate())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield lambda name, done, total: bars.update(
            task, description=name, completed=done, total=total
        )
