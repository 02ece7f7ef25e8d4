"""Paths: the ways by which a change of one value reaches another, and the carry among them.

A path is one term of the linearisation after another. `ways_to` follows the terms
of a step. The carry is the path from a state to itself on which no matrix and no activation
stands, however many lines it is written over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import TypeVar

from sympy import Dummy, Expr, Function, Indexed, MatrixExpr, MatrixSymbol, Mul, Pow, S

from symgate.algebra.maps import Composed, Map, OfColumns, OfRows
from symgate.algebra.operators import Diag, total
from symgate.algebra.vectors import MatVec, Opaque, name_of, time_of
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError
from symgate.linear.linearise import factors_of, linearise
from symgate.linear.products import Chain, merged
from symgate.linear.terms import Linearisation, Node, Term

CARRY, DIRECT = "carry", "direct"

#: Past this number of paths a block is written with its sums in parentheses.
MAX_PATHS = 24

#: Past this number a sum is not multiplied out, and paths are not told apart by name.
MAX_SUMMANDS = 64

#: Past this number paths are not followed one by one.
MAX_FOLLOWED = 10_000


@dataclass(frozen=True)
class PathLink:
    """One term of a path, with the node that it belongs to and its place there.

    `activated` says that the node reads the term's source inside a function.
    """

    node: Node
    term: Term
    place: int = 0
    activated: bool = False

    @property
    def weight(self) -> MatrixExpr | None:
        """The term's weight matrix; None where it only scales what it reads."""
        return None if scaled_by(self.term.map) is not None else self.term.matrix


@dataclass(frozen=True)
class Path:
    """One path from the value `of` back to `source`, from the new value to the old."""

    links: tuple[PathLink, ...]

    def then(self, link: PathLink) -> Path:
        """The path followed by one more term."""
        return Path((*self.links, link))

    @property
    def of(self) -> str:
        return self.links[0].node.name

    @property
    def source(self) -> Indexed:
        return self.links[-1].term.source

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(link.node for link in self.links)

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(link.term for link in self.links)

    @property
    def matrices(self) -> tuple[MatrixExpr, ...]:
        """The weight matrices on the path."""
        return tuple(w for link in self.links if (w := link.weight) is not None)

    @property
    def lines(self) -> tuple[Node, ...]:
        """The gates and states on the way, from the new value inward."""
        return tuple(n for n in self.nodes[1:] if n.kind in ("gate", "state"))

    @cached_property
    def gates(self) -> tuple[Node, ...]:
        """Those of the lines that the path passes as gates: by an activation of their own.

        A line that only adds and multiplies is none, and neither is a function of a state of
        the same step alone, such as tanh(c_t): that is how the state is read.
        """
        reads = [*(n.kind == "state" for n in self.nodes[1:]), self.is_within]
        passed = {
            link.node.owner
            for link, reading in zip(self.links, reads, strict=True)
            if link.activated and not reading
        }
        return tuple(n for n in self.lines if n.name in passed)

    @property
    def is_within(self) -> bool:
        """Whether it stays in the same step."""
        return bool(time_of(self.source) == 0)

    @property
    def is_direct(self) -> bool:
        """Whether the path meets no matrix and no gate."""
        return not self.matrices and not self.gates

    @cached_property
    def is_carry(self) -> bool:
        """Whether the path is the carry of its source, or the carry as another value reads it.

        >>> import symgate as sg
        >>> [p.is_carry for p in paths(sg.linearise(sg.cell("gru")), "h", "h")]
        [True, False, False, False]
        """
        names = [n.name for n in self.nodes]
        if not self.is_direct or name_of(self.source) not in names:
            return False
        own, *rest = self.links[names.index(name_of(self.source)) :]
        others = any(link.node.kind == "state" for link in rest)
        return not others and not any(link.activated for link in (own, *rest))

    @cached_property
    def name(self) -> str:
        """The gates that it passes; without any the carry, or the matrices on it."""
        if self.is_carry:
            return CARRY
        if self.gates:
            return ", ".join(node.name for node in self.gates)
        met = {symbol.name for matrix in self.matrices for symbol in matrix.atoms(MatrixSymbol)}
        return ", ".join(sorted(met)) or DIRECT

    def operator(self, lin: Linearisation) -> MatrixExpr:
        """The path's share of the Jacobian."""
        return block(lin, [self], self.of, name_of(self.source))


def scaled_by(through: Map | None) -> Expr | None:
    """What S diag(w) or diag(u) S multiplies each component of S by: 1 wᵀ, u 1ᵀ; else None."""
    if isinstance(through, Composed):
        first, second = scaled_by(through.first), scaled_by(through.second)
        return None if first is None or second is None else first * second
    return through.push(S.One) if isinstance(through, OfColumns | OfRows) else None


# -- ways within a step ------------------------------------------------------------------

Way = TypeVar("Way")


def ways_to(
    lin: Linearisation,
    of: str,
    ends: Collection[Indexed],
    links: Mapping[str, Sequence[PathLink]],
    start: Way,
    then: Callable[[Way, PathLink], Way],
    merged: Callable[[list[Way]], list[Way]],
) -> dict[Indexed, list[Way]]:
    """The ways from a node to each variable of `ends`, within one step.

    The nodes are visited in reverse, so that each is followed once, with all the ways that
    lead to it.
    """
    found: dict[Indexed, list[Way]] = {}
    waiting: dict[Indexed, list[Way]] = {lin.variable(of): [start]}
    leading = {*ends}
    for node in lin:
        if any(link.term.source in leading for link in links[node.name]):
            leading.add(node.symbol)
    for node in lin.backward():
        ways = merged(waiting.pop(node.symbol, []))
        for link in links[node.name] if ways else ():
            if link.term.source not in leading:
                continue
            reached = found if link.term.source in ends else waiting
            reached.setdefault(link.term.source, []).extend(then(way, link) for way in ways)
    return {source: merged(ways) for source, ways in found.items()}


def followed(lin: Linearisation, of: str, ends: Collection[Indexed]) -> dict[Indexed, list[Path]]:
    """The paths within a step from a node to each variable of `ends`, which stop there."""
    counted(lin, of, ends)
    return ways_to(lin, of, ends, links_of(lin.cell), Path(()), Path.then, in_order)


def in_order(found: list[Path]) -> list[Path]:
    """Paths by the places of their terms in the equations."""
    return sorted(found, key=lambda path: [link.place for link in path.links])


def counted(lin: Linearisation, of: str, ends: Collection[Indexed]) -> int:
    """The number of paths; an error where it is more than anybody can write down."""
    number = path_count(lin, of, ends)
    if number > MAX_FOLLOWED:
        raise SymgateError(
            f"{lin.cell.name} has {number:,} paths back from {of}, too many to list (the limit is "
            f"{MAX_FOLLOWED:,}); jacobian, simulate and decay do without a list"
        )
    return number


def path_count(lin: Linearisation, of: str, ends: Collection[Indexed]) -> int:
    """How many paths lead from a node to the variables of `ends`, without following each."""
    places, nodes = _numbered(lin.cell)
    stops = {places[e] for e in ends if e in places}
    counts, result = {places[lin.variable(of)]: 1}, 0
    for node, *sources in nodes:
        here = counts.get(node, 0)
        for source in sources if here else ():
            if source in stops:
                result += here
            else:
                counts[source] = counts.get(source, 0) + here
    return result


@once_a_cell
def _numbered(cell: Cell) -> tuple[Mapping[Indexed, int], Sequence[Sequence[int]]]:
    """A number for each variable, and each node backward with those that its terms read."""
    places: dict[Indexed, int] = {}
    read = [(n.symbol, *(t.source for t in n.terms)) for n in linearise(cell).backward()]
    return places, [[places.setdefault(e, len(places)) for e in line] for line in read]


@once_a_cell
def links_of(cell: Cell) -> Mapping[str, list[PathLink]]:
    """The terms of each node as links of paths.

    A term whose source stands inside a function and beside it as well, as in h + tanh(h), is
    two links, where a carry could take it: what passes the function by, and the rest.
    """
    bare: set[Indexed] = {cell.variable(s, 1) for s in cell.states}
    found: dict[str, list[PathLink]] = {}
    for node in linearise(cell):
        found[node.name] = links = []
        for place, term in enumerate(node.terms):
            letters = {f: Dummy(real=True) for f in _functions(node.expression, term.source)}
            activated = bool(letters) and term.matrix is None
            beside = activated and term.source in bare
            outside = _slope(node.expression.xreplace(letters), term.source) if beside else S.Zero
            if outside != 0:
                kept = outside.xreplace({d: f for f, d in letters.items()})
                rest = Mul(*term.coefficient) - kept
                for part, inside in ((kept, False), (rest, True)):
                    split = replace(term, coefficient=factors_of(part, node.order))
                    links.append(PathLink(node, split, place, inside))
            else:
                links.append(PathLink(node, term, place, activated))
        if any(link.term.matrix is None and link.term.source in bare for link in links):
            bare.add(node.symbol)
    return found


def _functions(e: Expr, source: Indexed) -> Iterator[Expr]:
    """The outermost functions that hold a variable: activations, roots, quotients by it."""
    power = isinstance(e, Pow) and not (e.exp.is_Integer and e.exp.is_positive)
    if (power or isinstance(e, Function)) and e.has(source):
        yield e
    else:
        for part in e.args:
            yield from _functions(part, source)


def _slope(expression: Expr, source: Indexed) -> Expr:
    """The derivative of sums and products by a variable, also where a diagonal acts on it."""
    scaled = {
        v: Mul(*v.matrix.factors, source)
        for v in expression.atoms(MatVec)
        if v.vector == source and isinstance(v.matrix, Diag)
    }
    held = {v: Dummy(real=True) for v in expression.atoms(Opaque) if v not in scaled}
    back = {dummy: v for v, dummy in held.items()}
    return expression.xreplace(scaled | held).diff(source).xreplace(back)


def paths(lin: Linearisation, of: str, wrt: str) -> list[Path]:
    """Every path from `of` at t to the state `wrt` at t - 1, in the order of the equations."""
    return list(_followed(lin.cell, of, wrt))


@once_a_cell
def _followed(cell: Cell, of: str, wrt: str) -> list[Path]:
    """The paths between two values, followed once."""
    lin = linearise(cell)
    goal = lin.variable(wrt, 1)
    return followed(lin, of, [goal]).get(goal, [])


def count(lin: Linearisation, of: str, wrt: str) -> int:
    """How many paths there are from `of` at t to the state `wrt` at t - 1.

    >>> import symgate as sg
    >>> lin = sg.linearise(sg.cell("lstm"))
    >>> count(lin, "h", "h"), count(lin, "c", "c")
    (4, 1)
    """
    return path_count(lin, of, (lin.variable(wrt, 1),))


def products_of(found: Iterable[Path]) -> list[Chain]:
    """The products of some paths, merged."""
    return merged(reduce(longer, path.links, Chain()) for path in found)


def longer(made: Chain, link: PathLink) -> Chain:
    """A product followed by the term of a link."""
    return made.then(link.term, link.place)


def block(lin: Linearisation, found: Iterable[Path], of: str, wrt: str) -> MatrixExpr:
    """The sum of some paths between two values."""
    return added(lin, products_of(found), of, wrt)


def added(lin: Linearisation, found: Iterable[Chain], of: str, wrt: str) -> MatrixExpr:
    """The sum of products between two values."""
    rows, cols = lin.size(of), lin.size(wrt)
    return total([p.operator(rows, cols) for p in found], rows, cols)


def term_operator(lin: Linearisation, node: Node, term: Term) -> MatrixExpr:
    """One term of a node, diag(coefficient) . matrix."""
    return Path((PathLink(node, term),)).operator(lin)
