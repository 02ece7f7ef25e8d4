"""Changes of matrices in a differential, laid out row by row: dS q, dS diag(w), ds kᵀ."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Identity

from symgate.algebra.operators import Column, transposed
from symgate.algebra.operators import kronecker as tensor
from symgate.algebra.vectors import name_of
from symgate.checking.matrices import CHANGE, ONE, diagonals
from symgate.checking.products import Item, ProductReader
from symgate.checking.summands import Summands, added, expanded, multiplied
from symgate.checking.values import Extent, NotUnderstood, Place, Transform, Value, VectorRead


def around(products: ProductReader, items: Sequence[Item]) -> list[Item]:
    """Items in which a change of a matrix has taken in what it is multiplied by.

    L dS R is (L ⊗ Rᵀ) dS, and the change of a vector times a vector, ds kᵀ, is ds ⊗ k.
    """
    found = list(items)
    for at, (_, value, _) in enumerate(items):
        if isinstance(value, Transform) and value.matrix is not None:
            begin, stop = _beside(found, at)
            return [*found[:begin], _taken(products, found[begin:stop], at - begin), *found[stop:]]
    for at, (_, value, _) in enumerate(items):
        if isinstance(value, Transform) and value.rows == value.cols == ONE and moves(value):
            begin, stop = _beside(found, at)
            taken = _number_taken(products, found[begin:stop], at - begin)
            if taken is not None:
                return [*found[:begin], taken, *found[stop:]]
    for at in range(len(found) - 1):
        (_, one, first), (sign, other, last) = found[at : at + 2]
        if sign not in ("", "times", "at") or not (moves(one) or moves(other)):
            continue
        left, right = _line(products, one, first), _line(products, other, last)
        if left is None or right is None or not left.cols == right.rows == ONE:
            continue
        if ONE not in (left.rows, right.cols):
            shape = left.rows, right.cols
            dyad = tensor(_matrix(left), transposed(_matrix(right)))
            whole = Extent(first.start, last.stop)
            made = Transform(expanded(dyad), shape[0] * shape[1], ONE, matrix=shape).at(whole)
            item = found[at][0], products.scope.line(made), whole
            return around(products, [*found[:at], item, *found[at + 2 :]])
    return found


def _number_taken(products: ProductReader, items: Sequence[Item], at: int) -> Item | None:
    """The change of a number times a matrix M, da M, row by row: (M ⊗ I) (E 1) da."""
    number, line = _product(products, [*items[:at], *items[at + 1 :]])
    value, place = items[at][1], Extent(items[0][2].start, items[-1][2].stop)
    if line is None or ONE in (line.rows, line.cols):
        return None
    assert isinstance(value, Transform)
    parts = multiplied(expanded(tensor(_matrix(line), Identity(line.cols))), _ones(line.cols))
    rows = line.rows * line.cols
    made = Transform(multiplied(parts, value.parts), rows, ONE, matrix=(line.rows, line.cols))
    return items[0][0], products.scope.line(made.at(place).scaled(number)), place


def _ones(size: Expr) -> Summands:
    """E 1, the rows of the identity one below the other."""
    return multiplied(expanded(diagonals(size)), expanded(Column(size, ONE)))


def spread(line: Transform) -> Transform:
    """The change diag(dw) of a matrix, from that of the vector."""
    column = line if line.cols == ONE else line.turned
    size = column.rows
    parts = multiplied(expanded(diagonals(size)), column.parts)
    return Transform(parts, size * size, ONE, matrix=(size, size))


def _beside(items: Sequence[Item], at: int) -> tuple[int, int]:
    """From where to where the factors stand side by side with one of them."""
    first, stop = at, at + 1
    while first > 0 and items[first][0] in ("", "times", "at"):
        first -= 1
    while stop < len(items) and items[stop][0] in ("", "times", "at"):
        stop += 1
    return first, stop


def _taken(products: ProductReader, items: Sequence[Item], at: int) -> Item:
    value, place = items[at][1], Extent(items[0][2].start, items[-1][2].stop)
    assert isinstance(value, Transform)
    assert value.matrix is not None
    number, left = _product(products, items[:at])
    more, right = _product(products, items[at + 1 :])
    if left is None and right is None:
        return items[0][0], value.scaled(number * more), place
    turned = (value.cols == ONE) is products.scope.row
    rows, cols = value.matrix[::-1] if turned else value.matrix
    before, after = (
        Identity(size) if side is None else _matrix(side)
        for side, size in ((left, rows), (right, cols))
    )
    if before.cols != rows or after.rows != cols:
        raise NotUnderstood(f"a matrix of {rows} × {cols} does not fit what it stands by", place)
    if turned and ONE not in (before.rows, after.cols):
        raise NotUnderstood("the transpose of this change is not understood", place)
    one, other = (transposed(after), before) if turned else (before, transposed(after))
    column = value if value.cols == ONE else value.turned
    parts = multiplied(expanded(tensor(one, other)), column.parts)
    made = Transform(parts, before.rows * after.cols, ONE).at(place).scaled(number * more)
    return items[0][0], products.scope.line(made), place


def _product(products: ProductReader, items: Sequence[Item]) -> tuple[Expr, Transform | None]:
    """The factors on one side as a number and a matrix."""
    number: Expr = ONE
    made: Transform | None = None
    for _, value, place in items:
        line = _line(products, value, place)
        if line is None:
            assert isinstance(value, VectorRead)
            number *= value.expr
            continue
        both: Value = line if made is None else products.times(made, line, place)
        if isinstance(both, VectorRead):
            number, made = number * both.expr, None
        else:
            made = both
    return number, made


def _line(products: ProductReader, value: Value, place: Place) -> Transform | None:
    """A vector as the column or the row that it is; None for a number."""
    if isinstance(value, Transform) or value.size is None:
        return value if isinstance(value, Transform) else None
    return products.line(value, place)


def _matrix(value: Transform) -> Expr:
    return added(value.parts, value.rows, value.cols)


def moves(value: Value) -> bool:
    """Whether it is a column or a row in which a change stands."""
    return (
        isinstance(value, Transform)
        and ONE in (value.rows, value.cols)
        and any(
            v.is_Indexed and name_of(v).startswith(CHANGE.format(""))
            for part in value.parts
            for factor in part.factors
            for v in factor.free_symbols
        )
    )
