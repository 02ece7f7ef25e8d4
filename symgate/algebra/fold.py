"""The one walk over an expression: what each kind of node means is a table, its semantics.

`fold(expression, semantics)` works out an expression from its leaves upward and asks
`semantics` what each node means, given what its parts mean. NumPy, mpmath, components,
intervals, C and JavaScript are semantics. No module outside branches on the kinds of nodes.

A semantics overrides the methods for the nodes that it knows; what it leaves out is refused
in words. A function that it has no word of its own for (`functions`) is worked out from the
function's record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sympy import (
    Add,
    Expr,
    Function,
    Identity,
    Indexed,
    KroneckerProduct,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Pow,
    Symbol,
    Transpose,
    ZeroMatrix,
)
from sympy.core.basic import Basic
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.activations import record_of
from symgate.algebra.elementwise import A, B, K
from symgate.algebra.matrices import ColumnBlock, Gram, MatrixOf
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.operators import Column, Diag, Outer, Row
from symgate.algebra.values import (
    Across,
    Dot,
    Down,
    Dyad,
    Mean,
    Mixing,
    Norm,
    RightTimes,
    Spread,
    StepProduct,
)
from symgate.algebra.vectors import MatVec, Stack, Total, rank
from symgate.errors import SymgateError

Known = dict[Basic, Any]


class Semantics:
    """What the nodes mean. Each method gets the node's parts, worked out, and the node.

    `known` holds what is worked out already, by node, from one `fold` to the next; set it to
    None to keep nothing. `functions` has what the semantics knows of functions by their name
    in the language (`step`, `log1p`, `expm1`, `erf` and `erfc` beside them). `floating` asks
    for the form of a function that suits floating point where it is worked out.
    """

    known: Known | None = None
    functions: Mapping[str, Callable[..., Any]] = {}
    floating = True

    # -- values ----------------------------------------------------------------------------

    def variable(self, e: Indexed) -> Any:
        """A state, gate or input at its time."""
        return self.unknown(e)

    def parameter(self, e: Symbol) -> Any:
        """A vector or scalar parameter."""
        return self.unknown(e)

    def number(self, e: Expr) -> Any:
        """A number: a ratio, a root, π."""
        return self.unknown(e)

    def add(self, parts: Sequence[Any], e: Add) -> Any:
        return self.unknown(e)

    def multiply(self, parts: Sequence[Any], e: Mul) -> Any:
        return self.unknown(e)

    def power(self, base: Any, exponent: Any, e: Pow) -> Any:
        return self.unknown(e)

    def apply(self, arguments: Sequence[Any], e: Function) -> Any:
        """A function, component by component."""
        name = function_name(e)
        own = self.functions.get(name)
        if own is not None:
            return own(*arguments)
        record = record_of(e)
        form = record.stable if self.floating and record.stable is not None else record.closed
        if form is None:
            return self.unknown(e)
        given = dict(zip((A, B), arguments, strict=False))
        given[K] = arguments[1] if len(arguments) > 1 else self.number(record.default)
        return fold(form, self, given)

    def matvec(self, matrix: Any, vector: Any, e: MatVec) -> Any:
        """A matrix times a vector (or from the left times a matrix of values)."""
        return self.unknown(e)

    def stack(self, parts: Sequence[Any], e: Stack) -> Any:
        """Vectors one above the other."""
        return self.unknown(e)

    def total(self, vector: Any, e: Total) -> Any:
        """The sum of all components."""
        return self.unknown(e)

    def dot(self, u: Any, v: Any, e: Dot) -> Any:
        """The inner product of two vectors."""
        return self.unknown(e)

    def mean(self, vector: Any, e: Mean) -> Any:
        return self.unknown(e)

    def norm(self, vector: Any, e: Norm) -> Any:
        """The Euclidean length."""
        return self.unknown(e)

    def spread(self, vector: Any, e: Spread) -> Any:
        """√(mean of squares + ε), of the vector or of what it is apart from its mean."""
        return self.unknown(e)

    def mixing(self, vector: Any, e: Mixing) -> Any:
        """softmax, layer_norm or rms_norm."""
        return self.unknown(e)

    def dyad(self, u: Any, v: Any, e: Dyad) -> Any:
        """The matrix u vᵀ, as a value."""
        return self.unknown(e)

    def act(self, matrix: Any, operand: Any, e: StepProduct) -> Any:
        """A matrix of the step, or its transpose, times a vector."""
        return self.unknown(e)

    def right_times(self, value: Any, matrix: Any, e: RightTimes) -> Any:
        """A matrix of the step times one of parameters."""
        return self.unknown(e)

    def across(self, vector: Any, e: Across) -> Any:
        """A vector as every row of a matrix."""
        return self.unknown(e)

    def down(self, vector: Any, e: Down) -> Any:
        """A vector as every column of a matrix."""
        return self.unknown(e)

    def spectral_norm(self, e: SpectralNorm) -> Any:
        """The largest singular value of a matrix, as a symbol of a bound."""
        return self.unknown(e)

    def max_norm(self, e: MaxNorm) -> Any:
        """The largest component of a vector, as a symbol of a bound."""
        return self.unknown(e)

    def lifted(self, value: Any, have: int, want: int, e: Expr) -> Any:
        """A value of rank `have` where one of rank `want` stands beside it in `e`."""
        return value

    # -- operators -------------------------------------------------------------------------

    def symbol(self, e: MatrixSymbol) -> Any:
        """A matrix parameter."""
        return self.unknown(e)

    def transpose(self, matrix: Any, e: Transpose) -> Any:
        return self.unknown(e)

    def identity(self, e: Identity) -> Any:
        return self.unknown(e)

    def zeros(self, e: ZeroMatrix) -> Any:
        return self.unknown(e)

    def ones(self, e: OneMatrix) -> Any:
        return self.unknown(e)

    def diagonal(self, vector: Any, e: Diag) -> Any:
        return self.unknown(e)

    def columns(self, matrix: Any, e: ColumnBlock) -> Any:
        """The columns of a matrix that act on one part of a stacked vector."""
        return self.unknown(e)

    def outer(self, u: Any, v: Any, e: Outer) -> Any:
        return self.unknown(e)

    def gram(self, u: Any, v: Any, e: Gram) -> Any:
        return self.unknown(e)

    def column(self, vector: Any, e: Column) -> Any:
        return self.unknown(e)

    def row(self, vector: Any, e: Row) -> Any:
        return self.unknown(e)

    def matrix_of(self, value: Any, e: MatrixOf) -> Any:
        """A matrix of the step as an operator."""
        return self.unknown(e)

    def kronecker(self, parts: Sequence[Any], e: KroneckerProduct) -> Any:
        return self.unknown(e)

    def matadd(self, parts: Sequence[Any], e: MatAdd) -> Any:
        return self.unknown(e)

    def matmul(self, scale: Any, matrices: Sequence[Any], e: MatMul) -> Any:
        """A product of matrices; `scale` is None where no number stands before it."""
        return self.unknown(e)

    def matpow(self, base: Any, e: MatPow) -> Any:
        return self.unknown(e)

    def blocks(self, rows: Sequence[Sequence[Any]], e: BlockMatrix) -> Any:
        return self.unknown(e)

    def unknown(self, e: Basic) -> Any:
        raise SymgateError(f"{e} has no meaning here ({type(self).__name__.strip('_')})")


def function_name(e: Any) -> str:
    """The name of a function in the language; erf and erfc are SymPy's."""
    name = type(e).__name__
    return name if name in ("erf", "erfc") else record_of(e).name


@lru_cache(maxsize=16_384)
def is_constant(e: Basic) -> bool:
    """Whether an expression is a number; SymPy walks all of it each time that it is asked."""
    return not e.free_symbols


def fold(expression: Basic, semantics: Semantics, given: Mapping[Basic, Any] | None = None) -> Any:
    """What an expression means: each node from what its parts mean.

    `given` says what some nodes mean beforehand. A node that stands twice is worked out once.

    >>> from symgate.algebra.vectors import variable
    >>> class Names(Semantics):
    ...     def variable(self, e):
    ...         return {str(e)}
    ...     def add(self, parts, e):
    ...         return set().union(*parts)
    >>> sorted(fold(variable("z") + variable("h", 1), Names()))
    ['h_{t-1}', 'z_t']
    """
    if given is not None:
        memo: Known = dict(given)
    else:
        memo = {} if semantics.known is None else semantics.known
    return _Folding(semantics, memo)(expression)


class _Folding:
    """One fold: the semantics and what is worked out so far."""

    def __init__(self, semantics: Semantics, memo: Known) -> None:
        self.semantics, self.memo = semantics, memo

    def __call__(self, e: Basic) -> Any:
        if e in self.memo:
            return self.memo[e]
        for kind in type(e).__mro__:
            rule = _RULES.get(kind)
            if rule is not None:
                value = self.memo[e] = rule(self, e)
                return value
        if isinstance(e, Expr) and is_constant(e):
            value = self.memo[e] = self.semantics.number(e)
            return value
        return self.semantics.unknown(e)

    def parts(self, e: Expr) -> list[Any]:
        """The arguments of an element-wise node, all lifted to its rank."""
        want, found = rank(e), []
        for part in e.args:
            value, have = self(part), rank(part)
            if have != want and not is_constant(part):
                value = self.semantics.lifted(value, have, want, e)
            found.append(value)
        return found


def _power(f: _Folding, e: Pow) -> Any:
    if is_constant(e):
        return f.semantics.number(e)
    base, exponent = f.parts(e)
    return f.semantics.power(base, exponent, e)


def _arithmetic(method: str) -> Callable[[_Folding, Any], Any]:
    def rule(f: _Folding, e: Expr) -> Any:
        if is_constant(e):
            return f.semantics.number(e)
        return getattr(f.semantics, method)(f.parts(e), e)

    return rule


def _function(f: _Folding, e: Function) -> Any:
    return f.semantics.apply(f.parts(e), e)


def _matmul(f: _Folding, e: MatMul) -> Any:
    scale, matrices = e.as_coeff_matrices()
    number = None if scale == 1 else f(scale)
    return f.semantics.matmul(number, [f(m) for m in matrices], e)


def _blocks(f: _Folding, e: BlockMatrix) -> Any:
    rows, cols = e.blocks.shape
    parts = [[f(e.blocks[i, j]) for j in range(cols)] for i in range(rows)]
    return f.semantics.blocks(parts, e)


#: How each kind of node is taken apart. A new kind of node is one line here and one method.
_RULES: dict[type, Callable[[_Folding, Any], Any]] = {
    Indexed: lambda f, e: f.semantics.variable(e),
    MatrixSymbol: lambda f, e: f.semantics.symbol(e),
    Symbol: lambda f, e: f.semantics.parameter(e),
    Add: _arithmetic("add"),
    Mul: _arithmetic("multiply"),
    Pow: _power,
    Function: _function,
    MatVec: lambda f, e: f.semantics.matvec(f(e.matrix), f(e.vector), e),
    Stack: lambda f, e: f.semantics.stack([f(part) for part in e.parts], e),
    Total: lambda f, e: f.semantics.total(f(e.args[0]), e),
    Dot: lambda f, e: f.semantics.dot(f(e.args[0]), f(e.args[1]), e),
    Mean: lambda f, e: f.semantics.mean(f(e.args[0]), e),
    Norm: lambda f, e: f.semantics.norm(f(e.args[0]), e),
    Spread: lambda f, e: f.semantics.spread(f(e.vector), e),
    Mixing: lambda f, e: f.semantics.mixing(f(e.vector), e),
    Dyad: lambda f, e: f.semantics.dyad(f(e.args[0]), f(e.args[1]), e),
    StepProduct: lambda f, e: f.semantics.act(f(e.matrix), f(e.operand), e),
    RightTimes: lambda f, e: f.semantics.right_times(f(e.value), f(e.matrix), e),
    SpectralNorm: lambda f, e: f.semantics.spectral_norm(e),
    MaxNorm: lambda f, e: f.semantics.max_norm(e),
    Across: lambda f, e: f.semantics.across(f(e.args[0]), e),
    Down: lambda f, e: f.semantics.down(f(e.args[0]), e),
    Gram: lambda f, e: f.semantics.gram(f(e.args[0]), f(e.args[1]), e),
    Column: lambda f, e: f.semantics.column(f(e.vector), e),
    Row: lambda f, e: f.semantics.row(f(e.vector), e),
    MatrixOf: lambda f, e: f.semantics.matrix_of(f(e.value), e),
    KroneckerProduct: lambda f, e: f.semantics.kronecker([f(a) for a in e.args], e),
    Transpose: lambda f, e: f.semantics.transpose(f(e.arg), e),
    Identity: lambda f, e: f.semantics.identity(e),
    ZeroMatrix: lambda f, e: f.semantics.zeros(e),
    OneMatrix: lambda f, e: f.semantics.ones(e),
    Diag: lambda f, e: f.semantics.diagonal(f(e.vector), e),
    ColumnBlock: lambda f, e: f.semantics.columns(f(e.matrix), e),
    Outer: lambda f, e: f.semantics.outer(f(e.args[0]), f(e.args[1]), e),
    MatAdd: lambda f, e: f.semantics.matadd([f(part) for part in e.args], e),
    MatMul: _matmul,
    MatPow: lambda f, e: f.semantics.matpow(f(e.base), e),
    BlockMatrix: _blocks,
}
