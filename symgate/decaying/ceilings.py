"""Bounds beside a curve: what no lag can exceed, and the line that only seems to be one.

The worst case takes the largest value that each coefficient can have, the run's own bound
the largest that it had at each step; matrices enter by their largest singular value.
Norms of the blocks of a step make a small matrix, whose products bound those of the blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed, sympify

from symgate.algebra.fold import fold
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.text import text
from symgate.algebra.vectors import is_variable, name_of, time_of, variable
from symgate.bounds.growth import GrowthBound, growths
from symgate.bounds.norms import Bounds, bounds
from symgate.decaying.curve import Decay
from symgate.decaying.run_bound import SEGMENT, run_bound
from symgate.errors import SymgateError
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.linear.paths import path_count
from symgate.numerics.general import over_steps
from symgate.numerics.norms import NORMS
from symgate.numerics.run import Run, matrix_of, parameters_of
from symgate.numerics.values import Arrays
from symgate.tables import data_frame, html_table, log10_columns

Array = NDArray[Any]

#: Room for rounding, in decades: at once and a step.
ROUNDING = 1e-12


@tells("a set of bounds", {"plot": "sg.plots.decay_curves([d], bounds=True)"})
@dataclass(frozen=True, eq=False)
class Ceilings:
    """log10 of the bounds of ‖∂of_t/∂wrt_{t-k}‖ for k = 0 … K.

    `worst_log10` (K + 1,) takes the ranges of all gates, with the symbols of `formula` (the
    bound of one step) as in `values`. A state without a range (the cell of an LSTM) is taken
    as large as it can be after so many steps, |c_0| + t, for any input. Where not even that
    is known the largest value of the run stands in: `of_run` holds those symbols, and the
    worst case is one on the inputs of this run, as `worst_case` says. `run_log10`
    (K + 1, samples) takes the largest coefficients that occurred. `radius_log10` is the
    worst case with the spectral radius of each matrix in place of its largest singular value:
    no bound, though often quoted as one.
    """

    formula: str
    values: Mapping[str, float]
    worst_log10: Array
    run_log10: Array
    radius_log10: Array | None
    notes: tuple[str, ...]
    of_run: tuple[str, ...]

    @property
    def worst_case(self) -> str:
        """What the worst case is called: one over all inputs only where none of it is of the
        run."""
        return "worst case on this run's inputs" if self.of_run else "worst case"

    def __repr__(self) -> str:
        return f"<Bounds: one step at most {self.formula[:200]}>"

    def _repr_html_(self) -> str:
        rows = [("one step", self.formula), *((k, f"{v:.4g}") for k, v in self.values.items())]
        return html_table(rows, caption="Norm bounds", notes=self.notes)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a lag: log10 of the worst case and of each sample's
        own bound."""
        return data_frame({"worst_log10": self.worst_log10, **log10_columns("run", self.run_log10)})

    def to_dict(self) -> dict[str, Any]:
        """Its fields."""
        return dict(vars(self))


def ceilings(decay: Decay) -> Ceilings:
    """The bounds of a measured curve.

    >>> import symgate as sg
    >>> d = sg.decay(sg.cell("gru"), hidden=8, lags=20)
    >>> d.bounds.formula
    '1 + ‖U_n‖₂ + 0.5 ‖U_z‖₂ + 0.25 ‖U_n‖₂ ‖U_r‖₂'
    >>> bool((d.bounds.run_log10 >= d.log10_norm).all())
    True
    """
    run = decay.run
    if run is None:
        raise SymgateError("bounds need the run; this curve was loaded from a file")
    symbolic = bounds(run.cell)
    count = len(decay.lags) - 1
    occurred = _Occurred(run)
    before = max(decay.setting.positions) + 1 - np.arange(1, count + 1)
    reached = _Reached(occurred, before)
    room = ROUNDING * (1 + np.arange(count + 1)) + _beside_spectral(decay, run)
    room[0] = 0  # both bounds start as the curve does
    start = np.max(decay.log10_norm[0])
    worst = _powers(symbolic, decay.of, decay.wrt, count, start, reached) + room
    notes = []
    if not _starts_in_range(run, symbolic):
        worst[1:] = np.inf
        notes.append("the run starts outside the range of its states: no worst case holds")
    notes += reached.notes
    own = run_bound(run, decay) + room[:, None]
    radii = _Radii(occurred, before)
    radius = _radius_line(symbolic, decay, radii)
    if radius is not None:
        notes += _remark(decay, symbolic, radius, radii)
    values = {text(atom): float(occurred(atom)) for atom in _atoms(symbolic, decay)}
    of_run = tuple(dict.fromkeys(reached.of_run))
    return Ceilings(_formula(symbolic, decay), values, worst, own, radius, tuple(notes), of_run)


def _formula(symbolic: Bounds, decay: Decay) -> str:
    """The bound of one step in letters, with what stands for parts of an equation, or how many
    products it is the sum of."""
    if symbolic.is_written(decay.of, decay.wrt):
        total = symbolic.total(decay.of, decay.wrt)
        nodes, own = linearise(symbolic.cell), symbolic.cell.equations
        parts = {n.symbol: n.expression for n in nodes if n.name not in own}
        told = [f"{text(v)} = {text(_whole(e, parts))}" for v, e in parts.items() if total.has(v)]
        return ", where ".join(filter(None, [text(total), " and ".join(told)]))
    number = path_count(linearise(symbolic.cell), decay.of, [variable(decay.wrt, 1)])
    return f"the sum of the bounds of {number:,} paths"


def _whole(e: Expr, parts: Mapping[Expr, Expr]) -> Expr:
    """An expression with its parts written out."""
    return e if (written := e.xreplace(parts)) == e else _whole(written, parts)


def _beside_spectral(decay: Decay, run: Run) -> float:
    """log10 of how many times the spectral norm the norm can be."""
    rows, columns = (run.size(run.cell.size(s)) for s in (decay.of, decay.wrt))
    return 0.5 * math.log10(NORMS[decay.norm_name].most(rows, columns))


# -- the worst case ---------------------------------------------------------------------------


class _Occurred(Arrays):
    """Numbers for the symbols of a bound, as they were in a run: norms of matrices, and the
    largest magnitude that a component has at any step."""

    def __init__(self, run: Run) -> None:
        super().__init__(parameters_of(run), run.size)
        self.run = run

    def number(self, e: Expr) -> Any:
        return float(super().number(e))

    def __call__(self, e: Expr) -> Any:
        return fold(sympify(e), self)

    def spectral_norm(self, e: SpectralNorm) -> Any:
        return float(np.linalg.norm(matrix_of(self.run, e.matrix), 2))

    def max_norm(self, e: MaxNorm) -> Any:
        most = 0.0
        for start in range(0, self.run.steps, SEGMENT):
            stop = min(start + SEGMENT, self.run.steps)
            with np.errstate(all="ignore"):  # what overflows has no bound
                found = over_steps(self.run, e.vector, start, stop)
                most = max(most, float(np.abs(found).max(initial=0)))
        return most


class _Reached(_Occurred):
    """What they cannot exceed, whatever the input: a number, or one for the step of each lag,
    (K,). `before` (K,) is how many steps were made before that.

    `notes` says what stands for values that have no range, `of_run` which are the run's own.
    """

    def __init__(self, occurred: _Occurred, before: Array) -> None:
        super().__init__(occurred.run)
        self.occurred, self.before = occurred, before
        self.growths = growths(self.run.cell)
        self.notes: list[str] = []
        self.of_run: list[str] = []

    def max_norm(self, e: MaxNorm) -> Any:
        most = self.occurred(e)
        if not e.vector.has(Indexed):
            return most
        growth = self.growths.get(name_of(e.vector)) if is_variable(e.vector) else None
        if growth is None or self.occurred(growth.factor) > 1:
            self.of_run.append(text(e))
            self.notes.append(
                f"{text(e)} has no known bound; the worst case takes its largest value in this "
                f"run, {most:.3g}"
            )
            return most
        factor, addend = self.occurred(growth.factor), self.occurred(growth.addend)
        start = float(np.abs(self.run.initial[growth.state]).max(initial=0))
        self.notes.append(
            f"{text(e)} has no fixed range; the worst case takes "
            f"{_growth(growth, factor, addend)} at every step, whatever the input (the largest "
            f"value that occurred is {most:.3g})"
        )
        if factor < 1:
            return max(start, addend / (1 - factor))
        return start + addend * (self.before + 1 + int(time_of(e.vector)))


class _Radii(_Reached):
    """The same with spectral radii for norms."""

    def spectral_norm(self, e: SpectralNorm) -> Any:
        return float(np.abs(np.linalg.eigvals(matrix_of(self.run, e.matrix))).max(initial=0))


def _growth(growth: GrowthBound, factor: float, addend: float) -> str:
    new, old = (text(variable(growth.state, lag)) for lag in (0, 1))
    times = "" if factor == 1 else f"{factor:.3g} "
    return f"|{new}| ≤ {times}|{old}| + {addend:.3g}"


def _powers(
    symbolic: Bounds,
    of: str,
    wrt: str,
    count: int,
    start: float,
    number: Callable[[Expr], float | Array],
) -> Array:
    """log10 of the (of, wrt) entry of the products of the matrices of block bounds."""
    states = symbolic.cell.states
    step = np.array(
        [[np.broadcast_to(symbolic.value(a, b, number), count) for b in states] for a in states]
    )
    out = np.full(count + 1, -np.inf)
    out[0] = start
    with np.errstate(divide="ignore", invalid="ignore"):
        row = np.log([float(s == of) for s in states])
        logs = np.log(np.where(np.isnan(step), np.inf, step))  # 0 times what has no bound
        for k in range(1, count + 1):
            ways = row[:, None] + logs[..., k - 1]
            row = np.logaddexp.reduce(np.where(np.isnan(ways), -np.inf, ways), axis=0)
            out[k] = row[states.index(wrt)] / math.log(10)
    return out


def _starts_in_range(run: Run, symbolic: Bounds) -> bool:
    """Whether the first state lies in the range that the worst case takes for granted."""
    for state, interval in symbolic.ranges.before.items():
        start = run.initial[state]
        if (start < float(interval.low)).any() or (start > float(interval.high)).any():
            return False
    return True


def _atoms(symbolic: Bounds, decay: Decay) -> list[Expr]:
    written = symbolic.is_written(decay.of, decay.wrt)
    of = symbolic.total(decay.of, decay.wrt) if written else symbolic
    return sorted(of.atoms(SpectralNorm, MaxNorm), key=text)


# -- the line that misleads -------------------------------------------------------------------


def _radius_line(symbolic: Bounds, decay: Decay, radii: _Radii) -> Array | None:
    """The worst case with spectral radii; None where a matrix has none."""
    matrices = [n.matrix for n in symbolic.atoms(SpectralNorm)]
    if any(len(set(matrix_of(radii.run, m).shape)) > 1 for m in matrices):
        return None
    start = float(np.max(decay.log10_norm[0]))
    return _powers(symbolic, decay.of, decay.wrt, len(decay.lags) - 1, start, radii)


def _remark(decay: Decay, symbolic: Bounds, radius: Array, radii: _Radii) -> list[str]:
    """What to say where the gradient is above the line of the spectral radius."""
    curve = decay.log10_norm.max(axis=1)
    above = np.flatnonzero(curve[1:] > radius[1:] + 1e-6) + 1
    if not len(above):
        return []
    named = _atoms(symbolic, decay)
    norms = [a for a in named if a.has(SpectralNorm)]
    shown = ", ".join(
        f"{text(n.matrix)}: radius {radii(n):.3g}, norm {radii.occurred(n):.3g}" for n in norms
    )
    return [
        f"From lag {above[0]} on, the gradient lies above the curve of the spectral radius, "
        f"which does not bound a product of non-normal matrices; the largest "
        f"singular value does ({shown})"
    ]
