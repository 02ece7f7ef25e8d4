"""The cell of one row, where every row of a matrix state runs by itself; and that of its transpose.

Linear attention and its kin write v kᵀ into S, and what is done to S is done from the right: to
each row alike. Row i needs row i of v alone, and of the matrix that makes v. Then S is a vector
s, S q the number sᵀ q, and v kᵀ the vector v k.
"""

from __future__ import annotations

from sympy import (
    Add,
    Expr,
    Function,
    Indexed,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    Pow,
    Symbol,
    Transpose,
)

from symgate.algebra.language import language
from symgate.algebra.operators import transposed
from symgate.algebra.values import Across, Dot, Down, Dyad, RightTimes, StepProduct
from symgate.algebra.vectors import MatVec, Vector, as_product, name_of, rank, time_of, variable
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
    lines = [f"{one_row.names[n]}[t] = {language(one_row(e))}" for n, e in cell.equations.items()]
    roles = {one_row.names[n]: role for n, role in cell.roles.items()}
    return cell_of_text("\n".join(lines), f"{cell.name}-row", roles=roles), one_row.names


class _OneRow:
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

    def by_rows(self, e: Expr) -> bool:
        """Whether an expression has a component or a row for each row of the matrices."""
        return any(
            getattr(a, "name", None) in self.rows or (a.is_Indexed and name_of(a) in self.rows)
            for a in e.atoms(Indexed, Symbol, MatrixSymbol)
        )

    def __call__(self, e: Expr) -> Expr:
        if not self.by_rows(e):
            return e
        product = as_product(e)
        plain = product is not None and isinstance(product.matrix, MatrixSymbol)
        if product is not None and plain and not self.by_rows(product.vector):
            return Dot(Vector(self.names[product.matrix.name], real=True), product.vector)
        match e:
            case Indexed():
                return variable(self.names[name_of(e)], -time_of(e), rank(e) - 1)
            case Vector():
                return Symbol(self.names[e.name], real=True)
            case StepProduct() if not e.transposed and not self.by_rows(e.operand):
                return Dot(self(e.matrix), e.operand)
            case Dyad() if not self.by_rows(e.args[1]):
                return self(e.args[0]) * e.args[1]
            case RightTimes():
                return MatVec(Transpose(e.matrix), self(e.value))
            case Down():
                return self(e.args[0])
            case Add() | Mul() | Pow():
                return e.func(*map(self, _without_sides(e.args)))
            case Function():
                return e.func(*map(self, e.args))
        self.refuse(f"{language(e)} takes all of them together")
        raise AssertionError


def _without_sides(parts: tuple[Expr, ...]) -> list[Expr]:
    """1 wᵀ beside a matrix is w beside its row."""
    return [p.args[0] if isinstance(p, Across) else p for p in parts]


def turned(e: Expr) -> Expr:
    """An expression where each matrix of the step is the transpose of what it was."""
    if not e.args or isinstance(e, Indexed | MatrixExpr):
        return e
    parts = [turned(p) if isinstance(p, Expr) else p for p in e.args]
    match e:
        case Dyad():
            return Dyad(parts[1], parts[0])
        case Down():
            return Across(parts[0])
        case Across():
            return Down(parts[0])
        case StepProduct() if rank(e) == 1:
            return StepProduct(parts[0], parts[1], not e.transposed)
        case StepProduct():
            raise SymgateError("two matrices of the step are multiplied")
        case RightTimes():
            return MatVec(transposed(e.matrix), parts[0])
        case MatVec() if rank(e) == 2:
            return RightTimes(parts[1], transposed(e.matrix))
    found: Expr = e.func(*parts)
    return found
