"""For the lecture: slides, title and author, the diagram, a fragment in one's own slides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import symgate as sg
from symgate.cli.main import main
from symgate.writing.document import Derivations, Head
from tests.test_writers import faults, nasty, typeset

BRIEF = ("cell", "step", "norms")


def test_slides_compile_and_nothing_sticks_out(tmp_path: Path) -> None:
    for name in ("lstm", "slstm"):
        latex = sg.derive(sg.cell(name), sections=BRIEF).latex(slides=True)
        assert faults(typeset(latex, tmp_path)) == []
        frames = latex.count(r"\begin{frame}")
        assert frames >= len(sg.derive(sg.cell(name), sections=BRIEF).steps)
        assert latex.count(r"\par\medskip") == latex.count(r"\begin{tabular}") > 0


def test_each_line_of_a_formula_appears_by_itself() -> None:
    latex = sg.derive(sg.cell("rnn"), sections=["step"]).latex(slides=True)
    frame = latex.split(r"\begin{frame}")[1]
    assert r"\mathrm{d}h_t & = " in frame  # the first line stands from the start
    overlays = [int(n) for n in re.findall(r"\\uncover<(\d+)->", frame)]
    assert overlays == sorted(overlays)
    assert set(overlays) == {2}


@pytest.mark.parametrize("cell", ["lstm", "mlstm"])
def test_a_handout_is_one_page_and_nothing_sticks_out(cell: str, tmp_path: Path) -> None:
    doc = sg.derive(cell)
    latex = doc.latex(handout=True, author="A. Lecturer", diagram=sg.diagram(cell))
    log = typeset(latex, tmp_path)
    assert re.search(r"Output written on \S+ \(1 page,", log)
    assert "Overfull" not in log
    assert r"\textbf{The carry alone.}" in latex
    assert "Checked" not in latex


def test_names_that_would_inject_do_not_on_slides(tmp_path: Path) -> None:
    derivation = sg.derive(nasty(), sections=["cell"])
    head = Head(title=r"\input{a} 50% (b", author="$x_1$ é", date="#1")
    for form in ({"slides": True}, {"handout": True}, {}):
        source = Derivations((derivation,), head).latex(**form)
        log = typeset(source, tmp_path)
        assert "etc/passwd)" not in log


@pytest.mark.parametrize("cell", ["lstm", "slstm"])
@pytest.mark.parametrize("kind", ["article", "beamer"])
def test_a_fragment_fits_an_article_and_slides_of_ones_own(
    cell: str, kind: str, tmp_path: Path
) -> None:
    fragment = sg.derive(cell).latex(fragment=True)
    frame = fragment.join(("\\begin{frame}[allowframebreaks]\n", "\n\\end{frame}"))
    log = typeset(
        f"\\documentclass{{{kind}}}\n\\usepackage{{amsmath,amssymb,booktabs,array}}\n"
        f"\\begin{{document}}\n{frame if kind == 'beamer' else fragment}\n\\end{{document}}\n",
        tmp_path,
    )
    sticking = re.findall(r"Overfull .*?\(([\d.]+)pt", log)
    assert all(float(points) < 5 for points in sticking)


def test_title_author_date_and_diagram(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["derive", "gru", "--title", "Gates (again)", "--author", "A. Lecturer"]
    words += ["--date", "May 2026", "--sections", "cell"]
    assert main([*words, "--diagram", "--format", "tex"]) == 0
    latex = capsys.readouterr().out
    assert r"\pdfinfo{/Title (Gates again) /Author (A. Lecturer)}" in latex
    assert latex.count(r"\begin{tikzpicture}") == 1
    typeset(latex, tmp_path)
    assert main([*words, "--format", "html"]) == 0
    html = capsys.readouterr().out
    assert "<title>Gates (again)</title>" in html
    assert "A. Lecturer, May 2026" in html


@pytest.mark.parametrize(
    "words",
    [("--slides",), ("--diagram", "--format", "md"), ("--slides", "--fragment", "--format", "tex")],
)
def test_what_does_not_go_together_is_wrong_usage(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["derive", "gru", *words])
    assert stop.value.code == 2
    assert "--" in capsys.readouterr().err
