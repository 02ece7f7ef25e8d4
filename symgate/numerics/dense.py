"""Dense: the Jacobian blocks of a few steps, formed first and multiplied once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.bound import BoundBlock, BoundBranch
from symgate.numerics.run import Run

if TYPE_CHECKING:
    from symgate.numerics.steps import Steps

Array = NDArray[Any]

#: A block over some steps: its diagonal (b, B, n), or its matrix (b, B, n, n').
Block = tuple[Array | None, Array | None]

#: Gives an array of a shape that is used again for the same purpose.
Buffer = Callable[[Any, tuple[int, ...]], Array]


class DenseSteps:
    """The Jacobian blocks of a few steps, each (diagonal or None, matrix or None).

    `coefficients` are those of the steps, each (b, B, n) at its place in the table.
    """

    def __init__(self, steps: Steps, coefficients: Sequence[Array]) -> None:
        self.blocks = [
            _formed(f, coefficients, steps.buffer, (place,)) for place, f in enumerate(steps.blocks)
        ]
        split = len(steps.within)
        self.within = list(zip(steps.within, self.blocks[:split], strict=True))
        self.across = list(zip(steps.across, self.blocks[split:], strict=True))


def whole(steps: Steps, dense: DenseSteps, count: int) -> Array:
    """The whole state's Jacobian of each step: (count, B, N, N).

    The blocks of a step are put together from the states before to those that read others of
    the same step.
    """
    place = places(steps.run)
    total: dict[str, Array] = {}

    def rows(value: str) -> Array:
        if value not in total:
            shape = (count, steps.run.samples, steps.size(value), steps.width)
            total[value] = np.zeros(shape, steps.run.dtype)
        return total[value]

    for (value, other, _), (diagonal, matrix) in dense.across:
        into = rows(value)[..., place[other]]
        if matrix is not None:
            into += matrix
        if diagonal is not None:
            np.einsum("...ii->...i", into)[...] += diagonal
    for (value, other, _), block in reversed(dense.within):
        if other in total:
            into = rows(value)
            into += _multiplied(block, total[other])
    blocks = [rows(s) for s in place]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=-2)


def places(run: Run) -> dict[str, slice]:
    """Where each state lies in the whole state."""
    sizes = [run.size(run.cell.size(s)) for s in run.cell.states]
    ends = map(int, np.cumsum(sizes))
    return {s: slice(end - n, end) for s, n, end in zip(run.cell.states, sizes, ends, strict=True)}


def _multiplied(block: Block, rows: Array) -> Array:
    diagonal, matrix = block
    if matrix is not None:
        return np.asarray(matrix @ rows)
    assert diagonal is not None
    return diagonal[..., None] * rows


def _formed(
    f: BoundBlock, coefficients: Sequence[Array], buffer: Buffer, key: tuple[int, ...]
) -> Block:
    """(diagonal (b, B, n) or None, matrix (b, B, n, n') or None)."""
    diagonal = None if f.diagonal is None else coefficients[f.diagonal]
    total: Array | None = None
    for place, branch in enumerate(f.branches):
        part = _branch(branch, coefficients, buffer, (*key, place))
        total = part if total is None else np.add(total, part, out=total)
    if total is not None and diagonal is not None:
        np.einsum("...ii->...i", total)[...] += diagonal
        diagonal = None
    return diagonal, total


def _branch(
    branch: BoundBranch, coefficients: Sequence[Array], buffer: Buffer, key: tuple[int, ...]
) -> Array:
    matrix = branch.matrix
    c = None if branch.coefficient is None else coefficients[branch.coefficient]
    diagonal, inner = _formed(branch.rest, coefficients, buffer, key)
    lead = coefficients[0].shape[:2]
    if inner is not None:
        out = buffer(key, (*lead, matrix.shape[0], inner.shape[-1]))
        if c is not None:
            matrix = _by_rows(c, matrix, buffer((*key, -1), (*lead, *matrix.shape)))
        return np.matmul(matrix, inner, out=out)
    out = buffer(key, (*lead, *matrix.shape))
    if c is None:
        out[...] = matrix
    else:
        _by_rows(c, matrix, out)
    if not branch.rest.is_identity and diagonal is not None:
        np.multiply(out, diagonal[..., None, :], out=out)
    return out


def _by_rows(c: Array, matrix: Array, out: Array) -> Array:
    """diag(c) matrix for each c: twice as fast as a product that is broadcast."""
    return np.asarray(np.einsum("...i,ij->...ij", c, matrix, out=out))
