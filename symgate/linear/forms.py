"""Forms: the routes from one variable to another as a nested sum, ready to be computed.

    form = diag(d) + sum over branches of  diag(c) A form'

Routes that begin with the same diagonal and matrix share a branch, so that each matrix
product is done once. This is what the NumPy program runs, forward and backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sympy import Add, Expr, MatrixExpr, Mul, S

from symgate.algebra.operators import Diag
from symgate.algebra.vectors import variable
from symgate.equations.cell import Cell, once_a_cell
from symgate.linear.chains import MAX_ROUTES, Chain, route_count, routes
from symgate.linear.linearise import linearise


@dataclass(frozen=True)
class Branch:
    """diag(coefficient) . matrix . rest"""

    coefficient: Expr
    matrix: MatrixExpr
    rest: Form


@dataclass(frozen=True)
class Form:
    """diag(diagonal) + branches; a diagonal of 0 is none."""

    diagonal: Expr
    branches: tuple[Branch, ...]

    @property
    def is_identity(self) -> bool:
        return self.diagonal == 1 and not self.branches


@dataclass(frozen=True)
class Transition:
    """One step of the whole state in two moves.

    `within` holds (value, other value of the same step, form) in the order in which a
    backward pass folds them; `across` holds (value, state before, form). The values are
    the states, and every node where the routes between states are too many to list.
    """

    cell: Cell
    values: tuple[str, ...]
    within: tuple[tuple[str, str, Form], ...]
    across: tuple[tuple[str, str, Form], ...]


@once_a_cell
def transition(cell: Cell) -> Transition:
    """The step of a cell's whole state: h reads c of the same step, c reads c before.

    >>> import symgate as sg
    >>> [(a, b) for a, b, _ in transition(sg.cell("lstm")).within]
    [('h', 'c')]
    """
    lin = linearise(cell)
    before = [variable(s, 1) for s in cell.states]
    many = any(route_count(lin, s, before) > MAX_ROUTES for s in cell.states)
    order = [node.name for node in lin if many or node.name in cell.states]
    within, across = [], []
    for value in reversed(order):
        now = [variable(v) for v in order if v != value]
        found = routes(lin, value, [*now, *before])
        for other in reversed(order):
            if variable(other) in found:
                within.append((value, other, form(found[variable(other)])))
        for other in cell.states:
            if variable(other, 1) in found:
                across.append((value, other, form(found[variable(other, 1)])))
    return Transition(cell, tuple(order), tuple(within), tuple(across))


def leading_to(step: Transition, state: str) -> Transition:
    """The routes of a step that lead back to a state, over any number of steps.

    The others never reach the derivative by it, and may outgrow by far what does.

    >>> import symgate as sg
    >>> scrn = transition(sg.cell("scrn"))  # s passes on to h and never sees it
    >>> [(a, b) for a, b, _ in scrn.across], [(a, b) for a, b, _ in leading_to(scrn, "h").across]
    ([('h', 'h'), ('s', 's')], [('h', 'h')])
    """
    edges = {(value, other) for value, other, _ in (*step.within, *step.across)}
    reached, grown = {state}, True
    while grown:
        found = {value for value, other in edges if other in reached} - reached
        reached, grown = reached | found, bool(found)
    return replace(
        step,
        within=tuple(route for route in step.within if route[1] in reached),
        across=tuple(route for route in step.across if route[1] in reached),
    )


def form(chains: Sequence[Chain]) -> Form:
    """Nest chains by what they begin with."""
    return _nested([_steps(chain) for chain in chains])


#: A chain as (coefficient, matrix) pairs and a last coefficient.
_Steps = tuple[tuple[tuple[Expr, MatrixExpr], ...], Expr]


def _steps(chain: Chain) -> _Steps:
    pairs: list[tuple[Expr, MatrixExpr]] = []
    coefficient: Expr = S.One
    for part in chain.done:
        if isinstance(part, Diag):
            coefficient = coefficient * Mul(*part.factors)
        elif isinstance(part, MatrixExpr):
            pairs.append((coefficient, part))
            coefficient = S.One
        else:
            coefficient = coefficient * part
    return tuple(pairs), coefficient * Mul(*chain.last)


def _nested(chains: Sequence[_Steps]) -> Form:
    diagonal = Add(*(last for pairs, last in chains if not pairs))
    groups: dict[tuple[Expr, MatrixExpr], list[_Steps]] = {}
    for pairs, last in chains:
        if pairs:
            groups.setdefault(pairs[0], []).append((pairs[1:], last))
    branches = tuple(Branch(c, matrix, _nested(rest)) for (c, matrix), rest in groups.items())
    return Form(diagonal, branches)
