"""What stands beside a cell in a note: it neither breaks the cell nor makes another one of it."""

import pytest

from symgate.reading.reader import read_text

GRU = (
    r"$$z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$",
    r"$$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)$$",
    r"$$\tilde h_t = \tanh(W_h x_t + U_h (r_t \odot h_{t-1}) + b_h)$$",
    r"$$h_t = (1-z_t) \odot h_{t-1} + z_t \odot \tilde h_t$$",
)
SENTENCES = (
    r"Given an input sequence $x = (x_1, \dots, x_T)$, we compute the states.",
    r"The two directions are joined as $h_t = [\overrightarrow h_t; \overleftarrow h_t]$.",
    r"With $r_t = 0$ the candidate is $\tilde h_t = \tanh(W_h x_t + b_h)$.",
    r"With both gates at one half, $h_t = \frac12 h_{t-1} + \frac12 \tilde h_t$.",
    r"Consider $h_t = w h_{t-1}$, which gives $h_t = w^t h_0$.",
    r"With dropout, $\hat h_t = m \odot h_t$.",
    r"The decoder reads the context $c_t = \sum_j \alpha_{tj} h_j$.",
    r"A gate has the form $g_t = \sigma(W_g x_t + U_g h_{t-1} + b_g)$.",
    r"Words are embedded, $x_t = E w_t$.",
    r"The input is $x_t = [e_t; s_t]$, where $e_t$ is the embedding.",
    r"We update $\theta_{t+1} = \theta_t - \eta \nabla L$.",
    r"With layer norm, $h_t = \mathrm{LN}(h_t)$.",
)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_clean_cell_stays_clean(sentence: str, before: bool) -> None:
    cell = "\n".join(GRU)
    (found,) = read_text(f"{sentence}\n\n{cell}" if before else f"{cell}\n\n{sentence}", "note.md")
    assert (found.family, found.misprints) == ("gru", ())
    assert found.zoo is not None
    assert found.zoo.verdict in ("identical", "equal")


def test_a_second_definition_among_the_lines_is_told() -> None:
    twice = [*GRU[:3], GRU[2].replace("W_h", "V_h"), GRU[3]]
    (found,) = read_text("\n".join(twice), "note.md")
    assert [m.kind for m in found.misprints] == ["symbol_defined_twice"]


def test_an_embedding_is_an_input_beside_a_slip() -> None:
    slip = GRU[2].replace("r_t", "z_t")
    (found,) = read_text(
        "\n".join([r"$$e_t = E w_t$$", *GRU[:2], slip, GRU[3]]).replace("x_t", "e_t")
    )
    assert [(m.printed, m.meant) for m in found.misprints] == [("z_t", "r_t")]
