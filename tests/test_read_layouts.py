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
    ],
)
def test_forms_of_writing(text: str, lines: tuple[str, ...]) -> None:
    found = only(text)
    assert [line.text for line in found.lines] == list(lines)
    assert found.misprints == ()


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
    ],
)
def test_slips_of_indices(text: str, kind: str, mended: str) -> None:
    found = only(text)
    assert {m.kind for m in found.misprints} == {kind}
    assert found.misprints[0].meant == mended
