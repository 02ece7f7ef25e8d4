"""The component form of a cell: plain SymPy matrices, for those who want plain SymPy.

It is also the oracle that the engine is tested against, and shares nothing with the
linearisation: it writes the equations out component by component.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr, ImmutableMatrix, Symbol

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.length import length
from symgate.algebra.vectors import name_of, time_of
from symgate.asked import is_whole, shown
from symgate.errors import SymgateError
from symgate.instead import signs
from symgate.tables import record_html

if TYPE_CHECKING:
    from symgate.equations.cell import Cell

MAX_SIZE = 64

#: A component of more symbols is not written out.
MOST = 100_000


@signs("a component form")
@dataclass(frozen=True)
class Explicit:
    """A cell in components.

    `state`, `next_state` and `input` are columns of all states (inputs), one below the
    other; `parameters` and `values` map names to matrices. Everything is ordinary SymPy.
    """

    state: ImmutableMatrix
    next_state: ImmutableMatrix
    input: ImmutableMatrix
    parameters: Mapping[str, ImmutableMatrix]
    values: Mapping[str, ImmutableMatrix]

    _repr_html_ = record_html

    def __repr__(self) -> str:
        return f"<Explicit: {len(self.state)} components of states, {len(self.input)} of inputs>"

    def jacobian(self) -> ImmutableMatrix:
        """∂ next_state / ∂ state, by SymPy's own `Matrix.jacobian`."""
        return self.next_state.jacobian(self.state)


def explicit(cell: Cell, sizes: Mapping[str, int]) -> Explicit:
    """Write a cell out in components; sizes that are not given are n."""
    unknown = set(sizes) - set(cell.sizes) - {"n", "m"}
    if unknown:
        raise SymgateError(
            f"{min(unknown)!r} is not a size of {cell.name}: {', '.join(cell.sizes)}"
        )
    for letter, value in sizes.items():
        least = 0 if letter == "m" else 1
        if not is_whole(value) or not least <= value <= MAX_SIZE:
            raise SymgateError(
                f"the size {letter} must be a whole number from {least} to {MAX_SIZE}, "
                f"not {shown(value)}"
            )
    given = {symbol: sizes.get(letter, sizes["n"]) for letter, symbol in cell.sizes.items()}
    walk = _Components(cell, given)
    return walk.explicit()


class _Components(Semantics):
    """A scalar is a 1 x 1 matrix, a vector a column; a scalar stands for every component."""

    def __init__(self, cell: Cell, sizes: Mapping[Symbol, int]) -> None:
        self.cell, self.sizes, self.known = cell, sizes, {}
        self.parameters = {
            p.name: _symbols(p.name, *map(self.number_of, p.shape))
            for p in cell.parameters.values()
        }
        self.before = {s: _symbols(s, *self.shape(s)) for s in cell.states}
        self.now = {x: _symbols(x, *self.shape(x)) for x in cell.inputs}

    def number_of(self, size: Expr) -> int:
        return int(size.subs(self.sizes))

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(map(self.number_of, self.cell.shapes[name]))

    def explicit(self) -> Explicit:
        for name, expression in self.cell.equations.items():
            rows, cols = (*self.shape(name), 1, 1)[:2]
            self.now[name] = _spread(fold(expression, self), (rows, cols))
            if (symbols := max((length([e]) for e in self.now[name]), default=0)) > MOST:
                raise SymgateError(
                    f"a component of {name} of {self.cell.name} would hold {symbols:,} symbols, "
                    f"written out (the limit is {MOST:,}); take fewer units, or symgate.jacobian"
                )
        return Explicit(
            state=_column(self.before[s] for s in self.cell.states),
            next_state=_column(self.now[s] for s in self.cell.states),
            input=_column(self.now[x] for x in self.cell.inputs),
            parameters=self.parameters,
            values=self.now,
        )

    def variable(self, e: Any) -> Any:
        return (self.now if time_of(e) == 0 else self.before)[name_of(e)]

    def parameter(self, e: Any) -> Any:
        return self.parameters[e.name]

    symbol = parameter

    def number(self, e: Expr) -> Any:
        return ImmutableMatrix([[e]])

    def add(self, parts: Sequence[Any], e: Any) -> Any:
        return _each(sp.Add, parts)

    def multiply(self, parts: Sequence[Any], e: Any) -> Any:
        return _each(sp.Mul, parts)

    def power(self, base: Any, exponent: Any, e: Any) -> Any:
        return _each(sp.Pow, [base, exponent])

    def apply(self, arguments: Sequence[Any], e: Any) -> Any:
        return _each(e.func, arguments)

    def matvec(self, matrix: Any, vector: Any, e: Any) -> Any:
        return matrix * _spread(vector, (matrix.cols, vector.cols))

    def stack(self, parts: Sequence[Any], e: Any) -> Any:
        sized = zip(parts, e.sizes, strict=True)
        return _column(_spread(part, (self.number_of(size), 1)) for part, size in sized)

    def total(self, vector: Any, e: Any) -> Any:
        return ImmutableMatrix([[sp.Add(*vector)]])

    def dot(self, u: Any, v: Any, e: Any) -> Any:
        return self.total(_each(sp.Mul, [u, v]), e)

    def mean(self, vector: Any, e: Any) -> Any:
        return self.total(vector, e) / len(vector)

    def norm(self, vector: Any, e: Any) -> Any:
        return ImmutableMatrix([[sp.sqrt(sp.Add(*(v**2 for v in vector)))]])

    def mixing(self, vector: Any, e: Any) -> Any:
        if e.name == "softmax":
            powers = vector.applyfunc(sp.exp)
            return powers / sp.Add(*powers)
        mean = sp.Add(*vector) / len(vector) if e.name == "layer_norm" else 0
        apart = vector.applyfunc(lambda v: v - mean)
        square = sp.Add(*(v**2 for v in apart)) / len(vector)
        return apart / sp.sqrt(square + e.epsilon)

    def dyad(self, u: Any, v: Any, e: Any) -> Any:
        return u * v.T

    def act(self, matrix: Any, operand: Any, e: Any) -> Any:
        return (matrix.T if e.transposed else matrix) * operand

    def right_times(self, value: Any, matrix: Any, e: Any) -> Any:
        return value * matrix

    def across(self, vector: Any, e: Any) -> Any:
        return vector.T

    def down(self, vector: Any, e: Any) -> Any:
        return vector

    def transpose(self, matrix: Any, e: Any) -> Any:
        return matrix.T

    def identity(self, e: Any) -> Any:
        return ImmutableMatrix.eye(self.number_of(e.rows))

    def diagonal(self, vector: Any, e: Any) -> Any:
        return ImmutableMatrix.diag(*_spread(vector, (self.number_of(e.rows), 1)))

    def matadd(self, parts: Sequence[Any], e: Any) -> Any:
        return sum(parts[1:], parts[0])

    def matmul(self, scale: Any, matrices: Sequence[Any], e: Any) -> Any:
        product = matrices[0]
        for other in matrices[1:]:
            product = product * other
        return product if scale is None else scale[0, 0] * product


def _symbols(name: str, *shape: int) -> ImmutableMatrix:
    """A scalar's name, a vector's components a_1, a_2, … or a matrix's entries A_1,1, …"""

    def named(i: Any, j: Any) -> Symbol:
        places = ",".join(str(int(place) + 1) for place in (i, j)[: len(shape)])
        return Symbol(f"{name}_{places}" if places else name, real=True)

    return ImmutableMatrix(*(*shape, 1, 1)[:2], named)


def _spread(value: Any, shape: tuple[int, int]) -> Any:
    """The value in a shape; one number stands for all components."""
    if value.shape == shape:
        return value
    rows, cols = value.shape
    return ImmutableMatrix(*shape, lambda i, j: value[min(i, rows - 1), min(j, cols - 1)])


def _each(function: Callable[..., Expr], parts: Sequence[Any]) -> Any:
    """A function of several values, component by component."""
    shape = (max(part.rows for part in parts), max(part.cols for part in parts))
    spread = [_spread(part, shape) for part in parts]
    return ImmutableMatrix(*shape, lambda i, j: function(*(part[i, j] for part in spread)))


def _column(parts: Any) -> ImmutableMatrix:
    stacked = [entry for part in parts for entry in part]
    return ImmutableMatrix(len(stacked), 1, stacked)
