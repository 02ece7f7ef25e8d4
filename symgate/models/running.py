"""Run a network over sequences: layouts, lengths, states carried on, both directions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgate.asked import whole as whole_number
from symgate.errors import ShapeError, SymgateError, UnknownName
from symgate.instead import signs
from symgate.numerics.run import Run
from symgate.numerics.simulate import simulate as simulate_cell
from symgate.stored.arrays import wide

if TYPE_CHECKING:
    from symgate.models.network import Layer, Network

Array = NDArray[Any]


@signs("a run in two directions")
@dataclass(frozen=True, eq=False)
class BothWays:
    """A run of a network with layers in both directions: a `Run` of each of them.

    `runs` maps the names of layers to runs, each in its layer's own direction;
    `run["h2_reverse"]` is a state or gate of a depth in the order of the sequence, (T, n) or
    (T, B, n); `output` is what the top layer gives out, `source` says in words whose run it is.
    """

    network: Network
    runs: Mapping[str, Run]
    output: Array
    source: str = ""

    def __repr__(self) -> str:
        first = next(iter(self.runs.values()))
        return repr(first).replace(
            f"Run of {first.cell.name}", f"BothWays of {len(self.runs)} layers"
        )

    @property
    def x(self) -> Array:
        """What the network read, (T, m) or (T, B, m)."""
        first = self.network.levels[0][0]
        found = self.runs[first.name][first.cell.inputs[0]]
        return found[::-1] if first.reverse else found

    def __getitem__(self, name: str) -> Array:
        base = name.removesuffix("_reverse")
        places = {
            f"{value}{layer.depth}" + ("_reverse" if layer.reverse else ""): (layer, value)
            for layer in self.network.layers
            for value in (*layer.cell.equations, *layer.cell.inputs)
        }
        if name not in places and base not in places:
            raise UnknownName("a value of this run named", name, places)
        layer, value = places[name]
        found = self.runs[layer.name][value]
        return found[::-1] if layer.reverse else found


def laid_out(network: Network, x: Any, batch_first: bool | None) -> Array:
    """x as (T, m) or (T, B, m), its width held against the first layer's."""
    array = wide("x", x)
    width = network.levels[0][0].input
    if array.ndim not in (2, 3):
        raise ShapeError(
            f"x has shape {array.shape}; expected (steps, {width}), (steps, samples, {width}) or, "
            f"with batch_first=True, (samples, steps, {width})"
        )
    if array.shape[-1] != width:
        raise ShapeError(
            f"x has {array.shape[-1]} numbers a step and {network.levels[0][0].name} takes {width}"
        )
    first = network.batch_first if batch_first is None else batch_first
    if array.ndim == 3 and first:
        return np.swapaxes(array, 0, 1)
    if array.ndim == 3 and first is None and array.shape[0] < array.shape[1]:
        warnings.warn(
            f"x {array.shape} is taken as {array.shape[0]} steps of {array.shape[1]} samples; say "
            f"batch_first=True if it has {array.shape[0]} samples, or batch_first=False",
            stacklevel=5,
        )
    return array


def simulate(
    network: Network, x: Any, state: Any, batch_first: bool | None, lengths: Any
) -> Run | BothWays | list[Any]:
    """See `Network.simulate`."""
    if hasattr(x, "batch_sizes"):
        raise ShapeError(
            "x is a packed sequence; give the padded one, with lengths= of its sequences"
        )
    several = isinstance(x, list | tuple) and len(x) > 0 and np.ndim(x[0]) == 2
    if several or lengths is not None:
        if state is not None:
            raise SymgateError("a state is for one batch; run sequences with states one by one")
        if several:
            sequences = [laid_out(network, part, False) for part in x]
        else:
            whole = laid_out(network, x, batch_first)
            if whole.ndim != 3 or len(lengths) != whole.shape[1]:
                raise ShapeError(f"lengths has {len(lengths)} numbers; x has shape {np.shape(x)}")
            lengths = [whole_number(1, len(whole))("each of lengths", n) for n in lengths]
            sequences = [whole[:n, b] for b, n in enumerate(lengths)]
        return [_run(network, sequence, None) for sequence in sequences]
    return _run(network, laid_out(network, x, batch_first), state)


def _run(network: Network, x: Array, state: Any) -> Run | BothWays:
    x = np.asarray(x, np.float64)
    start = _carried(state)
    if any(layer.reverse for layer in network.layers):
        return _both_ways(network, x, start)
    cell, params = network.stack()
    run = simulate_cell(cell, params, x, start, batch_first=False)
    named = " above ".join(layer.name for layer in reversed(network.layers))
    return replace(run, source=f"{named} from {network.origin}")


def _carried(state: Any) -> Mapping[str, Any] | None:
    """A mapping of states, or the last states of an earlier run."""
    if isinstance(state, Run):
        return {s: state[s][-1] for s in state.cell.states}
    if isinstance(state, BothWays):
        raise SymgateError("a run in both directions ends at both ends; no state is carried on")
    if state is None:
        return None
    if not isinstance(state, Mapping):
        raise SymgateError(
            f"state must be an earlier run or a mapping of states to arrays, "
            f"not {type(state).__name__}"
        )
    return {name: wide(f"the initial {name}", value) for name, value in state.items()}


def _both_ways(network: Network, x: Array, start: Mapping[str, Any] | None) -> BothWays:
    levels, output = run_levels(network, x, start)
    layers = (layer for level in network.levels for layer in level)
    runs = (run for level in levels for run in level)
    source = f"{network.groups[0] or 'network'} from {network.origin}"
    named = {layer.name: run for layer, run in zip(layers, runs, strict=True)}
    return BothWays(network, named, output, source)


def run_levels(
    network: Network, x: Array, start: Mapping[str, Any] | None = None
) -> tuple[list[list[Run]], Array]:
    """The runs of the layers of each level, each in its own direction, and what the top one
    gives out."""
    runs: list[list[Run]] = []
    for level in network.levels:
        runs.append([run_layer(layer, x, start) for layer in level])
        outputs = [
            run[layer.cell.output][:: -1 if layer.reverse else 1]
            for run, layer in zip(runs[-1], level, strict=True)
        ]
        x = merged(outputs, level[0].merge)
    return runs, x


def run_layer(layer: Layer, x: Array, start: Mapping[str, Any] | None = None) -> Run:
    """One layer in its own direction; `start` has its states under their names in the network."""
    end = f"{layer.depth}" + ("_reverse" if layer.reverse else "")
    given = start or {}
    own = {s: given[f"{s}{end}"] for s in layer.cell.states if f"{s}{end}" in given}
    x = x[::-1] if layer.reverse else x
    return simulate_cell(layer.cell, layer.params, x, own or None, batch_first=False)


def merged(outputs: list[Array], merge: str) -> Array:
    """The outputs of both directions as one: side by side, added, or their mean."""
    if len(outputs) == 1 or merge == "concat":
        return np.concatenate(outputs, axis=-1)
    total = np.sum(outputs, axis=0)
    return np.asarray(total / len(outputs) if merge == "ave" else total)


def last_output(network: Network, run: Any) -> Array:
    """What the top layer gives out where only its last step counts, (n,) or (B, n): each
    direction ends at its own end of the sequence."""
    top = network.levels[-1]
    if isinstance(run, BothWays):
        ends = [run.runs[layer.name][layer.cell.output][-1] for layer in top]
        return merged(ends, top[0].merge)
    found: Array = output(network, run)[-1]
    return found


def output(network: Network, run: Any) -> Array:
    """What the top layer gives out at every step, (T, n) or (T, B, n)."""
    if isinstance(run, BothWays):
        return run.output
    top = network.levels[-1][0]
    name = top.cell.output
    return run[name if len(network.levels) == 1 else f"{name}{len(network.levels)}"]
