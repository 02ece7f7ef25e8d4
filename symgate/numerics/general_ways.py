"""The ways between two values of a cell with scalars and matrices, as adjoints of arrays.

A way is a term of the step, or a path of terms. Where every row of a matrix state goes the same
way (I ⊗ A: linear attention and its kin), one row stands for all, or one column where they do
(A ⊗ I); where each component goes its own way, a vector of ones; where numbers alone stand on
the way, one number.
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

from symgate.algebra.vectors import name_of, rank, time_of
from symgate.errors import Diverged
from symgate.linear.adjoint import delta
from symgate.linear.linearise import linearise
from symgate.linear.paths import Path
from symgate.linear.terms import Linearisation, Node, Term, reached
from symgate.numerics import native
from symgate.numerics.general import Moment
from symgate.numerics.norms import NORMS
from symgate.numerics.room import must_fit
from symgate.numerics.run import Run
from symgate.numerics.values import Arrays

Array = NDArray[Any]

#: What the rows of a Jacobian may take, all together.
MOST_BYTES = 3 << 30


@dataclass(frozen=True)
class PulledTerm:
    """From a value to one that it reads: by one term, or by those of a path, with the change
    that each takes and what it pulls it to."""

    source: Indexed
    terms: tuple[tuple[Node, Term], ...]
    pulled: tuple[tuple[Indexed, Expr], ...]


def _ways(lin: Linearisation, paths: Sequence[Path] | None) -> dict[str, list[PulledTerm]]:
    """The ways from each value: all terms, or some paths from state to state."""
    if paths is None:
        chains: list[tuple[tuple[Node, Term], ...]] = [((n, t),) for n in lin for t in n.terms]
    else:
        chains = [tuple((link.node, link.term) for link in path.links) for path in paths]
    found: dict[str, list[PulledTerm]] = {}
    for place, chain in enumerate(chains):
        pulled = []
        for i, (node, term) in enumerate(chain):
            change = delta(f"{node.name}:{place}" if i else node.name, node.rank)
            value = Mul(*term.coefficient, change)
            pulled.append((change, value if term.map is None else term.map.pull(value)))
        if all(value != 0 for _, value in pulled):
            way = PulledTerm(chain[-1][1].source, chain, tuple(pulled))
            found.setdefault(chain[0][0].name, []).append(way)
    return found


class Pull:
    """The ways between two values, over any number of steps, as adjoints of arrays."""

    def __init__(self, run: Run, of: str, wrt: str, paths: Sequence[Path] | None = None) -> None:
        self.run, self.moment, self.lin = run, Moment(run), linearise(run.cell)
        self.of, self.wrt = of, wrt
        every = _ways(self.lin, paths)
        reads = {name: {name_of(way.source) for way in ways} for name, ways in every.items()}
        leading = reached([wrt], lambda at: (name for name in reads if at in reads[name]))
        self.ways = {
            name: [way for way in ways if name_of(way.source) in leading]
            for name, ways in every.items()
        }
        met = reached([of], lambda at: reads.get(at, set()) & leading) & leading
        self.nodes = [node for node in self.lin.backward() if node.name in met]
        self.ways = {node.name: self.ways.get(node.name, []) for node in self.nodes}
        self.every = [way for ways in self.ways.values() for way in ways]
        self.symbols = self.moment.needed(e for way in self.every for _, e in way.pulled)

    @cached_property
    def even(self) -> bool:
        """Whether numbers alone stand on the way from a state to itself: a multiple of I."""
        return self.componentwise and self._numbers

    @cached_property
    def componentwise(self) -> bool:
        """Whether each component goes its own way from a state to itself: a diagonal matrix."""
        return self.of == self.wrt and all(
            t.map is None for way in self.every for _, t in way.terms
        )

    @cached_property
    def _numbers(self) -> bool:
        factors = (f for way in self.every for _, term in way.terms for f in term.coefficient)
        return all(rank(f) == 0 for f in factors)

    @cached_property
    def alike(self) -> int | None:
        """The axis along which the lines of a matrix on the way all go the same way, if any:
        0 where each row does by itself, -1 where each column does."""
        passed = {node.name for way in self.every for node, _ in way.terms}
        shapes = [self.lin.shape(name) for name in (self.of, *passed, self.wrt)]
        if not (self.nodes and self._numbers and all(shapes) and any(len(s) == 2 for s in shapes)):
            return None
        maps = [term.map for way in self.every for _, term in way.terms if term.map is not None]
        for axis in (0, -1):
            alike = len({shape[axis] for shape in shapes}) == 1
            if alike and all(m.acts_along(axis) for m in maps):
                return axis
        return None

    @property
    def many(self) -> int:
        """How many lines go alike."""
        return 1 if self.alike is None else self.moment.shapes[self.of][self.alike]

    def times(self, norm: str) -> float:
        """How much larger the norm of all is than that of what stands for them."""
        shape = self.moment.shapes[self.of]
        many = math.prod(shape) if self.even else 1 if self.componentwise else self.many
        return math.sqrt(NORMS[norm].of_identity(many))

    def seed(self) -> Array:
        """What is pulled back to stand for the whole Jacobian, (r, samples, *shape)."""
        if not self.componentwise:
            return self.basis()
        shape = self.moment.shapes[self.of]
        return np.ones((1, self.run.samples, *([1] * len(shape) if self.even else shape)))

    def basis(self) -> Array:
        """The rows of the identity (r, 1, *shape); of one line of a matrix where all go alike."""
        shape = [*self.moment.shapes[self.of]]
        if self.alike is not None:
            shape[self.alike] = 1
        size = math.prod(shape)
        width = max((math.prod(self.moment.shapes[n.name]) for n in self.nodes), default=1)
        what = f"the Jacobian of {self.of} by all of {self.wrt}"
        mend = "take fewer units or samples, or sg.vector_norms for one direction"
        must_fit(what, size * width * self.run.samples, mend, MOST_BYTES)
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

    def norm(self, rows: Array, kind: str, diagonal: bool = False) -> Array:
        """The norm of each sample's rows (r, samples, *shape), or of a diagonal (1, …)."""
        flat = np.moveaxis(rows.reshape(*rows.shape[:2], -1), 1, 0)
        self.check(flat)
        found = NORMS[kind]
        if diagonal:
            return np.sqrt(found.of_diagonals(flat))
        return np.sqrt(found.squares(flat, native.engine()))

    def check(self, rows: Array) -> None:
        """Raise where something is not finite."""
        if not np.isfinite(rows).all():
            raise Diverged(
                f"∂{self.of}/∂{self.wrt} of {self.run.cell.name} is not finite: a slope overflows "
                f"or divides by zero; use smaller weights or fewer lags"
            )
