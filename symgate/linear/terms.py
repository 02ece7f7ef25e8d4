"""The linearisation as data: nodes, and of each the terms of its derivative."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sympy import Expr, Function, Indexed, MatrixExpr, Mul
from sympy.core.basic import Basic

import symgate
from symgate.algebra.maps import Map
from symgate.algebra.text import text
from symgate.algebra.vectors import variable
from symgate.asked import asked, having, moment
from symgate.equations.cell import Cell
from symgate.errors import held
from symgate.instead import tells
from symgate.tables import html_table

Factors = tuple[Expr, ...]
Place = TypeVar("Place")


@dataclass(frozen=True)
class Term:
    """diag(product of the coefficient's factors) . matrix . d(source); no matrix is I.

    `map` is the matrix as a linear map between scalars, vectors and matrices of the step.
    """

    coefficient: Factors
    matrix: MatrixExpr | None
    source: Indexed
    map: Map | None = None


@dataclass(frozen=True)
class ParameterTerm:
    """How a node depends on a parameter directly.

    For a vector or a scalar: diag(coefficient) . matrix . d(parameter). For a matrix X in
    A(X) v, diag(coefficient) . left . dX (or dXᵀ) . right . v; a missing factor is I. `by_rows`
    says that it acts so on each row of a matrix of the step.
    """

    coefficient: Factors
    parameter: str
    vector: Expr | None = None
    left: MatrixExpr | None = None
    right: MatrixExpr | None = None
    transposed: bool = False
    map: Map | None = None
    by_rows: bool = False


@dataclass(frozen=True)
class Node:
    """One value of a step: a state, a gate, or one of the engine's own.

    `kind` is "state", "gate", "pre" (what an activation acts on), "inner" (what a matrix
    acts on) or "part" (an activation inside a larger expression).
    """

    name: str
    kind: str
    expression: Expr
    shape: tuple[Expr, ...]
    owner: str
    order: Mapping[Basic, int]
    terms: tuple[Term, ...]
    parameter_terms: tuple[ParameterTerm, ...]

    @property
    def size(self) -> Expr:
        """How many numbers it holds."""
        return Mul(*self.shape)

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a vector, 2 for a matrix."""
        return len(self.shape)

    @property
    def argument(self) -> Expr | None:
        """What its activation acts on; None where it is a sum, a product, ….

        What acts on all components together, as softmax, is none.
        """
        return self.expression.args[0] if isinstance(self.expression, Function) else None

    @cached_property
    def symbol(self) -> Indexed:
        """The node as a variable at time t."""
        return variable(self.name, 0, self.rank)


@tells("a linearisation")
@dataclass(frozen=True)
class Linearisation:
    """The nodes of a cell in the order in which a step computes them."""

    cell: Cell
    nodes: Mapping[str, Node]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __repr__(self) -> str:
        return f"<Linearisation of {self.cell.name}: {', '.join(self.nodes)}>"

    def _repr_html_(self) -> str:
        rows = [(node.name, node.kind, text(node.expression, node.order)) for node in self]
        return html_table(rows, ("value", "kind", "equation"), caption=repr(self)[1:-1])

    def __reduce__(self) -> tuple[object, ...]:
        return symgate.linearise, (self.cell,)

    @cached_property
    def symbols(self) -> frozenset[Indexed]:
        """The variables of the nodes, at time t."""
        return frozenset(node.symbol for node in self)

    @asked(ends=having("__iter__", "variables, such as [cell.variable('h', 1)]"))
    def leading_to(self, ends: Collection[Indexed]) -> set[Indexed]:
        """The variables of `ends`, and the nodes that depend on some of them within the step."""
        found = {*ends}
        for node in self:
            if any(term.source in found for term in node.terms):
                found.add(node.symbol)
        return found

    def backward(self) -> list[Node]:
        """The nodes from the last to the first."""
        return list(self.nodes.values())[::-1]

    def __getitem__(self, name: str) -> Node:
        node: Node = held(f"a value of {self.cell.name} named", self.nodes, name)
        return node

    def size(self, name: str) -> Expr:
        """The symbolic size of any node or input."""
        return Mul(*self.shape(name))

    def shape(self, name: str) -> tuple[Expr, ...]:
        """The symbolic shape of any node or input: () of a scalar, (n, m) of a matrix."""
        found: tuple[Expr, ...] = held(f"a value of {self.cell.name} named", self._shapes, name)
        return found

    @cached_property
    def _shapes(self) -> dict[str, tuple[Expr, ...]]:
        return {**self.cell.shapes, **{node.name: node.shape for node in self}}

    @asked(lag=moment)
    def variable(self, name: str, lag: int = 0) -> Indexed:
        """A node or an input at t - lag, as it stands in the terms."""
        return variable(name, lag, len(self.shape(name)))


def reached(start: Iterable[Place], onward: Callable[[Place], Iterable[Place]]) -> set[Place]:
    """Where one comes from some places, by what `onward` leads to from each."""
    todo = [*start]
    found = {*todo}
    while todo:
        new = {*onward(todo.pop())} - found
        found |= new
        todo += new
    return found
