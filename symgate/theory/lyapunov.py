"""`lyapunov`: how fast neighbouring states part, for every direction of the whole state.

Directions are carried along the run and made orthonormal at each step (directions.py);
the means of the logarithms of their growth are the exponents, in nats per step. For a cell with
several states a direction lies in all of them: the exponents are those of the product of the
block Jacobians, never of a product of blocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

import symgate
from symgate.asked import asked, number, whole
from symgate.equations.cell import Cell
from symgate.errors import Diverged, ShapeError, SymgateError
from symgate.instead import tells
from symgate.numerics.arrays import checked_parameters, draws_of
from symgate.numerics.initialise import network_of
from symgate.numerics.plain import plain
from symgate.numerics.room import must_fit
from symgate.numerics.run import Run
from symgate.numerics.setup import USUAL, Drawn, Setup
from symgate.numerics.simulate import simulate
from symgate.tables import data_frame, html_table
from symgate.theory.cycles import cycle_notes
from symgate.theory.directions import Progress, follow, log_abs_det

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

#: Over how many blocks of steps the standard error is taken; points of the convergence.
BLOCKS, POINTS = 10, 100


@tells("a spectrum")
@dataclass(frozen=True, eq=False)
class Lyapunov:
    """The Lyapunov exponents of a run, largest first.

    `exponents` is (k,) or (B, k): nats per step, or per unit of time where `dt` is not 1;
    -inf where a direction dies. `error` is their standard error over blocks of steps.
    `convergence` (P, k) or (P, B, k) holds the means over the first `at` (P,) counted steps.
    """

    cell: str
    width: int
    steps: int
    burn_in: int
    dt: float
    exponents: Array
    error: Array
    at: Array
    convergence: Array
    notes: tuple[str, ...]
    _run: Run = field(repr=False)

    def __repr__(self) -> str:
        alone = self.exponents.ndim == 1 or len(self.exponents) == 1
        batch = "" if alone else f" of {len(self.exponents)} sequences"
        largest = np.array2string(np.asarray(self.largest), precision=4, threshold=6)
        notes = "".join(f"\n  {note}" for note in self.notes)
        return (
            f"<Lyapunov of {self.cell}: {self.exponents.shape[-1]} of {self.width} exponents{batch}"
            f", largest {largest}, over {self.steps} steps{notes}>"
        )

    def _repr_html_(self) -> str:
        names = ["largest"]
        if self.is_whole:
            names += ["sum", "unstable_fraction", "entropy", "dimension"]
        values = {name: np.asarray(getattr(self, name)) for name in names}
        rows = [
            (name.replace("_", " "), np.array2string(value, precision=5, threshold=6))
            for name, value in values.items()
        ]
        caption = f"Lyapunov exponents of {self.cell}, {self.steps} steps"
        return html_table(rows, caption=caption, notes=self.notes)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row an exponent: its value and its standard error."""
        values, errors = (np.atleast_2d(a) for a in (self.exponents, self.error))
        columns = {f"exponent_{i}": line for i, line in enumerate(values)}
        return data_frame({**columns, **{f"error_{i}": line for i, line in enumerate(errors)}})

    @property
    def is_whole(self) -> bool:
        """Whether the exponents of all directions are there."""
        return bool(self.exponents.shape[-1] == self.width)

    @property
    def largest(self) -> Any:
        """The largest exponent: above 0 is chaos."""
        return _plain(self.exponents[..., 0])

    @property
    def sum(self) -> Any:
        """The sum of all: how volumes grow."""
        return _plain(self._whole.sum(axis=-1))

    @cached_property
    def log_abs_det(self) -> Any:
        """The mean of ln |det J|, from the Jacobians alone: `sum` must be equal to it."""
        return _plain(
            (log_abs_det(self._run, self.burn_in) / self.dt)[
                0 if self._run.batch is None else slice(None)
            ]
        )

    @property
    def unstable_fraction(self) -> Any:
        """The part of all directions that grow."""
        return _plain((self._whole > 0).mean(axis=-1))

    @property
    def entropy(self) -> Any:
        """Kolmogorov and Sinai's entropy, by Pesin's formula: the sum of the positive ones."""
        return _plain(np.maximum(self._whole, 0).sum(axis=-1))

    @property
    def dimension(self) -> Any:
        """Kaplan and Yorke's dimension of the attractor."""
        return _plain(np.apply_along_axis(_kaplan_yorke, -1, self._whole))

    @property
    def _whole(self) -> Array:
        if not self.is_whole:
            raise SymgateError(
                f"only {self.exponents.shape[-1]} of {self.width} exponents were followed; "
                f"leave out count for the whole spectrum"
            )
        return self.exponents

    def plot(self, ax: Axes | None = None, **line: Any) -> Axes:
        """Draw the spectrum on `ax`, or on pyplot's axes; other keywords go to the line."""
        return symgate.plots.spectrum_on(ax, self, **line)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; an exponent of -inf is None."""
        names = ["cell", "width", "steps", "burn_in", "dt", "exponents", "error", "largest"]
        if self.is_whole:
            names += ["sum", "log_abs_det", "unstable_fraction", "entropy", "dimension"]
        return {name: plain(getattr(self, name)) for name in (*names, "notes")}


@asked(noise=number(least=0))
def lyapunov(
    system: Run | Cell | str,
    params: Mapping[str, Any] | None = None,
    x: Any = None,
    *,
    steps: int | None = None,
    burn_in: int | None = None,
    count: int | None = None,
    state: Mapping[str, Any] | None = None,
    dt: float = 1.0,
    noise: float = 0.0,
    progress: Progress | None = None,
    **options: Unpack[Drawn],
) -> Lyapunov:
    """The Lyapunov exponents of a run, or of a cell with parameters and input.

    The first `burn_in` steps (a quarter) turn the directions and are not counted. A cell is run
    for `steps` steps (the length of x; 1000), from a random
    `state` drawn with `seed`. Where `params` are left out they are drawn as a `Setup` says
    (hidden, input, sizes, scheme, seed, gain, bias, t_max), where x is left out it is white
    noise of the standard deviation `noise`. `count` follows only so many directions: the largest
    exponents. `dt` is the time of a step, for exponents per unit of time.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.Cell.from_text("h[t] = U @ h[t-1]")
    >>> found = lyapunov(cell, {"U": np.diag([2.0, 0.5])}, steps=100)
    >>> found.exponents.round(4), found.unstable_fraction
    (array([ 0.6931, -0.6931]), 0.5)
    """
    if isinstance(system, Run):
        given = [v for name, v in options.items() if name != "seed"]
        if noise or any(value is not None for value in (*given, params, x, steps, state)):
            raise SymgateError("a run has its parameters, input and steps; give them with a cell")
        run, seed = system, whole(0)("seed", options.get("seed") or Setup.seed)
    else:
        cell, params, seed = network_of("lyapunov", system, params, **options)
        run = _run(cell, params, x, steps, state, seed, noise)
    width = sum(run.size(run.cell.size(s)) for s in run.cell.states)
    followed = width if count is None else count
    if followed > width:
        raise ShapeError(f"there are {width} exponents, and {followed} are wanted")
    skipped = run.steps // 4 if burn_in is None else burn_in
    if skipped >= run.steps:
        raise ShapeError(
            f"the burn-in of {skipped} steps leaves nothing of {run.steps} steps; run longer, "
            f"or take a shorter burn_in"
        )
    logs = follow(run, followed, seed, skipped, progress)
    return _result(run, width, skipped, float(dt), logs)


def _result(run: Run, width: int, burn_in: int, dt: float, logs: Array) -> Lyapunov:
    logs = logs[burn_in:] / dt
    total = len(logs)
    at = np.unique(np.linspace(1, total, min(POINTS, total)).astype(int))
    convergence = np.cumsum(logs, axis=0)[at - 1] / at[:, None, None]
    order = np.argsort(-convergence[-1], axis=-1, kind="stable")
    blocks = np.array([b.mean(axis=0) for b in np.array_split(logs, min(BLOCKS, total))])
    exponents = np.take_along_axis(convergence[-1], order, -1)
    error = np.take_along_axis(_error(blocks), order, -1)
    convergence = np.take_along_axis(convergence, order[None], -1)
    single = run.batch is None
    return Lyapunov(
        cell=run.cell.name,
        width=width,
        steps=total,
        burn_in=burn_in,
        dt=dt,
        exponents=exponents[0] if single else exponents,
        error=error[0] if single else error,
        at=at,
        convergence=convergence[:, 0] if single else convergence,
        notes=_notes(run, logs, exponents, error),
        _run=run,
    )


def _error(blocks: Array) -> Array:
    """The standard error of the mean over blocks; nan for one block, 0 for -inf."""
    if len(blocks) < 2:
        return np.full(blocks.shape[1:], np.nan)
    dead = np.isneginf(blocks).any(axis=0)
    finite = np.where(dead, 0.0, blocks)
    return np.asarray(finite.std(axis=0, ddof=1) / np.sqrt(len(blocks)))


def _notes(run: Run, logs: Array, exponents: Array, error: Array) -> tuple[str, ...]:
    notes = []
    dead = np.isneginf(exponents).sum(axis=-1)
    if dead.any():
        cut = np.isneginf(logs).any(axis=-1).sum(axis=0).max()
        notes.append(
            f"{dead.max()} of {exponents.shape[-1]} exponents are -inf: at {cut} of {len(logs)} "
            f"steps the Jacobian maps a direction to nothing (dead or saturated units, or a "
            f"state that is not read)"
        )
    settled = cycle_notes(run)
    notes += settled
    if not settled and not np.isnan(error).any():
        unsure = (exponents[:, 0] > 0) & (exponents[:, 0] < 2 * error[:, 0])
        if unsure.any():
            notes.append(
                "the largest exponent is positive by less than two standard errors: run longer "
                "before calling it chaos"
            )
    return tuple(notes)


def _run(
    cell: Cell,
    params: Mapping[str, Any],
    x: Any,
    steps: int | None,
    state: Mapping[str, Any] | None,
    seed: int,
    noise: float,
) -> Run:
    checked_parameters(cell, params)
    count, given = steps, x is not None
    if x is None:
        count = USUAL["lyapunov"]["steps"] if steps is None else steps
        shapes = {n: (count, *state_shape(cell, params, n)) for n in cell.inputs}
        must_fit(f"{count:,} steps", sum(map(math.prod, shapes.values())), "take fewer steps")
        x = {n: noise * draws_of(n, seed).normal(size=shape) for n, shape in shapes.items()} or None
    if state is None:
        shapes = {s: state_shape(cell, params, s) for s in cell.states}
        state = {s: draws_of(s, seed).normal(size=shape) for s, shape in shapes.items()}
    try:
        return simulate(cell, params, x, state, steps=count)
    except Diverged as error:
        if noise or given or not cell.inputs:
            raise
        try:  # whether it is the input of zero that has no value
            _run(cell, params, None, steps, state, seed, 1.0)
        except Diverged:
            raise error from None
        mend = "the input is 0 unless noise is asked for: noise=1 (--noise 1) runs through"
        raise Diverged(f"{error}; {mend}") from None


def state_shape(cell: Cell, params: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """The shape of a state or an input, from those of the parameters."""
    numbers: dict[Expr, int] = {}
    for p in cell.parameters.values():
        numbers |= dict(zip(p.shape, np.shape(params.get(p.name, ())), strict=False))
    if not {*cell.shapes[name]} <= numbers.keys():
        raise ShapeError(
            f"how long {name} is does not follow from the parameters of {cell.name}; run it with "
            f"sg.simulate and a state, and give the run"
        )
    return tuple(int(numbers[letter]) for letter in cell.shapes[name])


def _kaplan_yorke(exponents: Array) -> float:
    """How many exponents add up to 0, with the part of the one that crosses it."""
    sums = np.cumsum(exponents)
    if not sums.size or sums[0] < 0:
        return 0.0
    k = int(np.argmax(sums < 0))
    if sums[k] >= 0:
        return float(len(exponents))
    return k + float(sums[k - 1] / -exponents[k])


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else array
