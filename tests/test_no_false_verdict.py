"""Pairs that are equal, or of which one is a special case of the other: never "different"."""

from __future__ import annotations

import pytest

import symgate as sg
from symgate.comparing.normal import normal
from symgate.comparing.separation import _one_sided, _pairs, separated

RNN = "h[t] = tanh(W @ x[t] + U @ h[t-1] + b)"
#: The first is what the second is for some of its parameters.
SPECIAL = [
    ("h[t] = tanh(W @ x[t] + U @ h[t-1])", RNN),
    ("h[t] = tanh(W @ x[t] + a * h[t-1])", "h[t] = tanh(W @ x[t] + a * h[t-1] + b)"),
    ("h[t] = tanh(W @ x[t] + U @ U.T @ h[t-1] + b)", RNN),
    ("h[t] = tanh(W @ x[t] + A @ (B @ h[t-1]) + b)", RNN),
    ("h[t] = tanh(2 * W @ x[t] - U @ h[t-1] + b**2)", RNN),
    ("h[t] = sigmoid(b) * h[t-1] + x[t]", "h[t] = a * h[t-1] + x[t]"),
    ("h[t] = exp(b) * h[t-1] + x[t]", "h[t] = a * h[t-1] + x[t]"),
    ("h[t] = b**2 * h[t-1] + x[t]", "h[t] = b * h[t-1] + x[t]"),
    ("h[t] = 0.5 * h[t-1] + W @ x[t]", "h[t] = alpha * h[t-1] + W @ x[t]"),
    ("h[t] = h[t-1] + W @ x[t]", "h[t] = U @ h[t-1] + W @ x[t]"),
    ("h[t] = a * h[t-1] + b", "h[t] = a * h[t-1] + c * h[t-1]**2 + b"),
    ("h[t] = tanh(a * h[t-1]) + x[t]", "h[t] = c * tanh(a * h[t-1]) + x[t]"),
]
#: The same function, however hard that is to see.
SAME = [
    ("h[t] = sin(2 * h[t-1]) + x[t]", "h[t] = 2 * sin(h[t-1]) * cos(h[t-1]) + x[t]"),
    ("h[t] = sin(12 * a * h[t-1]) + x[t]", "h[t] = 2 * sin(6*a*h[t-1]) * cos(6*a*h[t-1]) + x[t]"),
    ("h[t] = cos(14 * h[t-1]) + x[t]", "h[t] = 1 - 2 * sin(7 * h[t-1])**2 + x[t]"),
    ("h[t] = sin(3*h[t-1]) + x[t]", "h[t] = 3*sin(h[t-1]) - 4*sin(h[t-1])**3 + x[t]"),
    ("h[t] = tanh(U @ h[t-1])", "h[t] = 2 * sigmoid(2 * U @ h[t-1]) - 1"),
    ("h[t] = relu(h[t-1]) - relu(-h[t-1]) + x[t]", "h[t] = h[t-1] + x[t]"),
    ("h[t] = abs(h[t-1]) + x[t]", "h[t] = relu(h[t-1]) + relu(-h[t-1]) + x[t]"),
    ("h[t] = hard_tanh(h[t-1]) + x[t]", "h[t] = 2 * hard_sigmoid(h[t-1], 0.5) - 1 + x[t]"),
    ("h[t] = silu(h[t-1]) + x[t]", "h[t] = h[t-1] * sigmoid(h[t-1]) + x[t]"),
    ("h[t] = exp(h[t-1] + b) + x[t]", "h[t] = exp(h[t-1]) * exp(b) + x[t]"),
    ("h[t] = h[t-1] / (1 + h[t-1]) + x[t]", "h[t] = 1 - 1 / (1 + h[t-1]) + x[t]"),
    ("h[t] = log(exp(h[t-1])) + x[t]", "h[t] = h[t-1] + x[t]"),
    ("h[t] = h[t-1]**3 + h[t-1]", "h[t] = 2 * h[t-1]**3 + h[t-1]"),  # h stands for h √2
]


@pytest.mark.parametrize(("first", "second"), [*SPECIAL, *SAME])
def test_is_never_different(first: str, second: str) -> None:
    one, other = sg.Cell.from_text(first), sg.Cell.from_text(second)
    for pair in ((one, other), (other, one)):
        assert sg.compare(*pair).verdict != "different"


@pytest.mark.parametrize(("first", "second"), SPECIAL)
def test_a_special_case_is_never_denied(first: str, second: str) -> None:
    found = sg.compare(sg.Cell.from_text(first), sg.Cell.from_text(second))
    if found.direction is not None:
        assert found.direction.first_in_second is not False


#: Alike, and not the same: never identical or equal.
UNLIKE = [
    (RNN, RNN.replace("tanh", "sigmoid")),
    (RNN, "h[t] = tanh(W @ x[t] + v * h[t-1] + b)"),
    (RNN, "h[t] = tanh(W @ x[t] + U @ h[t-1])"),
    (RNN, "h[t] = tanh(W @ x[t] + U @ h[t-1] + b) + h[t-1]"),
    ("h[t] = alpha * h[t-1] + x[t]", "h[t] = a * h[t-1] + x[t]"),
    ("h[t] = a * h[t-1] + b", "h[t] = a * h[t-1]**2 + b"),
    ("h[t] = relu(U @ h[t-1])", "h[t] = abs(U @ h[t-1])"),
    ("h[t] = b**2 * h[t-1] + x[t]", "h[t] = b * h[t-1] + x[t]"),
    ("h[t] = tanh(U @ U.T @ h[t-1])", "h[t] = tanh(U @ h[t-1])"),
    ("h[t] = elu(U @ h[t-1], 0.5)", "h[t] = elu(U @ h[t-1])"),
]


@pytest.mark.parametrize(("first", "second"), UNLIKE)
def test_is_never_equal(first: str, second: str) -> None:
    one, other = sg.Cell.from_text(first), sg.Cell.from_text(second)
    assert not sg.compare(one, other)
    assert not sg.compare(other, one)


def test_what_is_odd_is_called_odd() -> None:
    one = sg.Cell.from_text("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)", "with")
    other = sg.Cell.from_text("h[t] = tanh(W @ x[t] + U @ h[t-1])", "without")
    found = _one_sided(next(_pairs(normal(one), normal(other))))
    assert "odd" in found
    assert "even" not in found


def test_a_quotient_that_ends_at_zero_proves_nothing_there() -> None:
    quotient = sg.Cell.from_text("n[t] = n[t-1] + x[t]\nh[t] = h[t-1] / n[t-1] + x[t]", "quotient")
    other = sg.Cell.from_text("n[t] = n[t-1] + x[t]\nh[t] = tanh(h[t-1]) / n[t-1]", "other")
    assert sg.compare(quotient, other).verdict in ("different", "no map found")
    assert sg.compare("ltc", "ugrnn").verdict in ("different", "no map found")


def test_what_is_affine_in_disguise_is_called_affine() -> None:
    one = sg.Cell.from_text("h[t] = softsign(x[t]) * (1 + abs(x[t])) + tanh(h[t-1])")
    other = sg.Cell.from_text("h[t] = x[t] + tanh(h[t-1])")
    assert separated(normal(one), normal(other)) == ""


def test_a_state_that_is_always_another_starts_with_it_in_a_counterexample() -> None:
    text = "c[t] = tanh(U @ h[t-1] + V @ c[t-1] + W @ x[t])\nh[t] = c[t]"
    found = sg.compare(sg.Cell.from_text(text, "doubled"), "rnn-relu")
    example = found.counterexample
    assert example is not None
    assert example.variables["c"] == example.variables["h"]
    assert example.jacobians is not None
    assert "h, c = 1" in str(found)
