"""How far a state can get that has no range: |s_t| ≤ factor · |s_{t-1}| + addend.

The cell of an LSTM is in no fixed interval, but a step moves it by at most |i ⊙ g| ≤ 1 and
keeps no more than |f| ≤ 1 of it: after t steps it is at most |c_0| + t. That holds for any
input and any parameters, so that a bound that takes it needs no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sympy import Dummy, Expr, Indexed, S

from symgate.algebra.norms import MaxNorm
from symgate.algebra.vectors import MatVec
from symgate.bounds.norms import magnitude
from symgate.bounds.ranges import ranges
from symgate.equations.cell import Cell, once_a_cell
from symgate.linear.linearise import linearise


@dataclass(frozen=True)
class Growth:
    """|state_t| ≤ factor · |state_{t-1}| + addend, both numbers or expressions of norms of
    the parameters."""

    state: str
    factor: Expr
    addend: Expr


@once_a_cell
def growths(cell: Cell) -> Mapping[str, Growth]:
    """The states without a range whose growth a step limits, whatever the input.

    >>> import symgate as sg
    >>> growths(sg.cell("lstm"))["c"]
    Growth(state='c', factor=1, addend=1)
    >>> dict(growths(sg.cell("gru")))
    {}
    """
    lin, known = linearise(cell), ranges(cell)
    found = {}
    for state in cell.states:
        expression, old = lin[state].expression, lin.variable(state, 1)
        mixed = any(product.has(old) for product in expression.atoms(MatVec))
        if known.before[state].is_bounded or mixed:
            continue
        before = Dummy("before", real=True)
        expression = expression.xreplace({old: before})
        factor, rest = expression.diff(before), expression.xreplace({before: S.Zero})
        if factor.has(before) or factor == 0:
            continue
        parts = magnitude(known, factor), magnitude(known, rest)
        if not any(norm.has(Indexed) for part in parts for norm in part.atoms(MaxNorm)):
            found[state] = Growth(state, *parts)
    return MappingProxyType(found)
