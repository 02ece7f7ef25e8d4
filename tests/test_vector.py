"""SVG for a page: salted ids, words as text, short paths that look the same, dark colours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import symgate as sg
from symgate import plots
from symgate.drawing.palette import for_words
from symgate.plots.style import OTHERS, look, rendered
from symgate.plots.vector import compact, on_dark, thinned
from tests.test_plots import DRAWINGS


@pytest.mark.parametrize("name", DRAWINGS)
def test_pictures_share_no_id_and_refer_to_their_own(name: str) -> None:
    ax = DRAWINGS[name](None)
    one, two = plots.svg(ax, "first-1", "A & B"), plots.svg(ax, "second-1")
    ids = []
    for text in (one, two):
        root = ET.fromstring(text)
        found = [e.get("id") for e in root.iter() if e.get("id")]
        assert set(re.findall(r'(?:href="|url\()#([\w-]+)', text)) <= set(found)
        assert len(set(found)) == len(found)
        ids.append(set(found))
        (style,) = (e.text or "" for e in root.iter() if e.tag.endswith("}style"))
        assert all(rule.startswith(f"#{root.get('id')} .k") for rule in style.split("}")[:-1])
    assert not ids[0] & ids[1]
    assert ET.fromstring(one).get("aria-label") == "A & B"
    assert (
        one.replace("first-1", "second-1").replace(' role="img" aria-label="A &amp; B"', "") == two
    )
    assert len(one) < 20_000


def test_words_are_text_and_a_file_lies_on_white() -> None:
    text = rendered(DRAWINGS["curves"](None), "svg").decode()
    assert text.startswith("<?xml")
    words = [e.text for e in ET.fromstring(text).iter() if e.tag.endswith("}text")]
    assert {"rnn", "lstm", "gru"} <= set(words)
    assert text.count('fill="#ffffff"') > plots.svg(DRAWINGS["curves"](None), "a").count(
        'fill="#ffffff"')  # fmt: skip


def test_a_long_line_keeps_its_shape() -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack([np.linspace(5, 400, 5000), np.cumsum(rng.normal(size=5000) * 0.3)])
    d = " \n".join(f"{'L' if i else 'M'} {x:.6f} {y:.6f}" for i, (x, y) in enumerate(points))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"><path d="{d}"/></svg>'
    (short,) = re.findall(r' d="([^"]+)"', compact(svg, "a"))
    assert len(short) < len(d) / 8
    numbers = np.array(re.findall(r"-?(?:\d*\.)?\d+", short), float).reshape(-1, 2)
    corners = np.cumsum(numbers, axis=0)
    a, b = corners[:-1], corners[1:]
    for point in points[::7]:
        along = np.clip(((point - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1), 0, 1)
        assert np.hypot(*(a + along[:, None] * (b - a) - point).T).min() < 0.2


def test_thinning_keeps_the_ends_and_a_closed_line() -> None:
    round_ = np.array([[0.0, 0], [1, 0], [1, 1], [0.5, 1.0], [0, 1], [0, 0]])
    assert thinned(round_, 0.1).tolist() == round_[[0, 1, 2, 4, 5]].tolist()


def test_colours_stand_out_on_a_dark_page() -> None:
    cells = [look(name).colour for name in ("rnn", "lstm", "gru")]
    for colour in (*cells, *OTHERS, *map(for_words, cells)):
        light = [int(on_dark(colour)[i : i + 2], 16) for i in (1, 3, 5)]
        assert sum(light) / 3 > 110
    assert len({on_dark(c) for c in (*cells, *OTHERS)}) == 7


@pytest.mark.parametrize("salt", ["", "1a", "a b", 'a"', "a.b", "é"])
def test_a_salt_is_a_name(salt: str) -> None:
    with pytest.raises(sg.SymgateError, match="a salt must be a letter"):
        plots.svg(Figure(), salt)


def test_names_are_escaped() -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    figure.text(0.1, 0.5, "<script>&\"'")
    found = compact(rendered(figure, "svg").decode(), "a", '"><script>')
    assert "<script" not in found
    assert "".join(ET.fromstring(found).itertext()).strip() == "<script>&\"'"
