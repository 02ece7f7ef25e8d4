"""The run's own bound: at each step the largest value that each coefficient had there.

Where not all values are vectors it is the norm of each block of the step itself.

Norms of the blocks of a step make a small matrix; the product of these matrices bounds the
norms of the blocks of the product. Nothing is assumed of other runs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.decaying.curve import Decay
from symgate.numerics.bound import BoundBlock
from symgate.numerics.general import is_general
from symgate.numerics.general_pull import general_step_norms
from symgate.numerics.run import Run
from symgate.numerics.steps import Steps

Array = NDArray[Any]

#: Steps whose coefficients are looked at together.
SEGMENT = 512


def run_bound(run: Run, decay: Decay) -> Array:
    """(K + 1, samples): the product of the steps' bounds, from each position."""
    within, across = _step_bounds(run)
    count = len(decay.lags) - 1
    out = [
        _followed(within, across, run, t, count, decay.of, decay.wrt)
        for t in decay.setting.positions
    ]
    bound = np.stack(out, axis=2).reshape(count + 1, -1)
    bound[0] = decay.log10_norm[0]
    return bound


_Edges = list[tuple[str, str, Array]]


def _step_bounds(run: Run) -> tuple[_Edges, _Edges]:
    """For each block of the step a bound of its norm at each step, (T, B)."""
    if is_general(run.cell):
        states = run.cell.states
        found = [(a, b, general_step_norms(run, a, b)[0]) for a in states for b in states]
        return [], [(a, b, norms) for a, b, norms in found if norms.any()]
    steps = Steps(run)
    blocks = [f for _, _, f in (*steps.within, *steps.across)]
    norms: dict[int, float] = {}
    parts: list[list[Array]] = [[] for _ in blocks]
    for start in range(0, run.steps, SEGMENT):
        segment = steps.segment(start, min(start + SEGMENT, run.steps))
        largest = [np.abs(a).max(axis=2, initial=0) for a in segment.arrays]
        for place, f in enumerate(blocks):
            parts[place].append(_block_bound(f, largest, norms))
    bounds = [np.concatenate(p) for p in parts]
    named = [(*steps.within,), (*steps.across,)]
    split = len(steps.within)
    return (
        [(a, b, x) for (a, b, _), x in zip(named[0], bounds[:split], strict=True)],
        [(a, b, x) for (a, b, _), x in zip(named[1], bounds[split:], strict=True)],
    )


def _block_bound(f: BoundBlock, largest: list[Array], norms: dict[int, float]) -> Array:
    total = np.zeros_like(largest[0])
    if f.diagonal is not None:
        total = total + largest[f.diagonal]
    for branch in f.branches:
        key = id(branch.matrix)
        if key not in norms:
            norms[key] = float(np.linalg.norm(branch.matrix, 2))
        part = norms[key] * _block_bound(branch.rest, largest, norms)
        total = total + (part if branch.coefficient is None else part * largest[branch.coefficient])
    return total


def _followed(
    within: _Edges, across: _Edges, run: Run, t: int, count: int, of: str, wrt: str
) -> Array:
    """log10 of the products, in logarithms throughout: states may differ by any factor."""
    nothing = np.full(run.samples, -np.inf)
    rows: dict[str, Array] = {of: np.zeros(run.samples)}
    out = np.full((count + 1, run.samples), -np.inf)
    with np.errstate(divide="ignore"):
        for k in range(1, count + 1):
            i = t - k + 1
            before: dict[str, Array] = {}
            for edges, reached in ((within, rows), (across, before)):
                for value, other, bound in edges:
                    if value in rows:
                        more = rows[value] + np.log(bound[i])
                        reached[other] = np.logaddexp(reached.get(other, nothing), more)
            rows = before
            out[k] = rows.get(wrt, nothing) / math.log(10)
    return out
