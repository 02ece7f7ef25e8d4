"""The exact Jacobian of any state, gate or later state by any earlier one.

Numerator layout: entry (i, j) of ∂a/∂b is ∂a_i/∂b_j. Over several steps it is a block of
the PRODUCT of the whole state's Jacobians, never a product of blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from sympy import (
    Expr,
    Identity,
    Indexed,
    Integer,
    MatrixExpr,
    OneMatrix,
    Symbol,
    ZeroMatrix,
    nan,
    oo,
    zoo,
)
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.matrices import OrderedProduct
from symgate.algebra.operators import product, total
from symgate.algebra.vectors import Ranked, shifted
from symgate.asked import asked, is_whole, shown
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of, once_a_cell
from symgate.errors import SymgateError, UnknownName
from symgate.linear.linearise import linearise
from symgate.linear.products import Chain
from symgate.linear.sums import operator
from symgate.linear.terms import Linearisation, Node, ParameterTerm

MAX_LAG = 1_000

Lag: TypeAlias = "int | str | Symbol | None"


@asked()
def jacobian(
    cell: Cell | str, of: str | None = None, wrt: str | None = None, lag: Lag = None
) -> MatrixExpr:
    """∂ of_t / ∂ wrt_{t-lag} as a SymPy matrix expression, gates by name.

    `of` and `wrt` are names of states, gates, inputs (wrt), pre-activations ("a_z" is what
    gate z acts on) or vector parameters (wrt); where left out, the cell's output (h).
    `lag` is a whole number, or a symbol or its name for a product over k steps; without it the
    lag is 1 for a state and 0 for anything else, so that it is one step.

    >>> import symgate as sg
    >>> lstm = sg.cell("lstm")
    >>> print(sg.jacobian(lstm, of="c", wrt="c"))
    diag(f_t)
    >>> print(sg.jacobian(sg.cell("rnn"), lag=2))
    diag(1 - h_t²) U diag(1 - h_{t-1}²) U
    >>> print(sg.jacobian(sg.cell("rnn"), lag="k"))
    ∏_{j=0}^{k-1} [diag(1 - h_{t-j}²) U]
    """
    cell = cell_of(cell)
    lin = linearise(cell)
    of = cell.output if of is None else of
    wrt = cell.output if wrt is None else wrt
    _check_names(lin, of, wrt)
    steps = _steps(cell, wrt, lag)
    if wrt in cell.parameters:
        return _by_parameter(lin, of, wrt, steps)
    if steps == 0:
        return _told(lin, of, lin.variable(wrt), (lin.variable(wrt),))
    if isinstance(steps, int):
        return _over_steps(lin, of, wrt, steps)
    return _over_symbol(lin, of, wrt, steps)


def _told(lin: Linearisation, of: str, wrt: Indexed, stop: Collection[Indexed]) -> MatrixExpr:
    """The derivative within one step; what only collects products by components is spelt out."""
    found = operator(lin, of, wrt, stop)
    return found.xreplace(_spelt(lin.cell))


@once_a_cell
def _spelt(cell: Cell) -> dict[Indexed, Expr]:
    nodes = [node for node in linearise(cell) if node.kind == "inner"]
    spelt: dict[Indexed, Expr] = {}
    for node in nodes:
        if not node.expression.has(Ranked):
            spelt[node.symbol] = node.expression.xreplace(spelt)
    return spelt


def state_blocks(
    lin: Linearisation, rows: Sequence[str] | None = None, cols: Sequence[str] | None = None
) -> list[list[MatrixExpr]]:
    """∂ row_t / ∂ state_{t-1} for each row and each state: one step of the whole state."""
    states = lin.cell.states
    return [[_one_step(lin.cell, row, col) for col in cols or states] for row in rows or states]


@once_a_cell
def _one_step(cell: Cell, row: str, col: str) -> MatrixExpr:
    """∂ row_t / ∂ col_{t-1}; a lag of k steps asks for the same block k times."""
    before = [cell.variable(s, 1) for s in cell.states]
    return _told(linearise(cell), row, cell.variable(col, 1), before)


def _over_steps(lin: Linearisation, of: str, wrt: str, steps: int) -> MatrixExpr:
    """The first row, then whole steps, then the last column; all in one product."""
    states = lin.cell.states
    is_state = wrt in states
    blocks = steps - 1 if is_state else steps
    factors: list[list[list[MatrixExpr]]] = []
    for j in range(steps):
        rows = [of] if j == 0 else states
        cols = [wrt] if is_state and j == steps - 1 else states
        factors.append(_shift(state_blocks(lin, rows, cols), j))
    if not is_state:
        stop = (lin.variable(wrt),)
        factors.append(_shift([[_told(lin, s, stop[0], stop)] for s in states], blocks))
    return product([_block(f) for f in factors], lin.size(of))


def _over_symbol(lin: Linearisation, of: str, wrt: str, steps: Expr) -> MatrixExpr:
    """The whole state's Jacobian to the power of the lag, between a row and a column."""
    states, index = lin.cell.states, Symbol("j", integer=True, nonnegative=True)
    whole = _block(state_blocks(lin))
    if of in states:
        row, count, first = _select(lin, of), steps, 0
    else:
        row, count, first = _block(state_blocks(lin, [of])), steps - 1, 1
    chain = OrderedProduct(shifted(whole, first), index, count)
    if wrt in states:
        column = _select(lin, wrt, transposed=True)
    else:
        stop = (lin.variable(wrt),)
        local = [[_told(lin, s, stop[0], stop)] for s in states]
        column = _block(_shift(local, steps))
    return product([row, chain, column], lin.size(of))


def _select(lin: Linearisation, name: str, *, transposed: bool = False) -> MatrixExpr:
    """The row [0 … I … 0] that picks a state out of the whole, or its transpose."""
    size = lin.size(name)
    parts = []
    for state in lin.cell.states:
        other = lin.size(state)
        shape = (other, size) if transposed else (size, other)
        parts.append(Identity(size) if state == name else ZeroMatrix(*shape))
    return _block([[p] for p in parts] if transposed else [parts])


def _block(rows: list[list[MatrixExpr]]) -> MatrixExpr:
    return rows[0][0] if len(rows) == len(rows[0]) == 1 else BlockMatrix(rows)


def _shift(rows: list[list[MatrixExpr]], steps: int | Expr) -> list[list[MatrixExpr]]:
    return [[shifted(entry, steps) for entry in row] for row in rows]


def _by_parameter(lin: Linearisation, of: str, wrt: str, steps: int | Expr) -> MatrixExpr:
    """The derivative by a vector or scalar parameter as it acts at one step."""
    parameter = lin.cell.parameters[wrt]
    if parameter.kind == "matrix":
        raise SymgateError(
            f"{wrt} is a matrix, so that the derivative by it has three indices; its "
            f"outer-product form is symgate.adjoint(cell).gradients[{wrt!r}]"
        )
    if steps != 0:
        raise SymgateError(
            f"{wrt} is a parameter and acts at every step; ask for lag 0, or see "
            f"symgate.adjoint for the sum over all steps"
        )
    rows, cols = lin.size(of), parameter.shape[0] if parameter.shape else Integer(1)
    parts = []
    for node in lin:
        for term in _directly(node, wrt):
            head = operator(lin, of, node.symbol, (node.symbol,))
            local = Chain(last=term.coefficient).operator(node.size, node.size)
            tail = term.left or (
                Identity(node.size) if parameter.shape else OneMatrix(node.size, 1)
            )
            parts.append(product([head, local, tail], rows))
    return total(parts, rows, cols)


def _directly(node: Node, parameter: str) -> list[ParameterTerm]:
    return [term for term in node.parameter_terms if term.parameter == parameter]


def _check_names(lin: Linearisation, of: str, wrt: str) -> None:
    cell = lin.cell
    if of not in lin.nodes:
        raise UnknownName(f"a value of {cell.name} named", of, lin.nodes)
    known = [*lin.nodes, *cell.inputs, *cell.parameters]
    if wrt not in known:
        raise UnknownName(f"a value of {cell.name} named", wrt, known)


def _check_symbolic(cell: Cell, lag: Expr) -> None:
    """A lag that is an expression holds symbols of its own, and is no broken number."""
    names = (*cell.states, *cell.inputs, *cell.parameters)
    taken = {
        **dict.fromkeys(names, f"a name of {cell.name}"),
        **dict.fromkeys(cell.sizes, f"a size of {cell.name}"),
        "t": "the step",
        "j": "the index over which the product of the steps runs",
    }
    for symbol in map(str, lag.free_symbols):
        if symbol in taken:
            raise SymgateError(
                f"{symbol} is {taken[symbol]}; take another letter for the lag, such as k"
            )
    if not lag.free_symbols or lag.is_integer is False or lag.has(oo, zoo, nan):
        raise SymgateError(f"a lag must be a whole number or a symbol, not {lag}")


def _steps(cell: Cell, wrt: str, lag: Lag) -> int | Expr:
    if lag is None:
        return 1 if wrt in cell.states else 0
    if isinstance(lag, str):
        if not (lag.isidentifier() and lag.isascii()):
            raise SymgateError(
                f"a lag must be a whole number or a name such as k, not {lag[:30]!r}"
            )
        _check_symbolic(cell, Symbol(lag))
        return Symbol(lag)  # plain, so that subs("k", 3) finds it
    if is_whole(lag):
        lag = int(lag)
    if isinstance(lag, Expr):
        _check_symbolic(cell, lag)
    elif not is_whole(lag):
        raise SymgateError(f"a lag must be a whole number or a symbol, not {shown(lag)}")
    if isinstance(lag, int) and not 0 <= lag <= MAX_LAG:
        raise SymgateError(f"a lag must lie between 0 and {MAX_LAG}, not {lag}")
    return lag
