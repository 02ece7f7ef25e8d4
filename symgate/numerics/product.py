"""The Jacobian of a state by an earlier one, for every lag: a product that never underflows.

The product is kept near 1 and its logarithm added up. As the lag grows it loses rank:
directions that no longer count are dropped where that pays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import symgate
from symgate.asked import asked, whole
from symgate.errors import ShapeError, SymgateError, known_name
from symgate.instead import tells
from symgate.linear.transition import Transition, leading_to, transition
from symgate.numerics.arrays import checked
from symgate.numerics.backward_product import BackwardProduct
from symgate.numerics.block import AskedBlock, chosen_lags
from symgate.numerics.general_pull import general_lag_norms
from symgate.numerics.norms import NORMS
from symgate.numerics.norms_by_lag import DiagonalNormsByLag, NormsByLag, Regrown
from symgate.numerics.plain import plain
from symgate.numerics.rank import Rank
from symgate.numerics.run import Run
from symgate.numerics.scaled import Scaled
from symgate.numerics.steps import Steps
from symgate.tables import data_frame, html_table, log10_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Directions below this part of the largest are dropped.
TOLERANCE = 1e-13


@tells("norms over the lag")
@dataclass(frozen=True, eq=False)
class LagNorms:
    """The norm of ∂ of_t / ∂ wrt_{t-k} for k = 0 … K.

    `log10_norm` is (K + 1,) or (K + 1, B) and -inf only where the Jacobian is exactly zero;
    `of` is "L" where a loss vector was followed; `rank` (K + 1,) is the number of directions
    left; `singular_values` maps the lags asked for to log10 of all singular values, (n,) or
    (B, n); `notes` says what is worth saying.
    """

    of: str
    wrt: str
    at: int
    norm_name: str
    lags: Array
    log10_norm: Array
    rank: Array
    singular_values: Mapping[int, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<LagNorms ∂{self.of}/∂{self.wrt}, {self.norm_name}, {self.lags[-1]} lags from step "
            f"{self.at}: {np.max(self.log10_norm[-1], initial=-np.inf):.4g} decades at the last>"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.log10_norm, dtype=dtype)

    @property
    def norm(self) -> Array:
        """The norms as plain numbers, 0 where they are below any float."""
        return np.asarray(10.0**self.log10_norm)

    def __len__(self) -> int:
        return len(self.lags)

    def __iter__(self) -> Iterator[Array]:
        return iter(self.log10_norm)

    def __getitem__(self, place: Any) -> Any:
        return self.log10_norm[place]

    def _repr_html_(self) -> str:
        last = len(self.lags) - 1
        some = sorted({k for k in (0, 1, 2, 5, 10, 20, 50, 100, 1000) if k < last} | {last})
        middle = np.median(self.log10_norm.reshape(last + 1, -1), axis=1)
        rows = [(k, f"{middle[k]:.3f}", self.rank[k]) for k in some]
        header = ("lag", f"log10 of the {NORMS[self.norm_name].label} norm", "rank")
        return html_table(rows, header, caption=f"∂{self.of}/∂{self.wrt}", notes=self.notes)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a lag: log10 norms and the rank."""
        columns = log10_columns("sample", self.log10_norm)
        return data_frame({"lag": self.lags, **columns, "rank": self.rank}, index="lag")

    def plot(self, ax: Axes | None = None, **line: Any) -> Axes:
        """Draw a line a sample over the lag, on `ax` or on pyplot's axes; keywords go to it."""
        return symgate.plots.norms(self, ax, **line)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; log10 of 0 is None."""
        data: dict[str, Any] = plain(self)
        return {"norm": data.pop("norm_name"), **data}


@asked(at=whole(), step=None)
def lag_norms(
    run: Run,
    of: str | None = None,
    wrt: str | None = None,
    lags: int | None = None,
    *,
    at: int | None = None,
    norm: str = "spectral",
    tolerance: float = TOLERANCE,
    singular: Iterable[int] = (),
    progress: Progress | None = None,
    step: Transition | None = None,
    engine: str | None = None,
) -> LagNorms:
    """The norms of a block of the whole state's product, for every lag up to `lags`.

    `of` and `wrt` are states (the cell's output where left out); with a gate or an input for
    `wrt` it is that of step t - k, with a gate for `of` that of step t. `at` is the step t (the
    last). As the lag grows directions are dropped that change no norm by more than
    `tolerance` of it; 0 drops none. `singular` lists the lags at which all singular values
    are wanted; then those above `tolerance` times the largest stay. `step` is a transition
    to multiply instead of the cell's own: one with some routes left out. `engine` is "c",
    "numpy" or "auto"; without it SYMGATE_ENGINE says.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("lstm")
    >>> params = {n: 0 * v for n, v in sg.init(cell, hidden=4, input=2).items()}
    >>> run = sg.simulate(cell, params, np.ones((2000, 2)))
    >>> lag_norms(run, "c", "c", lags=2000, norm="spectral").log10_norm[-1]
    np.float64(-602.06)
    """
    asked = AskedBlock.of_run(run, of, wrt, lags, at, norm, engine=engine)
    if step is None and asked.is_general:
        return _of_any(asked, progress)
    if step is not None and not isinstance(step, Transition):
        raise SymgateError(f"step must be a transition of the cell, not {type(step).__name__}")
    for name in (asked.of, asked.wrt):
        known_name(f"a state of {run.cell.name} named", name, run.cell.states)
    chosen = chosen_lags(singular, asked.lags)
    steps = Steps(run, leading_to(step or transition(run.cell), asked.wrt))
    if tolerance:
        tolerance = max(tolerance, float(np.finfo(run.dtype).eps))
    eye = np.eye(steps.size(asked.of), dtype=run.dtype)
    rows = np.broadcast_to(eye, (run.samples, *eye.shape))
    try:
        return _norms_of_rows(asked, steps, rows, tolerance, chosen, progress)
    except Regrown:
        return _norms_of_rows(asked, steps, rows, 0.0, chosen, progress)


def block_norms(
    asked: AskedBlock, wrt: Sequence[str], step: Transition | None = None
) -> dict[str, Array]:
    """log10 norms of several blocks ∂of_t/∂wrt_{t-k}, in as few passes as they need, at the lags
    that are noted: wrt → (lags, B). `step` is as in `lag_norms`.

    >>> import numpy as np, symgate as sg
    >>> run = sg.simulate(sg.cell("lstm"), sg.init(sg.cell("lstm"), 4, 2), np.ones((50, 2)))
    >>> asked = AskedBlock.of_run(run, "h", "h", 40, noted=np.array([0, 20, 40]))
    >>> found = block_norms(asked, ["h", "c"])
    >>> whole = lag_norms(run, "h", "c", norm="frobenius")
    >>> bool((found["c"][:, 0] == whole.log10_norm[[0, 20, 40]]).all())
    True
    """
    full = step or transition(asked.run.cell)
    passes: dict[Transition, list[str]] = {}
    for name in wrt:
        passes.setdefault(leading_to(full, name), []).append(name)
    chosen = np.arange(asked.lags + 1) if asked.noted is None else asked.noted
    found: dict[str, Array] = {}
    for part, names in passes.items():
        steps = Steps(asked.run, part)
        for tolerance in (TOLERANCE, 0.0):
            try:
                curves = _noted_blocks(asked, steps, names, tolerance)
                break
            except Regrown:
                continue
        found |= {r.wrt: r.log10_norm()[chosen] for r in curves}
    return found


def _noted_blocks(
    asked: AskedBlock, steps: Steps, wrt: Sequence[str], tolerance: float
) -> Sequence[NormsByLag]:
    """One pass for several blocks. Of a product of diagonals one row of sums is enough."""
    run, size = asked.run, steps.size(asked.of)
    diagonal = all(not f.branches for f in steps.blocks)
    rows = np.ones((1, size), run.dtype) if diagonal else np.eye(size, dtype=run.dtype)
    kind = DiagonalNormsByLag if diagonal else NormsByLag
    curves = [kind(asked, len(rows), wrt=name, tolerance=tolerance) for name in wrt]
    start = np.broadcast_to(rows, (run.samples, *rows.shape))
    _multiply_back(asked, steps, start, curves, tolerance)
    return curves


def _multiply_back(
    asked: AskedBlock,
    steps: Steps,
    rows: Array,
    curves: Sequence[NormsByLag],
    tolerance: float,
    progress: Progress | None = None,
) -> None:
    """Multiply the rows (B, r, n) by `of` back over the lags; the curves note them."""
    followed = [spectral for curve in curves for spectral in curve.spectral]
    each = any(curve.singular_at for curve in curves)
    tolerance = tolerance if all(curve.norm.rotates for curve in curves) else 0.0
    rank = Rank(tolerance, steps.width, each=each, spectral=followed, library=asked.library)
    product = Scaled({asked.of: np.array(rows)}, np.zeros(asked.run.samples))
    BackwardProduct(asked, steps, product, curves, rank, progress).run()


@asked(at=whole())
def vector_norms(
    run: Run,
    vector: Any,
    of: str | None = None,
    wrt: str | None = None,
    lags: int | None = None,
    *,
    at: int | None = None,
    progress: Progress | None = None,
    engine: str | None = None,
) -> LagNorms:
    """‖∂L/∂ wrt_{t-k}‖ for every lag, from a loss vector ∂L/∂ of_t: O(n²) a step.

    `vector` is (n,) or (B, n); the rest is as in `lag_norms`.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = sg.simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((50, 2)))
    >>> vector_norms(run, np.ones(4), lags=20).log10_norm.shape
    (21,)
    """
    asked = AskedBlock.of_run(run, of, wrt, lags, at, engine=engine)
    if asked.is_general:
        return _of_any(asked, progress, vector)
    steps = Steps(run, leading_to(transition(run.cell), asked.wrt))
    size = steps.size(asked.of)
    rows = _loss_rows(run, vector, (size,))
    return _norms_of_rows(asked, steps, rows, 0.0, (), progress, "L")


def _loss_rows(run: Run, vector: Any, shape: tuple[int, ...]) -> Array:
    """A loss vector, one for all samples or one each, as rows (B, 1, size)."""
    given = checked("the loss vector", vector).astype(run.dtype, copy=False)
    if given.shape not in {shape, (run.samples, *shape)}:
        expected = f"{shape}" if run.batch is None else f"{shape} or {(run.batch, *shape)}"
        raise ShapeError(f"the loss vector has shape {given.shape}; expected {expected}")
    rows = np.broadcast_to(given, (run.samples, *shape))
    return rows.reshape(run.samples, 1, int(np.prod(shape)))


def _of_any(asked: AskedBlock, progress: Progress | None, vector: Any = None) -> LagNorms:
    run, count = asked.run, asked.lags
    rows = None if vector is None else _loss_rows(run, vector, run.shape(asked.of))
    log = general_lag_norms(asked, rows, progress)
    directions = 1 if vector is not None else int(np.prod(run.shape(asked.of)))
    first, second = asked.of if vector is None else "L", asked.wrt
    return LagNorms(
        of=first,
        wrt=second,
        at=asked.at,
        norm_name=asked.norm,
        lags=np.arange(count + 1),
        log10_norm=log[:, 0] if run.batch is None else log,
        rank=np.full(count + 1, min(directions, int(np.prod(run.shape(second))))),
        notes=_notes(log, f"∂{first}/∂{second}"),
    )


def _norms_of_rows(
    asked: AskedBlock,
    steps: Steps,
    rows: Array,
    tolerance: float,
    singular: Iterable[int],
    progress: Progress | None,
    what: str | None = None,
) -> LagNorms:
    """The curve of rows (B, r, n) by `of`; `what` names them where they are no Jacobian."""
    run, wrt = asked.run, asked.wrt
    curve = NormsByLag(asked, rows.shape[1], wrt=wrt, tolerance=tolerance, singular_at=singular)
    _multiply_back(asked, steps, rows, [curve], tolerance, progress)
    log, single = curve.log10_norm(), run.batch is None
    values = curve.singular_values(min(steps.size(asked.of), steps.size(wrt)))
    return LagNorms(
        of=what or asked.of,
        wrt=wrt,
        at=asked.at,
        norm_name=asked.norm,
        lags=np.arange(asked.lags + 1),
        log10_norm=log[:, 0] if single else log,
        rank=curve.rank,
        singular_values={k: v[0] if single else v for k, v in values.items()},
        notes=_notes(log, f"∂{what or asked.of}/∂{wrt}"),
    )


def _notes(log: Array, what: str) -> tuple[str, ...]:
    """Where a derivative is exactly zero, in log10 norms (K + 1, B)."""
    zero, count = np.isneginf(log[1:]), log.shape[1]
    samples = np.flatnonzero(zero.any(axis=0))
    if not samples.size:
        return ()
    begins = np.argmax(zero[:, samples], axis=0)
    lasts = all(zero[begin:, b].all() for begin, b in zip(begins, samples, strict=True))
    first = f"lag {1 + int(begins.min())}"
    text = f"from {first} on {what} is exactly zero" if lasts else f"{what} is zero at {first}"
    if len(samples) == count:
        return (text,)
    if len(samples) == 1:
        return (f"{text} in sample {samples[0]}",)
    return (f"{text} in {len(samples)} of {count} samples",)
