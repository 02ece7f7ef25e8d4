"""Carries: where a state passes straight to itself, through a gate and no matrix."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Indexed

from symgate.algebra.vectors import name_of, time_of, variable
from symgate.linear.linearise import Factors, Linearisation


@dataclass(frozen=True)
class Carry:
    """d(state_t) = diag(coefficient) d(state_{t-1}) + …

    `gates` maps each gate of the coefficient to whether an open gate (near 1) keeps the
    state: True for f in f ⊙ c, False for z in (1 - z) ⊙ h.
    """

    state: str
    coefficient: Factors
    gates: dict[str, bool]


def carries(lin: Linearisation) -> tuple[Carry, ...]:
    """The direct carry of each state that has one.

    >>> import symgate as sg
    >>> [(c.state, c.gates) for c in carries(sg.linearise(sg.cell("lstm")))]
    [('c', {'f': True})]
    >>> [(c.state, c.gates) for c in carries(sg.linearise(sg.cell("gru-z-takes-new")))]
    [('h', {'z': False})]
    """
    found = []
    for state in lin.cell.states:
        for term in lin[state].terms:
            if term.matrix is None and term.source == variable(state, 1):
                gates = dict(g for factor in term.coefficient if (g := _gate(lin, factor)))
                found.append(Carry(state, term.coefficient, gates))
    return tuple(found)


def _gate(lin: Linearisation, factor: Expr) -> tuple[str, bool] | None:
    """The gate in a factor g or 1 - g, and whether it keeps."""
    for keeps, candidate in ((True, factor), (False, 1 - factor)):
        now = isinstance(candidate, Indexed) and time_of(candidate) == 0
        if now and name_of(candidate) in lin.cell.equations:
            return name_of(candidate), keeps
    return None
