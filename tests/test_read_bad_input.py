"""Documents that are broken or built to break: bounded work, a message, never a traceback."""

from __future__ import annotations

import json
import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgate as sg
from symgate.errors import SymgateError
from symgate.reading.reader import read_text
from symgate.reading.reading import Readings

CELL = r"$$h_t = \tanh(W x_t + U h_{t-1} + b)$$"
BOMB = "".join(rf"\newcommand{{\a{a}}}{{\a{b}\a{b}}}" for a, b in pairwise("abcdefghijklmnopqrstu"))


@pytest.mark.parametrize(
    "text",
    [
        "$$" + "{" * 10_000 + "h_t = x_t" + "}" * 10_000 + "$$",
        r"$$h_t = \tanh(" + "(" * 10_000 + "x" + ")" * 10_000 + "$$",
        "$$h_t = " + r"\frac{" * 3_000 + "1" + "}{2}" * 3_000 + "$$",
        "$$h" + "_{a" * 500 + "}" * 500 + " = h_{t-1}$$",
        "$$h" + "'" * 5_000 + " = h_{t-1}$$",
        "$$h_t = " + " + ".join(f"W_{{{i}}} h_{{t-1}}" for i in range(2_000)) + "$$",
        r"$$h_t = " + r" \odot ".join(["h_{t-1}"] * 700) + "$$",
        r"\def\a{\b}\def\b{\a} $$h_t = \a h_{t-1}$$",
        BOMB + r"$$h_t = \aa h_{t-1}$$",
        "$" * 20_000,
        "\\" * 50_000,
        "<" * 50_000,
        "&amp;" * 20_000,
        "```math\n" * 3_000,
        '"' * 20_001,
        "\\begin{align}" * 1_000,
        r"$$h_t = \tanh(W x_t + U h_{t-1} + $$",
        r"$$h_t = \tanh(W x_t + U h_{t-1} + b",
        '<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "&b;&b;">]>&b; $h_t = &b; h_{t-1}$',
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_built_to_break(text: str) -> None:
    for path in ("a.md", "a.tex", "a.py"):
        assert isinstance(read_text(text, path), Readings)
    with_cell = read_text(f"{CELL}\n\n{text}", "a.tex")
    assert len(with_cell) <= 100


def test_the_consequence_of_a_misprint_that_leaves_no_cell() -> None:
    text = r"$$f_t = \sigma(W x_t + \ttt h_{t-1}$$ $$h_t = f_t h_{t-1} + g_t \tanh(}} W x_t$$"
    (reading,) = read_text(text)
    assert reading.cell is None
    for misprint in reading.misprints:
        assert json.dumps(misprint.consequence.to_dict())
        assert misprint.consequence.decay(lags=3)


def test_macros_are_expanded_and_nothing_is_followed() -> None:
    text = (
        r"\newcommand{\h}[1]{\mathbf{h}_{#1}} \input{/etc/passwd} "
        r"$$\h{t} = \tanh(W x_t + U \h{t-1})$$"
    )
    (reading,) = sg.read(text + "\n")
    assert reading.text == ("h[t] = tanh(W @ x[t] + U @ h[t-1])",)


@pytest.mark.parametrize("text", ['{"cells": [', "[" * 100_000, "[]", '{"cells": 3}', "null", ""])
def test_broken_notebooks(text: str) -> None:
    with pytest.raises(SymgateError, match="notebook"):
        read_text(text, "a.ipynb")


def test_files_that_are_no_texts(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(CELL.encode("utf-16"))
    (tmp_path / "b.md").write_bytes(CELL.replace("b)", "b) \\text{é}").encode("cp1252"))
    (tmp_path / "c.md").write_bytes(b"\x7fELF\0\0" + os.urandom(500))
    os.mkfifo(tmp_path / "d.md")
    (tmp_path / "e.md").symlink_to("/nowhere")
    found = sg.read(tmp_path)
    assert [len(f.cells) for f in found.files] == [1, 1, 0]
    for name in ("c.md", "d.md", "e.md", "."):
        if name != ".":
            with pytest.raises(SymgateError):
                sg.read(tmp_path / name)


def test_a_cell_in_a_large_document() -> None:
    words = "Words, $5 and `a = 1`, and a_b = c * d, and $x^2 = y$.\n\n" * 12_000
    (reading,) = read_text(f"{words}{CELL}\n\n{words}", "a.md")
    assert reading.family == "rnn"
    many = "\n\n".join(f"$$h_t = \\tanh(W_{{{i}}} x_t + U_{{{i}}} h_{{t-1}})$$" for i in range(150))
    found = read_text(many, "a.md")
    assert len(found) == 100
    assert "more than 100 cells" in {item["why"] for item in found.files[0].skipped}


SETS = [
    json.loads(path.read_text(encoding="utf-8"))["latex"]
    for path in sorted((Path(__file__).parent / "data" / "reading").glob("*.json"))
]
PIECES = [
    "",
    "(",
    ")",
    "{",
    "}",
    "_",
    "^",
    "\\",
    "=",
    "+",
    "-",
    "1 -",
    "\\odot",
    "h_{t-1}",
    "x_t",
    "$",
    "\\tanh(",
    "\\sigma",
    "[",
    "]",
    "&",
    "\\\\",
    "\n",
    "\\frac",
    "'",
    "_{t-1}",
    "|",
    ",",
    "\\left",
    "\\begin{bmatrix}",
    "∘",
    "ₜ₋₁",
    "\\sum_j",
    "W",
    "\\tilde",
]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_mutated_formulas(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SETS))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + cut :]
    for reading in read_text(text, "a.md"):
        assert len(reading.text) == len(reading.lines)
        if reading.cell is not None:  # what is printed as a cell is that cell
            named = " = ["  # a concatenation with a name is put where it is used
            lines = "\n".join(line for line in reading.text if line and named not in line)
            if not reading.misprints and ".T @" not in lines:  # a number w.T @ x stays as printed
                assert sg.Cell.from_text(lines) == reading.cell
            assert None not in reading.text
        for misprint in reading.misprints:
            shown = text.split("\n")[misprint.line - 1]
            assert 1 <= misprint.column <= len(shown) + 1
            assert 0 < misprint.certainty <= 1


def test_the_work_of_a_formula_is_bounded() -> None:
    gate = r"$$f_t = \sigma(W_f x_t + U_f h_{t-1}" + r" / x_t" * 400 + ")$$"
    state = r"$$h_t = f_t \odot h_{t-1} + (1 - f_t) \odot \tanh(W x_t)$$"
    found = read_text(f"{gate}\n{state}", "a.md")
    (reading,) = found
    assert any("takes too long" in str(item["why"]) for item in found.files[0].skipped)
    assert not reading.misprints
    assert reading.text[0] is None
    assert reading.text[1] == "h[t] = f[t] * h[t-1] + (1 - f[t]) * tanh(W @ x[t])"


#: What a pattern could be stalled by: the verb, what stands before, and what is repeated.
STALLING = [
    ("a.md", "", "~~~"),
    ("a.md", "", "\\\\$"),
    ("a.md", "\\def", " "),
    ("a.md", "\\newcommand", "\n"),
    ("a.md", "", "http://chart?&"),
    ("a.py", "", '\\"'),
    ("a.py", "", "/*"),
    ("a.py", "", "'''\""),
    ("claim", "", "\u2028"),
    ("claim", "", " "),
    ("claim", "", "\\text{"),
]


@pytest.mark.parametrize(("kind", "before", "unit"), STALLING)
def test_twice_the_text_takes_less_than_three_times_as_long(
    kind: str, before: str, unit: str
) -> None:
    """Processor time, best of a few tries: what is quadratic is at 4 in each of them."""

    def spent(size: int) -> float:
        text = before + unit * (size // len(unit))
        start = time.process_time()
        if kind == "claim":
            sg.check("rnn", text)
        else:
            read_text(text, kind)
        return time.process_time() - start

    spent(100)
    ratios = (spent(20_000) / max(spent(10_000), 0.005) for _ in range(6))
    assert any(ratio < 3 for ratio in ratios)
