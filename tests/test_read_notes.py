"""What people write in notes besides formulas of a book: marks, words, functions of their own."""

from __future__ import annotations

import pytest

from symgate.reading.reader import read_text

NOTES = {
    "a caret behind a symbol is its hat, a word before a bracket a function": (
        "    u_t = gate_fn(W1x_t + U1h_{t-1} + b_g)\n"
        "    h_t^ = candidate_fn(W2x_t + U2h_{t-1} + b_h)\n"
        "    h_t = u_t*h_{t-1} + (1-u_t)*h_t^\n",
        "ugrnn",
        "u[t] = sigmoid(W1 @ x[t] + U1 @ h[t-1] + b_g)",
        "h_hat[t] = tanh(W2 @ x[t] + U2 @ h[t-1] + b_h)",
        "h[t] = u[t] * h[t-1] + (1 - u[t]) * h_hat[t]",
    ),
    "weights of two letters against values": (
        "zₜ = σ(Wzxₜ + Uzhₜ₋₁ + bz)\nrₜ = σ(Wrxₜ + Urhₜ₋₁ + br)\n"
        "h̃ₜ = tanh(Whxₜ + Uh(rₜ ⊙ hₜ₋₁) + bh)\nhₜ = (1 - zₜ) ⊙ hₜ₋₁ + zₜ ⊙ h̃ₜ\n",
        "gru",
        "z[t] = sigmoid(Wz @ x[t] + Uz @ h[t-1] + bz)",
        "r[t] = sigmoid(Wr @ x[t] + Ur @ h[t-1] + br)",
        "h_tilde[t] = tanh(Wh @ x[t] + Uh @ (r[t] * h[t-1]) + bh)",
        "h[t] = (1 - z[t]) * h[t-1] + z[t] * h_tilde[t]",
    ),
    "arrows above weights": (
        r"$$\overrightarrow{s}_t = \tanh(U^\to x_t + V^\to \overrightarrow{s}_{t-1}) \\"
        r"\overleftarrow{s}_t = \tanh(U^\gets x_t + V^\gets \overleftarrow{s}_{t+1})$$",
        "birnn",
        "s_fwd[t] = tanh(U_fwd @ x[t] + V_fwd @ s_fwd[t-1])",
        "s_bwd[t] = tanh(U_bwd @ x[t] + V_bwd @ s_bwd[t-1])",
    ),
    "a legend says that a star is a convolution": (
        "i[t] = sigmoid(Wxi*x[t] + Whi*h[t-1] + bi)\nf[t] = sigmoid(Wxf*x[t] + Whf*h[t-1] + bf)\n"
        "c[t] = f[t].*c[t-1] + i[t].*tanh(Wxc*x[t] + Whc*h[t-1] + bc)\n"
        "o[t] = sigmoid(Wxo*x[t] + Who*h[t-1] + bo)\nh[t] = o[t].*tanh(c[t])\n"
        "where * denotes a convolution\n",
        "convlstm",
        "i[t] = sigmoid(Wxi @ x[t] + Whi @ h[t-1] + bi)",
        "f[t] = sigmoid(Wxf @ x[t] + Whf @ h[t-1] + bf)",
        "c[t] = f[t] * c[t-1] + i[t] * tanh(Wxc @ x[t] + Whc @ h[t-1] + bc)",
        "o[t] = sigmoid(Wxo @ x[t] + Who @ h[t-1] + bo)",
        "h[t] = o[t] * tanh(c[t])",
    ),
    "two equations in a row of columns, in a quotation": (
        "> $$\\begin{align}\n> c_t &= f_t c_{t-1} + i_t z_t & f_t &= \\sigma(a_t) \\\\\n"
        "> a_t &= W_f x_t + U_f h_{t-1} && i_t &&= \\sigma(W_i x_t + U_i h_{t-1}) \\\\\n"
        "> z_t &= \\tanh(W_z x_t + U_z h_{t-1}) & h_t &= \\tanh(c_t)\n>\\end{align}$$\n",
        "lstm",
        "c[t] = f[t] * c[t-1] + i[t] * z[t]",
        "f[t] = sigmoid(a[t])",
        "a[t] = W_f @ x[t] + U_f @ h[t-1]",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t-1])",
        "z[t] = tanh(W_z @ x[t] + U_z @ h[t-1])",
        "h[t] = tanh(c[t])",
    ),
    "rows that lost the display around them": (
        "u_t &amp;= \\sigma(W_u [x_t, s_{t-1}])\n\\hat{s}_t &amp;= \\tanh(W_s [x_t, s_{t-1}])\n"
        "s_t &amp;= (1 - u_t) \\odot s_{t-1} + u_t \\odot \\hat{s}_t\n",
        "ugrnn",
        "u[t] = sigmoid(W_u @ [x[t], s[t-1]])",
        "s_hat[t] = tanh(W_s @ [x[t], s[t-1]])",
        "s[t] = (1 - u[t]) * s[t-1] + u[t] * s_hat[t]",
    ),
    "an activation with the letter of the state": (
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot g(W_c x_t + U_c h_{t-1}), "
        r"\quad h_t = o_t \odot h(c_t)$$",
        "lstm",
        "c[t] = f[t] * c[t-1] + i[t] * tanh(W_c @ x[t] + U_c @ h[t-1])",
        "h[t] = o[t] * tanh(c[t])",
    ),
}


@pytest.mark.parametrize("what", NOTES)
def test_what_people_write(what: str) -> None:
    text, family, *lines = NOTES[what]
    (reading,) = read_text(text, "note.md")
    assert (reading.family, reading.misprints) == (family, ())
    assert list(reading.text) == lines
