"""One pass back over the lags: the rows of a product, multiplied step by step.

Each segment of steps goes the way that costs least: in the compiled engine or in NumPy, the
Jacobian formed first while the rank is full, or term by term on the directions that are left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from ctypes import CDLL
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.block import AskedBlock
from symgate.numerics.norms import FEW_COMPILED
from symgate.numerics.norms_by_lag import NormsByLag, Regrown
from symgate.numerics.pulling import Pulling
from symgate.numerics.rank import Rank
from symgate.numerics.recipe import is_for_tape
from symgate.numerics.scaled import Scaled
from symgate.numerics.steps import Steps
from symgate.numerics.straight import Straight
from symgate.numerics.threads import ONE_THREAD

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Between which sums of squares the compiled engine goes on without being rescaled.
LOW, HIGH = 1e-200, 1e200

#: How many looks at the rank can be taken back.
KEPT = 4


class Multiplier(Protocol):
    """A way to multiply: a segment of steps is opened, then taken in parts, backward."""

    longest: int

    def open(self, start: int, stop: int) -> None: ...

    def advance(self, last: int, count: int, lag: int) -> int:
        """Up to `count` steps from local step `last` back; notes the lags after `lag`."""


@dataclass(frozen=True)
class _Unpruned:
    """The product before something of it was dropped."""

    lag: int
    rows: dict[str, Array]
    log: Array
    has_remainder: bool


class BackwardProduct:
    """Multiplies `product` back over the lags that are asked for, each of the curves noting its
    block."""

    def __init__(
        self,
        asked: AskedBlock,
        steps: Steps,
        product: Scaled,
        curves: Sequence[NormsByLag],
        rank: Rank,
        progress: Progress | None,
    ) -> None:
        self.steps, self.product, self.curves, self.rank = steps, product, curves, rank
        self.at, self.lags, self.progress = asked.at, asked.lags, progress
        library = asked.library
        self.looks: deque[_Unpruned] = deque(maxlen=KEPT)
        self.way: Multiplier
        if library is not None and all(r.kernel for r in curves) and is_for_tape(steps.expressions):
            self.way = Compiled(steps, product, curves, library)
        else:
            self.way = Straight(steps, product, curves)

    def run(self) -> None:
        lag = begin = end = 0
        with ONE_THREAD, np.errstate(all="ignore"):
            self.start()
            while lag < self.lags and self.product.rows:
                if not begin <= lag < end:
                    begin, end = lag, min(lag + self.way.longest, self.lags)
                    self.way.open(self.at + 1 - end, self.at + 1 - begin)
                stop = min([end, self.rank.next_look, *(r.next_singular(lag) for r in self.curves)])
                count = max(stop - lag, 1)
                done = self.way.advance(end - lag - 1, count, lag)
                if all(r.holds(lag, lag + done) for r in self.curves):
                    lag += done
                    self.look(lag)
                else:
                    lag = self.back(lag + done)
                if self.progress is not None:
                    self.progress(lag, self.lags)
        if lag < self.lags and self.progress is not None:
            self.progress(self.lags, self.lags)  # nothing is left to be multiplied

    def start(self) -> None:
        """Lag 0: the rows themselves, or how one state of a step reads another."""
        self.product.rescale()
        rows = {name: part.copy() for name, part in self.product.rows.items()}
        if any(curve.wrt not in rows for curve in self.curves):
            self.steps.segment(self.at, self.at + 1).fold(0, rows)
        for curve in self.curves:
            own = curve.wrt in self.product.rows
            curve.note(0, self.product if own else Scaled(rows, self.product.log))
            if 0 in curve.singular_at:
                curve.note_singular(0, self.product if own else Scaled(rows, self.product.log))

    def look(self, lag: int) -> None:
        """Singular values where they are wanted; directions dropped where it is time."""
        for curve in self.curves:
            if lag in curve.singular_at:
                curve.note_singular(lag, self.product)
        before = dict(self.product.rows), self.product.log, self.product.has_remainder
        height = self.product.height if self.product.rows else 0
        self.rank.look(lag, self.product)
        if self.product.rows and self.product.height < height:
            self.looks.append(_Unpruned(lag, *before))

    def back(self, lag: int) -> int:
        """What was dropped matters: to the last look, and on with all that was there."""
        if not self.looks:
            raise Regrown
        look = self.looks.pop()
        self.product.rows, self.product.log = look.rows, look.log
        self.product.has_remainder = look.has_remainder
        self.rank.wait(lag, self.product.height)
        for curve in self.curves:
            curve.rank[look.lag] = self.product.height - self.product.has_remainder
        return look.lag


class Compiled:
    """Many steps a call in the compiled engine. Spectral norms of many rows, or of few of the
    lags, are worked out between the calls."""

    def __init__(
        self, steps: Steps, product: Scaled, curves: Sequence[NormsByLag], library: CDLL
    ) -> None:
        self.steps, self.product, self.curves, self.library = steps, product, curves, library
        self.spectral = curves[0].kernel == "spectral"
        noted = np.any([curve.noted for curve in curves], axis=0)
        self.noted, self.few = np.flatnonzero(noted), noted.mean() < 0.5
        self.pulling = self.made()
        self.longest = self.pulling.length

    def made(self) -> Pulling:
        wrt = [curve.wrt for curve in self.curves]
        return Pulling(
            self.steps, self.library, self.product.height, wrt, self.spectral and not self.few
        )

    def open(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop
        self.pulling.open(start, stop)

    def advance(self, last: int, count: int, lag: int) -> int:
        height, pulling = self.product.height, self.pulling
        fewer = self.spectral and not self.few and height <= FEW_COMPILED < pulling.height
        if height > pulling.height or fewer:
            self.pulling = pulling = self.made()
            pulling.open(self.start, self.stop)
        apart = self.spectral and not pulling.is_spectral
        if apart:
            further = self.noted[np.searchsorted(self.noted, lag, "right") :]
            count = min([count, *further[:1] - lag])
        rows, done = pulling.run(self.product.rows, last, count, LOW, HIGH)
        self.product.rows = rows
        for curve in self.curves:
            found = pulling.found[curve.wrt][last - done + 1 : last + 1][::-1]
            ends = found[-1, 0]
            inside = bool(((ends > LOW) & (ends < HIGH)).all())
            if not inside and not np.isfinite(ends).all():  # a coefficient is not: says where
                self.steps.segment(self.start, self.stop)
            if apart:
                curve.note(lag + done, self.product)
            else:
                curve.note_found(lag, found, self.product, inside)
        return done
