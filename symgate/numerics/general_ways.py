"""The ways between two values of a cell with scalars and matrices, as adjoints of arrays.

A way is a term of the step, or a path of terms. Where every row of a matrix state goes the same
way (I ⊗ A: linear attention and its kin), one row stands for all; where numbers alone stand on
the way, one number does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed, Mul

from symgate.algebra.maps import Composed, FromRight, Map, OfColumns, OnRows, ToRows
from symgate.algebra.vectors import name_of, rank, time_of
from symgate.errors import Diverged, SymgateError
from symgate.linear.adjoint import delta
from symgate.linear.linearise import linearise
from symgate.linear.paths import Path
from symgate.linear.terms import Linearisation, Node, Term
from symgate.numerics import native
from symgate.numerics.general import Moment
from symgate.numerics.norms import largest_squares, squares
from symgate.numerics.run import Run
from symgate.numerics.values import Arrays

Array = NDArray[Any]

#: Numbers that the rows of a Jacobian may hold, all together.
MAX_NUMBERS = 4 * 10**8


@dataclass(frozen=True)
class Way:
    """From a value to one that it reads: by one term, or by those of a path, with the change
    that each takes and what it pulls it to."""

    source: Indexed
    terms: tuple[tuple[Node, Term], ...]
    pulled: tuple[tuple[Indexed, Expr], ...]


def _ways(lin: Linearisation, paths: Sequence[Path] | None) -> dict[str, list[Way]]:
    """The ways from each value: all terms, or some paths from state to state."""
    if paths is None:
        chains: list[tuple[tuple[Node, Term], ...]] = [((n, t),) for n in lin for t in n.terms]
    else:
        chains = [tuple((link.node, link.term) for link in path.links) for path in paths]
    found: dict[str, list[Way]] = {}
    for place, chain in enumerate(chains):
        pulled = []
        for i, (node, term) in enumerate(chain):
            change = delta(f"{node.name}:{place}" if i else node.name, node.rank)
            value = Mul(*term.coefficient, change)
            pulled.append((change, value if term.map is None else term.map.pull(value)))
        way = Way(chain[-1][1].source, chain, tuple(pulled))
        found.setdefault(chain[0][0].name, []).append(way)
    return found


class Pull:
    """The ways between two values, over any number of steps, as adjoints of arrays."""

    def __init__(self, run: Run, of: str, wrt: str, paths: Sequence[Path] | None = None) -> None:
        self.run, self.moment, self.lin = run, Moment(run), linearise(run.cell)
        self.of, self.wrt = of, wrt
        every = _ways(self.lin, paths)
        leading = _leading(every, wrt)
        self.ways = {
            name: [way for way in ways if name_of(way.source) in leading]
            for name, ways in every.items()
        }
        met = _met(self.ways, of) & leading
        self.nodes = [node for node in self.lin.backward() if node.name in met]
        self.ways = {node.name: self.ways.get(node.name, []) for node in self.nodes}
        self.every = [way for ways in self.ways.values() for way in ways]
        self.symbols = self.moment.needed(e for way in self.every for _, e in way.pulled)

    @cached_property
    def even(self) -> bool:
        """Whether numbers alone stand on the way from a state to itself: a multiple of I."""
        return self.of == self.wrt and all(
            term.map is None and all(rank(f) == 0 for f in term.coefficient)
            for way in self.every
            for _, term in way.terms
        )

    @cached_property
    def alike(self) -> bool:
        """Whether each row of the matrices on the way goes the same way by itself."""
        passed = {node.name for way in self.every for node, _ in way.terms}
        met = (self.of, *passed, self.wrt)
        shapes = [self.lin.shape(name) for name in met]
        first = shapes[0][0] if shapes[0] else None
        if first is None or not self.nodes or not any(len(shape) == 2 for shape in shapes):
            return False
        return all(shape and shape[0] == first for shape in shapes) and all(
            _by_rows(term.map) and all(rank(f) == 0 for f in term.coefficient)
            for way in self.every
            for _, term in way.terms
        )

    def times(self, norm: str) -> float:
        """How much larger the norm of all rows is than that of the one that stands for them."""
        shape = self.moment.shapes[self.of]
        many = math.prod(shape) if self.even else shape[0]
        return math.sqrt(many) if norm == "frobenius" else 1.0

    def basis(self, alike: bool) -> Array:
        """The rows of the identity (r, 1, *shape); of one row of a matrix where all go alike."""
        shape = self.moment.shapes[self.of]
        shape = (1, *shape[1:]) if alike else shape
        size = int(np.prod(shape))
        width = max((int(np.prod(self.moment.shapes[n.name])) for n in self.nodes), default=1)
        if size * width * self.run.samples > MAX_NUMBERS:
            gigabytes = size * width * self.run.samples * 8 / 2**30
            raise SymgateError(
                f"the Jacobian of {self.of} by all of {self.wrt} would take {gigabytes:.0f} GB; "
                f"take fewer units or samples, or sg.vector_norms for one direction"
            )
        rows = np.eye(size, dtype=self.run.dtype).reshape(size, 1, *shape)
        return np.broadcast_to(rows, (size, self.run.samples, *shape))

    def given(self, rows: Array) -> Array:
        """Rows (samples, r, size) as (r, samples, *shape)."""
        shape = self.moment.shapes[self.of]
        return np.swapaxes(rows, 0, 1).reshape(rows.shape[1], rows.shape[0], *shape)

    def step(
        self, step: int, deltas: Mapping[str, Array]
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """The rows by the values of a step, and by the states before it."""
        return self.pulled(self.moment.at(step, self.symbols), deltas)

    def pulled(
        self, arrays: Arrays, deltas: Mapping[str, Array]
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """The same, from the values of a step."""
        within, before = dict(deltas), dict[str, Array]()
        assert arrays.known is not None
        for node in self.nodes:
            found = within.get(node.name)
            if found is None:
                continue
            for way in self.ways[node.name]:
                rows = found
                for (change, value), (_, term) in zip(way.pulled, way.terms, strict=True):
                    arrays.known[change] = rows
                    rows = self.shaped(arrays, value, name_of(term.source))
                name = name_of(way.source)
                place = before if time_of(way.source) != 0 else within
                place[name] = rows + place[name] if name in place else rows
        return within, before

    def shaped(self, arrays: Arrays, pulled: Expr, name: str) -> Array:
        """The rows by a value; what is the same for every component is spread over them."""
        want, have = len(self.moment.shapes[name]), rank(pulled)
        value = arrays.value(pulled)
        if have >= want:
            return value
        batch = value.shape[: value.ndim - have]
        value = value[(..., *[None] * (want - have))]
        return np.broadcast_to(value, (*batch, *self.moment.shapes[name]))

    def norm(self, rows: Array, kind: str) -> Array:
        """The norm of each sample's rows (r, samples, *shape)."""
        flat = np.moveaxis(rows.reshape(*rows.shape[:2], -1), 1, 0)
        self.check(flat)
        if kind == "frobenius":
            return np.sqrt(squares(flat))
        return np.sqrt(largest_squares(flat, native.engine()))

    def check(self, rows: Array) -> None:
        """Raise where something is not finite."""
        if not np.isfinite(rows).all():
            raise Diverged(
                f"∂{self.of}/∂{self.wrt} of {self.run.cell.name} is not finite: a slope overflows "
                f"or divides by zero; use smaller weights or fewer lags"
            )


def _by_rows(through: Map | None) -> bool:
    if isinstance(through, Composed):
        return _by_rows(through.first) and _by_rows(through.second)
    return through is None or isinstance(through, OnRows | ToRows | FromRight | OfColumns)


def _leading(ways: Mapping[str, list[Way]], wrt: str) -> set[str]:
    """The values that depend on `wrt`, in the same step or a later one, and `wrt`."""
    found = {wrt}
    while True:
        more = {
            name
            for name, some in ways.items()
            if name not in found and any(name_of(way.source) in found for way in some)
        }
        if not more:
            return found
        found |= more


def _met(ways: Mapping[str, list[Way]], of: str) -> set[str]:
    """The values that a gradient by `of` passes on its way."""
    met, todo = set[str](), [of]
    while todo:
        name = todo.pop()
        if name not in met:
            met.add(name)
            todo += [name_of(way.source) for way in ways.get(name, [])]
    return met
