"""Checks of two cells against one another: the same, alike in part, larger, slower."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import sympy as sp

from symgate.algebra.printing import text
from symgate.algebra.vectors import variable
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.judging.finding import CONDITIONS, FALSE, PROVED, Finding
from symgate.judging.probes import carry_of, input_size, shown, zeros
from symgate.linear.ranges import ranges
from symgate.numerics.initialise import init
from symgate.numerics.simulate import simulate


def same_cell(cells: Sequence[Cell]) -> Finding:
    """Whether two ways of writing a cell say the same, by comparing their normal forms."""
    found = compare(*cells)
    if found:
        return Finding(PROVED, f"one is the other, for all sizes, under the map {found.map}")
    if found.conditions:
        ways = " or ".join(" and ".join(way) for way in found.conditions)
        return Finding(CONDITIONS, f"the same where {ways}; in general not: {_told(*cells)}")
    return Finding(FALSE, _told(*cells))


def one_state(cells: Sequence[Cell]) -> Finding:
    """Whether the first cell does with one state what the second does with two."""
    one, two = cells
    counts = (
        f"states of {one.name}: {', '.join(one.states)}; of {two.name}: {', '.join(two.states)}"
    )
    if len(one.states) >= len(two.states):
        return Finding(FALSE, counts)
    (state,) = one.states[:1]
    carried = carry_of(one, state) is not None
    readers = [g for g in one.gates if one.equations[g].has(variable(state, 1))]
    if not (carried and readers):
        return Finding(FALSE, f"{counts}; but {state} is not both carried and read by the gates")
    return Finding(
        CONDITIONS,
        f"{counts}. {state} is carried like a cell state and read by {', '.join(readers)} like "
        f"an output. That is so of the parts; as functions the two cells are "
        f"{compare(one, two).verdict}",
    )


def plays_part(cells: Sequence[Cell], states: Sequence[str]) -> Finding:
    """Whether a state of one cell is carried as a state of another is."""
    told, sizes = [], []
    for cell, state in zip(cells, states, strict=True):
        carry = carry_of(cell, state)
        if carry is None:
            return Finding(FALSE, f"{state} of {cell.name} does not pass straight to itself")
        factor = text(sp.Mul(*carry.coefficient))
        told.append(
            f"∂{state}_t/∂{state}_{{t-1}} of {cell.name} has the direct term diag({factor})"
        )
        interval = ranges(cell)[state]
        sizes.append(f"{cell.name}'s {state} {shown(interval)}")
        if not carry.gates:
            return Finding(FALSE, f"{told[-1]}: no gate decides what is kept")
    readers = [
        f"{cell.name}'s {state} is read by {_list(_readers(cell, state))}"
        for cell, state in zip(cells, states, strict=True)
    ]
    return Finding(
        CONDITIONS,
        f"as carrier of the gradient: {'; '.join(told)}. Otherwise not: {'; '.join(sizes)}; "
        f"{'; '.join(readers)}",
    )


def more_parameters(cells: Sequence[Cell]) -> Finding:
    """Whether the first cell has more parameters than the second, at any size."""
    one, two = cells
    a, b = sp.expand(one.parameter_count()), sp.expand(two.parameter_count())
    ratio = sp.cancel(a / b)
    example = int(one.parameter_count(n=128, m=128)), int(two.parameter_count(n=128, m=128))
    said = (
        f"{one.name}: {_plain(a)}; {two.name}: {_plain(b)}; ratio {ratio}; {example[0]} to "
        f"{example[1]} at n = m = 128"
    )
    numbers = {one.name: example[0], two.name: example[1]}
    difference = sp.Poly(a - b)
    more = all(c > 0 for c in difference.coeffs())
    return Finding(PROVED if more else FALSE, said, numbers)


def more_work(cells: Sequence[Cell], hidden: int, steps: int) -> Finding:
    """Multiplications a step, which decide, and the time of a run, which is shown."""
    works = [_products(cell, hidden) for cell in cells]
    times = [_time(cell, hidden, steps) for cell in cells]
    work, measured = works[0] / works[1], times[0] / times[1]
    said = (
        f"multiplications in matrices a step at n = m = {hidden}: {works[0]} to {works[1]}, ratio "
        f"{work:.4g}; time forward over {steps} steps, measured here: ratio {measured:.2f}"
    )
    numbers = {"ratio of work": work, "ratio of time": measured}
    return Finding(CONDITIONS if work > 1 else FALSE, said, numbers)


def _products(cell: Cell, hidden: int) -> int:
    """How many numbers its matrices hold: each is multiplied once a step."""
    sizes = dict.fromkeys(cell.sizes.values(), hidden)
    matrices = [p.count for p in cell.parameters.values() if p.kind == "matrix"]
    return int(sp.Add(*matrices).subs(sizes))


def _time(cell: Cell, hidden: int, steps: int) -> float:
    params = init(cell, hidden=hidden, input=hidden, seed=0)
    x = np.random.default_rng(0).standard_normal((steps, hidden))
    best = np.inf
    for _ in range(4):
        start = time.perf_counter()
        simulate(cell, params, x)
        best = min(best, time.perf_counter() - start)
    return float(best)


def _readers(cell: Cell, state: str) -> list[str]:
    symbols = (variable(state, 1), variable(state))
    return [name for name, e in cell.equations.items() if name != state and e.has(*symbols)]


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "nothing else"


def _plain(count: sp.Expr) -> str:
    return str(count).replace("**", "^").replace("*", " ")


def _told(one: Cell, two: Cell) -> str:
    """How far two cells part that are given the same numbers, as far as names are the same."""
    if set(one.states) != set(two.states) or one.inputs != two.inputs:
        return f"states {', '.join(one.states)} in one, {', '.join(two.states)} in the other"
    rng = np.random.default_rng(0)
    params = {k: rng.integers(-9, 10, v.shape) / 10 for k, v in zeros(one, 2).items()}
    other = {k: params.get(k, v) for k, v in zeros(two, 2).items()}
    start = {s: np.array([0.5, -0.5]) for s in one.states}
    x = np.ones((1, input_size(one, params)))
    state = one.states[0]
    try:
        ends = [simulate(cell, p, x, start)[state][0] for cell, p in ((one, params), (two, other))]
    except SymgateError:
        return "their parameters have other shapes"
    shown = [f"({v[0]:.4f}, {v[1]:.4f})" for v in ends]
    return (
        f"with the same numbers (two units, x = 1, {state} = (0.5, -0.5), seed 0, the rest 0) the "
        f"next {state} is {shown[0]} in {one.name} and {shown[1]} in {two.name}"
    )
