"""The symbols and nodes of vector expressions.

variable("h", -1)   h[t-1], a state, gate or input at a time: SymPy's Indexed
Vector("b_z")       a parameter that is a vector; a plain Symbol is a scalar
MatVec(A, v)        a matrix times a vector, the only node that mixes components
Stack([a, b], …)    the vectors a and b, one above the other
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sympy import (
    Dummy,
    Expr,
    Indexed,
    IndexedBase,
    MatrixExpr,
    MatrixSymbol,
    S,
    Sum,
    Symbol,
    Tuple,
    ZeroMatrix,
)
from sympy.core.basic import Basic

from symgate.algebra.names import name_parts
from symgate.algebra.printed import Printed, Styled

#: The present step.
t = Symbol("t", integer=True)


class Ranked:
    """An expression that says itself whether it is a scalar, a vector or a matrix."""

    @property
    def rank(self) -> int:
        return 1


class Vector(Ranked, Symbol):
    """A parameter that is a vector: its product with a vector is component by component."""

    _pretty, _latex = Styled._pretty, Styled._latex


class IndexedByTime(Styled, Indexed):
    """A state, gate or input at a time."""

    def sort_key(self, order: Any = None) -> Any:
        """By its name in the language, whatever it looks like."""
        return _indexed(*self.args).sort_key(order)

    def _code(self, printer: Any) -> str:
        """For lambdify its name, which is that of the argument; for others as SymPy has it."""
        named = str(self).isidentifier() and not printer._settings["fully_qualified_modules"]
        return str(self if named else printer._print_Indexed(self))

    def _latex(self, printer: Any) -> str:
        """In braces, where its upper index would meet that of a power."""
        shown = super()._latex(printer)
        return f"{{{shown}}}" if name_parts(self.base.name).layer else shown

    _numpycode = _pythoncode = _mpmathcode = _jaxcode = _torchcode = _tensorflowcode = _code


_indexed = lru_cache(maxsize=4096)(Indexed)


class _ScalarBase(IndexedBase):
    """The name of a state, gate or input that is one number a step."""


class _MatrixBase(IndexedBase):
    """The name of a state, gate or input that is a matrix."""


_BASES = (_ScalarBase, IndexedBase, _MatrixBase)


@lru_cache(maxsize=4096)
def variable(name: str, lag: int = 0, rank: int = 1) -> Indexed:
    """The value `name` at time t - lag: of rank 0 a scalar, 1 a vector, 2 a matrix.

    >>> variable("h", 1)
    h_{t-1}
    """
    return IndexedByTime(_base(name, rank), t - lag)


@lru_cache(maxsize=4096)
def _base(name: str, rank: int) -> IndexedBase:
    return _BASES[rank](name, real=True)


@lru_cache(maxsize=16384)
def rank(e: Basic) -> int:
    """0 for a scalar, 1 for a vector, 2 for a matrix, of an expression of values.

    >>> rank(variable("h") * Symbol("alpha")), rank(Total(variable("h")))
    (1, 0)
    """
    if isinstance(e, Indexed):
        return _BASES.index(type(e.base))
    if isinstance(e, Ranked):
        return e.rank
    return max(map(rank, e.args), default=0)


def name_of(symbol: Basic) -> str:
    """The name of a variable or a parameter, without its time."""
    return str(symbol.base.name if isinstance(symbol, Indexed) else symbol.name)


@lru_cache(maxsize=4096)
def time_of(symbol: Indexed) -> Expr:
    """The time of a variable, relative to t: 0, -1, or an expression."""
    return symbol.indices[0] - t


def name_now(e: Basic) -> str:
    """The name of a variable of the present step; nothing for all else.

    >>> name_now(variable("h")), name_now(variable("h", 1)), name_now(variable("h") + 1)
    ('h', '', '')
    """
    return name_of(e) if isinstance(e, Indexed) and time_of(e) == 0 else ""


def with_name(symbol: Any, name: str) -> Any:
    """The same variable or parameter by another name.

    >>> with_name(variable("h", 1), "c"), with_name(Vector("b"), "b_z")
    (c_{t-1}, b_z)
    """
    if isinstance(symbol, Indexed):
        return variable(name, -time_of(symbol), rank(symbol))
    if isinstance(symbol, MatrixSymbol):
        return MatrixSymbol(name, *symbol.shape)
    return symbol.func(name, real=True)


def is_variable(e: Basic) -> bool:
    """Whether an expression is one state, gate or input at one time."""
    return isinstance(e, Indexed)


def shifted(expression: Any, steps: Any) -> Any:
    """The same expression `steps` steps earlier.

    >>> shifted(variable("h", 1) * variable("z"), 2)
    h_{t-3}*z_{t-2}
    """
    return expression if steps == 0 else expression.xreplace({t: t - steps})


class Opaque(Ranked, Printed, Expr):
    """A node that SymPy must not look into when it differentiates."""

    is_commutative = True
    is_real = True
    is_extended_real = True

    #: What stands for it in a diagram; nothing for what is drawn otherwise.
    sign: str = ""

    #: Of how many of its first parts it is a product: where one is 0, so is it.
    multiplies = 0

    @property
    def func(self) -> Callable[..., Expr]:
        return self._of if self.multiplies else type(self)

    def _of(self, *parts: Any) -> Expr:
        """The same made of other parts."""
        zero = any(p == 0 or isinstance(p, ZeroMatrix) for p in parts[: self.multiplies])
        return S.Zero if zero else type(self)(*parts)


class MatVec(Opaque):
    """A matrix expression times a vector expression."""

    multiplies = 2

    @property
    def rank(self) -> int:
        return rank(self.args[1])

    def __new__(cls, matrix: MatrixExpr, vector: Expr) -> MatVec:
        return Basic.__new__(cls, matrix, vector)

    @property
    def matrix(self) -> MatrixExpr:
        return self.args[0]

    @property
    def vector(self) -> Expr:
        return self.args[1]

    @property
    def parts(self) -> tuple[Expr, ...]:
        """What its vector is stacked of: the vector alone, where it is no stack."""
        return parts_of(self.vector) or (self.vector,)

    @property
    def sizes(self) -> tuple[Any, ...]:
        """How long each of its parts is."""
        return self.vector.sizes if parts_of(self.vector) else (self.matrix.cols,)


class Stack(Opaque):
    """Vectors one above the other; it stands only inside a MatVec."""

    def __new__(cls, parts: Iterable[Expr], sizes: Iterable[Expr]) -> Stack:
        return Basic.__new__(cls, Tuple(*parts), Tuple(*sizes))

    @property
    def parts(self) -> tuple[Expr, ...]:
        return tuple(self.args[0])

    @property
    def sizes(self) -> tuple[Expr, ...]:
        return tuple(self.args[1])


class Total(Opaque):
    """The sum of a vector's components, as gradients of scalars need it."""

    sign, multiplies = "sum", 1

    @property
    def rank(self) -> int:
        return 0

    def __new__(cls, vector: Expr) -> Total:
        return Basic.__new__(cls, vector)


def as_product(e: Basic) -> MatVec | None:
    """The product of a matrix and a vector that an expression is; None where it is none.

    >>> as_product(variable("h")) is None
    True
    """
    return e if isinstance(e, MatVec) else None


def parts_of(vector: Basic) -> tuple[Expr, ...]:
    """What a vector is stacked of; nothing where it is no stack."""
    return vector.parts if isinstance(vector, Stack) else ()


def component(e: Expr, i: Any) -> Expr:
    """Component i of a vector expression, from 0; that of h[t] is h[t, i].

    >>> component(variable("h", 1) * (1 - Vector("b")), 0)
    (1 - b[0])*h[t - 1, 0]
    """
    if isinstance(e, Indexed):
        return e.base[(*e.indices, i)]
    if isinstance(e, Vector):
        return IndexedBase(e.name, real=True)[i]
    if isinstance(e, MatVec):
        k = Dummy("k", integer=True, nonnegative=True)
        return Sum(e.matrix[i, k] * component(e.vector, k), (k, 0, e.matrix.cols - 1))
    if isinstance(e, Stack):
        raise ValueError("a component of stacked vectors depends on their sizes; choose numbers")
    if isinstance(e, Total) or not e.args:
        return e
    return e.func(*(component(part, i) for part in e.args))
