"""`reach`: how far an output sees, back and ahead, through all depths and both directions.

A deep network in two directions is not a cell. Its gradient is followed layer by layer: ∂/∂x of
one layer is ∂/∂h of the one below, turned round in time for the other direction. Every step
has its power of two beside it, so that nothing underflows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import symgate
from symgate.asked import asked, whole
from symgate.errors import SymgateError, known_name
from symgate.instead import signs
from symgate.models.network import Layer, Network
from symgate.models.running import laid_out, run_levels
from symgate.numerics.backprop import gradients
from symgate.numerics.norms import NORMS
from symgate.numerics.plain import plain
from symgate.numerics.run import Run
from symgate.numerics.setup import step_in
from symgate.numerics.simulate import simulate
from symgate.tables import data_frame, html_table, log10_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

#: Steps that are followed back at once, with one power of two.
SEGMENT = 16


@signs("a reach")
@dataclass(frozen=True, eq=False)
class Reach:
    """log10 of the norm of ∂output_at/∂x_s for every step s, (T,) or (T, B).

    It is -inf where the output does not depend on the input at all.
    """

    at: int
    norm: str
    log10_norm: Array
    source: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.log10_norm, dtype=dtype)

    def __len__(self) -> int:
        return len(self.log10_norm)

    def __getitem__(self, place: Any) -> Any:
        return self.log10_norm[place]

    def __repr__(self) -> str:
        return f"<Reach of step {self.at} over {len(self)} steps of {self.source}>"

    def _repr_html_(self) -> str:
        curve = self.log10_norm.reshape(len(self), -1).max(axis=1)
        told = ("largest at step", int(curve.argmax())), ("log10 of it", f"{curve.max():.3f}")
        return html_table(told, caption=repr(self)[1:-1])

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a step: log10 of the norm, for each sample."""
        return data_frame(log10_columns("sample", self.log10_norm))

    def spans(self, part: float = np.exp(-1)) -> tuple[int, int]:
        """How many steps back and ahead the norm is last above a part of its largest value; the
        median over sequences."""
        curve = self.log10_norm if self.log10_norm.ndim == 1 else np.median(self.log10_norm, axis=1)
        above = np.flatnonzero(curve > curve.max() + np.log10(part))
        return max(self.at - int(above.min()), 0), max(int(above.max()) - self.at, 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; None where nothing arrives."""
        found: dict[str, Any] = plain(self)
        return found

    def plot(self, ax: Axes | None = None, **line: Any) -> Axes:
        """Draw the curve over the steps of the sequence."""
        return symgate.plots.reach_curve(self, ax, **line)


@dataclass
class _Stream:
    """Arrays (T, R, width), each step to be taken times 2^exponent[t]."""

    values: Array
    exponents: Array

    @staticmethod
    def zero(shape: tuple[int, ...]) -> _Stream:
        return _Stream(np.zeros(shape), np.full(shape[0], -np.inf))

    def turned(self) -> _Stream:
        return _Stream(self.values[::-1], self.exponents[::-1])

    def cut(self, first: int, last: int) -> _Stream:
        return _Stream(self.values[..., first:last], self.exponents)

    def plus(self, other: _Stream) -> _Stream:
        top = np.maximum(self.exponents, other.exponents)
        total = self.at(top) + other.at(top)
        return _Stream(total, top)

    def at(self, exponents: Array) -> Array:
        """The values to be taken times 2^exponents instead."""
        shift = np.where(np.isfinite(self.exponents), self.exponents - exponents, -np.inf)
        return self.values * np.exp2(np.where(np.isnan(shift), -np.inf, shift))[:, None, None]


@asked(at=whole())
def reach(
    net: Network | Layer,
    x: Any,
    at: int,
    *,
    batch_first: bool | None = None,
    norm: str = "spectral",
) -> Reach:
    """log10 of the norm of ∂output_at/∂x_s for every step s of a network's input.

    `net` is a network or a layer, `x` as `Network.simulate` takes it, `at` the step of the
    output, counted from 0; `norm` names one, as in `decay`.

    >>> import numpy as np, symgate as sg
    >>> rng = np.random.default_rng(0)
    >>> net = sg.model({"weight_ih_l0": rng.normal(size=(4, 2)), "weight_hh_l0": np.eye(4) / 2})
    >>> found = reach(net, np.ones((9, 2)), at=5)
    >>> bool(found[5] > found[2]), found[6]
    (True, np.float64(-inf))
    """
    network = net if isinstance(net, Network) else _alone(net)
    known_name("the norm", norm, NORMS)
    sequence = np.asarray(laid_out(network, x, batch_first), np.float64)
    steps = len(sequence)
    at = step_in(at, steps)
    if sequence.ndim == 2:
        curve = _curve(network, sequence, at, norm)
    else:
        samples = [_curve(network, sequence[:, b], at, norm) for b in range(sequence.shape[1])]
        curve = np.stack(samples, axis=1)
    return Reach(at, norm, curve, str(network.origin))


#: An output wider than this is followed in so many random directions, over so many steps.
WIDE, DIRECTIONS, STEPS = 64, 8, 200


def of_the_middle(network: Network, x: Array) -> Reach:
    """How far the middle of the first sequence sees, for a page: its first steps, in the
    Frobenius norm; of a wide output a few random directions stand for all."""
    sequence = np.asarray(x if x.ndim == 2 else x[:, 0], np.float64)[:STEPS]
    at = len(sequence) // 2
    few = network.width > WIDE
    curve = _curve(network, sequence, at, "frobenius", DIRECTIONS if few else None)
    norm = f"frobenius, by {DIRECTIONS} random directions" if few else "frobenius"
    return Reach(at, norm, curve, str(network.origin))


def _alone(layer: object) -> Network:
    if not isinstance(layer, Layer):
        raise SymgateError(
            f"reach takes a network or a layer from sg.model, not {type(layer).__name__}"
        )
    return layer.alone()


def _curve(network: Network, x: Array, at: int, norm: str, directions: int | None = None) -> Array:
    runs, output = run_levels(network, x)
    width = output.shape[-1]
    rows = np.eye(width)
    if directions is not None:  # the mean of |g J|² over normal rows g is |J|²
        rows = np.random.default_rng(0).normal(size=(directions, width)) / np.sqrt(directions)
    stream = _Stream.zero((len(x), *rows.shape))
    stream.values[at], stream.exponents[at] = rows, 0.0
    for level, own in zip(reversed(network.levels), reversed(runs), strict=True):
        parts, place = [], 0
        for layer, run in zip(level, own, strict=True):
            part = stream
            if len(level) > 1 and layer.merge == "concat":
                part = stream.cut(place, place + layer.output)
                place += layer.output
            elif layer.merge == "ave" and len(level) > 1:
                part = _Stream(stream.values / len(level), stream.exponents)
            turned = part.turned() if layer.reverse else part
            below = _through(layer, run, turned)
            parts.append(below.turned() if layer.reverse else below)
        stream = parts[0]
        for part in parts[1:]:
            stream = stream.plus(part)
    sizes = np.sqrt(NORMS[norm].squares(stream.values, None))
    with np.errstate(divide="ignore"):
        curve: Array = np.log10(sizes) + stream.exponents * np.log10(2)
    return np.where(sizes > 0, curve, -np.inf)


def _through(layer: Layer, run: Run, above: _Stream) -> _Stream:
    """∂/∂x of a layer at every step, from ∂/∂h, in the layer's own direction."""
    out, states = layer.cell.output, layer.cell.states
    x = run[layer.cell.inputs[0]]
    rows = above.values.shape[1]
    found = _Stream.zero((run.steps, rows, x.shape[1]))
    known = np.flatnonzero(np.isfinite(above.exponents))
    if not known.size:
        return found
    carried: dict[str, Array] = {s: np.zeros((rows, run[s].shape[1])) for s in states}
    power, stop = -np.inf, int(known[-1]) + 1
    while stop > 0:
        start = max(0, stop - SEGMENT)
        own = above.exponents[start:stop]
        top = max(float(own.max()), power)
        if not np.isfinite(top):
            stop = start
            continue
        piece = _Stream(above.values[start:stop], own).at(np.full(stop - start, top))
        loss = {s: np.zeros((stop - start, *carried[s].shape)) for s in states}
        loss[out] += piece
        for s in states:
            loss[s][-1] += carried[s] * np.exp2(power - top)
        back = gradients(_copies(layer, run, x, start, stop, rows), loss)
        slope = np.asarray(back.inputs[layer.cell.inputs[0]])
        sizes = np.abs(slope).max(axis=(1, 2))
        shift = np.where(sizes > 0, np.floor(np.log2(np.where(sizes > 0, sizes, 1.0))), 0.0)
        found.values[start:stop] = slope * np.exp2(-shift)[:, None, None]
        found.exponents[start:stop] = np.where(sizes > 0, top + shift, -np.inf)
        carried, power = _rescaled(back.initial, top)
        stop = start
    return found


def _copies(layer: Layer, run: Run, x: Array, start: int, stop: int, rows: int) -> Run:
    """The steps start … stop - 1 again, once for each row that is followed back."""
    before = {
        s: run[s][start - 1] if start else np.asarray(run.initial[s])[:, 0]
        for s in layer.cell.states
    }
    inputs = np.broadcast_to(x[start:stop, None], (stop - start, rows, x.shape[1]))
    state = {s: np.broadcast_to(v, (rows, len(v))) for s, v in before.items()}
    return simulate(layer.cell, layer.params, inputs, state, batch_first=False)


def _rescaled(initial: Mapping[str, Array], top: float) -> tuple[dict[str, Array], float]:
    """What is carried to the steps before, near 1, and its power of two."""
    size = max(float(np.abs(v).max()) for v in initial.values())
    if size == 0:
        return {s: np.asarray(v) for s, v in initial.items()}, -np.inf
    shift = float(np.floor(np.log2(size)))
    return {s: np.asarray(v) * np.exp2(-shift) for s, v in initial.items()}, top + shift
