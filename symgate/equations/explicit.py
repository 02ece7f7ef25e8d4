"""The component form of a cell: plain SymPy matrices, for those who want plain SymPy.

It is also the oracle that the engine is tested against, and shares nothing with the
linearisation: it writes the equations out component by component.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import (
    Expr,
    Identity,
    ImmutableMatrix,
    Indexed,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Symbol,
    Transpose,
)

from symgate.algebra.operators import Diag
from symgate.algebra.vectors import MatVec, Stack, Vector, name_of, time_of
from symgate.errors import SymgateError

if TYPE_CHECKING:
    from symgate.equations.cell import Cell

MAX_SIZE = 64


@dataclass(frozen=True)
class Explicit:
    """A cell in components.

    `state`, `next_state` and `input` are columns of all states (inputs), one below the
    other; `parameters` and `values` map names to matrices. Everything is ordinary SymPy.
    """

    state: ImmutableMatrix
    next_state: ImmutableMatrix
    input: ImmutableMatrix
    parameters: Mapping[str, ImmutableMatrix]
    values: Mapping[str, ImmutableMatrix]

    def jacobian(self) -> ImmutableMatrix:
        """∂ next_state / ∂ state, by SymPy's own `Matrix.jacobian`."""
        return self.next_state.jacobian(self.state)


def explicit(cell: Cell, sizes: Mapping[str, int]) -> Explicit:
    """Write a cell out in components; sizes that are not given are n."""
    unknown = set(sizes) - set(cell.sizes) - {"n", "m"}
    if unknown:
        raise SymgateError(f"{min(unknown)!r} is no size of {cell.name}: {', '.join(cell.sizes)}")
    for letter, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SIZE:
            raise SymgateError(f"the size {letter} is a whole number from 0 to {MAX_SIZE}")
    given = {symbol: sizes.get(letter, sizes["n"]) for letter, symbol in cell.sizes.items()}
    walk = _Components(cell, given)
    return walk.explicit()


class _Components:
    def __init__(self, cell: Cell, sizes: Mapping[Symbol, int]) -> None:
        self.cell, self.sizes = cell, sizes
        self.parameters = {
            p.name: self.symbols(p.name, *map(self.number, p.shape))
            for p in cell.parameters.values()
        }
        self.before = {s: self.symbols(s, self.number(cell.size(s))) for s in cell.states}
        self.now = {x: self.symbols(x, self.number(cell.size(x))) for x in cell.inputs}

    def number(self, size: Expr) -> int:
        return int(size.subs(self.sizes))

    def symbols(self, name: str, rows: int | None = None, cols: int | None = None) -> Any:
        if rows is None:
            return ImmutableMatrix([[Symbol(name, real=True)]])
        width = 1 if cols is None else cols
        return ImmutableMatrix(
            rows, width,
            lambda i, j: Symbol(
                f"{name}_{i + 1}" if cols is None else f"{name}_{i + 1},{j + 1}", real=True
            ),
        )  # fmt: skip

    def explicit(self) -> Explicit:
        for name, expression in self.cell.equations.items():
            size = self.number(self.cell.size(name))
            self.now[name] = ImmutableMatrix([self.component(expression, i) for i in range(size)])
        return Explicit(
            state=_column(self.before[s] for s in self.cell.states),
            next_state=_column(self.now[s] for s in self.cell.states),
            input=_column(self.now[x] for x in self.cell.inputs),
            parameters=self.parameters,
            values=self.now,
        )

    def component(self, e: Expr, i: int) -> Expr:
        """Component i of a vector expression."""
        if isinstance(e, Indexed):
            values = self.now if time_of(e) == 0 else self.before
            return values[name_of(e)][i]
        if isinstance(e, Vector):
            return self.parameters[e.name][i]
        if isinstance(e, MatVec):
            matrix = self.matrix(e.matrix)
            vector = self.column(e.vector, e.matrix.cols)
            return sp.Add(*(matrix[i, j] * v for j, v in enumerate(vector)))
        if not e.args:
            return e
        return e.func(*(self.component(a, i) for a in e.args))

    def column(self, e: Expr, size: Expr) -> list[Expr]:
        if isinstance(e, Stack):
            parts = zip(e.parts, e.sizes, strict=True)
            return [component for part in parts for component in self.column(*part)]
        return [self.component(e, i) for i in range(self.number(size))]

    @singledispatchmethod
    def matrix(self, a: Any) -> Any:
        raise SymgateError(f"{a} is not a matrix of the language")

    @matrix.register
    def _(self, a: MatrixSymbol) -> Any:
        return self.parameters[a.name]

    @matrix.register
    def _(self, a: Transpose) -> Any:
        return self.matrix(a.arg).T

    @matrix.register
    def _(self, a: Identity) -> Any:
        return sp.eye(self.number(a.rows))

    @matrix.register
    def _(self, a: Diag) -> Any:
        return sp.diag(*self.column(a.vector, a.rows))

    @matrix.register
    def _(self, a: MatAdd) -> Any:
        return sum((self.matrix(part) for part in a.args[1:]), self.matrix(a.args[0]))

    @matrix.register
    def _(self, a: MatMul) -> Any:
        scale, matrices = a.as_coeff_matrices()
        result = self.matrix(matrices[0])
        for other in matrices[1:]:
            result = result * self.matrix(other)
        return scale * result


def _column(parts: Any) -> ImmutableMatrix:
    stacked = [entry for part in parts for entry in part]
    return ImmutableMatrix(len(stacked), 1, stacked)
