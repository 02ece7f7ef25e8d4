"""What people write in notes besides formulas of a book: marks, words, functions of their own."""

from __future__ import annotations

from itertools import permutations

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
    "stars in LaTeX, with no other sign for products": (
        r"$$f_t = \sigma(W_f * x_t + U_f * h_{t-1}) \\ o_t = \sigma(W_o * x_t + U_o * h_{t-1})$$"
        r"$$c_t = f_t c_{t-1} + (1 - f_t) \tanh(W_c * x_t + U_c * h_{t-1}) \\"
        r"h_t = o_t \tanh(c_t)$$ where $*$ denotes the convolution operator",
        "convlstm",
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1])",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t-1])",
        "c[t] = f[t] * c[t-1] + (1 - f[t]) * tanh(W_c @ x[t] + U_c @ h[t-1])",
        "h[t] = o[t] * tanh(c[t])",
    ),
    "the matrix of r ⊙ h has the letter r": (
        r"$$z_t = \sigma(W_{xz} x_t + W_{hz} h_{t-1})$$"
        r"$$r_t = \sigma(W_{xr} x_t + W_{hr} h_{t-1})$$"
        r"$$c_t = \tanh(W_{xc} x_t + W_{rc} (r_t \odot h_{t-1})) \\"
        r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot c_t$$",
        "gru",
        "z[t] = sigmoid(W_xz @ x[t] + W_hz @ h[t-1])",
        "r[t] = sigmoid(W_xr @ x[t] + W_hr @ h[t-1])",
        "c[t] = tanh(W_xc @ x[t] + W_rc @ (r[t] * h[t-1]))",
        "h[t] = (1 - z[t]) * h[t-1] + z[t] * c[t]",
    ),
    "names with a number that equations define": (
        r"$f_t = \sigma(Net1)$, $h_t = f_t h_{t-1} + (1 - f_t) \tanh(Net2)$, "
        r"$Net1 = W_1 x_t + U_1 h_{t-1}$ and $Net2 = W_2 x_t + U_2 h_{t-1}$",
        "ugrnn",
        "f[t] = sigmoid(Net1)",
        "h[t] = f[t] * h[t-1] + (1 - f[t]) * tanh(Net2)",
        "Net1 = W_1 @ x[t] + U_1 @ h[t-1]",
        "Net2 = W_2 @ x[t] + U_2 @ h[t-1]",
    ),
    "products that are called": (
        "s_t = tanh(x_t.dot(Wx) + s_{t-1}.dot(Ws) + b)\n",
        "rnn",
        "s[t] = tanh(x[t] @ Wx + s[t-1] @ Ws + b)",
    ),
    "a word behind an escaped underscore": (
        r"\\[f_{t} = \sigma(W_{f}x_{t} + U_{f}h_{t-1})\\]"
        r"\\[g\_in_{t} = tanh(Wx_{t} + Uh_{t-1})\\]"
        r"\\[h_{t} = f_{t} \cdot h_{t-1} + (1 - f_{t}) \cdot g\_in_{t}\\]",
        "ugrnn",
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1])",
        "g_in[t] = tanh(W @ x[t] + U @ h[t-1])",
        "h[t] = f[t] * h[t-1] + (1 - f[t]) * g_in[t]",
    ),
    "an activation with the letter of the state": (
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot g(W_c x_t + U_c h_{t-1}), "
        r"\quad h_t = o_t \odot h(c_t)$$",
        "lstm",
        "c[t] = f[t] * c[t-1] + i[t] * tanh(W_c @ x[t] + U_c @ h[t-1])",
        "h[t] = o[t] * tanh(c[t])",
    ),
    "a decayed delta rule in place, as code without times": (
        "```python\nM = M * exp(g)\nerr = beta * (v - M @ k)\nM = M + outer(err, k)\n"
        "y = M @ q\n```",
        "delta_rule",
        "err[t] = beta * (v - (M[t-1] * exp(g)) @ k[t])",
        "M[t] = M[t-1] * exp(g) + outer(err[t], k[t])",
        "y[t] = M[t] @ q[t]",
    ),
    "an outer product as a tensor product, and a transposed memory": (
        "```\ns_t = exp(a_t) * s_{t-1} + k_t ⊗ (β_t * (v_t - s_{t-1}^T @ k_t))\n"
        "y_t = s_t^T @ q_t\n```",
        "delta_rule",
        "s[t] = exp(a[t]) * s[t-1] + outer(k[t], beta[t] * (v[t] - s[t-1].T @ k[t]))",
        "y[t] = s[t].T @ q[t]",
    ),
    "a decay and a matrix of the step": (
        "M[t] = diag(w[t]) * M[t-1] + M[t-1] @ g[t] + v[t] @ k[t]^T\ny[t] = M[t] @ r[t]\n",
        "rwkv7",
        "M[t] = diag(w[t]) @ M[t-1] + M[t-1] @ g[t] + outer(v[t], k[t])",
        "y[t] = M[t] @ r[t]",
    ),
    "where @ multiplies matrices, a star multiplies components": (
        "```\na_t = sigmoid(W_a @ x_t)\nh_t = a_t * h_{t-1} + D * x_t\n```",
        "mingru",
        "a[t] = sigmoid(W_a @ x[t])",
        "h[t] = a[t] * h[t-1] + D * x[t]",
    ),
    "a step of time is one number": (
        r"$$y_n = y_{n-1} + \Delta t\, \tanh(W y_{n-1} + V u_n)$$",
        "rnn",
        "y[t] = y[t-1] + Delta_t * tanh(W @ y[t-1] + V @ u[t])",
    ),
    "a projection that only the output reads": (
        r"$$i_t = \sigma(W_i x_t + U_i h_{t-1}), \quad f_t = \sigma(W_f x_t + U_f h_{t-1})$$"
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot \tanh(W_c x_t + U_c h_{t-1})$$"
        r"$$o_t = \sigma(W_o x_t + U_o h_{t-1}), \quad h_t = o_t \odot \tanh(c_t)$$"
        r"$$p_t = P h_t, \quad y_t = \phi(W_y p_t + b_y)$$",
        "lstmp",
        "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t-1])",
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1])",
        "c[t] = f[t] * c[t-1] + i[t] * tanh(W_c @ x[t] + U_c @ h[t-1])",
        "o[t] = sigmoid(W_o @ x[t] + U_o @ h[t-1])",
        "h[t] = o[t] * tanh(c[t])",
    ),
    "gates that pool": (
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot z_t$$ $$h_t = o_t \odot c_t$$",
        "qrnn",
        "c[t] = f[t] * c[t-1] + i[t] * z[t]",
        "h[t] = o[t] * c[t]",
    ),
    "a key times a value, without a transpose": (
        r"$$M_n = \lambda M_{n-1} + K_n V_n$$ $$Y_n = Q_n M_n$$",
        "linear_attention",
        "M[t] = lamda * M[t-1] + outer(K[t], V[t])",
        "Y[t] = Q[t] @ M[t]",
    ),
    "a weighed sum whose exponents have lines": (
        r"$k_t = W_k x_t$, $v_t = W_v x_t$, $a_t = e^{-w} a_{t-1} + e^{k_t} v_t$, "
        r"$b_t = e^{-w} b_{t-1} + e^{k_t}$, $y_t = \frac{a_t}{b_t}$",
        "rwkv",
        "k[t] = W_k @ x[t]",
        "v[t] = W_v @ x[t]",
        "a[t] = exp(-w) * a[t-1] + exp(k[t]) * v[t]",
        "b[t] = exp(-w) * b[t-1] + exp(k[t])",
        "y[t] = a[t] / b[t]",
    ),
    "an accent of HTML": (
        "<p>u<sub>t</sub> = &sigma;(W<sub>u</sub>x<sub>t</sub> + U<sub>u</sub>"
        "h<sub>t-1</sub>)</p>\n"
        "<p>h&#771;<sub>t</sub> = tanh(W x<sub>t</sub> + U h<sub>t-1</sub>)</p>\n"
        "<p>h<sub>t</sub> = (1 - u<sub>t</sub>) &#8857; h<sub>t-1</sub> + u<sub>t</sub> "
        "&#8857; h&#771;<sub>t</sub></p>",
        "ugrnn",
        "u[t] = sigmoid(W_u @ x[t] + U_u @ h[t-1])",
        "h_tilde[t] = tanh(W @ x[t] + U @ h[t-1])",
        "h[t] = (1 - u[t]) * h[t-1] + u[t] * h_tilde[t]",
    ),
    "arrows that are set above states": (
        r"$$\overset{\rightarrow}{h}_t = \tanh(W x_t + U \overset{\rightarrow}{h}_{t-1})$$"
        r"$$\overset{\leftarrow}{h}_t = \tanh(V x_t + R \overset{\leftarrow}{h}_{t+1})$$",
        "birnn",
        "h_fwd[t] = tanh(W @ x[t] + U @ h_fwd[t-1])",
        "h_bwd[t] = tanh(V @ x[t] + R @ h_bwd[t-1])",
    ),
    "gates side by side on the left": (
        "[f_t, i_t] = σ(W [h_{t-1}, x_t] + b)\ng_t = tanh(V [h_{t-1}, x_t] + d)\n"
        "h_t = f_t ⊙ h_{t-1} + i_t ⊙ g_t\n",
        "lstm",
        "f[t] = sigmoid(W_f @ [h[t-1], x[t]] + b_f)",
        "i[t] = sigmoid(W_i @ [h[t-1], x[t]] + b_i)",
        "g[t] = tanh(V @ [h[t-1], x[t]] + d)",
        "h[t] = f[t] * h[t-1] + i[t] * g[t]",
    ),
    "a memory that is a word": (
        "```\nmemory_t = decay * memory_{t-1} + outer(k_t, v_t)\nout_t = q_t @ memory_t\n```",
        "linear_attention",
        "memory[t] = decay * memory[t-1] + outer(k[t], v[t])",
        "out[t] = q[t] @ memory[t]",
    ),
}


@pytest.mark.parametrize("what", NOTES)
def test_what_people_write(what: str) -> None:
    text, family, *lines = NOTES[what]
    (reading,) = read_text(text, "note.md")
    assert (reading.family, reading.misprints) == (family, ())
    assert list(reading.text) == lines


def test_the_fuller_of_two_definitions_stands() -> None:
    (reading,) = read_text(
        r"$$f_t = \sigma(W_f h_{t-1} + U_f x_t) \\ c_t = f_t \odot c_{t-1}$$"
        r"$$i_t = \sigma(W_i h_{t-1} + U_i x_t) \\ g_t = \tanh(W_g h_{t-1} + U_g x_t)$$"
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot g_t$$"
        r"$$o_t = \sigma(W_o h_{t-1} + U_o x_t) \\ h_t = o_t \odot \tanh(c_t)$$"
    )
    assert (reading.family, reading.zoo is not None) == ("lstm", True)
    assert [(m.kind, m.line) for m in reading.misprints] == [("symbol_defined_twice", 1)]


@pytest.mark.parametrize("index", ["t-1", "t - 1"])
def test_a_brace_that_is_never_closed_is_told_where_it_stands(index: str) -> None:
    (reading,) = read_text(
        rf"$$z_t = \sigma(W_z x_t + U_z h_{{{index} + b_z)$$"
        "\n"
        r"$$n_t = \tanh(W_n x_t + U_n h_{t-1} + b_n)$$"
        r"$$h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$$"
    )
    (misprint,) = reading.misprints
    assert (misprint.kind, misprint.line, misprint.meant) == ("missing_braces", 1, f"_{{{index}}}")
    assert reading.mended[0].count("}") == 1


def test_what_runs_backward_reads_the_step_behind() -> None:
    ahead, back = r"\overrightarrow{h}", r"\overleftarrow{h}"
    (reading,) = read_text(
        rf"$${ahead}_t = \tanh(W x_t + U {ahead}_{{t-1}})$$"
        rf"$${back}_t = \tanh(V x_t + R {back}_{{t-1}})$$"
    )
    assert [(m.printed, m.meant) for m in reading.misprints] == [
        (rf"{back}_{{t-1}}", rf"{back}_{{t+1}}")
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("h_t =", "h_i =", [("h_i", "h_{t}")]),
        (r"W_f x_t", r"W_f \dot (x_t)", [(r"\dot", r"\cdot")]),
        ("f_t = ", "g_t = ", [("g_t", "f_t")]),
    ],
)
def test_what_is_told_and_meant(old: str, new: str, told: list[tuple[str, str]]) -> None:
    note = (
        r"$$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$$"
        r"$$g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)$$"
        r"$$h_t = f_t \odot h_{t-1} + (1 - f_t) \odot g_t$$"
    )
    (reading,) = read_text(note.replace(old, new, 1))
    assert [(m.printed, m.meant) for m in reading.misprints] == told
    assert str(getattr(reading.zoo, "name", "")) == "ugrnn"


def test_gates_that_all_bear_one_name() -> None:
    gates = r" \\ ".join(rf"i_t = \sigma(W_{{x{g}}} x_t + U_{{h{g}}} h_{{t-1}})" for g in "ifo")
    (reading,) = read_text(
        rf"$${gates} \\ g_t = \tanh(W_{{xg}} x_t + U_{{hg}} h_{{t-1}})$$"
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot g_t \\ h_t = o_t \odot \tanh(c_t)$$"
    )
    assert [m.meant for m in reading.misprints] == ["f_t", "o_t"]


def test_a_line_that_was_copied_and_not_renamed() -> None:
    gates = r" \\ ".join(rf"{g}_t = \sigma(W_o [h_{{t-1}}, x_t] + b_{g})" for g in "ifo")
    (reading,) = read_text(
        rf"$${gates} \\ g_t = \tanh(W_o [h_{{t-1}}, x_t] + b_g)$$"
        r"$$c_t = f_t \odot c_{t-1} + i_t \odot g_t \\ h_t = o_t \odot \tanh(c_t)$$"
    )
    assert sorted(m.meant for m in reading.misprints) == ["W_f", "W_g", "W_i"]


def test_an_input_is_not_what_an_unread_gate_was_meant_to_be() -> None:
    (reading,) = read_text(
        r"$$f_t = \sigma(\tilde{f}_t), \tilde{f}_t = V^T x_t + R h_{t-1} + b \\"
        r"o_t = \sigma(\tilde{o}_t), \tilde{o}_t = W^T x_t + U h_{t-1} + c \\"
        r"m_t = \max(\log(f_t) + m_{t-1}, \log(i_t)) \\"
        r"f'_t = \exp(\log(f_t) + m_{t-1} - m_t)$$"
    )
    assert all(m.meant != "x_t" for m in reading.misprints)


def test_a_gate_that_is_less_than_nothing() -> None:
    (reading,) = read_text(
        r"$$d_t = \exp(-\tanh(W x_t + b)) \\ g_t = -\tanh(W_g x_t + U_g h_{t-1})$$"
        r"$$h_t = d_t \odot h_{t-1} + (1 - d_t) \odot g_t \odot g_t$$"
    )
    assert reading.text[-1].startswith("h[t] = ")


def test_a_line_that_is_missing() -> None:
    gates = r" \\ ".join(rf"{g}_t = \sigma(W_{g} x_t + U_{g} h_{{t-1}})" for g in "ifo")
    (reading,) = read_text(
        rf"$${gates} \\ g_t = \tanh(W_g x_t + U_g h_{{t-1}}) \\ h_t = o_t \tanh(g_t)$$"
    )
    assert [m.kind for m in reading.misprints] == ["missing_equation"]


LSTM = (
    *(rf"{g}_t = \sigma(W_{g} x_t + U_{g} h_{{t-1}} + b_{g})" for g in "fio"),
    r"g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)",
    r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
    r"h_t = o_t \odot \tanh(c_t)",
)


def test_a_sigmoid_in_full_subtracts_no_weight() -> None:
    full = r"f_t = \frac{1}{1+\exp(-(W_f x_t + U_f h_{t-1} + b_f))}"
    (reading,) = read_text("".join(f"$${line}$$" for line in (full, *LSTM[1:])))
    assert not reading.misprints


def test_two_gates_that_words_name_and_a_line_exchanges_are_one_slip() -> None:
    names = ("forget gate", "input gate", "output gate", "candidate", "cell state", "hidden state")
    swapped = (*LSTM[:4], r"c_t = i_t \odot c_{t-1} + f_t \odot g_t", LSTM[5])
    note = "\n".join(f"- {name}: ${line}$" for name, line in zip(names, swapped, strict=True))
    (reading,) = read_text(note)
    assert [m.kind for m in reading.misprints] == ["swapped_gates"]


def test_no_line_is_missing_where_one_was_not_read() -> None:
    (reading,) = read_text("".join(f"$${line}$$" for line in LSTM).replace("= o_t", "= 0_t"))
    assert not reading.misprints


def test_a_size_behind_a_wide_space() -> None:
    (reading,) = read_text(r"$$h_t = \tanh(W x_t + U h_{t-1} + b)\quad (n\times 1)$$")
    assert reading.text == ("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)",)


@pytest.mark.parametrize("line", [r"\delta c_t = \delta h_t \odot o_t", r"dc_t = dh_t \cdot o_t"])
def test_a_line_of_back_propagation(line: str) -> None:
    (file,) = read_text("".join(f"$${line}$$" for line in (*LSTM, line))).files
    assert [skipped["why"] for skipped in file.skipped] == ["a gradient, which runs backward"]


@pytest.mark.parametrize("embedding", ["e(x_t)", r"\mathrm{emb}(x_t)", r"\mathbf{e}(x_t)"])
def test_a_function_of_the_input_is_an_input(embedding: str) -> None:
    gates = r" \\ ".join(rf"{g}_t = \sigma(W_{g} {embedding} + U_{g} h_{{t-1}})" for g in "zr")
    (reading,) = read_text(
        rf"$${gates} \\ g_t = \tanh(W_g {embedding} + U_g (r_t \odot h_{{t-1}})) \\"
        r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot g_t$$"
    )
    assert not reading.misprints
    assert reading.family == "gru"


def test_a_weight_that_stands_twice_is_meant_as_the_indices_say() -> None:
    (reading,) = read_text(r"$$h_t = \tanh(W_{xh} x_t + W_{xh} h_{t-1} + b_h)$$")
    assert [m.meant for m in reading.misprints] == ["W_{hh}"]


def test_a_candidate_of_the_input_alone_whose_tilde_is_missing() -> None:
    (reading,) = read_text(
        r"$$z_t = \sigma(W_z x_t + b_z) \\ \tilde h_t = W_h x_t + b_h$$"
        r"$$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot h_t$$"
    )
    assert [(m.kind, m.meant) for m in reading.misprints] == [("missing_tilde", r"\tilde h_t")]
    assert len(reading.text) == 3


#: Cells that share names: a note may hold any of them one after another.
SHARING = {
    "rnn": [r"h_t = \tanh(W x_t + U h_{t-1} + b)"],
    "lstm": [
        *(rf"{g}_t = \sigma(W_{g} x_t + U_{g} h_{{t-1}} + b_{g})" for g in "ifo"),
        r"\tilde{c}_t = \tanh(W_c x_t + U_c h_{t-1} + b_c)",
        r"c_t = f_t \odot c_{t-1} + i_t \odot \tilde{c}_t",
        r"h_t = o_t \odot \tanh(c_t)",
    ],
    "gru": [
        *(rf"{g}_t = \sigma(W_{g} x_t + U_{g} h_{{t-1}} + b_{g})" for g in "zr"),
        r"\tilde{h}_t = \tanh(W_h x_t + U_h (r_t \odot h_{t-1}) + b_h)",
        r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t",
    ],
    "mgu": [
        r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
        r"\tilde{h}_t = \tanh(W_h x_t + U_h (f_t \odot h_{t-1}) + b_h)",
        r"h_t = (1 - f_t) \odot h_{t-1} + f_t \odot \tilde{h}_t",
    ],
}


def _cells(text: str) -> list[tuple[str, tuple[object, ...]]]:
    return [(r.family, r.misprints) for r in read_text(text)]


@pytest.mark.parametrize("count", [2, 3])
def test_cells_one_after_another(count: int) -> None:
    """Below headings each, or two of many lines with no word between."""
    shown = {name: "\n".join(f"$${e}$$" for e in lines) for name, lines in SHARING.items()}
    for cells in permutations(SHARING, count):
        text = "\n".join(f"## A cell\n{shown[c]}" for c in cells)
        assert _cells(text) == [(c, ()) for c in cells]
        if count == 2 and "rnn" not in cells:
            assert _cells("\n".join(shown[c] for c in cells)) == [(c, ()) for c in cells]


def test_sixty_gates_on_one_value_are_one_mark() -> None:
    gates = r" \\ ".join(
        rf"g_{{{i},t}} = \sigma(W_{{{i}}} x_t + U_{{{i}}} h_{{t-1}})" for i in range(60)
    )
    total = " + ".join(rf"g_{{{i},t}} \odot h_{{t-1}}" for i in range(60))
    (reading,) = read_text(rf"$${gates} \\ h_t = {total}$$")
    assert [m.kind for m in reading.misprints] == ["wrong_symbol"]
