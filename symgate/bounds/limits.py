"""What is left of a Jacobian when a gate is closed (0) or open (1).

The gate's value is put into every coefficient and every map; z (1 - z) is 0 at both ends, so
that the paths through the gate close, and what remains is what it multiplies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from sympy import Expr, Indexed, Integer, MatrixExpr, S
from sympy.core.basic import Basic

from symgate.algebra.length import length
from symgate.algebra.operators import Column, Diag, Outer, Row
from symgate.algebra.vectors import MatVec, is_variable, name_of
from symgate.bounds.ranges import ranges
from symgate.equations.cell import Cell
from symgate.linear.linearise import linearise
from symgate.linear.paths import MAX_PATHS, Path, count, paths
from symgate.linear.products import added
from symgate.linear.terms import Linearisation, Node, Term

#: A value of more symbols is not put in for its name.
LONGEST = 1_000


@dataclass(frozen=True)
class GateLimit:
    """The blocks of the one-step Jacobian with one gate at 0 or at 1.

    `blocks` holds those of the states that the gate acts on within the step; `set` is what
    has been put in: the gate, and what follows from it alone (i = 1 - f).
    """

    gate: str
    value: int
    set: Mapping[Basic, Expr]
    blocks: Mapping[tuple[str, str], MatrixExpr]


def gates(cell: Cell) -> list[str]:
    """The values that open and close: those that lie in [0, 1] by an activation.

    >>> import symgate as sg
    >>> gates(sg.cell("lstm"))
    ['i', 'f', 'o']
    """
    lin, known = linearise(cell), ranges(cell)
    return [
        node.name
        for node in lin
        if node.kind in ("gate", "state")
        and node.name not in _outputs(lin)
        and known[node.name].within(0, 1)
        and known[node.name].high == Fraction(1)
        and _is_activation(lin, node)
    ]


def _is_activation(lin: Linearisation, node: Node) -> bool:
    """Whether it is an activation of a value, or a root or power of one, as σ(a)^{1/16}."""
    base, exponent = node.expression.as_base_exp()
    if exponent.is_positive and base in lin.symbols:
        node = lin[name_of(base)]
    return node.argument is not None and node.argument.has(Indexed)


def _outputs(lin: Linearisation) -> set[str]:
    """The states that no other value of the same step reads."""
    read = {term.source for node in lin for term in node.terms}
    return {s for s in lin.cell.states if lin[s].symbol not in read}


def limits(cell: Cell) -> list[GateLimit]:
    """Every gate at 1, and at 0 where its range reaches that, in the order of the equations."""
    lin, known = linearise(cell), ranges(cell)
    return [
        _limit(lin, gate, value)
        for gate in gates(cell)
        for value in (0, 1)
        if value == 1 or known[gate].low == 0
    ]


def _limit(lin: Linearisation, gate: str, value: int) -> GateLimit:
    fixed: dict[Basic, Expr] = {lin[gate].symbol: Integer(value)}
    for node in lin:
        if node.name != gate and not node.expression.has(MatVec):
            now = node.expression.xreplace(fixed)
            if length([now]) > LONGEST:
                continue
            renamed = node.kind == "inner" and is_variable(now)
            if ((now.is_number and now.is_finite) or renamed) and node.symbol not in fixed:
                fixed[node.symbol] = now
    blocks = {}
    for of in _acted_on(lin, gate):
        for wrt in lin.cell.states:
            if count(lin, of, wrt) > MAX_PATHS or (len(lin.cell.states) > 2 and of != wrt):
                continue
            found = paths(lin, of, wrt)
            if found:
                blocks[of, wrt] = _left_over(lin, found, fixed, of, wrt)
    return GateLimit(gate, value, fixed, blocks)


def _acted_on(lin: Linearisation, gate: str) -> list[str]:
    """The states that depend on the gate within the step, be it through another state."""
    reached = lin.leading_to([lin.variable(gate)])
    return [state for state in lin.cell.states if lin.variable(state) in reached and state != gate]


def _left_over(
    lin: Linearisation, found: list[Path], fixed: Mapping[Basic, Expr], of: str, wrt: str
) -> MatrixExpr:
    """The sum over the paths that stay open, with the fixed values put in."""
    kept = []
    for path in found:
        put = [_put(link.term, fixed) for link in path.links]
        open_ = zip(path.links, filter(None, put), strict=False)
        if all(put):
            kept.append(Path(tuple(replace(link, term=term) for link, term in open_)))
    return added(lin, [path.product for path in kept], of, wrt)


def _put(term: Term, fixed: Mapping[Basic, Expr]) -> Term | None:
    """A term with the fixed values put in, or None where nothing of it is left."""
    factors = tuple(f.xreplace(fixed) for f in term.coefficient)
    matrix = term.matrix
    if term.map is not None and matrix is not None:
        now = term.map.put(fixed)
        matrix = matrix if now == term.map else now.operator
        ends = matrix.atoms(Column, Row, Diag, Outer) if now != term.map else ()
        factors += tuple(S.Zero for e in ends if S.Zero in e.args)
    if any(f == 0 for f in factors):
        return None
    return replace(term, coefficient=tuple(f for f in factors if f != 1), matrix=matrix)
