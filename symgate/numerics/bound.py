"""The blocks of a step with places for their coefficients and arrays for their matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, MatrixExpr, S

from symgate.linear.transition import StepBlock
from symgate.numerics.run import Run, matrix_of

Array = NDArray[Any]

#: What one element of an array operation costs, in multiplications of a matrix product,
#: and what one call costs: they decide which way a step goes, never a result.
ELEMENT, CALL = 20, 10_000


@dataclass(frozen=True, eq=False)
class BoundBranch:
    """A branch with its matrix, `key`, as an array; `coefficient` is a place in the table or None.

    `columns` is where it lies among all that end at the same state of the step before: their
    matrices are stacked, and one product serves them all.
    """

    coefficient: int | None
    key: MatrixExpr
    matrix: Array
    rest: BoundBlock
    columns: slice | None


@dataclass(frozen=True, eq=False)
class BoundBlock:
    """A block with its coefficients as places in the table; a diagonal of 1 is place 0."""

    diagonal: int | None
    branches: tuple[BoundBranch, ...]
    is_identity: bool

    def forming(self) -> tuple[int, int]:
        """The cost of forming a dense matrix, and its number of elements."""
        cost, elements = 0, 0
        for branch in self.branches:
            rows, cols = branch.matrix.shape
            inner, inside = branch.rest.forming()
            elements = rows * (inside // max(cols, 1)) if inside else rows * cols
            cost += inner + inside * rows + 2 * ELEMENT * elements
        return cost, elements

    def running(self, rows: int) -> int:
        """The cost of running the terms one after the other on so many rows."""
        cost = 0 if self.diagonal is None else CALL
        for branch in self.branches:
            out, inside = branch.matrix.shape
            cost += (out * inside + ELEMENT * (out + inside)) * rows + 3 * CALL
            cost += branch.rest.running(rows)
        return cost


class Binding:
    """Binds blocks one after the other; gathers the table of coefficients and the stacks."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.table: dict[Expr, int] = {S.One: 0}
        self.arrays: dict[Any, Array] = {}
        self.stacked: dict[str, list[Array]] = {}

    def bind(self, f: StepBlock, state: str | None) -> BoundBlock:
        """A block with numbers for its coefficients and arrays for its matrices; `state` is
        the state of the step before that it ends at, None where it ends within the step."""
        branches = []
        for b in f.branches:
            matrix = self.matrix(b.matrix)
            place = None if b.coefficient == S.One else self.place(b.coefficient)
            columns = self.columns(state, matrix) if state and b.rest.is_identity else None
            rest = self.bind(b.rest, state)
            branches.append(BoundBranch(place, b.matrix, matrix, rest, columns))
        diagonal = None if f.diagonal == S.Zero else self.place(f.diagonal)
        return BoundBlock(diagonal, tuple(branches), f.is_identity)

    def matrix(self, matrix: Any) -> Array:
        if matrix not in self.arrays:
            self.arrays[matrix] = np.ascontiguousarray(matrix_of(self.run, matrix))
        return self.arrays[matrix]

    def columns(self, state: str, matrix: Array) -> slice:
        """The next free columns among the branches that end at a state."""
        parts = self.stacked.setdefault(state, [])
        start = sum(map(len, parts))
        parts.append(matrix)
        return slice(start, start + len(matrix))

    def place(self, coefficient: Expr) -> int:
        return self.table.setdefault(coefficient, len(self.table))
