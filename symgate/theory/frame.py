"""The tangent frame: orthonormal directions of the whole state, carried forward step by step.

At each step the frame is multiplied by the step's Jacobian and made orthonormal again by QR;
what R has on its diagonal is how much each direction grew. It takes a run and gives
logarithms; it knows nothing of what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.dense import DenseSteps
from symgate.numerics.run import Run
from symgate.numerics.steps import Steps, Stretch

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Steps whose coefficients are worked out together; how many numbers of Jacobians at once.
STRETCH, NUMBERS = 128, 1 << 18

#: Below which part of its length a direction's growth is taken from the determinant.
UNSURE = 1e-6


@dataclass(frozen=True, eq=False)
class Growth:
    """What the frame met: `logs` is (T, B, k), ln of each direction's growth at each step
    (-inf where the step's Jacobian maps it to nothing); `log_abs_det` is (T, B), None where
    the frame is not the whole space. A QR knows a growth of 10⁻ᵏ to 16 - k digits only; where
    a step all but loses a direction, its growth is what the others leave of the determinant."""

    logs: Array
    log_abs_det: Array | None


def follow(run: Run, count: int, seed: int, progress: Progress | None = None) -> Growth:
    """Carry `count` random directions through all steps of a run."""
    steps = Steps(run)
    width, samples = steps.width, run.samples
    start = np.random.default_rng(seed).normal(size=(samples, width, count))
    frame = np.linalg.qr(start.astype(run.dtype))[0]
    whole = count == width
    dense = whole or steps.prefers_dense(count * samples)
    logs = np.empty((run.steps, samples, count))
    dets = np.empty((run.steps, samples)) if whole else None
    block = max(1, min(STRETCH, NUMBERS // max(1, samples * width**2)))
    moved = np.empty((block, samples, width, count), run.dtype)
    for first in range(0, run.steps, STRETCH):
        stop = min(first + STRETCH, run.steps)
        stretch = steps.stretch(first, stop)
        for at in range(first, stop, block):
            end = min(at + block, stop)
            part, grown = slice(at, end), moved[: end - at]
            jacobians = _jacobians(steps, stretch, at - first, end - first) if dense else None
            for i, into in enumerate(grown):
                if jacobians is None:
                    into[...] = _pushed(steps, stretch, at - first + i, frame)
                else:
                    np.matmul(jacobians[i], frame, out=into)
                frame, r = np.linalg.qr(into)
                logs[at + i] = r.diagonal(axis1=-2, axis2=-1)
            if dets is not None and jacobians is not None:
                dets[part] = np.linalg.slogdet(jacobians)[1]
            logs[part] = _growth(logs[part], grown, None if dets is None else dets[part])
            if progress is not None:
                progress(end, run.steps)
    return Growth(logs, dets)


def _growth(diagonal: Array, moved: Array, log_abs_det: Array | None) -> Array:
    """ln of how much each direction grew, from the diagonals of R and what was made
    orthonormal, over some steps.

    Unsure are all directions that rounding swallowed (-inf), else the least if it is small:
    they get what the others leave of the determinant, in equal parts.
    """
    grown = np.abs(diagonal)
    length = np.sqrt(np.einsum("tbij,tbij->tbj", moved, moved))
    lost = grown <= np.finfo(moved.dtype).eps * moved.shape[-2] * length
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(lost, 0.0, grown))
    if log_abs_det is None:
        return np.asarray(logs)
    least = grown == grown.min(axis=-1, keepdims=True)
    unsure = np.where(lost.any(axis=-1, keepdims=True), lost, least & (grown < UNSURE * length))
    left = log_abs_det - np.where(unsure, 0.0, logs).sum(axis=-1)
    share = left / np.maximum(1, unsure.sum(axis=-1))
    return np.where(unsure, share[..., None], logs)


def _pushed(steps: Steps, stretch: Stretch, i: int, frame: Array) -> Array:
    """One step on a frame (B, N, k), term by term."""
    ends = np.cumsum([steps.size(s) for s in steps.run.cell.states])[:-1]
    rows = np.split(np.swapaxes(frame, 1, 2), ends, axis=2)
    moved = stretch.push(i, dict(zip(steps.run.cell.states, rows, strict=True)))
    return np.swapaxes(np.concatenate(list(moved.values()), axis=2), 1, 2)


def _jacobians(steps: Steps, stretch: Stretch, first: int, last: int) -> Array:
    """The whole state's Jacobian of some steps: (steps, B, N, N)."""
    return forward(steps, stretch.dense(first, last), last - first)


def forward(steps: Steps, dense: DenseSteps, count: int) -> Array:
    """The whole state's Jacobians, the blocks of a step put together from the last state
    before to the states that read others of the same step."""
    states = steps.run.cell.states
    ends = np.cumsum([steps.size(s) for s in states])
    place = {s: slice(end - steps.size(s), end) for s, end in zip(states, ends, strict=True)}
    total: dict[str, Array] = {}
    for (value, other, _), (diagonal, matrix) in dense.across:
        if value not in total:
            shape = (count, steps.run.samples, steps.size(value), steps.width)
            total[value] = np.zeros(shape, steps.run.dtype)
        into = total[value][..., place[other]]
        if matrix is not None:
            into += matrix
        if diagonal is not None:
            np.einsum("...ii->...i", into)[...] += diagonal
    for (value, other, _), (diagonal, matrix) in reversed(dense.within):
        if other in total:
            part = total[other]
            moved = matrix @ part if matrix is not None else diagonal[..., None] * part  # type: ignore[index]
            total[value] = total[value] + moved if value in total else moved
    blocks = [total[s] for s in states]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=-2)
