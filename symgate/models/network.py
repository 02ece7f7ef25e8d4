"""A trained network: its layers, each a cell with its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from symgate.asked import asked, having, is_whole, shown
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName, harmless
from symgate.instead import LAYER, NETWORK, signs, tells
from symgate.models import checking, running
from symgate.models.reading import Blocks, WeightReading
from symgate.models.stacking import stacked
from symgate.tables import fields_html, html_table

if TYPE_CHECKING:
    from symgate.models.checking import ReplayCheck
    from symgate.models.running import BothWays
    from symgate.numerics.run import Run

Array = NDArray[Any]

#: What is taken where no source and no caller says how x lies.
LAYOUT = (
    "x is taken as (steps, samples, m): nothing says it; batch_first=True is for "
    "(samples, steps, m)"
)


@dataclass(frozen=True)
class NetworkOrigin:
    """Where a network comes from: its kind in words, the file's path and SHA-256."""

    kind: str
    path: str = ""
    sha256: str = ""

    def __str__(self) -> str:
        return f"{harmless(self.path)} (SHA-256 {self.sha256[:12]}…)" if self.path else self.kind


@tells("a layer", LAYER)
@dataclass(frozen=True, eq=False)
class Layer:
    """One direction of one recurrent layer.

    `params` maps the parameters of `cell` to arrays; `depth` counts from 1 within `group`,
    the layers that stand one above the other; `reverse` runs from the last step to the
    first. `reading` is how the source was understood, `assumed` what it does not say. With
    `last_only` the layer's framework gives out its last step alone.
    """

    name: str
    group: str
    depth: int
    reverse: bool
    cell: Cell
    params: Mapping[str, Array] = field(repr=False)
    reading: WeightReading = field(repr=False)
    blocks: Blocks = field(repr=False)
    row: str = field(repr=False)
    dtype: str = "float32"
    merge: str = "concat"
    last_only: bool = False
    assumed: tuple[str, ...] = ()
    origin: NetworkOrigin = NetworkOrigin("")
    batch_first: bool | None = None

    _repr_html_ = fields_html

    def __repr__(self) -> str:
        way = ", backwards" if self.reverse else ""
        return f"<Layer {self.name}: {self.cell.name} {self.input} → {self.output}{way}>"

    @property
    def input(self) -> int:
        """How many inputs it takes."""
        return self.blocks.input

    @property
    def hidden(self) -> int:
        """How many units it has."""
        return self.blocks.hidden

    @property
    def output(self) -> int:
        """How many numbers it gives out: its units, or its projection."""
        return self.blocks.output

    @asked(reading=having("interpret", "a reading, such as layer.reading"))
    def read_as(self, reading: WeightReading) -> Layer:
        """The same stored blocks, read in another way."""
        cell, params = reading.interpret(self.blocks)
        return replace(self, cell=cell, params=params, reading=reading)

    def alone(self) -> Network:
        """The network of this layer."""
        return Network((self,), self.origin, self.batch_first)

    def simulate(self, x: Any, state: Any = None, **options: Any) -> Run | BothWays | list[Any]:
        """Run this layer alone; as `Network.simulate`."""
        return self.alone().simulate(x, state, **options)

    def check(self, x: Any, y: Any, **options: Any) -> ReplayCheck:
        """Replay this layer alone; as `Network.check`."""
        return self.alone().check(x, y, **options)

    def stack(self) -> tuple[Cell, dict[str, Array]]:
        """The cell and its parameters; as `Network.stack`."""
        return self.alone().stack()


@signs("a list of layers")
class Layers(tuple[Layer, ...]):
    """The layers of a network, by their places; a name is answered with what takes one."""

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, str):
            raise SymgateError(f"net.layers goes by numbers; net[{place!r}] finds one by its name")
        return super().__getitem__(place)


@tells("a network", NETWORK)
@dataclass(frozen=True, eq=False)
class Network:
    """What `sg.model` returns: the recurrent layers of a file or a module.

    `net.layers` has them all, `net["decoder.rnn"]` one by its name or a unique end of it, or
    a network of the layers that stand one above the other; `for layer in net` goes over all.
    `net.assumed` says in words what
    nothing in the source says.
    """

    layers: tuple[Layer, ...]
    origin: NetworkOrigin
    batch_first: bool | None = None
    inside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        names = ", ".join(f"{layer.name} ({layer.cell.name})" for layer in self.layers)
        return f"<Network from {self.origin}: {names}>"

    def _repr_html_(self) -> str:
        header = ("layer", "cell", "input", "units", "reading")
        rows = [(x.name, x.cell.name, x.input, x.hidden, x.reading) for x in self.layers]
        return html_table(rows, header, caption=str(self.origin), notes=self.assumed)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What nothing in the source says, in words with the reason."""
        found = [f"{layer.name}: {text}" for layer in self.layers for text in layer.assumed]
        if self.batch_first is None:
            found.append(LAYOUT)
        return (*dict.fromkeys(found), *self.notes)

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of what stands one above the other: each a network of its own."""
        return tuple(dict.fromkeys(layer.group for layer in self.layers))

    def __len__(self) -> int:
        return len(self.layers)

    def __call__(self, *_: object, **__: object) -> None:
        raise TypeError("a network is not called; take net.simulate(x)")

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __getitem__(self, name: str | int) -> Layer | Network:
        if is_whole(name):
            if not -len(self) <= name < len(self):
                raise SymgateError(f"layer {name} is asked for, and the last is {len(self) - 1}")
            return self.layers[name]
        if not isinstance(name, str):
            raise SymgateError(f"a layer is found by its name or place, not by {shown(name)}")
        exact = [layer for layer in self.layers if layer.name == name]
        if exact:
            return exact[0]
        groups = [g for g in self.groups if g == name] or [
            g for g in self.groups if str(name) and g.endswith(f".{name}")
        ]
        ends = [layer for layer in self.layers if layer.name.endswith(f".{name}")]
        if len(groups) == 1:
            inside = tuple(layer for layer in self.layers if layer.group == groups[0])
            return inside[0] if len(inside) == 1 else replace(self, layers=inside)
        if len(ends) == 1:
            return ends[0]
        under = [a for a in self.layers if a.name.startswith(f"{name}.") and name]
        if under:  # both directions of a layer that stands among others
            below = min(a.depth for a in under) - 1
            own = (replace(a, group=name, depth=a.depth - below) for a in under)
            return replace(self, layers=tuple(own))
        names = [layer.name for layer in self.layers]
        if len(ends) > 1 or len(groups) > 1:
            both = ", ".join(repr(layer.name) for layer in ends) or ", ".join(map(repr, groups))
            raise SymgateError(f"{name!r} is the end of {both}; say more of the name")
        raise UnknownName("a layer named", str(name), filter(None, [*names, *self.groups]))

    def part(self, name: str | None) -> Network:
        """The network under a name: a layer, or layers one above the other."""
        if name is None:
            return self
        found = self[name]
        return found if isinstance(found, Network) else replace(self, layers=(found,))

    @property
    def levels(self) -> list[list[Layer]]:
        """The layers of each depth, first the lowest; where there is one network in it."""
        if len(self.groups) > 1:
            listed = ", ".join(f"net[{g!r}]" for g in self.groups)
            raise SymgateError(
                f"{self.origin} holds {len(self.groups)} recurrent networks, and nothing says how "
                f"one goes into the other; choose one: {listed}; or say chain=(lower, upper)"
            )
        depths = sorted({layer.depth for layer in self.layers})
        return [[layer for layer in self.layers if layer.depth == d] for d in depths]

    @property
    def width(self) -> int:
        """How many numbers the top layer gives out, both directions together."""
        top = self.levels[-1]
        return sum(a.output for a in top) if top[0].merge == "concat" else top[0].output

    def stack(self) -> tuple[Cell, dict[str, Array]]:
        """The forward layers, one above the other, as ONE cell with their weights.

        Its states are h1, c1, h2, …; a single layer keeps its own names.
        """
        levels = self.levels
        for level in levels:
            if len(level) > 1 or level[0].reverse:
                raise SymgateError(
                    f"{level[-1].name} runs from the last step to the first, so the layers are no "
                    f"cell; sg.reach follows the gradients through both directions"
                )
        for lower, upper in pairwise(levels):
            if lower[0].output != upper[0].input:
                raise SymgateError(
                    f"{lower[0].name} gives {lower[0].output} numbers and {upper[0].name} takes "
                    f"{upper[0].input}: the output of one is not the input of the next"
                )
        layers = [level[0] for level in levels]
        return stacked([layer.cell for layer in layers], [layer.params for layer in layers])

    def simulate(
        self,
        x: Any,
        state: Any = None,
        *,
        batch_first: bool | None = None,
        lengths: Any = None,
    ) -> Run | BothWays | list[Any]:
        """Run the network over x: (T, m), (T, B, m), or (B, T, m) with batch_first=True.

        A list of sequences (T_i, m), or `lengths` beside padded ones, gives a list of runs.
        `state` maps states to their values before the first step, or is an earlier run, whose
        last states are carried on. Forward layers give a `Run` of the stacked cell; with two
        directions it is a `BothWays`.
        """
        return running.simulate(self, x, state, batch_first, lengths)

    @asked()
    def check(
        self, x: Any, y: Any, *, batch_first: bool | None = None, state: Any = None
    ) -> ReplayCheck:
        """Replay the outputs y for the inputs x, and try every other reading of the weights.

        y has the outputs of the top layer at every step, in the layout of x, or those of the
        last step alone. The result says the error, whether it holds, and which readings fit.
        """
        return checking.check(self, x, y, batch_first, state)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON: everything but the weights."""
        return {
            "origin": dict(vars(self.origin)),
            "layers": [
                {
                    "name": layer.name,
                    "group": layer.group,
                    "depth": layer.depth,
                    "reverse": layer.reverse,
                    "cell": layer.cell.name,
                    "reading": str(layer.reading),
                    "input": layer.input,
                    "hidden": layer.hidden,
                    "output": layer.output,
                    "precision": layer.dtype,
                }
                for layer in self.layers
            ],
            "assumed": list(self.assumed),
        }

    @asked(other=having("layers", "a network, as sg.model(file) gives"))
    def same_weights(self, other: Network) -> list[tuple[str, str]]:
        """The pairs of layers, of this network and another, that hold the same weights."""
        return checking.same_weights(self, other)
