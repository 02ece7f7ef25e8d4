"""Runs that keep the state of every √T-th step only; the steps between are run again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics import native
from symgate.numerics.forward import CompiledLoop
from symgate.numerics.general import GeneralLoop, is_general
from symgate.numerics.loop import Loop, Progress
from symgate.numerics.run import Run

Array = NDArray[Any]
States = dict[str, Array]
AnyLoop = Loop | CompiledLoop | GeneralLoop


def loop_of(planned: Run, engine: str | None) -> AnyLoop:
    """What runs the steps of a cell, of whatever values, by an engine."""
    if is_general(planned.cell):
        return GeneralLoop(planned)
    library = native.engine(engine)
    if library is None or planned.dtype != np.float64 or planned.samples == 0:
        return Loop(planned)
    return CompiledLoop(planned, library)


class Checkpoints:
    """Gives the values of the steps first … last - 1 when they are asked for, run again from the
    state that was kept before them.

    The states are kept when it is made; where none can be infinite, when one is first needed.
    """

    def __init__(
        self,
        planned: Run,
        start: States,
        engine: str | None,
        progress: Progress | None = None,
        kept: list[States] | None = None,
    ) -> None:
        self.planned, self.start, self.engine, self.kept = planned, start, engine, kept
        self.stride = max(1, math.isqrt(planned.steps))
        self.loop = loop_of(planned, engine)
        if isinstance(self.loop, GeneralLoop) and self.loop.is_tame:
            if progress is not None:
                progress(planned.steps, planned.steps)
        else:
            self.marks(progress)

    def __reduce__(self) -> tuple[object, ...]:
        return Checkpoints, (self.planned, self.start, self.engine, None, self.kept)

    def marks(self, progress: Progress | None = None) -> list[States]:
        """The states before every `stride`-th step."""
        if self.kept is None:
            self.kept = [self.start]
            for first in range(0, self.planned.steps, self.stride):
                last = min(first + self.stride, self.planned.steps)
                values = self.loop.run(first, last, self.kept[-1], progress)
                self.kept.append({s: values[s][-1].copy() for s in self.planned.cell.states})
        return self.kept

    def again(self, first: int, last: int) -> Mapping[str, Array]:
        """The values of some steps."""
        mark = first // self.stride
        values = self.loop.run(mark * self.stride, last, self.marks()[mark])
        return {name: array[first - mark * self.stride :] for name, array in values.items()}

    def __call__(self, first: int, last: int) -> Mapping[str, Array]:
        if isinstance(self.loop, GeneralLoop):
            return _WhenNeeded(self, self.loop, first, last)
        return self.again(first, last)


class _WhenNeeded(Mapping[str, Array]):
    """The values of some steps; they are run again if one is asked for that the inputs alone do
    not decide."""

    def __init__(self, owner: Checkpoints, loop: GeneralLoop, first: int, last: int) -> None:
        self.owner, self.loop, self.steps = owner, loop, (first, last)
        self.found: Mapping[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        ahead = self.loop.ahead(name, *self.steps)
        if ahead is not None:
            return ahead
        if not self.found:
            self.found = self.owner.again(*self.steps)
        return self.found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.loop.lin.nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self.loop.lin.nodes)

    def __len__(self) -> int:
        return len(self.loop.lin.nodes)
