"""What ∂a/∂b, δ_a, d a and ∂L/∂W of a cell are: sums of products, exact.

δ at t is written in δ of the states at t (`delta_h`), or in the loss at t and what step t + 1
passes back (`loss:h`, `later:h`); that of an earlier step goes through the states between.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Identity, Mul

from symgate.algebra.operators import Column, Diag, Row, transposed
from symgate.algebra.vectors import variable
from symgate.checking.matrices import CHANGE, ONE, blocks, folded
from symgate.checking.scope import WayToRead
from symgate.checking.summands import Addend, Summands, exact, expanded, multiplied
from symgate.checking.values import Mentions, NamedMoment, NotUnderstood, Place, Transform
from symgate.errors import SymgateError
from symgate.linear.jacobian import jacobian
from symgate.linear.sums import operator
from symgate.linear.terms import ParameterTerm


def partial(scope: WayToRead, of: NamedMoment, wrt: NamedMoment, at: Place) -> Transform:
    """∂ of / ∂ wrt, total, or with all other values held fixed."""
    cell, lin, lag = scope.cell, scope.lin, of.time - wrt.time
    if wrt.name in cell.parameters or of.name not in lin.nodes or lag < 0:
        raise NotUnderstood("this derivative is not understood here", at)
    scope.check_time(of, at)
    try:
        found = jacobian(cell, of.name, wrt.name, lag=lag)
    except SymgateError as error:
        raise NotUnderstood(str(error), at) from None
    total = expanded(found) if lag <= 1 else (Addend(ONE, (found,), *found.shape),)
    if lag <= 1:
        held = expanded(direct(scope, of.name, wrt.name, lag))
        if held != total and scope.way("partial", about=f"{of.name} {wrt.name} {lag}") == "direct":
            total = held
    parts = tuple(s.shifted(-of.time) for s in total)
    return Transform(parts, lin.size(of.name), lin.size(wrt.name)).at(at)


def whole(
    scope: WayToRead, of: Sequence[str], wrt: Sequence[str], now: int, before: int, at: Place
) -> Transform:
    """The Jacobian of some states by some, as J_t is often meant of all of them."""
    rows = [
        [partial(scope, NamedMoment(a, now), NamedMoment(b, before), at) for b in wrt] for a in of
    ]
    return rows[0][0] if len(of) == len(wrt) == 1 else blocks(rows, at)


def direct(scope: WayToRead, of: str, wrt: str, lag: int) -> Expr:
    """The derivative with all other states and gates held fixed."""
    lin = scope.lin
    goal = lin.variable(wrt, lag)
    if (of, 0) == (wrt, lag):
        return Identity(lin.size(of))
    values = [n.name for n in lin if n.kind in ("gate", "state") and n.name != of]
    ends = {lin.variable(name) for name in values}
    ends |= {lin.variable(s, 1) for s in scope.cell.states} | {goal}
    return operator(lin, of, goal, ends)


def meanings(
    scope: WayToRead, target: tuple[str, str, int], about: str, turned: bool = False
) -> list[tuple[Summands, str]]:
    """The exact Jacobian, and in what other sense the same is often meant; or transposed."""
    of, wrt, lag = target
    cell = scope.cell
    found = [(exact(cell, of, wrt, lag), "")]
    if lag == 1 and wrt in cell.states:
        more = found[0][0]
        for state in cell.states:
            if state != wrt:
                before = tuple(s.shifted(1) for s in exact(cell, state, wrt, 0))
                more += multiplied(exact(cell, of, state, 1), before)
        note = f"{about} is taken through the other states of step t-1 as well"
        found += [(more, note)] if more != found[0][0] else []
    if lag == 0:
        found.append((expanded(direct(scope, of, wrt, 0)), f"{about} is the local derivative"))
    if turned:
        return [(tuple(s.turned() for s in parts), note) for parts, note in found]
    return found


def within(scope: WayToRead, of: str, wrt: str, lag: int) -> Summands:
    """∂ of_t / ∂ wrt_{t-lag} of one step, for a lag of 0 or 1."""
    if (of, 0) == (wrt, lag):
        size = scope.lin.size(of)
        return (Addend(ONE, (), size, size),)
    return expanded(jacobian(scope.cell, of, wrt, lag=lag))


# -- back-propagation ------------------------------------------------------------------------


def delta(scope: WayToRead, moment: NamedMoment, at: Place, part: str = "") -> Transform:
    """∂L/∂a as a column; `part` is "loss" or "later" for one share of it."""
    scope.check_time(moment, at)
    name, time = moment.name, moment.time
    if name in scope.cell.parameters:
        if "gradient" not in scope.mentions:
            raise Mentions("gradient", at)
        return gradient(scope, name, at)
    if part and "parts" not in scope.mentions:
        raise Mentions("parts", at)
    size = scope.lin.size(name)
    if part == "loss":
        if name in scope.cell.states and scope.way("partial") == "direct":
            found = _column(scope, f"loss:{name}", name, -time)
        else:
            found = _through_states(scope, name, -time, ("loss",))
    elif part == "later":
        found = _passed(scope, name, -time)
    elif time == 0 and "parts" in scope.mentions and _by_itself(scope, name):
        columns = [_column(scope, _NAMES[share].format(name), name, 0) for share in _shares(scope)]
        found = tuple(s for column in columns for s in column)
    elif time == 0:
        found = _through_states(scope, name, 0, _shares(scope))
    else:
        found = _earlier(scope, name, -time)
    column = Transform(found, size, ONE).at(at)
    shape = scope.lin.shape(name)
    if len(shape) == 2:
        return folded(column, *shape).at(at)
    rows = scope.row or scope.way("gradient") == "row"
    return column.turned if rows else column


def _earlier(scope: WayToRead, name: str, lag: int) -> Summands:
    """δ of a value of an earlier step, through the states of its own step."""
    found: list[Addend] = []
    for state in (name,) if _by_itself(scope, name) else scope.cell.states:
        back = [s.turned().shifted(lag) for s in within(scope, state, name, 0)]
        found += multiplied(back, _whole(scope, state, lag)) if back else ()
    return tuple(found)


def _by_itself(scope: WayToRead, name: str) -> bool:
    """Whether δ of a state is read without what goes through other states of its step."""
    states = scope.cell.states
    onward = [s for s in states if s != name and within(scope, s, name, 0)]
    return name in states and bool(onward) and scope.way("handed") == "by itself"


def _shares(scope: WayToRead) -> tuple[str, ...]:
    return ("loss", "later") if "parts" in scope.mentions else ("delta",)


_NAMES = {"loss": "loss:{}", "later": "later:{}", "delta": "delta_{}"}


def _column(scope: WayToRead, named: str, state: str, lag: int) -> Summands:
    size = scope.lin.size(state)
    letter = variable(named, lag, len(scope.lin.shape(state)))
    return (Addend(ONE, (Column(size, letter),), size, ONE),)


def _through_states(scope: WayToRead, name: str, lag: int, shares: tuple[str, ...]) -> Summands:
    """Σ over states (∂state/∂name)ᵀ times what is known of δ of the state, at a step."""
    found: list[Addend] = []
    for state in scope.cell.states:
        back = [s.turned().shifted(lag) for s in within(scope, state, name, 0)]
        for share in shares:
            column = _column(scope, _NAMES[share].format(state), state, lag)
            found += multiplied(back, column)
    return tuple(found)


def _passed(scope: WayToRead, name: str, lag: int) -> Summands:
    """What the steps behind it hand back to a value."""
    if lag == 0:
        if name not in scope.cell.states:
            return _through_states(scope, name, 0, ("later",))
        return _column(scope, f"later:{name}", name, 0)
    found: list[Addend] = []
    for state in scope.cell.states:
        own = within(scope, state, name, 1) if name in scope.cell.states else ()
        if name not in scope.cell.states:
            for other in scope.cell.states:
                step = multiplied(
                    within(scope, state, other, 1),
                    (s.shifted(1) for s in within(scope, other, name, 0)),
                )
                own += step
        back = [s.turned().shifted(lag - 1) for s in own]
        found += multiplied(back, _whole(scope, state, lag - 1))
    return tuple(found)


def _whole(scope: WayToRead, state: str, lag: int) -> Summands:
    """All of δ of a state but what its own step hands on to other states."""
    if lag == 0:
        return tuple(
            s
            for share in _shares(scope)
            for s in _column(scope, _NAMES[share].format(state), state, 0)
        )
    found = _passed(scope, state, lag)
    if scope.way("loss") == "each step":
        found += _column(scope, f"loss:{state}", state, lag)
    return found


def at_the_last_step(scope: WayToRead, parts: Summands) -> Summands:
    """Of a gradient what is left where the loss reads the output at t and no step follows."""
    output = scope.cell.output
    others = [s for s in scope.cell.states if s != output and within(scope, output, s, 0)]
    gone = {variable(f"delta_{s}", rank=len(scope.lin.shape(s))) for s in others}
    return tuple(s for s in parts if not any(gone & f.free_symbols for f in s.factors))


def gradient(scope: WayToRead, parameter: str, at: Place) -> Transform:
    """What one step adds to ∂L/∂parameter, in the shape of the parameter."""
    kind = scope.cell.parameters[parameter]
    shape = (*kind.shape, ONE, ONE)[:2]
    found: list[Addend] = []
    for node in scope.lin:
        for term in node.parameter_terms:
            if term.parameter == parameter:
                found += _share(scope, node.name, term, kind.kind, at)
    result = Transform(tuple(found), *shape).at(at)
    return scope.line(result)


def _share(scope: WayToRead, node: str, term: ParameterTerm, kind: str, at: Place) -> Summands:
    lin = scope.lin
    size = lin.size(node)
    if term.by_rows or (kind == "matrix" and len(lin.shape(node)) > 1):
        raise NotUnderstood("this gradient is not read by check", at)
    back = _through_states(scope, node, 0, _shares(scope))
    scale = (Addend(ONE, (Diag(size, Mul(*term.coefficient)),), size, size),)
    back = multiplied(scale, back) if term.coefficient else back
    if term.left is not None:
        back = multiplied(expanded(transposed(term.left)), back)
    if kind == "scalar" and back and back[0].rows != ONE:  # it stands in every component
        back = multiplied((Addend(ONE, (Row(back[0].rows, ONE),), ONE, back[0].rows),), back)
    if kind != "matrix":
        return back
    own = scope.cell.parameters[term.parameter].shape
    width = own[0] if term.transposed else own[1]
    value = term.vector if term.vector is not None else ONE
    size = term.right.cols if term.right is not None else width
    row: Summands = (Addend(ONE, (Row(size, value),), ONE, size),)
    if term.right is not None:
        row = multiplied(row, expanded(transposed(term.right)))
    found = multiplied(back, row)
    return tuple(s.turned() for s in found) if term.transposed else found


# -- differentials ---------------------------------------------------------------------------


def change(scope: WayToRead, moment: NamedMoment, at: Place) -> Transform:
    """d a as a column, in the changes of the states one step before, and of the inputs."""
    lin, cell = scope.lin, scope.cell
    scope.check_time(moment, at)
    if moment.name in cell.parameters:
        raise NotUnderstood("the parameters are held fixed", at)
    if moment.name in cell.inputs:
        if "inputs" not in scope.mentions:
            raise Mentions("inputs", at)
        found = _column(scope, CHANGE.format(moment.name), moment.name, -moment.time)
    elif moment.time < 0:
        if moment.time < -1 or moment.name not in cell.states:
            raise NotUnderstood("this change is not understood here", at)
        found = _column(scope, CHANGE.format(moment.name), moment.name, 1)
    else:
        ends = [(s, 1) for s in cell.states]
        ends += [(x, 0) for x in cell.inputs] if "inputs" in scope.mentions else []
        found = tuple(
            s
            for name, lag in ends
            for s in multiplied(
                within(scope, moment.name, name, lag),
                _column(scope, CHANGE.format(name), name, lag),
            )
        )
        if not found and "inputs" not in scope.mentions and cell.inputs:
            raise Mentions("inputs", at)  # it changes with the inputs alone
    shape = lin.shape(moment.name)
    matrix = (shape[0], shape[1]) if len(shape) == 2 else None
    column = Transform(found, lin.size(moment.name), ONE, matrix=matrix).at(at)
    return scope.line(column)
