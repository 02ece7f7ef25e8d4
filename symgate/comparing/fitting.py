"""Whether numbers alone can make one cell the other: never a proof, but a doubt.

Where no map was found, the parameters of each cell are fitted to the other at random
numbers. A fit that succeeds both ways forbids the verdict "different"; a fit that fails
supports it, beside the counterexample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice

import numpy as np

from symgate.comparing.normal import Normal
from symgate.comparing.numbers import Array, Evaluation, Values, all_sizes, columns, shape
from symgate.comparing.search import state_maps
from symgate.comparing.slots import kind, nodes_of

POINTS = 40
STARTS = 3

#: Starts where the cells have the same activations and a fit has come near.
MORE_STARTS = 12
NEAR = 0.2

STEPS = 25
MAX_MAPS = 2

#: A root mean square below this is a fit.
CLOSE = 1e-4


def missing(one: Normal, other: Normal) -> str | None:
    """What is left when either cell is fitted to the other, as a text; None where both fit."""
    pairs = [(one, other), (other, one)]
    pairs.sort(key=lambda pair: len(pair[1].cell.parameters) - len(pair[0].cell.parameters))
    with np.errstate(all="ignore"):
        for n in (1, 2):
            for target, model in pairs:
                gaps = [
                    _gap(target, model, names, n)
                    for names in islice(state_maps(target, model), MAX_MAPS)
                ]
                gap = min(gaps, default=np.inf)
                if gap > CLOSE:
                    units = "one unit" if n == 1 else "two units"
                    return (
                        f"with {units}, no numbers found for {model.cell.name}'s parameters come "
                        f"closer to {target.cell.name} than {gap:.1g} in the root mean square"
                    )
    return None


def _gap(target: Normal, model: Normal, names: Mapping[str, str], n: int) -> float:
    """The smallest root mean square found; `names` maps the model's names to the target's."""
    rng = np.random.default_rng(5)
    points = {
        name: rng.normal(scale=1.5, size=(n, POINTS))
        for name in (*target.cell.inputs, *target.cell.states)
    }
    known = _drawn(target, n, rng)
    here = Evaluation({**points, **columns(known)}, target, n)
    wanted = np.stack([_full(here(target.observed[names[name]]), n) for name in model.observed])
    own = {name: points[names[name]] for name in names if names[name] in points}
    shapes = {
        p.name: shape(p.shape, all_sizes(model.cell, n)) for p in model.cell.parameters.values()
    }
    alike = {k: known[k] for k, s in shapes.items() if k in known and known[k].shape == s}
    best = np.inf
    same = _kinds(target) == _kinds(model)
    for start in range(MORE_STARTS if same else STARTS):
        if start >= STARTS and best > NEAR:
            break
        first = _drawn(model, n, rng)
        if start == 0:
            first |= alike
        best = min(best, _fitted(model, own, wanted, shapes, first, n))
        if best < CLOSE:
            break
    return best


def _kinds(cell: Normal) -> Counter[str]:
    return Counter(map(kind, nodes_of(cell.observed.values())))


def _drawn(cell: Normal, n: int, rng: np.random.Generator) -> Values:
    sizes = all_sizes(cell.cell, n)
    return {
        p.name: np.asarray(rng.normal(size=shape(p.shape, sizes)))
        for p in cell.cell.parameters.values()
    }


def _full(value: Array, n: int) -> Array:
    return np.broadcast_to(value, (*value.shape[:-2], n, POINTS))


def _fitted(
    model: Normal,
    points: Values,
    wanted: Array,
    shapes: Mapping[str, tuple[int, ...]],
    first: Values,
    n: int,
) -> float:
    """Levenberg and Marquardt's method with differences for the slopes."""
    if not np.all(np.isfinite(wanted)):
        return 0.0

    def residuals(thetas: Array) -> Array:
        parameters, at = {}, 0
        for name, its in shapes.items():
            count = int(np.prod(its))
            tail = its if len(its) == 2 else (*its, 1) if its else (1, 1)
            parameters[name] = thetas[:, at : at + count].reshape(-1, *tail)
            at += count
        there = Evaluation({**points, **parameters}, model, n)
        values = [
            np.broadcast_to(there(model.observed[name]), (len(thetas), n, POINTS))
            for name in model.observed
        ]
        found = np.stack(values, axis=1) - wanted
        return np.asarray(found.reshape(len(thetas), -1))

    theta = np.concatenate([np.ravel(first[name]) for name in shapes] or [np.zeros(0)])
    if not theta.size:
        return float(np.sqrt(np.mean(residuals(theta[None]) ** 2)))
    damping, step = 1e-2, 1e-7
    now = residuals(theta[None])[0]
    size = float(np.mean(now**2))
    before = [np.inf]
    for _ in range(STEPS):
        if not np.isfinite(size) or size < CLOSE**2 or size > 0.98 * before[max(-4, -len(before))]:
            break
        before.append(size)
        slopes = (residuals(theta + step * np.eye(theta.size)) - now).T / step
        if not np.all(np.isfinite(slopes)):
            break
        normal, right = slopes.T @ slopes, slopes.T @ now
        for _ in range(5):
            damped = normal + damping * (np.diag(np.diag(normal)) + 1e-8 * np.eye(theta.size))
            trial = theta - np.linalg.lstsq(damped, right, rcond=None)[0]
            then = residuals(trial[None])[0]
            smaller = float(np.mean(then**2))
            if np.isfinite(smaller) and smaller < size:
                theta, now, size, damping = trial, then, smaller, damping / 5
                break
            damping *= 4
        else:
            break
    return float(np.sqrt(size)) if np.isfinite(size) else np.inf
