"""Whether a run ends in a fixed point or a cycle: then there is no chaos to measure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.algebra.vectors import variable
from symgate.numerals import counted
from symgate.numerics.run import Run, window_of

#: The longest cycle that is looked for, and how far its turns may differ.
LONGEST, TOLERANCE = 64, 1e-7


def cycle_notes(run: Run) -> list[str]:
    """A sentence where all samples of a run with constant input end in a cycle, else nothing."""
    count = min(3 * LONGEST, run.steps)
    window = window_of(run, run.steps - count, run.steps)
    for name in run.cell.inputs:
        array = run.inputs[name][-count:]
        if (array != array[:1]).any():
            return []
    tail = np.concatenate([window[variable(s)] for s in run.cell.states], axis=1)
    period = _period(tail)
    if period is None:
        return []
    where = "a fixed point" if period == 1 else f"a cycle of {period} steps"
    width = tail.shape[1]
    return [f"the run settles on {where}: no chaos at this size ({counted(width, 'direction')})"]


def _period(tail: NDArray[Any]) -> int | None:
    """After how many steps the last values repeat, over at least two turns."""
    size = max(1.0, float(np.abs(tail).max(initial=0)))
    for period in range(1, min(LONGEST, len(tail) // 3) + 1):
        part = tail[-2 * period - 1 :]
        if np.abs(part[period:] - part[:-period]).max(initial=0) <= TOLERANCE * size:
            return period
    return None
