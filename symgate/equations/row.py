"""The cell of one row, where every row of a matrix state runs by itself; and that of its transpose.

Linear attention and its kin write v kᵀ into S, and what is done to S is done from the right: to
each row alike. Row i needs row i of v alone, and of the matrix that makes v. Then S is a vector
s, S q the number sᵀ q, and v kᵀ the vector v k.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Indexed, MatrixSymbol, Symbol, Transpose
from sympy.core.basic import Basic

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.language import language
from symgate.algebra.operators import transposed
from symgate.algebra.rebuilding import Rebuilt
from symgate.algebra.values import Across, Dot, Down, Dyad, RightTimes, StepProduct
from symgate.algebra.vectors import MatVec, Vector, name_of, rank, time_of, variable
from symgate.equations.cell import Cell, cell_of_text
from symgate.errors import SymgateError


def row_of(cell: Cell) -> tuple[Cell, dict[str, str]]:
    """The cell for one row of the matrix states, and its names by those of the cell.

    >>> import symgate as sg
    >>> row, names = row_of(sg.cell("retnet"))
    >>> print(row)
    k[t] = W_k @ x[t]
    v[t] = dot(w_v, x[t])
    q[t] = W_q @ x[t]
    s[t] = gamma * s[t-1] + v[t] * k[t]
    o[t] = dot(q[t], s[t])
    >>> names["W_v"], names["S"]
    ('w_v', 's')
    """
    sides = {shape[0] for name, shape in cell.shapes.items() if len(shape) == 2}
    if len(sides) != 1:
        raise SymgateError(f"{cell.name} has no matrices of the step whose rows are alike")
    one_row = _OneRow(cell, sides.pop())
    lines = [
        f"{one_row.names[n]}[t] = {language(fold(e, one_row))}" for n, e in cell.equations.items()
    ]
    roles = {one_row.names[n]: role for n, role in cell.roles.items()}
    return cell_of_text("\n".join(lines), f"{cell.name}-row", roles=roles), one_row.names


class _OneRow(Semantics):
    """Expressions for one row: what has `side` rows has one."""

    def __init__(self, cell: Cell, side: Expr) -> None:
        self.cell, self.side = cell, side
        shapes = {n: p.shape for n, p in cell.parameters.items()} | dict(cell.shapes)
        self.rows = {n for n, shape in shapes.items() if shape and shape[0] == side}
        if any(side in shape[1:] for shape in shapes.values()):
            self.refuse("what has as many rows as the matrices of the step has columns elsewhere")
        taken = {*shapes}
        self.names = {n: n for n in shapes}
        for name in sorted(n for n in self.rows if len(shapes[n]) == 2):
            lower = name[0].lower() + name[1:]
            self.names[name] = lower if lower not in taken else f"{name}_row"
            taken.add(self.names[name])

    def refuse(self, why: str) -> None:
        raise SymgateError(f"the rows of {self.cell.name} do not run by themselves: {why}")

    def by_rows(self, e: Basic) -> bool:
        """Whether an expression has a component or a row for each row of the matrices."""
        return any(
            getattr(a, "name", None) in self.rows or (a.is_Indexed and name_of(a) in self.rows)
            for a in e.atoms(Indexed, Symbol, MatrixSymbol)
        )

    def unknown(self, e: Any) -> Any:
        if self.by_rows(e):
            self.refuse(f"{language(e)} takes all of them together")
        return e

    def variable(self, e: Indexed) -> Expr:
        if not self.by_rows(e):
            return e
        return variable(self.names[name_of(e)], -time_of(e), rank(e) - 1)

    def parameter(self, e: Symbol) -> Expr:
        return Symbol(self.names[e.name], real=True) if self.by_rows(e) else e

    def symbol(self, e: MatrixSymbol) -> Basic:
        return Vector(self.names[e.name], real=True) if self.by_rows(e) else e

    def add(self, parts: Sequence[Expr], e: Expr) -> Expr:
        return e.func(*parts) if self.by_rows(e) else e

    multiply = add

    def apply(self, arguments: Sequence[Expr], e: Expr) -> Expr:
        return self.add(arguments, e)

    def power(self, base: Expr, exponent: Expr, e: Expr) -> Expr:
        return self.add((base, exponent), e)

    def matvec(self, matrix: Basic, vector: Expr, e: MatVec) -> Expr:
        alone = self.by_rows(e.matrix) and not self.by_rows(e.vector)
        return Dot(matrix, vector) if alone else self.unknown(e)

    def act(self, matrix: Expr, operand: Expr, e: StepProduct) -> Expr:
        alone = self.by_rows(e.matrix) and not (e.transposed or self.by_rows(e.operand))
        return Dot(matrix, operand) if alone else self.unknown(e)

    def dyad(self, u: Expr, v: Expr, e: Dyad) -> Expr:
        alone = self.by_rows(e.args[0]) and not self.by_rows(e.args[1])
        return u * v if alone else self.unknown(e)

    def right_times(self, value: Expr, matrix: Basic, e: RightTimes) -> Expr:
        return MatVec(Transpose(e.matrix), value) if self.by_rows(e.value) else self.unknown(e)

    def across(self, vector: Expr, e: Across) -> Expr:
        """1 wᵀ beside a matrix is w beside its row."""
        return vector

    def down(self, vector: Expr, e: Down) -> Expr:
        return vector


class _TransposedRow(Rebuilt):
    """Each matrix of the step as the transpose of what it was."""

    def dyad(self, u: Expr, v: Expr, e: Dyad) -> Expr:
        return Dyad(v, u)

    def down(self, vector: Expr, e: Down) -> Expr:
        return Across(vector)

    def across(self, vector: Expr, e: Across) -> Expr:
        return Down(vector)

    def act(self, matrix: Expr, operand: Expr, e: StepProduct) -> Expr:
        if rank(e) > 1:
            raise SymgateError("two matrices of the step are multiplied")
        return StepProduct(matrix, operand, not e.transposed)

    def right_times(self, value: Expr, matrix: Any, e: RightTimes) -> Expr:
        return MatVec(transposed(e.matrix), value)

    def matvec(self, matrix: Any, vector: Expr, e: MatVec) -> Expr:
        if rank(e) == 1:
            return MatVec(e.matrix, vector)
        return RightTimes(vector, transposed(e.matrix))


def turned(e: Expr) -> Expr:
    """An expression where each matrix of the step is the transpose of what it was."""
    found: Expr = fold(e, _TransposedRow())
    return found
