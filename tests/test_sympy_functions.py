"""SymPy's own functions on our objects: what lambdify computes, in which style things print."""

from __future__ import annotations

import gc
import pickle
from random import Random
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.operators import Column
from symgate.algebra.vectors import shifted, variable
from symgate.numerics import lambdified
from symgate.numerics.values import Arrays
from tests.chosen import in_turn
from tests.random_cells import random_cell

RNN = sg.cell("rnn")
J, U, H = sg.jacobian(RNN), RNN.parameters["U"].symbol, RNN.variable("h")
K, B = sp.Symbol("k"), Column(sp.Symbol("n"), variable("b"))


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


def test_lambdify_takes_a_matrix_of_numbers() -> None:
    weights = np.array([[1.0, 2], [3, 4]])
    filled = sp.lambdify([H], J.subs(U, sp.Matrix(weights)) * weights)
    expected = np.diag([0.75, 1]) @ weights @ weights
    np.testing.assert_allclose(filled([0.5, 0]), expected, 1e-15)


def test_lambdify_works_out_norms() -> None:
    bound = SpectralNorm(U) * MaxNorm(1 - H**2)
    assert sp.lambdify([U, H], bound)(3 * np.eye(2), [0.5, 0]) == pytest.approx(3)


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


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (J.T, "Uᵀ diag(1 - h_t²)"),
        (2 * J, "2 diag(1 - h_t²) U"),
        (J * J, "diag(1 - h_t²) U diag(1 - h_t²) U"),
        (J**2 - J.T, "diag(1 - h_t²) U diag(1 - h_t²) U - Uᵀ diag(1 - h_t²)"),
        (-(J + J.T), "-diag(1 - h_t²) U - Uᵀ diag(1 - h_t²)"),
        (K * (J + J.T) / 2, "0.5 k (diag(1 - h_t²) U + Uᵀ diag(1 - h_t²))"),
        (J.T.T, str(J)),
        (J + J, "2 diag(1 - h_t²) U"),
        (J - J, "0"),
        (sum([J, U]), "diag(1 - h_t²) U + U"),
        (J.inv(), "U⁻¹ diag(1 / (1 - h_t²))"),
        ((J + U).inv().T, "(Uᵀ diag(1 - h_t²) + Uᵀ)⁻¹"),
        (J**-1 * J**K, "U⁻¹ diag(1 / (1 - h_t²)) (diag(1 - h_t²) U)^k"),
        (sg.jacobian(RNN, lag="k").T, "(∏_{j=0}^{k-1} [diag(1 - h_{t-j}²) U])ᵀ"),
        (J.adjoint().conjugate().doit(), "Uᵀ diag(1 - h_t²)"),
        ((J * (J + U)).expand(), "diag(1 - h_t²) U diag(1 - h_t²) U + diag(1 - h_t²) U U"),
        (sp.N(J / 3, 3), "0.333 diag(1 - h_t²) U"),
        (J * 0.5, "0.5 diag(1 - h_t²) U"),
        (np.eye(2) @ J, "[1.0, 0.0; 0.0, 1.0] diag(1 - h_t²) U"),
        (np.eye(2) - J, "[1.0, 0.0; 0.0, 1.0] - diag(1 - h_t²) U"),
        (J.subs(U, 0), "0"),
        (J.subs(H, 0), "U"),
        (J.subs(U, sp.Identity(U.rows)), "diag(1 - h_t²)"),
        (J.subs(U, sp.Matrix([[1, 2], [3, 4]])), "diag(1 - h_t²) [1, 2; 3, 4]"),
        (sg.jacobian("gru").subs(sg.cell("gru").variable("z"), 1), "I"),
        (RNN.equations["h"].subs(U, 0), "tanh(b + W x_t)"),
        (RNN.equations["h"].subs(RNN.variable("x"), 0), "tanh(b + U h_{t-1})"),
        (sp.trace(J), "Trace(diag(1 - h_t²) U)"),
        (2 * sg.adjoint(RNN).gradients["W"], "2 δ_{a_h,t} x_tᵀ"),
        ((B * B.T).inv(), "(b_t b_tᵀ)⁻¹"),
        (J[0, 1], "(1 - h[t, 0]**2)*U[0, 1]"),
    ],
)
def test_what_sympy_makes_of_a_jacobian_stays_in_our_style(found: Any, text: str) -> None:
    assert str(found) == text


@pytest.mark.parametrize("name", in_turn(sg.zoo, 6))
def test_every_node_is_made_of_its_parts(name: str) -> None:
    cell = sg.cell(name)
    steps = [sg.jacobian(cell, cell.states[0], s, lag) for s in cell.states for lag in (2, "k")]
    for whole in (*steps, *cell.equations.values(), *sg.adjoint(cell).gradients.values()):
        assert pickle.loads(pickle.dumps(whole)) == whole == whole.doit()
        assert all(e.func(*e.args) == e for e in sp.preorder_traversal(whole) if e.args)


def test_a_matrix_and_a_number_are_not_added() -> None:
    with pytest.raises(TypeError, match="1 is no matrix"):
        J + 1
    with pytest.raises(TypeError, match=r"no sum or product with \[1\]"):
        J * [1]


@pytest.mark.parametrize("by", [H, U])
def test_a_jacobian_is_not_differentiated_by_what_it_depends_on(by: Any) -> None:
    with pytest.raises(TypeError, match="differentiate a cell with"):
        J.diff(by)
    assert sp.diff(J, sp.Symbol("a")) == sp.ZeroMatrix(*J.shape)


def test_equations_are_printed_in_one_style() -> None:
    gru, memory = sg.cell("gru"), sg.cell("mlstm").equations["h"]
    assert str(gru.equations["n"]) == "tanh(b_n + U_n (h_{t-1} ⊙ r_t) + W_n x_t)"
    assert str(gru.equations["h"]) == "(1 - z_t)*n_t + h_{t-1}*z_t"
    assert sp.pretty(gru.equations["h"]) == "(1 - z_t)⋅n_t + h_{t-1}⋅z_t"
    assert sp.latex(gru.equations["h"]) == r"\left(1 - z_t\right) n_t + h_{t-1} z_t"
    assert str(memory).startswith("o_t*(C_t q_t)/")
    assert sp.latex(sg.stack("rnn", layers=2).variable("h1", 1) ** 2) == "{h_{t-1}^{(1)}}^{2}"
    assert sp.pycode(gru.equations["h"]) == "(1 - z[t])*n[t] + h[t - 1]*z[t]"


def test_a_sum_too_wide_for_its_screen_stands_a_term_a_line() -> None:
    cell = sg.Cell.from_text(
        "n_tilde[t] = tanh(U @ h[t-1] + W @ x[t])\nh[t] = 0.5 * h[t-1] - n_tilde[t]"
    )
    wide = sp.pretty(sg.jacobian(cell), num_columns=20)
    assert [line.rstrip() for line in wide.splitlines()] == ["0.5 I", "- diag(1 - n\u0303_t²) U"]
    assert sp.pretty(sg.jacobian(cell)) == "0.5 I - diag(1 - n\u0303_t²) U"


def test_what_sympy_was_given_goes_with_its_functions() -> None:
    rnn = sg.cell("rnn")
    known = {*lambdified._WRITTEN}
    made = sp.lambdify([rnn.parameters["U"].symbol, rnn.variable("h")], sg.jacobian(rnn))
    assert made(np.eye(2), np.zeros(2)).tolist() == np.eye(2).tolist()
    del made
    gc.collect()
    assert {*lambdified._WRITTEN} <= known
