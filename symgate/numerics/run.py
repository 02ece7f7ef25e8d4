"""A run: every gate and state of a cell at every step, and what can be computed from them.

Inside, an array has its step first and the sample last: (T, n, B). At the surface the
sample comes before the unit: (T, B, n), or (T, n) for a single sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, MatrixExpr, Symbol
from sympy.core.basic import Basic

from symgate.algebra.vectors import (
    MatVec,
    as_product,
    is_variable,
    name_of,
    parts_of,
    rank,
    time_of,
)
from symgate.asked import shown
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError, known_name
from symgate.instead import RUN, absent, signs
from symgate.linear.linearise import linearise
from symgate.numerics.arrays import number_of
from symgate.numerics.compiled import elementwise
from symgate.numerics.schedule import split_stacks
from symgate.numerics.values import Arrays
from symgate.tables import data_frame, html_table

Array = NDArray[Any]

#: Computes the kept values of the steps start … stop - 1, each with one step before.
Recompute = Callable[[int, int], Mapping[str, Array]]


@signs("a run")
@dataclass(frozen=True, eq=False)
class Run:
    """What `simulate` returns.

    `run["h"]` is the array (T, n) or (T, B, n) of a state, gate, input or pre-activation, the
    names are those that it iterates over, and its length is the number of steps;
    `params`, `initial` and `sizes` are what it was made with; `source` says in words whose
    weights they are, where they came from a file.
    """

    cell: Cell
    params: Mapping[str, Array]
    sizes: Mapping[Symbol, int]
    steps: int
    batch: int | None
    dtype: Any
    inputs: Mapping[str, Array]
    initial: Mapping[str, Array]
    values: Mapping[str, Array]
    recompute: Recompute | None = field(default=None, repr=False)
    source: str = ""
    _numbers: dict[Expr, int] = field(default_factory=dict, repr=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            own = {} if name.startswith("_") else {n: f'run["{n}"]' for n in self.keys()}
            raise AttributeError(absent("a run", name, RUN | own, dir(type(self))))

    @property
    def samples(self) -> int:
        """How many sequences run side by side."""
        return 1 if self.batch is None else self.batch

    def size(self, size: Expr) -> int:
        """The number of a symbolic size."""
        try:
            if size not in self._numbers:
                self._numbers[size] = int(number_of(size, self.sizes))
        except (AttributeError, TypeError):
            raise SymgateError(f"size must be one of a cell's sizes, not {shown(size)}") from None
        return self._numbers[size]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a value at one step."""
        return tuple(map(self.size, linearise(self.cell).shape(name)))

    def __repr__(self) -> str:
        one = self.batch in (None, 1)
        samples = "one sequence" if one else f"{self.batch} sequences"
        return f"<Run of {self.cell.name}: {self.steps} steps, {samples}, {self.dtype}>"

    def keys(self) -> tuple[str, ...]:
        """The states, gates and inputs, so that `dict(run)` holds all of them."""
        return (*self.cell.equations, *self.cell.inputs)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a step (and sample), a column a number: h_0, h_1, …"""
        lead = () if self.batch is None else (self.samples,)
        places = np.indices((self.steps, *lead)).reshape(1 + len(lead), -1)
        columns = dict(zip(("step", "sample"), places, strict=False))
        for name in self.keys():
            flat = self[name].reshape(places.shape[1], -1)
            columns |= {f"{name}_{i}": line for i, line in enumerate(flat.T)}
        return data_frame(columns, index=["step", "sample"][: 1 + len(lead)])

    def _repr_html_(self) -> str:
        rows = []
        for name in self.keys():
            kind = "input" if name in self.cell.inputs else "gate"
            kind = "state" if name in self.cell.states else kind
            values = self[name]
            ends = f"{values.min():.3g} to {values.max():.3g}" if values.size else ""
            rows.append((name, kind, values.shape, ends))
        return html_table(rows, ("name", "kind", "shape", "range"), caption=repr(self)[1:-1])

    def __len__(self) -> int:
        return self.steps

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise TypeError('a run is no array: it holds one for each name, as run["h"]')

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getitem__(self, name: str) -> Array:
        if not isinstance(name, str):
            raise SymgateError(f'a run is read by name, as run["h"], not by {shown(name)}')
        known = [*linearise(self.cell).nodes, *self.cell.inputs]
        known_name(f"a value of {self.cell.name} named", name, known)
        lin = linearise(self.cell)
        array = window_of(self, 0, self.steps)[lin.variable(name)]
        found = outward(self, array, name).view()
        found.flags.writeable = False
        return found


def window_of(run: Run, start: int, stop: int) -> Window:
    """The values of the steps start … stop - 1."""
    if run.recompute is not None:
        return Window(run, start, stop, run.recompute(start, stop), start)
    return Window(run, start, stop, run.values, 0)


def outward(run: Run, array: Array, name: str) -> Array:
    """(…, size, B) as (…, B, *shape of the value), without B for a single sequence."""
    moved = array[..., 0] if run.batch is None else array.swapaxes(-1, -2)
    return moved.reshape((*moved.shape[:-1], *run.shape(name)))


def checked_run(run: object) -> None:
    """Raise where something else was given for a run."""
    if not isinstance(run, Run):
        drawn = "; sg.decay(cell) draws parameters and runs it" * isinstance(run, Cell | str)
        raise SymgateError(f"expected a run, such as sg.simulate(…) makes, not {shown(run)}{drawn}")


def parameters_of(run: Run) -> dict[Basic, Any]:
    """The parameters of a run by the symbols of the equations."""
    return {symbol: run.params[name] for name, symbol in parameter_symbols(run.cell).items()}


@once_a_cell
def parameter_symbols(cell: Cell) -> dict[str, Basic]:
    """The parameters as they stand in the equations, by name."""
    return {name: parameter.symbol for name, parameter in cell.parameters.items()}


def matrix_of(run: Run, *matrices: MatrixExpr) -> Array:
    """Matrices that the parameters alone make, one below the other, as one array."""
    arrays = Arrays(parameters_of(run), run.size)
    found = [np.asarray(arrays.value(matrix), run.dtype) for matrix in matrices]
    return found[0] if len(found) == 1 else np.concatenate(found)


def times_vectors(matrix: Array, vectors: Array) -> Array:
    """A matrix times the vectors (steps, m, B) of all steps, in one product."""
    steps, size, samples = vectors.shape
    if samples == 1:
        return (vectors[..., 0] @ matrix.T)[..., None]
    flat = np.moveaxis(vectors, 1, 0).reshape(size, steps * samples)
    return np.moveaxis((matrix @ flat).reshape(len(matrix), steps, samples), 0, 1)


class Window:
    """The values of some steps, by expression: kept ones as views, others computed.

    `kept` holds arrays whose first step is `origin` (for states, the step before it).
    """

    def __init__(
        self, run: Run, start: int, stop: int, kept: Mapping[str, Array], origin: int
    ) -> None:
        self.run, self.start, self.stop = run, start, stop
        self.kept, self.origin = kept, origin
        self.known: dict[Expr, Array] = {}
        self.lin = linearise(run.cell)

    def __getitem__(self, e: Expr) -> Array:
        if e not in self.known:
            self.known[e] = self.value(e)
        return self.known[e]

    def value(self, e: Expr) -> Array:
        """The value (steps, n, B) of a vector expression; parameters have one step."""
        if is_variable(e):
            return self.variable(name_of(e), int(time_of(e)))
        if e.is_Symbol:
            value = self.run.params[e.name]
            return value[None, :, None] if rank(e) else value
        if (product := as_product(e)) is not None:
            return self.product(product)
        if parts := parts_of(e):
            return self.stack(parts)
        compiled = elementwise((e,))
        return np.asarray(compiled(self)[0], self.run.dtype)

    def variable(self, name: str, time: int) -> Array:
        first, last = self.start - self.origin, self.stop - self.origin
        if name in self.run.inputs:
            return self.run.inputs[name][self.start : self.stop]
        if name in self.run.cell.states:
            return self.kept[name][first + 1 + time : last + 1 + time]
        if name in self.kept:
            return self.kept[name][first:last]
        node = self.lin[name]
        value = self[split_stacks(node.expression)]
        shape = (self.stop - self.start, self.run.size(node.size), self.run.samples)
        return np.broadcast_to(value, shape)

    def product(self, e: MatVec) -> Array:
        return np.asarray(
            times_vectors(matrix_of(self.run, e.matrix), self[e.vector]), self.run.dtype
        )

    def stack(self, vectors: Sequence[Expr]) -> Array:
        parts = [self[vector] for vector in vectors]
        count = max(len(part) for part in parts)
        shapes = [(count, part.shape[1], self.run.samples) for part in parts]
        spread = [np.broadcast_to(p, s) for p, s in zip(parts, shapes, strict=True)]
        return np.concatenate(spread, axis=1)

    def all(self, expressions: tuple[Expr, ...]) -> list[Array]:
        """Several element-wise expressions at once, sharing what they have in common."""
        if not expressions:
            return []
        with np.errstate(all="ignore"):
            return [np.asarray(v, self.run.dtype) for v in elementwise(expressions)(self)]
