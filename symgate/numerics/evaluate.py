"""`lambdify`: a NumPy function of parameters, input and previous state for an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import (
    Expr,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    OneMatrix,
    Symbol,
    Transpose,
    ZeroMatrix,
    preorder_traversal,
)
from sympy.core.basic import Basic
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.operators import ColumnBlock, Diag, OrderedProduct
from symgate.algebra.text import text
from symgate.algebra.vectors import (
    MatVec,
    Outer,
    Stack,
    Total,
    Vector,
    name_of,
    shifted,
    time_of,
    variable,
)
from symgate.equations.cell import Cell
from symgate.errors import ShapeError, SymgateError
from symgate.linear.linearise import Linearisation, linearise
from symgate.numerics.arrays import checked, checked_parameters, fitted_sizes
from symgate.numerics.compiled import elementwise, matrix_value

Array = NDArray[Any]


def lambdify(cell: Cell, expression: Any) -> Function:
    """Compile an operator or a vector expression of a cell to a NumPy function.

    The function takes a mapping of parameters, and by name the input at t and the states
    at t - 1: `f(params, x=x_t, h=h_before)`. Arrays may have leading batch axes, which are
    carried through. An expression that reaches back k steps takes the last k inputs in the
    axis before the last, oldest first, and the states before them. A variable that is not
    the cell's own (a `delta`) is passed by name too.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.Cell.from_text("h[t] = tanh(W @ x[t] + U @ h[t-1])")
    >>> f = sg.lambdify(cell, sg.jacobian(cell))
    >>> params = {"W": np.eye(2), "U": np.ones((2, 2))}
    >>> f(params, x=np.zeros((5, 2)), h=np.zeros(2)).shape
    (5, 2, 2)
    """
    if not isinstance(expression, Basic):
        raise SymgateError(f"expected a SymPy expression of {cell.name}, not {expression!r}")
    foreign = _foreign(cell, expression)
    if foreign is not None:
        raise SymgateError(
            f"{text(foreign)} is no parameter of {cell.name} and no variable that it could take; "
            f"is the expression one of another cell?"
        )
    return Function(linearise(cell), expression)


def _foreign(cell: Cell, expression: Basic) -> Basic | None:
    """What an expression holds that neither the cell nor a call could give a value."""
    known = {*cell.inputs, *linearise(cell).nodes}
    walk = preorder_traversal(expression)
    for e in walk:
        if isinstance(e, Indexed):
            walk.skip()
            if time_of(e) != 0 and name_of(e) not in known:
                return e
        elif isinstance(e, MatrixSymbol):
            walk.skip()
            parameter = cell.parameters.get(e.name)
            if parameter is None or parameter.kind != "matrix":
                return e
        elif isinstance(e, ColumnBlock):
            walk.skip()
            if (found := _foreign(cell, e.matrix)) is not None:
                return found
        elif isinstance(e, Symbol) and e.name not in {*cell.parameters, *cell.sizes}:
            return e
    return None


@dataclass(frozen=True)
class Function:
    """A compiled expression; it pickles, and compiles anew where it is used."""

    lin: Linearisation
    expression: Any

    def __post_init__(self) -> None:
        symbolic = self.expression.atoms(OrderedProduct)
        if symbolic:
            raise SymgateError(
                "a product over a symbolic lag has no numbers; take an integer lag, or "
                "substitute the symbol"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.lin.cell, self.expression)

    @cached_property
    def steps(self) -> int:
        """How many steps the expression reaches over."""
        times = [time_of(v) for v in self.expression.atoms(Indexed)]
        states = set(self.lin.cell.states)
        reach = [
            -int(time) if name_of(v) not in states or time == 0 else -int(time) - 1
            for v, time in zip(self.expression.atoms(Indexed), times, strict=True)
        ]
        return max(reach, default=0) + 1

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The names that a call takes: inputs, states, and what is not the cell's own."""
        cell = self.lin.cell
        foreign = {name_of(v) for v in self.expression.atoms(Indexed)} - {
            *self.lin.nodes,
            *cell.inputs,
        }
        return (*cell.inputs, *cell.states, *sorted(foreign))

    def __call__(self, params: Mapping[str, Any], /, **arrays: Any) -> Array:
        values, sizes = self._given(params, arrays)
        self._batch(params, arrays)
        evaluation = _Evaluation(self.lin, values, sizes)
        for steps_back in reversed(range(self.steps)):
            evaluation.step(steps_back)
        value = evaluation.value(self.expression)
        axes = 2 if isinstance(self.expression, MatrixExpr) else 0 if self.is_number else 1
        batch = self._batch(params, arrays)
        return np.array(np.broadcast_to(value, (*batch, *value.shape[value.ndim - axes :])))

    @cached_property
    def is_number(self) -> bool:
        """Whether the expression is a sum over components, one number a sample."""
        return bool(self.expression.has(Total))

    def _batch(self, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> tuple[int, ...]:
        """The leading axes that all given arrays have together."""
        cell = self.lin.cell
        own = {name: 1 + (name in cell.inputs and self.steps > 1) for name in arrays}
        own |= {name: len(parameter.shape) for name, parameter in cell.parameters.items()}
        leading = {}
        for name, value in (*params.items(), *arrays.items()):
            shape = np.shape(value)
            leading[name] = shape[: len(shape) - own[name]]
        try:
            return np.broadcast_shapes(*leading.values())
        except ValueError:
            shown = ", ".join(f"{name} {shape}" for name, shape in leading.items() if shape)
            raise ShapeError(f"the batch axes do not go together: {shown}") from None

    def _given(
        self, params: Mapping[str, Any], arrays: Mapping[str, Any]
    ) -> tuple[dict[Any, Array], Callable[[Expr], int]]:
        cell = self.lin.cell
        for name in arrays:
            if name not in self.needs:
                raise ShapeError(f"{name!r} is not needed here; expected {', '.join(self.needs)}")
        missing = [name for name in self.needs if name not in arrays]
        if missing:
            raise ShapeError(f"the value of {missing[0]} is not given (as {missing[0]}=…)")
        numbers = checked_parameters(cell, params)
        shapes = {
            name: (array.shape, cell.parameters[name].shape) for name, array in numbers.items()
        }
        values: dict[Any, Array] = dict(numbers)
        for name in self.needs:
            windowed = name in cell.inputs and self.steps > 1
            array = checked(name, arrays[name], 2 if windowed else 1)
            if name in self.lin.nodes or name in cell.inputs:
                shapes[name] = (array.shape, (self.lin.size(name),))
            if windowed and array.shape[-2] != self.steps:
                raise ShapeError(
                    f"{name} has shape {array.shape}; the expression reaches over "
                    f"{self.steps} steps and takes that many inputs in the axis before the last"
                )
            if name in cell.inputs:
                for j in range(self.steps):
                    at = array[..., self.steps - 1 - j, :] if windowed else array
                    values[variable(name, j)] = at
            elif name in cell.states:
                values[variable(name, self.steps)] = array
            else:
                values[variable(name)] = array
        sizes = fitted_sizes(cell, shapes)
        return values, cache(lambda size: int(size.subs(sizes)))


class _Evaluation:
    """The values of all nodes over a few steps, and of expressions in them."""

    def __init__(
        self, lin: Linearisation, values: dict[Any, Array], size: Callable[[Expr], int]
    ) -> None:
        self.lin, self.values, self.size = lin, values, size
        self.matrices: dict[MatrixExpr, Array] = {}
        self.operators: dict[MatrixExpr, Array] = {}
        for parameter in lin.cell.parameters.values():
            array = values[parameter.name]
            if parameter.kind == "vector":
                values[Vector(parameter.name, real=True)] = array
            elif parameter.kind == "scalar":
                values[Symbol(parameter.name, real=True)] = (
                    array[..., None] if array.ndim else array
                )

    def step(self, back: int) -> None:
        """Compute every node of the step t - back."""
        for node in self.lin:
            value = self.sized(shifted(node.expression, back), node.size)
            self.values[variable(node.name, back)] = value

    def sized(self, e: Expr, size: Expr) -> Array:
        """The value of a vector expression; a number or a scalar stands for all components."""
        value = self.vector(e)
        return np.broadcast_to(value, (*np.shape(value)[:-1], self.size(size)))

    def vector(self, e: Expr) -> Array:
        """The value (…, size) of a vector expression."""
        if e in self.values:
            return self.values[e]
        if isinstance(e, MatVec):
            matrix, vector = self.matrix(e.matrix), self.sized(e.vector, e.matrix.cols)
            return np.einsum("...ij,...j->...i", matrix, vector) if matrix.ndim > 2 else (
                vector @ matrix.T
            )  # fmt: skip
        if isinstance(e, Stack):
            parts = [self.sized(*part) for part in zip(e.parts, e.sizes, strict=True)]
            batch = np.broadcast_shapes(*(p.shape[:-1] for p in parts))
            return np.concatenate([np.broadcast_to(p, batch + p.shape[-1:]) for p in parts], -1)
        if isinstance(e, Total):
            return np.sum(self.vector(e.args[0]), axis=-1)
        compiled = elementwise((e,))
        return compiled({i: self.vector(i) for i in compiled.inputs})[0]

    def matrix(self, matrix: MatrixExpr) -> Array:
        if matrix not in self.matrices:
            self.matrices[matrix] = matrix_value(matrix, self.values, self.size)
        return self.matrices[matrix]

    def value(self, e: Any) -> Array:
        """The value of a vector expression or of an operator."""
        if not isinstance(e, MatrixExpr):
            return np.asarray(self.vector(e) if e.has(Total) else self.broadcast(e))
        if e not in self.operators:
            self.operators[e] = self.operator(e)
        return self.operators[e]

    def operator(self, e: MatrixExpr) -> Array:
        """The value of an operator; equal parts of it are worked out once."""
        match e:
            case Diag():
                diagonal = self.sized(e.vector, e.rows)
                return diagonal[..., None] * np.eye(diagonal.shape[-1], dtype=diagonal.dtype)
            case Outer():
                u, v, rows, cols = e.args
                return np.einsum("...i,...j->...ij", self.sized(u, rows), self.sized(v, cols))
            case MatMul():
                return self.product(e)
            case MatAdd():
                parts = [self.value(part) for part in e.args]
                return np.asarray(sum(parts[1:], parts[0]))
            case MatPow() if e.exp.is_Integer:
                return np.linalg.matrix_power(self.value(e.base), int(e.exp))
            case BlockMatrix():
                return self.blocks(e)
            case ZeroMatrix():
                return np.zeros((self.size(e.rows), self.size(e.cols)))
            case OneMatrix():
                return np.ones((self.size(e.rows), self.size(e.cols)))
            case Transpose() if e.arg.has(Diag, BlockMatrix, Outer):
                return np.swapaxes(self.value(e.arg), -1, -2)
            case Identity():
                return np.eye(self.size(e.rows))
        return self.matrix(e)

    def broadcast(self, e: Expr) -> Array:
        value = np.asarray(self.vector(e))
        return value if value.ndim else value[None]

    def product(self, e: MatMul) -> Array:
        """A product from the right, each diagonal as a scaling of rows."""
        scale, matrices = e.as_coeff_matrices()
        result = self.value(matrices[-1])
        for factor in reversed(matrices[:-1]):
            if isinstance(factor, Diag):
                result = self.sized(factor.vector, factor.rows)[..., None] * result
            else:
                result = self.value(factor) @ result
        if scale == 1:
            return result
        number = np.asarray(self.vector(scale))
        return number * result if number.ndim == 0 else number[..., None] * result

    def blocks(self, e: BlockMatrix) -> Array:
        rows, cols = e.blocks.shape
        parts = [[self.value(e.blocks[i, j]) for j in range(cols)] for i in range(rows)]
        batch = np.broadcast_shapes(*(p.shape[:-2] for row in parts for p in row))
        grown = [[np.broadcast_to(p, batch + p.shape[-2:]) for p in row] for row in parts]
        return np.concatenate([np.concatenate(row, axis=-1) for row in grown], axis=-2)


def _rebuilt(cell: Cell, expression: Any) -> Function:
    return lambdify(cell, expression)
