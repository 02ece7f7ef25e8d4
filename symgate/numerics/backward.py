"""The walk backward that gradients take, one for cells of all kinds.

The terms of the linearisation, transposed: coefficients over all steps of a segment at once, δ
of every value step by step as a program, and what parameters and inputs get from δ over all
steps at once again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Indexed, Mul, S
from sympy.core.basic import Basic

from symgate.algebra.vectors import name_of, rank, variable
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import Diverged
from symgate.linear.adjoint import gradient
from symgate.linear.linearise import linearise
from symgate.numerics.general import by_shape, stored
from symgate.numerics.program import Program
from symgate.numerics.run import Run, parameters_of, window_of
from symgate.numerics.values import Arrays

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Steps whose coefficients are worked out together, at most, and how many numbers they hold.
SEGMENT, NUMBERS = 128, 1 << 18


@dataclass(frozen=True)
class _BackwardPlan:
    """The expressions of a walk: each coefficient by the variable that stands for it, and what
    the values of a step, the states before it, the inputs and the parameters get."""

    coefficients: Mapping[Indexed, Expr]
    within: Mapping[str, Expr]
    before: Mapping[str, Expr]
    inputs: Mapping[str, Expr]
    parameters: Mapping[str, Basic]


def _change(name: str, rank: int) -> Indexed:
    """δ of a value; like the other marks here it is like no name of a cell."""
    return variable(f"δ:{name}", 0, rank)


def _later(name: str, rank: int) -> Indexed:
    """What a state gets from the step after its own."""
    return variable(f"later:{name}", 0, rank)


@once_a_cell
def _plan(cell: Cell) -> _BackwardPlan:
    lin = linearise(cell)
    coefficients: dict[Expr, Indexed] = {}
    found: dict[Indexed, list[Expr]] = {
        lin.variable(s): [_later(s, len(lin.shape(s)))] for s in cell.states
    }
    met = []
    for node in lin.backward():
        if node.symbol not in found:
            continue
        met.append(node)
        for term in node.terms:
            factor = Mul(*term.coefficient)
            if factor.atoms(Indexed):
                stands = variable(f"coefficient:{len(coefficients)}", 0, rank(factor))
                factor = coefficients.setdefault(factor, stands)
            change = factor * _change(node.name, node.rank)
            pulled = change if term.map is None else term.map.pull(change)
            found.setdefault(term.source, []).append(pulled)
    total = {source: Add(*parts) for source, parts in found.items()}
    reached = {term.parameter for node in met for term in node.parameter_terms}
    return _BackwardPlan(
        {stands: factor for factor, stands in coefficients.items()},
        {node.name: total[node.symbol] for node in met},
        {s: total.get(lin.variable(s, 1), S.Zero) for s in cell.states},
        {x: total[v] for x in cell.inputs if (v := lin.variable(x)) in total},
        {p: gradient(lin, p, met, _change) for p in cell.parameters if p in reached},
    )


class _SummedProducts(Arrays):
    """Outer products that are added up over all steps and samples as they are worked out."""

    def outer(self, u: Any, v: Any, e: Any) -> Any:
        if rank(e.args[0]) == rank(e.args[1]) == 2 and np.shape(u)[-2] == self.size(e.rows):
            return _added(np.swapaxes(u, -1, -2), np.swapaxes(v, -1, -2))
        return _added(self.flat(u, e.args[0], e.rows), self.flat(v, e.args[1], e.cols))

    def gram(self, u: Any, v: Any, e: Any) -> Any:
        return _added(u, v)


def _added(u: Array, v: Array) -> Array:
    """The sum of u vᵀ over all axes but the last."""
    lead = np.broadcast_shapes(u.shape[:-1], v.shape[:-1])
    rows, cols = (
        np.broadcast_to(a, (*lead, a.shape[-1])).reshape(math.prod(lead), a.shape[-1])
        for a in (u, v)
    )
    return np.asarray(rows.T @ cols)


class Backward:
    """∂L by everything, gathered segment by segment from the last step to the first.

    `losses` are ∂L/∂state at every step, as a run keeps a value; `parameters` and `inputs` fill
    up as it goes.
    """

    def __init__(self, run: Run, losses: Mapping[str, Array]) -> None:
        self.run, self.plan = run, _plan(run.cell)
        self.losses = {s: by_shape(run, s, loss) for s, loss in losses.items()}
        self.parameters = {name: np.zeros_like(array) for name, array in run.params.items()}
        self.inputs = {name: np.zeros_like(array) for name, array in run.inputs.items()}
        self.fixed = parameters_of(run)
        self.lin = linearise(run.cell)
        self.shapes = {name: run.shape(name) for name in (*self.lin.nodes, *run.cell.inputs)}
        plan = self.plan
        self.stepped = self.held(*plan.within.values(), *plan.before.values())
        over_all = (plan.coefficients, plan.inputs, plan.parameters)
        self.every = self.held(*(e for part in over_all for e in part.values()))
        self.program = self.written()

    def held(self, *expressions: Basic) -> list[Indexed]:
        """The values of the run that some expressions hold."""
        found = {v: None for e in expressions for v in e.atoms(Indexed)}
        return [v for v in found if name_of(v) in self.shapes]

    def written(self) -> Program:
        """A step backward: from coefficients, values of the step, losses and what the states
        get from the step after, to δ of each value and what the states before get."""
        program = Program(Arrays(dict(self.fixed), self.run.size))
        losses = {s: variable(f"loss:{s}", 0, len(self.shapes[s])) for s in self.losses}
        later = [_later(s, len(self.shapes[s])) for s in self.run.cell.states]
        for v in (*self.plan.coefficients, *self.stepped, *losses.values(), *later):
            program.take(v)
        for name, e in self.plan.within.items():
            shape = self.lin.shape(name)
            program.put(_change(name, len(shape)), e + losses.get(name, 0), shape)
        for name, e in self.plan.before.items():
            program.put(variable(f"before:{name}", 0), e, self.lin.shape(name))
        return program

    def back(self, progress: Progress | None) -> dict[str, Array]:
        """Go through all steps; gives ∂L by the initial states, as a run keeps them."""
        run = self.run
        width = max(run.samples, 1) * sum(map(math.prod, self.shapes.values()))
        length = max(1, min(SEGMENT, NUMBERS // max(width, 1)))
        if run.recompute is not None:  # what is worked out again lies so far apart
            length = max(length, math.isqrt(run.steps))
        shapes = {s: (run.samples, *self.shapes[s]) for s in run.cell.states}
        later = {s: np.zeros(shape, run.dtype) for s, shape in shapes.items()}
        with np.errstate(all="ignore"):
            for stop in range(run.steps, 0, -length):
                start = max(0, stop - length)
                later = self.segment(start, stop, later)
                if progress is not None:
                    progress(run.steps - start, run.steps)
        for name, array in {**self.parameters, **later}.items():
            if not np.isfinite(array).all():
                raise self.diverged(name, "")
        return {s: stored(value[None], run.dtype)[0] for s, value in later.items()}

    def segment(self, start: int, stop: int, later: dict[str, Array]) -> dict[str, Array]:
        """Some steps backward: δ of every value, then what parameters and inputs get from it."""
        lead = stop - start, self.run.samples
        window = window_of(self.run, start, stop)
        values = {}
        for v in dict.fromkeys((*self.every, *self.stepped)):
            shape = self.shapes[name_of(v)]
            found = np.broadcast_to(by_shape(self.run, name_of(v), window[v]), (*lead, *shape))
            values[v] = found.reshape(math.prod(lead), *shape)
        arrays = Arrays({**self.fixed, **values}, self.run.size)
        values |= {
            stands: np.ascontiguousarray(arrays.value(e))
            for stands, e in self.plan.coefficients.items()
        }
        read = [values[v] for v in (*self.plan.coefficients, *self.stepped)]
        given = [a.reshape(*lead, *a.shape[1:]) for a in read]
        given += [loss[start:stop] for loss in self.losses.values()]
        deltas, later = self.steps(given, later, lead)
        for state in self.losses.keys() | later.keys():
            bad = np.flatnonzero(~np.isfinite(deltas[state]).reshape(len(deltas[state]), -1).all(1))
            if bad.size:
                raise self.diverged(
                    state, f" from step {start + bad[-1]} back (of {self.run.steps})"
                )
        self.gather(start, stop, values, deltas)
        return later

    def steps(
        self, given: list[Array], later: dict[str, Array], lead: tuple[int, int]
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """δ of every value at some steps, and what the states before them get."""
        kept = {n: np.empty((*lead, *self.shapes[n]), self.run.dtype) for n in self.plan.within}
        rooms, states = [*kept.values()], [*later.values()]
        for t in reversed(range(lead[0])):
            found = self.program.run([a[t] for a in given] + states)
            for room, value in zip(rooms, found, strict=False):
                room[t] = value
            states = found[len(rooms) :]
        return kept, {
            s: np.broadcast_to(value, later[s].shape)
            for s, value in zip(self.plan.before, states, strict=True)
        }

    def gather(
        self, start: int, stop: int, values: Mapping[Any, Array], deltas: Mapping[str, Array]
    ) -> None:
        """Add what some steps give to parameters and inputs."""
        rows = (stop - start) * self.run.samples
        changes = {
            _change(name, len(self.shapes[name])): a.reshape(rows, *self.shapes[name])
            for name, a in deltas.items()
        }
        arrays = _SummedProducts({**self.fixed, **values, **changes}, self.run.size)
        for name, e in self.plan.parameters.items():
            total, shape = arrays.value(e), self.parameters[name].shape
            self.parameters[name] += total.sum(axis=tuple(range(total.ndim - len(shape))))
        for name, e in self.plan.inputs.items():
            found = arrays.shaped(e, self.lin.shape(name))
            found = np.broadcast_to(found, (rows, *self.shapes[name]))
            found = found.reshape(stop - start, self.run.samples, *self.shapes[name])
            self.inputs[name][start:stop] = stored(found, self.run.dtype)

    def diverged(self, name: str, where: str) -> Diverged:
        return Diverged(
            f"∂L/∂{name} of {self.run.cell.name} is not finite{where}: it explodes, or a slope "
            f"divides by zero, as that of norm(v) does where v is 0; use a shorter run, or "
            f"sg.vector_norms for its logarithm"
        )
