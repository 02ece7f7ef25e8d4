"""Unusual forms of writing: packages, comments, generators of pages, forms of the time."""

from __future__ import annotations

import pytest

from symgate.reading.reader import read_text
from symgate.reading.reading import Reading

GRU = (
    "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)",
    "r[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1] + b_r)",
    "n[t] = tanh(W_n @ x[t] + U_n @ (r[t] * h[t-1]) + b_n)",
    "h[t] = (1 - z[t]) * h[t-1] + z[t] * n[t]",
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
