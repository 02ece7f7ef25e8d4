"""Invariants of products: one factor weighs, one is weighed; weights stand in sums alone."""

from __future__ import annotations

import pytest

from symgate.reading.reader import read_text

GRU = (
    r"z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)",
    r"r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)",
    r"n_t = \tanh(W_n x_t + U_n (r_t \odot h_{t-1}) + b_n)",
    r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t",
)
CFN = (
    r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    r"i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)",
    r"n_t = \tanh(W_n x_t)",
    r"h_t = f_t \odot \tanh(h_{t-1}) + i_t \odot n_t",
)
MGU = (
    r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    r"n_t = \tanh(W_n x_t + U_n (f_t \odot h_{t-1}) + b_n)",
    r"h_t = (1 - f_t) \odot h_{t-1} + f_t \odot n_t",
)


@pytest.mark.parametrize(
    ("lines", "number", "printed", "kind"),
    [
        (CFN, 1, r"i_t = \tanh(W_i x_t + U_i h_{t-1} + b_i)", "wrong_activation"),
        (CFN, 2, r"n_t = \sigma(W_n x_t)", "wrong_activation"),
        (CFN, 3, r"h_t = \tanh(h_{t-1}) + i_t \odot n_t", "missing_factor"),
        (MGU, 0, r"f_t = \sigma(W_f x_t + b_f)", "missing_term"),
        (GRU, 0, r"z_t = \sigma(W_z x_t + U_z h_{t-1} \odot b_z)", "missing_operator"),
        (GRU, 1, r"r_t = \sigma(W_r x_t + U_r h_{t-1} + b_z)", "wrong_bias_index"),
        (GRU, 1, r"r_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)", "wrong_weight_index"),
        (GRU, 1, r"r_t = \sigma(W_r X_t + U_r h_{t-1} + b_r)", "case_mismatch"),
        (GRU, 1, r"r_t = W_r x_t + U_r h_{t-1} + b_r", "missing_activation"),
        (
            GRU,
            2,
            r"n_t = \tanh(W_n x_t + U_n (r_t \odot h_{t-1} + h_{t-1}) + b_n)",
            "spurious_term",
        ),
    ],
)
def test_a_slip_is_found_in_its_line(
    lines: tuple[str, ...], number: int, printed: str, kind: str
) -> None:
    clean = "\n".join(f"$$ {line} $$" for line in lines)
    assert read_text(clean).cells[0].misprints == ()
    spoilt = "\n".join(f"$$ {printed if i == number else s} $$" for i, s in enumerate(lines))
    (misprint,) = read_text(spoilt).cells[0].misprints
    assert (misprint.line, misprint.kind) == (number + 1, kind)


def test_a_gate_without_a_line_is_told_and_the_cell_keeps_its_name() -> None:
    text = "\n".join(f"$$ {line} $$" for i, line in enumerate(GRU) if i != 1)
    (reading,) = read_text(text).cells
    assert reading.family == "gru"
    assert [m.kind for m in reading.misprints] == ["undefined_symbol"]
    assert reading.misprints[0].certainty > 0.95  # the text shows it
    (said,) = read_text(f"{text} where $r_t$ is a gate.").cells
    assert said.misprints[0].certainty < 0.95


def test_a_candidate_without_its_tilde_is_told_where_it_stands() -> None:
    text = "\n".join(f"$$ {line} $$" for line in GRU).replace("n_t", "h_t")
    (reading,) = read_text(text).cells
    assert reading.family == "gru"
    assert [(m.line, m.kind) for m in reading.misprints] == [
        (3, "missing_tilde"),
        (4, "missing_tilde"),
    ]
    (again,) = read_text("\n".join(f"$$ {line} $$" for line in reading.mended)).cells
    assert again.misprints == ()


def test_a_state_runs_backwards_only_where_it_says_so() -> None:
    text = r"$$ h_t = \tanh(W x_t + U h_{t+1}) $$"
    assert [m.kind for m in read_text(text).cells[0].misprints] == ["wrong_time_index"]
    assert read_text(f"The backward pass: {text}").cells[0].misprints == ()


def test_words_that_call_two_gates_by_each_others_name_are_told() -> None:
    words = ("Reset gate", "Update gate", "Candidate", "State")
    text = "\n\n".join(f"{w}:\n$$ {line} $$" for w, line in zip(words, GRU, strict=True))
    (reading,) = read_text(text).cells
    assert [m.kind for m in reading.misprints] == ["wrong_attribution"] * 2
    right = text.replace("Reset", "?").replace("Update", "Reset").replace("?", "Update")
    assert read_text(right).cells[0].misprints == ()


def test_a_lost_backslash_is_told() -> None:
    text = r"""$$ c^{\langle t \rangle} = W x^{\langle t \rangle} + U a^{\langle t-1 \rangle} $$
    $$ a^{\langle t \rangle} = \tanh(c^{langle t \rangle}) $$"""
    kinds = {m.kind for m in read_text(text).cells[0].misprints}
    assert "lost_backslash" in kinds


LOWERED = """iₜ = σ(Wᵢ xₜ + Uᵢ hₜ₋₁ + bᵢ)
fₜ = σ(W_f xₜ + U_f {} + b_f)
oₜ = σ(Wₒ xₜ + Uₒ hₜ₋₁ + bₒ)
gₜ = tanh(W_g xₜ + U_g hₜ₋₁ + b_g)
cₜ = fₜ ⊙ cₜ₋₁ + iₜ ⊙ gₜ
hₜ = oₜ ⊙ tanh(cₜ)"""
MACROS = r"""\newcommand{\now}{\mathbf{h}_{t}} \newcommand{\last}{\mathbf{h}_{t-1}}
$$ z_t = \sigma(W_z x_t + U_z \last) $$ $$ g_t = \tanh(W_g x_t + U_g \last) $$
$$ \now = (1 - z_t) \odot \now + z_t \odot g_t $$"""


@pytest.mark.parametrize(
    ("text", "printed", "meant"),
    [
        (LOWERED.format("h"), "h", "hₜ₋₁"),  # hₜ is made of fₜ
        (LOWERED.format("h_t"), "h_t", "hₜ₋₁"),
        (r"$$ x_k = \bar A x_k + \bar B u_k $$ $$ y_k = C x_k $$", "x_k", "x_{k-1}"),
        (MACROS, r"\now", r"\last"),
    ],
)
def test_a_circle_is_opened_and_the_last_value_written_as_elsewhere(
    text: str, printed: str, meant: str
) -> None:
    (misprint,) = read_text(text).cells[0].misprints
    assert (misprint.printed, misprint.meant) == (printed, meant)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        (r"n_t = \tanh(W_n x_t + U_n (r_t \odot h_{t-1} + b_n)", r"(r_t \odot h_{t-1}"),
        (r"n_t = \tanh(W_n x_t + U_n (r_t \odot h_{t-1}) + b_n", ""),
        (r"n_t = \tanh(W_n [r_t \odot h_{t-1}, x_t + b_n)", r"[r_t \odot h_{t-1}, x_t"),
    ],
)
def test_a_bracket_closes_where_the_cell_is_a_known_one(line: str, printed: str) -> None:
    (reading,) = read_text("\n".join(f"$$ {s} $$" for s in (*GRU[:2], line, GRU[3]))).cells
    (misprint,) = reading.misprints
    printed = printed or line[line.index("(") :]
    assert misprint.printed == printed
    assert misprint.meant == printed + (")" if printed[0] == "(" else "]")
    assert reading.zoo is not None
    assert reading.zoo.name == "gru"


SRU = (
    r"f_t = \sigma(W_f x_t + b_f)",
    r"r_t = \sigma(W_r x_t + b_r)",
    r"c_t = f_t \odot c_{t-1} + (1 - f_t) \odot W x_t",
    r"h_t = r_t \odot \tanh(c_t) + (1 - f_t) \odot x_t",
)
SIZES = (
    r"h_t = \tanh(A x_t + B h_{t-1} + b)",
    r"A \in \mathbb{R}^{n\times n}",
    r"B \in \mathbb{R}^{n \times d}",
    r"x_t \in \mathbb{R}^d",
    r"h_t \in \mathbb{R}^n",
)
KEYS = (
    r"S_t = \alpha_t S_{t-1} + v_t k_{t-1}^\top",
    "k_t = W_k x_t",
    "v_t = W_v x_t",
    "q_t = W_q x_t",
    "o_t = S_t q_t",
)
LABELS = (r"h_t = \tanh(W_{hh} x_t + W_{xh} h_{t-1} + b_h)",)
READOUT = (r"h_t = \tanh(W x_t + U h_{t-1})", "y_t = V s_t")


@pytest.mark.parametrize(
    ("lines", "printed", "meant"),
    [
        (SRU, "f_t", "r_t"),  # in the last line, where r_t would not be read with f_t for both
        (SIZES, "A", "B"),
        (LABELS, "W_{hh}", "W_{xh}"),
        (KEYS, r"k_{t-1}^\top", r"k_{t}^\top"),
        (READOUT, "s_t", "h_t"),
    ],
)
def test_a_slip_between_two_names_is_mended(
    lines: tuple[str, ...], printed: str, meant: str
) -> None:
    (misprint,) = read_text("\n".join(f"$$ {line} $$" for line in lines)).cells[0].misprints
    assert (misprint.printed, misprint.meant) == (printed, meant)


def test_a_value_of_another_network_is_no_slip() -> None:
    told = "The decoder's state is $s_t$.\n" + "\n".join(f"$$ {line} $$" for line in READOUT)
    assert read_text(told).cells[0].misprints == ()


@pytest.mark.parametrize(
    ("number", "old", "new", "printed", "meant", "why"),
    [
        (0, r"\sigma", r"\simga", r"\simga", r"\sigma", "LaTeX"),
        (2, r"\tanh", r"\tahn", r"\tahn", r"\tanh", "LaTeX"),
        (3, "t-1} +", r"t-1} \odot", r"\odot", "+", "update of h"),
        (3, r"z_t) \odot", "z_t) +", "+", r"\odot", "update of h"),
        (0, "+ U_z", "- U_z", "-", "+", "subtracted"),
    ],
)
def test_a_sign_or_a_command_is_mended_where_it_stands(
    number: int, old: str, new: str, printed: str, meant: str, why: str
) -> None:
    lines = (*GRU[:3], r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t")
    assert old in lines[number]
    spoilt = [s.replace(old, new) if i == number else s for i, s in enumerate(lines)]
    (misprint,) = read_text("\n".join(f"$$ {line} $$" for line in spoilt)).cells[0].misprints
    assert (misprint.line, misprint.printed, misprint.meant) == (number + 1, printed, meant)
    assert why in misprint.why


def test_a_macro_of_ones_own_is_no_slip() -> None:
    text = r"\newcommand{\simga}{\sigma}" + "\n".join(f"$$ {line} $$" for line in GRU)
    assert read_text(text.replace(r"\sigma(", r"\simga(")).cells[0].misprints == ()


def test_a_missing_line_break_is_shown_with_what_it_follows() -> None:
    lines = [line.replace("=", "&=") for line in GRU]
    text = (
        "\\begin{aligned}" + " \\\\\n".join(lines).replace("b_r) \\\\", "b_r)") + "\\end{aligned}"
    )
    (misprint,) = read_text(f"$$ {text} $$").cells[0].misprints
    assert (misprint.printed, misprint.meant) == (")", ") \\\\")
