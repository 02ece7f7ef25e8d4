"""The adjoint: every term transposed, in reverse order. This is back-propagation.

A term  d(target) = diag(c) A d(source)  says how a change travels forward; read backward
it says  δ(source) gets Aᵀ (c ⊙ δ(target)), where δ(v) stands for ∂L/∂v.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sympy import Add, Expr, Indexed, MatrixExpr, Mul, S

from symgate.algebra.matrices import Gram
from symgate.algebra.operators import OperatorSum, Outer, transposed
from symgate.algebra.structure import applied
from symgate.algebra.text import text
from symgate.algebra.values import RightTimes
from symgate.algebra.vectors import Total, rank, variable
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation, Node, ParameterTerm
from symgate.tables import html_table

#: The variable that stands for δ of a value of a name and a rank.
Mark = Callable[[str, int], Indexed]


@tells("an adjoint")
@dataclass(frozen=True)
class BackwardStep:
    """Back-propagation through one step, as vector expressions.

    `deltas` maps each node to δ of it at time t, in the reverse order of the step, in terms
    of the δ of nodes that read it in the same step. For a state this is what is added to
    what comes from the loss at t and from step t + 1. `previous` maps each state to what
    step t contributes to δ of the state at t - 1, `inputs` each input to δ of it.
    `gradients` maps each parameter to what step t adds to ∂L/∂parameter: a vector for a
    vector, outer products for a matrix, a sum over components for a scalar.

    >>> import symgate as sg
    >>> back = sg.adjoint(sg.cell("rnn"))
    >>> print(sg.text(back.deltas["a_h"])), print(sg.text(back.gradients["U"]))
    δ_{h,t} ⊙ (1 - h_t²)
    δ_{a_h,t} h_{t-1}ᵀ
    (None, None)
    """

    lin: Linearisation
    deltas: Mapping[str, Expr]
    previous: Mapping[str, Expr]
    inputs: Mapping[str, Expr]
    gradients: Mapping[str, Expr | MatrixExpr]

    def __repr__(self) -> str:
        return f"<Adjoint of {self.lin.cell.name}: gradients by {', '.join(self.gradients)}>"

    def _repr_html_(self) -> str:
        rows = [(f"∂L/∂{name}, this step", text(e)) for name, e in self.deltas.items()]
        rows += [(f"∂L/∂{name}", text(e)) for name, e in self.gradients.items()]
        return html_table(rows, caption=repr(self)[1:-1])

    def __reduce__(self) -> tuple[object, ...]:
        return adjoint, (self.lin.cell,)


def delta(name: str, rank: int = 1) -> Indexed:
    """δ of a node at time t, as a variable; it has the node's rank.

    >>> delta("h")
    δ_{h,t}
    """
    return variable(f"delta_{name}", 0, rank)


@once_a_cell
def adjoint(cell: Cell) -> BackwardStep:
    """Read the linearisation of a cell backward."""
    lin = linearise(cell)
    taken = {*lin.nodes, *cell.inputs, *cell.parameters}
    clash = [name for name in lin.nodes if f"delta_{name}" in taken]
    if clash:
        raise SymgateError(
            f"delta_{clash[0]} is what the adjoint calls ∂L/∂{clash[0]}; rename it in {cell.name}"
        )
    back: dict[Indexed, list[Expr]] = {}
    for node in lin.backward():
        for term in node.terms:
            pushed = Mul(*term.coefficient, delta(node.name, node.rank))
            if term.map is not None:
                pushed = term.map.pull(pushed)
            back.setdefault(term.source, []).append(pushed)
    total = {source: Add(*parts) for source, parts in back.items()}
    return BackwardStep(
        lin,
        _frozen({n.name: total.get(n.symbol, S.Zero) for n in lin.backward()}),
        _frozen({s: total.get(cell.variable(s, 1), S.Zero) for s in cell.states}),
        _frozen({x: total.get(cell.variable(x), S.Zero) for x in cell.inputs}),
        _frozen({p: gradient(lin, p, lin, delta) for p in cell.parameters}),
    )


def gradient(
    lin: Linearisation, parameter: str, nodes: Iterable[Node], mark: Mark
) -> Expr | MatrixExpr:
    """What some values of one step add to the gradient of a parameter, from the δ of them,
    each marked by its name and rank."""
    kind = lin.cell.parameters[parameter].kind
    found = [(n, t) for n in nodes for t in n.parameter_terms if t.parameter == parameter]
    parts: list[Any] = []
    for node, term in found:
        pushed = Mul(*term.coefficient, mark(node.name, node.rank))
        if kind == "matrix":
            parts.append(_outer(lin, term, pushed))
            continue
        if term.map is not None:
            pushed = term.map.pull(pushed)
        elif term.left is not None:
            pushed = applied(transposed(term.left), pushed)
        parts.append(Total(pushed) if kind == "scalar" and rank(pushed) else pushed)
    if kind != "matrix":
        return Add(*parts)
    return parts[0] if len(parts) == 1 else OperatorSum(*parts)


def _outer(lin: Linearisation, term: ParameterTerm, u: Expr) -> MatrixExpr:
    """(leftᵀ u) (right v)ᵀ with u = c ⊙ δ, the other way round where the matrix is
    transposed."""
    shape = lin.cell.parameters[term.parameter].shape
    v = term.vector if term.vector is not None else S.One
    if term.by_rows:
        u = u if term.left is None else RightTimes(u, term.left)
        v = v if term.right is None else RightTimes(v, transposed(term.right))
        return Gram(v, u, *shape) if term.transposed else Gram(u, v, *shape)
    if term.left is not None:
        u = applied(transposed(term.left), u)
    if term.right is not None:
        v = applied(term.right, v)
    return Outer(v, u, *shape) if term.transposed else Outer(u, v, *shape)


def _frozen(mapping: dict[str, Expr]) -> Mapping[str, Expr]:
    return MappingProxyType(mapping)
