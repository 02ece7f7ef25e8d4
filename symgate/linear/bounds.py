"""How large a one-step Jacobian can be: a bound of every path, from ranges and norms.

A coefficient is bounded by its range over all values that the cell can take; where it has
no bound (the cell state of an LSTM) its largest component stays in the formula. A matrix
is bounded by its spectral norm. Bounds are SymPy expressions in these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from types import MappingProxyType

import sympy as sp
from sympy import (
    Abs,
    Add,
    Expr,
    Function,
    Indexed,
    Integer,
    MatMul,
    MatrixExpr,
    Mul,
    Pow,
    Rational,
    Symbol,
    Transpose,
)

from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.vectors import MatVec, Vector
from symgate.equations.cell import Cell, once_a_cell
from symgate.linear.images import slope_range
from symgate.linear.linearise import Linearisation, Node, Term, linearise
from symgate.linear.paths import Path, paths
from symgate.linear.ranges import Ranges, only_value, ranges


@dataclass(frozen=True)
class PathBound:
    """One path with a bound of its norm."""

    path: Path
    bound: Expr


@dataclass(frozen=True)
class Bounds:
    """Bounds of the blocks of a cell's one-step Jacobian, path by path.

    `blocks[of, wrt]` bounds ‖∂of_t/∂wrt_{t-1}‖₂; a pair that is missing is zero.

    >>> import symgate as sg
    >>> print(bounds(sg.cell("gru")).total("h", "h"))
    ‖U_n‖₂*‖U_r‖₂/4 + ‖U_n‖₂ + ‖U_z‖₂/2 + 1
    """

    cell: Cell
    ranges: Ranges
    blocks: Mapping[tuple[str, str], tuple[PathBound, ...]]

    def total(self, of: str, wrt: str) -> Expr:
        """The bound of one block: the sum over its paths."""
        return Add(*(entry.bound for entry in self.blocks.get((of, wrt), ())))

    def matrix(self) -> sp.ImmutableMatrix:
        """The bounds of all blocks; its largest singular value bounds the whole Jacobian."""
        states = self.cell.states
        return sp.ImmutableMatrix([[self.total(of, wrt) for wrt in states] for of in states])


@once_a_cell
def bounds(cell: Cell) -> Bounds:
    """Bound every path of every block of the one-step Jacobian."""
    lin, known = linearise(cell), ranges(cell)
    blocks = {}
    for of in cell.states:
        for wrt in cell.states:
            found = tuple(PathBound(p, path_bound(lin, known, p)) for p in paths(lin, of, wrt))
            if found:
                blocks[of, wrt] = found
    return Bounds(cell, known, MappingProxyType(blocks))


def path_bound(lin: Linearisation, known: Ranges, path: Path) -> Expr:
    """A bound of the spectral norm of one path: the product of those of its terms."""
    parts = [
        term_bound(known, node, term) for node, term in zip(path.nodes, path.terms, strict=True)
    ]
    return reduce(lambda a, b: a * b, parts, Integer(1))


def term_bound(known: Ranges, node: Node, term: Term) -> Expr:
    """A bound of ‖diag(coefficient) matrix‖₂ for one term."""
    coefficient = magnitude(known, Mul(*term.coefficient))
    if isinstance(node.expression, Function) and node.expression.args[0] == term.source:
        slope = slope_range(node.expression)
        if slope is not None:
            most = _number(slope.magnitude)
            better = not coefficient.is_number or coefficient > most
            coefficient = most if better else coefficient
    return coefficient if term.matrix is None else coefficient * spectral_norm(term.matrix)


def magnitude(known: Ranges, expression: Expr) -> Expr:
    """A bound of the absolute value of each component of a vector expression."""
    interval = known.of(expression)
    if interval.is_bounded:
        return _number(interval.magnitude)
    if expression.could_extract_minus_sign():
        expression = -expression
    if not expression.has(Indexed, MatVec):
        return MaxNorm(expression) if expression.has(Vector) else Abs(expression)
    if isinstance(expression, Mul):
        return Mul(*(magnitude(known, factor) for factor in _grouped(expression)))
    if isinstance(expression, Add):
        return Add(*(magnitude(known, part) for part in expression.args))
    if isinstance(expression, Pow) and expression.exp.is_Integer and expression.exp > 0:
        return magnitude(known, expression.base) ** expression.exp
    return MaxNorm(expression)


def _grouped(product: Mul) -> list[Expr]:
    """The factors of a product, those in the same variable together; all parameters too."""
    groups: dict[Expr | None, list[Expr]] = {}
    alone: list[Expr] = []
    for factor in product.args:
        variable = only_value(factor)
        if variable is None and factor.has(Indexed, MatVec):
            alone.append(factor)
        elif not factor.has(Indexed, MatVec):
            kind = Vector if factor.has(Vector) else Symbol
            groups.setdefault(Symbol(kind.__name__), []).append(factor)
        else:
            groups.setdefault(variable, []).append(factor)
    return [*(Mul(*g) for g in groups.values()), *alone]


def spectral_norm(matrix: MatrixExpr) -> Expr:
    """‖A‖₂ as a symbol; of a product the product, of a transpose that of the matrix.

    >>> from sympy import MatrixSymbol
    >>> print(spectral_norm(MatrixSymbol("U", 2, 2).T))
    ‖U‖₂
    """
    if isinstance(matrix, Transpose):
        return spectral_norm(matrix.arg)
    if isinstance(matrix, MatMul):
        scale, matrices = matrix.as_coeff_matrices()
        size = MaxNorm(scale) if scale.has(Vector) else Abs(scale)
        return Mul(size, *map(spectral_norm, matrices))
    return SpectralNorm(matrix)


def _number(end: Fraction | float) -> Rational:
    exact = Fraction(end)
    return Rational(exact.numerator, exact.denominator)
