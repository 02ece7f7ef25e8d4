"""Verify a cell's derivatives against its equations alone, when a document is made.

The equations are evaluated as they were typed, component by component, with 40 digits,
and differentiated numerically by central differences; nothing of the linearisation has a
part in that. What is compared with them are the objects that are printed: each block of
`jacobian` and, where a block is printed path by path, the sum of its paths. All arithmetic
is done with whole numbers inside mpmath, so that every machine gets the same digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from operator import mul
from random import Random
from typing import Any

from sympy import Expr, MatrixExpr

from symgate.algebra.fold import fold
from symgate.algebra.operators import total
from symgate.algebra.vectors import name_of
from symgate.equations.cell import Cell
from symgate.equations.entries import Table, Tables, each, flat, spread_over, width
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError
from symgate.linear.adjoint import adjoint, delta
from symgate.linear.evaluation import ManyDigits, context
from symgate.linear.jacobian import jacobian
from symgate.linear.linearise import linearise
from symgate.linear.paths import MAX_PATHS, count, paths

STEPS = 2


@dataclass(frozen=True)
class Verified:
    """The largest deviations from the differences, and the sizes they were taken at."""

    sizes: Mapping[str, int]
    one_step: float
    paths: float
    two_steps: float
    gradients: float

    @property
    def largest(self) -> float:
        return max(self.one_step, self.paths, self.two_steps, self.gradients)

    @property
    def holds(self) -> bool:
        """Whether every deviation is that of the differences themselves."""
        return self.largest < 1e-15


@once_a_cell
def verified(cell: Cell) -> Verified:
    """Compare the derived Jacobian and gradients with differences of the equations.

    >>> import symgate as sg
    >>> check = verified(sg.cell("gru"))
    >>> check.holds, dict(check.sizes)
    (True, {'n': 2, 'm': 3})
    """
    for draw in range(8):
        try:
            return _Trial(cell, Random(draw)).verified()
        except ArithmeticError:
            continue  # a logarithm of a negative number, say: draw again
    raise SymgateError(
        f"{cell.name} could not be evaluated at any of 8 random points; are there logarithms, "
        f"roots or quotients that are not real, or exponentials beyond any number?"
    )


class _Trial:
    """One random point: parameters, inputs of two steps, the states before them."""

    def __init__(self, cell: Cell, random: Random) -> None:
        self.cell, self.lin, self.random, self.mp = cell, linearise(cell), random, context()
        self.step = self.mp.mpf(10) ** -12
        self.sizes = {letter: 2 if i == 0 else 3 for i, letter in enumerate(cell.sizes)}
        self.numbers = {symbol: self.sizes[letter] for letter, symbol in cell.sizes.items()}
        self.known: dict[Expr, int] = {}
        self.parameters = {p.name: self.draw(p.shape) for p in cell.parameters.values()}
        self.inputs = [{x: self.draw(cell.shapes[x]) for x in cell.inputs} for _ in range(STEPS)]
        self.start = {s: each(abs, [self.draw(cell.shapes[s])]) for s in cell.states}

    def size(self, e: Expr) -> int:
        if e not in self.known:
            self.known[e] = int(e.subs(self.numbers))
        return self.known[e]

    def draw(self, shape: tuple[Expr, ...]) -> Table:
        random = self.random.random
        if not shape:
            return [[self.mp.mpf(0.1 + 0.8 * random())]]
        rows, cols = [*map(self.size, shape), 1][:2]
        return [[self.mp.mpf(1.6 * random() - 0.8) for _ in range(cols)] for _ in range(rows)]

    # -- the equations as they were typed ------------------------------------------------

    def run(self, parameters: Tables, start: Tables, first: int = 0) -> Tables:
        """The states after the last step, from the equations."""
        state = start
        for inputs in self.inputs[first:]:
            values = ManyDigits(self.mp, self.size, parameters, [state], inputs)
            for name, expression in self.cell.equations.items():
                values.now[name] = values.shaped(expression, self.cell.shapes[name])
            state = {s: values.now[s] for s in self.cell.states}
        return state

    # -- what the linearisation says -----------------------------------------------------

    def nodes(self) -> list[ManyDigits]:
        """The values of all nodes, step by step."""
        out: list[ManyDigits] = []
        for inputs in self.inputs:
            before = [*(values.now for values in reversed(out)), self.start]
            values = ManyDigits(self.mp, self.size, self.parameters, before, inputs)
            for node in self.lin:
                values.now[node.name] = values.shaped(node.expression, node.shape)
            out.append(values)
        return out

    def verified(self) -> Verified:
        steps = self.nodes()
        last = {s: steps[-2].now[s] for s in self.cell.states}
        one, two = self.differences(last, STEPS - 1), self.differences(self.start, 0)
        return Verified(
            self.sizes,
            one_step=self.deviation(one, steps[-1], self.block),
            paths=self.deviation(one, steps[-1], self.sum_of_paths),
            two_steps=self.deviation(two, steps[-1], lambda of, wrt: self.block(of, wrt, 2)),
            gradients=float(self.gradients(steps)),
        )

    # -- the objects that are printed ----------------------------------------------------

    def block(self, of: str, wrt: str, lag: int = 1) -> MatrixExpr:
        return jacobian(self.cell, of, wrt, lag=lag)

    def sum_of_paths(self, of: str, wrt: str) -> MatrixExpr | None:
        """The block path by path, where it is written so."""
        if count(self.lin, of, wrt) > MAX_PATHS:
            return None
        parts = [path.operator(self.lin) for path in paths(self.lin, of, wrt)]
        return total(parts, self.lin.size(of), self.lin.size(wrt))

    def deviation(
        self, expected: Table, values: ManyDigits, printed: Callable[..., MatrixExpr | None]
    ) -> float:
        """The largest, over all blocks, of a printed operator from the differences."""
        worst, row = 0.0, 0
        for of in self.cell.states:
            rows, col = self.size(self.lin.size(of)), 0
            for wrt in self.cell.states:
                cols = self.size(self.lin.size(wrt))
                operator = printed(of, wrt)
                if operator is not None:
                    found = fold(operator, values)
                    block = [line[col : col + cols] for line in expected[row : row + rows]]
                    worst = max(worst, _deviation(block, found))
                col += cols
            row += rows
        return worst

    def differences(self, start: Tables, first: int) -> Table:
        columns = []
        for name in self.cell.states:
            for i, j in product(range(len(start[name])), range(width(start[name]))):
                sides = []
                for sign in (1, -1):
                    moved = [list(row) for row in start[name]]
                    moved[i][j] += sign * self.step
                    after = self.run(self.parameters, {**start, name: moved}, first)
                    sides.append([v for s in self.cell.states for v in flat(after[s])])
                columns.append([(a - b) / (2 * self.step) for a, b in zip(*sides, strict=True)])
        return [list(row) for row in zip(*columns, strict=True)]

    def gradients(self, steps: list[ManyDigits]) -> Any:
        """∂L/∂p along a random direction of each parameter, L = w · (last states)."""
        back = adjoint(self.cell)
        weights = {s: self.draw(self.cell.shapes[s]) for s in self.cell.states}
        sums: dict[str, list[Table]] = {}
        later: Tables = weights
        for values in reversed(steps):
            for name, expression in back.deltas.items():
                found = values.shaped(expression, self.lin.shape(name))
                if name in later:
                    found = _moved(found, later[name], 1)
                values.now[name_of(delta(name))] = found
            for name, expression in back.gradients.items():
                like = self.parameters[name]
                found = spread_over(fold(expression, values), len(like), width(like))
                sums.setdefault(name, []).append(found)
            later = {s: values.shaped(e, self.lin.shape(s)) for s, e in back.previous.items()}
        worst: Any = 0
        for name in self.cell.parameters:
            direction = self.draw(self.cell.parameters[name].shape)
            told = sum(_inner(part, direction) for part in sums[name])
            sides = []
            for sign in (1, -1):
                moved = _moved(self.parameters[name], direction, sign * self.step)
                after = self.run({**self.parameters, name: moved}, self.start)
                sides.append(sum(_inner(weights[s], after[s]) for s in weights))
            worst = max(worst, abs(told - (sides[0] - sides[1]) / (2 * self.step)))
        return worst


def _inner(a: Table, b: Table) -> Any:
    return sum(sum(map(mul, *rows)) for rows in zip(a, b, strict=True))


def _moved(a: Table, direction: Table, step: Any) -> Table:
    return each(lambda x, y: x + step * y, [a, direction])


def _deviation(a: Table, b: Table) -> float:
    return float(
        max(abs(x - y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True))
    )
