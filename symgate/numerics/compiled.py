"""Vector expressions compiled to NumPy: all at once, through SymPy's lambdify with cse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sympy import (
    Dummy,
    Expr,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Rational,
    Symbol,
    lambdify,
)
from sympy.printing.numpy import NumPyPrinter

from symgate.algebra.matrices import ColumnBlock
from symgate.algebra.operators import Diag, upright
from symgate.algebra.vectors import Total, as_product
from symgate.numerics.functions import MODULE

Array = NDArray[Any]


#: NumPy's words for lambdify, which on its own imports all of NumPy.
NAMES = {
    **{name: value for name, value in vars(np).items() if isinstance(value, np.ufunc)},
    **{name: getattr(np, name) for name in ("where", "select", "array", "pi", "e", "nan", "inf")},
    "reduce": reduce,
}


def _printer() -> NumPyPrinter:
    return NumPyPrinter(
        {
            "fully_qualified_modules": False,
            "inline": True,
            "allow_unknown_functions": True,
            "user_functions": {name: name for name in MODULE},
        }
    )


class Values(Protocol):
    """Whatever gives an array for an expression: a mapping, or the window of a run."""

    def __getitem__(self, key: Any, /) -> Array: ...


@dataclass(frozen=True)
class CompiledElementwise:
    """Several element-wise expressions as one NumPy function.

    `inputs` are what it needs: variables, parameters and matrix products, as expressions.
    """

    inputs: tuple[Expr, ...]
    function: Callable[..., Sequence[Array]]

    def __call__(self, values: Values) -> list[Array]:
        return list(self.function(*(values[i] for i in self.inputs)))


@lru_cache(maxsize=1024)
def elementwise(expressions: tuple[Expr, ...]) -> CompiledElementwise:
    """Compile expressions in which every symbol is a vector; matrix products are inputs."""
    inputs: dict[Expr, Dummy] = {}

    def opened(e: Expr) -> Expr:
        if isinstance(e, Total | Indexed | Symbol) or as_product(e):
            return inputs.setdefault(e, Dummy(f"v{len(inputs)}", real=True))
        return e.func(*map(opened, e.args)) if e.args else e

    bodies = [opened(e) for e in expressions]
    function = lambdify(
        list(inputs.values()), bodies, modules=[MODULE, NAMES], printer=_printer(), cse=True
    )
    return CompiledElementwise(tuple(inputs), function)


def matrix_value(matrix: MatrixExpr, values: Values, size: Callable[[Expr], int]) -> Array:
    """The array of a matrix expression of the language; `values` are by name."""
    stem, turned = upright(matrix)
    if turned:
        return np.swapaxes(matrix_value(stem, values, size), -1, -2)
    match matrix:
        case MatrixSymbol():
            return values[matrix.name]
        case Identity():
            return np.eye(size(matrix.rows))
        case Diag():
            return _diagonal(scalar_value(matrix.vector, values))
        case ColumnBlock():
            start, width = size(matrix.start), size(matrix.width)
            return matrix_value(matrix.matrix, values, size)[..., start : start + width]
        case MatAdd():
            parts = [matrix_value(part, values, size) for part in matrix.args]
            return np.asarray(sum(parts[1:], parts[0]))
        case MatMul():
            scale, matrices = matrix.as_coeff_matrices()
            result = matrix_value(matrices[0], values, size)
            for other in matrices[1:]:
                result = result @ matrix_value(other, values, size)
            return result if scale == 1 else _scaled(scalar_value(scale, values), result)
    raise TypeError(f"{matrix} is not a matrix of the language")


def scalar_value(expression: Expr, values: Values) -> Array:
    """The value of an expression of parameters; `values` are by name."""
    if isinstance(expression, Rational):
        return (
            np.asarray(float(expression))
            if not expression.is_Integer
            else np.asarray(int(expression))
        )
    compiled = elementwise((expression,))
    return compiled({symbol: values[symbol.name] for symbol in compiled.inputs})[0]


def _scaled(scale: Array, matrix: Array) -> Array:
    scale = np.asarray(scale)
    if scale.ndim == 0:
        return scale.astype(matrix.dtype, copy=False) * matrix
    return scale[..., None, None] * matrix


def _diagonal(vector: Array) -> Array:
    return vector[..., None] * np.eye(vector.shape[-1], dtype=vector.dtype)
