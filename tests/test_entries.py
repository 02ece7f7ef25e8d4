"""Entries of operators: the true element, or an error."""

from __future__ import annotations

import pytest
from sympy import Indexed, IndexedBase, MatrixSymbol, Symbol

import symgate as sg
from symgate.algebra.matrices import ColumnBlock
from symgate.algebra.operators import Diag, Outer
from symgate.algebra.vectors import MatVec, Stack, Vector, t, variable

N = Symbol("n", integer=True, positive=True)
B = Vector("b", real=True)


def at(name: str, time: int, i: int) -> Indexed:
    return IndexedBase(name, real=True)[t + time, i]


def test_diagonal() -> None:
    b = IndexedBase("b", real=True)
    found = Diag(N, variable("z"), B, Symbol("a", real=True))
    assert found[0, 0] == at("z", 0, 0) * b[0] * Symbol("a", real=True)
    assert found[1, 1] == at("z", 0, 1) * b[1] * Symbol("a", real=True)
    assert found[0, 1] == 0


def test_outer_product_of_a_gradient() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + b)")
    gradient = sg.adjoint(cell).gradients["U"]
    assert gradient[0, 1] == at("delta_a_h", 0, 0) * at("h", -1, 1)
    assert gradient[1, 0] == at("delta_a_h", 0, 1) * at("h", -1, 0)


def test_a_product_inside_is_a_sum_over_its_columns() -> None:
    matrix = MatrixSymbol("A", 2, 2)
    entry = Outer(MatVec(matrix, variable("h")), B, Symbol("n"), Symbol("n"))[1, 0]
    expected = matrix[1, 0] * at("h", 0, 0) + matrix[1, 1] * at("h", 0, 1)
    assert (entry.doit() - expected * IndexedBase("b", real=True)[0]).expand() == 0


def test_columns_of_a_stacked_matrix() -> None:
    matrix = MatrixSymbol("W", N, N + 3)
    block = ColumnBlock(matrix, Symbol("x"), N, Symbol("m"))
    assert block[0, 1] == matrix[0, N + 1]
    assert ColumnBlock(matrix, Symbol("h"), 0, N)[0, 1] == matrix[0, 1]


def test_a_component_of_a_stack_is_refused() -> None:
    with pytest.raises(ValueError, match="depends on their sizes"):
        Diag(N, Stack([variable("h"), variable("x")], [N, N]))[0, 0]
