"""The Jacobian of a state by an earlier one, for every lag: a product that never underflows.

The product is kept near 1 and its logarithm added up. As the lag grows it loses rank:
directions below a relative tolerance are dropped where that pays. Small cells are
multiplied in blocks of steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.errors import ShapeError, SymgateError, UnknownName
from symgate.linear.forms import Transition, leading_to, transition
from symgate.numerics.arrays import checked
from symgate.numerics.norms import Spectral, singular_values, squares
from symgate.numerics.run import Run, checked_run
from symgate.numerics.steps import Rows, Steps, Stretch, whole

Array = NDArray[Any]
Progress = Callable[[int, int], None]

NORMS = ("frobenius", "spectral")

#: Up to which width of the whole state the Jacobians of many steps are formed at once, and
#: up to which width the products within blocks of BLOCK steps are, too; how many numbers
#: may be formed at once in a small cell, and in a large one.
SMALL, TINY, BLOCK, NUMBERS, DENSE = 40, 16, 8, 1 << 15, 1 << 16

#: Steps whose coefficients are worked out together, for small cells and others.
STRETCHES = 1024, 128

#: Steps between two looks at the rank: at first, and at most.
LOOK, LOOK_LEAST_OFTEN = 25, 400


@dataclass(frozen=True, eq=False)
class LagNorms:
    """The norm of ∂ of_t / ∂ wrt_{t-k} for k = 0 … K.

    `log10_norm` is (K + 1,) or (K + 1, B) and -inf only where the Jacobian is exactly zero;
    `rank` (K + 1,) is the number of directions left; `singular_values` maps the lags asked
    for to log10 of all singular values, (n,) or (B, n); `notes` says what is worth saying.
    """

    of: str
    wrt: str
    at: int
    norm: str
    lags: Array
    log10_norm: Array
    rank: Array
    singular_values: Mapping[int, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "of": self.of,
            "wrt": self.wrt,
            "at": self.at,
            "norm": self.norm,
            "lags": self.lags.tolist(),
            "log10_norm": self.log10_norm.tolist(),
            "rank": self.rank.tolist(),
            "singular_values": {k: v.tolist() for k, v in self.singular_values.items()},
            "notes": list(self.notes),
        }


def lag_norms(
    run: Run,
    of: str | None = None,
    wrt: str | None = None,
    lags: int | None = None,
    *,
    at: int | None = None,
    norm: str = "frobenius",
    tolerance: float = 1e-13,
    singular: Iterable[int] = (),
    progress: Progress | None = None,
    step: Transition | None = None,
) -> LagNorms:
    """The norms of a block of the whole state's product, for every lag up to `lags`.

    `of` and `wrt` are states (the first state where left out), `at` is the step t (the
    last). Directions below `tolerance` times the largest are dropped as the lag grows;
    0 drops none. `singular` lists the lags at which all singular values are wanted. `step`
    is a transition to multiply instead of the cell's own: one with some routes left out.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("lstm")
    >>> params = {n: 0 * v for n, v in sg.init(cell, hidden=4, input=2).items()}
    >>> run = sg.simulate(cell, params, np.ones((2000, 2)))
    >>> lag_norms(run, "c", "c", lags=2000, norm="spectral").log10_norm[-1]
    np.float64(-602.06)
    """
    lags_wanted = tuple(singular)
    try:
        return _Walk(run, of, wrt, lags, at, norm, tolerance, lags_wanted, progress, step).result()
    except _Regrown:
        return _Walk(run, of, wrt, lags, at, norm, 0.0, lags_wanted, progress, step).result()


def vector_norms(
    run: Run,
    vector: Any,
    of: str | None = None,
    wrt: str | None = None,
    lags: int | None = None,
    *,
    at: int | None = None,
    progress: Progress | None = None,
) -> LagNorms:
    """‖∂L/∂ wrt_{t-k}‖ for every lag, from a loss vector ∂L/∂ of_t: O(n²) a step.

    `vector` is (n,) or (B, n).

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = sg.simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((50, 2)))
    >>> vector_norms(run, np.ones(4), lags=20).log10_norm.shape
    (21,)
    """
    walk = _Walk(run, of, wrt, lags, at, "frobenius", 0.0, (), progress, None)
    size = walk.steps.size(walk.of)
    given = checked("the loss vector", vector).astype(run.dtype, copy=False)
    if given.shape not in {(size,), (run.samples, size)}:
        expected = f"({size},)" if run.batch is None else f"({size},) or ({run.batch}, {size})"
        raise ShapeError(f"the loss vector has shape {given.shape}; expected {expected}")
    rows = np.broadcast_to(given if given.ndim == 2 else given[None], (run.samples, size))
    walk.rows = {walk.of: np.array(rows)[:, None, :]}
    walk.is_vector = True
    return walk.result()


class _Regrown(Exception):
    """What was dropped matters again: an earlier step shut off what was kept."""


class _Walk:
    """One pass back over the lags.

    Once directions were dropped, the last row stands for them: their sum with random signs,
    which has their size. It shows whether they stay as small as they were.
    """

    is_vector, has_remainder = False, False

    def __init__(
        self,
        run: Run,
        of: str | None,
        wrt: str | None,
        lags: int | None,
        at: int | None,
        norm: str,
        tolerance: float,
        singular: Sequence[int],
        progress: Progress | None,
        step: Transition | None = None,
    ) -> None:
        checked_run(run)
        states = run.cell.states
        self.run, self.of, self.wrt = run, of or states[0], wrt or states[0]
        for name in (self.of, self.wrt):
            if name not in states:
                raise UnknownName(f"a state of {run.cell.name} named", name, states)
        if norm not in NORMS:
            raise UnknownName("the norm", norm, NORMS)
        if not isinstance(tolerance, int | float | np.number) or not 0 <= tolerance < 1:
            raise SymgateError(f"a tolerance lies between 0 and 1, and {tolerance!r} does not")
        self.at = _step(run, at)
        self.count = _lags(run, lags, self.at)
        self.norm, self.tolerance, self.progress = norm, tolerance, progress
        self.singular_at = set(singular)
        for k in self.singular_at:
            if not isinstance(k, int | np.integer) or not 0 <= k <= self.count:
                raise SymgateError(
                    f"singular values are wanted at lag {k}, and there are {self.count} lags"
                )
        self.steps = Steps(run, leading_to(step or transition(run.cell), self.wrt))
        self.log = np.zeros(run.samples)
        self.squares = np.zeros((self.count + 1, run.samples))
        self.logs = np.zeros((self.count + 1, run.samples))
        self.rank = np.zeros(self.count + 1, int)
        self.singular: dict[int, Array] = {}
        eye = np.eye(self.steps.size(self.of), dtype=run.dtype)
        self.rows: Rows = {self.of: np.repeat(eye[None], run.samples, axis=0)}
        self.spectral = [Spectral(len(eye), b) for b in range(run.samples)]
        self.look, self.next_look = LOOK, LOOK
        info = np.finfo(run.dtype)
        self.low, self.high = float(info.tiny) ** 0.25, float(info.max) ** 0.25

    def result(self) -> LagNorms:
        lag, stop = 0, self.at + 1
        self.start(lag)
        small = 0 < self.steps.width <= SMALL and not (self.singular_at or self.is_vector)
        longest = STRETCHES[0] if small else STRETCHES[1]
        with np.errstate(all="ignore"):
            while lag < self.count and self.rows:
                length = min(longest, self.count - lag)
                stretch = self.steps.stretch(stop - length, stop)
                if small:
                    self.small(stretch, length, lag)
                else:
                    self.large(stretch, length, lag)
                lag, stop = lag + length, stop - length
                if self.progress is not None:
                    self.progress(lag, self.count)
            self.check_remainder()
            if lag < self.count and self.progress is not None:
                self.progress(self.count, self.count)  # nothing is left to be multiplied
            for k in self.singular_at - set(self.singular):
                self.note_singular(k, {})
            log = 0.5 * np.log10(self.squares) + self.logs * np.log10(2)
        single = self.run.batch is None
        return LagNorms(
            of=self.of,
            wrt=self.wrt,
            at=self.at,
            norm=self.norm,
            lags=np.arange(self.count + 1),
            log10_norm=log[:, 0] if single else log,
            rank=self.rank,
            singular_values={k: v[0] if single else v for k, v in self.singular.items()},
            notes=self.notes(log),
        )

    def notes(self, log: Array) -> tuple[str, ...]:
        zero = np.isneginf(log[1:])
        samples = np.flatnonzero(zero.any(axis=0))
        if not samples.size:
            return ()
        begins = np.argmax(zero[:, samples], axis=0)
        lasts = all(zero[begin:, b].all() for begin, b in zip(begins, samples, strict=True))
        what = f"∂{'L' if self.is_vector else self.of}/∂{self.wrt}"
        first = f"lag {1 + int(begins.min())}"
        text = f"from {first} on {what} is exactly zero" if lasts else f"{what} is zero at {first}"
        if len(samples) == self.run.samples:
            return (text,)
        if len(samples) == 1:
            return (f"{text} in sample {samples[0]}",)
        return (f"{text} in {len(samples)} of {self.run.samples} samples",)

    def start(self, lag: int) -> None:
        """Lag 0: the identity, or how one state of a step reads another."""
        if self.of == self.wrt:
            self.record(lag, self.rows)
            return
        stretch = self.steps.stretch(self.at, self.at + 1)
        columns = {name: _columns(rows) for name, rows in self.rows.items()}
        stretch.fold(0, columns)
        if self.wrt in columns:
            self.note(lag, _rows(columns[self.wrt]))

    # -- large: one step after the other ------------------------------------------------

    def large(self, stretch: Stretch, length: int, lag: int) -> None:
        done = 0
        while done < length and self.rows:
            rank = next(iter(self.rows.values())).shape[1]
            if self.steps.prefers_dense(rank * self.run.samples):
                block = max(1, min(DENSE // self.steps.width**2, length - done))
                done += self.dense(stretch, length - done, block, lag + done)
            else:
                done += self.thin(stretch, length - done, lag + done)

    def dense(self, stretch: Stretch, left: int, block: int, lag: int) -> int:
        """A few steps with their Jacobians formed; returns how many."""
        dense = stretch.dense(left - block, left)
        for i in reversed(range(block)):
            lag += 1
            self.rows = dense.pull(i, self.rows, lag % 2)
            self.record(lag, self.rows)
            self.maybe_look(lag)
        return block

    def thin(self, stretch: Stretch, left: int, lag: int) -> int:
        """Steps term by term on the few directions left, until the next look."""
        columns = {name: _columns(rows) for name, rows in self.rows.items()}
        count = min(left, max(self.next_look - lag, 1))
        for i in reversed(range(left - count, left)):
            lag += 1
            columns = stretch.pull(i, columns)
            self.record(lag, columns, columns_first=True)
        self.rows = {name: _rows(c) for name, c in columns.items()}
        self.maybe_look(lag)
        return count

    def record(self, lag: int, held: Rows, *, columns_first: bool = False) -> None:
        """Note the norm at a lag; rescale the rows where they grow large or small.

        `held` has the axes (B, r, n), or (n, B, r) with `columns_first`.
        """
        if held:
            rows = next(iter(held.values())).shape[-1 if columns_first else 1]
            self.rank[lag] = rows - self.has_remainder
        if lag in self.singular_at:
            self.note_singular(lag, _as_rows(held) if columns_first else held)
        if self.wrt not in held:
            return
        found = self.measure(held[self.wrt], columns_first)
        if len(found) == 1:
            outside = not self.low < found[0] < self.high
        else:
            outside = bool(((found <= self.low) | (found >= self.high)).any())
        if outside:
            self.rescale(held, columns_first)
            self.note(lag, _rows(held[self.wrt]) if columns_first else held[self.wrt])
            return
        if lag % 8 == 0 and len(held) > 1 and self.rescale(held, columns_first):
            found = self.measure(held[self.wrt], columns_first)
        self.squares[lag], self.logs[lag] = found, self.log

    def note(self, lag: int, rows: Array) -> None:
        """Note the norm of a block (B, r, n) of any size, scaled apart from the others."""
        factor = _power_of_two(_sizes(rows, False))
        self.squares[lag] = self.measure(rows / factor[:, None, None])
        self.logs[lag] = self.log + np.log2(factor)

    def measure(self, held: Array, columns_first: bool = False) -> Array:
        if self.norm == "frobenius":
            return squares(held, columns_first=columns_first)
        rows = _rows(held) if columns_first else held
        return np.asarray([s.norm(r) ** 2 for s, r in zip(self.spectral, rows, strict=True)])

    def rescale(self, held: Rows, columns_first: bool) -> bool:
        """Divide all rows of a sample by the size of the largest, where it is far from 1."""
        size = np.max([_sizes(r, columns_first) for r in held.values()], axis=0)
        far = (size > 0) & ((size**2 < self.low) | (size**2 > self.high))
        if not far.any():
            return False
        factor = np.where(far, _power_of_two(size), 1).astype(self.run.dtype)
        for rows in held.values():
            rows /= (
                factor
                if rows.ndim == 2
                else factor[:, None]
                if columns_first
                else (factor[:, None, None])
            )
        self.log = self.log + np.log2(factor)
        return True

    def note_singular(self, lag: int, rows: Rows) -> None:
        size = min(self.steps.size(self.of), self.steps.size(self.wrt))
        if self.wrt in rows:
            found = singular_values(rows[self.wrt], size)
        else:
            found = np.zeros((self.run.samples, size))
        with np.errstate(divide="ignore"):
            self.singular[lag] = np.log10(found) + (self.log * np.log10(2))[:, None]

    # -- rank ------------------------------------------------------------------------------

    def maybe_look(self, lag: int) -> None:
        """Drop directions that are too small to matter, now and then."""
        if lag < self.next_look or self.tolerance == 0 or not self.run.samples or not self.rows:
            return
        before = next(iter(self.rows.values())).shape[1]
        after = self.truncate() if before > 1 else before
        if after < 0.95 * before:
            self.look = LOOK
        else:
            self.look = min(2 * self.look, LOOK_LEAST_OFTEN)
        self.next_look = lag + self.look

    def truncate(self) -> int:
        """P = Q R has the norms of R: keep R, and of R the rows that are not negligible to
        any state."""
        self.check_remainder()
        names = list(self.rows)
        joined = np.concatenate([self.rows[name] for name in names], axis=2)
        joined, remainder = np.split(joined, [joined.shape[1] - self.has_remainder], axis=1)
        q: Array | None = None
        if self.norm == "spectral":
            q, r = (np.asarray(part) for part in np.linalg.qr(joined))
        else:
            r = np.asarray(np.linalg.qr(joined, mode="r"))
        ends = np.cumsum([self.rows[name].shape[2] for name in names])[:-1]
        weight = np.sum([_shares(part) for part in np.split(r, ends, axis=2)], axis=0)
        tail = np.sqrt(np.cumsum(weight[:, ::-1], axis=1)[:, ::-1])
        keep = int((tail > self.tolerance * tail[:, :1]).sum(axis=1).max(initial=1))
        if keep < r.shape[1]:
            self.has_remainder = True
            dropped = np.concatenate([r[:, keep:], remainder], axis=1)
            signs = np.where(np.arange(dropped.shape[1]) * 0.618 % 1 < 0.5, 1, -1)
            remainder = np.einsum("r,brn->bn", signs.astype(r.dtype), dropped)[:, None]
        r = np.concatenate([r[:, :keep], remainder], axis=1)
        if q is not None:
            for b, spectral in enumerate(self.spectral):
                spectral.rotate(q[b][:, :keep], r.shape[1])
        parts = np.split(r, ends, axis=2)
        self.rows = {n: np.ascontiguousarray(p) for n, p in zip(names, parts, strict=True)}
        return r.shape[1]

    def check_remainder(self) -> None:
        """Give up where what was dropped is no longer negligible."""
        if self.has_remainder:
            shares = [_shares(rows)[:, -1] for rows in self.rows.values()]
            if np.max(shares, initial=0) > max(self.tolerance, float(np.finfo(float).eps)):
                raise _Regrown

    # -- small: blocks of steps at once ----------------------------------------------------

    def small(self, stretch: Stretch, length: int, lag: int) -> None:
        """The Jacobians of many steps formed at once, then multiplied block after block."""
        done, chunk = 0, max(BLOCK, NUMBERS // (self.steps.width**2 * max(self.run.samples, 1)))
        rows, places = self.joined()
        while done < length:
            count = min(chunk, length - done)
            rows = self.small_chunk(stretch, length - done - count, count, lag + done, rows, places)
            done += count
        self.rows = {name: rows[..., place] for name, place in places.items()}

    def small_chunk(
        self,
        stretch: Stretch,
        first: int,
        count: int,
        lag: int,
        rows: Array,
        places: dict[str, slice],
    ) -> Array:
        """The steps first … first + count - 1 of a stretch, backward; the rows after them."""
        jacobians = whole(self.steps, stretch.dense(first, first + count), count)[::-1]
        scale = _power_of_two(np.abs(jacobians).max(axis=(2, 3), initial=0))
        jacobians = jacobians / scale[:, :, None, None]
        logs = np.log2(scale)
        prefixes = _prefixes(jacobians) if self.steps.width <= TINY else None
        for begin in range(0, count, BLOCK):
            block = slice(begin, min(begin + BLOCK, count))
            if prefixes is not None:
                products = rows[None] @ prefixes[block]
            else:
                products = _in_turn(rows, jacobians[block])
            log = self.log + np.cumsum(logs[block], axis=0)
            if not _healthy(products, self.low):
                products, log = self.one_by_one(rows, jacobians[block], logs[block])
            at = slice(lag + 1 + block.start, lag + 1 + block.stop)
            self.squares[at], apart = self.measured(products[..., places[self.wrt]])
            self.logs[at], self.rank[at] = log + apart, rows.shape[1]
            rows, self.log = products[-1], log[-1]
            factor = _power_of_two(np.abs(rows).max(axis=(1, 2), initial=0))
            rows = rows / factor[:, None, None]
            self.log = self.log + np.log2(factor)
        return rows

    def joined(self) -> tuple[Array, dict[str, slice]]:
        """The rows over the whole state in one array, and where each state lies."""
        states = self.run.cell.states
        sizes = [self.steps.size(s) for s in states]
        places = {
            s: slice(end - n, end)
            for s, n, end in zip(states, sizes, np.cumsum(sizes), strict=True)
        }
        height = next(iter(self.rows.values())).shape[1]
        rows = np.zeros((self.run.samples, height, self.steps.width), self.run.dtype)
        for name, part in self.rows.items():
            rows[..., places[name]] = part
        return rows, places

    def measured(self, products: Array) -> tuple[Array, Array | float]:
        """The squared norms of blocks (steps, B, r, n), and the logarithm of their scale."""
        found = self.measured_plain(products)
        if (found > self.low).all():
            return found, 0.0
        factor = _power_of_two(np.abs(products).max(axis=(2, 3), initial=0))
        return self.measured_plain(products / factor[..., None, None]), np.log2(factor)

    def measured_plain(self, products: Array) -> Array:
        if self.norm == "frobenius":
            return squares(products)
        return np.asarray(np.linalg.norm(products, 2, axis=(-2, -1)) ** 2)

    def one_by_one(self, rows: Array, jacobians: Array, steps: Array) -> tuple[Array, Array]:
        """A block in which the product all but vanishes, renormalised at every step."""
        products, logs, log = [], [], self.log
        for jacobian, step in zip(jacobians, steps, strict=True):
            rows = rows @ jacobian
            factor = _power_of_two(np.abs(rows).max(axis=(1, 2), initial=0))
            rows = rows / factor[:, None, None]
            log = log + step + np.log2(factor)
            products.append(rows)
            logs.append(log)
        return np.asarray(products), np.asarray(logs)


def _power_of_two(size: Array) -> Array:
    """A number near each size by which a division is exact."""
    return np.asarray(np.ldexp(np.ones_like(size), np.frexp(size)[1] - 1))


def _shares(rows: Array) -> Array:
    """Which part of the sum of squares of (B, r, n) each row has: (B, r)."""
    weight = np.einsum("brn,brn->br", rows, rows)
    whole = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight / np.where(whole > 0, whole, 1))


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


def _sizes(held: Array, columns_first: bool) -> Array:
    """The largest entry of each sample."""
    if held.ndim == 2:
        return np.abs(held).max(initial=0, keepdims=True)[0]
    return np.asarray(np.abs(held).max(axis=(0, 2) if columns_first else (1, 2), initial=0))


def _healthy(products: Array, low: float) -> bool:
    size = np.abs(products).max(axis=(2, 3), initial=0)
    return bool((size > low).all()) or not products.size


def _columns(rows: Array) -> Array:
    """(B, r, n) as (n, B, r), and as (n, r) for a single sample."""
    moved = rows[0].T if len(rows) == 1 else np.moveaxis(rows, -1, 0)
    return np.ascontiguousarray(moved)


def _rows(columns: Array) -> Array:
    moved = columns.T[None] if columns.ndim == 2 else np.moveaxis(columns, 0, -1)
    return np.ascontiguousarray(moved)


def _as_rows(held: Rows) -> Rows:
    return {name: _rows(columns) for name, columns in held.items()}


def _step(run: Run, at: int | None) -> int:
    step = run.steps - 1 if at is None else at
    if isinstance(step, bool) or not isinstance(step, int | np.integer):
        raise SymgateError(f"the step at is a whole number, not {at!r}")
    if not 0 <= step < run.steps:
        raise ShapeError(f"step {step} is not in the run, which has steps 0 to {run.steps - 1}")
    return int(step)


def _lags(run: Run, lags: int | None, at: int) -> int:
    count = at + 1 if lags is None else lags
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
        raise SymgateError(f"lags is a whole number from 0, not {lags!r}")
    if count > at + 1:
        raise ShapeError(
            f"lag {count} reaches before the start: from step {at} there are {at + 1} lags"
        )
    return int(count)
