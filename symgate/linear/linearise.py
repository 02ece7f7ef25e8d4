"""The heart: for each equation, the list of its terms.

    d(target) = sum over terms of  diag(coefficient) . matrix . d(source)

An equation is first split into nodes, so that one diagonal and one matrix are enough:
what an activation acts on becomes a pre-activation `a_z`, what a matrix acts on becomes
`s_n` where it is not a plain variable, an activation inside a larger expression gets a
name of its own. Coefficients are in the values of the nodes: z (1 - z), never exp(-a).

This list is the one source of all that follows. It knows no LaTeX, no NumPy and no cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import sympy as sp
from sympy import (
    Dummy,
    Expr,
    Function,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    S,
    Symbol,
    Transpose,
)
from sympy.core.basic import Basic

from symgate.algebra.operators import ColumnBlock, Diag, product
from symgate.algebra.printing import by_appearance
from symgate.algebra.vectors import MatVec, Stack, Vector, name_of, time_of, variable
from symgate.equations.cell import Cell, once_a_cell

Factors = tuple[Expr, ...]


@dataclass(frozen=True)
class Term:
    """diag(product of the coefficient's factors) . matrix . d(source); no matrix is I."""

    coefficient: Factors
    matrix: MatrixExpr | None
    source: Indexed


@dataclass(frozen=True)
class ParameterTerm:
    """How a node depends on a parameter directly.

    For a vector or a scalar: diag(coefficient) . matrix . d(parameter). For a matrix X in
    A(X) v, diag(coefficient) . left . dX (or dXᵀ) . right . v; a missing factor is I.
    """

    coefficient: Factors
    parameter: str
    vector: Expr | None = None
    left: MatrixExpr | None = None
    right: MatrixExpr | None = None
    transposed: bool = False


@dataclass(frozen=True)
class Node:
    """One value of a step: a state, a gate, or one of the engine's own.

    `kind` is "state", "gate", "pre" (what an activation acts on), "inner" (what a matrix
    acts on) or "part" (an activation inside a larger expression).
    """

    name: str
    kind: str
    expression: Expr
    size: Expr
    owner: str
    order: Mapping[Basic, int]
    terms: tuple[Term, ...]
    parameter_terms: tuple[ParameterTerm, ...]


@dataclass(frozen=True)
class Linearisation:
    """The nodes of a cell in the order in which a step computes them."""

    cell: Cell
    nodes: Mapping[str, Node]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __reduce__(self) -> tuple[object, ...]:
        return linearise, (self.cell,)

    @cached_property
    def symbols(self) -> frozenset[Indexed]:
        """The variables of the nodes, at time t."""
        return frozenset(map(variable, self.nodes))

    def backward(self) -> list[Node]:
        """The nodes from the last to the first."""
        return list(self.nodes.values())[::-1]

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def size(self, name: str) -> Expr:
        """The symbolic size of any node or input."""
        return self.nodes[name].size if name in self.nodes else self.cell.size(name)


@once_a_cell
def linearise(cell: Cell) -> Linearisation:
    """Split a cell into nodes and differentiate each by what it reads.

    >>> import symgate as sg
    >>> for term in sg.linearise(sg.cell("gru"))["h"].terms:
    ...     print(term.coefficient, term.source)
    (z[t],) h[t - 1]
    (h[t - 1] - n[t],) z[t]
    (1 - z[t],) n[t]
    """
    split = _Split(cell)
    for name in cell.equations:
        split.equation(name)
    return Linearisation(cell, MappingProxyType(split.nodes))


class _Split:
    """Names what an equation leaves nameless, so that each node has simple terms."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.nodes: dict[str, Node] = {}
        self.taken = {*cell.equations, *cell.inputs, *cell.parameters}

    def equation(self, name: str) -> None:
        self.owner, self.order = name, dict(self.cell.orders[name])
        kind = "state" if name in self.cell.states else "gate"
        self.activation(name, kind, self.cell.equations[name], self.cell.size(name))

    def activation(self, name: str, kind: str, expression: Expr, size: Expr) -> None:
        """A node; what its outermost activation acts on becomes a node before it."""
        if isinstance(expression, Function) and _is_compound(expression.args[0]):
            inner = self.free(f"a_{name}")
            self.add(inner, "pre", self.plain(expression.args[0]), size)
            self.order[variable(inner)] = 0
            self.add(name, kind, expression.func(variable(inner), *expression.args[1:]), size)
        else:
            self.add(name, kind, self.plain(expression), size)

    def plain(self, expression: Expr) -> Expr:
        """The expression with a name for each activation of a matrix product in it, and
        for each compound vector that a matrix acts on."""
        if isinstance(expression, MatVec):
            vector = self.acted_on(expression.vector, expression.matrix.cols)
            return MatVec(expression.matrix, vector)
        if not expression.has(MatVec):
            return expression
        if isinstance(expression, Function):
            name = self.free(f"v_{self.owner}")
            size = self.size(expression)
            self.activation(name, "part", expression, size)
            return self.named(name, expression)
        return expression.func(*map(self.plain, expression.args))

    def acted_on(self, vector: Expr, size: Expr) -> Expr:
        if isinstance(vector, Stack):
            parts = zip(vector.parts, vector.sizes, strict=True)
            return Stack([self.acted_on(*part) for part in parts], vector.sizes)
        if isinstance(vector, Indexed | Vector) or not vector.free_symbols:
            return vector
        same = [n for n in self.nodes.values() if n.kind == "inner" and n.owner == self.owner]
        plain = self.plain(vector)
        for node in same:
            if node.expression == plain:
                return variable(node.name)
        name = self.free(f"s_{self.owner}")
        self.add(name, "inner", plain, size)
        return self.named(name, vector)

    def named(self, name: str, expression: Expr) -> Indexed:
        symbol = variable(name)
        places = [self.order[a] for a in expression.atoms(Indexed, Symbol) if a in self.order]
        self.order[symbol] = min(places, default=0)
        return symbol

    def free(self, name: str) -> str:
        """A name that the cell does not use."""
        candidate, count = name, 1
        while candidate in self.taken:
            count += 1
            candidate = f"{name}_{count}"
        self.taken.add(candidate)
        return candidate

    def size(self, expression: Expr) -> Expr:
        for atom in sp.preorder_traversal(expression):
            if isinstance(atom, MatVec):
                return atom.matrix.rows
            if isinstance(atom, Indexed):
                name = name_of(atom)
                return self.nodes[name].size if name in self.nodes else self.cell.size(name)
            if isinstance(atom, Vector):
                return self.cell.parameters[atom.name].shape[0]
        return self.cell.size(self.owner)

    def add(self, name: str, kind: str, expression: Expr, size: Expr) -> None:
        order = MappingProxyType(dict(self.order))
        partials = _partials(expression, variable(name), order)
        terms = [t for atom, c in partials for t in _terms(atom, c)]
        parameter_terms = [t for atom, c in partials for t in _parameter_terms(atom, c)]
        self.nodes[name] = Node(
            name, kind, expression, size, self.owner, order, tuple(terms), tuple(parameter_terms)
        )


def _is_compound(argument: Expr) -> bool:
    return not isinstance(argument, Indexed | Symbol) and argument.has(Indexed, MatVec)


def _atoms(expression: Expr) -> list[Expr]:
    """The variables, parameters and matrix products that an element-wise expression holds."""
    found: list[Expr] = []
    todo = [expression]
    while todo:
        e = todo.pop()
        if isinstance(e, MatVec | Indexed | Symbol):
            if e not in found:
                found.append(e)
        else:
            todo.extend(reversed(e.args))
    return found


def _partials(
    expression: Expr, target: Indexed, order: Mapping[Basic, int]
) -> list[tuple[Expr, Factors]]:
    """Each atom of an expression with the factors of the derivative by it.

    An activation's derivative is written in the node's own value.
    """
    order = {**order, target: -1}
    atoms = sorted(_atoms(expression), key=lambda a: (not _is_past(a), *by_appearance(order, a)))
    stand_in = {atom: Dummy(real=True) for atom in atoms}
    back = {dummy: atom for atom, dummy in stand_in.items()}
    plain = expression.xreplace(stand_in)
    own_value = {plain: target} if isinstance(expression, Function) else {}
    out = []
    for atom, dummy in stand_in.items():
        derivative = plain.diff(dummy).xreplace(own_value).xreplace(back)
        if derivative.has(sp.Derivative, sp.Subs):
            raise ValueError(f"{expression} cannot be differentiated by {atom}")
        if derivative != 0:
            out.append((atom, factors_of(derivative, order)))
    return out


def _is_past(atom: Expr) -> bool:
    """Whether an atom is a state of the step before: what it carries comes first."""
    return isinstance(atom, Indexed) and time_of(atom) != 0


def factors_of(expression: Expr, order: Mapping[Basic, int] | None = None) -> Factors:
    """The factors of a coefficient in the order people write them: number, z, 1 - z.

    >>> z = variable("z")
    >>> factors_of(z * (1 - z)), factors_of(sp.Integer(1))
    ((z[t], 1 - z[t]), ())
    """
    if expression == 1:
        return ()
    factors = list(Mul.make_args(expression))
    return tuple(sorted(factors, key=lambda f: (not f.is_number, *by_appearance(order, f))))


def pieces(atom: MatVec) -> Iterator[tuple[MatrixExpr, Expr]]:
    """A matrix product as a sum of matrix times plain vector: one piece a stacked part."""
    if not isinstance(atom.vector, Stack):
        yield atom.matrix, atom.vector
        return
    start: Expr = S.Zero
    for part, width in zip(atom.vector.parts, atom.vector.sizes, strict=True):
        label = Symbol(name_of(part)) if isinstance(part, Indexed | Symbol) else Symbol("c")
        yield ColumnBlock(atom.matrix, label, start, width), part
        start = start + width


def _terms(atom: Expr, coefficient: Factors) -> Iterator[Term]:
    if isinstance(atom, Indexed):
        yield Term(coefficient, None, atom)
    elif isinstance(atom, MatVec):
        for matrix, vector in pieces(atom):
            if not isinstance(vector, Indexed):
                continue
            if isinstance(matrix, Diag):
                yield Term((*coefficient, *matrix.factors), None, vector)
            else:
                yield Term(coefficient, matrix, vector)


def _parameter_terms(atom: Expr, coefficient: Factors) -> Iterator[ParameterTerm]:
    if isinstance(atom, Symbol):
        yield ParameterTerm(coefficient, atom.name)
    elif isinstance(atom, MatVec):
        for matrix, vector in pieces(atom):
            if isinstance(vector, Vector):
                yield ParameterTerm(coefficient, vector.name, left=matrix)
        yield from _matrix_terms(atom.matrix, coefficient, atom.vector, (), ())


def _matrix_terms(
    matrix: MatrixExpr,
    coefficient: Factors,
    vector: Expr,
    left: tuple[MatrixExpr, ...],
    right: tuple[MatrixExpr, ...],
) -> Iterator[ParameterTerm]:
    """The terms of diag(coefficient) . left . d(matrix) . right . vector."""
    rest = (coefficient, vector, left, right)
    match matrix:
        case MatrixSymbol():
            yield _matrix_term(matrix, *rest, transposed=False)
        case Transpose():
            yield _matrix_term(matrix.arg, *rest, transposed=True)
        case MatAdd():
            for part in matrix.args:
                yield from _matrix_terms(part, *rest)
        case Diag():
            through = _applied(right, vector)
            lead = (*left, Diag(matrix.rows, through))
            for factor in matrix.factors:
                yield ParameterTerm(coefficient, name_of(factor), left=product(lead, matrix.rows))
        case MatMul():
            scale, matrices = matrix.as_coeff_matrices()
            for symbol in sorted(scale.free_symbols, key=str):
                applied = _applied((*left, *matrices, *right), vector)
                yield ParameterTerm((*coefficient, scale.diff(symbol), applied), symbol.name)
            scaled = coefficient if scale == 1 else (scale, *coefficient)
            for i, factor in enumerate(matrices):
                before, after = (*left, *matrices[:i]), (*matrices[i + 1 :], *right)
                yield from _matrix_terms(factor, scaled, vector, before, after)


def _matrix_term(
    symbol: MatrixSymbol,
    coefficient: Factors,
    vector: Expr,
    left: tuple[MatrixExpr, ...],
    right: tuple[MatrixExpr, ...],
    *,
    transposed: bool,
) -> ParameterTerm:
    return ParameterTerm(
        coefficient,
        symbol.name,
        vector,
        product(left, left[0].rows) if left else None,
        product(right, right[0].rows) if right else None,
        transposed,
    )


def _applied(matrices: tuple[MatrixExpr, ...], vector: Expr) -> Expr:
    kept = [m for m in matrices if not isinstance(m, Identity)]
    return MatVec(product(kept, kept[0].rows), vector) if kept else vector
