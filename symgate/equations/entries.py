"""Values entry by entry: each value of a step is a table, the list of its rows.

A number is a table of one entry, a vector a table of one column. What has one row or one
column goes with every row or column of what it stands beside. The entries are SymPy
expressions, as an explicit form has them; a subclass may calculate with other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import mul
from typing import Any

import sympy as sp
from sympy import Expr

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.vectors import name_of, time_of

Table = list[list[Any]]
Tables = Mapping[str, Table]


class Entries(Semantics):
    """The entries of vector expressions at one step.

    `size` says how long a symbolic size is. `now` holds the variables of the step by name,
    `before` those of the steps before it, the last one first.
    """

    def __init__(
        self,
        size: Callable[[Expr], int],
        parameters: Tables,
        before: Sequence[Tables],
        inputs: Tables,
    ) -> None:
        self.size, self.parameters, self.before = size, parameters, before
        self.now = dict(inputs)

    def shaped(self, e: Expr, shape: Sequence[Expr]) -> Table:
        """The table of an expression in a shape; a number stands for all its entries."""
        rows, cols = [*map(self.size, shape), 1, 1][:2]
        return spread_over(fold(e, self), rows, cols)

    # -- what is done with entries -----------------------------------------------------------

    def sum(self, entries: Iterable[Any]) -> Any:
        return sp.Add(*entries)

    def product(self, *entries: Any) -> Any:
        return sp.Mul(*entries)

    def raised(self, base: Any, exponent: Any) -> Any:
        return sp.Pow(base, exponent)

    def root(self, entry: Any) -> Any:
        return sp.sqrt(entry)

    def exponential(self, entry: Any) -> Any:
        return sp.exp(entry)

    # -- values ------------------------------------------------------------------------------

    def variable(self, e: Any) -> Table:
        lag = -int(time_of(e))
        return (self.before[lag - 1] if lag else self.now)[name_of(e)]

    def parameter(self, e: Any) -> Table:
        return self.parameters[e.name]

    symbol = parameter

    def number(self, e: Expr) -> Table:
        return [[e]]

    def add(self, parts: Sequence[Table], e: Any) -> Table:
        return each(lambda *entries: self.sum(entries), parts)

    def multiply(self, parts: Sequence[Table], e: Any) -> Table:
        return each(self.product, parts)

    def power(self, base: Table, exponent: Table, e: Any) -> Table:
        return each(self.raised, [base, exponent])

    def apply(self, arguments: Sequence[Table], e: Any) -> Table:
        return each(e.func, arguments)

    def matvec(self, matrix: Table, vector: Table, e: Any) -> Table:
        return self.times(matrix, spread_over(vector, self.size(e.matrix.cols), width(vector)))

    def stack(self, parts: Sequence[Table], e: Any) -> Table:
        sized = zip(parts, e.sizes, strict=True)
        return [row for part, size in sized for row in spread_over(part, self.size(size), 1)]

    def total(self, vector: Table, e: Any) -> Table:
        return [[self.sum(flat(vector))]]

    def dot(self, u: Table, v: Table, e: Any) -> Table:
        return self.total(each(self.product, [u, v]), e)

    def mean(self, vector: Table, e: Any) -> Table:
        return [[self.sum(flat(vector)) / len(vector)]]

    def norm(self, vector: Table, e: Any) -> Table:
        return [[self.root(self.sum(v * v for v in flat(vector)))]]

    def spread(self, vector: Table, e: Any) -> Table:
        return [[self.deviation(vector, e.epsilon, e.centred)[1]]]

    def deviation(self, vector: Table, epsilon: Expr, centred: bool) -> tuple[list[Any], Any]:
        """A vector, or what it is apart from its mean, and √(mean of squares + ε)."""
        mean = self.mean(vector, None)[0][0] if centred else 0
        apart = [v - mean for v in flat(vector)]
        square = self.sum(v * v for v in apart) / len(vector)
        return apart, self.root(square + self.number(epsilon)[0][0])

    def mixing(self, vector: Table, e: Any) -> Table:
        if e.name == "softmax":
            entries = [self.exponential(v) for v in flat(vector)]
            whole = self.sum(entries)
        else:
            entries, whole = self.deviation(vector, e.epsilon, e.name == "layer_norm")
        return [[v / whole] for v in entries]

    def dyad(self, u: Table, v: Table, e: Any) -> Table:
        return self.times(u, turned(v))

    def act(self, matrix: Table, operand: Table, e: Any) -> Table:
        matrix = turned(matrix) if e.transposed else matrix
        return self.times(matrix, spread_over(operand, width(matrix), width(operand)))

    def right_times(self, value: Table, matrix: Table, e: Any) -> Table:
        return self.times(value, matrix)

    def across(self, vector: Table, e: Any) -> Table:
        return turned(vector)

    def down(self, vector: Table, e: Any) -> Table:
        return vector

    # -- operators ---------------------------------------------------------------------------

    def transpose(self, matrix: Table, e: Any) -> Table:
        return turned(matrix)

    def identity(self, e: Any) -> Table:
        return self.diagonal(self.number(sp.S.One), e)

    def diagonal(self, vector: Table, e: Any) -> Table:
        entries, zero = self.column(vector, e), self.number(sp.S.Zero)[0][0]
        return [
            [v if i == j else zero for j in range(len(entries))] for i, (v,) in enumerate(entries)
        ]

    def column(self, vector: Table, e: Any) -> Table:
        return spread_over([[v] for v in flat(vector)], self.size(e.rows), 1)

    def matadd(self, parts: Sequence[Table], e: Any) -> Table:
        return each(lambda *entries: self.sum(entries), parts)

    def matmul(self, scale: Table | None, matrices: Sequence[Table], e: Any) -> Table:
        product = matrices[0]
        for other in matrices[1:]:
            product = self.times(product, other)
        return product if scale is None else each(self.product, [scale, product])

    def times(self, a: Table, b: Table) -> Table:
        columns = list(zip(*b, strict=True)) or [()]  # nothing has one column
        return [[self.sum(map(mul, row, column)) for column in columns] for row in a]


def each(function: Callable[..., Any], parts: Sequence[Table]) -> Table:
    """A function of several values, entry by entry."""
    rows, cols = max(map(len, parts)), max(map(width, parts))
    spread = [spread_over(part, rows, cols) for part in parts]
    return [list(map(function, *lines)) for lines in zip(*spread, strict=True)]


def spread_over(value: Table, rows: int, cols: int) -> Table:
    """The value in a shape; one row or column stands for all."""
    lines = value * rows if len(value) == 1 else value
    return lines if width(value) == cols else [line * cols for line in lines]


def width(value: Table) -> int:
    return len(value[0]) if value else 1


def turned(matrix: Table) -> Table:
    return list(map(list, zip(*matrix, strict=True)))


def flat(value: Table) -> list[Any]:
    """The entries, row by row."""
    return [entry for row in value for entry in row]
