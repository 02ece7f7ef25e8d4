"""The carry: the route of a state to itself with no matrix and no activation on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Add, Expr, Function, Mul

from symgate.algebra.values import Across, Down
from symgate.algebra.vectors import MatVec, name_now
from symgate.linear.paths import MAX_FOLLOWED, Path, in_order, links_of, scaled_by, ways_to
from symgate.linear.terms import Linearisation


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


def carries(lin: Linearisation) -> tuple[Carry, ...]:
    """The carry of each state that has one.

    >>> import symgate as sg
    >>> [(c.state, c.gates) for c in carries(sg.linearise(sg.cell("lstm")))]
    [('c', {'f': True})]
    >>> [(c.state, c.coefficient) for c in carries(sg.linearise(sg.cell("rhn")))]
    [('h', (1 - k[t])*(1 - z[t]))]
    """
    return tuple(found for s in lin.cell.states if (found := carry(lin, s)) is not None)


def carry(lin: Linearisation, state: str) -> Carry | None:
    """The carry of a state, or None."""
    found = tuple(path for path in _unhindered(lin, state) if path.is_carry)
    coefficient = Add(*(Mul(*_factors(p)) for p in found))
    if coefficient == 0:
        return None
    sides = [f.args[0] if isinstance(f, Across | Down) else f for p in found for f in _factors(p)]
    factors = [f for side in sides for f in Mul.make_args(side)]
    return Carry(state, found, coefficient, dict(g for f in factors if (g := _gate(lin, f))))


def _unhindered(lin: Linearisation, state: str) -> list[Path]:
    """The paths from a state to itself that meet no matrix and no activation."""
    goal = lin.variable(state, 1)
    free = {
        name: [x for x in links if not x.activated and x.weight is None]
        for name, links in links_of(lin.cell).items()
    }

    def together(numbers: list[int]) -> list[int]:
        return [sum(numbers)] if numbers else []

    number = ways_to(lin, state, [goal], free, 1, lambda number, _: number, together)
    if sum(number.get(goal, [])) > MAX_FOLLOWED:
        return []
    return ways_to(lin, state, [goal], free, Path(()), Path.then, in_order).get(goal, [])


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


def _factors(path: Path) -> list[Expr]:
    """What the carry multiplies a state by."""
    sides = [side for term in path.terms if (side := scaled_by(term.map)) is not None]
    return [*(f for term in path.terms for f in term.coefficient), *sides]
