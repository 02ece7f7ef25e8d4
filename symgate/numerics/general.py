"""Running cells that hold scalars, matrices or mixing functions of the step.

The fast loops (`loop`, `chunks`) know vectors, activations and matrices of parameters. Here the
equations are folded with NumPy arrays: what the inputs alone decide (keys, values, gates of a
linear recurrence) over all steps at once, the rest step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed, Mul, Pow
from sympy.core.basic import Basic

from symgate.algebra.maps import Everywhere
from symgate.algebra.text import text
from symgate.algebra.values import Across, Down, Mixing
from symgate.algebra.vectors import name_of, time_of
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import Diverged
from symgate.linear.adjoint import delta
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation, Node
from symgate.numerics.program import Program
from symgate.numerics.room import must_fit
from symgate.numerics.run import Run, parameters_of, window_of
from symgate.numerics.values import Arrays

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: What the values of one state may take.
MOST_BYTES = 8 * 2**30

#: Steps that are looked at together, while they are in the cache.
SEGMENT = 16


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
        node.expression.has(Mixing, Across, Down)
        or any(not (m is None or m.plain) for m in (t.map for t in node.terms))
        or any(
            not (m in (None, Everywhere(node.size)) or m.plain)
            for m in (t.map for t in node.parameter_terms)
        )
        for node in lin
    )


@once_a_cell
def is_linear(cell: Cell) -> bool:
    """Whether the inputs alone say how each state goes on from the states before it.

    >>> import symgate as sg
    >>> is_linear(sg.cell("deltanet")), is_linear(sg.cell("hopfield"))
    (True, False)
    """
    lin = linearise(cell)
    free = {*map(lin.variable, cell.inputs), *(node.symbol for node in free_nodes(lin))}
    leading = {*cell.states}
    for node in lin.backward():
        if node.name not in leading:
            continue
        for term in node.terms:
            if term.source in free:
                continue
            change = delta(node.name, node.rank)
            pulled = Mul(*term.coefficient, change)
            pulled = pulled if term.map is None else term.map.pull(pulled)
            if not pulled.atoms(Indexed) <= {*free, change}:
                return False
            leading.add(name_of(term.source))
    return True


def by_shape(run: Run, name: str, array: Array) -> Array:
    """An array (steps, size, samples) of a run as (steps, samples, *shape)."""
    shape = tuple(run.size(size) for size in linearise(run.cell).shape(name))
    return np.moveaxis(array, -1, 1).reshape(len(array), array.shape[-1], *shape)


def stored(array: Array, dtype: Any) -> Array:
    """(steps, samples, *shape) as (steps, size, samples), as a run keeps it."""
    flat = array.reshape(*array.shape[:2], math.prod(array.shape[2:]))
    return np.ascontiguousarray(np.moveaxis(flat, 1, 2), dtype)


class GeneralLoop:
    """The steps of a cell: `free` values over all steps at once, and a program for the rest.

    `values` holds what the inputs alone decide, (steps, samples, *shape).
    """

    def __init__(self, planned: Run) -> None:
        self.planned, self.cell, self.lin = planned, planned.cell, linearise(planned.cell)
        free = free_nodes(self.lin)
        self.values = {x: by_shape(planned, x, planned.inputs[x]) for x in self.cell.inputs}
        self.fixed = parameters_of(planned)
        known = self.fixed | {self.lin.variable(x): value for x, value in self.values.items()}
        arrays = Arrays(known, planned.size)
        with np.errstate(all="ignore"):
            for node in free:
                value = arrays.shaped(node.expression, node.shape)
                whole = np.broadcast_to(
                    value, (planned.steps, planned.samples, *planned.shape(node.name))
                )
                self.values[node.name] = known[node.symbol] = whole
        self.bound = [node for node in self.lin if node not in free]

    def program(self, nodes: Sequence[Node]) -> tuple[Program, list[Indexed], list[Indexed]]:
        """Some nodes of a step as a program, with what it takes: of the step, and before it."""
        held = {v for node in nodes for v in node.expression.atoms(Indexed)}
        given = [v for v in held if time_of(v) == 0 and name_of(v) in self.values]
        before = [v for v in held if time_of(v) != 0]
        program = Program(Arrays(dict(self.fixed), self.planned.size))
        for v in (*given, *before):
            program.take(v)
        for node in nodes:
            program.put(node.symbol, node.expression, node.shape)
        return program, given, before

    def run(
        self, start: int, stop: int, state: Mapping[str, Array], progress: Progress | None = None
    ) -> dict[str, Array]:
        """The values of the steps start … stop - 1 that the inputs alone do not decide, and the
        states, with the one before first; as a run keeps them."""
        planned, states, length = self.planned, self.cell.states, stop - start
        kept = {n.name: _room(planned, n, length + (n.name in states)) for n in self.bound}
        for name in states:
            if name not in kept:  # the inputs alone decide it
                kept[name] = _room(planned, self.lin[name], length + 1)
                kept[name][1:] = self.values[name][start:stop]
            kept[name][0] = by_shape(planned, name, state[name][None])[0]
        program, given, before = self.program(self.bound)
        rooms = [(kept[node.name], node.name in states) for node in self.bound]
        with np.errstate(all="ignore"):
            for t in range(length):
                now = [self.values[name_of(v)][start + t] for v in given]
                now += [kept[name_of(v)][t] for v in before]
                for (room, later), value in zip(rooms, program.run(now), strict=True):
                    room[t + later] = value
                if t % SEGMENT == SEGMENT - 1 or t == length - 1:
                    _check(planned, self.values, kept, start, t - t % SEGMENT, t + 1)
                    if progress is not None:
                        progress(start + t + 1, planned.steps)
        return {name: stored(array, planned.dtype) for name, array in kept.items()}

    def ahead(self, name: str, start: int, stop: int) -> Array | None:
        """A gate over some steps, as a run keeps it, if the inputs alone decide it."""
        if name not in self.values or name in self.cell.states:
            return None
        return stored(self.values[name][start:stop], self.planned.dtype)

    def whole(self, state: Mapping[str, Array], progress: Progress | None) -> dict[str, Array]:
        """Every value of all steps."""
        found = self.run(0, self.planned.steps, state, progress)
        for name in self.lin.nodes:
            if (own := self.ahead(name, 0, self.planned.steps)) is not None:
                found[name] = own
        return found

    @cached_property
    def is_tame(self) -> bool:
        """Whether each state goes on from those before it by finite numbers of the inputs."""
        finite = all(np.isfinite(value).all() for value in self.values.values())
        return finite and is_linear(self.cell)


def _room(planned: Run, node: Node, steps: int) -> Array:
    shape = (steps, planned.samples, *planned.shape(node.name))
    what = f"{node.name} of {planned.cell.name} over {steps} steps"
    must_fit(what, math.prod(shape), "take fewer units, steps or samples", MOST_BYTES)
    return np.empty(shape, planned.dtype)


def free_nodes(lin: Linearisation) -> list[Node]:
    """The nodes that the inputs and parameters alone decide."""
    free: list[Node] = []
    known = {lin.variable(x) for x in lin.cell.inputs}
    for node in lin:
        if node.expression.atoms(Indexed) <= known:
            free.append(node)
            known.add(node.symbol)
    return free


def _check(
    planned: Run,
    free: Mapping[str, Array],
    kept: Mapping[str, Array],
    origin: int,
    first: int,
    stop: int,
) -> None:
    """Raise where a state or an output is not finite, and say which value was the first.

    An output is what no other value reads, such as a memory over its normaliser. Steps
    first … stop - 1 are counted from `origin`, where what is kept begins.
    """
    lin, states = linearise(planned.cell), planned.cell.states
    read = {name_of(term.source) for node in lin for term in node.terms}
    for state in (*states, *(name for name in kept if name not in (*states, *read))):
        later = state in states
        array = kept[state][first + later : stop + later]
        if np.isfinite(np.add.reduce(array, axis=None)):
            continue  # so that no value of it is infinite or nan
        bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
        if bad.any():
            step = first + int(np.argmax(bad))
            at = {n: v[origin + step] for n, v in free.items()}
            at |= {n: v[step + (n in states)] for n, v in kept.items()}
            name = next((n for n in lin.nodes if n in at and not np.isfinite(at[n]).all()), state)
            owner = lin[name].owner
            told = later and owner == state
            through = "" if told else f", through {owner} = {_line(planned, owner)}"
            kind = "state" if later else "output"
            before = {s: kept[s][step] for s in states}
            why = _why(planned, lin[name], at, before)
            raise Diverged(
                f"the {kind} {state} of {planned.cell.name} is not finite from step "
                f"{origin + step} on (of {planned.steps}){through}: {why}"
            )


def _why(planned: Run, node: Node, at: Mapping[str, Array], before: Mapping[str, Array]) -> str:
    """What makes a value infinite or no number, from the values of its step and before it."""
    known: dict[Basic, Any] = parameters_of(planned)
    for v in node.expression.atoms(Indexed):
        known[v] = (at if time_of(v) == 0 else before)[name_of(v)]
    arrays = Arrays(known, planned.size)
    for power in node.expression.atoms(Pow):
        if power.exp.is_negative and not np.asarray(arrays.value(power.base)).all():
            return f"it divides by {text(power.base)}, which is 0 there; use another start or input"
    return (
        "it overflows, divides by zero or takes a logarithm of a negative number; use smaller "
        "weights or another start"
    )


def _line(planned: Run, name: str) -> str:
    return planned.cell.equation(name).partition(" = ")[2]


def over_steps(run: Run, expression: Expr, start: int, stop: int) -> Array:
    """An expression of a run's values over some steps, (steps, samples, …)."""
    return segment_of(run, expression.atoms(Indexed), start, stop).value(expression)


def segment_of(run: Run, symbols: Iterable[Indexed], start: int, stop: int) -> Arrays:
    """The semantics of some steps: some values of the run, each (steps, samples, …)."""
    window = window_of(run, start, stop)
    known = {v: by_shape(run, name_of(v), window[v]) for v in symbols}
    return Arrays({**parameters_of(run), **known}, run.size)


class Moment:
    """The values of one step of a run, for expressions of them and of gradients."""

    def __init__(self, run: Run) -> None:
        self.run, self.lin = run, linearise(run.cell)
        self.fixed = parameters_of(run)
        self.shapes = {n: run.shape(n) for n in (*self.lin.nodes, *run.cell.inputs)}
        self.segment = run.steps if run.recompute is None else max(1, math.isqrt(run.steps))
        self.first, self.window = -1, window_of(run, 0, 0)

    def needed(self, expressions: Iterable[Expr]) -> frozenset[Indexed]:
        """The values of the run that some expressions hold."""
        found = {v for e in expressions for v in e.atoms(Indexed)}
        return frozenset(v for v in found if name_of(v) in self.shapes)

    def at(self, step: int, symbols: Iterable[Indexed]) -> Arrays:
        """The semantics of one step: the symbols that are asked for have their values."""
        first = step - step % self.segment
        if first != self.first:
            stop = min(first + self.segment, self.run.steps)
            self.first, self.window = first, window_of(self.run, first, stop)
        now = dict(self.fixed)
        for v in symbols:
            column = self.window[v][step - first]
            shape = self.shapes[name_of(v)]
            now[v] = np.moveaxis(column, -1, 0).reshape(column.shape[-1], *shape)
        return Arrays(now, self.run.size)
