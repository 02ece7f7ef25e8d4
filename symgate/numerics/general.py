"""Running cells that hold scalars, matrices or mixing functions of the step.

The fast loops (`loop`, `chunks`) know vectors, activations and matrices of parameters. Here the
equations are folded with NumPy arrays: what the inputs alone decide (keys, values, gates of a
linear recurrence) over all steps at once, the rest step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed
from sympy.core.basic import Basic

from symgate.algebra.maps import Everywhere, Times
from symgate.algebra.values import Across, Down, Mixing
from symgate.algebra.vectors import name_of, time_of
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import Diverged, SymgateError
from symgate.linear.linearise import Linearisation, Node, linearise
from symgate.numerics.run import Run
from symgate.numerics.values import Arrays

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: What the values of one state may take.
MOST_BYTES = 8 * 2**30

#: Steps that are looked at together: what they need stays small beside a long run.
STRETCH = 256


@once_a_cell
def is_general(cell: Cell) -> bool:
    """Whether a cell needs these loops: not every value is a vector, or some mix components.

    >>> import symgate as sg
    >>> is_general(sg.cell("gru"))
    False
    """
    lin = linearise(cell)
    if any(len(lin.shape(name)) != 1 for name in (*lin.nodes, *cell.inputs)):
        return True
    return any(
        isinstance(node.expression, Mixing)
        or node.expression.has(Across, Down)
        or any(not isinstance(t.map, Times | None) for t in node.terms)
        or any(not isinstance(t.map, Times | Everywhere | None) for t in node.parameter_terms)
        for node in lin
    )


def parameters_of(run: Run) -> dict[Basic, Any]:
    """The parameters of a run by the symbols of the equations."""
    return {p.symbol: run.params[p.name] for p in run.cell.parameters.values()}


def natural(run: Run, name: str, array: Array) -> Array:
    """An array (steps, size, samples) of a run as (steps, samples, *shape)."""
    shape = tuple(run.size(size) for size in linearise(run.cell).shape(name))
    return np.moveaxis(array, -1, 1).reshape(len(array), array.shape[-1], *shape)


def stored(array: Array, dtype: Any) -> Array:
    """(steps, samples, *shape) as (steps, size, samples), as a run keeps it."""
    flat = array.reshape(*array.shape[:2], -1)
    return np.ascontiguousarray(np.moveaxis(flat, 1, 2), dtype)


def simulated(
    frame: Run, start: Mapping[str, Array], progress: Progress | None = None
) -> dict[str, Array]:
    """Every value of a run, by name: (steps, size, samples), of a state one step more."""
    cell, lin = frame.cell, linearise(frame.cell)
    free = free_nodes(lin)
    values = {x: natural(frame, x, frame.inputs[x]) for x in cell.inputs}
    fixed = parameters_of(frame)
    with np.errstate(all="ignore"):
        at_once = Arrays({**fixed, **{lin.variable(x): values[x] for x in values}}, frame.size)
        for node in free:
            values[node.name] = _over(at_once, node, frame)
        bound = [node for node in lin if node not in free]
        kept = {node.name: _room(frame, node, frame.steps) for node in bound}
        for name in cell.states:
            kept[name] = _room(frame, lin[name], frame.steps + 1)
            kept[name][0] = natural(frame, name, start[name][None])[0]
        for name in {node.name for node in free} & {*cell.states}:
            kept[name][1:] = values[name]
        needed = {v for node in bound for v in node.expression.atoms(Indexed)}
        given = [v for v in needed if time_of(v) == 0 and name_of(v) in values]
        before = [v for v in needed if time_of(v) != 0]
        for t in range(frame.steps):
            now: dict[Basic, Any] = {**fixed, **{v: values[name_of(v)][t] for v in given}}
            now |= {v: kept[name_of(v)][t] for v in before}
            arrays = Arrays(now, frame.size)
            for node in bound:
                place = t + 1 if node.name in cell.states else t
                kept[node.name][place] = _shaped(arrays, node, (frame.samples,))
                now[node.symbol] = kept[node.name][place]
            if t % STRETCH == STRETCH - 1 or t == frame.steps - 1:
                first = t - t % STRETCH
                _check(frame, {**values, **kept}, first, t + 1)
                if progress is not None:
                    progress(t + 1, frame.steps)
    done = {**values, **kept}
    return {n: stored(a, frame.dtype) for n, a in done.items() if n not in cell.inputs}


def _room(frame: Run, node: Node, steps: int) -> Array:
    shape = (steps, frame.samples, *frame.shape(node.name))
    count = math.prod(shape)
    if count * 8 > MOST_BYTES:
        raise SymgateError(
            f"{node.name} of {frame.cell.name} over {steps} steps would take "
            f"{count * 8 / 2**30:,.0f} GB of memory; take fewer units, steps or samples"
        )
    return np.empty(shape, frame.dtype)


def free_nodes(lin: Linearisation) -> list[Node]:
    """The nodes that the inputs and parameters alone decide."""
    free: list[Node] = []
    known = {lin.variable(x) for x in lin.cell.inputs}
    for node in lin:
        if node.expression.atoms(Indexed) <= known:
            free.append(node)
            known.add(node.symbol)
    return free


def _over(arrays: Arrays, node: Node, frame: Run) -> Array:
    value = _shaped(arrays, node, (frame.steps, frame.samples))
    assert arrays.known is not None
    arrays.known[node.symbol] = value
    return value


def _shaped(arrays: Arrays, node: Node, batch: tuple[int, ...]) -> Array:
    value = arrays.shaped(node.expression, node.shape)
    shape = value.shape[value.ndim - node.rank :]
    return np.broadcast_to(value, (*batch, *shape))


def _check(frame: Run, values: Mapping[str, Array], first: int, stop: int) -> None:
    """Raise where a state of the steps is not finite, and say which value was the first."""
    states = frame.cell.states
    for state in states:
        array = values[state][first + 1 : stop + 1]
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        if bad.any():
            step = first + int(np.argmax(bad))
            order = [node.name for node in linearise(frame.cell)]
            at = {n: values[n][step + (n in states)] for n in order if n in values}
            name = next((n for n in order if n in at and not np.isfinite(at[n]).all()), state)
            owner = linearise(frame.cell)[name].owner
            through = "" if owner == state else f", through {owner} = {_line(frame, owner)}"
            raise Diverged(
                f"the state {state} of {frame.cell.name} is not finite from step {step} on (of "
                f"{frame.steps}){through}: it overflows, divides by zero or takes a logarithm of "
                f"a negative number; use smaller weights or another start"
            )


def _line(frame: Run, name: str) -> str:
    return frame.cell.equation(name).partition(" = ")[2]


def over_steps(run: Run, expression: Expr, start: int, stop: int) -> Array:
    """An expression of a run's values over some steps, (steps, samples, …)."""
    window = run.window(start, stop)
    known: dict[Basic, Any] = {
        v: natural(run, name_of(v), window[v]) for v in expression.atoms(Indexed)
    }
    return Arrays({**parameters_of(run), **known}, run.size).value(expression)


class Moment:
    """The values of one step of a run, for expressions of them and of gradients."""

    def __init__(self, run: Run) -> None:
        self.run, self.lin = run, linearise(run.cell)
        self.fixed = parameters_of(run)
        self.shapes = {n: run.shape(n) for n in (*self.lin.nodes, *run.cell.inputs)}
        self.window = run.window(0, run.steps)

    def needed(self, expressions: Iterable[Expr]) -> frozenset[Indexed]:
        """The values of the run that some expressions hold."""
        found = {v for e in expressions for v in e.atoms(Indexed)}
        return frozenset(v for v in found if name_of(v) in self.shapes)

    def at(self, step: int, symbols: Iterable[Indexed]) -> Arrays:
        """The semantics of one step: the symbols that are asked for have their values."""
        now = dict(self.fixed)
        for v in symbols:
            column = self.window[v][step]
            shape = self.shapes[name_of(v)]
            now[v] = np.moveaxis(column, -1, 0).reshape(column.shape[-1], *shape)
        return Arrays(now, self.run.size)
