"""The derivation as a structure: sections, steps, terms, words; any cell gets all of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

import symgate as sg
from symgate.writing.document import Derivations
from symgate.writing.sections import NAMES
from tests.chosen import CELLS

MINE = """
    f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1] + b_f)
    g[t] = tanh(W_g @ x[t] + U_g @ h[t-1] + b_g)
    h[t] = f[t] * h[t-1] + (1 - f[t]) * g[t]
"""


def mine(text: str = MINE, **choices: Any) -> sg.Cell:
    return sg.Cell.from_text(text, name="mine", **choices)


@pytest.mark.parametrize("name", [*CELLS, "mine"])
def test_every_cell_gets_every_section(name: str) -> None:
    derivation = sg.derive(mine() if name == "mine" else sg.cell(name))
    assert tuple(section.name for section in derivation.sections) == NAMES
    for section in derivation.sections:
        assert section.title
        assert section.steps
        for step in section.steps:
            assert step.heading
            assert step.reason or step.formulas, step.heading
    assert derivation.holds


@pytest.mark.parametrize("name", CELLS)
def test_every_term_of_the_linearisation_is_shown(name: str) -> None:
    cell = sg.cell(name)
    shown = set(sg.derive(cell).terms)
    missing = {t for node in sg.linearise(cell) for t in node.terms} - shown
    assert not missing


def section_text(cell: sg.Cell, *sections: str, **choices: Any) -> str:
    return sg.derive(cell, sections=sections, **choices).text()


def test_the_gru_reads_as_on_the_board() -> None:
    text = section_text(sg.cell("gru"), "step")
    assert "dh_t = diag(z_t) dh_{t-1} + diag(h_{t-1} - n_t) dz_t + diag(1 - z_t) dn_t" in text
    assert "∂h_t/∂h_{t-1} = diag(z_t)   [carry]" in text
    assert "+ diag((h_{t-1} - n_t) ⊙ z_t ⊙ (1 - z_t)) U_z   [update gate]" in text
    assert "+ diag((1 - z_t) ⊙ (1 - n_t²)) U_n diag(r_t)   [candidate]" in text
    assert "diag(h_{t-1} ⊙ r_t ⊙ (1 - r_t)) U_r   [candidate and reset gate]" in text


def test_the_lstm_has_the_paths_that_are_known() -> None:
    """k = o (1 − tanh²c); J_cc, J_ch, J_hc, J_hh of facts/cells.md, gate by gate."""
    text = section_text(sg.cell("lstm"), "step")
    k = "o_t ⊙ (1 - tanh(c_t)²)"
    for line in (
        "∂c_t/∂c_{t-1} = diag(f_t)   [carry]",
        "∂c_t/∂h_{t-1} = diag(c_{t-1} ⊙ f_t ⊙ (1 - f_t)) U_f   [forget gate]",
        "+ diag(g_t ⊙ i_t ⊙ (1 - i_t)) U_i   [input gate]",
        "+ diag(i_t ⊙ (1 - g_t²)) U_g   [candidate]",
        f"∂h_t/∂c_{{t-1}} = diag({k} ⊙ f_t)   [carry]",
        "∂h_t/∂h_{t-1} = diag(tanh(c_t) ⊙ o_t ⊙ (1 - o_t)) U_o   [output gate]",
        f"+ diag({k} ⊙ c_{{t-1}} ⊙ f_t ⊙ (1 - f_t)) U_f   [forget gate]",
        f"+ diag({k} ⊙ g_t ⊙ i_t ⊙ (1 - i_t)) U_i   [input gate]",
        f"+ diag({k} ⊙ i_t ⊙ (1 - g_t²)) U_g   [candidate]",
    ):
        assert line in text, line


def test_the_rnn_vanishes_by_its_singular_value() -> None:
    text = section_text(sg.cell("rnn"), "step", "norms")
    assert "∂h_t/∂h_{t-1} = diag(1 - h_t²) U   [through U]" in text
    assert "‖∂h_t/∂h_{t-k}‖₂ ≤ ‖U‖₂^k" in text
    assert "is the largest singular value, not the largest eigenvalue" in " ".join(text.split())
    assert "1/4 ‖U‖₂" in section_text(sg.cell("rnn-sigmoid"), "norms")


@pytest.mark.parametrize(("name", "section", "sentence"), [
    ("rnn", "partials", "The cell has no gates"),
    ("linear-rnn", "activations", "The cell has no activation"),
    ("rnn", "lags", "There is no carry"),
    ("rnn", "norms", "The cell has no gate with values between 0 and 1"),
    ("rnn", "norms", "There is no carry: at every step a change passes"),
    ("min-gru", "norms", "The bound is exactly 1 whatever the weights"),
    ("gru", "norms", "nor do they rule out that it explodes"),
    ("lstm-1997", "norms", "is the identity: a change passes along it unchanged"),
    ("gru", "norms", "As z_t → 1, a change passes"),
    ("gru-z-takes-new", "norms", "As z_t → 0, this tends to 1: a change"),
    ("min-gru", "partials", "read no previous state"),
    ("lstm", "lags", "is a block of this product, not a product of blocks"),
    ("lmu", "norms", "if its largest eigenvalue is below 1, the gradient must vanish"),
    ("gru", "norms", "‖h_{t-1} - n_t‖_∞ ≤ 2 ‖z_t ⊙ (1 - z_t)‖_∞ ≤ 1/4"),
    ("gru", "norms", "λ = σ(b_z) + μ σ(b_r) (1 - σ(b_z)) μ = 1 / σ(b_r) [where λ = 1]"),
    ("lru", "norms", "No weight matrix remains, and the Jacobian has the eigenvalues ρ"),
    ("sru", "backward", "δ_{h,t} = ∂L_t/∂h_t δ_{r,t} = (c_t - x_t) ⊙ δ_{h,t}"),
    ("slstm", "norms", "alone give no bound for h_t, m_t, c_t and n_t."),
    ("lstm", "cell", "One step takes h_{t-1}, c_{t-1} and the input x_t to h_t and c_t."),
    ("rnn", "norms", "‖U‖₂ < 1 [the gradient vanishes]"),
    ("rnn-sigmoid", "norms", "1/4 ‖U‖₂ < 1 [the gradient vanishes]"),
    ("multiplicative-rnn", "norms", "≤ ∏_{j=0}^{k-1} (‖W_m x_{t-j}‖_∞ ‖U_m‖₂ ‖V‖₂)"),
    ("slstm", "partials", "Partials that are not listed are zero"),
    ("lem", "step", "diag(Δ (n_t - z_{t-1}) ⊙ v_{d,t}"),
    ("gru-reset-after", "step", "+ diag(r_t) U_n dh_{t-1}"),
    ("antisymmetric-rnn", "backward", "δ_{a_n,t} h_{t-1}ᵀ - h_{t-1} δ_{a_n,t}ᵀ"),
])  # fmt: skip
def test_sentences_say_what_holds(name: str, section: str, sentence: str) -> None:
    assert sentence in " ".join(section_text(sg.cell(name), section).split())


@pytest.mark.parametrize(("name", "lag", "closed"), [
    ("gru", 2, "diag(∏_{j=0}^{k-1} z_{t-j})"), ("lstm", 2, "diag(∏_{j=0}^{k-1} f_{t-j})"),
    ("leaky-rnn", 2, "(1 - α)^k I"), ("lstm-1997", 2, "    I"),
    ("lru", 2, "diag(λ^k)"),
])  # fmt: skip
def test_the_carry_in_closed_form(name: str, lag: int, closed: str) -> None:
    text = section_text(sg.cell(name), "lags", lag=lag)
    assert f"{closed}\n" in text


def test_paths_are_counted() -> None:
    assert "One step has 4 paths, so k steps have 4^k: 16" in section_text(sg.cell("gru"), "lags")
    table = section_text(sg.cell("lstm"), "lags")
    assert re.search(r"^\s+6\s+10,009", table, re.MULTILINE)
    assert re.search(r"^\s+2\s+19\s+5\s+15\s+4$", table, re.MULTILINE)


def test_a_lag_is_written_out() -> None:
    text = section_text(sg.cell("lstm"), "lags", lag=3)
    assert "Three steps written out" in text
    assert "∂h_t/∂h_{t-1} ∂h_{t-1}/∂h_{t-2} ∂h_{t-2}/∂h_{t-3}" in text
    assert "[via c_{t-1} and h_{t-2}]" in text
    assert "would be 78125" not in section_text(sg.cell("lstm"), "lags", lag=8)


@pytest.mark.parametrize(("name", "why"), [
    ("cornn", "several weight matrices are left in it"),
    ("slstm", "without input the state 0 does not stay"),
    ("rnn-relu", "the slope of an activation jumps there"), ("unicornn", "they are roots"),
])  # fmt: skip
def test_eigenvalues_without_a_form_say_why(name: str, why: str) -> None:
    text = " ".join(section_text(sg.cell(name), "norms").split())
    assert f"the eigenvalues of the Jacobian there: {why}" in text


def test_two_steps_are_written_out_in_every_block() -> None:
    text = section_text(sg.cell("lstm"), "lags")
    for pair in ("h_t/∂h", "h_t/∂c", "c_t/∂h", "c_t/∂c"):
        assert text.count(f"    ∂{pair}_{{t-2}} = ") == 2
    assert "+ diag(f_t) diag(f_{t-1})\n" in text
    told = " ".join(section_text(sg.cell("slstm"), "lags").split())
    assert "the other blocks follow likewise" in told
    assert "This is the one-step Jacobian above." in section_text(sg.cell("lstm"), "lags", lag=1)


def test_a_cell_without_weights_is_not_told_of_them() -> None:
    text = " ".join(section_text(mine("h[t] = 2 * h[t-1]"), "lags", "norms").split())
    assert "= 4 I " in text
    assert "The bound on ∂h_t/∂h_{t-1} does not depend on the weights, and is at least 1" in text
    assert "Even with all weights zero" not in text


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "lstm-projected", "multiplicative-rnn"])
@pytest.mark.parametrize("form", ["diag", "hadamard"])
def test_no_zero_stands_as_a_summand(name: str, form: str) -> None:
    derivation = sg.derive(sg.cell(name), form=form)
    for step in derivation.steps:
        for line in (line for formula in step.formulas for line in formula.lines):
            assert len(line.parts) == 1 or all(p.expression != 0 for p in line.parts), step.heading
    assert not re.search(r"[+-] 0(?![.\d])|= 0 [+-]", derivation.text())


def test_the_limits_of_a_gate_reach_through_the_other_state() -> None:
    text = section_text(sg.cell("lstm"), "norms")
    assert "lim f_t → 0: ∂h_t/∂c_{t-1} = 0" in text
    assert "Blocks that do not depend on the gate are left out" in text
    assert "lim o_t → 0: ∂c_t" not in text


def test_sizes_are_called_what_they_count() -> None:
    text = " ".join(section_text(sg.cell("lstm-projected"), "cell").split())
    assert "n is the number of units, m is the number of inputs and p is the size of h_t." in text
    text = " ".join(section_text(sg.cell("multiplicative-rnn"), "cell").split())
    assert "n is the number of units, m is the number of inputs and p is the size of m_t." in text


def test_limits_that_change_nothing_are_left_out() -> None:
    text = section_text(sg.cell("lstm"), "norms")
    assert "lim i_t → 0: ∂c_t/∂h_{t-1} = diag(c_{t-1} ⊙ f_t ⊙ (1 - f_t)) U_f\n" in text
    assert "lim i_t → 0: ∂c_t/∂c_{t-1}" not in text
    assert "lim f_t → 1: ∂c_t/∂c_{t-1} = I\n" in text


def test_short_formulas_stand_side_by_side() -> None:
    latex = sg.derive(sg.cell("lstm"), sections=["backward"]).latex()
    row = next(row for row in latex.split(r"\\") if r"\partial U_f" in row)
    assert [row.count(f"partial {p}_f") for p in "WUb"] == [1, 1, 1]
    wide = sg.derive(sg.cell("lstm-peephole"), sections=["partials"]).latex(fragment=True)
    assert r"&\quad" not in wide


def test_row_vectors_turn_the_shapes() -> None:
    shapes = {
        style: section_text(sg.cell("gru"), "cell", notation=style) for style in ("row", "cho")
    }
    assert re.search(r"W_z, W_r and W_h +matrix +m × n", shapes["row"])
    assert re.search(r"W\^\(z\), W\^\(r\) and W +matrix +n × m", shapes["cho"])


def test_the_layout_is_said_and_kept() -> None:
    numerator = section_text(sg.cell("rnn"), "cell", "step")
    transposed = section_text(sg.cell("rnn"), "cell", "step", layout="transposed")
    assert "numerator layout: entry (i, j) of ∂a/∂b is ∂a_i/∂b_j" in " ".join(numerator.split())
    assert "transposed (denominator) layout" in transposed
    assert "∂h_t/∂h_{t-1} = Uᵀ diag(1 - h_t²)" in transposed


def test_the_hadamard_form() -> None:
    text = section_text(sg.cell("gru"), "step", form="hadamard", hadamard="circ")
    assert "dz_t = z_t ∘ (1 - z_t) ∘ da_{z,t}" in text
    assert "+ (h_{t-1} - n_t) ∘ z_t ∘ (1 - z_t) ∘ (U_z w)   [update gate]" in text
    assert "diag" not in text


def test_a_cell_of_one_path_too_many() -> None:
    """Past a number of paths a block is one formula with its sums in parentheses."""
    gates = "\n".join(
        f"a{i}[t] = tanh(U{i} @ {'h[t-1]' if i == 0 else f'a{i - 1}[t]'} + V{i} @ h[t-1])"
        f" * sigmoid(X{i} @ {'h[t-1]' if i == 0 else f'a{i - 1}[t]'} + Y{i} @ h[t-1])"
        for i in range(5)
    )
    derivation = sg.derive(mine(f"{gates}\nh[t] = a4[t] + W @ x[t]"))
    text = derivation.text()
    assert re.search(r"\[all \d+ paths\]", text)
    assert derivation.holds


def test_data_is_json() -> None:
    data = sg.derive(sg.cell("lstm"), "ng").to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["notation"] == "ng"
    step = data["sections"][3]["steps"][1]
    assert step["formulas"]
    assert {"reads", "coefficient", "matrix"} == set(step["terms"][0])


def test_notebooks_show_it() -> None:
    derivation = sg.derive(sg.cell("rnn"))
    assert "<math" in derivation._repr_html_()
    assert "$$" in derivation._repr_markdown_()
    assert repr(derivation).startswith("<Derivation of rnn in symgate")


@pytest.mark.parametrize(("choices", "message"), [
    ({"notation": "rows"}, "did you mean 'row'"), ({"notation": "_conventions"}, "not known"),
    ({"notation": "../latex"}, "not known"),
    ({"layout": "numerato"}, "did you mean 'numerator'"),
    ({"form": "hadamrd"}, "did you mean 'hadamard'"), ({"hadamard": "star"}, "'circ', 'odot'"),
    ({"sections": ["norm"]}, "did you mean 'norms'"), ({"lag": 0}, "from 1 to 8"),
    ({"lag": 9}, "from 1 to 8"), ({"lag": True}, "from 1 to 8"), ({"lag": "2.5"}, "from 1 to 8"),
])  # fmt: skip
def test_wrong_choices_are_named(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(sg.SymgateError, match=re.escape(message)):
        sg.derive(sg.cell("rnn"), **choices)


def test_only_cells_are_derived() -> None:
    with pytest.raises(sg.SymgateError, match="expected a cell"):
        sg.derive(3)  # type: ignore[arg-type]
    assert sg.derive("gru").latex() == sg.derive(sg.cell("gru")).latex()


SCRIPT = """
import symgate as sg, hashlib
from symgate.writing.document import Derivations
cells = map(sg.cell, ("gru", "lstm-peephole", "janet"))
d = Derivations(tuple(sg.derive(c, n) for c in cells for n in ("symgate", "ng")))
print(hashlib.sha256((d.latex() + d.html() + d.markdown() + d.text()).encode()).hexdigest())
"""


def test_the_same_call_gives_the_same_bytes_in_every_process() -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in ("0", "1")
    ]  # fmt: skip
    one, two = (process.communicate()[0] for process in running)
    assert [process.returncode for process in running] == [0, 0]
    assert one == two
    assert re.fullmatch("[0-9a-f]{64}\n", one)


def test_a_cell_of_the_same_equations_keeps_its_own_words() -> None:
    """Equal cells may have other roles and names; none may speak for the other."""
    text = sg.derive(sg.cell("gru"), sections=["step"]).text()
    bare = sg.derive(mine(sg.cell("gru").text), sections=["step"]).text()
    assert "[update gate]" in text
    assert "[z_t]" in bare


def test_several_cells_make_one_document() -> None:
    both = Derivations((sg.derive(sg.cell("rnn")), sg.derive(sg.cell("gru"))))
    for shown in (both.latex(), both.markdown(), both.html(), both.text()):
        assert "Plain recurrent network" in shown
        assert "Gated recurrent unit" in shown


def test_functions_that_mix_components_are_explained() -> None:
    """Their Jacobians, the surrogate of a spike, a number in front of ones."""
    cell = mine("""
        m[t] = mean(h[t-1])
        q[t] = layer_norm(W_q @ x[t] + U @ h[t-1])
        k[t] = softmax(W_k @ x[t] + V @ h[t-1])
        s[t] = spike(A @ h[t-1] + b)
        h[t] = m[t] * q[t] + k[t] * s[t]
    """)
    text = " ".join(section_text(cell, "activations", "partials").split())
    assert "∂m_t/∂h_{t-1} = (1 / n) 1ᵀ" in text
    assert "(I - (1 / n) 1 1ᵀ - (1 / n) q_t q_tᵀ) U" in text
    assert "∂k_t/∂h_{t-1} = (diag(k_t) - k_t k_tᵀ) V" in text
    assert "surrogate(v, 1) = 1 / (1 + |v|)²" in text
    assert "training uses the surrogate in its place" in text
    assert "sd(v) is the standard deviation of the components of v" in text
    assert r"\mathbf{1} \mathbf{1}^{\mathsf{T}}" in sg.derive(cell).latex()


@pytest.mark.parametrize("name", ["linear-attention", "deltanet", "mlstm"])
@pytest.mark.parametrize("notation", ["symgate", "row"])
def test_matrix_states_are_written_in_every_layout(name: str, notation: str) -> None:
    """Row vectors turn every operator; the transpose of a row once called itself for ever."""
    derivation = sg.derive(name, notation, sections=["cell", "step", "backward"])
    assert "merror" not in derivation.html()
    assert r"\begin{document}" in derivation.latex()
    step = sg.jacobian(sg.cell(name), sg.cell(name).states[0], sg.cell(name).states[0])
    assert step == step.T.T


def test_a_cell_of_numbers_is_told_in_numbers() -> None:
    cell = mine("z[t] = sigmoid(dot(w, x[t]))\ns[t] = z[t] * s[t-1] + (1 - z[t]) * tanh(s[t-1])")
    said = sg.derive(cell).text()
    assert "∂s_t/∂s_{t-1} = z_t   [carry]" in said
    assert "|∂s_t/∂s_{t-1}| ≤ 1" in said
    assert not any(sign in said for sign in ("‖", "⊙", " I\n", "diagonal matrix"))


def test_a_size_is_that_of_something() -> None:
    said = sg.derive(mine("h[t] = tanh(V @ tanh(U @ h[t-1]) + W @ x[t])")).text()
    assert "p is the size of a_{v_h,t} and v_{h,t}." in said
