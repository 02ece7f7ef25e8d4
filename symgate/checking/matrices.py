"""A matrix of the step as one matrix, and as the column that holds its rows one below the other.

Both need the matrix E of n² × n whose column j is e_j ⊗ e_j: a letter that points know.
"""

from __future__ import annotations

from sympy import Expr, Identity, Integer

from symgate.algebra.matrices import MatrixOf
from symgate.algebra.operators import Column, OperatorProduct, kronecker
from symgate.algebra.vectors import variable
from symgate.checking.summands import Summand
from symgate.checking.values import Operator

ONE = Integer(1)

#: What E is called, by its n.
LETTER = "letter:E:{}"

#: What the change of a state or an input is called, by its name.
CHANGE = "letter:d:{}"


def diagonals(size: Expr) -> MatrixOf:
    """E of a size: A ⊙ B is Eᵀ (A ⊗ B) E."""
    return MatrixOf(variable(LETTER.format(size), rank=2), size * size, size)


def folded(column: Operator, rows: Expr, cols: Expr) -> Operator:
    """A column as the matrix whose rows it holds: (I ⊗ cᵀ) (E 1 ⊗ I)."""
    identity = OperatorProduct(diagonals(rows), Column(rows, ONE))
    spread = kronecker(identity, Identity(cols))
    parts = tuple(
        Summand(s.number, (kronecker(Identity(rows), row.operator), spread), rows, cols)
        for s in column.parts
        for row in [Summand(ONE, s.factors, s.rows, s.cols).turned()]
    )
    return Operator(parts, rows, cols)
