"""Routes by name: the parts of a step that a gradient can take, and a step without some.

A route of the whole state is named by the gates that it passes: the carry, "f", "n, r".
Where one state reads another of the same step through no gate (h = o tanh(c) reads c),
that reading is shared by all routes and named by none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Indexed, MatrixSymbol

from symgate.algebra.vectors import name_of, time_of, variable
from symgate.equations.cell import Cell, once_a_cell
from symgate.errors import SymgateError
from symgate.linear.chains import MAX_ROUTES, Chain, route_count
from symgate.linear.forms import Transition, form
from symgate.linear.linearise import Linearisation, Node, linearise

CARRY, DIRECT = "carry", "direct"


@dataclass(frozen=True)
class Route:
    """One way from a value of the step to an old state, or to a state of the same step."""

    value: str
    source: Indexed
    nodes: tuple[Node, ...]
    chain: Chain

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates on the way, from the new state inward."""
        return tuple(node.name for node in self.nodes[1:] if node.kind == "gate")

    @property
    def is_within(self) -> bool:
        """Whether it stays in the same step."""
        return bool(time_of(self.source) == 0)

    @property
    def name(self) -> str:
        """The gates that it passes; without any the carry, or the matrices that it passes."""
        if self.gates:
            return ", ".join(self.gates)
        operators = [part for part in self.chain.done if hasattr(part, "shape")]
        found = {s.name for part in operators for s in part.atoms(MatrixSymbol)}
        if found:
            return ", ".join(sorted(found))
        return CARRY if name_of(self.source) in {node.name for node in self.nodes} else DIRECT


@dataclass(frozen=True)
class Routes:
    """All routes of a cell's step. `flat` says that each leads to an old state."""

    cell: Cell
    flat: bool
    routes: tuple[Route, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, the carry first, then in the order of the equations."""
        order = _ordered(linearise(self.cell))[::-1]
        across = [r for r in self.routes if not r.is_within]
        found = dict.fromkeys(r.name for r in sorted(across, key=lambda r: order.index(r.value)))
        return tuple(sorted(found, key=lambda name: name != CARRY))

    def step(self, keep: Callable[[str], bool]) -> Transition:
        """The step with only the routes whose name is kept.

        >>> import symgate as sg
        >>> alone = routes_of(sg.cell("lstm")).step(lambda name: name == "carry")
        >>> [(value, other, form.diagonal) for value, other, form in alone.across]
        [('c', 'c', f[t])]
        """
        groups: dict[tuple[str, Indexed], list[Chain]] = {}
        for route in self.routes:
            if route.is_within or keep(route.name):
                groups.setdefault((route.value, route.source), []).append(route.chain)
        states = self.cell.states
        ordered = _ordered(linearise(self.cell))
        within = [
            (value, other, form(groups[value, variable(other)]))
            for value in ordered
            for other in ordered
            if (value, variable(other)) in groups
        ]
        across = [
            (value, other, form(groups[value, variable(other, 1)]))
            for value in ordered
            for other in states
            if (value, variable(other, 1)) in groups
        ]
        return Transition(self.cell, tuple(reversed(ordered)), tuple(within), tuple(across))


@once_a_cell
def routes_of(cell: Cell) -> Routes:
    """Every route of a step, by name.

    >>> import symgate as sg
    >>> routes_of(sg.cell("lstm")).names, routes_of(sg.cell("gru")).names
    (('carry', 'f', 'i', 'g', 'o'), ('carry', 'z', 'n', 'n, r'))
    """
    lin = linearise(cell)
    before = [variable(s, 1) for s in cell.states]
    count = max(route_count(lin, s, before) for s in cell.states)
    if count > MAX_ROUTES:
        raise SymgateError(
            f"{cell.name} has {count} routes through one step, too many to tell apart "
            f"(the limit is {MAX_ROUTES}); its curve and its bounds are there without them"
        )
    shared = _found(lin, within=True)
    if any(r.is_within and r.gates for r in shared):
        return Routes(cell, True, tuple(_found(lin, within=False)))
    return Routes(cell, False, tuple(shared))


def _ordered(lin: Linearisation) -> list[str]:
    """The states from the last that a step computes to the first."""
    return [node.name for node in lin.backward() if node.name in lin.cell.states]


def _found(lin: Linearisation, *, within: bool) -> list[Route]:
    """The routes from each state; `within` ends them at other states of the same step."""
    states = lin.cell.states
    old = {variable(s, 1) for s in states}
    out: list[Route] = []
    for state in _ordered(lin):
        ends = old | ({variable(s) for s in states if s != state} if within else set())
        out += [Route(state, *found) for found in _followed(lin, lin[state], ends, (), Chain())]
    return out


def _followed(
    lin: Linearisation, node: Node, ends: set[Indexed], nodes: tuple[Node, ...], chain: Chain
) -> Iterator[tuple[Indexed, tuple[Node, ...], Chain]]:
    for place, term in enumerate(node.terms):
        longer = chain.then(term, node.size, place)
        if term.source in ends:
            yield term.source, (*nodes, node), longer
        elif term.source in lin.symbols:
            yield from _followed(lin, lin[name_of(term.source)], ends, (*nodes, node), longer)
