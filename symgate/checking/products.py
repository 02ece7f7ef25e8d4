"""Products of what a formula says: side by side, by components, ⊗, powers, transposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from sympy import Add, Expr, Integer, MatrixExpr

from symgate.algebra.operators import Column, Diag, factored, product, transposed
from symgate.algebra.operators import kronecker as tensor
from symgate.algebra.structure import diagonal
from symgate.algebra.vectors import MatVec, Total
from symgate.checking.matrices import ONE, blocks, diagonals
from symgate.checking.scope import WayToRead
from symgate.checking.summands import Addend, TooMany, added, expanded, multiplied
from symgate.checking.values import Extent, NotUnderstood, Place, Transform, Value, VectorRead

#: A factor with the sign before it, and its place.
Item = tuple[str, Value, Place]

#: What may stand raised: a number, or T; None for nothing.
Power = Any


class ProductReader:
    """Products in one scope, which says how an ambiguous one is meant."""

    def __init__(self, scope: WayToRead) -> None:
        self.scope, self.cell, self.lin = scope, scope.cell, scope.lin

    def common(self, one: Expr | None, other: Expr | None, at: Place) -> Expr | None:
        if one is None or other is None:
            return one if other is None else other
        if one != other:
            raise NotUnderstood(f"a vector of {other} meets one of {one}", at)
        return one

    def as_operator(
        self, value: Value, at: Place, rows: Expr | None = None, cols: Expr | None = None
    ) -> Transform:
        """A vector where a matrix is due is its diagonal; where a column is, that column."""
        if isinstance(value, Transform):
            return value
        if value.size is None:
            size = self.lin.size(self.cell.output) if rows is None else rows
            if value.expr == 0:
                return Transform((), size, size if cols is None else cols)
            if not value.unit and size != ONE:
                self.scope.way("one")
            return Transform((Addend(value.expr, (), size, size, at.start, at.stop),), size, size)
        if ONE in (rows, cols) and value.size in (rows, cols):
            column = Transform(
                (Addend(ONE, (Column(value.size, value.expr),), value.size, ONE),),
                value.size,
                ONE,
            ).at(at)
            return column if cols == ONE else column.turned
        if value.expr.has(MatVec):
            self.scope.way("beside")
        return self.diag(value, at)

    def way_beside(self, at: Place) -> str:
        """How a vector beside a matrix is meant: alike wherever the same is written."""
        return self.scope.way("beside", about=self.scope.text[at.start : at.stop])

    def diag(self, value: VectorRead, at: Any) -> Transform:
        size = self.lin.size(self.cell.output) if value.size is None else value.size
        number, rest = value.expr.as_coeff_Mul()
        part = Addend(number, (Diag(size, rest),), size, size, at.start, at.stop)
        return Transform((part,), size, size)

    def beside(self, a: Value, b: Value, at: Place, inside: bool) -> Value:
        match a, b:
            case VectorRead(size=None, ones=""), VectorRead(ones=kind) if kind:
                return replace(b, expr=a.expr * b.expr)
            case VectorRead(ones="row"), VectorRead(size=size) if size is not None:
                return VectorRead(a.expr * Total(b.expr), None)
            case VectorRead(size=size), VectorRead(ones="row") if size is not None:
                if self.scope.row:
                    return VectorRead(b.expr * Total(a.expr), None)
                return self.times(self.as_operator(a, at, size, ONE), ones(size, b).turned, at)
            case VectorRead(ones="column"), VectorRead(ones="row"):
                size = self.lin.size(self.cell.output)
                return self.times(ones(size, a), ones(size, b).turned, at)
            case VectorRead(ones="row"), Transform():
                return self.times(ones(b.rows, a).turned, b, at)
            case VectorRead(ones="column"), Transform(rows=rows) if self.scope.row:
                return self.times(ones(rows, a).turned, b, at)
            case Transform(), VectorRead(ones=kind) if kind and (kind == "row") == self.scope.row:
                return self.times(a, ones(a.cols, b), at)
            case (Transform(rows=rows, cols=cols), Transform()) if rows == cols == ONE != b.rows:
                return _scaled(b, a)
            case (Transform(), Transform(rows=rows, cols=cols)) if rows == cols == ONE != a.cols:
                return _scaled(a, b)
            case (Transform(rows=rows, cols=cols), VectorRead(size=size)) | (
                VectorRead(size=size),
                Transform(rows=rows, cols=cols),
            ) if rows == cols == ONE and size is not None and size != ONE:
                line, number = (b, a) if isinstance(a, Transform) else (a, b)
                assert isinstance(line, VectorRead)
                assert isinstance(number, Transform)
                column = self.as_operator(line, at, line.size, ONE)
                return _scaled(self.scope.line(column), number)
            case VectorRead(), VectorRead():
                size = self.common(a.size, b.size, at)
                return VectorRead(a.expr * b.expr, size, (a.unit or b.unit) and size is None)
            case VectorRead(size=None), Transform():
                return b.scaled(a.expr)
            case Transform(), VectorRead(size=None):
                return a.scaled(b.expr)
            case VectorRead(size=size), Transform(rows=rows) if rows == ONE and size is not None:
                return self.times(self.as_operator(a, at, size, ONE), b, at)
            case Transform(cols=cols), VectorRead(size=size) if cols == ONE and size is not None:
                if self.scope.row:
                    return self.times(a, self.as_operator(b, at, ONE, size), at)
                return self.times(self.diag(b, at), a, at)
            case Transform(rows=rows), VectorRead(size=size) if rows == ONE and a.cols == size:
                assert size is not None
                return self.times(a, self.as_operator(b, at, size, ONE), at)
            case VectorRead(size=size), Transform(rows=rows, cols=cols) if (
                self.scope.row and cols == ONE and rows == size
            ):
                return self.times(self.as_operator(a, at, ONE, size), b, at)
            case VectorRead(), Transform(cols=cols) if cols == ONE:
                return self.times(self.diag(a, at), b, at)
            case VectorRead(), Transform():
                if self.scope.row and (inside or self.way_beside(at) == "product"):
                    return self.applied(b.turned, a, at)
                self.way_beside(at)
                return self.times(self.diag(a, at), b, at)
            case Transform(), VectorRead():
                if inside or self.way_beside(at) == "product":
                    return self.applied(a, b, at)
                return self.times(a, self.diag(b, at), at)
        assert isinstance(a, Transform)
        assert isinstance(b, Transform)
        return self.times(a, b, at)

    def by_components(self, a: Value, b: Value, at: Place, sign: str) -> Value:
        match a, b:
            case (
                (VectorRead(), VectorRead())
                | (VectorRead(size=None), _)
                | (_, VectorRead(size=None))
            ):
                return self.beside(a, b, at, False)
            case (VectorRead() as v, Transform() as line) | (
                Transform() as line,
                VectorRead() as v,
            ) if ONE in (line.rows, line.cols):
                scale = self.diag(v, at)
                column = line.cols == ONE
                return self.times(scale, line, at) if column else self.times(line, scale, at)
            case VectorRead(), Transform():
                if sign == "star" and self.scope.way("broadcast") == "columns":
                    return self.times(b, self.diag(a, at), at)
                return self.times(self.diag(a, at), b, at)
            case Transform(), VectorRead():
                if self.scope.way("broadcast") == "columns":
                    return self.times(a, self.diag(b, at), at)
                return self.times(self.diag(b, at), a, at)
        if sign == "star":
            return self.beside(a, b, at, False)
        assert isinstance(a, Transform)
        assert isinstance(b, Transform)
        if (a.rows, a.cols) != (b.rows, b.cols):
            shapes = f"{a.rows} × {a.cols} and of {b.rows} × {b.cols}"
            raise NotUnderstood(f"a product by components of matrices of {shapes}", at)
        rows, cols = diagonals(a.rows), diagonals(a.cols)
        both = tensor(*(added(p.parts, p.rows, p.cols) for p in (a, b)))
        whole = (transposed(rows), both, cols)
        return Transform((Addend(ONE, whole, a.rows, a.cols),), a.rows, a.cols).at(at)

    def kronecker(self, a: Value, b: Value, at: Place) -> Value:
        """A ⊗ B; an I on one side is as large as the other leaves room for."""
        if isinstance(a, VectorRead) and isinstance(b, VectorRead) and not (a.unit or b.unit):
            return self.beside(a, b, at, False)
        shapes = [self.lin.shape(s) for s in self.cell.states]
        sizes = next((shape for shape in shapes if len(shape) == 2), None)
        if sizes is None:
            raise NotUnderstood(f"{self.cell.name} has no matrix of the step", at)
        left, right = (self.side(v, at, size) for v, size in zip((a, b), sizes, strict=True))
        found = tensor(*(added(p.parts, p.rows, p.cols) for p in (left, right)))
        return Transform(expanded(found), *found.shape).at(at)

    def outer(self, items: list[Item]) -> list[Item]:
        """With p pᵀ behind a matrix taken together, as M p pᵀ is M (p pᵀ)."""
        found = items[:1]
        for sign, value, at in items[1:]:
            own, before, place = found[-1]
            row = isinstance(value, Transform) and value.rows == ONE != value.cols
            column = isinstance(before, VectorRead) and before.size is not None and not before.ones
            if row and column and len(found) > 1 and sign == "" and not self.scope.row:
                place = Extent(place.start, at.stop)
                found[-1] = (own, self.beside(before, value, place, False), place)
            else:
                found.append((sign, value, at))
        return found

    def tensors(self, items: list[Item]) -> list[Item]:
        """With A ⊗ B told from ⊙, and taken together where it is to bind first."""
        found: list[Item] = []
        for sign, value, at in items:
            between = self.scope.text[found[-1][2].stop : at.start] if found else ""
            if sign != "hadamard" or not ("⊗" in between or "\\otimes" in between):
                found.append((sign, value, at))
            elif len(items) > 2 and self.scope.way("tensor") == "of factors":
                own, before, place = found[-1]
                found[-1] = (
                    own,
                    self.kronecker(before, value, at),
                    Extent(place.start, at.stop),
                )
            else:
                found.append(("tensor", value, at))
        return found

    def side(self, value: Value, at: Place, size: Expr) -> Transform:
        """A side of ⊗: a vector is a column."""
        if isinstance(value, Transform) or value.size is None:
            return self.as_operator(value, at, size)
        return self.line(value, at)

    def line(self, vector: VectorRead, at: Place) -> Transform:
        """A vector as the column that it is, or as a row where vectors are rows."""
        return self.scope.line(self.as_operator(vector, at, vector.size, ONE))

    def times(self, a: Transform, b: Transform, at: Place) -> Value:
        if a.cols != b.rows:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot stand before one of {b.rows} × {b.cols}",
                at,
            )
        if a.grid and [p.cols for p in a.grid[0]] == [row[0].rows for row in b.grid]:
            return self.by_blocks(a, b, at)
        factors = (*(a.factors or (a,)), *(b.factors or (b,)))
        try:
            found = Transform(multiplied(a.parts, b.parts), a.rows, b.cols, factors)
        except TooMany:
            whole = tuple(added(p.parts, p.rows, p.cols) for p in factors)
            part = Addend(ONE, whole, a.rows, b.cols)
            found = Transform((part,), a.rows, b.cols, factors).at(at)
        return _scalar(found) or found

    def by_blocks(self, a: Transform, b: Transform, at: Place) -> Transform:
        """A product of two matrices of matrices, block by block."""

        def entry(row: Sequence[Transform], col: Sequence[Transform]) -> Transform:
            shape = row[0].rows, col[0].cols
            made = [self.times(x, y, at) for x, y in zip(row, col, strict=True)]
            parts = [s for v in made for s in self.as_operator(v, at, *shape).parts]
            return Transform(tuple(parts), *shape)

        cols = list(zip(*b.grid, strict=True))
        rows = [[entry(row, col) for col in cols] for row in a.grid]
        return rows[0][0] if len(rows) == len(cols) == 1 else blocks(rows, at)

    def blocks(self, rows: Sequence[Sequence[tuple[Value, Place]]], at: Place) -> Transform:
        """A matrix of matrices; 0 and I are as large as what stands beside them, else as the
        state of their row or column."""
        shapes = [[_shape(v) for v, _ in row] for row in rows]
        heights: list[Expr | None] = [next((s[0] for s in row if s), None) for row in shapes]
        columns = zip_longest(*shapes)
        widths: list[Expr | None] = [next((s[1] for s in col if s), None) for col in columns]
        square = [
            (i, j)
            for i, row in enumerate(rows)
            for j, (v, _) in enumerate(row)
            if isinstance(v, VectorRead) and v.size is None and v.expr != 0
        ]
        states = [self.lin.size(s) for s in self.cell.states]
        for due in ([], states):  # what is known goes through every I before states are asked
            for sizes in (heights, widths):
                if len(sizes) == len(due):
                    sizes[:] = [own or size for own, size in zip(sizes, due, strict=True)]
            for i, j in square * len(square):
                heights[i] = widths[j] = heights[i] or widths[j]
        found = [
            [
                self.as_operator(v, place, height, width)
                for (v, place), width in zip(row, widths, strict=False)
            ]
            for row, height in zip(rows, heights, strict=True)
        ]
        return blocks(found, at)

    def summed(self, column: Transform, mean: bool, at: Place) -> Value:
        """The sum of a column's components, or their mean."""
        number = VectorRead(1 / column.rows if mean else ONE, None)
        return self.times(ones(column.rows, number).turned, column, at)

    def everywhere(self, number: Transform, shape: tuple[Expr, Expr], at: Place) -> Transform:
        """A number in every component of a column or a row."""
        rows, cols = shape
        line = ones(rows) if cols == ONE else ones(cols).turned
        return _scaled(line, number) if shape != (ONE, ONE) else number

    def applied(self, a: Transform, b: VectorRead, at: Place) -> VectorRead:
        assert b.size is not None
        if a.cols != b.size:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot act on a vector of {b.size}", at
            )
        made = [MatVec(s.operator, b.expr) for s in a.parts]
        return VectorRead(sum(made, Integer(0)), a.rows)

    def quotient(self, a: Value, b: Value, at: Place) -> Value:
        if isinstance(b, Transform):
            raise NotUnderstood("nothing can be divided by a matrix", at)
        if b.expr == 0:
            raise NotUnderstood("this divides by zero", at)
        below = VectorRead(1 / b.expr, b.size)
        if isinstance(a, Transform) and ONE in (a.rows, a.cols):
            return self.by_components(a, below, at, "hadamard")
        return self.beside(a, below, at, False)

    def raised(self, value: Value, power: Power, at: Place) -> Value:
        if power is None:
            return value
        if power == "T":
            if isinstance(value, Transform):
                return value.turned
            if value.size is None:
                return replace(value, ones="row" if value.expr == 1 else "")
            return self.line(value, at).turned
        if isinstance(value, VectorRead):
            if not isinstance(power, VectorRead):
                return VectorRead(value.expr**power, value.size, value.unit)
            return VectorRead(value.expr**power.expr, self.common(value.size, power.size, at))
        if not isinstance(power, int) or not 1 <= power <= 6:
            raise NotUnderstood("this power of a matrix is not understood", at)
        result: Value = value
        for _ in range(power - 1):
            result = self.beside(result, value, at, False)
        return result


def ones(size: Expr, like: VectorRead | None = None) -> Transform:
    """A column of ones, or of as many as one of them stands for."""
    number = ONE if like is None else like.expr
    return Transform((Addend(number, (Column(size, ONE),), size, ONE),), size, ONE)


def _shape(value: Value) -> tuple[Expr, Expr] | None:
    """The shape of a block; None of a number, which is as large as what stands beside it."""
    if isinstance(value, Transform):
        return value.rows, value.cols
    return None if value.size is None else (value.size, value.size)


def _scaled(a: Transform, number: Transform) -> Transform:
    """An operator times a matrix of one entry."""
    parts = tuple(
        replace(s, factors=(tensor(n.operator, s.operator),), number=ONE)
        for n in number.parts
        for s in a.parts
    )
    return replace(a, parts=parts, factors=(), grid=())


def _scalar(found: Transform) -> VectorRead | None:
    """uᵀ v, which is a number."""
    if (found.rows, found.cols) != (ONE, ONE):
        return None
    numbers = [_number(s.factors) for s in found.parts]
    if not all(numbers):
        return None
    total = Add(*(s.number * n for s, n in zip(found.parts, numbers, strict=True) if n))
    return VectorRead(total, None)


def _number(factors: Sequence[MatrixExpr]) -> Expr | None:
    """uᵀ v wᵀ x … as a number; None where it is none or holds a matrix."""
    number, rest = factored(product(factors, ONE))
    return number if all(diagonal(m) == () for m in rest) else None
