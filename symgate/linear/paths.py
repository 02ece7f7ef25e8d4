"""Paths: the ways by which a change of one value reaches another, and the carry among them.

A path is one term of the linearisation after another. `followed` follows the terms
of a step. The carry is the path from a state to itself on which no matrix and no activation
stands, however many lines it is written over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any, TypeVar

from sympy import Add, Dummy, Expr, Function, Indexed, MatrixExpr, MatrixSymbol, Mul, Pow, S

from symgate.algebra.operators import Diag
from symgate.algebra.values import Across, Down
from symgate.algebra.vectors import MatVec, Opaque, name_now, name_of, time_of
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError
from symgate.linear.linearise import factors_of, linearise
from symgate.linear.products import Chain, added
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
        return None if self.scale is not None else self.term.matrix

    @property
    def scale(self) -> Expr | None:
        """What the term's map multiplies each component by, where it does no more."""
        return None if self.term.map is None else self.term.map.scale


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

    @property
    def scaling(self) -> list[Expr]:
        """What its terms multiply by, without the matrices."""
        sides = [link.scale for link in self.links if link.scale is not None]
        return [*(f for term in self.terms for f in term.coefficient), *sides]

    @property
    def product(self) -> Chain:
        """The product of its terms."""
        return reduce(lambda made, link: made.then(link.term, link.place), self.links, Chain())

    def operator(self, lin: Linearisation) -> MatrixExpr:
        """The path's share of the Jacobian."""
        return added(lin, [self.product], self.of, name_of(self.source))


@dataclass(frozen=True)
class Carry:
    """d(state_t) = diag(coefficient) d(state_{t-1}) + …, with no matrix and no activation.

    `gates` maps each gate of the coefficient to whether an open gate (near 1) keeps the
    state: True for f in f ⊙ c, False for z in (1 - z) ⊙ h.
    """

    state: str
    paths: tuple[Path, ...]
    coefficient: Expr
    gates: Mapping[str, bool]


# -- the walk within a step ----------------------------------------------------------------

Made = TypeVar("Made")
Links = Mapping[str, Sequence[PathLink]]


def over_paths(
    lin: Linearisation,
    of: str,
    ends: Collection[Indexed],
    links: Links,
    start: Made,
    then: Callable[[Made, PathLink], Made],
    merged: Callable[[list[Made]], list[Made]],
) -> dict[Indexed, list[Made]]:
    """What the paths from a node to each variable of `ends` make, link by link, within one step.

    The nodes are visited in reverse, so that each is followed once, with all that the paths
    which lead to it have made.
    """
    found: dict[Indexed, list[Made]] = {}
    waiting: dict[Indexed, list[Made]] = {lin.variable(of): [start]}
    stops, leading = {*ends}, lin.leading_to(ends)
    for node in lin.backward():
        here = merged(waiting.pop(node.symbol, []))
        for link in links[node.name] if here else ():
            if link.term.source not in leading:
                continue
            reached = found if link.term.source in stops else waiting
            reached.setdefault(link.term.source, []).extend(then(made, link) for made in here)
    return {source: merged(made) for source, made in found.items()}


def followed(
    lin: Linearisation, of: str, ends: Collection[Indexed], links: Links | None = None
) -> dict[Indexed, list[Path]]:
    """The paths within a step from a node to each variable of `ends`, which stop there."""
    if links is None:
        counted(lin, of, ends)
        links = links_of(lin.cell)
    return over_paths(lin, of, ends, links, Path(()), Path.then, in_order)


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


def path_count(
    lin: Linearisation, of: str, ends: Collection[Indexed], links: Links | None = None
) -> int:
    """How many paths lead from a node to the variables of `ends`, without following each."""
    links = terms_of(lin.cell) if links is None else links
    found = over_paths(lin, of, ends, links, 1, lambda number, _: number, total_of)
    return sum(number for (number,) in found.values())


def total_of(numbers: list[Any]) -> list[Any]:
    """Numbers added up; nothing of none."""
    return [sum(numbers)] if numbers else []


@once_a_cell
def terms_of(cell: Cell) -> Links:
    """The terms of each node as they are, each a link of paths."""
    return {n.name: [PathLink(n, t, i) for i, t in enumerate(n.terms)] for n in linearise(cell)}


@once_a_cell
def links_of(cell: Cell) -> Links:
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


# -- the carry --------------------------------------------------------------------------------


def carries(lin: Linearisation) -> tuple[Carry, ...]:
    """The carry of each state that has one.

    >>> import symgate as sg
    >>> [(c.state, c.gates) for c in carries(sg.linearise(sg.cell("lstm")))]
    [('c', {'f': True})]
    >>> [(c.state, c.coefficient) for c in carries(sg.linearise(sg.cell("rhn")))]
    [('h', (1 - k_t)*(1 - z_t))]
    """
    return tuple(found for s in lin.cell.states if (found := carry(lin, s)) is not None)


def carry(lin: Linearisation, state: str) -> Carry | None:
    """The carry of a state, or None."""
    found = tuple(path for path in _unhindered(lin, state) if path.is_carry)
    coefficient = Add(*(Mul(*p.scaling) for p in found))
    if coefficient == 0:
        return None
    sides = [f.args[0] if isinstance(f, Across | Down) else f for p in found for f in p.scaling]
    factors = [f for side in sides for f in Mul.make_args(side)]
    return Carry(state, found, coefficient, dict(g for f in factors if (g := _gate(lin, f))))


def _unhindered(lin: Linearisation, state: str) -> list[Path]:
    """The paths from a state to itself that meet no matrix and no activation."""
    goal = lin.variable(state, 1)
    free = {
        name: [x for x in links if not x.activated and x.weight is None]
        for name, links in links_of(lin.cell).items()
    }
    if path_count(lin, state, [goal], free) > MAX_FOLLOWED:
        return []
    return followed(lin, state, [goal], free).get(goal, [])


def _gate(lin: Linearisation, factor: Expr) -> tuple[str, bool] | None:
    """The gate in a factor g or 1 - g, and whether it keeps; for f = 1 - i, i does not."""
    for keeps, gate in ((True, factor), (False, 1 - factor)):
        if (name := name_now(gate)) in lin.nodes:
            node = lin[name]
            inner = None if node.expression.has(Function, MatVec) else _gate(lin, node.expression)
            if inner is not None:
                return inner[0], inner[1] == keeps
            return (name, keeps) if node.kind in ("gate", "state") else None
    return None
