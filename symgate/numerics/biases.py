"""Which vectors are biases: of which gate, and which ones twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Add, Expr, Indexed, MatrixSymbol, Mul

from symgate.algebra.names import name_parts
from symgate.algebra.vectors import (
    MatVec,
    Vector,
    as_product,
    is_variable,
    name_now,
    name_of,
    parts_of,
)
from symgate.asked import number
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError, known_name
from symgate.linear.linearise import linearise
from symgate.linear.terms import Node


def bias_of(cell: Cell, gate: str) -> str:
    """The vector that is added to what a gate's activation acts on; a bias by its own name."""
    if gate in all_biases(cell):
        return gate
    known_name(f"a gate or a bias of {cell.name} named", gate, {*cell.equations, *all_biases(cell)})
    found = own_bias(cell, gate)
    if found is None:
        raise SymgateError(f"gate {gate!r} of {cell.name} has no bias")
    return found


def given_biases(cell: Cell, bias: Mapping[str, float]) -> dict[str, float]:
    """The numbers of biases by name, from those of gates or biases; two of one must agree.

    >>> import symgate as sg
    >>> given_biases(sg.cell("gru"), {"z": 2, "b_r": 1})
    {'b_z': 2.0, 'b_r': 1.0}
    """
    given: dict[str, float] = {}
    for gate, value in bias.items():
        name, wanted = bias_of(cell, gate), number()(f"the bias of {gate}", value)
        if given.setdefault(name, wanted) != wanted:
            raise SymgateError(f"{name} is given twice, as {given[name]:g} and as {wanted:g}")
    return given


def own_bias(cell: Cell, gate: str) -> str | None:
    """The bias of a gate; that of s where the gate is sigmoid(s) of another value s."""
    for node in linearise(cell).backward():
        if node.owner == gate and node.kind != "inner":
            for name in _biases(cell, node):
                return name
            for part in Add.make_args(_inside(node)):
                named = (name := name_now(part)) in cell.equations
                if named and (found := own_bias(cell, name)):
                    return found
    return None


def _biases(cell: Cell, node: Node) -> list[str]:
    """The vectors that are added in a node, or inside its activation: not times a variable."""
    inside = _inside(node)
    if isinstance(inside, Vector):
        return [inside.name]
    return [
        term.parameter
        for term in node.parameter_terms
        if cell.parameters[term.parameter].kind == "vector"
        and term.left is None
        and not any(factor.has(Indexed) for factor in term.coefficient)
    ]


def _inside(node: Node) -> Expr:
    return node.expression if node.argument is None else node.argument


@once_a_cell
def acts_on_input(cell: Cell) -> dict[str, bool]:
    """Whether each matrix acts on an input; one that acts on a stack does not.

    The input of a layer is the output of the one below it.
    """
    found: dict[str, bool] = {}
    sent = {cell.variable(o) for o in cell.outputs}
    sent |= {cell.variable(g) for g in cell.gates if cell.outputs and name_parts(g).base == "y"}
    for expression in cell.equations.values():
        for product in expression.atoms(MatVec):
            for symbol in product.matrix.atoms(MatrixSymbol):
                v = product.vector
                inside = v in sent or (is_variable(v) and name_of(v) in cell.inputs)
                found[symbol.name] = found.get(symbol.name, True) and inside
    return found


@once_a_cell
def _stacks(cell: Cell) -> dict[str, list[tuple[str, Expr]]]:
    """The parts and their sizes, of each matrix that acts on [h, x]."""
    found: dict[str, list[tuple[str, Expr]]] = {}
    for expression in cell.equations.values():
        for product in expression.atoms(MatVec):
            if parts_of(product.vector):
                names = [name_of(s) if is_variable(s) else "" for s in product.parts]
                for symbol in product.matrix.atoms(MatrixSymbol):
                    found.setdefault(symbol.name, list(zip(names, product.sizes, strict=True)))
    return found


@once_a_cell
def double_biases(cell: Cell) -> frozenset[str]:
    """The vectors that are added to two products or more: nn.LSTM has a bias for each matrix.

    >>> import symgate as sg
    >>> sorted(double_biases(sg.cell("gru-reset-after")))  # r acts between b_n and c_n
    ['b_r', 'b_z']
    """
    sums = {a for e in cell.equations.values() for a in e.atoms(Add)}
    found: set[str] = set()
    for parts in (list(_summands(cell, total)) for total in sums):
        if sum(_products(part) for part in parts) > 1:
            found |= {part.name for part in parts if isinstance(part, Vector)}
    return frozenset(found)


def _summands(cell: Cell, total: Expr) -> Iterator[Expr]:
    """What is added up, also over several equations of the step."""
    for part in Add.make_args(total):
        if (name := name_now(part)) in cell.equations:
            yield from _summands(cell, cell.equations[name])
        else:
            yield part


def _products(part: Expr) -> int:
    """How many matrices act on vectors in a summand; one on [h, x] counts for each of them."""
    found = [p for f in Mul.make_args(part) if (p := as_product(f)) is not None]
    if len(found) != 1 or any(f.has(Indexed) for f in Mul.make_args(part) if f != found[0]):
        return 0
    return len(found[0].parts)


@once_a_cell
def all_biases(cell: Cell) -> frozenset[str]:
    """The vectors that are added, and weigh no state: those that the schemes draw as 0."""
    return frozenset(name for node in linearise(cell) for name in _biases(cell, node))
