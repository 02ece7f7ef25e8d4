"""What a trained network does on given data: its decay, its exponents, its saturated gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symgate.algebra.activations import known_record
from symgate.decaying.curve import Decay
from symgate.decaying.measure import decay
from symgate.decaying.paths import Paths
from symgate.models.reach import Reach, of_the_middle
from symgate.models.running import BothWays
from symgate.numerics.run import Run, outward
from symgate.theory.lyapunov import lyapunov

#: A sigmoid gate is open or closed where its mean over the data lies beyond these.
OPEN, CLOSED = 0.95, 0.05

#: How many lags where none are asked for. An LSTM of more units, or a stack, gets fewer, and
#: no paths, so that an inspection stays a matter of seconds: a lag costs the cube of the width.
LAGS, WIDE = 200, 256

#: How many of the largest Lyapunov exponents are measured, on how many steps at most.
EXPONENTS, STEPS = 3, 2000


@dataclass(frozen=True)
class Saturation:
    """Units of a gate whose mean over the data is above 0.95 (open) or below 0.05 (closed)."""

    gate: str
    units: int
    open: int
    closed: int


@dataclass(frozen=True, eq=False)
class Inspection:
    """A run of a network and what is measured on it.

    `decays` are the curves of its states by themselves, `paths` the shares of the routes that
    carry the first of them, `exponents` the largest Lyapunov
    exponents of the first sequence, in nats a step. A network in two directions has none of
    these and `reach` instead: how far the output in the middle sees, back and ahead.
    """

    run: Run | BothWays
    decays: tuple[Decay, ...]
    paths: Paths | None
    exponents: tuple[float, ...]
    saturations: tuple[Saturation, ...]
    reach: Reach | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "decays": [d.to_dict() for d in self.decays],
            "paths": None if self.paths is None else self.paths.share,
            "exponents": list(self.exponents),
            "gates": [dict(vars(s)) for s in self.saturations],
            "reach": None if self.reach is None else self.reach.to_dict(),
        }


def inspected(
    run: Run | BothWays,
    lags: int | None = None,
    *,
    exponents: bool = True,
) -> Inspection:
    """Measure a run: curves of every state over `lags`; with
    `exponents` the paths and the Lyapunov exponents as well."""
    if isinstance(run, BothWays):
        gates = [
            _saturation(f"{g}{layer.depth}" + ("_reverse" if layer.reverse else ""), values)
            for layer in run.network.layers
            for g, values in _sigmoids(run.runs[layer.name])
        ]
        seen = of_the_middle(run.network, run.x)
        return Inspection(run, (), None, (), tuple(gates), seen)
    sizes = [run.size(run.cell.size(s)) for s in run.cell.states]
    states = run.cell.states
    dear = len(states) * max(sizes) ** 2 * sum(sizes) / (4 * WIDE**3)
    usual = max(10, int(LAGS / max(dear, 1)))
    count = min(run.steps, usual if lags is None else lags)
    decays = [decay(run, s, s, lags=count, norm="spectral", singular=()) for s in states]
    gates = [_saturation(g, values) for g, values in _sigmoids(run)]
    paths = decays[0].measure_paths() if exponents and dear <= 1 else None
    largest = _exponents(run) if exponents else ()
    return Inspection(run, tuple(decays), paths, largest, tuple(gates))


def _exponents(run: Run) -> tuple[float, ...]:
    """The largest exponents, of the first sequence."""
    if run.steps < 20:
        return ()
    first = slice(None) if run.batch is None else 0
    x = {name: run[name][:STEPS, first] for name in run.cell.inputs}
    start = {s: outward(run, array, s)[first] for s, array in run.initial.items()}
    width = sum(run.size(run.cell.size(s)) for s in run.cell.states)
    found = lyapunov(run.cell, run.params, x, state=start, count=min(EXPONENTS, width))
    return tuple(float(v) for v in np.atleast_1d(found.exponents))


def _sigmoids(run: Run) -> list[tuple[str, Any]]:
    """The gates whose values lie between 0 and 1, by what their equations say."""
    found = []
    for name, expression in run.cell.equations.items():
        record = known_record(expression)
        if record is not None and record.opens:
            found.append((name, run[name]))
    return found


def _saturation(name: str, values: Any) -> Saturation:
    means = values.mean(axis=tuple(range(values.ndim - 1)))
    return Saturation(name, len(means), int((means > OPEN).sum()), int((means < CLOSED).sum()))
