"""`lambdify`: a NumPy function of parameters, input and previous state for an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed, MatrixExpr, MatrixSymbol
from sympy.core.basic import Basic

from symgate.algebra.matrices import OrderedProduct, symbols_in
from symgate.algebra.text import text
from symgate.algebra.vectors import name_of, rank, shifted, time_of, variable
from symgate.asked import asked
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import ShapeError, SymgateError
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation
from symgate.numerics.arrays import checked, checked_parameters, fitted_sizes
from symgate.numerics.run import parameter_symbols
from symgate.numerics.values import Arrays

Array = NDArray[Any]


@asked(expression=None)
def lambdify(cell: Cell | str, expression: Any) -> ArrayFunction:
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
    cell = cell_of(cell)
    if not isinstance(expression, Basic):
        raise SymgateError(f"expected a SymPy expression of {cell.name}, not {expression!r}")
    foreign = _foreign(cell, expression)
    if foreign is not None:
        raise SymgateError(
            f"{text(foreign)} is not a parameter of {cell.name} and no variable that it could "
            f"take; "
            f"is the expression one of another cell?"
        )
    return ArrayFunction(linearise(cell), expression)


def _foreign(cell: Cell, expression: Basic) -> Basic | None:
    """What an expression holds that neither the cell nor a call could give a value."""
    known = {*cell.inputs, *linearise(cell).nodes}
    for e in symbols_in(expression):
        if isinstance(e, Indexed):
            if time_of(e) != 0 and name_of(e) not in known:
                return e
        elif isinstance(e, MatrixSymbol):
            parameter = cell.parameters.get(e.name)
            if parameter is None or parameter.kind != "matrix":
                return e
        elif e.name not in {*cell.parameters, *cell.sizes}:
            return e
    return None


def check_lags(expression: Basic) -> None:
    """Refuse an expression with a lag that is a symbol."""
    if expression.has(OrderedProduct):
        raise SymgateError(
            "a product over a symbolic lag has no numbers; take an integer lag, or "
            "substitute the symbol"
        )


@dataclass(frozen=True)
class ArrayFunction:
    """A compiled expression; it pickles, and compiles anew where it is used."""

    lin: Linearisation
    expression: Any

    def __post_init__(self) -> None:
        check_lags(self.expression)

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

    def __call__(self, params: Mapping[str, Any], /, *unnamed: Any, **arrays: Any) -> Array:
        if unnamed:
            raise TypeError("arrays go by name, as in f(params, x=…, h=…)")
        values, sizes = self._given(params, arrays)
        self._batch(params, arrays)
        semantics = Arrays(values, sizes)
        for back in reversed(range(self.steps)):
            for node in self.lin:
                found = semantics.shaped(shifted(node.expression, back), node.shape)
                values[shifted(node.symbol, back)] = found
        value = semantics.value(self.expression)
        axes = 2 if isinstance(self.expression, MatrixExpr) else self.rank
        batch = self._batch(params, arrays)
        return np.array(np.broadcast_to(value, (*batch, *value.shape[value.ndim - axes :])))

    @cached_property
    def rank(self) -> int:
        """How many axes the value of an expression has beside those of the batch."""
        return rank(self.expression)

    def _batch(self, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> tuple[int, ...]:
        """The leading axes that all given arrays have together."""
        cell = self.lin.cell
        own = {name: self.axes(name) + (name in cell.inputs and self.steps > 1) for name in arrays}
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

    def axes(self, name: str) -> int:
        """How many axes one value has: 0 of a scalar, 2 of a matrix."""
        known = name in self.lin.nodes or name in self.lin.cell.inputs
        if known:
            return len(self.lin.shape(name))
        return next(rank(v) for v in self.expression.atoms(Indexed) if name_of(v) == name)

    def variable(self, name: str, lag: int = 0) -> Indexed:
        return variable(name, lag, self.axes(name))

    def _given(
        self, params: Mapping[str, Any], arrays: Mapping[str, Any]
    ) -> tuple[dict[Basic, Any], Callable[[Expr], int]]:
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
        values: dict[Basic, Any] = {
            symbol: numbers[name] for name, symbol in parameter_symbols(cell).items()
        }
        for name in self.needs:
            windowed = name in cell.inputs and self.steps > 1
            axes = self.axes(name)
            array = checked(name, arrays[name], axes + windowed)
            if name in self.lin.nodes or name in cell.inputs:
                shapes[name] = (array.shape, self.lin.shape(name))
            if windowed and array.shape[-1 - axes] != self.steps:
                raise ShapeError(
                    f"{name} has shape {array.shape}; the expression reaches over "
                    f"{self.steps} steps and takes that many inputs in the axis before the last"
                )
            if name in cell.inputs:
                for j in range(self.steps):
                    place: Any = (..., self.steps - 1 - j, *[slice(None)] * axes)
                    values[self.variable(name, j)] = array[place] if windowed else array
            elif name in cell.states:
                values[self.variable(name, self.steps)] = array
            else:
                values[self.variable(name)] = array
        sizes = fitted_sizes(shapes)
        return values, cache(lambda size: int(size.subs(sizes)))


def _rebuilt(cell: Cell, expression: Any) -> ArrayFunction:
    return lambdify(cell, expression)
