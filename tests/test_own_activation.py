"""`sg.activation`: a cell with a function of one's own is the cell with its formula written out."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import symgate as sg
from symgate.bounds.norms import bounds
from symgate.exploring.functions import functions_text

MISH = "a * tanh(softplus(a))"
OWN = """
    z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
    n[t] = own_mish(W_n @ x[t] + U_n @ h[t-1] + b_n)
    h[t] = z[t] * h[t-1] + (1 - z[t]) * own_mish(V @ n[t])
"""
WRITTEN = """
    z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
    p[t] = W_n @ x[t] + U_n @ h[t-1] + b_n
    n[t] = p[t] * tanh(softplus(p[t]))
    q[t] = V @ n[t]
    h[t] = z[t] * h[t-1] + (1 - z[t]) * (q[t] * tanh(softplus(q[t])))
"""


@pytest.fixture(scope="module")
def cells() -> tuple[sg.Cell, sg.Cell]:
    sg.activation("own_mish", MISH, latex=r"\operatorname{mish}")
    return sg.Cell.from_text(OWN), sg.Cell.from_text(WRITTEN)


@pytest.mark.parametrize("engine", ["numpy", "c"])
def test_numbers_are_those_of_the_formula(cells: tuple[sg.Cell, sg.Cell], engine: str) -> None:
    x = np.random.default_rng(0).normal(size=(6, 3))
    params = sg.init(cells[0], 4, 3, seed=1)
    own, written = (sg.simulate(cell, params, x, engine=engine) for cell in cells)
    np.testing.assert_allclose(own["h"], written["h"], rtol=1e-12)
    for name, array in sg.gradients(written, written["h"]).parameters.items():
        np.testing.assert_allclose(sg.gradients(own, own["h"]).parameters[name], array, rtol=1e-10)
    curves = [sg.lag_norms(run, engine=engine).log10_norm for run in (own, written)]
    np.testing.assert_allclose(*curves, rtol=1e-10)


def test_every_verb_knows_it(cells: tuple[sg.Cell, sg.Cell]) -> None:
    own, written = cells
    assert sg.derive(own).holds
    assert r"\operatorname{mish}" in sg.latex(own)
    assert sg.Cell.from_text(str(own)) == own
    assert sg.compare(own, own).verdict == "identical"
    assert sg.compare(own, written).verdict == sg.compare(written, own).verdict == "identical"
    assert sg.origin(own).text() == sg.origin(written).text()
    assert sg.diagram(own).svg().startswith("<svg")
    assert "of.own_mish = " in functions_text()


def test_a_function_of_ones_own_is_told_from_another() -> None:
    sg.activation("cbrt", "a / sqrt(1 + a**2)")  # NumPy has another of this name
    one, turned, other = (
        sg.Cell.from_text(f"h[t] = {of}")
        for of in ("cbrt(U @ h[t-1])", "-cbrt(-U @ h[t-1])", "tanh(U @ h[t-1])")
    )
    assert sg.compare(one, turned).verdict == "identical"
    assert sg.compare(one, other).verdict not in ("identical", "equal")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("h[t] = h[t-1] - F(U @ h[t-1])", "h[t] = h[t-1] + F(U @ h[t-1])"),
        ("h[t] = h[t-1] + U @ x[t]", "h[t] = F(U @ h[t-1] + W @ x[t])"),
        ("h[t] = F(U @ h[t-1]) + F(b)", "h[t] = F(U @ h[t-1]) + c"),
    ],
)
def test_it_is_compared_as_one_of_the_language_is(first: str, second: str) -> None:
    sg.activation("own_root", "a / sqrt(1 + a**2)", values=(-1, 1), slopes=(0, 1))
    found = [
        sg.compare(*(sg.Cell.from_text(c.replace("F", f)) for c in (first, second)))
        for f in ("tanh", "own_root")
    ]
    assert found[0].verdict == found[1].verdict != "no map found"


def test_one_that_is_written_out_in_another_cell_is_the_same() -> None:
    sg.activation("own_root", "a / sqrt(1 + a**2)", values=(-1, 1), slopes=(0, 1))
    own = sg.Cell.from_text("h[t] = h[t-1] - own_root(U @ h[t-1])")
    other = sg.Cell.from_text("h[t] = h[t-1] - v / sqrt(1 + v**2)".replace("v", "(U @ h[t-1])"))
    assert sg.compare(own, other).verdict == sg.compare(other, own).verdict == "identical"


def test_another_process_learns_it_with_the_cell(cells: tuple[sg.Cell, sg.Cell]) -> None:
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer))"
    for held in (cells[0], sg.decay(cells[0], hidden=2, lags=3)):
        made = subprocess.run(
            [sys.executable, "-c", code], input=pickle.dumps(held), capture_output=True, check=True
        )
        assert made.stdout.decode().strip() == str(held)


def test_what_is_said_of_it_is_used_and_held_against_it() -> None:
    sg.activation("own_step", "tanh(3 * a) / 2", values=(-0.5, 0.5), slopes=(0, 1.5))
    cell = sg.Cell.from_text("h[t] = own_step(U @ h[t-1])")
    assert sg.text(bounds(cell).total("h", "h")) == "1.5 ‖U‖₂"
    with pytest.raises(sg.SymgateError, match="are said to lie between 0 and 1, and there are -"):
        sg.activation("own_wrong", "tanh(a)", values=(0, 1))
    with pytest.raises(sg.SymgateError, match="a pair of numbers"):
        sg.activation("own_wrong", "tanh(a)", slopes=3)  # type: ignore[arg-type]


def test_a_kink_is_found() -> None:
    assert sg.activation("own_square", "relu(a - 1)**2").kinks == (1,)
    sg.activation("own_bent", "abs(a) / 2")
    with pytest.raises(sg.SymgateError, match="jumps at 0"):
        sg.origin(sg.Cell.from_text("h[t] = own_bent(U @ h[t-1])"))


@pytest.mark.parametrize(
    ("name", "formula", "said"),
    [
        ("tanh", "a", "a function of the language already"),
        ("own_mish", "a / 2", "registered already, as"),
        ("I", "a", "has a meaning"),
        ("a", "a", "has a meaning"),
        ("9", "a", "letters, digits and _"),
        ("own_fault", "b * a", "not a formula in a"),
        ("own_fault", "x * sigmoid(x)", "it holds no a"),
        ("own_fault", "U @ a", "not a formula in a"),
        ("own_fault", "softmax(a)", "not a formula in a"),
        ("own_fault", "a +", "the line ends"),
        ("own_fault", "__import__('os')", "a name must start with a letter"),
        ("own_fault", "", "not a formula in a"),
        ("own_fault", "7", "not a formula in a"),
        ("own_fault", None, "a text in the letter a"),
    ],
)
def test_faults_are_said(name: str, formula: str, said: str) -> None:
    sg.activation("own_mish", MISH, latex=r"\operatorname{mish}")
    with pytest.raises(sg.SymgateError, match=said):
        sg.activation(name, formula)
