"""The names of weights and biases follow one scheme; what it does not explain is a slip."""

from __future__ import annotations

import pytest

from symgate.reading.reader import read_text

LSTM = """\
i(t) = sigmoid(Wxi * x(t) + Whi * h(t-1) + Wci . c(t-1) + bi)
f(t) = sigmoid(Wxf * x(t) + Whf * h(t-1) + Wcf . c(t-1) + bf)
c(t) = f(t) . c(t-1) + i(t) . tanh(Wxc * x(t) + Whc * h(t-1) + bc)
o(t) = sigmoid(Wxo * x(t) + Who * h(t-1) + Wco . c(t) + bo)
h(t) = o(t) . tanh(c(t))
"""
GRU = r"""
$$z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$
$$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)$$
$$n_t = \tanh(W_n x_t + U_n (r_t \odot h_{t-1}) + b_n)$$
$$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t$$
"""
JOINT = r"""
$$r_t = \sigma(W_r [h_{t-1}, x_t])$$
$$n_t = \tanh(W_n [r_t \odot h_{t-1}, x_t])$$
$$f_t = \sigma(W_f [h_{t-1}, x_t])$$
$$h_t = f_t \odot h_{t-1} + (1 - f_t) \odot n_t$$
"""


@pytest.mark.parametrize(
    ("text", "slips", "told"),
    [
        (LSTM, [("Wcf", "Whi")], [("Whi", "Wcf")]),
        (
            LSTM,
            [("Wcf", "Whi"), ("Wco", "Who"), ("bf", "bh")],
            [("bh", "bf"), ("Whi", "Wcf"), ("Who", "Wco")],
        ),
        (GRU, [("W_z", "W_q"), ("W_r", "W_z"), ("W_q", "W_r")], [("W_r", "W_z"), ("W_z", "W_r")]),
        (GRU, [("U_r h", "u_r h")], [("u_r", "U_r")]),
        (JOINT, [("W_r", "W_q"), ("W_f", "W_i"), ("W_q", "W_f")], [("W_f", "W_r")]),
        (JOINT, [("W_f", "W_r")], [("W_r", "W_f")]),
    ],
)
def test_what_the_scheme_does_not_explain_is_a_slip(
    text: str, slips: list[tuple[str, str]], told: list[tuple[str, str]]
) -> None:
    assert read_text(text).cells[0].misprints == ()
    for meant, printed in slips:
        text = text.replace(meant, printed)
    found = read_text(text).cells[0].misprints
    assert sorted((m.printed, m.meant) for m in found) == sorted(told)
