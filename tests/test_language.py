"""What the language of equations takes, and what a cell says of it."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import symgate as sg
from symgate.algebra.activations import ACTIVATIONS, FUNCTIONS
from symgate.algebra.vectors import variable
from symgate.errors import EquationWarning

GRU = """
    z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
    r[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1] + b_r)
    n[t] = tanh(W_n @ x[t] + U_n @ (r[t] * h[t-1]) + b_n)
    h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]
"""


def read(text: str) -> sg.Cell:
    """A cell, after its printed form was seen to read back to it."""
    cell = sg.Cell.from_text(text)
    again = sg.Cell.from_text(str(cell))
    assert again == cell
    assert again.states == cell.states
    assert {p.name: p.kind for p in again.parameters.values()} == kinds(cell)
    return cell


def kinds(cell: sg.Cell) -> dict[str, str]:
    return {p.name: p.kind for p in cell.parameters.values()}


def shapes(cell: sg.Cell) -> dict[str, str]:
    return {p.name: " × ".join(map(str, p.shape)) for p in cell.parameters.values()}


def value(text: str, of: str = "h", **arrays: object) -> np.ndarray:
    """The value of a state or gate; capital names are parameters, the others variables."""
    cell = read(text)
    given_ = {name: np.asarray(array, dtype=float) for name, array in arrays.items()}
    params = {name: given_.pop(name) for name in cell.parameters}
    return sg.lambdify(cell, variable(of))(params, **given_)


# -- what each name is -------------------------------------------------------------------


def test_gru() -> None:
    cell = read(GRU)
    assert (cell.states, cell.inputs, cell.gates) == (("h",), ("x",), ("z", "r", "n"))
    assert list(cell.equations) == ["z", "r", "n", "h"]
    assert shapes(cell) == {
        "W_z": "n × m", "U_z": "n × n", "b_z": "n",
        "W_r": "n × m", "U_r": "n × n", "b_r": "n",
        "W_n": "n × m", "U_n": "n × n", "b_n": "n",
    }  # fmt: skip
    assert str(cell) == "\n".join(line.strip() for line in GRU.strip().splitlines())


def test_lines_in_any_order() -> None:
    lines = GRU.strip().splitlines()
    cell = read("\n".join(reversed(lines)))
    assert cell == read(GRU)
    assert hash(cell) == hash(read(GRU))
    assert list(cell.equations) == ["r", "n", "z", "h"]


def test_comments_blank_lines_and_indentation() -> None:
    text = "# a cell\n\n\t h[t] = tanh(  # the state\n\n      U @ h[t-1]   # U\n  )\r\n   \n# end"
    assert str(read(text)) == "h[t] = tanh(U @ h[t-1])"


def test_gates_without_time() -> None:
    with_time = read("z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * h[t-1]")
    assert read("z = sigmoid(W @ x[t])\nh = z * h[t-1]") == with_time
    assert read("h[t] = z * h[t-1]\nz = sigmoid(W @ x[t])") == with_time


def test_a_parameter_is_not_a_gate() -> None:
    cell = read("h[t] = z * h[t-1]")
    assert (cell.gates, kinds(cell)) == ((), {"z": "vector"})


def test_several_states_and_inputs() -> None:
    cell = read(
        "c[t] = f[t] * c[t-1] + W @ x[t] + V @ u[t]\n"
        "f[t] = sigmoid(U @ h[t-1])\n"
        "h[t] = P @ tanh(c[t])"
    )
    assert cell.inputs == ("x", "u")
    assert set(cell.states) == {"h", "c"}
    assert cell.gates == ("f",)
    assert {name: str(cell.size(name)) for name in ("f", "c", "h", "x", "u")} == {
        "f": "n", "c": "n", "h": "q", "x": "m", "u": "p",
    }  # fmt: skip
    assert list(cell.sizes) == ["n", "m", "p", "q"]


def test_sizes_without_an_input_leave_out_m() -> None:
    cell = read("c[t] = A @ h[t-1]\nh[t] = B @ c[t]")
    assert shapes(cell) == {"A": "p × n", "B": "n × p"}
    assert list(cell.sizes) == ["n", "p"]


def test_an_input_of_the_size_of_the_state_leaves_out_m() -> None:
    assert shapes(read("h[t] = tanh(U @ h[t-1] + x[t])")) == {"U": "n × n"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h[t] = alpha * h[t-1]", {"alpha": "scalar"}),
        ("h[t] = a * h[t-1]", {"a": "vector"}),
        ("h[t] = Delta_0 * h[t-1] + lamda_max * b", {"Delta_0": "scalar", "lamda_max": "scalar",
                                                     "b": "vector"}),
        ("h[t] = diag(lamda) @ h[t-1]", {"lamda": "vector"}),
        ("h[t] = diag(v) @ h[t-1] + v", {"v": "vector"}),
        ("h[t] = U @ h[t-1]", {"U": "matrix"}),
        ("h[t] = u @ h[t-1]", {"u": "matrix"}),
        ("h[t] = h[t-1] @ beta", {"beta": "matrix"}),
        ("h[t] = (s * U) @ h[t-1]", {"s": "scalar", "U": "matrix"}),
        ("h[t] = (U * s) @ h[t-1]", {"U": "matrix", "s": "scalar"}),
        ("h[t] = (U / (1 + gamma)) @ h[t-1]", {"U": "matrix", "gamma": "scalar"}),
        ("h[t] = v * A @ h[t-1]", {"v": "scalar", "A": "matrix"}),
        ("h[t] = (a * b * U) @ h[t-1]", {"a": "scalar", "b": "scalar", "U": "matrix"}),
        ("h[t] = (exp(-s) * U) @ h[t-1]", {"s": "scalar", "U": "matrix"}),
        ("h[t] = (U - U.T - gamma * I) @ h[t-1]", {"U": "matrix", "gamma": "scalar"}),
    ],
)  # fmt: skip
def test_kinds(text: str, expected: dict[str, str]) -> None:
    assert kinds(read(text)) == expected


# -- matrices ----------------------------------------------------------------------------

A = np.array([[1.0, 2.0], [3.0, 4.0]])
B = np.array([[0.5, -1.0], [2.0, 0.0]])
H = np.array([1.0, -2.0])
V = np.array([3.0, 5.0])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("A @ h[t-1]", A @ H),
        ("h[t-1] @ A", H @ A),
        ("A.T @ h[t-1]", A.T @ H),
        ("A.T.T @ h[t-1]", A @ H),
        ("A @ B @ h[t-1]", A @ B @ H),
        ("A @ (B @ h[t-1])", A @ B @ H),
        ("h[t-1] @ A @ B", H @ A @ B),
        ("(A @ B).T @ h[t-1]", (A @ B).T @ H),
        ("(A + B) @ h[t-1]", (A + B) @ H),
        ("(A - B - I) @ h[t-1]", (A - B - np.eye(2)) @ H),
        ("(A - (B - I)) @ h[t-1]", (A - (B - np.eye(2))) @ H),
        ("(-A) @ h[t-1]", -A @ H),
        ("-A @ h[t-1]", -A @ H),
        ("-(A @ h[t-1])", -A @ H),
        ("(2 * A) @ h[t-1]", 2 * A @ H),
        ("2 * A @ h[t-1]", 2 * A @ H),
        ("(A / 4) @ h[t-1]", A / 4 @ H),
        ("(2 * (A + B)) @ h[t-1]", 2 * (A + B) @ H),
        ("(2 * (A + B) @ A) @ h[t-1]", 2 * (A + B) @ A @ H),
        ("(2 * ((A + B) @ A)) @ h[t-1]", 2 * (A + B) @ A @ H),
        ("(A - (A + B) @ B) @ h[t-1]", (A - (A + B) @ B) @ H),
        ("(-((A + B) @ B)) @ h[t-1]", -(A + B) @ B @ H),
        ("(-I @ (A + B)) @ h[t-1]", -(A + B) @ H),
        ("((A + B).T / 2) @ h[t-1]", (A + B).T / 2 @ H),
        ("(I @ A) @ h[t-1]", A @ H),
        ("(3 * I) @ h[t-1] + A @ v", 3 * H + A @ V),
        ("I @ h[t-1] + A @ v", H + A @ V),
        ("diag(v) @ h[t-1]", V * H),
        ("diag(h[t-1]) @ v", V * H),
        ("diag(v) @ (A @ h[t-1])", V * (A @ H)),
        ("(diag(v) @ A) @ h[t-1]", V * (A @ H)),
        ("(A @ diag(v)) @ h[t-1]", A @ (V * H)),
        ("(A + diag(v)) @ h[t-1]", (A + np.diag(V)) @ H),
        ("A @ h[t-1] * v", A @ H * V),
        ("h[t-1] * (A @ h[t-1])", H * (A @ H)),
    ],
)
def test_matrix_expressions(expression: str, expected: np.ndarray) -> None:
    cell = read(f"h[t] = {expression}")
    params = {n: {"A": A, "B": B, "v": V}[n] for n in cell.parameters}
    np.testing.assert_allclose(value(f"h[t] = {expression}", h=H, **params), expected)


def test_concatenation() -> None:
    cell = read("h[t] = tanh(W @ [h[t-1], x[t]] + b)")
    assert shapes(cell) == {"W": "n × m + n", "b": "n"}
    w = np.arange(6.0).reshape(2, 3) / 10
    expected = np.tanh(w @ np.array([1.0, -2.0, 0.5]) + V)
    found = value("h[t] = tanh(W @ [h[t-1], x[t]] + b)", W=w, b=V, h=H, x=[0.5])
    np.testing.assert_allclose(found, expected)


def test_concatenation_of_expressions_and_as_a_row() -> None:
    w = np.arange(8.0).reshape(2, 4) / 10
    stacked = np.concatenate([V * H, np.tanh(H)])
    found = value("h[t] = W @ [v * h[t-1], tanh(h[t-1])]", W=w, v=V, h=H)
    np.testing.assert_allclose(found, w @ stacked)
    found = value("h[t] = [v * h[t-1], tanh(h[t-1])] @ W", W=w.T, v=V, h=H)
    np.testing.assert_allclose(found, w @ stacked)


def test_concatenation_of_one() -> None:
    assert read("h[t] = W @ [h[t-1]]") == read("h[t] = W @ h[t-1]")


# -- arithmetic --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("2 + 3 * h[t-1]", 2 + 3 * H),
        ("-h[t-1]", -H),
        ("+h[t-1]", H),
        ("1 - h[t-1]", 1 - H),
        ("h[t-1] - 1", H - 1),
        ("h[t-1] - (1 - h[t-1])", 2 * H - 1),
        ("-(1 - h[t-1]) * v", -(1 - H) * V),
        ("-((1 - h[t-1]) * v)", -(1 - H) * V),
        ("(1 - h[t-1]) * v * 2", 2 * (1 - H) * V),
        ("v - (1 - h[t-1]) * v", V - (1 - H) * V),
        ("h[t-1] / v", H / V),
        ("1 / v - h[t-1]", 1 / V - H),
        ("h[t-1] / v / 2", H / V / 2),
        ("h[t-1] / (v * h[t-1] - 2)", H / (V * H - 2)),
        ("-h[t-1] / v", -H / V),
        ("h[t-1] / (A @ v)", H / (A @ V)),
        ("-(A @ v) / h[t-1]", -(A @ V) / H),
        ("h[t-1]**2", H**2),
        ("-h[t-1]**2", -(H**2)),
        ("(-h[t-1])**3", (-H) ** 3),
        ("v**-1 * h[t-1]", H / V),
        ("v**0.5 * h[t-1]", np.sqrt(V) * H),
        ("v**(1/3) * h[t-1]", V ** (1 / 3) * H),
        ("v**-1.5 * h[t-1]", V**-1.5 * H),
        ("v**(-1/2) * h[t-1]", V**-0.5 * H),
        ("v**(1/-2) * h[t-1]", V**-0.5 * H),
        ("(1 - h[t-1])**2", (1 - H) ** 2),
        ("2**3 * h[t-1]", 8 * H),
        ("0.1 * h[t-1]", 0.1 * H),
        ("1e-3 * h[t-1]", 0.001 * H),
        (".5 * h[t-1] + 1.", 0.5 * H + 1),
        ("h[t-1] / 3", H / 3),
        ("abs(-abs(h[t-1]))", abs(H)),
        ("(v * -(v * 2))**2 * h[t-1]", 4 * V**4 * H),
        ("2 / 3 * h[t-1]", 2 / 3 * H),
    ],
)
def test_arithmetic(expression: str, expected: np.ndarray) -> None:
    used = {n: {"A": A, "v": V}[n] for n in ("A", "v") if n in expression}
    np.testing.assert_allclose(value(f"h[t] = {expression}", h=H, **used), expected, rtol=1e-14)


def test_numbers_are_exact() -> None:
    assert read("h[t] = 0.1 * h[t-1]").equations["h"].has(sp.Rational(1, 10))
    assert str(read("h[t] = 0.1 * h[t-1] + 0.2 * h[t-1]")) == "h[t] = 0.3 * h[t-1]"


@pytest.mark.parametrize(
    "expression",
    [
        "1 - h[t-1]", "h[t-1] - 1", "(1 - h[t-1]) * b", "b - a * (1 - h[t-1])",
        "0.5 * (U @ h[t-1]) + 0.25 * b", "U @ (h[t-1] * b) - 1", "tanh(b) * sqrt(abs(h[t-1]))",
        "leaky_relu(h[t-1], 0.2)", "b / ((U @ h[t-1]) * a)", "b**2 * h[t-1] / (1 + b**2)",
        "(U - U.T - gamma * I) @ h[t-1]", "diag(b) @ h[t-1]", "W @ [h[t-1], x[t]] + b",
        "-b + h[t-1]", "-((1 - b) * h[t-1])",
    ],
)  # fmt: skip
def test_prints_as_it_was_written(expression: str) -> None:
    assert str(read(f"h[t] = {expression}")) == f"h[t] = {expression}"


# -- functions ---------------------------------------------------------------------------


def _erf_cdf(a: float) -> float:
    return (1 + math.erf(a / math.sqrt(2))) / 2


CLOSED_FORMS: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "leaky_relu": lambda a: a if a > 0 else 0.01 * a,
    "elu": lambda a: a if a > 0 else math.exp(a) - 1,
    "gelu": lambda a: a * _erf_cdf(a),
    "silu": lambda a: a / (1 + math.exp(-a)),
    "softplus": lambda a: math.log(1 + math.exp(a)),
    "softsign": lambda a: a / (1 + abs(a)),
    "hard_sigmoid": lambda a: min(max(a / 6 + 0.5, 0.0), 1.0),
    "hard_tanh": lambda a: min(max(a, -1.0), 1.0),
    "exp": math.exp,
    "log": lambda a: math.log(abs(a) + 1),
    "sqrt": lambda a: math.sqrt(abs(a)),
    "abs": abs,
    "sin": math.sin,
    "cos": math.cos,
    "identity": lambda a: a,
}
#: What stands inside where a function does not take all numbers.
INSIDE = {"log": "abs(h[t-1]) + 1", "sqrt": "abs(h[t-1])"}
SMOOTH = [-4.0, -2.9, -0.7, -0.3, 0.2, 0.7, 2.9, 3.5]
POINTS = [-4.0, -3.0, -1.0, -0.3, 0.2, 1.0, 2.9, 3.5]


def test_every_function_has_a_closed_form() -> None:
    registered = {name for name, record in ACTIVATIONS.items() if record.formula}
    assert set(CLOSED_FORMS) == set(FUNCTIONS) - registered - {"max", "min", "spike"}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_function(name: str) -> None:
    text = f"h[t] = {name}({INSIDE.get(name, 'h[t-1]')})"
    expected = [CLOSED_FORMS[name](a) for a in POINTS]
    np.testing.assert_allclose(value(text, h=POINTS), expected, rtol=1e-13)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_function_of_a_number(name: str) -> None:
    """Numbers are functions' arguments too: SymPy's value and NumPy's are the closed form's."""
    text = f"h[t] = {name}({INSIDE.get(name, 'h[t-1]').replace('h[t-1]', '0.3')}) * h[t-1]"
    expected = CLOSED_FORMS[name](0.3)
    np.testing.assert_allclose(value(text, h=[1.0]), [expected], rtol=1e-13)
    number = read(text).equations["h"].as_independent(sp.Indexed)[0]
    assert float(number.evalf()) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_slope_of_a_function(name: str) -> None:
    """The Jacobian is the closed form's slope, away from the kinks."""
    cell = read(f"h[t] = {name}({INSIDE.get(name, 'h[t-1]')})")
    form, step = CLOSED_FORMS[name], 1e-6
    slopes = [(form(a + step) - form(a - step)) / (2 * step) for a in SMOOTH]
    found = sg.lambdify(cell, sg.jacobian(cell))({}, h=np.array(SMOOTH))
    np.testing.assert_allclose(found, np.diag(slopes), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "form"),
    [
        ("leaky_relu(h[t-1], 0.2)", lambda a: a if a > 0 else 0.2 * a),
        ("elu(h[t-1], 2)", lambda a: a if a > 0 else 2 * (math.exp(a) - 1)),
        ("hard_sigmoid(h[t-1], 0.2)", lambda a: min(max(0.2 * a + 0.5, 0.0), 1.0)),
        ("hard_sigmoid(h[t-1], 1/2)", lambda a: min(max(a / 2 + 0.5, 0.0), 1.0)),
        ("hard_tanh(h[t-1], 0.5)", lambda a: min(max(a / 2, -1.0), 1.0)),
    ],
)
def test_function_with_a_constant(call: str, form: Callable[[float], float]) -> None:
    np.testing.assert_allclose(value(f"h[t] = {call}", h=POINTS), [form(a) for a in POINTS])


# -- names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["beta", "I", "S", "N", "E", "Q", "O", "C", "oo", "pi", "Symbol", "numpy", "params",
             "self", "size", "x0", "x1", "where", "array", "sin_", "print", "v0", "lamda", "d_p"]
)  # fmt: skip
def test_names_that_others_take_for_their_own(name: str) -> None:
    """Each as a gate and as an input: text, LaTeX, numbers."""
    cell = read(f"{name}[t] = sigmoid(W @ x[t])\nh[t] = {name}[t] * h[t-1]")
    assert cell.gates == (name,)
    rnn = f"h[t] = tanh(W_y @ {name}[t] + U * h[t-1])"
    found = value(rnn, W_y=A, U=V, h=H, **{name: [0.1, 0.2]})
    np.testing.assert_allclose(found, np.tanh(A @ np.array([0.1, 0.2]) + V * H))
    jacobian = sg.lambdify(read(rnn), sg.jacobian(read(rnn)))
    found = jacobian({"W_y": A, "U": V}, h=H, **{name: np.array([0.1, 0.2])})
    slope = 1 - np.tanh(A @ np.array([0.1, 0.2]) + V * H) ** 2
    np.testing.assert_allclose(found, np.diag(slope * V))


@pytest.mark.parametrize("name", ["beta", "S", "N", "E", "Q", "O", "C", "pi", "x0", "v0", "where"])
def test_parameters_that_others_take_for_their_own(name: str) -> None:
    found = value(f"h[t] = diag({name}) @ tanh(h[t-1])", h=H, **{name: V})
    np.testing.assert_allclose(found, V * np.tanh(H))


@pytest.mark.parametrize(
    ("name", "shown", "latex"),
    [
        ("h", "h_t", "h_t"),
        ("h_tilde", "h̃_t", r"\tilde{h}_t"),
        ("h_prime", "h′_t", r"{h'}_t"),
        ("alpha", "α_t", r"\alpha_t"),
        ("gamma_hat", "γ̂_t", r"\hat{\gamma}_t"),
        ("lamda", "λ_t", r"\lambda_t"),
        ("Gamma_u", "Γ_{u,t}", r"\Gamma_{u,t}"),
        ("W_x_f", "W_{x,f,t}", r"W_{x,f,t}"),
        ("gate", "gate_t", r"\mathit{gate}_t"),
        ("s_new", "s_{new,t}", r"s_{\mathit{new},t}"),
    ],
)
def test_names_print_by_rule(name: str, shown: str, latex: str) -> None:
    assert sg.text(variable(name)) == shown
    assert sg.latex(variable(name)) == latex


def test_a_power_of_a_prime_is_no_double_superscript() -> None:
    assert sg.latex(variable("h_prime") ** 2) == r"{h'}_t^{2}"


# -- counts ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_parameter_count(name: str, gates: int) -> None:
    n, m = sp.symbols("n m", integer=True, positive=True)
    cell = sg.cell(name)
    assert cell.parameter_count() == sp.expand(gates * (n**2 + n * m + n))
    assert cell.parameter_count(n=7, m=3) == gates * (49 + 21 + 7)
    assert type(cell.parameter_count(n=7, m=3)) is int
    assert cell.parameter_count(n=7) == gates * (49 + 7 * m + 7)


def test_parameter_count_of_scalars_and_projections() -> None:
    cell = read("c[t] = alpha * c[t-1] + W @ x[t] + U @ h[t-1]\nh[t] = P @ c[t]")
    assert str(cell.parameter_count()) == "m*n + 2*n*p + 1"
    assert cell.parameter_count(n=5, m=4, p=2) == 41


def test_parameter_count_of_none() -> None:
    assert read("h[t] = tanh(h[t-1] + x[t])").parameter_count(n=3) == 0


@pytest.mark.parametrize("sizes", [{"k": 3}, {"n": -1}, {"n": 1.5}, {"n": True}, {"m": "3"}])
def test_bad_sizes(sizes: dict[str, int]) -> None:
    with pytest.raises(sg.SymgateError, match=r"not a size of|whole number"):
        sg.cell("rnn").parameter_count(**sizes)


# -- cells as objects --------------------------------------------------------------------


def test_equality_and_hash() -> None:
    one, other = sg.Cell.from_text(GRU, name="one"), sg.cell("gru")
    assert one == other
    assert hash(one) == hash(other)
    assert one != sg.cell("gru-z-takes-new")
    assert one != GRU
    assert len({one, other, sg.cell("lstm")}) == 2


def test_the_order_of_lines_and_summands_names_no_size() -> None:
    """n is the size of most values, else that of h; m belongs to x, whatever is read first."""
    one = read("h[t] = h[t-1] + W @ x[t] + V @ u[t] + P @ c[t-1]\nc[t] = Q @ h[t-1]")
    other = read("c[t] = Q @ h[t-1]\nh[t] = h[t-1] + V @ u[t] + P @ c[t-1] + W @ x[t]")
    assert shapes(one) == shapes(other)
    assert (shapes(one)["W"], shapes(one)["V"], shapes(one)["P"]) == ("n × m", "n × p", "n × q")
    assert one == other
    assert hash(one) == hash(other)


def test_equality_sees_what_the_text_hides() -> None:
    """alpha is a number here and a vector there; the equations differ only in a sign."""
    assert read("h[t] = gamma * h[t-1]") != read("h[t] = diag(gamma) @ h[t-1]")
    assert read("h[t] = U @ h[t-1]") != read("h[t] = U.T @ h[t-1]")
    assert read("h[t] = b - h[t-1]") != read("h[t] = b + h[t-1]")


def test_what_is_derived_belongs_to_its_own_cell() -> None:
    """Equal cells, each with its own name, order of terms and Jacobian."""
    one = sg.Cell.from_text("h[t] = z[t] * h[t-1] + b * x[t]\nz[t] = sigmoid(U @ x[t])", "one")
    other = sg.Cell.from_text("h[t] = x[t] * b + h[t-1] * z[t]\nz[t] = sigmoid(U @ x[t])", "other")
    assert one == other
    assert sg.linearise(one).cell is one
    assert sg.linearise(other).cell is other
    assert sg.adjoint(other).lin.cell is other
    assert sg.linearise(one) is sg.linearise(one)


def test_immutable() -> None:
    cell = read(GRU)
    with pytest.raises(AttributeError, match="name"):
        cell.name = "other"
    with pytest.raises(AttributeError, match="name"):
        del cell.name
    for mapping in (cell.equations, cell.parameters, cell.roles, cell.sizes, cell.shapes):
        with pytest.raises(TypeError):
            mapping["h"] = 0  # type: ignore[index]
    with pytest.raises(AttributeError):
        cell.parameters["W_z"].kind = "vector"  # type: ignore[misc]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_and_copy(protocol: int) -> None:
    cell = sg.Cell.from_text(GRU, "mine", title="Mine", roles={"h": "state"})
    sg.linearise(cell)  # what is kept beside a cell stays behind
    for again in (pickle.loads(pickle.dumps(cell, protocol)), copy.copy(cell), copy.deepcopy(cell)):
        assert again == cell
        assert (again.name, again.title, again.roles) == ("mine", "Mine", {"h": "state"})


def test_a_worker_makes_a_cell_once() -> None:
    """A cell comes with each task; what was made of it for the first serves the others."""
    one, other = (pickle.loads(pickle.dumps(sg.cell("gru"))) for _ in range(2))
    assert one is other
    renamed = sg.Cell.from_text(sg.cell("gru").text, "mine")
    assert pickle.loads(pickle.dumps(renamed)).name == "mine"


def test_role_of_nothing() -> None:
    with pytest.raises(sg.SymgateError, match="'q', which no equation defines"):
        sg.Cell.from_text("h[t] = U @ h[t-1]", roles={"q": "gate"})


def test_html_escapes() -> None:
    cell = sg.Cell.from_text(
        "h[t] = U @ h[t-1]", "<b>", title="<script>1</script>", roles={"h": '<img src="x">&'}
    )
    html = cell._repr_html_()
    assert "<script>1" not in html
    assert "<img" not in html
    assert "&lt;script&gt;1&lt;/script&gt;" in html
    named = sg.Cell.from_text("h[t] = U @ h[t-1]", "<script>")
    assert "<script>" not in named._repr_html_()


def test_latex_of_a_notebook() -> None:
    assert read("h[t] = tanh(W @ x[t] + U_h @ h[t-1] + b) / 2")._repr_latex_() == (
        "$$\\begin{aligned}\n"
        r"h_t &= 0.5 \, \tanh(W x_t + U_h h_{t-1} + b)"
        "\n\\end{aligned}$$"
    )


@pytest.mark.parametrize("name", sg.zoo)
def test_zoo_reads_back(name: str) -> None:
    cell = sg.cell(name)
    assert sg.Cell.from_text(str(cell)) == cell
    assert sg.Cell.from_text(str(cell)).parameter_count() == cell.parameter_count()
    assert pickle.loads(pickle.dumps(cell)) == cell


@given(st.permutations(GRU.strip().splitlines()))
@settings(max_examples=24, derandomize=True, deadline=None)
def test_any_order_of_lines_is_the_same_cell(lines: list[str]) -> None:
    assert sg.Cell.from_text("\n".join(lines)) == sg.cell("gru")


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("(diag(f[t]) @ A) @ h[t-1]", "f[t] * (A @ h[t-1])"),
        ("(A @ diag(f[t])) @ h[t-1]", "A @ (f[t] * h[t-1])"),
        ("(A @ diag(f[t]) @ B) @ h[t-1]", "A @ (f[t] * (B @ h[t-1]))"),
        ("h[t-1] @ (diag(f[t]) @ A)", "(h[t-1] * f[t]) @ A"),
        ("h[t-1] @ (A @ diag(f[t]))", "(h[t-1] @ A) * f[t]"),
        ("(diag(f[t]) @ A).T @ h[t-1]", "(f[t] * h[t-1]) @ A"),
        ("(diag(h[t-1]) @ A) @ f[t]", "h[t-1] * (A @ f[t])"),
    ],
)
def test_a_diagonal_of_a_gate_between_matrices_is_a_factor(typed: str, plain: str) -> None:
    rest = "f[t] = sigmoid(V @ x[t] + U @ h[t-1])\nh[t] = tanh(W @ x[t] + "
    assert read(f"{rest}{typed})") == read(f"{rest}{plain})")


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("S[t-1] @ (diag(f[t]) @ A)", "S[t-1] @ diag(f[t]) @ A"),
        ("(A @ diag(f[t])) @ S[t-1]", "A @ (diag(f[t]) @ S[t-1])"),
        ("(diag(f[t]) @ A).T @ S[t-1]", "A.T @ (diag(f[t]) @ S[t-1])"),
        ("S[t-1] @ (A @ diag(f[t]) @ B)", "S[t-1] @ A @ diag(f[t]) @ B"),
    ],
)
def test_a_diagonal_of_a_gate_beside_a_matrix_state_is_a_factor(typed: str, plain: str) -> None:
    """The path through the gate was lost, and the Jacobian wrong without a word."""
    rest = "f[t] = sigmoid(V @ x[t] + U @ h[t-1])\nh[t] = tanh(S[t] @ f[t])\n"
    rest += "S[t] = outer(f[t], x[t]) + "
    assert read(rest + typed) == read(rest + plain)


def test_a_capital_letter_by_components_warns_and_shows_the_product() -> None:
    for text in ("h[t] = tanh(W_f * x[t] + U @ h[t-1])", "h[t] = tanh(x[t] * W_f + U @ h[t-1])"):
        with pytest.warns(EquationWarning, match=r"(?s)line 1, .*W_f @ x\[t\]\n.*\^"):
            sg.Cell.from_text(text)
    sg.Cell.from_text("h[t] = tanh(Delta * x[t] + w_f * h[t-1] + W @ x[t])")
    sg.Cell.from_text("h[t] = tanh((gamma * W) @ x[t] + w_f * h[t-1])")


def test_two_stacks_under_one_matrix_have_parts_of_the_same_sizes() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(W @ [h[t-1], x[t]] - W @ [k, y[t]])")
    assert set(cell.sizes) == {"n", "m"}
    assert cell.parameters["k"].shape == cell.shapes["h"]
    assert cell.shapes["y"] == cell.shapes["x"]
    with pytest.raises(sg.EquationError, match="k"):
        sg.Cell.from_text("h[t] = tanh(W @ [h[t-1], x[t]] - W @ [k, y[t], z[t]])")
