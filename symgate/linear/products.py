"""Products of diagonals and matrices, as paths make them, and their sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sympy import Add, Expr, Integer, MatrixExpr, Mul

from symgate.algebra.operators import Diag, product, total
from symgate.algebra.vectors import name_of
from symgate.linear.terms import Factors, Linearisation, Node, Term


@dataclass(frozen=True)
class Chain:
    """diag(…) A diag(…) B … diag(last), as pairs of a diagonal's factors and a matrix.

    `route` says which term was taken at each node, so that products keep their order.
    """

    pairs: tuple[tuple[Factors, MatrixExpr], ...] = ()
    last: Factors = ()
    route: tuple[int, ...] = ()

    def then(self, term: Term, place: int = 0) -> Chain:
        """The product followed by one more term, the `place`-th of its node."""
        factors, route = (*self.last, *term.coefficient), (*self.route, place)
        if term.matrix is None:
            return Chain(self.pairs, factors, route)
        return Chain((*self.pairs, (factors, term.matrix)), (), route)

    def operator(self, rows: Expr, cols: Expr) -> MatrixExpr:
        """The product as a SymPy matrix expression, its number in front."""
        number: Expr = Integer(1)
        operators: list[MatrixExpr] = []
        for factors, matrix in (*self.pairs, (self.last, None)):
            number = number * Mul(*(f for f in factors if f.is_number))
            rest = [f for f in factors if not f.is_number]
            operators += [Diag(cols if matrix is None else matrix.rows, *rest)] if rest else []
            operators += [] if matrix is None else [matrix]
        return product([*([number] if number != 1 else []), *operators], rows)


def added(lin: Linearisation, products: Iterable[Chain], of: str, wrt: str) -> MatrixExpr:
    """The sum of products between two values."""
    rows, cols = lin.size(of), lin.size(wrt)
    return total([p.operator(rows, cols) for p in merged(products)], rows, cols)


def term_operator(lin: Linearisation, node: Node, term: Term) -> MatrixExpr:
    """One term of a node, diag(coefficient) . matrix."""
    return added(lin, [Chain().then(term)], node.name, name_of(term.source))


def merged(products: Iterable[Chain]) -> list[Chain]:
    """Products in the order of their routes; those that differ in the last diagonal are one."""
    groups: dict[tuple[tuple[Factors, MatrixExpr], ...], list[Chain]] = {}
    for p in sorted(products, key=lambda p: p.route):
        groups.setdefault(p.pairs, []).append(p)
    summed = [Chain(k, _added([p.last for p in g]), g[0].route) for k, g in groups.items()]
    return [p for p in summed if p.last != (Integer(0),)]


def _added(parts: list[Factors]) -> Factors:
    """The sum of products, its common first factors in front."""
    if len(parts) == 1:
        return parts[0]
    common: list[Expr] = []
    for candidate in parts[0]:
        if all(candidate in rest for rest in parts):
            common.append(candidate)
            parts = [_without(rest, candidate) for rest in parts]
    inner = Add(*(Mul(*rest) for rest in parts))
    if inner == 0:
        return (Integer(0),)
    return tuple(common) if inner == 1 else (*common, *Mul.make_args(inner))


def _without(factors: Factors, one: Expr) -> Factors:
    at = factors.index(one)
    return (*factors[:at], *factors[at + 1 :])
