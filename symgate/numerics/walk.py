"""One pass back over the lags: the rows of a product, multiplied step by step.

Each step goes the way that costs least: whole blocks of steps for a small cell, the
Jacobian formed first while the rank is full, term by term on the directions that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from symgate.numerics.blocks import is_small, multiply_blocks
from symgate.numerics.rank import Rank
from symgate.numerics.record import Record
from symgate.numerics.scaled import Scaled
from symgate.numerics.steps import Steps, Stretch

Progress = Callable[[int, int], None]

#: Steps whose coefficients are worked out together, for small cells and others; how many
#: numbers of Jacobians are formed at once in a large one.
STRETCHES, NUMBERS = (1024, 128), 1 << 16


class Walk:
    """Multiplies `product` from step `at` back over so many lags, each of the records noting
    its block."""

    def __init__(
        self,
        steps: Steps,
        product: Scaled,
        records: Sequence[Record],
        rank: Rank,
        *,
        at: int,
        lags: int,
        by_blocks: bool,
        progress: Progress | None,
    ) -> None:
        self.steps, self.product, self.records, self.rank = steps, product, records, rank
        self.at, self.lags, self.progress = at, lags, progress
        self.by_blocks = by_blocks and is_small(steps)

    def run(self) -> None:
        lag, stop = 0, self.at + 1
        longest = STRETCHES[0] if self.by_blocks else STRETCHES[1]
        with np.errstate(all="ignore"):
            self.start()
            while lag < self.lags and self.product.rows:
                length = min(longest, self.lags - lag)
                stretch = self.steps.stretch(stop - length, stop)
                if self.by_blocks:
                    multiply_blocks(self.product, stretch, length, lag, self.records)
                else:
                    self.multiply(stretch, length, lag)
                    for record in self.records:
                        record.check(lag + length)
                lag, stop = lag + length, stop - length
                if self.progress is not None:
                    self.progress(lag, self.lags)
        if lag < self.lags and self.progress is not None:
            self.progress(self.lags, self.lags)  # nothing is left to be multiplied

    def start(self) -> None:
        """Lag 0: the rows themselves, or how one state of a step reads another."""
        self.product.rescale()
        rows = {name: part.copy() for name, part in self.product.rows.items()}
        if any(record.wrt not in rows for record in self.records):
            self.steps.stretch(self.at, self.at + 1).fold(0, rows)
        for record in self.records:
            own = record.wrt in self.product.rows
            record.note(0, self.product if own else Scaled(rows, self.product.log))

    def note(self, lag: int) -> None:
        for record in self.records:
            record.note(lag, self.product)

    def multiply(self, stretch: Stretch, length: int, lag: int) -> None:
        """Some steps, one after the other."""
        done = 0
        while done < length and self.product.rows:
            if self.steps.prefers_dense(self.product.height * len(self.product.log)):
                block = max(1, min(NUMBERS // self.steps.width**2, length - done))
                self.dense(stretch, length - done, block, lag + done)
            else:
                block = min(length - done, max(self.rank.next_look - lag - done, 1))
                self.thin(stretch, length - done, block, lag + done)
            done += block

    def dense(self, stretch: Stretch, stop: int, count: int, lag: int) -> None:
        """The last steps before `stop` with their Jacobians formed."""
        dense = stretch.dense(stop - count, stop)
        for i in reversed(range(count)):
            lag += 1
            self.product.rows = dense.pull(i, self.product.rows, lag % 2)
            self.note(lag)
            self.rank.look(lag, self.product)

    def thin(self, stretch: Stretch, stop: int, count: int, lag: int) -> None:
        """The last steps before `stop`, term by term on the few directions left."""
        for i in reversed(range(stop - count, stop)):
            lag += 1
            self.product.rows = stretch.pull(i, self.product.rows)
            self.note(lag)
        self.rank.look(lag, self.product)
