"""Orthonormal directions of the whole state, carried forward along a run.

They are multiplied by the steps' Jacobians and made orthonormal again by QR; what R has on
its diagonal is how much each direction grew. A QR costs more than all else, and the R of a
product is the product of the Rs, so that several steps share one as long as no digits are lost.
It takes a run and gives logarithms; it knows nothing of what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.general_steps import GeneralSegment, GeneralSteps, steps_of
from symgate.numerics.room import must_end
from symgate.numerics.run import Run
from symgate.numerics.steps import Steps, StepSegment

Array = NDArray[np.floating]
Progress = Callable[[int, int], None]
_Steps = Steps | GeneralSteps
_Segment = StepSegment | GeneralSegment

#: Steps whose coefficients are worked out together; how many numbers of Jacobians at once.
SEGMENT, NUMBERS = 128, 1 << 18

#: Steps that share a QR at most.
TOGETHER = 8

#: Below which part of its length a direction's growth is taken from the determinant.
UNSURE = 1e-6


def follow(
    run: Run, count: int, seed: int, burn_in: int = 0, progress: Progress | None = None
) -> Array:
    """Carry `count` random directions through all steps of a run: (T, B, count), ln of each
    direction's growth at each step, -inf where the step's Jacobian maps it to nothing.

    Steps that share a QR have equal parts of its growth; none shares one across the end of
    the burn-in. A QR knows a growth of 10⁻ᵏ to 16 - k digits only; where a step all but loses
    a direction of the whole space, its growth is what the others leave of the determinant.
    """
    steps = steps_of(run)
    must_end(
        f"to follow {count:,} directions in the {steps.width:,} numbers of the state of "
        f"{run.cell.name} over {run.steps:,} steps",
        run.steps * run.samples * steps.width * count * (steps.width + count) / 2,
        "take fewer units or steps, or the largest exponents alone: count=10 (--count 10)",
    )
    start = np.random.default_rng(seed).normal(size=(run.samples, steps.width, count))
    directions = _Directions(start.astype(run.dtype))
    dense = count == steps.width or steps.prefers_dense(count * run.samples)
    logs = np.empty((run.steps, run.samples, count))
    for first, stop in ((0, burn_in), (burn_in, run.steps)):
        for segment, at, end in _parts(steps, first, stop):
            if dense:
                directions.multiply(segment.whole(at, end), logs[first : first + end - at])
            else:
                directions.push(steps, segment, at, logs[first : first + end - at])
            first += end - at
            if progress is not None:
                progress(first, run.steps)
    return logs


def log_abs_det(run: Run, burn_in: int = 0) -> Array:
    """The mean of ln |det J| of the whole state's Jacobian over the steps after the burn-in,
    (B,): worked out from the Jacobians alone."""
    steps = steps_of(run)
    total = np.zeros(run.samples)
    for segment, at, end in _parts(steps, burn_in, run.steps):
        total += np.linalg.slogdet(segment.whole(at, end))[1].sum(axis=0)
    return total / (run.steps - burn_in)


def _parts(steps: _Steps, first: int, stop: int) -> Iterator[tuple[_Segment, int, int]]:
    """A segment, and from where to where in it, for steps whose Jacobians fit into memory."""
    block = max(1, min(SEGMENT, NUMBERS // max(1, steps.run.samples * steps.width**2)))
    for begin in range(first, stop, SEGMENT):
        count = min(SEGMENT, stop - begin)
        segment = steps.segment(begin, begin + count)
        for at in range(0, count, block):
            yield segment, at, min(at + block, count)


class _Directions:
    """Orthonormal columns (B, N, k), and how many steps they go before the next QR."""

    def __init__(self, start: Array) -> None:
        self.columns = np.linalg.qr(start)[0]
        self.together = 1
        self.sure = float(np.finfo(start.dtype).eps) ** (1 / 3)

    def multiply(self, jacobians: Array, logs: Array) -> None:
        """Through some steps by their Jacobians (steps, B, N, N)."""
        is_whole = self.columns.shape[-1] == self.columns.shape[-2]
        self._carry(
            lambda i, columns: jacobians[i] @ columns,
            lambda i: np.linalg.slogdet(jacobians[i])[1] if is_whole else None,
            logs,
        )

    def push(self, steps: _Steps, segment: _Segment, at: int, logs: Array) -> None:
        """Through some steps, term by term."""
        self._carry(lambda i, columns: _pushed(steps, segment, at + i, columns), _unknown, logs)

    def _carry(
        self,
        move: Callable[[int, Array], Array],
        det: Callable[[int], Array | None],
        logs: Array,
    ) -> None:
        t = 0
        while t < len(logs):
            count = min(self.together, len(logs) - t)
            moved = self.columns
            with np.errstate(all="ignore"):
                for i in range(t, t + count):
                    moved = move(i, moved)
                columns, r = np.linalg.qr(moved)
                grown = np.abs(r.diagonal(axis1=-2, axis2=-1))
                length = np.sqrt(np.einsum("bij,bij->bj", moved, moved))
                kept = float((grown / length).min())
            if kept > self.sure:  # not so where anything is nan
                logs[t : t + count] = np.log(grown) / count
            elif count > 1:
                self.together = count // 2
                continue
            else:
                logs[t] = _growth(grown, length, moved, det(t))
            self.columns = columns
            t += count
            if count == self.together:
                ahead = kept ** ((count + 1) / count) > 10 * self.sure
                self.together = min(TOGETHER, count + ahead)


def _unknown(_: int) -> None:
    return None


def _growth(grown: Array, length: Array, moved: Array, log_abs_det: Array | None) -> Array:
    """ln of how much each direction grew at one step, (B, k), where a QR is unsure of some.

    Unsure are all directions that rounding swallowed (-inf), else the least if it is small:
    they get what the others leave of the determinant, in equal parts.
    """
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


def _pushed(steps: _Steps, segment: _Segment, i: int, columns: Array) -> Array:
    """One step on columns (B, N, k), term by term."""
    states = steps.run.cell.states
    ends = np.cumsum([steps.size(s) for s in states])[:-1]
    rows = np.split(np.swapaxes(columns, 1, 2), ends, axis=2)
    moved = segment.push(i, dict(zip(states, rows, strict=True)))
    return np.swapaxes(np.concatenate([moved[s] for s in states], axis=2), 1, 2)
