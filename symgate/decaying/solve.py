"""The carry of a cell in its biases alone, solved for the one that sets its memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp
from sympy import Dummy, Expr, Function, MatrixSymbol, Rational, S, Symbol

from symgate.algebra.activations import record_of
from symgate.algebra.elementwise import Elementwise
from symgate.algebra.fold import fold
from symgate.algebra.names import is_scalar_name
from symgate.algebra.text import text
from symgate.algebra.values import Across, Down
from symgate.algebra.vectors import Vector
from symgate.bounds.rest import Rest
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName
from symgate.linear.jacobian import jacobian
from symgate.linear.linearise import linearise
from symgate.linear.paths import MAX_PATHS, carries, count, paths
from symgate.linear.terms import Linearisation
from symgate.numerics.initialise import SCALAR


@dataclass(frozen=True)
class BiasSolution:
    """`parameter` = `formula` makes the carry of `state` 1 - 1/T; `values` are the numbers
    to set, `kept` those of other parameters that the solution takes for granted."""

    state: str
    parameter: str
    formula: Expr
    values: Mapping[str, float]
    kept: Mapping[str, float] = field(default_factory=dict)


def solved(cell: Cell, memory: Symbol, steps: float, state: str | None = None) -> BiasSolution:
    """Solve the carry of a state (the first that can be solved) for one parameter."""
    if state is not None and state not in cell.states:
        raise UnknownName(f"a state of {cell.name} named", state, cell.states)
    known = {
        c.state: _by_component(c.coefficient)
        for c in sorted(carries(linearise(cell)), key=lambda c: c.state)
    }
    if not known:
        raise SymgateError(
            f"{cell.name} has no carry: each path from a state to itself passes through a "
            f"matrix or an activation, so no bias sets its memory"
        )
    if state is not None and state not in known:
        raise SymgateError(
            f"{cell.name} does not carry {state}; it carries {', '.join(map(repr, known))}"
        )
    wanted = known if state is None else {state: known[state]}
    reasons = []
    for name, carry in wanted.items():
        if _is_erased(linearise(cell), name):
            reasons.append(
                f"{cell.name} moves {name} by {text(jacobian(cell, name, name))} a step, which "
                f"keeps more in some directions than in others, so no bias alone sets its memory"
            )
            continue
        resting = at_rest(linearise(cell), carry)
        found = _for_one(cell, name, resting, memory, steps)
        if found is not None:
            return found
        reasons.append(_reason(cell, name, carry, resting))
    raise SymgateError("; ".join(reasons))


def _is_erased(lin: Linearisation, state: str) -> bool:
    """Whether a step takes away from a state along a vector, as I - β k kᵀ does."""
    if count(lin, state, state) > MAX_PATHS:
        return False
    return any(
        path.matrices
        and not any(link.activated for link in path.links)
        and not any(matrix.atoms(MatrixSymbol) for matrix in path.matrices)
        for path in paths(lin, state, state)
    )


def _by_component(coefficient: Expr) -> Expr:
    """What S diag(w) multiplies a component of S by: w."""
    sides = coefficient.atoms(Across, Down)
    return coefficient.xreplace({side: side.args[0] for side in sides})


def at_rest(lin: Linearisation, expression: Expr) -> Expr:
    """An expression with inputs and states 0: what is left are biases and other parameters.

    >>> import symgate as sg
    >>> from symgate.algebra.vectors import variable
    >>> z = variable("z")
    >>> at_rest(sg.linearise(sg.cell("gru")), 1 - z)
    1 - sigmoid(b_z)
    """
    found: Expr = fold(expression, _Still(lin))
    return found


class _Still(Rest):
    """At rest, with all that matrices give at 0."""

    def matvec(self, matrix: object, vector: object, e: object) -> Expr:
        return S.Zero


def _for_one(
    cell: Cell, state: str, carry: Expr, memory: Symbol, steps: float
) -> BiasSolution | None:
    """One parameter, the others at 0, or at minus it or equal to it where that alone helps."""
    vectors = sorted(carry.atoms(Vector), key=lambda v: _place(cell, v.name))
    scalars = sorted(carry.free_symbols - set(vectors), key=str)
    scalars = [s for s in scalars if isinstance(s, Symbol) and s.name in cell.parameters]
    goal = 1 - 1 / memory
    numbers: dict[Expr, Expr | float] = {s: Rational(SCALAR) for s in scalars}
    biases = [s for s in scalars if not is_scalar_name(s.name)]  # of gates that are numbers
    one = biases if len(biases) == 1 else scalars if len(scalars) == 1 else []
    unknowns: list[Expr] = [*vectors] or [*one]
    for sign in (0, -1, 1):
        for x in unknowns:
            others = [v for v in vectors if v != x]
            plain = carry.xreplace(dict.fromkeys(others, sign * x))
            for formula in isolated(_tidy(plain), goal, x):
                fixed = {k: v for k, v in numbers.items() if k != x}
                value = formula.subs({**fixed, memory: steps}).evalf(17)
                if not (value.is_real and value.is_finite):
                    continue
                if abs(float(plain.subs({**fixed, x: value}).evalf(17)) - 1 + 1 / steps) > 1e-9:
                    continue
                with_it = {v.name: sign * float(value) for v in others} if sign else {}
                zero = {} if sign else {v.name: 0.0 for v in others}
                return BiasSolution(state, x.name, formula, {x.name: float(value), **with_it}, zero)
    return None


def _place(cell: Cell, name: str) -> int:
    return list(cell.parameters).index(name)


def _tidy(e: Expr) -> Expr:
    """σ(0) as 1/2, and σ(-b) as 1 - σ(b): a bias and its mirror are one unknown."""

    for function in sorted(e.atoms(Elementwise), key=str):
        argument = function.args[0]
        if argument.is_number:
            e = e.xreplace({function: function.closed_form()})
        elif record_of(function).parity == "mirrored" and argument.could_extract_minus_sign():
            e = e.xreplace({function: 1 - function.func(-argument, *function.args[1:])})
    return sp.together(e)


def isolated(e: Expr, goal: Expr, x: Expr) -> Iterator[Expr]:
    """The solutions x of e = goal, taking functions off from the outside.

    >>> from symgate.algebra.activations import sigmoid
    >>> T, b = Symbol("T", positive=True), Symbol("b", real=True)
    >>> list(isolated(1 - sigmoid(b), 1 - 1 / T, b))
    [-log(T - 1)]
    """
    if e == x:
        yield _with_sign(goal)
        return
    outer = _outermost(e, x)
    if not outer:
        if e.has(x):
            u = Dummy("u")
            yield from sp.solve(e.xreplace({x: u}) - goal, u)
        return
    if len(outer) > 1:
        return
    function = outer[0]
    u = Dummy("u")
    plain = e.xreplace({function: u})
    record = record_of(function)
    if plain.has(x) or record.inverse is None:
        return
    for value in sp.solve(sp.numer(sp.together(plain - goal)), u):
        inside = record.bound(record.inverse, function, sp.cancel(value))
        inside = inside.replace(sp.log, lambda a: sp.log(sp.cancel(a)))
        yield from isolated(function.args[0], inside, x)


def _outermost(e: Expr, x: Expr) -> list[Expr]:
    if isinstance(e, Function):
        return [e] if e.has(x) else []
    found = [f for part in e.args for f in _outermost(part, x)]
    return list(dict.fromkeys(found))


def _with_sign(formula: Expr) -> Expr:
    """ln(1/(T - 1)) as -ln(T - 1)."""
    if isinstance(formula, sp.log):
        above, below = sp.fraction(sp.cancel(formula.args[0]))
        if above == 1:
            return -sp.log(below)
        if above == -1:
            return -sp.log(-below)
    return formula


def _reason(cell: Cell, state: str, carry: Expr, resting: Expr) -> str:
    start = f"{cell.name} carries {state} by {text(carry)}"
    if not resting.free_symbols:
        shown = text(carry)
        if resting == 1 and shown == "1":
            return f"{cell.name} carries {state} without loss (by 1), so no bias sets its memory"
        there = f"with states and inputs at 0 it is {text(_tidy(resting))} a step"
        return f"{start}, which has no bias to set: {there}"
    scalars = [s for s in resting.free_symbols if not isinstance(s, Vector)]
    if len(scalars) > 1 and not resting.atoms(Vector):
        return f"{start}: make that 1 - 1/T by hand, for it has several parameters to choose from"
    return f"{start}; {text(resting)} = 1 - 1/T has no solution that could be found for one bias"
