"""The product over lags where one step's factor is known beforehand, for all steps at once.

A matrix state that the inputs alone move on (linear attention and its kin) has for each step a
number, or one n × n factor for each of its rows or columns: these are multiplied, and nothing
is folded step by step.
"""

from __future__ import annotations

import math

import numpy as np

from symgate.algebra.vectors import name_of
from symgate.numerics import native
from symgate.numerics.block import AskedBlock
from symgate.numerics.general import segment_of
from symgate.numerics.general_ways import Array, Pull
from symgate.numerics.norms import NORMS
from symgate.numerics.norms_by_lag import noted_of

#: How many steps are looked at together, of factors (n, n) and of numbers, and the largest n
#: of a factor that is written out: a larger one costs more than its few vectors.
SEGMENT, LONG, LARGEST = 32, 1024, 128


def of_factors(pull: Pull, asked: AskedBlock) -> Array | None:
    """log10 of the norms (lags + 1, samples) of a state by itself from factors; None where there
    are none."""
    run, shape = pull.run, pull.moment.shapes[pull.of]
    at, lags, norm = asked.at, asked.lags, asked.norm
    sources = {name_of(way.source) for way in pull.every}
    if pull.of != pull.wrt or sources & {*run.cell.states} != {pull.wrt}:
        return None
    out = np.full((lags + 1, run.samples), -np.inf)
    out[0] = 0.5 * np.log10(NORMS[norm].of_identity(math.prod(shape)))
    times = np.log10(pull.times(norm))
    if pull.even:
        out[1:] = _of_numbers(pull, lags, at) + times
        return out
    if pull.alike is None or len(shape) != 2 or not run.samples:
        return None
    n = shape[-1 - pull.alike]
    if n > LARGEST:
        return None
    wanted = noted_of(asked)
    rows = np.broadcast_to(np.eye(n, dtype=run.dtype), (run.samples, n, n))
    log, lag = np.zeros(run.samples), 0
    with np.errstate(all="ignore"):
        while lag < lags:
            count = min(SEGMENT, lags - lag)
            products, logs = [], []
            for factor in _factors(pull, at - lag - count + 1, at - lag + 1)[::-1]:
                rows = rows @ factor
                size = np.abs(rows).max(axis=(1, 2))
                size = np.where((size > 0) & np.isfinite(size), size, 1.0)
                rows, log = rows / size[:, None, None], log + np.log10(size)
                products.append(rows)
                logs.append(log)
            keep = np.flatnonzero(wanted[lag + 1 : lag + 1 + count])
            if len(keep):
                held = np.stack(products)[keep]
                pull.check(held)
                found = NORMS[norm].squares(held, native.engine())
                out[lag + 1 + keep] = 0.5 * np.log10(found) + np.stack(logs)[keep] + times
            lag += count
    return out


def _of_numbers(pull: Pull, lags: int, at: int) -> Array:
    """log10 of the products of the numbers of the last steps, (lags, samples)."""
    found = []
    for stop in range(at + 1, at + 1 - lags, -LONG):
        first = max(stop - LONG, at + 1 - lags)
        arrays = segment_of(pull.run, pull.symbols, first, stop)
        ones = np.ones((stop - first, pull.run.samples, *[1] * len(pull.moment.shapes[pull.of])))
        with np.errstate(all="ignore"):
            numbers = pull.pulled(arrays, {pull.of: ones})[1][pull.wrt]
        numbers = numbers.reshape(*numbers.shape[:2], -1)[:, :, 0]
        pull.check(numbers)
        found.append(np.broadcast_to(numbers, ones.shape[:2])[::-1])
    with np.errstate(divide="ignore"):
        return np.asarray(np.cumsum(np.log10(np.abs(np.concatenate(found))), axis=0))


def _factors(pull: Pull, first: int, stop: int) -> Array:
    """What one line is multiplied by from the right at each step, (steps, samples, n, n)."""
    rows = pull.basis()[:, None, :1]
    size = len(rows)
    found = pull.pulled(segment_of(pull.run, pull.symbols, first, stop), {pull.of: rows})[1][
        pull.wrt
    ]
    flat = np.moveaxis(found.reshape(*found.shape[:3], size), 0, -2)
    return np.broadcast_to(flat, (stop - first, pull.run.samples, size, size))
