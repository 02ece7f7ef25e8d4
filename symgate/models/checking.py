"""Is a network read as it was meant? Its outputs, replayed; and every other reading tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgate.errors import Diverged, ShapeError
from symgate.instead import signs
from symgate.models.reading import WeightReading
from symgate.models.running import laid_out, last_output, output, simulate
from symgate.numerics.arrays import checked
from symgate.stored.arrays import wide
from symgate.tables import fields_html

if TYPE_CHECKING:
    from symgate.models.network import Network

Array = NDArray[Any]

#: The largest deviation of a replay that is rounding, by the precision of the weights.
ROUNDING = {"float64": 1e-9, "float32": 1e-4, "int8": 0.1}

#: Rounding of anything narrower: 16 bits.
NARROW = 2e-2

#: Half of float32's last bit, how many times over its effect is allowed, and never more than.
EPSILON, APART, MOST = 6e-8, 10, 2e-3

#: Readings are told apart on so many steps and samples at most; those that fit run on all.
STEPS, SAMPLES = 48, 8

#: Activations of gates that files leave open.
GATES = ("sigmoid", "hard_sigmoid(0.2)", "hard_sigmoid")


@dataclass(frozen=True)
class TriedReading:
    """A reading that was tried: what it takes the weights for, and its largest deviation."""

    reading: WeightReading
    error: float

    def __str__(self) -> str:
        return f"{self.reading}: off by {self.error:.2g}"


@signs("a check")
@dataclass(frozen=True)
class ReplayCheck:
    """What `Network.check` found.

    `error` is the largest deviation of the network as it was read, `holds` whether that is
    rounding (below `tolerance`, which is wider where the network amplifies rounding).
    `readings` are all that fit, the best first; `next_best` is the best of those that do not,
    and `margin` its error over the best one's tolerance.
    """

    error: float
    tolerance: float
    readings: tuple[TriedReading, ...]
    next_best: TriedReading | None
    tried: int
    notes: tuple[str, ...] = ()

    _repr_html_ = fields_html

    def __bool__(self) -> bool:
        return self.holds

    @property
    def holds(self) -> bool:
        """Whether the network as read gives the outputs, but for rounding."""
        return self.error <= self.tolerance

    @property
    def margin(self) -> float:
        """How far the best reading that does not fit is off."""
        return float("inf") if self.next_best is None else self.next_best.error

    def __repr__(self) -> str:
        fit = "1 reading fits" if len(self.readings) == 1 else f"{len(self.readings)} readings fit"
        return f"<ReplayCheck: {str(self).splitlines()[0]}; {fit}>"

    def __str__(self) -> str:
        verdict = "agrees" if self.holds else "does not agree"
        off = f"off by at most {self.error:.2g}; up to {self.tolerance:.0e} is rounding"
        lines = [f"the replay {verdict}: {off}"]
        if len(self.readings) > 1 or (self.readings and not self.holds):
            lines += [f"this reading fits: {fit}" for fit in self.readings]
        if not self.readings:
            lines.append(f"none of {self.tried} readings fits")
        if self.next_best is not None:
            lines.append(f"the best that does not fit: {self.next_best}")
        return "\n".join((*lines, *self.notes))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "error": self.error,
            "tolerance": self.tolerance,
            "holds": self.holds,
            "tried": self.tried,
            "readings": [{"reading": str(f.reading), "error": f.error} for f in self.readings],
            "next_best": None if self.next_best is None else str(self.next_best),
            "notes": list(self.notes),
        }


def check(network: Network, x: Any, y: Any, batch_first: bool | None, state: Any) -> ReplayCheck:
    """See `Network.check`."""
    inputs = laid_out(network, x, batch_first)
    first = network.batch_first if batch_first is None else batch_first
    outputs = wide("y", y)
    given, last_only = _expected(network, inputs, checked("y", outputs), bool(first))
    dtypes = {layer.dtype for layer in network.layers} | {outputs.dtype.name}
    tolerance = max(ROUNDING.get(d, NARROW) for d in dtypes) * max(1.0, float(abs(given).max()))
    tolerance = max(tolerance, _amplified(network, inputs, last_only, state))
    error = _error(network, inputs, given, last_only, state)
    some = inputs[:STEPS] if inputs.ndim == 2 else inputs[:STEPS, :SAMPLES]
    if last_only or any(layer.reverse for layer in network.layers):
        some = inputs if inputs.ndim == 2 else inputs[:, :SAMPLES]
    part = given if last_only else given[: len(some)]
    if inputs.ndim == 3:
        part = part[..., :SAMPLES, :]
    tried = [
        TriedReading(reading, _error(_as(network, reading), some, part, last_only, _few(state)))
        for reading in readings_of(network)
    ]
    tried.sort(key=lambda f: f.error)
    if tried[0].error < MOST:
        best = _as(network, tried[0].reading)
        tolerance = max(tolerance, _amplified(best, inputs, last_only, state))
    fits: list[TriedReading] = []
    others: list[TriedReading] = []
    for fit in tried:
        whole = fit
        if fit.error <= tolerance:
            off = _error(_as(network, fit.reading), inputs, given, last_only, state)
            whole = replace(fit, error=off)
        (fits if whole.error <= tolerance else others).append(whole)
    notes: tuple[str, ...] = ()
    if len(inputs) == 1:
        notes = (
            "one step is too little: the forget gate acts on the state before it, which is "
            "0; give two steps or more",
        )
    return ReplayCheck(
        error,
        tolerance,
        tuple(fits),
        min(others, key=lambda f: f.error, default=None),
        len(tried),
        notes,
    )


def _few(state: Any) -> Any:
    if not isinstance(state, Mapping):
        return state
    return {n: a[:SAMPLES] if np.ndim(a) == 2 else a for n, a in state.items()}


def _expected(network: Network, x: Array, y: Array, first: bool) -> tuple[Array, bool]:
    """y in the layout (T, n) or (T, B, n); or (n,), (B, n) and that it is the last step."""
    if y.ndim == 3 and first:
        y = np.swapaxes(y, 0, 1)
    shape = (*x.shape[:-1], network.width)
    if y.shape == shape:
        return y.astype(np.float64), False
    if y.shape == shape[1:]:
        return y.astype(np.float64), True
    raise ShapeError(f"y has shape {y.shape}; expected {shape}, or {shape[1:]} for the last step")


def _error(network: Network, x: Array, y: Array, last_only: bool, state: Any) -> float:
    """The largest deviation from y; inf where the network as read runs away."""
    try:
        run = simulate(network, x, state, False, None)
        found = last_output(network, run) if last_only else output(network, run)
    except Diverged:
        return float("inf")
    return float(np.abs(found - y).max())


def _amplified(network: Network, x: Array, last_only: bool, state: Any) -> float:
    """What the network makes of rounding x and weights to single precision, some times over:
    where states run apart, the original itself is no nearer to its own outputs."""
    if all(layer.dtype == "float64" for layer in network.layers):
        return 0.0
    rng = np.random.default_rng(0)

    def rounded(a: Array) -> Array:
        return a * (1 + rng.uniform(-EPSILON, EPSILON, a.shape))

    layers = (
        replace(a, params={n: rounded(v) for n, v in a.params.items()}) for a in network.layers
    )
    other = replace(network, layers=tuple(layers))
    read = last_output if last_only else output
    try:
        ends = [
            read(net, simulate(net, v, state, False, None))
            for net, v in ((network, x), (other, rounded(x)))
        ]
    except Diverged:
        return 0.0
    return min(APART * float(np.abs(ends[0] - ends[1]).max()), MOST)


def _as(network: Network, reading: WeightReading) -> Network:
    """All layers read in one way, but for what differs between them by themselves."""
    return replace(
        network,
        layers=tuple(layer.read_as(_like(layer.reading, reading)) for layer in network.layers),
    )


def _like(own: WeightReading, reading: WeightReading) -> WeightReading:
    """A reading for a layer of another kind changes only what both have."""
    if sorted(own.order) != sorted(reading.order):
        return own
    return replace(reading, peepholes=own.peepholes)


def readings_of(network: Network) -> Iterator[WeightReading]:
    """Every reading of the top layer's kind: orders of gates, what is added, activations."""
    own = network.levels[-1][0].reading
    if len(own.order) == 1:
        known = own.activations.get("candidate", "tanh")
        for activation in dict.fromkeys((known, "tanh", "relu", "linear", "sigmoid")):
            changed = {} if activation == "tanh" else {"candidate": activation}
            yield replace(own, cell="rnn", activations=changed)
        return
    for order in permutations(own.order):
        for gates in dict.fromkeys((own.activations.get("gates", GATES[0]), *GATES)):
            kept = {k: v for k, v in own.activations.items() if k != "gates"}
            activations = kept if gates == "sigmoid" else {**kept, "gates": gates}
            reading = replace(own, order=order, activations=activations)
            if own.cell.startswith("gru"):
                for cell in ("gru", "gru-reset-after"):
                    yield replace(reading, cell=cell, negated=())
                    yield replace(reading, cell=cell, negated=("z",))
            else:
                for add in ({}, {"f": 1.0}):
                    yield replace(reading, add=add)


def same_weights(one: Network, other: Network) -> list[tuple[str, str]]:
    """Pairs of layers whose parameters are equal but for rounding to their precision."""

    def equal(a: Any, b: Any) -> bool:
        return a.cell == b.cell and all(
            a.params[n].shape == b.params[n].shape
            and np.allclose(a.params[n], b.params[n], rtol=1e-6, atol=1e-7)
            for n in a.params
        )

    return [(a.name, b.name) for a in one.layers for b in other.layers if equal(a, b)]
