"""Values of vector expressions and operators with many digits, component by component.

Nothing of the linearisation or of NumPy has a part in it. All arithmetic is done with whole
numbers inside mpmath, in a context of its own, so that every machine and every thread gets the
same digits and nobody else's precision is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import starmap
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, MatrixExpr, Rational
from sympy.core.basic import Basic

from symgate.algebra.fold import Semantics, fold, function_name
from symgate.algebra.vectors import name_of, rank, time_of

DIGITS = 40

#: For a function with a surrogate slope, the smooth function whose slope that is.
INTEGRALS = {"spike": lambda a, k=1: a / (1 + k * abs(a))}

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
        self.functions = {**_functions(mp), **INTEGRALS}

    def shaped(self, e: Expr, shape: Sequence[Expr]) -> Any:
        """The value of an expression in a shape; a number stands for all its components."""
        return spread_over(self.value(e), [self.size(size) for size in shape])

    def any(self, e: Basic, like: Any) -> Any:
        """A gradient, in the shape of its parameter."""
        return spread_over(self.value(e), [len(like)] if isinstance(like, list) else [])

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
        known = e.name in self.parameters and not e.is_positive
        return self.parameters[e.name] if known else self.mp.mpf(self.size(e))

    def symbol(self, e: Any) -> Matrix:
        matrix: Matrix = self.parameters[e.name]
        return matrix

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
        if vector and isinstance(vector, list) and isinstance(vector[0], list):
            return times(matrix, vector)
        column = _sized(vector, self.size(e.matrix.cols))
        return [inner(row, column) for row in matrix]

    def stack(self, parts: Any, e: Any) -> Any:
        sized = zip(parts, e.sizes, strict=True)
        return [v for part, size in sized for v in _sized(part, self.size(size))]

    def total(self, vector: Any, e: Any) -> Any:
        return sum(flat(vector), self.mp.mpf(0))

    def dot(self, u: Any, v: Any, e: Any) -> Any:
        return inner(u, v)

    def mean(self, vector: Any, e: Any) -> Any:
        return sum(vector, self.mp.mpf(0)) / len(vector)

    def norm(self, vector: Any, e: Any) -> Any:
        return self.mp.sqrt(inner(vector, vector))

    def spread(self, vector: Any, e: Any) -> Any:
        return self.deviation(vector, e.epsilon, e.centred)[1]

    def deviation(self, vector: Any, epsilon: Any, centred: bool) -> tuple[Any, Any]:
        mean = self.mean(vector, None) if centred else 0
        apart = [v - mean for v in vector]
        return apart, self.mp.sqrt(inner(apart, apart) / len(vector) + self.value(epsilon))

    def mixing(self, vector: Any, e: Any) -> Any:
        if e.name == "softmax":
            powers = [self.mp.exp(v) for v in vector]
            whole = sum(powers, self.mp.mpf(0))
            return [p / whole for p in powers]
        apart, size = self.deviation(vector, e.epsilon, e.name == "layer_norm")
        return [v / size for v in apart]

    def dyad(self, u: Any, v: Any, e: Any) -> Any:
        return [[a * b for b in v] for a in u]

    def act(self, matrix: Any, operand: Any, e: Any) -> Any:
        rows = _turned(matrix) if e.transposed else matrix
        return [inner(row, _sized(operand, len(row))) for row in rows]

    def right_times(self, value: Any, matrix: Any, e: Any) -> Any:
        return times(value, matrix)

    def across(self, vector: Any, e: Any) -> Any:
        return [vector]

    def down(self, vector: Any, e: Any) -> Any:
        return [[v] for v in vector]

    # -- operators -------------------------------------------------------------------------

    def transpose(self, matrix: Matrix, e: Any) -> Matrix:
        return _turned(matrix)

    def identity(self, e: Any) -> Matrix:
        return _diagonal([self.mp.mpf(1)] * self.size(e.rows))

    def zeros(self, e: Any) -> Matrix:
        return self.filled(self.mp.mpf(0), e)

    def ones(self, e: Any) -> Matrix:
        return self.filled(self.mp.mpf(1), e)

    def filled(self, value: Any, e: MatrixExpr) -> Matrix:
        return [[value] * self.size(e.cols) for _ in range(self.size(e.rows))]

    def diagonal(self, vector: Any, e: Any) -> Matrix:
        return _diagonal(_sized(list(flat(vector)), self.size(e.rows)))

    def column(self, vector: Any, e: Any) -> Matrix:
        return [[v] for v in _sized(list(flat(vector)), self.size(e.rows))]

    def row(self, vector: Any, e: Any) -> Matrix:
        return [_sized(vector, self.size(e.cols))]

    def matrix_of(self, value: Matrix, e: Any) -> Matrix:
        return value

    def kronecker(self, parts: Any, e: Any) -> Matrix:
        left, right = parts
        return [[a * b for a in p for b in q] for p in left for q in right]

    def gram(self, u: Matrix, v: Matrix, e: Any) -> Matrix:
        return times(_turned(u), v)

    def columns(self, matrix: Matrix, e: Any) -> Matrix:
        start, width = self.size(e.start), self.size(e.width)
        return [row[start : start + width] for row in matrix]

    def outer(self, u: Any, v: Any, e: Any) -> Matrix:
        count = self.size(e.rows)
        if rank(e.args[0]) == rank(e.args[1]) == 2 and len(u) == count:
            return times(u, _turned(v))
        u, v = (list(flat(w)) if isinstance(w, list) else w for w in (u, v))  # row by row
        rows, cols = _sized(u, count), _sized(v, self.size(e.cols))
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
    if list not in map(type, parts):
        return function(*parts)
    size = max([len(v) for v in parts if isinstance(v, list)])
    columns = [_sized(v, size) for v in parts]
    return [_spread(function, row) for row in zip(*columns, strict=True)]


def _sized(value: Any, size: int) -> Vector:
    """A vector; a number stands for all its components."""
    if not isinstance(value, list):
        return [value] * size
    return value * size if len(value) == 1 else value


def spread_over(value: Any, shape: Sequence[int]) -> Any:
    """A value in a shape; what is missing is repeated."""
    if not shape:
        return value
    return [spread_over(part, shape[1:]) for part in _sized(value, shape[0])]


def flat(value: Any) -> Iterator[Any]:
    """The numbers of a value, row by row."""
    for part in value if isinstance(value, list) else ():
        yield from flat(part)
    if not isinstance(value, list):
        yield value


def folded(numbers: Iterator[Any], like: Any) -> Any:
    """Numbers in the shape of another value."""
    return [folded(numbers, part) for part in like] if isinstance(like, list) else next(numbers)


def _turned(matrix: Matrix) -> Matrix:
    return [list(row) for row in zip(*matrix, strict=True)]


def inner(a: Any, b: Any) -> Any:
    if not isinstance(a, list):
        return a * b
    return sum(starmap(inner, zip(a, b, strict=True)))


def _diagonal(vector: Vector) -> Matrix:
    return [[v if i == j else 0 * v for j in range(len(vector))] for i, v in enumerate(vector)]


def plus(a: Matrix, b: Matrix) -> Matrix:
    return [[x + y for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def times(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[inner(row, column) for column in columns] for row in a]
