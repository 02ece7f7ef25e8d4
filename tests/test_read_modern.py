"""Cells with matrices and numbers of the step are read as what they are."""

from __future__ import annotations

import pytest

import symgate as sg
from symgate.cells import entries
from symgate.reading.memories import turned
from symgate.reading.reader import read_text
from symgate.writing.derivation import derive
from tests.chosen import PLAIN

MODERN = [name for name in entries() if name not in PLAIN]


@pytest.mark.parametrize("name", MODERN)
def test_every_modern_cell_reads_back(name: str) -> None:
    page = derive(sg.cell(name), "symgate", sections=["cell"]).markdown()
    (reading,) = read_text(page, "page.md")
    assert reading.misprints == ()
    assert reading.zoo is not None
    assert reading.zoo.name == name
    assert reading.cell is not None
    assert sg.compare(sg.cell(name), reading.cell).verdict in ("identical", "equal")


PRINTED = {
    r"S_t = S_{t-1} + v_t k_t^\top, \quad o_t = S_t q_t": "linear_attention",
    r"\mathbf{S}_t = \mathbf{S}_{t-1} + \mathbf{k}_t^\top \mathbf{v}_t, \quad "
    r"\mathbf{o}_t = \mathbf{q}_t \mathbf{S}_t": "linear_attention",
    r"S_t = \gamma S_{t-1} + k_t^\top v_t": "linear_attention",
    r"S_t = S_{t-1}\operatorname{Diag}(\alpha_t) + v_t k_t^\top": "linear_attention",
    r"W_t = W_{t-1}(I-\beta_t k_t k_t^\top)+\beta_t v_t k_t^\top": "delta_rule",
    r"S_t = S_{t-1} + \beta_t (v_t - S_{t-1} k_t) k_t^\top": "delta_rule",
    r"S_t = (I - \beta_t k_t k_t^\top) S_{t-1} + \beta_t k_t v_t^\top": "delta_rule",
    r"S_t = \alpha_t S_{t-1}(I - \beta_t k_t k_t^\top) + \beta_t v_t k_t^\top": "delta_rule",
    r"S_t = S_{t-1}(\mathrm{diag}(w_t) - \kappa_t (a_t \odot \kappa_t)^\top) "
    r"+ v_t k_t^\top": "rwkv7",
    r"S_t = \alpha_t S_{t-1} + v_t k_t^\top": "linear_attention",
    r"C_t = f_t C_{t-1} + i_t v_t k_t^\top, \quad n_t = f_t n_{t-1} + i_t k_t, \quad "
    r"h_t = o_t \odot \frac{C_t q_t}{\max\{|n_t^\top q_t|, 1\}}": "mlstm",
    r"S_t = f_t S_{t-1} + i_t v_t \otimes k_t": "linear_attention",
    r"\Delta_t = \mathrm{softplus}(W x_t + b), \quad B_t = V x_t, \quad "
    r"h_t = \exp(\Delta_t A) h_{t-1} + \Delta_t B_t x_t": "ssm",
    r"h_t = \bar{A} h_{t-1} + \bar{B} x_t, \quad y_t = C h_t": "ssm",
}


@pytest.mark.parametrize(("latex", "family"), PRINTED.items())
def test_printed_memories_have_their_families(latex: str, family: str) -> None:
    (reading,) = read_text(f"$$ {latex} $$", "a.md")
    assert reading.family == family
    assert reading.misprints == ()
    assert reading.cell is not None


@pytest.mark.parametrize(
    ("update", "kind", "printed"),
    [
        (r"\mathrm{diag}(a_t) S_t + k_t v_t^\top", "wrong_time_index", "S_t"),
        (r"S_t + v_t k_t^\top", "wrong_time_index", "S_t"),
        (r"S_{t-1} (I - b_t k_t^\top k_t) + v_t k_t^\top", "shape_mismatch", r"b_t k_t^\top k_t"),
        (r"S_{t-1} (I - b_t k_t k_t) + v_t k_t^\top", "shape_mismatch", "b_t k_t k_t"),
        (r"S_{t-1} (I - k_t k_t^\top) + v_t^\top k_t", "shape_mismatch", r"v_t^\top k_t"),
    ],
)
def test_a_memory_that_cannot_be_meant_is_told(update: str, kind: str, printed: str) -> None:
    (reading,) = read_text(rf"$$S_t = {update}$$ $$o_t = S_t q_t$$", "a.md")
    assert [(m.kind, m.printed) for m in reading.misprints] == [(kind, printed)]
    assert reading.cell is None


def test_a_memory_is_turned_over() -> None:
    (line,) = turned(["S[t] = diag(a[t]) @ S[t-1] + outer(k[t], v[t])"], "S")
    assert line == "S[t] = S[t - 1] @ diag(a[t]) + outer(v[t], k[t])"


def test_an_output_layer_changes_nothing() -> None:
    text = r"""$$ z_t = \sigma(W_z x_t + U_z h_{t-1}) $$
    $$ g_t = \tanh(W x_t + U h_{t-1}) $$
    $$ h_t = z_t \odot h_{t-1} + (1 - z_t) \odot g_t $$
    $$ y_t = \mathrm{softmax}(V h_t + b) $$"""
    (reading,) = read_text(text, "a.md")
    assert (reading.family, reading.misprints) == ("ugrnn", ())


@pytest.mark.parametrize(
    ("norm", "name"), [("LN", "layer-norm-lstm"), ("clip", "lstm"), ("GroupNorm", "lstm")]
)
def test_nothing_is_proved_equal_that_a_norm_was_left_out_of(norm: str, name: str) -> None:
    (found,) = sg.read(
        r"$$\begin{pmatrix} f_t \\ i_t \\ o_t \\ g_t \end{pmatrix} = W_h h_{t-1} + W_x x_t + b$$"
        r"$$c_t = \sigma(f_t) \odot c_{t-1} + \sigma(i_t) \odot \tanh(g_t)$$"
        rf"$$h_t = \sigma(o_t) \odot \tanh(\mathrm{{{norm}}}(c_t))$$"
    )
    assert found.zoo is not None
    assert (found.family, found.zoo.name, found.zoo.verdict) == ("lstm", name, "near")
    assert ("layer_norm(c[t])" in str(found.cell)) == (norm == "LN")
    assert bool(found.notes) == (norm != "LN")


@pytest.mark.parametrize(
    ("said", "formulas", "line"),
    [
        (
            r"$\phi(x) = \mathrm{elu}(x) + 1$",
            r"$$S_t = S_{t-1} + \phi(k_t) v_t^\top$$",
            "S[t] = S[t-1] + outer(elu(k[t]) + 1, v[t])",
        ),
        (
            r"$\sigma$ is the ReLU",
            r"$$h_t = \sigma(W x_t + u \odot h_{t-1} + b)$$",
            "h[t] = relu(W @ x[t] + u * h[t-1] + b)",
        ),
        (
            r"$a = \sigma(\Lambda)$",
            r"$$r_t = \sigma(W x_t), \quad a_t = a^{c r_t}$$ $$h_t = a_t \odot h_{t-1} + x_t$$",
            "a[t] = exp(c * r[t] * log(sigmoid(Lambda)))",
        ),
        (
            r"$f(x) = \sigma(x) - e^{-x}$",
            r"$$f_t = \sigma(W x_t)$$ $$h_t = f_t (h_{t-1} + f(V x_t))$$",
            "h[t] = f[t] * (h[t-1] + (sigmoid(V @ x[t]) - exp(-V @ x[t])))",
        ),
        (
            r"$\sigma(x) = \frac{1}{1 + e^{-x}}$",
            r"$$f_t = \sigma(W x_t)$$ $$h_t = (1 - f_t)^\alpha \odot h_{t-1} + x_t$$",
            "h[t] = exp(alpha * log(1 - f[t])) * h[t-1] + x[t]",
        ),
        (
            "",
            r"$$r_t = \sigma(W x_t)$$ $$h_t = \lambda^{r_t} \odot h_{t-1} + x_t$$",
            "h[t] = exp(r[t] * log(lamda)) * h[t-1] + x[t]",
        ),
    ],
)
def test_what_a_document_defines_stands_where_it_is_used(
    said: str, formulas: str, line: str
) -> None:
    for note in (f"{formulas} where {said}.", f"Let {said}. Then\n{formulas}"):
        (reading,) = read_text(note, "a.md")
        assert line in reading.text
        assert reading.misprints == ()


@pytest.mark.parametrize(
    ("latex", "family", "name"),
    [
        (r"f_t = \sigma(W x_t), h_t = f_t h_{t-1} + (1 - f_t) \tanh(V x_t)", "qrnn", "qrnn"),
        (r"h_t = \tanh(W x_t + U y_{t-1} + b), y_t = \tanh(V h_t + d)", "rnn", "jordan-rnn"),
        (
            r"h_t = h_{t-1} + \frac{\Delta t}{\tau} (-h_{t-1} + U \tanh(h_{t-1}) + W x_t)",
            "rnn",
            "rate-rnn",
        ),
        (r"h_t = \lambda \odot h_{t-1} + B x_t", "rnn", "lru"),
        (r"S_t = \gamma S_{t-1} + k_t^\top v_t", "linear_attention", "retnet"),
    ],
)
def test_the_nearest_cell_is_the_one_that_is_written_most_alike(
    latex: str, family: str, name: str
) -> None:
    (reading,) = read_text("\n".join(f"$${line}$$" for line in latex.split(", ")), "a.md")
    assert reading.zoo is not None
    assert (reading.family, reading.zoo.name, reading.zoo.verdict) == (family, name, "near")
