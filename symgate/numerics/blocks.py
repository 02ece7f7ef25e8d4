"""Small cells: the Jacobians of many steps formed at once, then multiplied block after block.

A step of a small cell costs more in calls than in numbers, so that no call of Python is
made for a single step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.dense import whole
from symgate.numerics.record import Record
from symgate.numerics.scaled import Scaled, largest_entries, limits, power_of_two
from symgate.numerics.steps import Steps

Array = NDArray[Any]

#: Up to which width of the whole state a cell is small; up to which width the products
#: within blocks of BLOCK steps are formed at once, too; how many numbers are held at once.
SMALL, TINY, BLOCK, NUMBERS = 40, 16, 8, 1 << 15


def is_small(steps: Steps) -> bool:
    """Whether a cell goes by blocks of steps."""
    return 0 < steps.width <= SMALL


class Blocks:
    """A small cell's steps in NumPy, many in a call."""

    longest = 1024

    def __init__(self, steps: Steps, product: Scaled, records: Sequence[Record]) -> None:
        self.steps, self.product, self.records = steps, product, records
        self.most = max(BLOCK, NUMBERS // (steps.width**2 * max(len(product.log), 1)))

    def open(self, start: int, stop: int) -> None:
        self.stretch = self.steps.stretch(start, stop)

    def advance(self, last: int, count: int, lag: int) -> int:
        """The product by some steps, backward; its norms go into the records."""
        count = min(count, self.most)
        rows, places = _joined(self.product, self.steps)
        into = [(record, places[record.wrt]) for record in self.records]
        dense = self.stretch.dense(last - count + 1, last + 1)
        jacobians = whole(self.steps, dense, count)[::-1]
        rows = _multiplied(rows, jacobians, self.product, lag, into)
        self.product.rows = {name: rows[..., place] for name, place in places.items()}
        return count


def _multiplied(
    rows: Array, jacobians: Array, product: Scaled, lag: int, into: Sequence[tuple[Record, slice]]
) -> Array:
    """Rows (B, r, N) times Jacobians (steps, B, N, N), in the order in which they lie."""
    scale = power_of_two(largest_entries(jacobians))
    jacobians = jacobians / scale[:, :, None, None]
    logs = np.log2(scale)
    prefixes = _prefixes(jacobians) if rows.shape[-1] <= TINY else None
    for begin in range(0, len(jacobians), BLOCK):
        block = slice(begin, min(begin + BLOCK, len(jacobians)))
        if prefixes is not None:
            products = rows[None] @ prefixes[block]
        else:
            products = _in_turn(rows, jacobians[block])
        log = product.log + np.cumsum(logs[block], axis=0)
        if not _is_healthy(products):
            products, log = _one_by_one(rows, product.log, jacobians[block], logs[block])
        lags = slice(lag + 1 + block.start, lag + 1 + block.stop)
        for record, place in into:
            record.note_many(lags, products[..., place], log, product.has_remainder)
        factor = power_of_two(largest_entries(products[-1]))
        rows = products[-1] / factor[:, None, None]
        product.log = log[-1] + np.log2(factor)
    return rows


def _joined(product: Scaled, steps: Steps) -> tuple[Array, dict[str, slice]]:
    """The rows over the whole state in one array, and where each state lies."""
    states = steps.run.cell.states
    sizes = [steps.size(s) for s in states]
    places = {
        s: slice(end - n, end) for s, n, end in zip(states, sizes, np.cumsum(sizes), strict=True)
    }
    rows = np.zeros((len(product.log), product.height, steps.width), steps.run.dtype)
    for name, part in product.rows.items():
        rows[..., places[name]] = part
    return rows, places


def _one_by_one(rows: Array, log: Array, jacobians: Array, steps: Array) -> tuple[Array, Array]:
    """A block in which the product all but vanishes, renormalised at every step."""
    products, logs = [], []
    for jacobian, step in zip(jacobians, steps, strict=True):
        rows = rows @ jacobian
        factor = power_of_two(largest_entries(rows))
        rows = rows / factor[:, None, None]
        log = log + step + np.log2(factor)
        products.append(rows)
        logs.append(log)
    return np.asarray(products), np.asarray(logs)


def _in_turn(rows: Array, jacobians: Array) -> Array:
    """rows J_1, rows J_1 J_2, …"""
    out = np.empty((len(jacobians), *rows.shape), rows.dtype)
    for jacobian, into in zip(jacobians, out, strict=True):
        np.matmul(rows, jacobian, out=into)
        rows = into
    return out


def _prefixes(jacobians: Array) -> Array:
    """Within each block of BLOCK steps the products J_1, J_1 J_2, …"""
    out = jacobians.copy()
    for j in range(1, BLOCK):
        now = out[j::BLOCK]
        np.matmul(out[j - 1 :: BLOCK][: len(now)], jacobians[j::BLOCK], out=now)
    return out


def _is_healthy(products: Array) -> bool:
    return bool((largest_entries(products) > limits(products.dtype)[0]).all())
