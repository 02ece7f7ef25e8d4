"""Misprints from what must hold: single slips are found, mended and proved; clean forms are not.

The cells are those of textbooks; each slip is put in by hand, so that its place and what was
meant are known.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable

import pytest

from symgate.cells import entries
from symgate.reading.macros import MAX_CHARACTERS, Budget, definitions, expanded
from symgate.reading.mending.book import known, of_text
from symgate.reading.reader import read_text
from symgate.reading.source import Piece
from tests.chosen import in_turn

LSTM = (
    r"i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)",
    r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    r"o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)",
    r"g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)",
    r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
    r"h_t = o_t \odot \tanh(c_t)",
)
GRU = (
    r"z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)",
    r"r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)",
    r"\tilde h_t = \tanh(W_h x_t + U_h (r_t \odot h_{t-1}) + b_h)",
    r"h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t",
)
UNICODE = (
    "z_t = σ(W_z x_t + U_z h_{t-1} + b_z)",
    "r_t = σ(W_r x_t + U_r h_{t-1} + b_r)",
    "h̃_t = tanh(W_h x_t + U_h (r_t ⊙ h_{t-1}) + b_h)",
    "h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t",
)


def page(lines: tuple[str, ...]) -> str:
    return "\n".join(f"$${line}$$" for line in lines)


SLIPS = [
    (LSTM, 2, " + U_f h_{t-1}", "", "missing_term"),
    (LSTM, 2, "W_f x_t + U_f h_{t-1}", "W_f (x_t + h_{t-1})", "concatenation_became_sum"),
    (LSTM, 2, "+ U_f", "- U_f", "wrong_sign"),
    (LSTM, 4, r"\tanh", r"\sigma", "wrong_activation"),
    (LSTM, 5, r"i_t \odot ", "", "missing_factor"),
    (LSTM, 5, r"i_t \odot", r"i_t \odot f_t \odot", "spurious_factor"),
    (LSTM, 5, r"c_{t-1} +", r"c_{t-1} \odot", "wrong_operator"),
    (LSTM, 5, "i_t", "i_{t-1}", "wrong_time_index"),
    (LSTM, 5, "g_t", "q_t", "wrong_symbol"),
    (LSTM, 6, "o_t", "f_t", "wrong_gate"),
    (LSTM, 6, r"\odot", "+", "wrong_operator"),
    (LSTM, 6, "c_t)", "c_{t-1})", "wrong_time_index"),
    (GRU, 3, r"r_t \odot ", "", "missing_factor"),
    (GRU, 3, "r_t", "z_t", "wrong_gate"),
    (GRU, 4, "(1 - z_t)", "(1 + z_t)", "wrong_sign"),
    (GRU, 4, "(1 - z_t)", "z_t", "missing_complement"),
    (GRU, 4, r"(1 - z_t) \odot", "(1 - z_t) +", "wrong_operator"),
    (GRU, 4, r"\tilde h_t", "h_t", "missing_tilde"),
    (GRU, 1, "U_z h_{t-1} + b_z)", "U_z h_{t-1}) + b_z", "bias_outside_activation"),
    (GRU, 1, "U_z", "U_r", "wrong_weight_index"),
    (GRU, 3, "U_h (", "U_r (", "wrong_weight_index"),
    (LSTM, 2, "b_f", "b_F", "case_mismatch"),
    (LSTM, 3, "b_o", "B_o", "case_mismatch"),
    (LSTM, 3, "U_o", r"U_o^\top", "spurious_transpose"),
    (LSTM, 2, "f_t =", "i_t =", "symbol_defined_twice"),
    (GRU, 2, "r_t =", "z_t =", "symbol_defined_twice"),
]


@pytest.mark.parametrize(("lines", "number", "old", "new", "kind"), SLIPS)
def test_a_slip_is_found_and_mended(
    lines: tuple[str, ...], number: int, old: str, new: str, kind: str
) -> None:
    spoilt = list(lines)
    assert old in spoilt[number - 1]
    spoilt[number - 1] = spoilt[number - 1].replace(old, new, 1)
    (reading,) = read_text(page(tuple(spoilt)), "a.md")
    (misprint,) = reading.misprints
    assert (misprint.line, misprint.kind) == (number, kind)
    assert misprint.meant != misprint.printed
    assert 0.5 < misprint.certainty < 1
    assert reading.zoo is not None
    assert reading.zoo.name == ("lstm" if lines is LSTM else "gru")
    assert (reading.zoo.as_meant or reading.zoo.verdict) in ("identical", "equal")


MLSTM = (
    r"C_t = f_t C_{t-1} + i_t v_t k_t^\top",
    r"n_t = f_t n_{t-1} + i_t k_t",
    r"h_t = o_t \odot \frac{C_t q_t}{\max(|n_t^\top q_t|, 1)}",
    "q_t = W_q x_t",
    "k_t = W_k x_t",
    "v_t = W_v x_t",
    r"i_t = \exp(w_i^\top x_t + b_i)",
    r"f_t = \sigma(w_f^\top x_t + b_f)",
    r"o_t = \sigma(W_o x_t + b_o)",
)
DELTA = (
    r"S_t = S_{t-1}(I - \beta_t k_t k_t^\top) + \beta_t v_t k_t^\top",
    "o_t = S_t q_t",
    "q_t = W_q x_t",
    "k_t = W_k x_t",
    "v_t = W_v x_t",
    r"\beta_t = \sigma(w^\top x_t)",
)


@pytest.mark.parametrize(
    ("lines", "number", "old", "new", "kind"),
    [
        (MLSTM, 1, r"v_t k_t^\top", r"k_t v_t^\top", "swapped_vectors"),
        (MLSTM, 2, "i_t k_t", "i_t v_t", "wrong_symbol"),
        (MLSTM, 2, "f_t n", "o_t n", "wrong_symbol"),
        (DELTA, 1, "(I - ", "(I + ", "wrong_sign"),
        (DELTA, 1, r"+ \beta_t v_t", r"- \beta_t v_t", "wrong_sign"),
        (DELTA, 1, r"k_t k_t^\top", r"q_t k_t^\top", "wrong_symbol"),
    ],
)
def test_a_slip_in_a_memory_is_found_and_mended(
    lines: tuple[str, ...], number: int, old: str, new: str, kind: str
) -> None:
    assert read_text(page(lines), "a.md").cells[0].misprints == ()
    spoilt = list(lines)
    assert old in spoilt[number - 1]
    spoilt[number - 1] = spoilt[number - 1].replace(old, new, 1)
    (reading,) = read_text(page(tuple(spoilt)), "a.md").cells
    (misprint,) = reading.misprints
    assert (misprint.line, misprint.kind) == (number, kind)
    (whole,) = read_text(page(lines), "a.md").cells
    assert str(reading.meant) == str(whole.meant)


FORMS: dict[str, str] = {
    "a readout": page((*GRU, "y_t = V h_t + d")),
    "words with a colon": "\n".join(f"Gate: {line}" for line in UNICODE),
    "words alone": "\n".join(f"Update gate {line}" for line in UNICODE),
    "comments of code": "```rust\n" + "\n".join(f"/// {line}" for line in UNICODE) + "\n```",
    "a fence of code": "```python\n" + "\n".join(UNICODE) + "\n```",
    "semicolons before": "\n".join(f"; {line}" for line in UNICODE),
    "braces around": "\n".join("$${" + line + "}$$" for line in GRU),
    "one ampersand": page(tuple(line.replace(" = ", " &= ") for line in GRU)),
    "lost backslashes": page(tuple(line.replace("\\", "") for line in GRU)),
    "in brackets": "\n".join(line.replace("_{t-1}", "[t-1]").replace("_t", "[t]")
                             for line in UNICODE),
    "several at once": page((
        r"\Gamma_{u,r} = \sigma(W_{u,r}[c^{<t-1>}, x^{<t>}] + b_{u,r})",
        r"\tilde c^{<t>} = \tanh(W_c[\Gamma_r * c^{<t-1>}, x^{<t>}] + b_c)",
        r"c^{<t>} = \Gamma_u * \tilde c^{<t>} + (1-\Gamma_u) * c^{<t-1>}",
    )),
    "named together": page((
        r"i_t, f_t, o_t = \sigma(W_{i,f,o} x_t + U_{i,f,o} h_{t-1} + b_{i,f,o})", *LSTM[3:],
    )),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_clean_form_is_proved_and_not_accused(form: str) -> None:
    (reading,) = read_text(FORMS[form], "a.md")
    assert reading.misprints == ()
    assert reading.zoo is not None
    assert reading.zoo.verdict in ("identical", "equal")
    assert reading.family == ("lstm" if form == "named together" else "gru")


LATE = tuple(line.replace("x_t", "x_{t-1}") for line in GRU[:2])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((*LATE, *GRU[2:]), [(1, "wrong_time_index"), (2, "wrong_time_index")]),
        (
            (*GRU[:2], r"\tilde h_t = W_h x_t + U_h (r_t \odot h_{t-1}) + b_h", GRU[3]),
            [(3, "missing_activation")],
        ),
        (
            (*LSTM[:4], r"c_t = f_t \odot (c_{t-1} + i_t \odot g_t)", LSTM[5]),
            [(5, "misplaced_parenthesis")],
        ),
    ],
)
def test_slips_of_several_characters_are_mended_to_the_cell(
    lines: tuple[str, ...], told: list[tuple[int, str]]
) -> None:
    (reading,) = read_text(page(lines), "a.md")
    assert [(m.line, m.kind) for m in reading.misprints] == told
    assert reading.zoo is not None
    assert (reading.zoo.as_meant or reading.zoo.verdict) in ("identical", "equal")


@pytest.mark.parametrize(
    "lines",
    [
        (*LSTM[:2], LSTM[2].replace("b_o", "V_o c_t + b_o"), *LSTM[3:]),
        (
            GRU[0],
            GRU[2].replace("r_t", "(1 - z_t)"),
            r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t",
        ),
        (*GRU[:3], r"h_t = h_{t-1} - z_t \odot h_{t-1} + z_t \odot \tilde h_t"),
        (GRU[0], r"\tilde h_t = W_h x_t + b_h", GRU[3]),
        (GRU[0], r"\tilde h_t = \tanh(W_h x_t + U_h (p \odot h_{t-1}) + b_h)", GRU[3]),
        (LATE[0], r"\tilde h_t = \tanh(W_h x_{t-1} + b_h)", GRU[3]),
        (*GRU[:3], r"h_t = \tanh(z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t)"),
        (*GRU[:2], GRU[2].replace("r_t", "(1 - r_t)"), GRU[3]),
        (LSTM[0].replace("b_i", "V_i f_t + b_i"), *LSTM[1:]),
        (LSTM[0], LSTM[1].replace("b_f", r"p_f \odot c_{t-1} + b_f"), *LSTM[2:]),
        (LSTM[0], "f_t = 1 - i_t", *LSTM[2:]),
    ],
)
def test_a_form_of_its_own_is_not_accused(lines: tuple[str, ...]) -> None:
    (reading,) = read_text(page(lines), "a.md")
    assert reading.misprints == ()


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("LSTM without output squashing\n" + page((*LSTM[:5], r"h_t = o_t \odot c_t")), "ch"),
        ("$$s_t = \\tanh(W s_{t-1} + U y_{t-1} + b)$$", "s"),
        (page((*GRU, r"m_t = \beta m_{t-1} + (1 - \beta) g_t")), "h"),
        (
            "$$h_t = \\tanh(W h_{t-1} + C x_t + A_t h_{t-1})$$\n"
            "$$A_t = \\lambda A_{t-1} + \\eta h_{t-1} h_{t-1}^T$$",
            "hA",
        ),
        (
            r"$$y_t = \tanh(W y_{t-1} + \mathcal{W} z_{t-1}), z_t = (1-a) z_{t-1} + a y_t$$",
            "yz",
        ),
        (
            r"$$h_t = \sigma(W x_t + u \odot h_{t-1} + b)$$"
            "\n$$h_{n,t} = \\sigma(w_n x_t + u_n h_{n,t-1} + b_n)$$",
            "h",
        ),
        (
            r"$$z_t = z_{t-1} + \Delta t\,[\tanh(W y_{t-1} + \mathcal{W} z_{t-1} + V u_t + b)"
            r" - \gamma y_{t-1} - \epsilon z_{t-1}]$$ $$y_t = y_{t-1} + \Delta t\,z_t$$",
            "yz",
        ),
    ],
)
def test_one_cell_is_read_and_nothing_is_accused(text: str, states: str) -> None:
    (reading,) = read_text(text, "a.md").cells
    assert {*reading.states} == {*states}
    assert reading.misprints == ()


def test_two_forms_of_one_cell_and_a_decay_that_is_given_are_no_slips() -> None:
    short = page((GRU[0], r"\tilde h_t = \tanh(W x_t + U (z_t \odot h_{t-1}))", GRU[3]))
    memory = page(
        (
            r"S_t = \eta_t S_{t-1} - \theta_t (M_{t-1} k_t - v_t) k_t^\top",
            r"M_t = (1 - \alpha_t) M_{t-1} + S_t",
            "y_t = M_t q_t",
        )
    )
    for text in (f"{page(GRU)}\nWithout a reset gate it is smaller:\n{short}", memory):
        assert [c.misprints for c in read_text(text, "a.md").cells] == [()]


def test_what_is_not_read_is_listed_and_not_accused() -> None:
    lines = (r"z_t = \sigma(\cdot)", r"r_t = \sigma(\cdot)", *GRU[2:])
    found = read_text(page(lines), "a.md")
    (reading,) = found
    assert reading.misprints == ()
    assert reading.text[:2] == (None, None)
    skipped = [item for item in found.files[0].skipped if "not read" in str(item["why"])]
    assert [item["line"] for item in skipped] == [1, 2]


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("ssm", r"$$h_t = \bar A h_{t-1} + \bar B x_t$$ $$y_t = C h_t$$"),
        ("linear_attention", r"$$S_t = S_{t-1} + v_t k_t^\top$$ $$o_t = S_t q_t$$"),
        ("delta_rule", r"$$S_t = S_{t-1}(I - \beta_t k_t k_t^\top) + \beta_t v_t k_t^\top$$"),
        ("rwkv7", r"$$S_t = S_{t-1}(I - k_t u_t^\top) + v_t u_t^\top$$"),
    ],
)
def test_states_beyond_gates_have_their_own_names(family: str, text: str) -> None:
    (reading,) = read_text(text, "a.md")
    assert reading.family == family
    assert reading.misprints == ()


def test_the_book_tells_the_cells_of_the_zoo_apart() -> None:
    same = {"gru-concat": "gru-z-takes-new", "lstm-concat": "lstm", "gru2": "gru1", "mgu2": "mgu1"}
    for name, entry in entries().items():
        found = known(of_text(entry.equations))
        assert found in (name, same.get(name, name), ""), name
    assert known(of_text(entries()["slstm"].equations)) == "slstm"


# -- documents that want to stall --------------------------------------------------------

HOSTILE: dict[str, Callable[[int], str]] = {
    "addresses": lambda n: "http://chart?&" * n,
    "links": lambda n: "- [a](https://example.org/a?x=1&y=2)\n" * n,
    "quoted": lambda n: "> h_t = \n" * n,
    "fences": lambda n: "> ```\n" * n,
    "dollars": lambda n: "$ a " * n,
    "environments": lambda n: "\\begin{align}" * n,
    "labels": lambda n: "gate " * n + "= 1",
    "accents": lambda n: "h" + "\u0303" * n + " = σ(x_t)",
}


@pytest.mark.parametrize("pattern", in_turn(HOSTILE, 4))
def test_twice_the_text_takes_no_more_than_twice_the_work(pattern: str) -> None:
    def work(size: int, times: int = 1) -> float:
        text = HOSTILE[pattern](size)
        spent = []
        gc.disable()  # what other tests left behind is no work of this one
        try:
            for _ in range(times):
                started = time.process_time()
                read_text(text, "a.md")
                spent.append(time.process_time() - started)
        finally:
            gc.enable()
        return min(spent)

    size = 500
    while work(size) < 0.05:
        size *= 2
    assert work(2 * size, 3) / work(size, 3) < 3


def test_a_macro_that_grows_is_written_out_once() -> None:
    text = r"\newcommand{\a}[2]{" + "#1#2" * 12 + "}"
    argument = "#2" * 400
    piece = Piece.slice(f"\\a{{{argument}}}{{{argument}}}", 0, 1_607)
    found = expanded(piece, definitions(text), Budget())
    assert len(found.text) <= MAX_CHARACTERS
    spent = Budget(expansions=3)
    again = Piece.slice(r"\b \b \b \b \b", 0, 14)
    shown = expanded(again, definitions(r"\newcommand{\b}{x}"), spent)
    assert shown.text.count("x") == 3


def test_notebooks_with_long_numbers_and_fences_in_fences() -> None:
    source = "$$" + GRU[3].replace(r"\tilde h_t", r"\tanh(W x_t)") + "$$"
    cells = [{"cell_type": "markdown", "source": ["é \\ \n", source]}]
    for ascii_only in (True, False):
        text = json.dumps({"cells": cells, "n": 1}, ensure_ascii=ascii_only)
        text = text.replace('"n": 1', '"n": ' + "7" * 5_000)
        found = read_text(text, "a.ipynb")
        assert "h_t" in text[text.index("$$") :]
        assert found.files[0].error == ""
    nested = "".join("`" * (700 - k) + "\n" for k in range(600)) + source
    assert read_text(nested, "a.md").files[0].error == ""
