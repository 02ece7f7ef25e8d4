"""Numbers for cells: drawn, and run step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed
from sympy.core.basic import Basic

from symgate.algebra.vectors import name_of
from symgate.comparing.normal import Normal, is_of_rows
from symgate.comparing.polynomials import MatrixFactor
from symgate.equations.cell import Cell
from symgate.linear.jacobian import jacobian
from symgate.linear.linearise import linearise
from symgate.numerics.values import Arrays

Array = NDArray[np.float64]
Values = dict[str, Array]
Named = Mapping[str, Array]
Sizes = Mapping[Any, int]


def all_sizes(cell: Cell, n: int) -> dict[Any, int]:
    """Every size of a cell as n."""
    return dict.fromkeys(cell.sizes.values(), n)


def shape(expressions: tuple[Expr, ...], sizes: Sizes) -> tuple[int, ...]:
    return tuple(sizes[e] if e in sizes else int(e.subs(sizes)) for e in expressions)


class Trajectory(Arrays):
    """A cell at given numbers, step by step: from its own equations, all sizes being n.

    Axes before those of a value are for many parameters and many points at once.
    """

    def __init__(self, cell: Cell, n: int, parameters: Named, start: Named) -> None:
        sizes = all_sizes(cell, n)
        super().__init__({}, lambda size: shape((size,), sizes)[0])
        self.cell = cell
        self.given = {p.symbol: parameters[p.name] for p in cell.parameters.values()}
        self.given |= {cell.variable(x): start[x] for x in cell.inputs}
        before = {cell.variable(s, 1): start[s] for s in cell.states}
        self.steps: list[dict[Any, Any]] = [{**self.given, **before}]

    def at(self, expression: Basic, step: int) -> Array:
        """The value of an expression at a step, the first being 0."""
        while len(self.steps) <= step:
            last, cell = len(self.steps) - 1, self.cell
            before = {cell.variable(s, 1): self.at(cell.variable(s), last) for s in cell.states}
            self.steps.append({**self.given, **before})
        self.known = self.steps[step]
        return self.value(expression)

    def state(self, name: str) -> Array:
        """A state or a gate after the first step."""
        return self.at(self.cell.variable(name), 0)

    def variable(self, e: Indexed) -> Array:
        """A gate or a state at t, from its equation; or what an activation acts on."""
        name = name_of(e)
        if name in self.cell.equations:
            return self.shaped(self.cell.equations[name], self.cell.shapes[name])
        node = linearise(self.cell)[name]
        return self.shaped(node.expression, node.shape)

    def jacobian(self, of: str, wrt: str, lag: int) -> Array:
        """∂of/∂wrt over so many steps from the start, through every state between."""
        if lag == 1:
            return self.at(jacobian(self.cell, of, wrt), 0)
        parts = [
            self.at(jacobian(self.cell, of, through), lag - 1)
            @ self.jacobian(through, wrt, lag - 1)
            for through in self.cell.states
        ]
        return np.asarray(sum(parts[1:], parts[0]))


def block(array: Array, matrix: MatrixFactor, cell: Normal, sizes: Sizes) -> Array:
    """The array of a matrix token: a block of it, transposed if it says so."""
    if matrix.block:
        widths = shape(cell.widths[matrix.name], sizes)
        at = cell.blocks[matrix.name].index(matrix.block)
        start = sum(widths[:at])
        part = slice(start, start + widths[at])
        array = array[..., part, :] if is_of_rows(matrix.block) else array[..., part]
    return np.swapaxes(array, -1, -2) if matrix.transposed else array


# -- drawing numbers ---------------------------------------------------------------------


@dataclass(frozen=True)
class Draw:
    """Numbers for a cell: parameters, inputs and states before the step."""

    n: int
    parameters: Values
    variables: Values


#: What draws an array of a shape.
Some = Callable[[tuple[int, ...]], Array]


def drawn(cell: Normal, n: int, parameter: Some, variable: Some) -> Draw:
    """Numbers for a cell, all sizes being n; a state that is always another one is that one."""
    sizes, own = all_sizes(cell.cell, n), cell.cell
    parameters = {p.name: parameter(shape(p.shape, sizes)) for p in own.parameters.values()}
    names = (*own.inputs, *cell.states)
    variables = {name: variable(shape((own.size(name),), sizes)) for name in names}
    return Draw(n, parameters, cell.doubled(variables))


def draws(cell: Normal, count: int) -> Iterator[Draw]:
    """Small round numbers for a cell, at one unit first and then at two."""
    for n in (1, 2):
        rng = np.random.default_rng(0)
        for i in range(count):
            some = np.ones if n == 1 and i == 0 else partial(_round, rng)
            yield drawn(cell, n, some, some)


def _round(rng: np.random.Generator, its: tuple[int, ...]) -> Array:
    return rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=its)
