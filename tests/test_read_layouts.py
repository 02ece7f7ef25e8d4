"""Unusual forms of writing: packages, comments, generators of pages, forms of the time."""

from __future__ import annotations

import pytest

from symgate.reading.reader import read_text
from symgate.reading.reading import Reading

LIGHT = (
    "z[t] = sigmoid(W @ x[t] + U @ h[t-1])",
    "n[t] = tanh(V @ x[t])",
    "h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]",
)
RNN = ("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)",)


def only(text: str) -> Reading:
    """The one cell of a text."""
    (found,) = read_text(text, "note.md").cells
    return found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            r"$$h_t = \tanh\qty(\vb{W} x_t + \vb*{U} h_{t-1} + b)$$", RNN, id="physics, qty"
        ),
        pytest.param(r"$$h_t = \tanh\pqty{W x_t + U h_{t-1} + b}$$", RNN, id="physics, pqty"),
        pytest.param(
            r"$$h_t = \tanh\bqty{W x_t + U h_{t-1} + b}$$", RNN, id="physics, square brackets"
        ),
        pytest.param(
            r"$$\eqalign{h_t &= \tanh\mleft(W x_t \cr &{}+ U h_{t-1} {+}\: b\mright) \cr}$$",
            RNN,
            id="plain TeX",
        ),
        pytest.param(
            r"$$\mathit{h_t} = \tanh(\mathit{W_x} \mathrm{x_t} + \mathbf{U_h} h_{t-1} + b)$$",
            ("h[t] = tanh(W_x @ x[t] + U_h @ h[t-1] + b)",),
            id="a font around a name and its index",
        ),
        pytest.param(
            "h(t) = tanh(W(x,h) x(t) + W(h, h)h(t-1) + b(h))\n",
            ("h[t] = tanh(W_x_h @ x[t] + W_h_h @ h[t-1] + b_h)",),
            id="indices in brackets",
        ),
        pytest.param(
            "<p>h<sub>t</sub> = \\(\\\\tanh\\)(W x<sub>t</sub> + U h<sub>t-1</sub> + b)</p>\n",
            RNN,
            id="a sign in mathematics among marks of HTML",
        ),
        pytest.param(
            "# $$\n# z_t = \\sigma(W x_t\n#    + U h_{t-1}), \\\\\n#\n# n_t = \\tanh(V x_t), \\\\\n"
            "# h_t = z_t \\odot h_{t-1}\n#     + (1 - z_t) \\odot n_t\n# $$\n",
            LIGHT,
            id="a formula in a comment",
        ),
        *(
            pytest.param(
                f"{mark} z_t = σ(W x_t{end}\n{mark}       + U h_{{t-1}})  # the gate\n"
                f"{mark} n_t = tanh(V x_t)\n"
                f"{mark} h_t = z_t ⊙ h_{{t-1}}{end}\n{mark}     + (1 - z_t) ⊙ n_t\n\nThe end.\n",
                LIGHT,
                id=f"lines of a comment that go on, {mark}{end}",
            )
            for mark, end in (
                ("", ""),
                (";;", ""),
                (" *", ""),
                ("--", ""),
                ("%", " ..."),
                (">", " \\"),
            )
        ),
        pytest.param(
            "z(t) = sigmoid(W x(t) + U h(t-1))\n\nn(t) = tanh(V x(t))\n\n"
            "h(t) = z(t) * h(t-1) +\n\n       (1 - z(t)) * n(t)\n",
            LIGHT,
            id="a sum that goes on behind a blank line",
        ),
        pytest.param(
            "<!--\\\\\nz(t) = \\sigma(W x(t) + U h(t-1))\\\\\nn(t) = \\tanh(V x(t))\\\\\n"
            "h(t) = z(t) \\times h(t-1) \\\\\n + (1 - z(t)) \\times n(t)-->\n",
            LIGHT,
            id="a comment of HTML",
        ),
        pytest.param(
            "// h(t)=tanh(W·x(t) + U·h(t-1) + b)    h(t-1) -> ho,   h(t) -> h\n",
            RNN,
            id="what variables are called behind a gap",
        ),
        pytest.param(
            "│ h_t = tanh(W·x_t + U·h_{t-1} + b)   (new)  │\n", RNN, id="a frame of lines"
        ),
        pytest.param(
            r"$z_t = \sigma(Wx_t + Bais)$, $n_t = \tanh(Vx_t + Bais)$, "
            r"$h_t=z_th_{t-1}+(1-z_t)n_t$",
            (
                "z[t] = sigmoid(W @ x[t] + Bais)",
                "n[t] = tanh(V @ x[t] + Bais)",
                "h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]",
            ),
            id="a word, and letters against an index",
        ),
        *(
            pytest.param(
                f"$z^{{<{now}>}} = \\sigma(W x^{{<{now}>}} + U h^{{<{last}>}})$ "
                f"$n^{{<{now}>}} = \\tanh(V x^{{<{now}>}})$ "
                f"$h^{{<{now}>}} = z^{{<{now}>}} h^{{<{last}>}} "
                f"+ (1 - z^{{<{now}>}}) n^{{<{now}>}}$",
                LIGHT,
                id=f"times {last} and {now}",
            )
            for last, now in (("t_0", "t_1"), ("t_{k-1}", "t_k"), ("t_n", "t_{n+1}"))
        ),
        pytest.param(
            "$h(t_k) = \\tanh(W x(t_k) + U h(t_{k-1}) + b)$", RNN, id="times t_k in brackets"
        ),
        pytest.param(
            r"$h_{t_1} = \tanh(W x_{t_1} + U h_{t_0} + b)$", RNN, id="times t_0 and t_1 below"
        ),
        pytest.param(
            "```\n     _       _ \nhₜ = Ahₜ₋₁ + Bxₜ\nyₜ = Chₜ+ Dxₜ\n```\n",
            ("h[t] = A @ h[t-1] + B @ x[t]",),
            id="matrices against their vectors in plain text",
        ),
        pytest.param(
            r"$i_t = \sigma(W_i x_t + U_i h_{t-1}), f_t = \sigma(w_f x_t + U_f h_{t-1}), "
            r"g_t = \tanh(W_g x_t + U_g h_{t-1}), h_t = f_t h_{t-1} + i_t g_t$",
            (
                "i[t] = sigmoid(W_i @ x[t] + U_i @ h[t-1])",
                "f[t] = sigmoid(w_f @ x[t] + U_f @ h[t-1])",
                "g[t] = tanh(W_g @ x[t] + U_g @ h[t-1])",
                "h[t] = f[t] * h[t-1] + i[t] * g[t]",
            ),
            id="a matrix with a small letter among others",
        ),
        pytest.param(
            "$ z_t &= sigma(W x_t + U h_(t-1)) \\\n n_t &= tanh(bold(V) x_t) \\\n"
            " h_t &= z_t dot.o h_(t-1) + (1 - z_t) dot.o n_t $\n",
            LIGHT,
            id="Typst",
        ),
        pytest.param(
            "\\startformula \\startalign\n\\NC z_t \\NC = \\sigma(W x_t + U h_{t-1}) \\NR\n"
            "\\NC n_t \\NC = \\tanh(V x_t) \\NR\n"
            "\\NC h_t \\NC = z_t \\odot h_{t-1} + (1 - z_t) \\odot n_t \\NR\n"
            "\\stopalign \\stopformula\n",
            LIGHT,
            id="ConTeXt",
        ),
        pytest.param(
            "```julia\n# zₜ = σ.(W * xₜ .+ U * hₜ₋₁)\n# nₜ = tanh.(V * xₜ)\n"
            "# hₜ = zₜ .* hₜ₋₁ .+ (1 .- zₜ) .* nₜ\n```\n",
            LIGHT,
            id="functions by components in Julia",
        ),
        pytest.param(
            "z_t=σ(W x_t+U h_(t-1) )\nn ̃_t=tanh\u2061(V x_t )\nh_t=z_t⊙h_(t-1)+(1-z_t)⊙n ̃_t\n",
            tuple(line.replace("n[t]", "n_tilde[t]") for line in LIGHT),
            id="the linear form of a word processor",
        ),
        pytest.param(
            "`z_t = sigma(W x_t + U h_(t-1))`\n`n_t = tanh(V x_t)`\n"
            "`h_t = z_t o. h_(t-1) + (1 - z_t) o. n_t`\n",
            LIGHT,
            id="AsciiMath",
        ),
        pytest.param(
            "z\tz_t = σ(W x_t + U h_{t-1})\tn\nn\tn_t = tanh(V x_t)\tn\n"
            "h\th_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t\tn\n",
            LIGHT,
            id="a table with tabs",
        ),
        pytest.param("A1: h(t) =TANH( W*x(t) + U*h(t-1) + b )\n", RNN, id="a cell of a sheet"),
        pytest.param(
            r"$$h(t) = \tanh\bigl(W x(t) + U h(t - \Delta t) + b\bigr) \eqno(4)$$",
            RNN,
            id="a step of the time, and a number in plain TeX",
        ),
        pytest.param(
            r"\[\onslide<1->{h_t = \tanh(\underbrace{W x_t}_{\text{input}} + {}} \\"
            r"\only<2->{{}+ \overbrace{U h_{t-1}}^{\text{state}} + b)} \text{, where } b \in R\]",
            RNN,
            id="slides, braces with labels, and a sign on both lines",
        ),
        pytest.param(
            "(**\n * $$ z_t = \\sigma(W x_t + U h_{t-1}) $$\n * $$ n_t = \\tanh(V x_t) $$\n"
            " * $$ h_t = z_t \\odot h_{t-1}\n *    + (1 - z_t) \\odot n_t $$\n *)\n",
            LIGHT,
            id="stars before the lines of a formula",
        ),
        pytest.param(
            r"$f_t = \sigma(W_f [h_{t-1}, x_t] + b_f)$, $n_t = \tanh(W_n[\cdot] + b_n)$, "
            r"$h_t = f_t h_{t-1} + (1 - f_t) n_t$",
            (
                "f[t] = sigmoid(W_f @ [h[t-1], x[t]] + b_f)",
                "n[t] = tanh(W_n @ [h[t-1], x[t]] + b_n)",
                "h[t] = f[t] * h[t-1] + (1 - f[t]) * n[t]",
            ),
            id="a dot for what the bracket before it holds",
        ),
        pytest.param(
            r"$z = \sigma(W x + U h^{-})$, $n = \tanh(V x)$, $h^+ = z h^- + (1 - z) n$",
            tuple(line.replace("z[t]", "z").replace("n[t]", "n") for line in LIGHT),
            id="a minus and a plus for the last and the new state",
        ),
        pytest.param(
            "zt = σ(W xt + U ht−1) (1)\nnt = tanh(V xt) (2)\nht = zt ⊙ ht−1 + (1 − zt) ⊙ nt (3)\n",
            LIGHT,
            id="numbers of equations in plain text",
        ),
        pytest.param(
            "It is ( z_t = \\sigma(W x_t + U h_{t-1}) ), and ( n_t = \\tanh(V x_t) ).\n\n"
            "[\nh_t = z_t \\odot h_{t-1} + (1 - z_t) \\odot n_t\n]\n",
            LIGHT,
            id="brackets that have lost their backslashes",
        ),
        pytest.param(
            "更新：z_t＝σ（W x_t＋U h_{t−1}），候选：n_t＝tanh（V x_t），"
            "状态：h_t＝z_t⊙h_{t−1}＋（1−z_t）⊙n_t。\n",
            LIGHT,
            id="signs as wide as Chinese letters",
        ),
        pytest.param(
            "**z_t** = σ(**W** **x_t** + **U** **h_{t-1}**)\n\n*n_t* = tanh(*V* *x_t*)\n\n"
            "**h_t** = **z_t** ⊙ **h_{t-1}** + (1 − **z_t**) ⊙ **n_t**\n",
            LIGHT,
            id="names in bold and slanted letters",
        ),
        pytest.param(
            '<img src="https://www.zhihu.com/equation?tex=h_t%20%3D%20%5Ctanh%28W%20x_t%20%2B%20'
            'U%20h_%7Bt-1%7D%20%2B%20b%29" alt="x" eeimg="1">\n',
            RNN,
            id="an address with tex=",
        ),
        pytest.param(
            r"a card;[$$]h_t = \tanh(W x_t + U h_{t-1} + b)[/$$];3", RNN, id="a card to learn"
        ),
    ],
)
def test_forms_of_writing(text: str, lines: tuple[str, ...]) -> None:
    found = only(text)
    assert [line.text for line in found.lines] == list(lines)
    assert {m.kind for m in found.misprints} <= {"case_mismatch"}  # w_f beside W_i


@pytest.mark.parametrize(
    ("text", "kind", "mended"),
    [
        (r"$h_t = \tanh(W_hx x_t + W_hh h_{t-1})$", "missing_braces", "{hx} x_t + W_{hh}"),
        (
            r"$h^{\~t} = \tanh(W x^t + U h^{t-1})$, $h^t = z^t h^{t-1} + (1 - z^t) h^{\~t}$, "
            r"$z^t = \sigma(V x^t + R h^{t-1})$",
            "misplaced_accent",
            r"\tilde{h}^{t}",
        ),
        (
            r"the new one is $n_t = \tanh(V x_t), $h_t = z_t h_{t-1} + (1 - z_t) n_t$ with "
            r"$z_t = \sigma(W x_t + U h_{t-1})$",
            "unbalanced_delimiter",
            r"n_t = \tanh(V x_t)$",
        ),
    ],
)
def test_slips_of_indices(text: str, kind: str, mended: str) -> None:
    found = only(text)
    assert {m.kind for m in found.misprints} == {kind}
    assert found.misprints[0].meant == mended


def test_a_value_of_the_step_may_be_called_old() -> None:
    found = only(
        "```text\nv_old = S_{t-1} k_t\n```\n```text\ndelta_t = v_t - v_old\n```\n"
        "```text\nS_t = S_{t-1}\n    + beta_t * delta_t * k_t^T\n```\n"
    )
    assert (found.family, found.misprints) == ("delta_rule", ())
    assert found.lines[0].text == "v_old = S[t-1] @ k[t]"


def test_a_list_below_an_equation_is_none_of_it() -> None:
    found = only("h_t = tanh(W x_t + U h_{t-1} + b)\n  - x_t: in\n  - the state h_t\n")
    assert ([line.text for line in found.lines], found.misprints) == (list(RNN), ())
