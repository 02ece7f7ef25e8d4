"""Bounds beside a curve: what no lag can exceed, and the line that only seems to be one.

The worst case takes the largest value that each coefficient can have, the run's own bound
the largest that it had at each step; matrices enter by their largest singular value.
Norms of the blocks of a step make a small matrix, whose powers bound those of the product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, MatrixExpr

from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.printing import text
from symgate.errors import SymgateError
from symgate.flow.curve import Decay
from symgate.linear.bounds import Bounds, bounds
from symgate.numerics.compiled import matrix_value, scalar_value
from symgate.numerics.run import Run
from symgate.numerics.steps import BoundForm, Steps

Array = NDArray[Any]

#: Steps whose coefficients are looked at together.
STRETCH = 512

#: Room for rounding, in decades: at once and a step.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Ceilings:
    """log10 of the bounds of ‖∂of_t/∂wrt_{t-k}‖ for k = 0 … K.

    `worst_log10` (K + 1,) takes the ranges of all gates, with the symbols of `formula` (the
    bound of one step) as in `values`; where a state has no range of its own (the cell of an
    LSTM) it takes the largest value of the run. `run_log10` (K + 1, samples) takes the
    largest coefficients that occurred. `radius_log10` is the worst case with the spectral
    radius of each matrix in place of its largest singular value: no bound, though often
    quoted as one.
    """

    formula: str
    values: Mapping[str, float]
    worst_log10: Array
    run_log10: Array
    radius_log10: Array | None
    notes: tuple[str, ...]

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
    largest = _Largest(run)
    count = len(decay.lags) - 1
    room = ROUNDING * (1 + np.arange(count + 1)) + _frobenius(decay, run)
    start = np.max(decay.log10_norm[0])
    worst = _powers(symbolic, decay.of, decay.wrt, count, start, largest.number) + room
    notes = []
    if not _starts_in_range(run, symbolic):
        worst[1:] = np.inf
        notes.append("the run starts outside the range of its states: no worst case holds")
    radius = _radius_line(symbolic, decay, largest)
    if radius is not None:
        notes += _remark(decay, symbolic, radius, largest)
    values = {text(atom): largest.number(atom) for atom in _atoms(symbolic, decay)}
    return Ceilings(
        text(symbolic.total(decay.of, decay.wrt)), values, worst,
        _run_bound(run, decay) + room[:, None], radius, tuple(notes),
    )  # fmt: skip


def _frobenius(decay: Decay, run: Run) -> float:
    """A Frobenius norm is at most √n times the spectral one."""
    if decay.norm == "spectral":
        return 0.0
    return 0.5 * math.log10(min(run.size(run.cell.size(s)) for s in (decay.of, decay.wrt)))


# -- the worst case ---------------------------------------------------------------------------


class _Largest:
    """Numbers for the symbols of a bound: norms of matrices, largest components of a run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.known: dict[Any, float] = {}

    def number(self, e: Expr) -> float:
        if e not in self.known:
            self.known[e] = self.worked_out(e)
        return self.known[e]

    def worked_out(self, e: Expr) -> float:
        if isinstance(e, SpectralNorm):
            return float(np.linalg.norm(self.array(e.matrix), 2))
        if isinstance(e, MaxNorm):
            return self.component(e.vector)
        if not e.has(SpectralNorm, MaxNorm):
            return float(scalar_value(e, self.run.params))
        return float(_numeric(e, self.number))

    def array(self, matrix: MatrixExpr) -> Array:
        return np.asarray(matrix_value(matrix, self.run.params, self.run.size))

    def component(self, vector: Expr) -> float:
        """The largest magnitude that a component has at any step."""
        most = 0.0
        for start in range(0, self.run.steps, STRETCH):
            stop = min(start + STRETCH, self.run.steps)
            most = max(most, float(np.abs(self.run.window(start, stop)[vector]).max(initial=0)))
        return most

    def radius(self, e: Expr) -> float:
        """As `number`, with spectral radii for norms."""
        if isinstance(e, SpectralNorm):
            return float(np.abs(np.linalg.eigvals(self.array(e.matrix))).max(initial=0))
        if not e.has(SpectralNorm):
            return self.number(e)
        return float(_numeric(e, self.radius))


def _numeric(e: Expr, number: Callable[[Expr], float]) -> float:
    """A sum, product or power of what `number` knows."""
    if e.is_Add:
        return sum(map(number, e.args))
    if e.is_Mul:
        return math.prod(map(number, e.args))
    if e.is_Pow:
        return float(number(e.base) ** number(e.exp))
    raise TypeError(f"{e} is not a bound")


def _powers(
    symbolic: Bounds, of: str, wrt: str, count: int, start: float, number: Callable[[Expr], float]
) -> Array:
    """log10 of the (of, wrt) entry of the powers of the matrix of block bounds."""
    states = symbolic.cell.states
    step = np.array([[number(symbolic.total(a, b)) for b in states] for a in states])
    row, log = np.array([float(s == of) for s in states]), 0.0
    out = np.full(count + 1, -np.inf)
    out[0] = start
    with np.errstate(divide="ignore"):
        for k in range(1, count + 1):
            row = row @ step
            size = row.max()
            if size <= 0:
                break
            row, log = row / size, log + math.log10(size)
            out[k] = np.log10(row[states.index(wrt)]) + log
    return out


def _starts_in_range(run: Run, symbolic: Bounds) -> bool:
    """Whether the first state lies in the range that the worst case takes for granted."""
    for state, interval in symbolic.ranges.before.items():
        start = run.initial[state]
        if (start < float(interval.low)).any() or (start > float(interval.high)).any():
            return False
    return True


def _atoms(symbolic: Bounds, decay: Decay) -> list[Expr]:
    found = symbolic.total(decay.of, decay.wrt).atoms(SpectralNorm, MaxNorm)
    return sorted(found, key=text)


# -- the line that misleads -------------------------------------------------------------------


def _radius_line(symbolic: Bounds, decay: Decay, largest: _Largest) -> Array | None:
    """The worst case with spectral radii; None where a matrix has none."""
    matrices = [n.matrix for e in symbolic.matrix() for n in e.atoms(SpectralNorm)]
    if any(len(set(largest.array(m).shape)) > 1 for m in matrices):
        return None
    start = float(np.max(decay.log10_norm[0]))
    return _powers(symbolic, decay.of, decay.wrt, len(decay.lags) - 1, start, largest.radius)


def _remark(decay: Decay, symbolic: Bounds, radius: Array, largest: _Largest) -> list[str]:
    """What to say where the gradient is above the line of the spectral radius."""
    curve = decay.log10_norm.max(axis=1)
    above = np.flatnonzero(curve[1:] > radius[1:] + 1e-6) + 1
    if not len(above):
        return []
    named = _atoms(symbolic, decay)
    norms = [a for a in named if isinstance(a, SpectralNorm)]
    shown = ", ".join(
        f"{text(n.matrix)}: radius {largest.radius(n):.3g}, norm {largest.number(n):.3g}"
        for n in norms
    )
    return [
        f"the spectral radius misleads from lag {above[0]} on: the gradient is above its line. "
        f"It bounds no product of matrices that are not normal; the largest singular value "
        f"does ({shown})"
    ]


# -- the run's own ---------------------------------------------------------------------------


def _run_bound(run: Run, decay: Decay) -> Array:
    """(K + 1, samples): the product of the steps' bounds, from each position."""
    within, across = _step_bounds(run)
    count = len(decay.lags) - 1
    out = [
        _followed(within, across, run, t, count, decay.of, decay.wrt)
        for t in decay.setting.positions
    ]
    bound = np.stack(out, axis=2).reshape(count + 1, -1)
    bound[0] = decay.log10_norm[0]
    return bound


_Edges = list[tuple[str, str, Array]]


def _step_bounds(run: Run) -> tuple[_Edges, _Edges]:
    """For each form of the step a bound of its norm at each step, (T, B)."""
    steps = Steps(run)
    forms = [f for _, _, f in (*steps.within, *steps.across)]
    norms: dict[int, float] = {}
    parts: list[list[Array]] = [[] for _ in forms]
    for start in range(0, run.steps, STRETCH):
        stretch = steps.stretch(start, min(start + STRETCH, run.steps))
        largest = [np.abs(a).max(axis=2, initial=0) for a in stretch.arrays]
        for place, f in enumerate(forms):
            parts[place].append(_form_bound(f, largest, norms))
    joined = [np.concatenate(p) for p in parts]
    named = [(*steps.within,), (*steps.across,)]
    split = len(steps.within)
    return (
        [(a, b, x) for (a, b, _), x in zip(named[0], joined[:split], strict=True)],
        [(a, b, x) for (a, b, _), x in zip(named[1], joined[split:], strict=True)],
    )


def _form_bound(f: BoundForm, largest: list[Array], norms: dict[int, float]) -> Array:
    total = np.zeros_like(largest[0])
    if f.diagonal is not None:
        total = total + largest[f.diagonal]
    for branch in f.branches:
        key = id(branch.matrix)
        if key not in norms:
            norms[key] = float(np.linalg.norm(branch.matrix, 2))
        part = norms[key] * _form_bound(branch.rest, largest, norms)
        total = total + (part if branch.coefficient is None else part * largest[branch.coefficient])
    return total


def _followed(
    within: _Edges, across: _Edges, run: Run, t: int, count: int, of: str, wrt: str
) -> Array:
    rows: dict[str, Array] = {of: np.ones(run.samples)}
    log = np.zeros(run.samples)
    out = np.full((count + 1, run.samples), -np.inf)
    with np.errstate(divide="ignore"):
        for k in range(1, count + 1):
            i = t - k + 1
            for value, other, bound in within:
                if value in rows:
                    rows[other] = rows.get(other, 0.0) + rows[value] * bound[i]
            before: dict[str, Array] = {}
            for value, other, bound in across:
                if value in rows:
                    before[other] = before.get(other, 0.0) + rows[value] * bound[i]
            if not before:
                break
            size = np.max(list(before.values()), axis=0)
            size = np.where(size > 0, size, 1.0)
            rows = {name: row / size for name, row in before.items()}
            log = log + np.log10(size)
            if wrt in rows:
                out[k] = np.log10(rows[wrt]) + log
    return out
