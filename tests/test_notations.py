"""Each notation as people write it; what it does not know falls back and says so."""

from __future__ import annotations

import pytest

import symgate as sg
from symgate.algebra.vectors import variable
from symgate.writing.latex import equations
from symgate.writing.naming import Naming, role_of
from symgate.writing.notation import names, notation


def lines(cell: str, style: str) -> list[str]:
    body = equations(sg.cell(cell), style)
    return [line.removesuffix(r" \\").replace("&", "") for line in body.splitlines()]


LSTM = {
    "symgate": [r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
                r"c_t = f_t \odot c_{t-1} + i_t \odot g_t", r"h_t = o_t \odot \tanh(c_t)"],
    "cho": [r"f_t = \sigma(W^{(f)} x_t + U^{(f)} h_{t-1} + b^{(f)})",
            r"{c'}_t = \tanh(W^{(c)} x_t + U^{(c)} h_{t-1} + b^{(c)})"],
    "chung": [r"\tilde{c}_t = \tanh(W_c x_t + U_c h_{t-1} + b_c)"],
    "pytorch": [r"f_t = \sigma(W_{if} x_t + W_{hf} h_{t-1} + b_{if})",
                r"g_t = \tanh(W_{ig} x_t + W_{hg} h_{t-1} + b_{ig})"],
    "keras": [r"f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)",
              r"\hat{c}_t = \tanh(x_t W_c + h_{t-1} U_c + b_c)"],
    "ng": [r"\Gamma_f^{\langle t \rangle} = \sigma(W_f [a^{\langle t-1 \rangle}, "
           r"x^{\langle t \rangle}] + b_f)",
           r"c^{\langle t \rangle} = \Gamma_f^{\langle t \rangle} \odot c^{\langle t-1 \rangle} "
           r"+ \Gamma_u^{\langle t \rangle} \odot \tilde{c}^{\langle t \rangle}",
           r"a^{\langle t \rangle} = \Gamma_o^{\langle t \rangle} \odot "
           r"\tanh(c^{\langle t \rangle})"],
    "colah": [r"f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f)",
              r"\tilde{C}_t = \tanh(W_C \cdot [h_{t-1}, x_t] + b_C)",
              r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t"],
    "lecture": [r"i_t = \sigma(W_i [h_{t-1}, x_t] + b_i)"],
    "row": [r"F_t = \sigma(X_t W_f + H_{t-1} U_f + b_f)",
            r"C_t = F_t \odot C_{t-1} + I_t \odot \tilde{C}_t"],
}  # fmt: skip
GRU = {
    "cho": [r"z_t = \sigma(W^{(z)} x_t + U^{(z)} h_{t-1} + b^{(z)})",
            r"{h'}_t = \tanh(W x_t + U (r_t \odot h_{t-1}) + b)"],
    "chung": [r"\tilde{h}_t = \tanh(W x_t + U (r_t \odot h_{t-1}) + b)"],
    "pytorch": [r"z_t = \sigma(W_{iz} x_t + W_{hz} h_{t-1} + b_{iz})"],
    "ng": [r"\tilde{c}^{\langle t \rangle} = \tanh(W_c [\Gamma_r^{\langle t \rangle} \odot "
           r"c^{\langle t-1 \rangle}, x^{\langle t \rangle}] + b_c)"],
    "colah": [r"\tilde{h}_t = \tanh(W \cdot [r_t \odot h_{t-1}, x_t] + b)"],
    "row": [r"\tilde{H}_t = \tanh(X_t W_h + (R_t \odot H_{t-1}) U_h + b_h)"],
}  # fmt: skip


@pytest.mark.parametrize("style", LSTM)
def test_the_lstm_as_people_write_it(style: str) -> None:
    for line in LSTM[style]:
        assert line in lines("lstm", style)


@pytest.mark.parametrize("style", GRU)
def test_the_gru_as_people_write_it(style: str) -> None:
    for line in GRU[style]:
        assert line in lines("gru", style)


def test_the_notations_that_there_are() -> None:
    assert sg.notations == names()
    assert sg.notations[0] == "symgate"
    assert set(sg.notations) == set(LSTM)
    for name in sg.notations:
        assert notation(name).title


def test_blocks_of_a_concatenated_matrix() -> None:
    text = sg.derive(sg.cell("lstm"), "ng", sections=["cell", "step"]).text()
    assert "W_f = [W_{fa}, W_{fx}]" in text
    assert "diag(c⟨t-1⟩ ⊙ Γ_f⟨t⟩ ⊙ (1 - Γ_f⟨t⟩)) W_{fa}" in text


def test_concatenated_cells_name_their_blocks() -> None:
    cell = sg.cell("lstm-concat")
    block = sg.jacobian(cell, "f", "h")
    assert sg.latex(block, "ng", cell=cell).endswith("W_{fa}")
    assert sg.latex(block, "pytorch", cell=cell).endswith("W_{hf}")
    assert sg.latex(block, "cho", cell=cell).endswith("W_h^{(f)}")
    assert sg.latex(block, cell=cell).endswith("W_{f,h}")


def test_gates_are_stacked_in_lectures() -> None:
    latex = sg.derive(sg.cell("lstm"), "lecture", sections=["cell"]).latex()
    assert (r"\begin{bmatrix} i_t \\ f_t \\ o_t \\ g_t \end{bmatrix} = \begin{bmatrix} \sigma \\ "
            r"\sigma \\ \sigma \\ \tanh \end{bmatrix} \left(W \begin{bmatrix} h_{t-1} \\ x_t "
            r"\end{bmatrix} + b\right)") in latex  # fmt: skip
    assert r"W = \begin{bmatrix} W_{ih} & W_{ix} \\ W_{fh} & W_{fx}" in latex


def test_rows_turn_the_matrices() -> None:
    gru = sg.cell("gru")
    assert sg.latex(sg.jacobian(gru, of="z"), "row", cell=gru).endswith(r"U_z^{\mathsf{T}}")
    gradient = sg.adjoint(gru).gradients["U_z"]  # by U_z itself, which rows write U_zᵀ
    assert sg.latex(gradient, "row", cell=gru) == r"\delta_{a_z,t}^{\mathsf{T}} \, H_{t-1}"
    assert (
        r"\frac{\partial L}{\partial U_z} &= \sum_{t=1}^{T} H_{t-1}^{\mathsf{T}} \, \delta_{a_z,t}"
        in sg.derive(gru, "row").latex()
    )


def test_what_a_notation_does_not_know_is_said() -> None:
    text = " ".join(sg.derive(sg.cell("lem"), "ng", sections=["cell"]).text().split())
    assert "It has no letters for d⟨t⟩, e⟨t⟩, n⟨t⟩, z⟨t⟩ and q⟨t⟩, which" in text
    assert "which keep their own names" in text
    known = sg.derive(sg.cell("lstm"), "ng", sections=["cell"]).text()
    assert "keep their own" not in known
    assert "keep their own" not in sg.derive(sg.cell("lem"), sections=["cell"]).text()


def test_a_cell_without_roles_gets_letters_by_convention() -> None:
    cell = sg.Cell.from_text(
        "f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1])\nq[t] = tanh(W_q @ x[t] + U_q @ h[t-1])\n"
        "h[t] = f[t] * h[t-1] + (1 - f[t]) * q[t]"
    )
    naming = Naming(cell, notation("ng"))
    assert naming.glyph("f").base == "Gamma"
    assert naming.glyph("q").base == "q"
    assert naming.fallen_back == ("q",)


@pytest.mark.parametrize("style", names())
@pytest.mark.parametrize("name", sg.zoo)
def test_no_two_names_look_alike(name: str, style: str) -> None:
    cell = sg.cell(name)
    naming = Naming(cell, notation(style))
    every = [*sg.linearise(cell).nodes, *cell.inputs, *cell.parameters]
    looks = [naming.glyph(n).flat for n in every]
    looks += [glyph.flat for glyph in naming.concatenated.values()]
    assert len(set(looks)) == len(looks)


def test_names_that_would_look_alike_are_written_as_typed() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + a_b * x[t] + a__b + lamda_ * lam_)")
    naming = Naming(cell, notation("symgate"))
    looks = [naming.glyph(n).flat for n in cell.parameters]
    assert len(set(looks)) == len(looks)
    assert r"\mathtt{" in equations(cell)


@pytest.mark.parametrize(("style", "expected"), [
    ("symgate", "U_z"), ("cho", "U^{(z)}"), ("pytorch", "W_{hz}"), ("row", r"U_z^{\mathsf{T}}"),
    ("ng", "W_{ua}"),
])  # fmt: skip
def test_without_a_cell_the_spelling_decides(style: str, expected: str) -> None:
    assert sg.latex(sg.jacobian(sg.cell("gru"), of="z"), style).endswith(expected)


@pytest.mark.parametrize(("style", "expected"), [
    ("symgate", r"\mathbf{h}_t"), ("row", r"\mathbf{H}_t"),
])  # fmt: skip
def test_bold_vectors(style: str, expected: str) -> None:
    gru = sg.cell("gru")
    assert sg.latex(variable("h"), style, cell=gru, bold=True) == expected
    assert "U_z" in sg.latex(sg.jacobian(gru, of="z"), cell=gru, bold=True)
    assert r"\boldsymbol{\Gamma}_f" in sg.latex(
        variable("f"), "ng", cell=sg.cell("lstm"), bold=True
    )


def test_circles_by_choice() -> None:
    gru = sg.cell("gru")
    shown = sg.latex(gru.equations["h"], cell=gru, hadamard="circ")
    assert shown == r"z_t \circ h_{t-1} + (1 - z_t) \circ n_t"


def test_an_unknown_notation_offers_the_nearest() -> None:
    with pytest.raises(sg.UnknownName, match="did you mean 'pytorch'"):
        sg.latex(variable("h"), "pytroch")


def test_a_hard_gate_is_called_as_a_soft_one() -> None:
    for gate in ("sigmoid", "hard_sigmoid"):
        cell = sg.Cell.from_text(
            f"z[t] = {gate}(W @ x[t] + U @ h[t-1])\n"
            "h[t] = z[t] * h[t-1] + (1 - z[t]) * tanh(V @ x[t])"
        )
        assert role_of(cell, "z") == "update gate"
