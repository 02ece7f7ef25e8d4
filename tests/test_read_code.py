"""Cells in the code of a document: assignments are read by a whitelist, never run."""

from __future__ import annotations

import pytest

import symgate as sg
from symgate.reading.reader import read_text

GRU = """
z = torch.sigmoid(x @ W_z + h @ U_z + b_z)
r = torch.sigmoid(x @ W_r + h @ U_r + b_r)
n = torch.tanh(x @ W_n + (r * h) @ U_n + b_n)
h = z * h + (1 - z) * n
"""
CELLS = {
    "a GRU as one writes it": (GRU, "gru"),
    "a chunk of four": (
        "gates = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh\n"
        "i, f, g, o = gates.chunk(4, dim=-1)\n"
        "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)\n"
        "h = torch.sigmoid(o) * torch.tanh(c)\n",
        "lstm",
    ),
    "slices of a stack": (
        "a = np.dot(x, Wx) + np.dot(prev_h, Wh) + b\n"
        "i = sigmoid(a[:, 0:H])\nf = sigmoid(a[:, H:2*H])\no = sigmoid(a[:, 2*H:3*H])\n"
        "g = np.tanh(a[:, 3*H:])\nnext_c = f * prev_c + i * g\nnext_h = o * np.tanh(next_c)\n",
        "lstm",
    ),
    "layers of a module": (
        "def forward(self, x, h):\n"
        "    z = torch.sigmoid(self.W_z(x) + self.U_z(h))\n"
        "    r = torch.sigmoid(self.W_r(x) + self.U_r(h))\n"
        "    n = torch.tanh(self.W_n(x) + self.U_n(r * h))\n"
        "    h = z * h + (1 - z) * n\n",
        "gru",
    ),
    "the reset behind the matrix": (
        "gi = F.linear(x, self.w_ih, self.b_ih)\ngh = F.linear(hidden, self.w_hh, self.b_hh)\n"
        "i_r, i_i, i_n = gi.chunk(3, 1)\nh_r, h_i, h_n = gh.chunk(3, 1)\n"
        "resetgate = torch.sigmoid(i_r + h_r)\ninputgate = torch.sigmoid(i_i + h_i)\n"
        "newgate = torch.tanh(i_n + resetgate * h_n)\n"
        "hy = newgate + inputgate * (hidden - newgate)\n",
        "gru-reset-after",
    ),
    "gates that are assigned twice, the logistic function written out": (
        "for t in range(T):\n    xt = x[:, t, :]\n    z = xt @ W + H @ U + b\n"
        "    i, f, g, o = np.split(z, 4, axis=1)\n    i = 1 / (1 + np.exp(-i))\n"
        "    f = 1 / (1 + np.exp(-f))\n    g = np.tanh(g)\n    o = 1 / (1 + np.exp(-o))\n"
        "    C = f * C + i * g\n    H = o * np.tanh(C)\n",
        "lstm",
    ),
    "a value that is returned without a name, a column, a sum in parts": (
        "def step(self, x, h_prev):\n"
        "    both = torch.cat([x, h_prev], dim=-1)\n    z = torch.sigmoid(self.update(both))\n"
        "    r = torch.sigmoid(self.reset(both))\n    a = self.candidate(x)\n"
        "    a += self.recurrent(r * h_prev)\n"
        "    return z * h_prev + (1 - z) * torch.tanh(a)\n",
        "gru",
    ),
    "a parameter that is cut": (
        "def call(self, x, states):\n    h_tm1 = states[0]\n"
        "    z = K.sigmoid(K.dot(x, self.kernel[:, :n]) + K.dot(h_tm1, self.rec[:, :n]) + bz)\n"
        "    r = K.sigmoid(K.dot(x, self.kernel[:, n:]) + K.dot(h_tm1, self.rec[:, n:]) + br)\n"
        "    g = torch.tanh(torch.addmm(self.b, x, self.W) + (r * h_tm1) @ self.U)\n"
        "    h = torch.lerp(g, h_tm1, z)\n    return h, [h]\n",
        "gru",
    ),
    "a stack of a stack, a state of a block without a function": (
        "zr_x, a_x = jnp.split(x @ w_i + b, [2 * n], axis=-1)\nzr = zr_x + state @ w_h\n"
        "z, r = jnp.split(jax.nn.sigmoid(zr), 2, axis=-1)\n"
        "output = z * state + (1 - z) * jnp.tanh(a_x + (r * state) @ w_a)\n",
        "gru",
    ),
    "a column that is filled, states of one argument": (
        "def cell(xt, hc):\n    both = np.zeros((n + m, 1))\n    both[:n] = hc[0]\n"
        "    both[n:] = xt\n    ft = sigmoid(Wf @ both + bf)\n    it = sigmoid(Wi @ both + bi)\n"
        "    ot = sigmoid(Wo @ both + bo)\n    c = ft * hc[1] + it * np.tanh(Wc @ both + bc)\n"
        "    h = ot * np.tanh(c)\n    return h, c\n",
        "lstm",
    ),
    "einsum": (
        "z = jax.nn.sigmoid(jnp.einsum('ij,j->i', A, x) + jnp.einsum('bj,ij->bi', h, B) + b_z)\n"
        "r = jax.nn.sigmoid(jnp.einsum('ij,j->i', C, x) + jnp.einsum('ij,j->i', D, h) + b_r)\n"
        "n = jnp.tanh(jnp.einsum('ij,j->i', E, x) + jnp.einsum('ij,j->i', F, r * h) + b_n)\n"
        "h = (1.0 - z) * n + z * h\n",
        "gru",
    ),
    "steps as indices": (
        "for t in range(T):\n    zs[t] = sigmoid(np.dot(Wz, xs[t]) + np.dot(Uz, hs[t-1]) + bz)\n"
        "    ns[t] = np.tanh(np.dot(W, xs[t]) + np.dot(U, hs[t-1]) + b)\n"
        "    hs[t] = (1 - zs[t]) * hs[t-1] + zs[t] * ns[t]\n",
        "ugrnn",
    ),
}


@pytest.mark.parametrize("what", CELLS)
def test_code(what: str) -> None:
    text, zoo = CELLS[what]
    for path, source in (("note.md", f"```python\n{text}```\n"), ("cell.py", text)):
        (found,) = read_text(source, path)
        assert found.zoo is not None
        assert found.cell is not None
        assert (found.zoo.name, found.misprints) == (zoo, ())
        assert sg.compare(sg.cell(zoo), found.cell).verdict in ("identical", "equal")


def test_the_state_under_a_name_of_its_own() -> None:
    text = """def cell(i, o, state):
    f = sigmoid(matmul(i, fx) + matmul(o, fm) + fb)
    w = sigmoid(matmul(i, ix) + matmul(o, im) + ib)
    p = sigmoid(matmul(i, ox) + matmul(o, om) + ob)
    g = tanh(matmul(i, cx) + matmul(o, cm) + cb)
    state = f * state + w * g
    return p * tanh(state), state
"""
    (found,) = read_text(text, "cell.py")
    assert (found.family, found.states, found.misprints) == ("lstm", ("state", "o"), ())


def test_gates_cut_from_a_call_and_outer_products() -> None:
    gru = """def forward(self, x, h):
    x_r, x_z, x_n = self.x2h(x).chunk(3, dim=-1)
    h_r, h_z, h_n = self.h2h(h).chunk(3, dim=-1)
    r = sigmoid(x_r + h_r)
    z = sigmoid(x_z + h_z)
    n = tanh(x_n + r * h_n)
    return (1 - z) * n + z * h
"""
    (found,) = read_text(gru, "cell.py")
    assert (found.family, found.conventions.reset, found.misprints) == ("gru", "after", ())
    (found,) = read_text("S = gamma * S + np.outer(v, k)\no = S @ q\n", "cell.py")
    assert found.family == "linear_attention"


LAYERS = {
    "made where they are used": """def __call__(self, h, x):
    f = nn.sigmoid(nn.Dense(n, name="if")(x) + nn.Dense(n, use_bias=False, name="hf")(h))
    g = nn.tanh(nn.Dense(n)(x) + nn.Dense(n, use_bias=False)(f * h))
    return (1.0 - f) * h + f * g
""",
    "with their function": """class Cell(nn.Module):
    def __init__(self, n, m):
        self.gate = nn.Sequential(nn.Linear(n + m, n), nn.Sigmoid())
        self.cand = nn.Sequential(nn.Linear(n + m, n), nn.Tanh())
    def forward(self, x, h):
        f = self.gate(torch.cat([x, h], dim=-1))
        g = self.cand(torch.cat([x, f * h], dim=-1))
        return (1 - f) * h + f * g
""",
}


@pytest.mark.parametrize("what", LAYERS)
def test_layers(what: str) -> None:
    (found,) = read_text(f"```\n{LAYERS[what]}```\n")
    assert found.family == "mgu"


def test_a_value_that_is_read_from_a_memory() -> None:
    code = (
        "```python\nfor i in range(L):\n    k_i, v_i = k[i], v[i]\n    v_old = S.T @ k_i\n"
        "    S = S + torch.outer(k_i, beta[i] * (v_i - v_old))\n```"
    )
    assert [found.family for found in sg.read(code)] == ["delta_rule"]


def test_several_at_once_and_a_forget_bias_of_one() -> None:
    """As in TensorFlow, where 1 is added to the forget gate: a bias, and no misprint."""
    text = """def cell(x, hidden, w_ih, w_hh, bias):
    hx, cx = hidden
    gates = x @ w_ih.t() + hx @ w_hh.t() + bias
    i, f, g, o = gates.chunk(4, 1)
    i, g, o = i.sigmoid(), g.tanh(), o.sigmoid()
    cy = cx * sigmoid(f + 1.0) + i * g
    hy = o * cy.tanh()
    return hy, (hy, cy)
"""
    (found,) = read_text(text, "cell.py")
    assert found.zoo is not None
    assert (found.zoo.name, found.zoo.verdict, found.misprints) == ("lstm", "equal", ())


def test_weights_in_a_mapping() -> None:
    text = """z = sigmoid(self.W["z"] @ x_t + self.U["z"] @ h_prev + self.b["z"])
r = sigmoid(self.W["r"] @ x_t + self.U["r"] @ h_prev + self.b["r"])
n = tanh(self.W["n"] @ x_t + self.U["n"] @ (r * h_prev) + self.b["n"])
h_t = (1 - z) * h_prev + z * n
"""
    (found,) = read_text(text, "cell.py")
    assert found.zoo is not None
    assert (found.zoo.name, found.zoo.verdict) == ("gru-z-takes-new", "identical")


def test_formulas_come_first() -> None:
    (found,) = read_text(f"$h_t = \\tanh(W x_t + U h_{{t-1}} + b)$\n\n```python\n{GRU}```\n")
    assert found.family == "rnn"


def test_a_misprint_in_code_at_its_place() -> None:
    wrong = GRU.replace("h @ U_r + b_r", "h @ U_r + b_z")
    (found,) = read_text(f"```python\n{wrong}```\n")
    (mark,) = found.misprints
    assert (mark.kind, mark.printed, mark.line) == ("wrong_bias_index", "b_z", 4)


def test_a_product_of_matrices_between_two_vectors() -> None:
    (found,) = sg.read(f"```python\n{GRU.replace('(r * h)', '(r @ h)')}```\n").cells
    (slip,) = found.misprints
    assert (slip.kind, slip.printed) == ("wrong_operator", "r @ h")
    code = (
        "```python\nC = f[t] * C + i[t] * np.outer(v[t], k[t])\nn = f[t] * n + i[t] * k[t]\n"
        "h = o[t] * (C @ q[t]) / max(abs(n @ q[t]), 1)\n```"
    )
    (found,) = sg.read(code).cells
    assert (found.family, found.misprints) == ("mlstm", ())
    assert "max(abs(dot(n[t], q[t])), 1)" in str(found.text[2])


def test_layers_alone_and_a_state_under_a_name() -> None:
    code = (
        "```python\nself.i2h = nn.Linear(n + m, n)\ndef forward(self, input, hidden):\n"
        "    both = torch.cat((input, hidden), 1)\n    hidden = torch.tanh(self.i2h(both))\n"
        "    return hidden\n```"
    )
    assert [(f.family, f.misprints) for f in sg.read(code)] == [("rnn", ())]
    code = (
        "```python\ndef call(self, inputs, states):\n    prev = states[0]\n"
        "    f = sigmoid(tf.matmul(inputs, Wf) + tf.matmul(prev, Uf))\n"
        "    g = tf.tanh(tf.matmul(inputs, Wh) + tf.matmul(f * prev, Uh))\n"
        "    out = (tf.subtract(1, f)) * prev + f * g\n    return out, [out]\n```"
    )
    assert [(f.family, f.misprints) for f in sg.read(code)] == [("mgu", ())]


def test_layers_without_an_owner() -> None:
    code = (
        "```python\nWz = nn.Linear(d, n); Uz = nn.Linear(n, n, bias=False)\n"
        "lin_h = nn.Linear(d, n)\ndef step(x, h, fc_n):\n    z = torch.sigmoid(Wz(x) + Uz(h))\n"
        "    n = torch.tanh(lin_h(x) + fc_n(h))\n    return z * h + (1 - z) * n\n```"
    )
    (found,) = sg.read(code).cells
    assert (found.family, found.misprints) == ("ugrnn", ())
    assert found.text[0] == "z[t] = sigmoid(Wz @ x[t] + b_Wz + Uz @ h[t-1])"


def test_an_average_and_its_weight_in_a_formula() -> None:
    text = (
        r"$a_t = e^{-w} a_{t-1} + e^{k_t} v_t$, $b_t = e^{-w} b_{t-1} + e^{k_t}$, "
        r"$y_t = \frac{a_{t-1} + e^{u+k_t} v_t}{b_{t-1} + e^{u+k_t}}$"
    )
    assert [(f.family, f.misprints) for f in sg.read(text)] == [("rwkv", ())]


@pytest.mark.parametrize(
    "text",
    [
        "h = __import__('os').system('exit 1') * h + z",
        "h = (lambda: 1 / 0)() * h",
        "h = " + "(" * 300 + "h * z" + ")" * 300,
        "h = h * 1if h else 2",
        "h = " + "h * " * 5000 + "z",
        "i, f = gates.chunk()\nh = split() * h @ W",
        "h = z[t] * h[",
        "def f(x):\n    h = W.t() @ x.t(1) + nn.Dense()(h)\n    return ()",
    ],
)
def test_nothing_is_run_and_nothing_breaks(text: str) -> None:
    assert not [m for cell in read_text(f"```python\n{text}\n```") for m in cell.misprints]
