"""Gradients through cells with scalars and matrices: every term's adjoint, folded with arrays.

`general_gradients` is back-propagation through time. `general_lag_norms` pulls the rows of a
Jacobian back step by step and notes their norms, for any value `of` and any value `wrt`: a
state at t - k, or a gate or an input of step t - k. Where every row of a matrix state goes the
same way (I ⊗ A: linear attention and its kin), one row stands for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.errors import Diverged, SymgateError
from symgate.linear.adjoint import adjoint, delta
from symgate.linear.linearise import linearise
from symgate.linear.paths import Path
from symgate.numerics.general import Moment
from symgate.numerics.general_factors import of_factors
from symgate.numerics.general_ways import Pull
from symgate.numerics.record import noted_of
from symgate.numerics.run import Run

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Multiplications of the norms over all lags that are still begun: some minutes.
MOST_WORK = 1e13


def general_gradients(
    run: Run, losses: Mapping[str, Array], progress: Progress | None = None
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """∂L by parameters, inputs (steps, size, samples) and initial states (size, samples)."""
    cell, back, moment = run.cell, adjoint(run.cell), Moment(run)
    lin = linearise(cell)
    told = (back.deltas, back.previous, back.inputs, back.gradients)
    symbols = moment.needed(e for part in told for e in part.values())
    parameters = {name: np.zeros_like(array) for name, array in run.params.items()}
    inputs = {x: np.zeros_like(array) for x, array in run.inputs.items()}
    carried = {s: np.zeros((run.samples, *moment.shapes[s]), run.dtype) for s in cell.states}
    with np.errstate(all="ignore"):
        for t in reversed(range(run.steps)):
            arrays = moment.at(t, symbols)
            assert arrays.known is not None
            for name, expression in back.deltas.items():
                value = arrays.shaped(expression, lin.shape(name)) + 0.0
                value = np.broadcast_to(value, (run.samples, *moment.shapes[name]))
                if name in carried:
                    value = value + carried[name]
                if name in losses:
                    loss = np.moveaxis(losses[name][t], -1, 0)
                    value = value + loss.reshape(run.samples, *moment.shapes[name])
                arrays.known[delta(name, len(moment.shapes[name]))] = value
            for name, expression in back.gradients.items():
                total = arrays.value(expression)
                shape = parameters[name].shape
                axes = tuple(range(total.ndim - len(shape)))
                parameters[name] += np.broadcast_to(total.sum(axis=axes), shape)
            for name, expression in back.inputs.items():
                found = arrays.shaped(expression, lin.shape(name))
                found = np.broadcast_to(found, (run.samples, *moment.shapes[name]))
                inputs[name][t] += found.reshape(run.samples, -1).T
            carried = {
                s: np.broadcast_to(arrays.shaped(e, lin.shape(s)), carried[s].shape)
                for s, e in back.previous.items()
            }
            if progress is not None:
                progress(run.steps - t, run.steps)
    for name, array in {**parameters, **carried}.items():
        if not np.isfinite(array).all():
            raise Diverged(
                f"∂L/∂{name} of {cell.name} is not finite: it explodes, or a slope divides "
                f"by zero, as that of norm(v) does where v is 0"
            )
    initial = {s: value.reshape(run.samples, -1).T for s, value in carried.items()}
    return parameters, inputs, initial


def general_lag_norms(
    run: Run,
    of: str,
    wrt: str,
    lags: int,
    at: int,
    norm: str,
    rows: Array | None = None,
    progress: Progress | None = None,
    paths: Sequence[Path] | None = None,
    noted: Array | None = None,
) -> Array:
    """Pull the rows of a Jacobian (or given ones (samples, r, size)) back over the lags.

    Gives log10 of the norms, (lags + 1, samples); of lags that are not `noted` -inf. With
    `paths` only these are followed from state to state.
    """
    pull = Pull(run, of, wrt, paths)
    if rows is None and (found := of_factors(pull, lags, at, norm, noted)) is not None:
        if progress is not None:
            progress(lags, lags)
        return found
    deltas = {of: pull.seed() if rows is None else pull.given(rows)}
    _check_work(run, of, deltas[of], wrt, lags, norm)
    diagonal = rows is None and pull.componentwise
    log = np.zeros(run.samples)
    out = np.full((lags + 1, run.samples), -np.inf)
    wanted = noted_of(lags, noted)
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
            within, before = pull.step(at - k, deltas)
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


def _check_work(run: Run, of: str, rows: Array, wrt: str, lags: int, norm: str) -> None:
    """Refuse what would take hours, before it starts."""
    columns = math.prod(run.shape(wrt))
    few, many = sorted((len(rows), columns))
    work = few * many * (few if norm == "spectral" else 1)
    if work * lags * run.samples > MOST_WORK:
        raise SymgateError(
            f"∂{of}/∂{wrt} of {run.cell.name} has {len(rows):,} rows and "
            f"{columns:,} columns: its {norm} norm at {lags} lags would take hours; "
            f"take fewer units, lags or samples, or norm='frobenius'"
        )


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
