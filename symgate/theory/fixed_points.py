"""`fixed_points`: where a cell with constant input stands still, and whether it stays there.

Newton's method with the exact Jacobian of the whole state, from many starts (newton.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from symgate.asked import asked, number, whole
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.instead import tells
from symgate.numerals import counted
from symgate.numerics.initialise import network_of
from symgate.numerics.plain import plain
from symgate.numerics.run import Run
from symgate.numerics.setup import Drawn, Setup
from symgate.tables import html_table
from symgate.theory.newton import Newton

Array = NDArray[Any]

#: How near to 1 the spectral radius counts as marginal.
MARGINAL = 1e-8

#: How much an eigenvalue may change with the state, at a state that is not known exactly.
UNSURE = 10


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """One fixed point: `state` by name, the `residual` |F(s) - s|, the eigenvalues of the
    whole state's Jacobian there (largest modulus first), and how many starts led to it.
    `accuracy` is how far the state can be moved without a residual above rounding."""

    state: Mapping[str, Array]
    residual: float
    accuracy: float
    eigenvalues: Array
    found: int

    def __repr__(self) -> str:
        return (
            f"<FixedPoint: {self.stability}, spectral radius {self.radius:.6g}, found from "
            f"{counted(self.found, 'start')}>"
        )

    @property
    def radius(self) -> float:
        """The largest modulus of an eigenvalue."""
        return float(np.abs(self.eigenvalues[0]))

    @property
    def stability(self) -> str:
        """ "stable", "marginal" or "unstable", by the spectral radius."""
        if abs(self.radius - 1) <= max(MARGINAL, UNSURE * self.accuracy):
            return "marginal"
        return "stable" if self.radius < 1 else "unstable"

    @property
    def unstable_directions(self) -> int:
        """How many eigenvalues lie outside the unit circle."""
        return int((np.abs(self.eigenvalues) > 1 + MARGINAL).sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; an eigenvalue is [real, imaginary]."""
        apart = np.stack([self.eigenvalues.real, self.eigenvalues.imag], axis=1)
        said = {"stability": self.stability, "radius": self.radius}
        return {**plain(replace(self, eigenvalues=apart)), **said}


@tells("fixed points")
@dataclass(frozen=True, eq=False)
class FixedPoints:
    """What `fixed_points` found: the points, stable ones first, and how many starts led
    nowhere (`not_converged`) of all `starts`."""

    cell: str
    points: tuple[FixedPoint, ...]
    starts: int
    not_converged: int
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        points = "".join(f"\n  {point}" for point in self.points)
        said = "".join(f"\n  {note}" for note in self.notes)
        return f"<FixedPoints of {self.cell}: {len(self)}{points}{said}>"

    def _repr_html_(self) -> str:
        head = ("stability", "spectral radius", "unstable directions", "residual", "starts")
        rows = [
            (p.stability, f"{p.radius:.6g}", p.unstable_directions, f"{p.residual:.1e}", p.found)
            for p in self.points
        ]
        caption = f"Fixed points of {self.cell}"
        return html_table(rows, head, caption=caption, notes=self.notes)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, place: int) -> FixedPoint:
        return self.points[place]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {**plain(self), "points": [p.to_dict() for p in self.points]}


@asked(scale=number(least=0))
def fixed_points(
    cell: Run | Cell | str,
    params: Mapping[str, Any] | None = None,
    x: Any = None,
    *,
    starts: int = 64,
    scale: float = 2.0,
    tolerance: float = 1e-12,
    **options: Unpack[Drawn],
) -> FixedPoints:
    """The fixed points of a cell with constant input x (m,), zero where it is left out.
    `params` that are left out are drawn as a `Setup` says (hidden, input, sizes, scheme, seed,
    gain, bias, t_max); the starts are drawn by `seed` as well.

    Newton starts from 0 and from random states: half of them normal with deviations up to
    `scale`, half these after a few steps of the cell. A point counts where no component of
    F(s) - s is above `tolerance` (times its size), Newton's next step from there is small too,
    and the residual grows to all sides: where gates saturate, every state stands still to
    rounding. Points that Newton does not find may exist.

    A run, as of a trained network, brings its weights; x is then the mean of what it read, and
    half of the random starts are states that it went through.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1])")
    >>> found = fixed_points(cell, {"U": np.array([[2.0]])})
    >>> [(float(p.state["h"][0].round(4)), p.stability) for p in found.points]
    [(-0.9575, 'stable'), (0.9575, 'stable'), (0.0, 'unstable')]
    """
    notes: list[str] = []
    run = cell if isinstance(cell, Run) else None
    if isinstance(cell, Run):
        if params is not None or {*options} - {"seed"}:
            raise SymgateError("a run has its parameters; give them with a cell")
        params, seed = cell.params, whole(0)("seed", options.get("seed") or Setup.seed)
        cell = cell.cell
    else:
        cell, params, seed = network_of("fixed_points", cell, params, **options)
    if run is not None and x is None and cell.inputs:
        x = {n: _passed(run, n).mean(axis=0) for n in cell.inputs}
        notes.append("the input is held at its mean over the run")
    newton = Newton(cell, params, x)
    newton.must_fit(starts)
    rng, count = np.random.default_rng(seed), starts
    states = newton.starts(count, scale, rng)
    if run is not None:
        passed = np.concatenate([_passed(run, s) for s in cell.states], axis=1)
        fresh = states[count - count // 2 :]
        fresh[:] = passed[rng.integers(len(passed), size=len(fresh))]
    with np.errstate(all="ignore"):
        states, good = newton.solve(states, tolerance)
        flat = np.zeros(count, bool)
        flat[good] = newton.flat(states[good], tolerance) if good.any() else False
    good &= ~flat
    points = _points(newton, states[good], tolerance) if good.any() else []
    missed = int((~good).sum())
    if missed:
        notes.append(f"Newton did not converge from {missed} of {count} starts")
    if flat.any():
        notes.append(
            f"from {flat.sum()} of these it ended where the state can be moved and still stands "
            f"still to rounding (saturated gates, or a line of fixed points)"
        )
    if not points:
        notes.append("no fixed point was found, which does not say that there is none")
    order = sorted(points, key=lambda p: (p.radius > 1, p.unstable_directions, _key(p)))
    return FixedPoints(cell.name, tuple(order), count, missed, tuple(notes))


def _passed(run: Run, name: str) -> Array:
    """The values of a state or an input at every step and sample, a row each."""
    return run[name].reshape(run.steps * run.samples, -1)


def _points(newton: Newton, states: Array, tolerance: float) -> list[FixedPoint]:
    """The different states with what the cell does at each."""
    distinct = newton.distinct(states, tolerance)
    image, jacobians = newton.step(np.array([state for state, _ in distinct]), jacobian=True)
    assert jacobians is not None
    out = []
    for (state, times), after, jacobian in zip(distinct, image, jacobians, strict=True):
        values = np.linalg.eigvals(jacobian)
        values = values[np.lexsort((values.imag, values.real, -np.abs(values).round(12)))]
        residual = float(np.abs(after - state).max())
        accuracy = newton.accuracy(state, jacobian, residual)
        out.append(FixedPoint(newton.parts(state), residual, accuracy, values, times))
    return out


def _key(point: FixedPoint) -> tuple[float, ...]:
    return tuple(np.concatenate([np.ravel(v) for v in point.state.values()]).round(6))
