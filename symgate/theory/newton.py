"""Newton's method for states that a step of a cell leaves as they are, from many at once.

Each state is a sample of one simulated step, so that the steps and their Jacobians are those
of every other measurement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.equations.cell import Cell
from symgate.errors import Diverged, ShapeError, known_name
from symgate.numerics.arrays import checked, checked_parameters
from symgate.numerics.general_steps import steps_of
from symgate.numerics.room import must_end, must_fit
from symgate.numerics.run import window_of
from symgate.numerics.simulate import simulate
from symgate.theory.lyapunov import state_shape

Array = NDArray[Any]

#: Newton steps at most; halvings of a step at most; steps that make a point more exact.
ITERATIONS, HALVINGS, POLISH = 60, 12, 40

#: The highest multiplicity of a fixed point that is allowed for, and where between two points
#: the residual is looked at to tell whether they are one.
MULTIPLE, BETWEEN = 8, np.linspace(0, 1, 6)[1:-1]

#: A residual that rounding may be, and the distances at which one above it is looked for.
ROUNDING, DISTANCES = 1e-15, np.logspace(-16, -2, 57)

#: How far away a point may be by Newton's next step, times the state's size: a small residual
#: is not enough, as saturated gates leave one far away from every fixed point.
NEAR = 1e-4

#: Below which singular value of I - J a direction is flat, and how far it is followed then.
FLAT, PROBE = 1e-8, 1e-3


class Newton:
    """Steps of a cell and their Jacobians for many states (B, N) at once."""

    def __init__(self, cell: Cell, params: Mapping[str, Any], x: Any) -> None:
        self.cell, self.params = cell, checked_parameters(cell, params)
        self.shapes = {s: state_shape(cell, self.params, s) for s in cell.states}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.inputs = {}
        given = x if isinstance(x, Mapping) else dict.fromkeys(cell.inputs[:1], x)
        if x is not None and not cell.inputs:
            raise ShapeError(f"{cell.name} has no input, and x is given")
        for name in given:
            known_name(f"an input of {cell.name} named", name, cell.inputs)
        for name in cell.inputs:
            (width,) = state_shape(cell, self.params, name) or (1,)
            value = checked(name, 0.0 if given.get(name) is None else given[name])
            if value.ndim > 1 or (value.ndim == 1 and len(value) != width):
                raise ShapeError(f"{name} has shape {value.shape}; expected ({width},)")
            self.inputs[name] = np.broadcast_to(value, (width,))

    def must_fit(self, count: int) -> None:
        """Refuse so many starts where their Jacobians take too much memory or time."""
        width, mend = sum(self.sizes), "take fewer units or starts"
        what = f"Newton's method from {count:,} starts of the {width:,} numbers of a state"
        must_fit(what, 4 * count * width**2, mend)
        must_end(what, ITERATIONS * count * width**3, mend)

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

    def parts(self, state: Array) -> dict[str, Array]:
        """A state (…, N) by name."""
        ends = np.cumsum(self.sizes)[:-1]
        parts = zip(self.shapes.items(), np.split(state, ends, axis=-1), strict=True)
        return {s: part.reshape((*part.shape[:-1], *shape)) for (s, shape), part in parts}

    def step(self, states: Array, jacobian: bool = False) -> tuple[Array, Array | None]:
        """F(s) for each state, and its Jacobians (B, N, N)."""
        count = len(states)
        x = {n: np.broadcast_to(v, (1, count, len(v))) for n, v in self.inputs.items()}
        steps = None if self.inputs else 1
        try:
            run = simulate(self.cell, self.params, x or None, self.parts(states), steps=steps)
        except Diverged:
            if count == 1:
                return np.full_like(states, np.inf), np.zeros((1, states.shape[1], states.shape[1]))
            parts = [self.step(s[None], jacobian) for s in states]
            made = [p[1] for p in parts if p[1] is not None]
            return np.concatenate([p[0] for p in parts]), np.concatenate(made) if made else None
        window = window_of(run, 0, 1)
        now = np.concatenate([window[self.cell.variable(s)][0].T for s in self.cell.states], axis=1)
        if not jacobian:
            return now, None
        return now, steps_of(run).segment(0, 1).whole(0, 1)[0]

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
            move = np.where(np.isfinite(residual), residual, 0.0)
            finite = np.isfinite(residual).all(axis=1)
            move[finite] = _solved(eye - jacobians[finite], residual[finite])
            far = np.abs(move).max(axis=1) > NEAR * (1 + np.abs(now).max(axis=1))
            good[todo[done & ~far]] = True
            left = ~(done & ~far) & finite
            if not left.any():
                break
            states[todo[left]] = self.damped(now[left], move[left], size[left])
        return states, good

    def flat(self, states: Array, tolerance: float) -> Array:
        """Which states can be moved along some direction without a residual that pulls back.

        It is looked at from the left singular vector of I - J, as along a curve all other
        components answer in the first order.
        """
        jacobians = self.step(states, jacobian=True)[1]
        assert jacobians is not None
        left, sizes, directions = np.linalg.svd(np.eye(states.shape[1]) - jacobians)
        far = PROBE * (1 + np.abs(states).max(axis=1, keepdims=True)) * directions[:, -1]
        stands = np.zeros(len(states), bool)
        for moved in (states + far, states - far):
            residual = np.abs(((self.step(moved)[0] - moved) * left[..., -1]).sum(axis=1))
            stands |= residual <= tolerance * (1 + np.abs(moved).max(axis=1))
        return np.asarray(stands & (sizes[:, -1] < FLAT))

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

    def polished(self, states: Array) -> Array:
        """Converged states, each made as exact as its residual tells.

        At a degenerate point, a root of multiplicity m, Newton's steps shrink by 1 - 1/m only:
        steps m times as long are tried beside them, and the smallest residual is kept.
        """
        states, eye = states.copy(), np.eye(states.shape[1])
        image, jacobians = self.step(states, jacobian=True)
        size = np.abs(image - states).max(axis=1)
        for _ in range(POLISH):
            assert jacobians is not None
            move = _solved(eye - jacobians, image - states)
            better = np.zeros(len(states), bool)
            for factor in range(1, MULTIPLE + 1):
                ahead = states + factor * move
                residual = np.abs(self.step(ahead)[0] - ahead).max(axis=1)
                nearer = residual < size
                states[nearer], size[nearer] = ahead[nearer], residual[nearer]
                better |= nearer
            if not better.any():
                break
            image, jacobians = self.step(states, jacobian=True)
        return states

    def distinct(self, states: Array, tolerance: float) -> list[tuple[Array, int]]:
        """One state for all that the residual cannot tell apart, and how many they are: all
        along the way from one to the other it stays within the tolerance."""
        left = self.polished(states)
        image = self.step(left)[0]
        left = left[np.argsort(np.abs(image - left).max(axis=1), kind="stable")]
        kept = []
        while len(left):
            state = left[0]
            way = state + BETWEEN[:, None, None] * (left - state)
            flat = way.reshape(-1, way.shape[-1])
            residual = np.abs(self.step(flat)[0] - flat).max(axis=1).reshape(way.shape[:2])
            same = (residual <= 10 * tolerance * (1 + np.abs(state).max())).all(axis=0)
            same[0] = True
            kept.append((state, int(same.sum())))
            left = left[~same]
        return kept

    def accuracy(self, state: Array, jacobian: Array, residual: float) -> float:
        """How far a state can be moved, along its weakest direction, before the residual is
        seen above rounding."""
        direction = np.linalg.svd(np.eye(len(state)) - jacobian)[2][-1]
        seen = max(2 * residual, ROUNDING * (1 + np.abs(state).max()))
        moved = state + np.concatenate([DISTANCES, -DISTANCES])[:, None] * direction
        unseen = np.abs(self.step(moved)[0] - moved).max(axis=1) <= seen
        return float(np.concatenate([DISTANCES, DISTANCES])[unseen].max(initial=DISTANCES[0]))


def _solved(matrices: Array, right: Array) -> Array:
    """The solutions; the shortest of least squares where a matrix is singular."""
    try:
        found = np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = (np.linalg.pinv(matrices) @ right[..., None])[..., 0]
    return np.asarray(np.where(np.isfinite(found), found, right))
