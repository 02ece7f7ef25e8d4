"""SymPy's own functions on our objects: what lambdify computes, in which style things print."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra.vectors import shifted
from symgate.numerics.values import Arrays
from tests.chosen import in_turn
from tests.random_cells import random_cell


def numbers(cell: sg.Cell, lag: int) -> tuple[Arrays, dict[Any, Any], dict[Any, int]]:
    """What the engine's own walk gives for all values of the last `lag` steps."""
    rng = np.random.default_rng(0)
    sizes = {size: 2 + i for i, size in enumerate(cell.sizes.values())}

    def draw(shape: Any) -> Any:
        return rng.normal(size=[int(size.subs(sizes)) for size in shape])

    values: dict[Any, Any] = {p.symbol: draw(p.shape) for p in cell.parameters.values()}
    values |= {cell.variable(s, lag): draw(cell.shapes[s]) for s in cell.states}
    arrays = Arrays(values, lambda size: int(size.subs(sizes)))
    for back in reversed(range(lag)):
        values |= {cell.variable(x, back): draw(cell.shapes[x]) for x in cell.inputs}
        for node in sg.linearise(cell):
            value = arrays.shaped(shifted(node.expression, back), node.shape)
            values[shifted(node.symbol, back)] = value
    return arrays, dict(values), sizes


def agrees(cell: sg.Cell, lag: int, expression: Any, **options: Any) -> None:
    """SymPy's function has the numbers of the engine; sizes are given where no array tells them."""
    arrays, values, sizes = numbers(cell, lag)
    held = expression.atoms(sp.Indexed, sp.Symbol, sp.MatrixSymbol)
    given = {e: v for e, v in values.items() if e in held} | sizes
    found = sp.lambdify(list(given), expression, **options)(*given.values())
    np.testing.assert_allclose(found, arrays.value(expression), 1e-12, 1e-14)


def jacobians_agree(cell: sg.Cell) -> None:
    for lag in (1, 2):
        for of in cell.states:
            for wrt in cell.states:
                jacobian = sg.jacobian(cell, of, wrt, lag)
                if not isinstance(jacobian, sp.Identity | sp.ZeroMatrix):  # SymPy's own
                    agrees(cell, lag, jacobian)


@pytest.mark.parametrize("name", in_turn(sg.zoo, 12))
def test_lambdify_has_the_numbers_of_the_engine(name: str) -> None:
    jacobians_agree(sg.cell(name))
    for equation in sg.cell(name).equations.values():
        agrees(sg.cell(name), 1, equation)


@pytest.mark.parametrize("seed", range(12))
def test_lambdify_has_the_numbers_of_the_engine_for_random_cells(seed: int) -> None:
    jacobians_agree(random_cell(Random(seed)))


def test_lambdify_takes_common_parts_out() -> None:
    agrees(sg.cell("gru"), 2, sg.jacobian("gru", lag=2), cse=True)


def test_lambdify_says_what_it_lacks() -> None:
    cell = sg.cell("rnn")
    u, h = cell.parameters["U"].symbol, cell.variable("h")
    with pytest.raises(sg.SymgateError, match="symbolic lag"):
        sp.lambdify([u, h], sg.jacobian(cell, lag="k"))
    jacobian = sp.lambdify([u, h], sg.jacobian(cell))
    with pytest.raises(sg.ShapeError, match="do not go together: n is 2 and 3"):
        jacobian(np.ones((2, 3)), np.ones(2))
    leak = sg.jacobian(sg.Cell.from_text("h[t] = alpha * h[t-1] + W @ x[t]"))
    with pytest.raises(sg.SymgateError, match="no array tells the size n"):
        sp.lambdify([sp.Symbol("alpha", real=True)], leak)(0.5)
