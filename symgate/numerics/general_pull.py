"""Gradients through cells with scalars and matrices: every term's adjoint, folded with arrays.

`general_gradients` is back-propagation through time. `general_lag_norms` pulls the rows of a
Jacobian back step by step and notes their norms, for any value `of` and any value `wrt`: a
state at t - k, or a gate or an input of step t - k. Where every row of a matrix state goes the
same way (I ⊗ A: linear attention and its kin), one row stands for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Mul

from symgate.algebra.maps import Composed, FromRight, Map, OfColumns, OnRows, ToRows
from symgate.algebra.vectors import name_of, rank, time_of
from symgate.errors import Diverged, SymgateError
from symgate.linear.adjoint import adjoint, delta
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation, Node, Term
from symgate.numerics.general import Moment
from symgate.numerics.norms import largest
from symgate.numerics.run import Run
from symgate.numerics.values import Arrays

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Numbers that the rows of a Jacobian may hold, all together.
MAX_NUMBERS = 4 * 10**8


def general_gradients(
    run: Run, losses: Mapping[str, Array], progress: Progress | None = None
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """∂L by parameters, inputs (steps, size, samples) and initial states (size, samples)."""
    cell, back, moment = run.cell, adjoint(run.cell), Moment(run)
    lin = linearise(cell)
    told = (back.deltas, back.previous, back.inputs, back.gradients)
    symbols = moment.needed(e for part in told for e in part.values())
    parameters = {name: np.zeros_like(array) for name, array in run.params.items()}
    inputs = {x: np.zeros_like(array) for x, array in run.inputs.items()}
    carried = {s: np.zeros((run.samples, *moment.shapes[s]), run.dtype) for s in cell.states}
    with np.errstate(all="ignore"):
        for t in reversed(range(run.steps)):
            arrays = moment.at(t, symbols)
            assert arrays.known is not None
            for name, expression in back.deltas.items():
                value = arrays.shaped(expression, lin.shape(name)) + 0.0
                value = np.broadcast_to(value, (run.samples, *moment.shapes[name]))
                if name in carried:
                    value = value + carried[name]
                if name in losses:
                    loss = np.moveaxis(losses[name][t], -1, 0)
                    value = value + loss.reshape(run.samples, *moment.shapes[name])
                arrays.known[delta(name, len(moment.shapes[name]))] = value
            for name, expression in back.gradients.items():
                total = arrays.value(expression)
                shape = parameters[name].shape
                axes = tuple(range(total.ndim - len(shape)))
                parameters[name] += np.broadcast_to(total.sum(axis=axes), shape)
            for name, expression in back.inputs.items():
                found = arrays.shaped(expression, lin.shape(name))
                found = np.broadcast_to(found, (run.samples, *moment.shapes[name]))
                inputs[name][t] += found.reshape(run.samples, -1).T
            carried = {
                s: np.broadcast_to(arrays.shaped(e, lin.shape(s)), carried[s].shape)
                for s, e in back.previous.items()
            }
            if progress is not None:
                progress(run.steps - t, run.steps)
    for name, array in {**parameters, **carried}.items():
        if not np.isfinite(array).all():
            raise Diverged(f"∂L/∂{name} of {cell.name} is not finite: it explodes")
    initial = {s: value.reshape(run.samples, -1).T for s, value in carried.items()}
    return parameters, inputs, initial


@dataclass(frozen=True)
class Curve:
    """Norms of ∂ of_t / ∂ wrt_{t-k} as log10 (K + 1, samples), and the last rows (r, n)."""

    log10_norm: Array
    alike: bool


def general_lag_norms(
    run: Run,
    of: str,
    wrt: str,
    lags: int,
    at: int,
    norm: str,
    rows: Array | None = None,
    progress: Progress | None = None,
) -> Curve:
    """Pull the rows of a Jacobian (or given ones (samples, r, size)) back over the lags."""
    pull = _Pull(run, of, wrt)
    even = rows is None and pull.even
    alike = rows is None and pull.alike
    if even:
        deltas = {of: np.ones((1, run.samples, *[1] * len(pull.moment.shapes[of])))}
    else:
        deltas = {of: pull.basis(alike) if rows is None else pull.given(rows)}
    log = np.zeros(run.samples)
    out = np.full((lags + 1, run.samples), -np.inf)
    shape = pull.moment.shapes[of]
    many = math.prod(shape) if even else shape[0] if alike else 1
    times = np.sqrt(many) if norm == "frobenius" else 1.0
    state = wrt in run.cell.states

    def note(lag: int, found: Array | None) -> None:
        if found is not None and lag <= lags:
            with np.errstate(divide="ignore"):
                out[lag] = np.log10(pull.norm(found, norm) * times) + log / np.log(10)

    if state and of in run.cell.states:
        note(0, deltas[of] if of == wrt else None)
    last = lags - 1 if state else lags
    with np.errstate(all="ignore"):
        for k in range(last + 1):
            within, before = pull.step(at - k, deltas)
            if not state:
                note(k, within.get(wrt))
            else:
                if k == 0 and of not in run.cell.states:
                    note(0, within.get(wrt))
                note(k + 1, before.get(wrt))
            if not before:
                break
            deltas, log = _rescaled(before, log)
            if progress is not None:
                progress(k + 1, last + 1)
    return Curve(out, alike)


def general_step_norms(run: Run, of: str, wrt: str, norm: str = "spectral") -> tuple[Array, int]:
    """The norm of ∂ of_t / ∂ wrt_{t-1} at each step, (T, samples), and its number of rows.

    Where the rows of a matrix go alike it is that of the step of one row.
    """
    pull = _Pull(run, of, wrt)
    rows, out = pull.basis(pull.alike), np.zeros((run.steps, run.samples))
    with np.errstate(all="ignore"):
        for t in range(run.steps):
            before = pull.step(t, {of: rows})[1].get(wrt)
            if before is not None:
                out[t] = pull.norm(before, norm)
    return out, len(rows)


class _Pull:
    """The terms between two values, over any number of steps, as adjoints of arrays."""

    def __init__(self, run: Run, of: str, wrt: str) -> None:
        self.run, self.moment, self.lin = run, Moment(run), linearise(run.cell)
        self.of, self.wrt = of, wrt
        self.leading = _leading(self.lin, wrt)
        self.nodes = _from(self.lin, of, self.leading)
        self.terms = {
            node.name: [t for t in node.terms if name_of(t.source) in self.leading]
            for node in self.nodes
        }
        self.pulled = {
            (node.name, i): _pulled(node, term)
            for node in self.nodes
            for i, term in enumerate(self.terms[node.name])
        }
        self.symbols = self.moment.needed(self.pulled.values())

    @property
    def even(self) -> bool:
        """Whether numbers alone stand on the way from a state to itself: a multiple of I."""
        return self.of == self.wrt and all(
            term.map is None and all(rank(f) == 0 for f in term.coefficient)
            for terms in self.terms.values()
            for term in terms
        )

    @property
    def alike(self) -> bool:
        """Whether each row of the matrices on the way goes the same way by itself."""
        shapes = [self.lin.shape(name) for name in (*(n.name for n in self.nodes), self.wrt)]
        first = shapes[0][0] if shapes[0] else None
        if first is None or not self.nodes or not any(len(shape) == 2 for shape in shapes):
            return False
        return all(shape and shape[0] == first for shape in shapes) and all(
            _by_rows(term.map) and all(rank(f) == 0 for f in term.coefficient)
            for terms in self.terms.values()
            for term in terms
        )

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
        arrays = self.moment.at(step, self.symbols)
        within, before = dict(deltas), dict[str, Array]()
        assert arrays.known is not None
        for node in self.nodes:
            found = within.get(node.name)
            if found is None:
                continue
            arrays.known[delta(node.name, node.rank)] = found
            for i, term in enumerate(self.terms[node.name]):
                name = name_of(term.source)
                rows = self.shaped(arrays, self.pulled[node.name, i], name)
                place = before if time_of(term.source) != 0 else within
                place[name] = rows + place[name] if name in place else rows
        return within, before

    def shaped(self, arrays: Arrays, pulled: Expr, name: str) -> Array:
        """The rows by a value; what is the same for every component is spread over them."""
        want, have = len(self.moment.shapes[name]), rank(pulled)
        value = arrays.value(pulled)
        if have >= want:
            return value
        value = value[(..., *[None] * (want - have))]
        return np.broadcast_to(value, (*value.shape[:2], *self.moment.shapes[name]))

    def norm(self, rows: Array, kind: str) -> Array:
        """The norm of each sample's rows (r, samples, *shape)."""
        flat = np.moveaxis(rows.reshape(*rows.shape[:2], -1), 1, 0)
        if not np.isfinite(flat).all():
            raise Diverged(
                f"∂{self.of}/∂{self.wrt} of {self.run.cell.name} is not finite: a slope overflows "
                f"or divides by zero; use smaller weights or fewer lags"
            )
        if kind == "frobenius":
            return np.sqrt(np.einsum("brn,brn->b", flat, flat))
        return np.asarray([largest(sample) for sample in flat])


def _pulled(node: Node, term: Term) -> Expr:
    pushed = Mul(*term.coefficient, delta(node.name, node.rank))
    return pushed if term.map is None else term.map.pull(pushed)


def _by_rows(through: Map | None) -> bool:
    if isinstance(through, Composed):
        return _by_rows(through.first) and _by_rows(through.second)
    return through is None or isinstance(through, OnRows | ToRows | FromRight | OfColumns)


def _leading(lin: Linearisation, wrt: str) -> set[str]:
    """The values that depend on `wrt`, in the same step or a later one, and `wrt`."""
    found = {wrt}
    while True:
        more = {
            node.name
            for node in lin
            if node.name not in found and any(name_of(t.source) in found for t in node.terms)
        }
        if not more:
            return found
        found |= more


def _from(lin: Linearisation, of: str, leading: set[str]) -> list[Node]:
    """The nodes that a gradient by `of` passes on its way, from the last to the first."""
    met, todo = set[str](), [of]
    while todo:
        name = todo.pop()
        if name in met or name not in lin.nodes or name not in leading:
            continue
        met.add(name)
        todo += [name_of(t.source) for t in lin[name].terms]
    return [node for node in lin.backward() if node.name in met]


def _rescaled(rows: dict[str, Array], log: Array) -> tuple[dict[str, Array], Array]:
    """The rows with their largest entry 1 in each sample, and what was divided out."""

    def most(array: Array) -> Array:
        return np.abs(array).max(axis=tuple(i for i in range(array.ndim) if i != 1))

    size = np.max([np.broadcast_to(most(v), log.shape) for v in rows.values()], axis=0)
    size = np.where((size > 0) & np.isfinite(size), size, 1.0)
    scaled = {name: v / size.reshape(1, -1, *[1] * (v.ndim - 2)) for name, v in rows.items()}
    return scaled, log + np.log(size)
