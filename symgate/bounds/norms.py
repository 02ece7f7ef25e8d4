"""How large a one-step Jacobian can be: a bound of every path, from ranges and norms.

A coefficient is bounded by its range over all values that the cell can take; where it has
no bound (the cell state of an LSTM) its largest component stays in the formula. A matrix
is bounded by its spectral norm. Bounds are SymPy expressions in these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy import Abs, Add, Expr, Function, Indexed, MatAdd, MatrixExpr, Mul, Pow, S

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.structure import update
from symgate.algebra.values import Spread
from symgate.algebra.vectors import MatVec, rank, variable
from symgate.bounds.functions import only_value, slope_range
from symgate.bounds.intervals import rational
from symgate.bounds.ranges import CellRanges, ranges
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise
from symgate.linear.paths import MAX_PATHS, Path, PathLink, count, links_of, paths
from symgate.linear.sums import operator, summed, summed_in_letters, too_long
from symgate.linear.terms import Node, Term


@dataclass(frozen=True)
class PathBound:
    """One path with a bound of its norm."""

    path: Path
    bound: Expr


@dataclass(frozen=True)
class Bounds:
    """Bounds of the blocks of a cell's one-step Jacobian, path by path.

    `blocks[of, wrt]` bounds ‖∂of_t/∂wrt_{t-1}‖₂; a pair that is missing is zero. `whole` holds
    the blocks I - β k kᵀ and the like, which their paths one by one would bound far too high,
    and `many` the sums of those with more paths than are told one by one, None where even that
    takes more than anybody writes: `value` knows their numbers, by `links`, the bound of each
    term of a node.

    >>> import symgate as sg
    >>> print(bounds(sg.cell("gru")).total("h", "h"))
    ‖U_n‖₂*‖U_r‖₂/4 + ‖U_n‖₂ + ‖U_z‖₂/2 + 1
    """

    cell: Cell
    ranges: CellRanges
    blocks: Mapping[tuple[str, str], tuple[PathBound, ...]]
    whole: Mapping[tuple[str, str], Expr]
    many: Mapping[tuple[str, str], Expr | None]
    links: Callable[[PathLink], Expr]

    def total(self, of: str, wrt: str) -> Expr:
        """The bound of one block: the sum over its paths, or what bounds it as it stands."""
        return self.whole.get((of, wrt), self.apart(of, wrt))

    def apart(self, of: str, wrt: str) -> Expr:
        """The sum over the paths of one block."""
        told = Add(*(entry.bound for entry in self.blocks.get((of, wrt), ())))
        found = self.many.get((of, wrt), told)
        if found is None:
            raise too_long(linearise(self.cell), of, [variable(wrt, 1)])
        return found

    def is_written(self, of: str, wrt: str) -> bool:
        """Whether the bound of a block is short enough to be written."""
        return (of, wrt) in self.whole or self.many.get((of, wrt), S.Zero) is not None

    def value(self, of: str, wrt: str, number: Callable[[Expr], Any]) -> Any:
        """The bound of one block in numbers; `number` knows those of the bounds of terms."""
        if (of, wrt) in self.many and (of, wrt) not in self.whole:
            return summed(linearise(self.cell), of, wrt, lambda link: number(self.links(link)))
        return number(self.total(of, wrt))

    def atoms(self, *kinds: type[Expr]) -> set[Expr]:
        """The norms of some kinds in all that bounds a block of the step."""
        told = [*self.whole.values()]
        told += [e.bound for pair in {*self.blocks} - {*self.whole} for e in self.blocks[pair]]
        if any(pair not in self.whole for pair in self.many):
            told += [self.links(link) for links in links_of(self.cell).values() for link in links]
        return set().union(*(e.atoms(*kinds) for e in told))

    def matrix(self) -> sp.ImmutableMatrix:
        """The bounds of all blocks; its largest singular value bounds the whole Jacobian."""
        states = self.cell.states
        return sp.ImmutableMatrix([[self.total(of, wrt) for wrt in states] for of in states])


@once_a_cell
def bounds(cell: Cell) -> Bounds:
    """Bound every path of every block of the one-step Jacobian."""
    lin, known = linearise(cell), ranges(cell)
    blocks: dict[tuple[str, str], tuple[PathBound, ...]] = {}
    many: dict[tuple[str, str], Expr | None] = {}
    whole: dict[tuple[str, str], Expr] = {}

    @cache
    def of_term(name: str, term: Term) -> Expr:
        return term_bound(known, lin[name], term)

    def of_link(link: PathLink) -> Expr:
        return of_term(link.node.name, link.term)

    for of, wrt in product(cell.states, repeat=2):
        ways = count(lin, of, wrt)
        if ways > MAX_PATHS:
            many[of, wrt] = summed_in_letters(lin, of, wrt, of_link)
            blocks[of, wrt] = ()
        elif ways:
            followed = paths(lin, of, wrt)
            blocks[of, wrt] = tuple(PathBound(p, path_bound(known, p)) for p in followed)
    for of, wrt in blocks:
        maps = [term.map for entry in blocks[of, wrt] for term in entry.path.terms]
        maps += [term.map for node in lin for term in node.terms] if (of, wrt) in many else []
        if many.get((of, wrt), S.Zero) is None:
            continue
        if len(lin.shape(of)) == 2 or not all(m is None or m.plain for m in maps):
            ends = [lin.variable(s, 1) for s in cell.states]
            size = spectral_norm(known, operator(lin, of, lin.variable(wrt, 1), ends))
            if size.is_number:
                whole[of, wrt] = size
    read_only = MappingProxyType(blocks), MappingProxyType(whole), MappingProxyType(many)
    return Bounds(cell, known, *read_only, of_link)


def path_bound(known: CellRanges, path: Path) -> Expr:
    """A bound of the spectral norm of one path: the product of those of its terms."""
    return Mul(*(term_bound(known, *pair) for pair in zip(path.nodes, path.terms, strict=True)))


def term_bound(known: CellRanges, node: Node, term: Term) -> Expr:
    """A bound of ‖diag(coefficient) matrix‖₂ for one term."""
    bound = magnitude(known, Mul(*term.coefficient))
    if node.argument == term.source:
        slope = slope_range(node.expression)
        if slope.is_bounded:
            most = rational(slope.magnitude)
            bound = sp.Min(bound, most) if bound.is_number else most
    if term.map is not None and term.map.bound is not None:
        return bound * term.map.bound
    return bound if term.matrix is None else bound * spectral_norm(known, term.matrix)


def magnitude(known: CellRanges, expression: Expr) -> Expr:
    """A bound of the absolute value of each component of a vector expression."""
    found: Expr = fold(expression, _Size(known))
    return found


def spectral_norm(known: CellRanges, matrix: MatrixExpr) -> Expr:
    """A bound of ‖A‖₂: of a product the product, of a transpose that of the matrix.

    >>> import symgate as sg
    >>> from sympy import MatrixSymbol
    >>> U, known = MatrixSymbol("U", 2, 2), ranges(sg.cell("rnn"))
    >>> print(spectral_norm(known, -2 * U.T))
    2*‖U‖₂
    """
    found: Expr = fold(matrix, _Size(known))
    return found


class _Size(Semantics):
    """A number that no component of a value exceeds, and no singular value of a matrix.

    A range that is bounded decides, and what holds parameters alone is left as it stands.
    """

    def __init__(self, known: CellRanges) -> None:
        self.ranges = known

    def unknown(self, e: Any) -> Expr:
        if isinstance(e, MatrixExpr):
            return SpectralNorm(e)
        return self.whole(e, MaxNorm(_upright(e)))

    def whole(self, e: Expr, apart: Expr) -> Expr:
        """The size of an expression; `apart` where it has to be taken apart."""
        interval = self.ranges.of(e)
        if interval.is_bounded and not e.has(Spread):  # 1/√ε has no short decimals
            return rational(interval.magnitude)
        if e.has(Indexed, MatVec):
            return apart
        return MaxNorm(_upright(e)) if rank(e) else Abs(_upright(e))

    def number(self, e: Expr) -> Expr:
        return Abs(e)

    def add(self, parts: Sequence[Expr], e: Add) -> Expr:
        return self.whole(e, Add(*parts))

    def multiply(self, parts: Sequence[Expr], e: Mul) -> Expr:
        """Factors in the same value together, and those without a value."""
        sizes = dict(zip(e.args, parts, strict=True))
        groups: dict[Expr, list[Expr]] = {}
        for factor in e.args:
            moves = factor.has(Indexed, MatVec)
            groups.setdefault(only_value(factor) or factor if moves else S.One, []).append(factor)
        apart = (self.whole(Mul(*g), Mul(*(sizes[f] for f in g))) for g in groups.values())
        return self.whole(e, Mul(*apart))

    def power(self, base: Expr, exponent: Expr, e: Pow) -> Expr:
        if e.base in e.atoms(Spread) and e.exp.is_negative:
            return e.base.epsilon ** (e.exp / 2)
        plain = e.exp.is_Integer and e.exp > 0
        return self.whole(e, base**e.exp if plain else MaxNorm(_upright(e)))

    def apply(self, arguments: Any, e: Function) -> Expr:
        return self.unknown(e)

    def matvec(self, matrix: Any, vector: Any, e: MatVec) -> Expr:
        return self.unknown(e)

    # -- matrices --------------------------------------------------------------------------

    def transpose(self, matrix: Expr, e: Any) -> Expr:
        return matrix

    def identity(self, e: Any) -> Expr:
        return S.One

    def zeros(self, e: Any) -> Expr:
        return S.Zero

    def diagonal(self, vector: Expr, e: Any) -> Expr:
        return vector

    def ones(self, e: Any) -> Expr:
        return sp.sqrt(e.rows * e.cols)

    def outer(self, u: Expr, v: Expr, e: Any) -> Expr:
        return Mul(*map(self.length, e.args[:2], e.args[2:], (u, v)))

    def length(self, e: Expr, size: Expr, most: Expr) -> Expr:
        """A bound of ‖v‖: of v/‖v‖ it is 1, of others what all components allow."""
        for factor in Mul.make_args(e):
            known = self.ranges.lengths.get(factor)
            if known is not None:
                rest = self.whole(e / factor, most)
                return known * rest if rest.is_number else sp.sqrt(size) * most
        return sp.sqrt(size) * most

    def kronecker(self, parts: Sequence[Expr], e: Any) -> Expr:
        return Mul(*parts)

    def row(self, vector: Expr, e: MatrixExpr) -> Expr:
        """A vector or a matrix of the step is no longer than all its components allow."""
        return self.length(e.vector, e.rows * e.cols, vector)

    column = row

    def matrix_of(self, value: Expr, e: MatrixExpr) -> Expr:
        return sp.sqrt(e.rows * e.cols) * value

    def reflection(self, e: MatAdd) -> Expr | None:
        """A bound of a I - b u uᵀ, whose eigenvalues are a and a - b ‖u‖²."""
        found = update(e)
        if found is None or found[2] is None:
            return None
        scale, along, square = found
        length = fold(square, self)
        if not length.is_number:
            return None
        a, b = self.ranges.of(scale), self.ranges.of(along)
        if not (a.is_bounded and b.is_bounded):
            return None
        high = rational(a.high) + sp.Max(0, rational(b.high) * length)
        low = rational(a.low) + sp.Min(0, rational(b.low) * length)
        return sp.Max(abs(high), abs(low))

    def matadd(self, parts: Sequence[Expr], e: Any) -> Expr:
        found = self.reflection(e)
        if found is not None:
            return found
        return Add(*parts) if e.has(Indexed) else SpectralNorm(e)

    def matmul(self, scale: Expr | None, matrices: Sequence[Expr], e: Any) -> Expr:
        return Mul(S.One if scale is None else scale, *matrices)


def _upright(e: Expr) -> Expr:
    """An expression or its negative, whichever is written without a sign in front."""
    return -e if e.could_extract_minus_sign() else e
