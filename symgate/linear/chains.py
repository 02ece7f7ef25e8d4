"""Chains: the routes by which a change travels through a step, as operators.

A chain is a product  diag(...) A diag(...) B …, kept as a tuple of factor tuples and
matrices. Chains that differ in their last diagonal only are one chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sympy import Add, Expr, Indexed, Integer, MatrixExpr, Mul

from symgate.algebra.operators import Diag, product, total
from symgate.algebra.vectors import name_of, variable
from symgate.linear.linearise import Factors, Linearisation, Term

#: Past this number of routes a sum is left in parentheses instead of multiplied out.
MAX_ROUTES = 64


@dataclass(frozen=True)
class Chain:
    """`done` is a product of operators; `last` the factors of the diagonal after it.

    `route` says which term was taken at each node, so that routes keep their order.
    """

    done: tuple[MatrixExpr | Expr, ...] = ()
    last: Factors = ()
    route: tuple[int, ...] = ()

    def then(self, term: Term, size: Expr, place: int = 0) -> Chain:
        """The chain followed by one more term; `size` is that of the term's target."""
        factors, route = (*self.last, *term.coefficient), (*self.route, place)
        if term.matrix is None:
            return Chain(self.done, factors, route)
        return Chain((*self.done, *_diagonal(factors, size), term.matrix), (), route)

    def operator(self, rows: Expr, size: Expr) -> MatrixExpr:
        """The chain as a SymPy matrix expression, its number in front."""
        number, operators = Integer(1), []
        for part in (*self.done, *_diagonal(self.last, size)):
            if isinstance(part, MatrixExpr):
                operators.append(part)
            else:
                number = number * part
        return product([*([number] if number != 1 else []), *operators], rows)


def routes(lin: Linearisation, of: str, stop: Collection[Indexed]) -> dict[Indexed, list[Chain]]:
    """The chains from a node to each variable of `stop`, within one step.

    The nodes are visited in reverse, so that each is followed once, with all the chains
    that lead to it.
    """
    found: dict[Indexed, list[Chain]] = {}
    waiting: dict[Indexed, list[Chain]] = {variable(of): [Chain()]}
    if variable(of) in stop:
        return waiting
    for node in lin.backward():
        symbol = variable(node.name)
        if symbol not in waiting:
            continue
        chains = merged(waiting.pop(symbol))
        for place, term in enumerate(node.terms):
            reached = found if term.source in stop else waiting
            reached.setdefault(term.source, []).extend(
                chain.then(term, node.size, place) for chain in chains
            )
    return {source: merged(chains) for source, chains in found.items()}


def merged(chains: Iterable[Chain]) -> list[Chain]:
    """Chains in the order of their routes; those that differ in the last diagonal are one."""
    groups: dict[tuple[MatrixExpr | Expr, ...], list[Chain]] = {}
    for chain in sorted(chains, key=lambda chain: chain.route):
        groups.setdefault(chain.done, []).append(chain)
    return [
        Chain(done, factors, alike[0].route)
        for done, alike in groups.items()
        if (factors := _added([chain.last for chain in alike])) != (Integer(0),)
    ]


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


def _diagonal(factors: Factors, size: Expr) -> tuple[MatrixExpr | Expr, ...]:
    """The numbers of a product, then the diagonal of the rest."""
    number = Mul(*(f for f in factors if f.is_number))
    rest = tuple(f for f in factors if not f.is_number)
    diagonal = (Diag(size, *rest),) if rest else ()
    return (number, *diagonal) if number != 1 else diagonal


def operator(lin: Linearisation, of: str, wrt: Indexed, stop: Collection[Indexed]) -> MatrixExpr:
    """The total derivative of a node by one variable of `stop`, within one step."""
    rows, cols = lin.size(of), lin.size(name_of(wrt))
    if route_count(lin, of, stop) <= MAX_ROUTES:
        chains = routes(lin, of, stop).get(wrt, [])
        return total([chain.operator(rows, cols) for chain in chains], rows, cols)
    return _nested(lin, variable(of), wrt, stop, {})


def route_count(lin: Linearisation, of: str, stop: Collection[Indexed]) -> int:
    """How many routes there are before any are merged."""
    counts: dict[Indexed, int] = {variable(of): 1}
    result = 0
    for node in lin.backward():
        here = counts.pop(variable(node.name), 0)
        for term in node.terms:
            if term.source in stop:
                result += here
            else:
                counts[term.source] = counts.get(term.source, 0) + here
    return result


def _nested(
    lin: Linearisation,
    source: Indexed,
    wrt: Indexed,
    stop: Collection[Indexed],
    known: dict[Indexed, MatrixExpr],
) -> MatrixExpr:
    """The total derivative with sums in parentheses, each node's worked out once."""
    if source not in known:
        node = lin[name_of(source)]
        cols = lin.size(name_of(wrt))
        parts = []
        for term in node.terms:
            head = Chain().then(term, node.size)
            if term.source == wrt:
                parts.append(head.operator(node.size, cols))
            elif term.source not in stop and term.source in lin.symbols:
                rest = _nested(lin, term.source, wrt, stop, known)
                inner = head.operator(node.size, lin.size(name_of(term.source)))
                parts.append(product([inner, rest], node.size))
        known[source] = total(parts, node.size, cols)
    return known[source]
