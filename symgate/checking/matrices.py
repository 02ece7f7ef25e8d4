"""A matrix of matrices; a matrix of the step as one matrix, and as the column that holds its
rows one below the other.

The last two need the matrix E of n² × n whose column j is e_j ⊗ e_j: a letter that points know.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Identity, Integer
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.matrices import MatrixOf
from symgate.algebra.operators import Column, OperatorProduct, kronecker
from symgate.algebra.vectors import variable
from symgate.checking.summands import Addend, added
from symgate.checking.values import NotUnderstood, Place, Transform

ONE = Integer(1)

#: What E is called, by its n.
LETTER = "letter:E:{}"

#: What the change of a state or an input is called, by its name.
CHANGE = "letter:d:{}"


def diagonals(size: Expr) -> MatrixOf:
    """E of a size: A ⊙ B is Eᵀ (A ⊗ B) E."""
    return MatrixOf(variable(LETTER.format(size), rank=2), size * size, size)


def folded(column: Transform, rows: Expr, cols: Expr) -> Transform:
    """A column as the matrix whose rows it holds: (I ⊗ cᵀ) (E 1 ⊗ I)."""
    identity = OperatorProduct(diagonals(rows), Column(rows, ONE))
    spread = kronecker(identity, Identity(cols))
    parts = tuple(
        Addend(s.number, (kronecker(Identity(rows), row.operator), spread), rows, cols)
        for s in column.parts
        for row in [Addend(ONE, s.factors, s.rows, s.cols).turned()]
    )
    return Transform(parts, rows, cols)


def blocks(rows: Sequence[Sequence[Transform]], at: Place) -> Transform:
    """A matrix of matrices."""
    if len({len(row) for row in rows}) != 1:
        raise NotUnderstood("the rows of this matrix are not of one length", at)
    if any(part.rows != row[0].rows for row in rows for part in row) or any(
        part.cols != first.cols for row in rows for part, first in zip(row, rows[0], strict=True)
    ):
        raise NotUnderstood("the blocks of this matrix do not fit", at)
    whole = BlockMatrix([[added(p.parts, p.rows, p.cols) for p in row] for row in rows])
    height, width = whole.shape
    part = Addend(ONE, (whole,), height, width, at.start, at.stop)
    return Transform((part,), height, width, grid=tuple(map(tuple, rows)))
