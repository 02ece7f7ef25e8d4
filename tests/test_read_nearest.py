"""Several slips in one cell are found together, by the known cell that is nearest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from random import Random

import pytest

from analysis.read_typos import LANGUAGE, NOTATION_HEAD, NOTATIONS, is_typo, slips, written
from symgate.cells import entry
from symgate.reading.reader import read_text

CELLS = ("gru", "lstm", "lstm-peephole")


def pairs(name: str, count: int) -> Iterator[tuple[ast.Module, set[int]]]:
    """The cell with two typos in two of its lines."""
    random = Random(name)
    tree = ast.parse(entry(name).equations.strip())
    while count:
        _, first, once = random.choice(list(slips(tree)))
        _, second, twice = random.choice(list(slips(once)))
        if first != second and is_typo(written(twice, LANGUAGE)):
            count -= 1
            yield twice, {first, second}


@pytest.mark.parametrize("name", CELLS)
def test_two_slips_are_told_and_none_is_mended_to_another_cell(name: str) -> None:
    told = mended = 0
    for number, (tree, lines) in enumerate(pairs(name, 8)):
        text = written(tree, NOTATIONS[number % len(NOTATIONS)])
        (reading,) = read_text(text, "a.md").cells
        told += len(lines & {m.line - NOTATION_HEAD - 1 for m in reading.misprints})
        if reading.zoo is not None and reading.zoo.as_meant in ("identical", "equal"):
            assert reading.zoo.name == name, text
            mended += 1
    assert told >= 12
    assert mended >= 6


NOTE = r"""
$$z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$
$$r_t = \sigma(W_r x_t + U_r h_t + b_r)$$
$$\tilde h_t = \tanh(W_h x_t + U_h h_{t-1} + b_h)$$
$$h_t = z_t \odot h_{t-1} + (1 - r_t) \odot \tilde h_t$$
"""


def test_the_fewest_changes_to_a_known_cell_are_told() -> None:
    (reading,) = read_text(NOTE).cells
    assert [(m.line, m.printed, m.meant) for m in reading.misprints] == [
        (3, "h_t", "h_{t-1}"),
        (4, "h_{t-1}", r"r_t \odot h_{t-1}"),
        (5, "r_t", "z_t"),
    ]
    assert reading.zoo is not None
    assert (reading.zoo.name, reading.zoo.as_meant) == ("gru", "identical")


SWAPPED = r"""
$$z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$
$$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r)$$
$$h_t = \tanh(W_h x_t + U_h (r_t \odot h_{t-1}) + b_h)$$
$$\tilde h_t = z_t \odot h_{t-1} + (1 - z_t) \odot h_t$$
"""


def test_two_names_in_each_others_place_are_told_at_their_lines() -> None:
    (reading,) = read_text(SWAPPED).cells
    assert [(m.line, m.kind, m.printed) for m in reading.misprints] == [
        (4, "swapped_symbols", "h_t"),
        (5, "swapped_symbols", r"\tilde h_t"),
    ]
    assert reading.zoo is not None
    assert (reading.zoo.name, reading.zoo.as_meant) == ("gru", "identical")


def test_a_gate_that_reads_its_own_past_alone_is_told() -> None:
    text = NOTE.replace("h_t + b_r", "r_{t-1} + b_r")
    found = read_text(text).cells[0].misprints
    assert (3, "r_{t-1}", "h_{t-1}") in [(m.line, m.printed, m.meant) for m in found]


@pytest.mark.parametrize("odd", ["x^{t}", r"x^{\{t\}}", "x_t", "x^{[<t>]}"])
def test_an_index_in_another_notation_is_told(odd: str) -> None:
    clean = SWAPPED.replace(r"\tilde h_t =", r"h_t =").replace(r"\odot h_t", r"\odot \tilde h_t")
    clean = clean.replace("$$h_t = \\tanh", "$$\\tilde h_t = \\tanh")
    clean = re.sub(r"_t\b", "^{<t>}", clean.replace("_{t-1}", "^{<t-1>}"))
    assert read_text(clean).cells[0].misprints == ()
    found = read_text(clean.replace("W_r x^{<t>}", f"W_r {odd}")).cells[0].misprints
    assert [(m.line, m.kind, m.meant) for m in found] == [(3, "time_index_notation", "x^{<t>}")]


def test_a_line_that_no_small_change_mends_is_written_as_the_known_cell_has_it() -> None:
    text = r"""
    $$i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)$$
    $$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$$
    $$o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o)$$
    $$\bar C_t = \tanh(W_c x_t + U_c h_{t-1} + b_c)$$
    $$C_t = f_t \odot \bar C_t$$
    $$h_t = o_t \odot \tanh(C_t)$$
    """
    (reading,) = read_text(text).cells
    assert [(m.line, m.kind, m.meant) for m in reading.misprints] == [
        (6, "wrong_equation", r"f_t \odot C_{t-1} + i_t \odot \bar C_t")
    ]
    assert reading.zoo is not None
    assert (reading.zoo.name, reading.zoo.as_meant) == ("lstm", "identical")


def test_a_left_side_with_the_inputs_name_is_one_slip() -> None:
    text = SWAPPED.replace(r"$$h_t =", r"$$\tilde h_t =").replace(
        r"\odot h_t$", r"\odot \tilde h_t$"
    )
    text = text.replace(r"$$\tilde h_t = z_t", "$$x_t = z_t")
    found = read_text(text).cells[0].misprints
    assert [(m.line, m.printed, m.meant) for m in found] == [(5, "x_t", "h_{t}")]


def test_where_one_minus_z_weighs_the_new_z_weighs_the_old() -> None:
    text = NOTE.replace(r"z_t \odot h_{t-1} + (1 - r_t)", "(1 - z_t)").replace(
        "U_r h_t", "U_r h_{t-1}"
    )
    found = read_text(text.replace("U_h h_{t-1}", r"U_h (r_t \odot h_{t-1})")).cells[0].misprints
    assert [(m.line, m.kind) for m in found] == [(5, "wrong_equation")]


@pytest.mark.parametrize("coupled", ["f_t = 1 - i_t", "i_t = 1 - f_t"])
def test_a_slip_beside_a_coupled_gate_is_told_alone(coupled: str) -> None:
    gate = "i" if coupled.startswith("f") else "f"
    text = rf"""
    $${gate}_t = \sigma(W_{gate} x_t + U_{gate} h_{{t-1}} + b_{gate})$$
    $${coupled}$$
    $$o_t = \sigma(W_o x_t + U_o h_t + b_o)$$
    $$g_t = \tanh(W_g x_t + U_g h_{{t-1}} + b_g)$$
    $$c_t = f_t \odot c_{{t-1}} + i_t \odot g_t$$
    $$h_t = o_t \odot \tanh(c_t)$$
    """
    found = read_text(text).cells[0].misprints
    assert [(m.line, m.printed, m.meant) for m in found] == [(4, "h_t", "h_{t-1}")]
