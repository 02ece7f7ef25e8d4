"""Small cells, all parts of a sequence at once.

A step of a small cell costs more in calls than in numbers. So the sequence is cut into
chunks that run side by side, as samples do, each from a guess of the state before it; the
end of each chunk is the next guess of the following. A cell that forgets agrees with the
step-by-step run to rounding after a few rounds; one that does not is run step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.errors import Diverged
from symgate.numerics.loop import Loop
from symgate.numerics.run import Run

Array = NDArray[Any]

#: How long a chunk is at least, and how many rounds are worth while; up to which number of units
#: and samples, and from how many chunks on.
LENGTH, ROUNDS, UNITS, CHUNKS = 96, 6, 64, 6

#: The relative change from which on rounding is no excuse for it.
FADED = 1e-6


def in_chunks(planned: Run, start: Mapping[str, Array]) -> dict[str, Array] | None:
    """The kept values of a whole run, or None where it has to go step by step."""
    units = max(map(len, start.values())) * planned.samples
    chunks = planned.steps // LENGTH
    if chunks < CHUNKS or not 0 < units <= UNITS:
        return None
    length = planned.steps // chunks
    beside = _beside(planned, chunks, length)
    segment = Loop(beside).bind(0, length)
    segment.keep_drives()
    guess = {
        name: np.concatenate(
            [value[:, None], np.zeros((len(value), chunks - 1, planned.samples))], 1
        )
        for name, value in start.items()
    }
    last_change = np.inf
    for _ in range(ROUNDS):
        try:
            values = segment.run({name: g.reshape(len(g), -1) for name, g in guess.items()})
        except Diverged:
            return None
        change = _hand_over(guess, values, planned)
        if change <= 4 * np.finfo(planned.dtype).eps:
            return _whole(planned, values, start, chunks, length)
        if change > 0.1 * last_change:
            return None
        last_change = change
    return None


def _beside(planned: Run, chunks: int, length: int) -> Run:
    """The run with its chunks as samples: (steps, m, B) as (length, m, chunks · B)."""
    inputs = {}
    for name, array in planned.inputs.items():
        cut = array[: chunks * length].reshape(chunks, length, *array.shape[1:])
        moved = np.moveaxis(cut, 0, 2)
        inputs[name] = np.ascontiguousarray(moved.reshape(length, array.shape[1], -1))
    return replace(planned, inputs=inputs, steps=length, batch=chunks * planned.samples)


def _hand_over(guess: dict[str, Array], values: Mapping[str, Array], planned: Run) -> float:
    """Make the ends of the chunks the starts of the next; the largest relative change.

    Rounding is relative to 1, but not where a state fades away: a relu that starts from 0
    in place of 1e-20 is dead.
    """
    change = 0.0
    for name, old in guess.items():
        ends = values[name][-1].reshape(old.shape)[:, :-1]
        size, moved = np.abs(ends), np.abs(ends - old[:, 1:])
        least = np.where(moved > FADED * size, np.finfo(planned.dtype).tiny, 1)
        change = max(change, float(np.max(moved / np.maximum(least, size), initial=0)))
        old[:, 1:] = ends
    return change


def _whole(
    planned: Run, values: Mapping[str, Array], start: Mapping[str, Array], chunks: int, length: int
) -> dict[str, Array]:
    """The chunks one after the other, and the steps that are left over."""
    done = chunks * length
    out: dict[str, Array] = {}
    for name, array in values.items():
        state = name in start
        body = array[1:] if state else array
        apart = body.reshape(length, body.shape[1], chunks, planned.samples)
        whole = np.empty((planned.steps + state, body.shape[1], planned.samples), planned.dtype)
        view = whole[state : done + state].reshape(chunks, length, *whole.shape[1:])
        view[...] = np.moveaxis(apart, 2, 0)
        out[name] = whole
    for name, value in start.items():
        out[name][0] = value
    if done < planned.steps:
        rest = Loop(planned).run(done, planned.steps, {s: out[s][done] for s in start})
        for name, array in rest.items():
            out[name][done:] = array
    return out
