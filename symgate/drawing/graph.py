"""The graph of a cell: what flows into what, read off its equations.

A box is an affine map with its activation, as textbooks draw a gate; all else is a node of
one operation: ⊙, +, 1−, a function of each component, a factor. Parameters are not drawn
where they are part of a box.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Add, Expr, Indexed, Integer, MatrixSymbol, Mul, Pow, S
from sympy.core.function import Function

from symgate.algebra.activations import OF_TWO, record_of
from symgate.algebra.shown import in_order
from symgate.algebra.structure import diagonal, is_diagonal
from symgate.algebra.text import text
from symgate.algebra.values import Dot
from symgate.algebra.vectors import MatVec, Opaque, as_product, is_variable, name_of, time_of
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.linearise import linearise
from symgate.linear.paths import carries

#: A diagram with more nodes than this is no picture any more.
MAX_NODES = 250


@dataclass(frozen=True)
class GraphNode:
    """One node: `kind` is before, after, input, box, pill, op or join.

    `label` is what it does, `name` the variable that it gives, if it has one; `sources`
    are the places of the nodes that it reads, of which those in `added` pass through no
    matrix; `gate` is the gate whose colour it has. A join is where lines become one bus.
    """

    kind: str
    label: str = ""
    name: str = ""
    sources: tuple[int, ...] = ()
    gate: str = ""
    added: tuple[int, ...] = ()


@dataclass
class Graph:
    """The nodes in an order in which each follows those it reads, and the carry paths.

    `carries` holds, for each state that passes to itself through products and sums alone,
    the places of the nodes on the way, from the old state to the new.
    """

    cell: Cell
    nodes: list[GraphNode] = field(default_factory=list)
    carries: list[tuple[int, ...]] = field(default_factory=list)

    def readers(self) -> dict[int, list[int]]:
        """The places of the nodes that read each node."""
        found: dict[int, list[int]] = {i: [] for i in range(len(self.nodes))}
        for i, node in enumerate(self.nodes):
            for source in node.sources:
                found[source].append(i)
        return found

    def way(self, state: str, allowed: Callable[[GraphNode], bool]) -> tuple[int, ...] | None:
        """The shortest way from an old state to its new one through nodes that are allowed."""
        ends = {node.kind: i for i, node in enumerate(self.nodes) if node.name == state}
        ways: list[tuple[int, ...]] = [(ends["after"],)]
        seen = {ends["after"]}
        for way in ways:
            for source in self.nodes[way[0]].sources:
                if source == ends["before"]:
                    return (source, *way)
                if source not in seen and allowed(self.nodes[source]):
                    seen.add(source)
                    ways.append((source, *way))
        return None


def graph_of(cell: Cell, leaving: Collection[str] = ()) -> Graph:
    """Read the graph of a cell off its equations; gates that are `leaving` go out at the right,
    as those do that nothing reads.

    >>> import symgate as sg
    >>> [node.label for node in graph_of(sg.cell("lstm")).nodes if node.label]
    ['σ', 'σ', 'σ', 'tanh', '⊙', '⊙', '+', 'tanh', '⊙']
    """
    return _GraphReader(cell).read(leaving)


class _GraphReader:
    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.graph = Graph(cell)
        self.made: dict[Expr, int] = {}
        self.before: dict[str, int] = {}
        self.now: dict[str, int] = {}

    def read(self, leaving: Collection[str]) -> Graph:
        for state in self.cell.states:
            self.before[state] = self.add("before", name=state)
        for name in self.cell.inputs:
            self.now[name] = self.add("input", name=name)
        for name, expression in self.cell.equations.items():
            self.equation(name, expression)
        read = {source for node in self.graph.nodes for source in node.sources}
        outputs = [g for g in self.cell.gates if g in leaving or self.now[g] not in read]
        for name in (*self.cell.states, *outputs):
            place = self.now[name]
            if name in outputs:  # its name stands where it leaves
                self.graph.nodes[place] = replace(self.graph.nodes[place], name="")
            self.add("after", name=name, sources=(place,))
        self.graph.carries = [self.carry(c.state) for c in carries(linearise(self.cell))]
        return self.graph

    def add(
        self,
        kind: str,
        label: str = "",
        name: str = "",
        sources: tuple[int, ...] = (),
        added: tuple[int, ...] = (),
    ) -> int:
        nodes = self.graph.nodes
        if len(nodes) >= MAX_NODES:
            raise SymgateError(
                f"{self.cell.name} is too large to draw: its diagram has more than "
                f"{MAX_NODES} nodes"
            )
        gate = nodes[sources[0]].gate if len(sources) == 1 else ""
        nodes.append(GraphNode(kind, label, name, sources, gate, added))
        return len(nodes) - 1

    def equation(self, name: str, expression: Expr) -> None:
        self.order = self.cell.orders[name]
        first_new = len(self.graph.nodes)
        place = self.value(expression)
        if name in self.cell.gates:
            if place < first_new:  # another name for what is there already
                place = self.add("pill", "", name, (place,))
            node = self.graph.nodes[place]
            self.graph.nodes[place] = replace(node, name=name, gate=name)
        self.now[name] = place

    # -- one expression ------------------------------------------------------------------

    def value(self, e: Expr) -> int:
        """The place of the node that gives an expression's value."""
        if is_variable(e):
            return (self.now if time_of(e) == 0 else self.before)[name_of(e)]
        if e not in self.made:
            self.made[e] = self.node(e)
        return self.made[e]

    def node(self, e: Expr) -> int:
        if not _varies(e):
            return self.add("box", shown(e))
        for kind in type(e).__mro__:
            if kind in _RULES:
                return _RULES[kind](self, e)
        raise SymgateError(f"{self.cell.name}: there is no way to draw {shown(e)}")

    def acting(self, e: MatVec) -> int:
        """A matrix, or a diagonal, times a vector."""
        factors = diagonal(e.matrix)
        if factors is None:
            return self.box(_map_label([e]), [e])
        return self.scaled(Mul(*factors), self.value(e.vector))

    def within(self, e: Opaque) -> int:
        """A scalar of the step, a function that mixes components, or a product of matrices: it
        reads those of its parts that change with the step."""
        if _mixes(e):
            return self.box(_map_label([e]), [e])
        parts = [part for part in e.args if isinstance(part, Expr) and _varies(part)]
        sources = tuple(dict.fromkeys(map(self.value, parts)))
        kind = "op" if len(e.sign) == 1 and len(sources) > 1 else "pill"
        return self.add(kind, e.sign, sources=sources)

    def function(self, e: Function) -> int:
        record = record_of(e)
        label = "|·|" if record.bars else record.text or record.name.replace("_", " ")
        if record.name in OF_TWO:
            if _varies(e.args[1]):
                return self.add("pill", label, sources=tuple(map(self.value, e.args)))
            label += f"(·, {shown(e.args[1])})"
        addends = Add.make_args(e.args[0])
        if any(_mixes(part) for part in addends):
            return self.box(label, list(addends))
        varying = [part for part in addends if _varies(part)]
        plain = len(varying) == 1 and is_variable(varying[0])
        inner = varying[0] if plain else e.args[0]
        return self.add("pill", label, sources=(self.value(inner),))

    def box(self, label: str, addends: list[Expr]) -> int:
        """An affine map: it reads what its matrices act on, and what is added to it."""
        found: list[int] = []
        added: list[int] = []
        for part in in_order(addends, self.order):
            factors = [f for f in Mul.make_args(part) if _varies(f)]
            product = as_product(factors[0]) if len(factors) == 1 else None
            if product is not None:
                places = [self.value(p) for p in product.parts if _varies(p)]
                (added if is_diagonal(product.matrix) else found).extend(places)
            elif _mixes(part):
                found += [self.value(p) for p in factors[0].args if _varies(p)]
            elif factors:
                added.append(self.value(Mul(*factors)))
        sources = tuple(dict.fromkeys([*found, *added]))
        return self.add("box", label, "", sources, tuple(p for p in sources if p not in found))

    def total(self, e: Add) -> int:
        constant = Add(*(part for part in e.args if not _varies(part)))
        parts = in_order([part for part in e.args if _varies(part)], self.order)
        mixed = [part for part in parts if _mixes(part)]
        alone = len(parts) == 1 and not mixed and constant != 0
        if alone and parts[0].could_extract_minus_sign():
            return self.add("op", f"{shown(constant)}−", sources=(self.value(-parts[0]),))
        places = [self.value(part) for part in parts if not _mixes(part)]
        if mixed:
            places.append(self.box(_map_label(mixed), mixed))
            constant = S.Zero  # the bias of that map
        if constant != 0 and len(parts) > 1 and not constant.is_number:
            constant = S.Zero
        place = places[0] if len(places) == 1 else self.add("op", "+", sources=tuple(places))
        if constant != 0:
            place = self.add("op", f"{shown(constant)}+", sources=(place,))
        return place

    def product(self, e: Mul) -> int:
        coefficient = Mul(*(f for f in e.args if not _varies(f)))
        factors = in_order([f for f in e.args if _varies(f)], self.order)
        above = [f for f in factors if not _is_below(f)]
        below = [1 / f for f in factors if _is_below(f)]
        places = tuple(self.value(f) for f in above)
        if len(places) > 1:
            places = (self.add("op", "⊙", sources=places),)
        if below:
            lower = tuple(self.value(f) for f in below)
            if len(lower) > 1:
                lower = (self.add("op", "⊙", sources=lower),)
            label = "÷" if places else "1/"
            places = (self.add("op", label, sources=(*places, *lower)),)
        return places[0] if coefficient == 1 else self.scaled(coefficient, places[0])

    def scaled(self, coefficient: Expr, place: int) -> int:
        label = "−" if coefficient == -1 else f"×{shown(coefficient)}"
        return self.add("op", label, sources=(place,))

    def power(self, e: Pow) -> int:
        if e.exp == S.Half:
            return self.add("pill", "sqrt", sources=(self.value(e.base),))
        if e.exp == -1:
            return self.add("op", "1/", sources=(self.value(e.base),))
        label = "(·)²" if e.exp == 2 else f"(·)^{shown(e.exp)}"
        return self.add("pill", label, sources=(self.value(e.base),))

    # -- the carry -----------------------------------------------------------------------

    def carry(self, state: str) -> tuple[int, ...]:
        """The way of a carried state to its new value, through products and sums."""
        ways = (
            self.graph.way(state, lambda node: node.kind == "op" and node.label in ("⊙", "+")),
            self.graph.way(state, lambda node: node.kind == "op"),
            self.graph.way(state, lambda node: node.kind in ("op", "pill")),
        )
        return next(way for way in ways if way is not None)


#: How each kind of expression that depends on the step is drawn.
_RULES: dict[type, Callable[[_GraphReader, Any], int]] = {
    Function: _GraphReader.function,
    MatVec: _GraphReader.acting,
    Add: _GraphReader.total,
    Mul: _GraphReader.product,
    Pow: _GraphReader.power,
    Opaque: _GraphReader.within,
}


def shown(e: Expr) -> str:
    """A short formula of numbers and parameters."""
    found = text(e).replace("-", "−")
    found = f"({found})" if len(Add.make_args(e)) > 1 else found
    return found if len(found) <= 14 else "…"


def _varies(e: Expr) -> bool:
    """Whether an expression depends on the step."""
    return bool(e.has(Indexed))


def _mixes(part: Expr) -> bool:
    """Whether an addend is a matrix, other than a diagonal, times a vector, or a row of
    parameters times one."""
    factors = [f for f in Mul.make_args(part) if _varies(f)]
    if len(factors) != 1:
        return False
    if isinstance(factors[0], Dot):
        return not all(map(_varies, factors[0].args))
    product = as_product(factors[0])
    return product is not None and not is_diagonal(product.matrix)


def _map_label(addends: list[Expr]) -> str:
    """What a box without an activation is called: its matrix, or that it is linear."""
    matrices = {m.name for part in addends for m in part.atoms(MatrixSymbol)}
    if not matrices:
        matrices = {
            text(a) for p in addends for d in p.atoms(Dot) for a in d.args if not _varies(a)
        }
    return f"matrix:{matrices.pop()}" if len(matrices) == 1 else "linear"


def _is_below(factor: Expr) -> bool:
    return bool(factor.as_base_exp()[1] == Integer(-1))
