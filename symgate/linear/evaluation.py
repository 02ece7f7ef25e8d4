"""Values of vector expressions and operators with many digits, component by component.

Nothing of the linearisation or of NumPy has a part in it. All arithmetic is done with whole
numbers inside mpmath, in a context of its own, so that every machine and every thread gets the
same digits and nobody else's precision is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, MatrixExpr, Rational
from sympy.core.basic import Basic

from symgate.algebra.fold import Semantics, fold, function_name
from symgate.algebra.vectors import name_of, time_of

DIGITS = 40

Vector = list[Any]
Matrix = list[list[Any]]
Values = dict[Any, Any]


class NotReal(ArithmeticError):
    """A function that has no real value where it was evaluated."""


def context() -> Any:
    """An mpmath context with `DIGITS` digits. Its functions raise the precision while they
    work, so that threads must not share one."""
    made = mpmath.MPContext()
    made.dps = DIGITS
    return made


class Evaluation(Semantics):
    """The values of vector expressions and operators at one step, with many digits.

    A vector is a list, a matrix a list of rows, a scalar a number. `now` holds the variables
    of the step by name, `before` those of the steps before it, the last one first.
    """

    floating = False

    def __init__(
        self,
        mp: Any,
        size: Callable[[Expr], int],
        parameters: Values,
        before: Sequence[Values],
        inputs: Values,
    ) -> None:
        self.mp, self.size, self.parameters, self.before = mp, size, parameters, before
        self.now: Values = dict(inputs)
        self.functions = _functions(mp)

    def vector(self, e: Expr, size: int) -> Vector:
        return _sized(self.value(e), size)

    def any(self, e: Basic, like: Any) -> Any:
        """A gradient, in the shape of its parameter."""
        if isinstance(e, MatrixExpr):
            return self.operator(e)
        return self.vector(e, len(like)) if isinstance(like, list) else self.value(e)

    def value(self, e: Basic) -> Any:
        return fold(e, self)

    def operator(self, e: MatrixExpr) -> Matrix:
        """The numbers of a matrix expression."""
        matrix: Matrix = fold(e, self)
        return matrix

    # -- values ----------------------------------------------------------------------------

    def variable(self, e: Any) -> Any:
        lag = -int(time_of(e))
        return (self.before[lag - 1] if lag else self.now)[name_of(e)]

    def parameter(self, e: Any) -> Any:
        return self.parameters[e.name]

    symbol = parameter

    def number(self, e: Expr) -> Any:
        if isinstance(e, Rational):
            return self.mp.mpf(int(e.p)) / int(e.q)
        return self.mp.mpf(sp.N(e, DIGITS))

    def add(self, parts: Any, e: Any) -> Any:
        return _spread(lambda *values: sum(values, self.mp.mpf(0)), parts)

    def multiply(self, parts: Any, e: Any) -> Any:
        return _spread(lambda *values: self.mp.fprod(values), parts)

    def power(self, base: Any, exponent: Any, e: Any) -> Any:
        return _spread(partial(_power, self.mp), [base, exponent])

    def apply(self, arguments: Any, e: Any) -> Any:
        known = self.functions.get(function_name(e))
        return super().apply(arguments, e) if known is None else _spread(known, arguments)

    def matvec(self, matrix: Matrix, vector: Any, e: Any) -> Any:
        column = _sized(vector, self.size(e.matrix.cols))
        return [inner(row, column) for row in matrix]

    def stack(self, parts: Any, e: Any) -> Any:
        sized = zip(parts, e.sizes, strict=True)
        return [v for part, size in sized for v in _sized(part, self.size(size))]

    def total(self, vector: Any, e: Any) -> Any:
        return sum(vector, self.mp.mpf(0))

    # -- operators -------------------------------------------------------------------------

    def transpose(self, matrix: Matrix, e: Any) -> Matrix:
        return [list(row) for row in zip(*matrix, strict=True)]

    def identity(self, e: Any) -> Matrix:
        return _diagonal([self.mp.mpf(1)] * self.size(e.rows))

    def zeros(self, e: Any) -> Matrix:
        return self.filled(self.mp.mpf(0), e)

    def ones(self, e: Any) -> Matrix:
        return self.filled(self.mp.mpf(1), e)

    def filled(self, value: Any, e: MatrixExpr) -> Matrix:
        return [[value] * self.size(e.cols) for _ in range(self.size(e.rows))]

    def diagonal(self, vector: Any, e: Any) -> Matrix:
        return _diagonal(_sized(vector, self.size(e.rows)))

    def columns(self, matrix: Matrix, e: Any) -> Matrix:
        start, width = self.size(e.start), self.size(e.width)
        return [row[start : start + width] for row in matrix]

    def outer(self, u: Any, v: Any, e: Any) -> Matrix:
        rows, cols = _sized(u, self.size(e.rows)), _sized(v, self.size(e.cols))
        return [[a * b for b in cols] for a in rows]

    def matadd(self, parts: Any, e: Any) -> Matrix:
        return reduce(plus, parts)

    def blocks(self, rows: Any, e: Any) -> Matrix:
        return [[v for block in row for v in block[i]] for row in rows for i in range(len(row[0]))]

    def matmul(self, scale: Any, matrices: Any, e: Any) -> Matrix:
        result: Matrix = reduce(times, matrices)
        return result if scale is None else [[scale * v for v in row] for row in result]


def _real(mp: Any, value: Any) -> Any:
    if not isinstance(value, mp.mpf):
        raise NotReal
    return value


def _functions(mp: Any) -> dict[str, Callable[..., Any]]:
    """What mpmath knows by name; the rest follows from each function's record."""
    return {
        "tanh": mp.tanh,
        "exp": mp.exp,
        "log": lambda a: _real(mp, mp.log(a)),
        "sin": mp.sin,
        "cos": mp.cos,
        "erf": mp.erf,
        "abs": abs,
        "step": lambda a: mp.mpf(a > 0),
        "max": max,
        "min": min,
    }


def _power(mp: Any, base: Any, exponent: Any) -> Any:
    if exponent == int(exponent):
        return base ** int(exponent)
    return _real(mp, mp.power(base, exponent))


def _spread(function: Callable[..., Any], parts: Any) -> Any:
    """Apply component by component; numbers go with every component."""
    values = list(parts)
    size = next((len(v) for v in values if isinstance(v, list)), None)
    if size is None:
        return function(*values)
    columns = [_sized(v, size) for v in values]
    return [_spread(function, row) for row in zip(*columns, strict=True)]


def _sized(value: Any, size: int) -> Vector:
    """A vector; a number stands for all its components."""
    return value if isinstance(value, list) else [value] * size


def inner(a: Any, b: Any) -> Any:
    if not isinstance(a, list):
        return a * b
    return sum(inner(x, y) for x, y in zip(a, b, strict=True))


def _diagonal(vector: Vector) -> Matrix:
    return [[v if i == j else 0 * v for j in range(len(vector))] for i, v in enumerate(vector)]


def plus(a: Matrix, b: Matrix) -> Matrix:
    return [[x + y for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def times(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[inner(row, column) for column in columns] for row in a]
