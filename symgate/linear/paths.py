"""The paths by which a change of an old state reaches a new one, each on its own.

A path is one term of the linearisation after another. `chains` merges those that end in
the same matrix; here each keeps its name: the carry, or what it passes through.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Indexed, MatrixExpr

from symgate.algebra.vectors import name_of, variable
from symgate.equations.cell import Cell, once_a_cell
from symgate.linear.chains import Chain, route_count
from symgate.linear.linearise import Linearisation, Node, Term

#: Past this number of paths a block is written with its sums in parentheses.
MAX_PATHS = 24


@dataclass(frozen=True)
class Path:
    """One path from the value `nodes[0]` back to `source`: a node and a term a step."""

    nodes: tuple[Node, ...]
    terms: tuple[Term, ...]
    chain: Chain

    @property
    def of(self) -> str:
        return self.nodes[0].name

    @property
    def source(self) -> Indexed:
        return self.terms[-1].source

    @property
    def matrices(self) -> tuple[MatrixExpr, ...]:
        """The weight matrices on the path, from the new state to the old."""
        return tuple(term.matrix for term in self.terms if term.matrix is not None)

    def operator(self, lin: Linearisation) -> MatrixExpr:
        """The path's share of the Jacobian."""
        return self.chain.operator(self.nodes[0].size, lin.size(name_of(self.source)))

    @property
    def is_direct(self) -> bool:
        """Whether the path meets no matrix and no activation but the new state's own."""
        inside = any(n.kind in ("pre", "part") and n.owner != self.of for n in self.nodes)
        return not self.matrices and not inside

    @property
    def is_carry(self) -> bool:
        """Whether the path carries a state on: direct, and it stays with that state.

        >>> import symgate as sg
        >>> lin = sg.linearise(sg.cell("gru"))
        >>> [p.is_carry for p in paths(lin, "h", "h")]
        [True, False, False, False]
        """
        return self.is_direct and name_of(self.source) in {n.name for n in self.nodes}

    @property
    def through(self) -> tuple[Node, ...]:
        """The gates that name the path, from the new state inward.

        A state on the way to the first gate and a plain sum behind a gate say nothing new
        and are left out: h → c → forget gate is the path through the forget gate.
        """
        named = [n for n in self.nodes[1:] if n.kind in ("gate", "state")]
        while len(named) > 1 and not _is_gate(named[0], self):
            named.pop(0)
        kept = [n for i, n in enumerate(named) if i == 0 or not _is_plain(n)]
        return tuple(n for n in kept if _is_gate(n, self) or not _is_last_state(n, kept, self))

    @property
    def through_all(self) -> tuple[Node, ...]:
        """Every gate and state on the way, where `through` does not tell two paths apart."""
        return tuple(n for n in self.nodes[1:] if n.kind in ("gate", "state"))


def paths(lin: Linearisation, of: str, wrt: str) -> list[Path]:
    """Every path from `of` at t to the state `wrt` at t - 1, in the order of the equations."""
    known = _known(lin.cell)
    if (of, wrt) not in known:
        known[of, wrt] = _found(lin, of, variable(wrt, 1))
    return list(known[of, wrt])


@once_a_cell
def _known(cell: Cell) -> dict[tuple[str, str], tuple[Path, ...]]:
    """The paths of a cell that have been followed before."""
    return {}


def _found(lin: Linearisation, of: str, goal: Indexed) -> tuple[Path, ...]:
    alive = _leading_to(lin, goal)
    found: list[Path] = []

    def follow(node: Node, nodes: tuple[Node, ...], terms: tuple[Term, ...], chain: Chain) -> None:
        for place, term in enumerate(node.terms):
            if term.source == goal:
                longer = chain.then(term, node.size, place)
                found.append(Path((*nodes, node), (*terms, term), longer))
            elif term.source in alive:
                longer = chain.then(term, node.size, place)
                follow(lin[name_of(term.source)], (*nodes, node), (*terms, term), longer)

    follow(lin[of], (), (), Chain())
    return tuple(found)


def _leading_to(lin: Linearisation, goal: Indexed) -> set[Indexed]:
    """The values of the step that depend on the old state `goal`."""
    alive: set[Indexed] = set()
    for node in lin:
        if any(t.source == goal or t.source in alive for t in node.terms):
            alive.add(variable(node.name))
    return alive


def count(lin: Linearisation, of: str, wrt: str) -> int:
    """How many paths there are, without following each.

    >>> import symgate as sg
    >>> lin = sg.linearise(sg.cell("lstm"))
    >>> count(lin, "h", "h"), count(lin, "c", "c")
    (4, 1)
    """
    return route_count(lin, of, (variable(wrt, 1),))


def _is_gate(node: Node, path: Path) -> bool:
    """Whether a node on the path is the value of an activation, or holds one."""
    owned = {n.owner for n in path.nodes if n.kind in ("pre", "part")}
    return node.kind == "gate" or node.name in owned


def _is_plain(node: Node) -> bool:
    """Whether a node only adds up what it reads, as a shared pre-activation does."""
    return node.kind == "gate" and not any(
        f.has(Indexed) for t in node.terms for f in t.coefficient
    )


def _is_last_state(node: Node, kept: list[Node], path: Path) -> bool:
    """A state that the path merely ends in adds nothing to the gates before it."""
    return len(kept) > 1 and node is kept[-1] and node.name == name_of(path.source)
