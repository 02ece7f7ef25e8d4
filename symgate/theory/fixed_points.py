"""`fixed_points`: where a cell with constant input stands still, and whether it stays there.

Newton's method with the exact Jacobian of the whole state, from many starts at once; each
start is a sample of one simulated step, so that the steps and their Jacobians are those of
every other measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.algebra.vectors import variable
from symgate.equations.cell import Cell
from symgate.errors import Diverged, ShapeError, SymgateError
from symgate.numerics.arrays import checked_parameters
from symgate.numerics.dense import whole
from symgate.numerics.simulate import simulate
from symgate.numerics.steps import Steps
from symgate.theory.lyapunov import state_width, whole_number

Array = NDArray[Any]

#: Newton steps at most; halvings of a step at most; when two points are one.
ITERATIONS, HALVINGS, SAME = 60, 12, 1e-6

#: How near to 1 the spectral radius counts as marginal.
MARGINAL = 1e-8


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """One fixed point: `state` by name, the `residual` |F(s) - s|, the eigenvalues of the
    whole state's Jacobian there (largest modulus first), and how many starts led to it."""

    state: Mapping[str, Array]
    residual: float
    eigenvalues: Array
    found: int

    @property
    def radius(self) -> float:
        """The largest modulus of an eigenvalue."""
        return float(np.abs(self.eigenvalues[0]))

    @property
    def stability(self) -> str:
        """ "stable", "marginal" or "unstable", by the spectral radius."""
        if abs(self.radius - 1) <= MARGINAL:
            return "marginal"
        return "stable" if self.radius < 1 else "unstable"

    @property
    def unstable_directions(self) -> int:
        """How many eigenvalues lie outside the unit circle."""
        return int((np.abs(self.eigenvalues) > 1 + MARGINAL).sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; an eigenvalue is [real, imaginary]."""
        return {
            "state": {name: value.tolist() for name, value in self.state.items()},
            "residual": self.residual,
            "stability": self.stability,
            "radius": self.radius,
            "eigenvalues": [[float(e.real), float(e.imag)] for e in self.eigenvalues],
            "found": self.found,
        }


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """What `fixed_points` found: the points, stable ones first, and how many starts led
    nowhere (`not_converged`) of all `starts`."""

    cell: str
    points: tuple[FixedPoint, ...]
    starts: int
    not_converged: int
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, place: int) -> FixedPoint:
        return self.points[place]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "cell": self.cell,
            "starts": self.starts,
            "not_converged": self.not_converged,
            "points": [p.to_dict() for p in self.points],
            "notes": list(self.notes),
        }


def fixed_points(
    cell: Cell,
    params: Mapping[str, Any],
    x: Any = None,
    *,
    starts: int = 64,
    scale: float = 2.0,
    tolerance: float = 1e-12,
    seed: int = 0,
) -> FixedPoints:
    """The fixed points of a cell with constant input x (m,), zero where it is left out.

    Newton starts from 0 and from random states: half of them normal with deviations up to
    `scale`, half these after a few steps of the cell. A point counts where no component of
    F(s) - s is above `tolerance` (times its size). Points that Newton does not find may exist.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1])")
    >>> found = fixed_points(cell, {"U": np.array([[2.0]])})
    >>> [(float(p.state["h"][0].round(4)), p.stability) for p in found.points]
    [(-0.9575, 'stable'), (0.9575, 'stable'), (0.0, 'unstable')]
    """
    count = whole_number("starts", starts, 1)
    if not 0 < tolerance < 1:
        raise SymgateError(f"a tolerance lies between 0 and 1, and {tolerance} does not")
    newton = _Newton(cell, params, x)
    states = newton.starts(count, scale, np.random.default_rng(whole_number("seed", seed, 0)))
    with np.errstate(all="ignore"):
        states, good = newton.solve(states, tolerance)
    points = newton.distinct(states[good]) if good.any() else []
    missed = int((~good).sum())
    notes = []
    if missed:
        notes.append(f"Newton did not converge from {missed} of {count} starts")
    if not points:
        notes.append("no fixed point was found, which does not say that there is none")
    order = sorted(points, key=lambda p: (p.radius > 1, p.unstable_directions, _key(p)))
    return FixedPoints(cell.name, tuple(order), count, missed, tuple(notes))


class _Newton:
    """Steps of a cell and their Jacobians for many states (B, N) at once."""

    def __init__(self, cell: Cell, params: Mapping[str, Any], x: Any) -> None:
        self.cell, self.params = cell, checked_parameters(cell, params)
        self.sizes = [state_width(cell, self.params, s) for s in cell.states]
        self.inputs = {}
        given = x if isinstance(x, Mapping) else dict.fromkeys(cell.inputs[:1], x)
        if x is not None and not cell.inputs:
            raise ShapeError(f"{cell.name} has no input, and x is given")
        for name in cell.inputs:
            width = state_width(cell, self.params, name)
            value = np.asarray(0.0 if given.get(name) is None else given[name], dtype=float)
            if value.ndim > 1 or (value.ndim == 1 and len(value) != width):
                raise ShapeError(f"{name} has shape {value.shape}; expected ({width},)")
            self.inputs[name] = np.broadcast_to(value, (width,))

    def starts(self, count: int, scale: float, rng: np.random.Generator) -> Array:
        """0, normal states of many sizes, and the same after some steps."""
        spread = scale * rng.uniform(size=(count, 1))
        states = spread * rng.normal(size=(count, sum(self.sizes)))
        states[0] = 0
        half = count // 2
        for _ in range(20):
            if half:
                moved = self.step(states[1 : half + 1])[0]
                states[1 : half + 1] = np.where(np.isfinite(moved), moved, states[1 : half + 1])
        return states

    def step(self, states: Array, jacobian: bool = False) -> tuple[Array, Array | None]:
        """F(s) for each state, and its Jacobians (B, N, N)."""
        count = len(states)
        ends = np.cumsum(self.sizes)[:-1]
        start = dict(zip(self.cell.states, np.split(states, ends, axis=1), strict=True))
        x = {n: np.broadcast_to(v, (1, count, len(v))) for n, v in self.inputs.items()}
        steps = None if self.inputs else 1
        try:
            run = simulate(self.cell, self.params, x or None, start, steps=steps)
        except Diverged:
            if count == 1:
                return np.full_like(states, np.inf), np.zeros((1, states.shape[1], states.shape[1]))
            parts = [self.step(s[None], jacobian) for s in states]
            made = [p[1] for p in parts if p[1] is not None]
            return np.concatenate([p[0] for p in parts]), np.concatenate(made) if made else None
        window = run.window(0, 1)
        now = np.concatenate([window[variable(s)][0].T for s in self.cell.states], axis=1)
        if not jacobian:
            return now, None
        work = Steps(run)
        return now, whole(work, work.stretch(0, 1).dense(0, 1), 1)[0]

    def solve(self, states: Array, tolerance: float) -> tuple[Array, Array]:
        """Newton with halved steps; the states at the end, and which of them converged."""
        eye = np.eye(states.shape[1])
        good = np.zeros(len(states), bool)
        for _ in range(ITERATIONS):
            todo = np.flatnonzero(~good)
            if not len(todo):
                break
            now = states[todo]
            image, jacobians = self.step(now, jacobian=True)
            assert jacobians is not None
            residual = image - now
            size = np.abs(residual).max(axis=1)
            done = size <= tolerance * (1 + np.abs(now).max(axis=1))
            good[todo[done]] = True
            left = ~done & np.isfinite(residual).all(axis=1)
            if not left.any():
                break
            move = _solved(eye - jacobians[left], residual[left])
            states[todo[left]] = self.damped(now[left], move, size[left])
        return states, good

    def damped(self, now: Array, move: Array, size: Array) -> Array:
        """The step, halved as long as the residual does not fall."""
        factor = np.ones((len(now), 1))
        for _ in range(HALVINGS):
            ahead = now + factor * move
            residual = np.abs(self.step(ahead)[0] - ahead).max(axis=1)
            worse = ~(residual < size)
            if not worse.any():
                break
            factor[worse] /= 2
        return np.asarray(now + factor * move)

    def distinct(self, states: Array) -> list[FixedPoint]:
        """One point for all states that are the same."""
        kept: list[Array] = []
        found: list[int] = []
        for state in states:
            near = (i for i, k in enumerate(kept) if np.abs(k - state).max() <= SAME * (
                1 + np.abs(k).max()))  # fmt: skip
            place = next(near, None)
            if place is None:
                kept.append(state)
                found.append(1)
            else:
                found[place] += 1
        image, jacobians = self.step(np.array(kept), jacobian=True)
        assert jacobians is not None
        ends = np.cumsum(self.sizes)[:-1]
        out = []
        for state, after, jacobian, times in zip(kept, image, jacobians, found, strict=True):
            values = np.linalg.eigvals(jacobian)
            values = values[np.lexsort((values.imag, values.real, -np.abs(values).round(12)))]
            parts = dict(zip(self.cell.states, np.split(state, ends), strict=True))
            out.append(FixedPoint(parts, float(np.abs(after - state).max()), values, times))
        return out


def _solved(matrices: Array, right: Array) -> Array:
    """The solutions; the shortest of least squares where a matrix is singular."""
    try:
        found = np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = (np.linalg.pinv(matrices) @ right[..., None])[..., 0]
    return np.asarray(np.where(np.isfinite(found), found, right))


def _key(point: FixedPoint) -> tuple[float, ...]:
    return tuple(np.concatenate(list(point.state.values())).round(6))
