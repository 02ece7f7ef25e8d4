"""The tangent pass: how a change of the state at one step travels forward."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.asked import asked, whole
from symgate.errors import ShapeError, known_name
from symgate.instead import tells
from symgate.numerics.arrays import checked
from symgate.numerics.general_steps import steps_of
from symgate.numerics.norms import squares
from symgate.numerics.run import Run, checked_run, outward
from symgate.numerics.scaled import largest_entries
from symgate.numerics.steps import Rows
from symgate.tables import fields_html

Array = NDArray[Any]

SEGMENT = 128


@tells("a tangent")
@dataclass(frozen=True, eq=False)
class Tangent:
    """A change of the whole state, followed forward.

    `log10_norm` is (K + 1,) or (K + 1, B): its Euclidean norm after 0 … K steps, relative to
    the start; `direction` maps states to it at the end, scaled to norm 1.
    """

    since: int
    log10_norm: Array
    direction: Mapping[str, Array]

    _repr_html_ = fields_html

    def __len__(self) -> int:
        return len(self.log10_norm)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.log10_norm, dtype=dtype)

    def __repr__(self) -> str:
        last = np.max(self.log10_norm[-1], initial=-np.inf)
        steps = len(self.log10_norm) - 1
        return f"<Tangent from step {self.since} over {steps} steps: {last:.4g} decades>"


@asked(steps=whole())
def tangent(
    run: Run, direction: Mapping[str, Any], since: int = 0, steps: int | None = None
) -> Tangent:
    """Follow d(state) from before step `since` over `steps` steps (to the end).

    `direction` maps states to arrays (n,) or (B, n), a matrix state to one of its shape; a state
    that is left out starts at 0.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = sg.simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((10, 2)))
    >>> tangent(run, {"h": np.ones(4)}).log10_norm.shape
    (11,)
    """
    checked_run(run)
    count = run.steps - since if steps is None else steps
    if count < 0 or since + count > run.steps:
        raise ShapeError(
            f"steps {since} to {since + count} are not in the run, which has {run.steps}"
        )
    now = _start(run, direction)
    work = steps_of(run)
    log = np.zeros(run.samples)
    out = np.zeros((count + 1, run.samples))
    with np.errstate(all="ignore"):
        now, log = _rescaled(now, log)
        first = log.copy()
        for begin in range(since, since + count, SEGMENT):
            end = min(begin + SEGMENT, since + count)
            segment = work.segment(begin, end)
            for i in range(end - begin):
                now, log = _rescaled(segment.push(i, now), log)
                out[begin - since + i + 1] = log - first
    return Tangent(
        since,
        (out[:, 0] if run.batch is None else out) / np.log(10),
        {s: outward(run, v[:, 0].T, s) for s, v in now.items()},
    )


def _start(run: Run, direction: Mapping[str, Any]) -> Rows:
    if not isinstance(direction, Mapping):
        raise ShapeError(
            f"a direction must be a mapping of states to arrays, not {type(direction).__name__}"
        )
    for name in direction:
        known_name(f"a state of {run.cell.name} named", name, run.cell.states)
    out = {}
    for state in run.cell.states:
        shape = run.shape(state)
        value = checked(f"d{state}", direction.get(state, np.zeros(shape))).astype(run.dtype)
        if value.shape not in {shape, (run.samples, *shape)}:
            both = f"{shape}" if run.batch is None else f"{shape} or {(run.batch, *shape)}"
            raise ShapeError(f"d{state} has shape {value.shape}; expected {both}")
        rows = np.broadcast_to(value, (run.samples, *shape)).reshape(run.samples, math.prod(shape))
        out[state] = np.array(rows[:, None])
    largest = np.max([largest_entries(v) for v in out.values()], axis=0)
    if not largest.all():
        raise ShapeError("the direction is zero; give a change of at least one state")
    return {s: v / largest[:, None, None] for s, v in out.items()}


def _rescaled(now: Rows, log: Array) -> tuple[Rows, Array]:
    """The same directions with norm 1, and the logarithm of what was divided out."""
    norm = np.sqrt(sum(squares(v) for v in now.values()))
    divisor = np.where(norm > 0, norm, 1.0).astype(norm.dtype)
    return {s: v / divisor[:, None, None] for s, v in now.items()}, log + np.log(norm)
