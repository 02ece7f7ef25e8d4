"""Changes of matrices in a differential, laid out row by row: dS q, dS diag(w), ds kᵀ."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Identity, Integer

from symgate.algebra.operators import kronecker as tensor
from symgate.algebra.operators import transposed
from symgate.algebra.vectors import name_of
from symgate.checking.matrices import CHANGE
from symgate.checking.products import Item, Products
from symgate.checking.summands import added, expanded, multiplied
from symgate.checking.values import NotUnderstood, Operator, Place, Span, Value, Vector

ONE = Integer(1)


def around(products: Products, items: Sequence[Item]) -> list[Item]:
    """Items in which a change of a matrix has taken in what it is multiplied by.

    L dS R is (L ⊗ Rᵀ) dS, and the change of a vector times a vector, ds kᵀ, is ds ⊗ k.
    """
    found = list(items)
    for at, (_, value, _) in enumerate(items):
        if isinstance(value, Operator) and value.matrix is not None:
            begin, stop = _beside(found, at)
            return [*found[:begin], _taken(products, found[begin:stop], at - begin), *found[stop:]]
    for at in range(len(found) - 1):
        (_, one, first), (sign, other, last) = found[at : at + 2]
        if sign not in ("", "times") or not (_moves(one) or _moves(other)):
            continue
        left, right = _line(products, one, first), _line(products, other, last)
        if left is None or right is None or not left.cols == right.rows == ONE:
            continue
        if ONE not in (left.rows, right.cols):
            dyad = tensor(_matrix(left), transposed(_matrix(right)))
            whole = Span(first.start, last.stop)
            made = Operator(expanded(dyad), left.rows * right.cols, ONE).at(whole)
            line = products.scope.line(made)
            return [*found[:at], (found[at][0], line, whole), *found[at + 2 :]]
    return found


def _beside(items: Sequence[Item], at: int) -> tuple[int, int]:
    """From where to where the factors stand side by side with one of them."""
    first, stop = at, at + 1
    while first > 0 and items[first][0] in ("", "times"):
        first -= 1
    while stop < len(items) and items[stop][0] in ("", "times"):
        stop += 1
    return first, stop


def _taken(products: Products, items: Sequence[Item], at: int) -> Item:
    value, place = items[at][1], Span(items[0][2].start, items[-1][2].stop)
    assert isinstance(value, Operator)
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
    made = Operator(parts, before.rows * after.cols, ONE).at(place).scaled(number * more)
    return items[0][0], products.scope.line(made), place


def _product(products: Products, items: Sequence[Item]) -> tuple[Expr, Operator | None]:
    """The factors on one side as a number and a matrix."""
    number: Expr = ONE
    made: Operator | None = None
    for _, value, place in items:
        line = _line(products, value, place)
        if line is None:
            assert isinstance(value, Vector)
            number *= value.expr
            continue
        both: Value = line if made is None else products.times(made, line, place)
        if isinstance(both, Vector):
            number, made = number * both.expr, None
        else:
            made = both
    return number, made


def _line(products: Products, value: Value, place: Place) -> Operator | None:
    """A vector as the column or the row that it is; None for a number."""
    if isinstance(value, Operator) or value.size is None:
        return value if isinstance(value, Operator) else None
    return products.line(value, place)


def _matrix(value: Operator) -> Expr:
    return added(value.parts, value.rows, value.cols)


def _moves(value: Value) -> bool:
    """Whether it is a column or a row in which a change stands."""
    return (
        isinstance(value, Operator)
        and ONE in (value.rows, value.cols)
        and any(
            v.is_Indexed and name_of(v).startswith(CHANGE.format(""))
            for part in value.parts
            for factor in part.factors
            for v in factor.free_symbols
        )
    )
