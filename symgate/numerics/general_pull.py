"""Rows pulled through cells with scalars and matrices: every term's adjoint, folded with arrays.

`general_lag_norms` pulls the rows of a
Jacobian back step by step and notes their norms, for any value `of` and any value `wrt`: a
state at t - k, or a gate or an input of step t - k. Where every row of a matrix state goes the
same way (I ⊗ A: linear attention and its kin), one row stands for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.linear.paths import Path
from symgate.numerics.block import AskedBlock
from symgate.numerics.general_factors import of_factors
from symgate.numerics.general_ways import Pull
from symgate.numerics.norms_by_lag import noted_of
from symgate.numerics.room import must_end
from symgate.numerics.run import Run

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: How many multiplications of a product of matrices one number of the rows costs in a step.
PULLING = 100


def general_lag_norms(
    asked: AskedBlock,
    rows: Array | None = None,
    progress: Progress | None = None,
    paths: Sequence[Path] | None = None,
) -> Array:
    """Pull the rows of a Jacobian (or given ones (samples, r, size)) back over the lags.

    Gives log10 of the norms, (lags + 1, samples); of lags that are not noted -inf. With
    `paths` only these are followed from state to state.
    """
    run, of, wrt, lags, norm = asked.run, asked.of, asked.wrt, asked.lags, asked.norm
    pull = Pull(run, of, wrt, paths)
    if rows is None and (found := of_factors(pull, asked)) is not None:
        if progress is not None:
            progress(lags, lags)
        return found
    deltas = {of: pull.seed() if rows is None else pull.given(rows)}
    _check_work(asked, deltas[of])
    diagonal = rows is None and pull.componentwise
    log = np.zeros(run.samples)
    out = np.full((lags + 1, run.samples), -np.inf)
    wanted = noted_of(asked)
    times = pull.times(norm) if rows is None else 1.0
    state = wrt in run.cell.states

    def note(lag: int, found: Array | None) -> None:
        if found is not None and lag <= lags and wanted[lag]:
            with np.errstate(divide="ignore"):
                out[lag] = np.log10(pull.norm(found, norm, diagonal) * times) + log / np.log(10)

    if state and of in run.cell.states:
        note(0, deltas[of] if of == wrt else None)
    last = lags - 1 if state else lags
    with np.errstate(all="ignore"):
        for k in range(last + 1):
            within, before = pull.step(asked.at - k, deltas)
            if not state:
                note(k, within.get(wrt))
            else:
                if k == 0 and of != wrt:
                    note(0, within.get(wrt))
                note(k + 1, before.get(wrt))
            if not before:
                break
            deltas, log = _rescaled(before, log)
            if progress is not None:
                progress(k + 1, last + 1)
    return out


def _check_work(asked: AskedBlock, rows: Array) -> None:
    """Refuse what would take hours, before it starts."""
    run, of, wrt, lags, norm = asked.run, asked.of, asked.wrt, asked.lags, asked.norm
    columns = math.prod(run.shape(wrt))
    few, many = sorted((len(rows), columns))
    work = few * many * (few if norm == "spectral" else 1)
    pulled = len(rows) * sum(math.prod(run.shape(state)) for state in run.cell.states)
    what = f"∂{of}/∂{wrt} of {run.cell.name} has {len(rows):,} rows and {columns:,} columns: its "
    what, mend = f"{what}{norm} norm at {lags} lags", "take fewer units, lags or samples"
    work = (work + PULLING * pulled) * lags * run.samples
    must_end(what, work, mend if norm == "frobenius" else f"{mend}, or norm='frobenius'")


def general_step_norms(run: Run, of: str, wrt: str, norm: str = "spectral") -> tuple[Array, int]:
    """The norm of ∂ of_t / ∂ wrt_{t-1} at each step, (T, samples), and its number of rows.

    Where the rows or the columns of a matrix go alike it is that of the step of one.
    """
    pull = Pull(run, of, wrt)
    rows, out = pull.seed(), np.zeros((run.steps, run.samples))
    with np.errstate(all="ignore"):
        for t in range(run.steps):
            before = pull.step(t, {of: rows})[1].get(wrt)
            if before is not None:
                out[t] = pull.norm(before, norm, pull.componentwise)
    return out, math.prod(rows.shape[2:]) if pull.componentwise else len(rows)


def _rescaled(rows: dict[str, Array], log: Array) -> tuple[dict[str, Array], Array]:
    """The rows with their largest entry 1 in each sample, and what was divided out."""

    def most(array: Array) -> Array:
        return np.abs(array).max(axis=tuple(i for i in range(array.ndim) if i != 1))

    size = np.max([np.broadcast_to(most(v), log.shape) for v in rows.values()], axis=0)
    size = np.where((size > 0) & np.isfinite(size), size, 1.0)
    scaled = {name: v / size.reshape(1, -1, *[1] * (v.ndim - 2)) for name, v in rows.items()}
    return scaled, log + np.log(size)
