"""Products of what a formula says: side by side, by components, ⊗, powers, transposes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Expr, Integer

from symgate.algebra.operators import Column, Diag, Row
from symgate.algebra.operators import kronecker as tensor
from symgate.algebra.values import Dot
from symgate.algebra.vectors import MatVec, Total
from symgate.checking.scope import Scope
from symgate.checking.summands import Summand, TooMany, added, expanded, multiplied
from symgate.checking.values import NotUnderstood, Operator, Place, Value, Vector

ONE = Integer(1)


class Products:
    """Products in one scope, which says how an ambiguous one is meant."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.cell, self.lin = scope, scope.cell, scope.lin

    def common(self, one: Expr | None, other: Expr | None, at: Place) -> Expr | None:
        if one is None or other is None:
            return one if other is None else other
        if one != other:
            raise NotUnderstood(f"a vector of {other} meets one of {one}", at)
        return one

    def as_operator(
        self, value: Value, at: Place, rows: Expr | None = None, cols: Expr | None = None
    ) -> Operator:
        """A vector where a matrix is due is its diagonal; where a column is, that column."""
        if isinstance(value, Operator):
            return value
        if value.size is None:
            size = self.lin.size(self.cell.output) if rows is None else rows
            if value.expr == 0:
                return Operator((), size, size if cols is None else cols)
            if not value.unit and size != ONE:
                self.scope.way("one")
            return Operator((Summand(value.expr, (), size, size, at.start, at.stop),), size, size)
        if ONE in (rows, cols) and value.size in (rows, cols):
            column = Operator(
                (Summand(ONE, (Column(value.size, value.expr),), value.size, ONE),),
                value.size,
                ONE,
            ).at(at)
            return column if cols == ONE else column.turned
        if value.expr.has(MatVec):
            self.scope.way("beside", again=True)
        return self.diag(value, at)

    def diag(self, value: Vector, at: Any) -> Operator:
        size = self.lin.size(self.cell.output) if value.size is None else value.size
        number, rest = value.expr.as_coeff_Mul()
        part = Summand(number, (Diag(size, rest),), size, size, at.start, at.stop)
        return Operator((part,), size, size)

    def beside(self, a: Value, b: Value, at: Place, inside: bool) -> Value:
        match a, b:
            case Vector(ones=True), Vector(size=size) if size is not None:
                return Vector(Total(b.expr), None)
            case Vector(size=size), Vector(ones=True) if size is not None:
                row = (Summand(ONE, (Row(size, ONE),), ONE, size),)
                return self.times(self.as_operator(a, at, size, ONE), Operator(row, ONE, size), at)
            case Vector(ones=True), Operator(cols=cols) if cols == ONE:
                row = (Summand(ONE, (Row(b.rows, ONE),), ONE, b.rows),)
                return self.times(Operator(row, ONE, b.rows), b, at)
            case Vector(), Vector():
                size = self.common(a.size, b.size, at)
                return Vector(a.expr * b.expr, size, (a.unit or b.unit) and size is None)
            case Vector(size=None), Operator():
                return replace(b, parts=tuple(s.scaled(a.expr) for s in b.parts))
            case Operator(), Vector(size=None):
                return replace(a, parts=tuple(s.scaled(b.expr) for s in a.parts))
            case Vector(size=size), Operator(rows=rows) if rows == ONE and size is not None:
                return self.times(self.as_operator(a, at, size, ONE), b, at)
            case Operator(cols=cols), Vector(size=size) if cols == ONE and size is not None:
                if self.scope.row:
                    return self.times(a, self.as_operator(b, at, ONE, size), at)
                return self.times(self.diag(b, at), a, at)
            case Operator(rows=rows), Vector(size=size) if rows == ONE and a.cols == size:
                assert size is not None
                return self.times(a, self.as_operator(b, at, size, ONE), at)
            case Vector(), Operator(cols=cols) if cols == ONE:
                return self.times(self.diag(a, at), b, at)
            case Vector(), Operator():
                if self.scope.row and inside:
                    return self.applied(b.turned, a, at)
                self.scope.way("beside")
                return self.times(self.diag(a, at), b, at)
            case Operator(), Vector():
                if inside or self.scope.way("beside") == "product":
                    return self.applied(a, b, at)
                return self.times(a, self.diag(b, at), at)
        assert isinstance(a, Operator)
        assert isinstance(b, Operator)
        return self.times(a, b, at)

    def by_components(self, a: Value, b: Value, at: Place, sign: str) -> Value:
        match a, b:
            case (Vector(), Vector()) | (Vector(size=None), _) | (_, Vector(size=None)):
                return self.beside(a, b, at, False)
            case (Vector() as v, Operator() as line) | (Operator() as line, Vector() as v) if (
                ONE in (line.rows, line.cols)
            ):
                scale = self.diag(v, at)
                column = line.cols == ONE
                return self.times(scale, line, at) if column else self.times(line, scale, at)
            case Vector(), Operator():
                if sign == "star" and self.scope.way("broadcast") == "columns":
                    return self.times(b, self.diag(a, at), at)
                return self.times(self.diag(a, at), b, at)
            case Operator(), Vector():
                if self.scope.way("broadcast") == "columns":
                    return self.times(a, self.diag(b, at), at)
                return self.times(self.diag(b, at), a, at)
        if sign == "star":
            return self.beside(a, b, at, False)
        raise NotUnderstood("a product by components of two matrices", at)

    def kronecker(self, a: Value, b: Value, at: Place) -> Value:
        """A ⊗ B; an I on one side is as large as the other leaves room for."""
        if isinstance(a, Vector) and isinstance(b, Vector) and not (a.unit or b.unit):
            return self.beside(a, b, at, False)
        shapes = [self.lin.shape(s) for s in self.cell.states]
        sizes = next((shape for shape in shapes if len(shape) == 2), None)
        if sizes is None:
            raise NotUnderstood(f"{self.cell.name} has no matrix of the step", at)
        left, right = (self.side(v, at, size) for v, size in zip((a, b), sizes, strict=True))
        found = tensor(*(added(p.parts, p.rows, p.cols) for p in (left, right)))
        return Operator(expanded(found), *found.shape).at(at)

    def side(self, value: Value, at: Place, size: Expr) -> Operator:
        """A side of ⊗: a vector is a column."""
        if isinstance(value, Operator) or value.size is None:
            return self.as_operator(value, at, size)
        column = self.as_operator(value, at, value.size, ONE)
        return column.turned if self.scope.row else column

    def times(self, a: Operator, b: Operator, at: Place) -> Value:
        if a.cols != b.rows:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot stand before one of {b.rows} × {b.cols}",
                at,
            )
        try:
            found = Operator(multiplied(a.parts, b.parts), a.rows, b.cols)
        except TooMany as error:
            raise NotUnderstood(str(error), at) from None
        return _scalar(found) or found

    def applied(self, a: Operator, b: Vector, at: Place) -> Vector:
        assert b.size is not None
        if a.cols != b.size:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot act on a vector of {b.size}", at
            )
        made = [MatVec(s.operator, b.expr) for s in a.parts]
        return Vector(sum(made, Integer(0)), a.rows)

    def quotient(self, a: Value, b: Value, at: Place) -> Value:
        if isinstance(b, Operator):
            raise NotUnderstood("nothing can be divided by a matrix", at)
        if b.expr == 0:
            raise NotUnderstood("this divides by zero", at)
        return self.beside(a, Vector(1 / b.expr, b.size), at, False)

    def raised(self, value: Value, power: int | str | None, at: Place) -> Value:
        if power is None:
            return value
        if power == "T":
            if isinstance(value, Operator):
                return value.turned
            if value.size is None:
                return replace(value, ones=value.expr == 1)
            column = self.as_operator(value, at, value.size, ONE)
            return column if self.scope.row else column.turned
        assert isinstance(power, int)
        if isinstance(value, Vector):
            return Vector(value.expr**power, value.size, value.unit)
        if not 1 <= power <= 6:
            raise NotUnderstood("this power of a matrix is not understood", at)
        result: Value = value
        for _ in range(power - 1):
            result = self.beside(result, value, at, False)
        return result


def _scalar(found: Operator) -> Vector | None:
    """uᵀ v, which is a number."""
    if (found.rows, found.cols) != (ONE, ONE):
        return None
    total: Expr = Integer(0)
    for s in found.parts:
        match s.factors:
            case (Row() as row, Column() as column):
                total += s.number * _dot(row.vector, column.vector)
            case (Row() as row, Diag() as diag, Column() as column):
                total += s.number * _dot(row.vector, diag.vector * column.vector)
            case _:
                return None
    return Vector(total, None)


def _dot(u: Expr, v: Expr) -> Expr:
    return Total(v) if u == ONE else Dot(u, v)
