"""Gradients through every form in which a matrix can stand, against dual numbers."""

from __future__ import annotations

import numpy as np
import pytest

import symgate as sg
from symgate.linear import sums
from tests.oracles import sample
from tests.test_adjoint import assert_equals_duals

FORMS = {
    "a product of three": "h[t] = tanh(((A + B @ C) @ D) @ h[t-1] + W @ x[t])",
    "a product with a sum on its right": "h[t] = tanh(E @ (A + B @ C) @ D @ h[t-1])",
    "transposed": "h[t] = tanh((A @ B.T - 2 * C.T).T @ h[t-1] + x[t] @ W)",
    "scaled by a parameter": "h[t] = tanh((gamma * A) @ (B @ h[t-1]) + (alpha * W) @ x[t] + b)",
    "scaled before a parameter": "h[t] = tanh(A @ h[t-1] + (gamma * A) @ b)",
    "a diagonal behind a matrix": "h[t] = tanh(A @ (B + diag(d)) @ h[t-1])",
    "a diagonal between two": "h[t] = tanh((A @ diag(d) @ B) @ h[t-1] + (2 * diag(d)) @ c)",
    "a diagonal of a sum": "h[t] = tanh(A @ h[t-1] + (B + diag(d + e)) @ b)",
    "a diagonal of a product": "h[t] = tanh((A + diag(alpha * d * e)) @ h[t-1])",
    "a diagonal of a function": "h[t] = tanh((A + B @ diag(sigmoid(d))) @ h[t-1])",
    "an identity": "h[t] = tanh((A - A.T - gamma * I) @ h[t-1] + b)",
    "a matrix used twice": "h[t] = tanh(A @ h[t-1] - A @ tanh(A @ b + W @ x[t]))",
    "halves": "h[t] = tanh((-A / 2) @ h[t-1] + (A / 3) @ b)",
}


@pytest.mark.parametrize("name", FORMS)
def test_adjoint(name: str) -> None:
    assert_equals_duals(sg.Cell.from_text(FORMS[name]))


@pytest.mark.parametrize("name", FORMS)
def test_engine(name: str) -> None:
    cell = sg.Cell.from_text(FORMS[name])
    at = sample(cell, n=4, m=3, steps=3)
    x = {k: np.stack([now[k] for now in at.inputs]) for k in cell.inputs}
    run = sg.simulate(cell, at.parameters, x or None, at.before, steps=None if x else 3)
    loss = np.random.default_rng(0).normal(size=run["h"].shape)
    found = sg.gradients(run, loss)
    params, inputs, first = at.text.gradients(*at.given, [{"h": row} for row in loss])
    for parameter, array in params.items():
        np.testing.assert_allclose(found.parameters[parameter], array, atol=1e-12)
    for k in cell.inputs:
        np.testing.assert_allclose(found.inputs[k], np.stack([g[k] for g in inputs]), atol=1e-12)
    np.testing.assert_allclose(found.initial["h"], first["h"], atol=1e-12)


def test_paths_that_cancel_leave_no_term() -> None:
    cell = sg.Cell.from_text(
        "z[t] = h[t-1] * b\nh[t] = tanh(U @ h[t-1]) + z[t] - b * h[t-1] + c * z[t] * x[t]"
    )
    assert "diag(0)" not in sg.text(sg.jacobian(cell))
    assert " 0 " not in f" {sg.text(sg.jacobian(cell))} "


def test_products_with_one_matrix_that_cancel_leave_no_term() -> None:
    cell = sg.Cell.from_text(
        "p[t] = b * h[t-1]\nh[t] = h[t-1] + U @ (p[t] - b * h[t-1] + W @ x[t]) + b * x[t]"
    )
    assert sg.text(sg.jacobian(cell)) == "I"


def test_sums_in_parentheses_are_the_same_jacobian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many paths are left in parentheses: the same numbers."""
    monkeypatch.setattr(sums, "MAX_SUMMANDS", 0)
    cell = sg.Cell.from_text(
        "z[t] = sigmoid(U @ h[t-1])\nr[t] = tanh(A @ z[t] + B @ x[t])\n"
        "h[t] = z[t] * h[t-1] + r[t] * (C @ r[t])"
    )
    at = sample(cell, n=4, m=3)
    found = sg.lambdify(
        cell,
        sums.operator(sg.linearise(cell), "h", cell.variable("h", 1), [cell.variable("h", 1)]),
    )
    expected = at.text.jacobians(*at.given)("h", "h", 1)
    np.testing.assert_allclose(found(at.parameters, **at.window(1, 0)), expected, atol=1e-13)
