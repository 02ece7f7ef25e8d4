"""Random points of a cell: the values of all its nodes over some steps, with many digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sympy import Expr, Integer, MatAdd, MatMul, MatrixExpr, Mul

from symgate.algebra.operators import Diag
from symgate.algebra.vectors import MatVec
from symgate.checking.matrices import CHANGE, LETTER
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.evaluation import (
    Evaluation,
    Matrix,
    Values,
    context,
    flat,
    inner,
    spread_over,
    times,
)
from symgate.linear.linearise import linearise

#: At how many random points a claim is worked out.
POINTS = 4

#: How far two numbers may lie apart that are the same but for rounding.
CLOSE = 1e-20


class RandomPoint(Evaluation):
    """Values at a random point; a matrix of the step stands for the column of its rows too."""

    def add(self, parts: Any, e: Any) -> Any:
        return super().add(_alike(parts), e)

    def multiply(self, parts: Any, e: Any) -> Any:
        return super().multiply(_alike(parts), e)

    def dot(self, u: Any, v: Any, e: Any) -> Any:
        one, other = list(flat(u)), list(flat(v))
        size = max(len(one), len(other))
        return inner(_sized(one, size), _sized(other, size))

    def row(self, vector: Any, e: Any) -> Matrix:
        return super().row(list(flat(vector)), e)

    def outer(self, u: Any, v: Any, e: Any) -> Matrix:
        one, other = (
            list(flat(value)) if isinstance(value, list) and len(value) not in (1, due) else value
            for value, due in ((u, self.size(e.rows)), (v, self.size(e.cols)))
        )
        return super().outer(one, other, e)


def _sized(column: list[Any], size: int) -> list[Any]:
    return column * size if len(column) == 1 else column


def _alike(parts: Any) -> list[Any]:
    """Values of one shape: matrices as columns where they meet a column as long."""
    values = list(parts)
    columns = {len(v) for v in values if isinstance(v, list) and not isinstance(v[0], list)}
    return [
        list(flat(v)) if isinstance(v, list) and len(list(flat(v))) in columns else v
        for v in values
    ]


@dataclass(frozen=True)
class Drawn:
    """The random points of a cell, and the numbers of operators at them, each found once."""

    cell: Cell
    drawn: dict[Any, list[Evaluation]] = field(default_factory=dict)
    worked_out: dict[Any, Matrix] = field(default_factory=dict)

    def points(self, steps: int, limits: Mapping[str, int]) -> list[Evaluation]:
        """Points of so many steps, with some gates at their limits."""
        key = steps, tuple(limits.items())
        if key not in self.drawn and limits:
            plain = self.points(steps, {})
            self.drawn[key] = [limited(self.cell, point, limits) for point in plain]
        elif key not in self.drawn:
            self.drawn[key] = points(self.cell, POINTS, steps)
        return self.drawn[key]

    def numbers(self, whole: MatrixExpr, point: Evaluation) -> Matrix:
        """An operator's numbers at a point."""
        key = id(point), whole
        if key not in self.worked_out and isinstance(whole, MatAdd):
            parts = [self.numbers(part, point) for part in whole.args]
            rows = [zip(*rows, strict=True) for rows in zip(*parts, strict=True)]
            self.worked_out[key] = [[sum(entries) for entries in row] for row in rows]
        elif key not in self.worked_out and isinstance(whole, Diag):
            scale, zero = self._diagonal(whole, point), point.mp.mpf(0)
            self.worked_out[key] = [
                [v if i == j else zero for j in range(len(scale))] for i, v in enumerate(scale)
            ]
        elif key not in self.worked_out and isinstance(whole, MatMul):
            number, factors = whole.as_coeff_matrices()
            scale, product = point.value(number), self._product(tuple(factors), point)
            self.worked_out[key] = [[scale * entry for entry in row] for row in product]
        elif key not in self.worked_out:
            self.worked_out[key] = point.operator(whole)
        return self.worked_out[key]

    def _product(self, factors: tuple[MatrixExpr, ...], point: Evaluation) -> Matrix:
        """The numbers of a product, whose beginning is often that of another one."""
        key = id(point), factors
        if key not in self.worked_out:
            *before, last = factors
            if not before:
                self.worked_out[key] = self.numbers(last, point)
            elif isinstance(last, Diag):
                head, scale = self._product(tuple(before), point), self._diagonal(last, point)
                made = [[a * b for a, b in zip(row, scale, strict=True)] for row in head]
                self.worked_out[key] = made
            else:
                head = self._product(tuple(before), point)
                self.worked_out[key] = times(head, self.numbers(last, point))
        return self.worked_out[key]

    def _diagonal(self, diag: Diag, point: Evaluation) -> list[Any]:
        size = point.size(diag.rows)
        parts = [self._vector(f, point) for g in diag.factors for f in Mul.make_args(g)]
        columns = [_sized(part, size) for part in parts]
        return [point.mp.fprod(values) for values in zip(*columns, strict=True)]

    def _vector(self, expr: Expr, point: Evaluation) -> list[Any]:
        key = id(point), expr
        if key not in self.worked_out:
            self.worked_out[key] = [list(flat(point.value(expr)))]
        return self.worked_out[key][0]

    def alike(self, one: MatrixExpr, other: MatrixExpr, points: Sequence[Evaluation]) -> bool:
        """Whether two operators have the same numbers at all of some points."""
        return all(same(self.numbers(one, p), self.numbers(other, p)) for p in points)


def points(cell: Cell, count: int, steps: int) -> list[Evaluation]:
    """The last of `steps` steps at `count` random points; the earlier ones are behind it."""
    found: list[Evaluation] = []
    for seed in range(8 * count):
        try:
            found.append(_point(cell, Random(seed), steps))
        except ArithmeticError:
            continue  # a logarithm of a negative number, say: draw again
        if len(found) == count:
            return found
    raise SymgateError(f"{cell.name} could not be evaluated at random points")


def _point(cell: Cell, random: Random, steps: int) -> Evaluation:
    lin, mp = linearise(cell), context()
    sizes = {symbol: (3, 2, 4)[min(i, 2)] for i, symbol in enumerate(cell.sizes.values())}
    known: dict[Expr, int] = {}

    def size(e: Expr) -> int:
        if e not in known:
            known[e] = int(e.subs(sizes))
        return known[e]

    def draw(shape: tuple[Expr, ...], positive: bool = False) -> Any:
        if shape:
            return [draw(shape[1:], positive) for _ in range(size(shape[0]))]
        number = mp.mpf(0.2 + 0.8 * random.random())
        return number if positive or random.random() < 0.5 else -number

    parameters = {p.name: draw(p.shape, positive=not p.shape) for p in cell.parameters.values()}
    before: list[Values] = [{s: draw(cell.shapes[s], positive=True) for s in cell.states}]
    values = None
    free = [(name, s) for s in cell.states for name in (f"delta_{s}", f"loss:{s}", f"later:{s}")]
    free += [(CHANGE.format(name), name) for name in (*cell.states, *cell.inputs)]
    units = {LETTER.format(n): _diagonals(mp, size(n)) for n in cell.sizes.values()}
    for _ in range(steps):
        inputs = {x: draw(cell.shapes[x]) for x in cell.inputs}
        values = RandomPoint(mp, size, parameters, list(before), inputs)
        for node in lin:
            values.now[node.name] = values.shaped(node.expression, node.shape)
        values.now.update({name: draw(as_column(cell.shapes[of])) for name, of in free}, **units)
        before.insert(0, values.now)
    assert values is not None
    return values


def as_column(shape: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """The shape of a matrix as a column."""
    return (Mul(*shape),) if shape else ()


def _diagonals(mp: Any, size: int) -> Matrix:
    """E of n² × n: column j is e_j ⊗ e_j."""
    return [[mp.mpf(i == j == k) for k in range(size)] for i in range(size) for j in range(size)]


def limited(cell: Cell, point: Evaluation, limits: Mapping[str, int]) -> Evaluation:
    """A point with some gates of the last step at their limits, all else as it is."""
    made = copy(point)
    made.now = dict(point.now)
    for name, number in limits.items():
        made.now[name] = spread_over(made.mp.mpf(number), _lengths(made.now[name]))
    lin = linearise(cell)
    fixed = {lin[name].symbol: Integer(number) for name, number in limits.items()}
    for node in lin:
        if node.name not in limits and not node.expression.has(MatVec):
            now = node.expression.xreplace(fixed)
            if now.is_number and now.is_finite:  # what follows from the gates alone
                fixed[node.symbol] = now
                made.now[node.name] = made.shaped(now, node.shape)
            elif node.kind == "inner":  # only another name for what a matrix acts on
                made.now[node.name] = made.shaped(node.expression, node.shape)
    return made


def _lengths(value: Any) -> list[int]:
    return [len(value), *_lengths(value[0])] if isinstance(value, list) else []


def same(a: Matrix, b: Matrix) -> bool:
    """Whether two matrices of numbers are the same but for rounding."""
    if len(a) != len(b) or any(len(p) != len(q) for p, q in zip(a, b, strict=True)):
        return False
    pairs = [(x, y) for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True)]
    largest = max((max(abs(x), abs(y)) for x, y in pairs), default=0)
    return all(abs(x - y) <= CLOSE * (1 + largest) for x, y in pairs)
