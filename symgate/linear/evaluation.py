"""Values of vector expressions and operators with many digits, component by component.

Nothing of the linearisation or of NumPy has a part in it. All arithmetic is done with whole
numbers inside mpmath, so that every machine gets the same digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from mpmath import mp, mpf
from sympy import (
    Add,
    Expr,
    Function,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Pow,
    Rational,
    Symbol,
    Transpose,
    ZeroMatrix,
)
from sympy.core.basic import Basic

from symgate.algebra.operators import ColumnBlock, Diag
from symgate.algebra.vectors import MatVec, Outer, Stack, Total, name_of, variable

DIGITS = 40

Vector = list[Any]
Matrix = list[list[Any]]
Values = dict[Any, Any]


class NotReal(ArithmeticError):
    """A function that has no real value where it was evaluated."""


class Evaluation:
    """The values of vector expressions and operators at one step, with many digits.

    A vector is a list, a scalar a number; `now` and `before` hold variables by name.
    """

    def __init__(
        self, size: Callable[[Expr], int], parameters: Values, before: Values, inputs: Values
    ) -> None:
        self.size, self.parameters, self.before = size, parameters, before
        self.now: Values = dict(inputs)
        self.matrices: dict[MatrixExpr, Matrix] = {}

    def vector(self, e: Expr, size: int) -> Vector:
        value = self.value(e)
        return value if isinstance(value, list) else [value] * size

    def any(self, e: Basic, like: Any) -> Any:
        """A gradient, in the shape of its parameter."""
        if isinstance(e, MatrixExpr):
            return self.operator(e)
        return self.vector(e, len(like)) if isinstance(like, list) else self.value(e)

    def value(self, e: Expr) -> Any:
        if isinstance(e, Indexed):
            held = self.now if e.indices[0] == _NOW else self.before
            return held[name_of(e)]
        if isinstance(e, Symbol):
            return self.parameters[e.name]
        if isinstance(e, Rational):
            return mpf(int(e.p)) / int(e.q)
        if isinstance(e, MatVec):
            vector = self.column(e.vector, self.size(e.matrix.cols))
            return [inner(row, vector) for row in self.operator(e.matrix)]
        if isinstance(e, Total):
            return sum(self.value(e.args[0]), mpf(0))
        if isinstance(e, Add):
            return _spread(lambda *parts: sum(parts, mpf(0)), map(self.value, e.args))
        if isinstance(e, Mul):
            return _spread(_multiplied, map(self.value, e.args))
        if isinstance(e, Pow):
            return _spread(_power, map(self.value, e.args))
        if isinstance(e, Function):
            return self.function(e)
        return mpf(sp.N(e, DIGITS))

    def function(self, e: Expr) -> Any:
        known = _FUNCTIONS.get(type(e).__name__)
        if known is None:
            return self.value(e.closed_form())
        return _spread(known, map(self.value, e.args))

    def column(self, e: Expr, size: int) -> Vector:
        if isinstance(e, Stack):
            parts = zip(e.parts, e.sizes, strict=True)
            return [v for part, width in parts for v in self.vector(part, self.size(width))]
        return self.vector(e, size)

    def operator(self, e: MatrixExpr) -> Matrix:
        """The numbers of a matrix expression."""
        match e:
            case MatrixSymbol():
                return self.parameters[e.name]
            case Transpose():
                return [list(row) for row in zip(*self.operator(e.arg), strict=True)]
            case Identity():
                return _diagonal([mpf(1)] * self.size(e.rows))
            case ZeroMatrix() | OneMatrix():
                fill = mpf(isinstance(e, OneMatrix))
                return [[fill] * self.size(e.cols) for _ in range(self.size(e.rows))]
            case Diag():
                return _diagonal(self.vector(e.vector, self.size(e.rows)))
            case ColumnBlock():
                start, width = self.size(e.start), self.size(e.width)
                return [row[start : start + width] for row in self.operator(e.matrix)]
            case Outer():
                u = self.column(e.args[0], self.size(e.rows))
                v = self.column(e.args[1], self.size(e.cols))
                return [[a * b for b in v] for a in u]
            case MatAdd():
                parts = [self.operator(part) for part in e.args]
                result = parts[0]
                for part in parts[1:]:
                    result = plus(result, part)
                return result
            case MatMul():
                scale, matrices = e.as_coeff_matrices()
                result = self.operator(matrices[0])
                for other in matrices[1:]:
                    result = times(result, self.operator(other))
                number = self.value(scale)
                return [[number * v for v in row] for row in result]
        raise TypeError(f"{e} is not an operator of the language")


def _real(function: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*arguments: Any) -> Any:
        value = function(*arguments)
        if not isinstance(value, mpf):
            raise NotReal
        return value

    return checked


def _maximum(*arguments: Any) -> Any:
    return max(arguments)


_NOW = variable("t").indices[0]
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda a: 1 / (1 + mp.exp(-a)),
    "tanh": mp.tanh,
    "exp": mp.exp,
    "log": _real(mp.log),
    "sin": mp.sin,
    "cos": mp.cos,
    "erf": mp.erf,
    "Abs": abs,
    "relu": lambda a: max(a, mpf(0)),
    "step": lambda a: mpf(a > 0),
    "leaky_relu": lambda a, k=None: a if a > 0 else a * (mpf(1) / 100 if k is None else k),
    "elu": lambda a, k=1: a if a > 0 else k * (mp.exp(a) - 1),
    "Max": _maximum,
    "Min": lambda *a: min(a),
}


def _power(base: Any, exponent: Any) -> Any:
    if exponent == int(exponent):
        return base ** int(exponent)
    return _real(mp.power)(base, exponent)


def _multiplied(*parts: Any) -> Any:
    result = mpf(1)
    for part in parts:
        result *= part
    return result


def _spread(function: Callable[..., Any], parts: Any) -> Any:
    """Apply component by component; numbers go with every component."""
    values = list(parts)
    size = next((len(v) for v in values if isinstance(v, list)), None)
    if size is None:
        return function(*values)
    columns = [v if isinstance(v, list) else [v] * size for v in values]
    return [function(*row) for row in zip(*columns, strict=True)]


def inner(a: Any, b: Any) -> Any:
    if not isinstance(a, list):
        return a * b
    return sum((inner(x, y) for x, y in zip(a, b, strict=True)), mpf(0))


def _diagonal(vector: Vector) -> Matrix:
    return [[v if i == j else mpf(0) for j in range(len(vector))] for i, v in enumerate(vector)]


def plus(a: Matrix, b: Matrix) -> Matrix:
    return [[x + y for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def times(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [[sum((x * y for x, y in zip(row, c, strict=True)), mpf(0)) for c in columns]
            for row in a]  # fmt: skip
