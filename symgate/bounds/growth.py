"""How far a state can get that has no range: |s_t| ≤ factor · |s_{t-1}| + addend.

The cell of an LSTM is in no fixed interval, but a step moves it by at most |i ⊙ g| ≤ 1 and
keeps no more than |f| ≤ 1 of it: after t steps it is at most |c_0| + t. That holds for any
input and any parameters, so that a bound that takes it needs no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sympy import Add, Expr, Indexed, Mul, S

from symgate.algebra.norms import MaxNorm
from symgate.bounds.norms import magnitude
from symgate.bounds.ranges import ranges
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise


@dataclass(frozen=True)
class GrowthBound:
    """|state_t| ≤ factor · |state_{t-1}| + addend, both numbers or expressions of norms of
    the parameters."""

    state: str
    factor: Expr
    addend: Expr


@once_a_cell
def growths(cell: Cell) -> Mapping[str, GrowthBound]:
    """The states without a range whose growth a step limits, whatever the input.

    >>> import symgate as sg
    >>> growths(sg.cell("lstm"))["c"]
    GrowthBound(state='c', factor=1, addend=1)
    >>> dict(growths(sg.cell("gru")))
    {}
    """
    lin, known = linearise(cell), ranges(cell)
    found = {}
    for state in cell.states:
        node, old = lin[state], lin.variable(state, 1)
        own = [term for term in node.terms if term.source == old]
        factor = Add(*(Mul(*term.coefficient) for term in own))
        mixed = any(term.matrix is not None for term in own)
        if known.before[state].is_bounded or mixed or factor == 0 or factor.has(old, node.symbol):
            continue
        rest = node.expression.xreplace({old: S.Zero})
        parts = magnitude(known, factor), magnitude(known, rest)
        if not any(norm.has(Indexed) for part in parts for norm in part.atoms(MaxNorm)):
            found[state] = GrowthBound(state, *parts)
    return MappingProxyType(found)
