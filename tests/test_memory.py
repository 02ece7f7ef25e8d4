"""`memory`: solved symbolically, checked by simulation, refused with a reason."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sympy import log

import symgate as sg
from symgate.decaying.memory import T

SOLVED = {
    "lstm": ("b_f", log(T - 1)),
    "gru": ("b_z", log(T - 1)),
    "gru-z-takes-new": ("b_z", -log(T - 1)),
    "lstm-coupled": ("b_f", log(T - 1)),
    "lstm-peephole": ("b_f", log(T - 1)),
    "mgu": ("b_f", -log(T - 1)),
    "janet": ("b_f", log(T - 1)),
    "leaky-rnn": ("alpha", 1 / T),
    "lru": ("lamda", 1 - 1 / T),
    "fast-rnn": ("beta", log(T - 1)),
}
NO_CARRY = [
    "cfn", "indrnn", "jordan-rnn", "linear-rnn", "lmu", "mi-rnn", "multiplicative-rnn",
    "rnn-pre-activation", "rnn-relu", "rnn-sigmoid", "star",
]  # fmt: skip
NO_LOSS = [
    "antisymmetric-rnn-gated", "lipschitz-rnn", "lstm-no-forget-gate", "unicornn",
    "linear-attention",
]  # fmt: skip
NO_BIAS = ["atr", "brc", "nbrc", "gru2", "mgu2"]
REFUSED = {
    **dict.fromkeys(NO_CARRY, "has no carry"),
    **dict.fromkeys(NO_LOSS, "without loss"),
    **dict.fromkeys(NO_BIAS, "no bias to set"),
    **dict.fromkeys(("deltanet", "deltanet-row"), r"I - β_t k_t k_tᵀ.* keeps more in some"),
    **dict.fromkeys(("gated-deltanet", "rwkv7", "ttt-linear"), "so no bias alone sets"),
    "hopfield": "has no carry",
    "cfc": "has no carry",
    "ltc": "no solution that could be found",
    "rnn": "has no carry: each path from a state to itself passes through a matrix",
    "lstm-1997": "carries c without loss",
    "antisymmetric-rnn": "without loss",
    "qrnn": "no bias to set",
    "cornn": "several parameters",
    "slstm": "no solution that could be found",
}


@pytest.mark.parametrize("name", SOLVED)
def test_solved(name: str) -> None:
    m = sg.memory(sg.cell(name), steps=40, hidden=4)
    assert (m.parameter, m.formula) == SOLVED[name]
    assert m.value == pytest.approx(float(SOLVED[name][1].subs(T, 40)), rel=1e-12)


@pytest.mark.parametrize("name", [n for n in sg.zoo if n not in REFUSED])
def test_every_answer_is_checked_by_simulation(name: str) -> None:
    m = sg.memory(sg.cell(name), steps=30, hidden=3)
    assert math.exp(m.exact.rate) == pytest.approx(1 - 1 / 30, rel=1e-9)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(name: str) -> None:
    with pytest.raises(sg.SymgateError, match=REFUSED[name]):
        sg.memory(sg.cell(name), steps=40, hidden=4)


def test_a_gate_of_the_step_before_has_a_bias_that_at_0_is_not_read() -> None:
    cell = sg.Cell.from_text("z[t] = sigmoid(W @ x[t] + b)\nh[t] = z[t-1] * h[t-1] + V @ x[t]")
    with pytest.raises(sg.SymgateError, match="with states and inputs at 0 it is 0 a step"):
        sg.memory(cell, steps=40, hidden=4)


@pytest.mark.parametrize("steps", [1.5, 2, 20, 500, 1e6])
def test_any_number_of_steps(steps: float) -> None:
    m = sg.memory(sg.cell("lstm"), steps=steps, hidden=3)
    assert m.value == pytest.approx(math.log(steps - 1), abs=1e-9)
    assert math.exp(m.exact.rate) == pytest.approx(1 - 1 / steps, rel=1e-9)


@pytest.mark.parametrize("steps", [1, 0, -5, math.nan, math.inf, True, "500"])
def test_bad_steps(steps: object) -> None:
    with pytest.raises(sg.SymgateError, match="steps must be a finite number above 1"):
        sg.memory(sg.cell("lstm"), steps=steps)  # type: ignore[arg-type]


def test_a_cell_of_ones_own_and_a_product_of_gates() -> None:
    cell = sg.Cell.from_text("""
        f[t] = sigmoid(W_f @ x[t] + b_f)
        g[t] = sigmoid(W_g @ x[t] + b_g)
        h[t] = f[t] * g[t] * h[t-1] + W @ x[t]
    """, name="product")  # fmt: skip
    m = sg.memory(cell, steps=50)  # with one gate at 1/2 the product is below 1/2: both open
    assert m.values == {"b_f": m.value, "b_g": m.value}
    assert math.exp(m.exact.rate) == pytest.approx(1 - 1 / 50)
    m = sg.memory(cell, steps=1.9)
    assert m.parameter == "b_f"
    assert m.kept == {"b_g": 0.0}
    assert math.exp(m.exact.rate) == pytest.approx(1 - 1 / 1.9)


@pytest.mark.parametrize(
    ("carry", "values"),
    [("sigmoid(W @ x[t] + b) * (1 - sigmoid(V @ x[t] + c))", {"b": 1, "c": -1}),
     ("exp(-softplus(W @ x[t] + b))", {"b": -1})],
)  # fmt: skip
def test_a_gate_that_has_to_open_as_another_closes(carry: str, values: dict[str, int]) -> None:
    m = sg.memory(sg.Cell.from_text(f"h[t] = {carry} * h[t-1] + x[t]"), 50, hidden=3)
    assert {name: np.sign(value) for name, value in m.values.items()} == values
    assert math.exp(m.exact.rate) == pytest.approx(1 - 1 / 50)


def test_a_highway_closes_both_gates() -> None:
    m = sg.memory("rhn", 50, hidden=4)
    assert m.values["b_z"] == m.values["b_k"]
    assert "the bias b_z of gate z" in m.sentence()


def test_the_state_can_be_named() -> None:
    assert sg.memory(sg.cell("lem"), 50, state="z", hidden=3).parameter == "b_d"
    with pytest.raises(sg.SymgateError, match="does not carry h; it carries 'c'"):
        sg.memory(sg.cell("lstm"), 50, state="h")
    with pytest.raises(sg.UnknownName, match="a state of lstm named 'q'"):
        sg.memory(sg.cell("lstm"), 50, state="q")


def test_the_values_go_into_init() -> None:
    m = sg.memory(sg.cell("lstm"), 100, hidden=4)
    params = sg.init(sg.cell("lstm"), hidden=4, values=m.values)
    np.testing.assert_allclose(params["b_f"], math.log(99))
    assert m.partner == {"b_i": -m.value}
    assert m.to_dict()["formula"] == "ln(T - 1)"
    assert "b_f of gate f = ln(T - 1) = 4.5951" in m.sentence()


def test_a_matrix_whose_rows_mix_is_measured_on_few_units() -> None:
    """At 64 units its Jacobian is one of 4,096 rows, and a norm at each lag takes hours."""
    fast = sg.Cell.from_text(
        "A[t] = lam * A[t-1] + eta * outer(h[t-1], h[t-1])\n"
        "h[t] = tanh(W @ h[t-1] + C @ x[t] + A[t] @ h[t-1])"
    )
    found = sg.memory(fast, steps=20)
    assert found.parameter == "lam"
    with pytest.raises(sg.SymgateError, match="4,096 rows"):
        sg.decay(fast, hidden=64, of="A", wrt="A", lags=300)
