"""The paths between two values added up: multiplied out, with parentheses, or in numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from sympy import Expr, Indexed, MatrixExpr, ZeroMatrix

from symgate.algebra.operators import product, total
from symgate.algebra.vectors import name_of
from symgate.errors import SymgateError
from symgate.linear.layers import seam
from symgate.linear.paths import (
    MAX_SUMMANDS,
    Links,
    PathLink,
    counted,
    links_of,
    over_paths,
    path_count,
    terms_of,
    total_of,
)
from symgate.linear.products import Chain, added, merged, term_operator
from symgate.linear.terms import Linearisation, reached

#: Past this number of terms no sum is written, even with parentheses.
MAX_WRITTEN = 1_000

Value = TypeVar("Value")


def sums(lin: Linearisation, of: str, ends: Collection[Indexed]) -> dict[Indexed, list[Chain]]:
    """The total derivative by each variable of `ends`, as products."""
    if lin.variable(of) in ends:
        return {lin.variable(of): [Chain()]}
    counted(lin, of, ends)
    return over_paths(lin, of, ends, terms_of(lin.cell), Chain(), _longer, merged)


def _longer(made: Chain, link: PathLink) -> Chain:
    return made.then(link.term, link.place)


def operator(lin: Linearisation, of: str, wrt: Indexed, ends: Collection[Indexed]) -> MatrixExpr:
    """The total derivative of a node by one variable of `ends`, within one step.

    From layer to layer it is the product of the layers' own blocks.
    """
    between = seam(lin.cell, of, wrt)
    if between is not None:
        above = operator(lin, of, between, (between, *ends))
        return product([above, operator(lin, name_of(between), wrt, ends)], lin.size(of))
    if path_count(lin, of, ends) <= MAX_SUMMANDS:
        return added(lin, sums(lin, of, ends).get(wrt, []), of, name_of(wrt))

    def once(links: Sequence[PathLink]) -> MatrixExpr:
        parts = [term_operator(lin, link.node, link.term) for link in links]
        return total(parts, parts[0].rows, parts[0].cols)

    edges = _edges(lin, of, wrt, ends, terms_of(lin.cell))
    if not edges:
        return ZeroMatrix(lin.size(of), lin.size(name_of(wrt)))
    found = _collapsed(
        lin.variable(of),
        _valued(edges, once),
        lambda one, other: product([one, other], one.rows),
        lambda one, other: total([one, other], one.rows, one.cols),
    )
    if found is None:
        raise too_long(lin, of, ends)
    return found


def too_long(lin: Linearisation, of: str, ends: Collection[Indexed]) -> SymgateError:
    """The fault that a sum over all paths takes more terms than anybody writes."""
    return SymgateError(
        f"{lin.cell.name} has {path_count(lin, of, ends):,} paths back from {of}: even with its "
        f"sums in parentheses their sum takes more than {MAX_WRITTEN:,} terms, too many to write; "
        f"simulate, gradients and decay do without it"
    )


def summed(lin: Linearisation, of: str, wrt: str, size: Callable[[PathLink], Any]) -> Any:
    """The sum over the paths of `paths` of a product of numbers, one for each link."""
    goal, links = lin.variable(wrt, 1), links_of(lin.cell)
    found = over_paths(lin, of, [goal], links, 1, lambda made, link: made * size(link), total_of)
    return sum(found.get(goal, []))


def summed_in_letters(
    lin: Linearisation, of: str, wrt: str, size: Callable[[PathLink], Expr]
) -> Expr | None:
    """The same as an expression with parentheses; None where that is too long to write."""
    goal = lin.variable(wrt, 1)
    edges = _edges(lin, of, goal, [goal], links_of(lin.cell))
    valued = _valued(edges, lambda links: sum(map(size, links)))
    return _collapsed(lin.variable(of), valued, lambda a, b: a * b, lambda a, b: a + b)


# -- sums with parentheses -----------------------------------------------------------------

#: What each node reads of others: how many terms that takes, and their sum.
Edges = dict[Indexed, dict[Indexed, tuple[int, Value]]]


def _by_source(
    links: Sequence[PathLink], wanted: Collection[Indexed]
) -> dict[Indexed, list[PathLink]]:
    """The links that read something wanted, by what they read."""
    found: dict[Indexed, list[PathLink]] = {}
    for link in links:
        if link.term.source in wanted:
            found.setdefault(link.term.source, []).append(link)
    return found


def _edges(
    lin: Linearisation, of: str, wrt: Indexed, ends: Collection[Indexed], links: Links
) -> dict[Indexed, dict[Indexed, list[PathLink]]]:
    """What the nodes on the way from a value to a variable read of one another."""
    leading, found = {wrt}, dict[Indexed, dict[Indexed, list[PathLink]]]()
    for node in lin:
        read = _by_source(links[node.name], leading)
        if read:
            found[node.symbol] = read
            leading |= {node.symbol} - {*ends}
    met = reached([lin.variable(of)], lambda new: found.get(new, ()))
    return {symbol: read for symbol, read in found.items() if symbol in met}


def _valued(
    edges: Mapping[Indexed, Mapping[Indexed, Sequence[PathLink]]],
    once: Callable[[Sequence[PathLink]], Value],
) -> Edges[Value]:
    return {
        symbol: {source: (len(links), once(links)) for source, links in read.items()}
        for symbol, read in edges.items()
    }


def _collapsed(
    of: Indexed,
    edges: Edges[Value],
    times: Callable[[Value, Value], Value],
    plus: Callable[[Value, Value], Value],
) -> Value | None:
    """The sum over all paths, node after node taken out, first those that make it least long.

    None where it takes more than MAX_WRITTEN terms.
    """
    length = sum(n for read in edges.values() for n, _ in read.values())
    readers: dict[Indexed, dict[Indexed, None]] = {}
    for symbol, read in edges.items():
        for source in read:
            readers.setdefault(source, {})[symbol] = None

    def growth(symbol: Indexed) -> int:
        above = [edges[reader][symbol][0] for reader in readers[symbol]]
        below = [n for n, _ in edges[symbol].values()]
        return sum(above) * (len(below) - 1) + sum(below) * (len(above) - 1)

    inner = [symbol for symbol in edges if symbol != of]
    while inner and length <= MAX_WRITTEN:
        symbol = min(inner, key=growth)
        length += growth(symbol)
        inner.remove(symbol)
        below = edges.pop(symbol)
        for reader in readers.pop(symbol):
            n, above = edges[reader].pop(symbol)
            for source, (m, value) in below.items():
                made = n + m, times(above, value)
                old = edges[reader].get(source)
                edges[reader][source] = (
                    made if old is None else (old[0] + made[0], plus(old[1], made[1]))
                )
                readers[source].pop(symbol, None)
                readers[source][reader] = None
    (whole,) = edges[of].values() if length <= MAX_WRITTEN else (None,)
    return None if whole is None else whole[1]
