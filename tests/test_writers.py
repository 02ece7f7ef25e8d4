"""The writers: LaTeX, Markdown, HTML, PDF, text, and the files they write."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from itertools import cycle, product
from pathlib import Path
from typing import Any

import html5lib
import pytest

import symgate as sg
from symgate.errors import MissingTool
from symgate.files import write_file
from symgate.writing import pdf, tex
from symgate.writing.document import Derivations
from symgate.writing.escape import html_text, label_text, latex_text, markdown_text
from symgate.writing.mathml import mathml
from tests import browser
from tests.chosen import CELLS, ROTATION, in_turn
from tests.tools import needs

NASTY = (r"\input{/etc/passwd} $x_1$ 50% & #1 ~ ^ {a} <script>alert(1)</script> "
         "\"q\" | *b* `c` é ß 中 σ \u202e – “x” \x07")  # fmt: skip


def nasty() -> sg.Cell:
    roles = {"z": f"update gate {NASTY}: {NASTY}", "h": NASTY}
    return sg.Cell.from_text(sg.cell("gru").text, name=NASTY, title=NASTY, roles=roles)


# -- LaTeX and PDF -----------------------------------------------------------------------


def typeset(source: str, folder: Path) -> str:
    """The log of pdflatex, which must not fail."""
    needs("pdflatex")
    (folder / "a.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "a.tex"],
        cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=300, check=False,
    )  # fmt: skip
    log = (folder / "a.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, re.findall(r"^!.*", log, re.MULTILINE)
    return log


def faults(log: str) -> list[str]:
    """Boxes that stick out by more than 5 points, and references to nothing."""
    boxes = re.findall(r"Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\)[^\n]*", log)
    return [b for b in boxes if float(b) > 5] + re.findall(r"[^\n]*undefined[^\n]*", log)


def test_pdflatex_takes_the_zoo_in_each_notation(tmp_path: Path) -> None:
    """A part of the zoo, the notations in turn, other ones each day."""
    needs("pdflatex")
    chosen = in_turn(sg.zoo, 24)
    styles = cycle(in_turn(sg.notations, len(sg.notations)))
    pairs = [*zip(chosen, styles, strict=False)]
    if ROTATION == "all":
        pairs = [*product(sg.zoo, sg.notations)]
    wide = {("layer-norm-lstm", "colah"), ("layer-norm-lstm", "ng")}  # too wide there as yet
    every = Derivations(tuple(sg.derive(n, style) for n, style in pairs if (n, style) not in wide))
    assert not faults(typeset(every.latex(), tmp_path))


@pytest.mark.parametrize("choices", [
    {"layout": "transposed"}, {"form": "hadamard"}, {"bold": True, "hadamard": "circ"},
    {"lag": 3}, {"layout": "transposed", "form": "hadamard", "bold": True},
], ids=str)  # fmt: skip
def test_pdflatex_takes_every_choice(choices: dict[str, Any], tmp_path: Path) -> None:
    needs("pdflatex")
    cells = ("rnn", "gru", "lstm", "lstm-peephole", "rhn", "cornn", "slstm", "leaky-rnn")
    styles = cycle(in_turn(("ng", "row"), 2))
    every = Derivations(
        tuple(sg.derive(n, s, **choices) for n, s in zip(cells, styles, strict=False))
    )
    assert not faults(typeset(every.latex(), tmp_path))


def test_a_table_stays_with_its_sentence() -> None:
    latex = sg.derive(sg.cell("lstm"), sections=["check"]).latex(fragment=True)
    assert "2 steps.\n\\par\\nobreak\\medskip\n{\\centering" in latex
    assert "begin{center}" not in latex


def test_long_formulas_are_parted_between_their_groups() -> None:
    """A page may end before a left side, and never after the first row or before the last."""
    latex = sg.derive(sg.cell("slstm"), sections=["norms", "step"]).latex()
    for rows in re.findall(r"begin\{align(?:at)?\*\}(?:\{\d\})?\n(.*?)\n\\end\{align", latex, re.S):
        ends = [line.endswith(r"\\*") for line in rows.split("\n")[:-1]]
        assert not ends or (ends[0] and ends[-1])
    assert r"\begin{alignat*}{2}" in latex
    assert re.search(r"\\\\\n", latex)


def test_a_fragment_goes_into_an_article(tmp_path: Path) -> None:
    fragment = sg.derive(sg.cell("gru")).latex(fragment=True)
    assert "documentclass" not in fragment
    packages = fragment.splitlines()[0].removeprefix("% needs ")
    assert packages == r"\usepackage{amsmath,amssymb,booktabs,array}"
    typeset(
        rf"\documentclass{{article}}{packages}\begin{{document}}"
        f"{fragment}\\end{{document}}", tmp_path,
    )  # fmt: skip


def test_names_that_would_inject_do_not(tmp_path: Path) -> None:
    derivation = sg.derive(nasty())
    log = typeset(derivation.latex(), tmp_path)
    assert "etc/passwd" not in re.sub(r"\\textbackslash.*", "", log)
    for source in (derivation.latex(), derivation.latex(fragment=True)):
        assert r"\input{" not in source
        assert "$x_1$" not in source


def test_a_pdf_is_the_same_twice(tmp_path: Path) -> None:
    needs("pdflatex")
    derivation = sg.derive(sg.cell("rnn"))
    one, two = derivation.save(tmp_path / "a.pdf"), derivation.save(tmp_path / "b.pdf")
    assert one.read_bytes().startswith(b"%PDF")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]


def test_without_tex_the_source_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="texlive-latex-base texlive-latex-recommended") as fault:
        sg.derive(sg.cell("rnn")).save(tmp_path / "a.pdf")
    assert "a.html" in str(fault.value)
    assert (tmp_path / "a.tex").read_text().startswith(r"\documentclass")


def engine(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pdflatex that does what the script says."""
    program = folder / "bin" / "pdflatex"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def test_an_engine_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = "This is TeX\n./derivation.tex:7: Undefined control sequence.\nl.7 \\\\foo\n"
    engine(tmp_path, f"open('derivation.log', 'w').write('''{log}'''); raise SystemExit(1)",
           monkeypatch)  # fmt: skip
    with pytest.raises(sg.SymgateError, match=r"tex:7: Undefined control sequence") as fault:
        sg.derive(sg.cell("rnn")).save(tmp_path / "a.pdf")
    assert str(tmp_path / "a.log") in str(fault.value)
    assert "Undefined" in (tmp_path / "a.log").read_text()
    assert not (tmp_path / "a.pdf").exists()


def test_an_engine_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(tmp_path, "import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(pdf, "TIMEOUT", 1)
    with pytest.raises(sg.SymgateError, match="did not end within 1 s"):
        sg.derive(sg.cell("rnn")).save(tmp_path / "a.pdf")


def test_the_engine_may_not_run_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(tmp_path, "import sys, os; open('derivation.log', 'w').write('! ' + ' '.join(sys.argv)"
           " + os.environ['openin_any']); raise SystemExit(1)", monkeypatch)  # fmt: skip
    with pytest.raises(sg.SymgateError, match=r"-no-shell-escape.*p\. The log"):
        sg.derive(sg.cell("rnn")).save(tmp_path / "a.pdf")


# -- HTML --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", in_turn(CELLS, 7))
def test_a_page_is_valid_small_and_alone(name: str) -> None:
    shown = sg.derive(sg.cell(name)).html()
    html5lib.HTMLParser(strict=True).parse(shown)
    assert len(shown.encode()) < 220 * 1024
    assert "<script" not in shown
    assert "http" not in shown
    assert not re.search(r'(src|href)="(?!#)', shown)
    assert not re.search(r"url\((?!data:)", shown)
    assert "merror" not in shown
    assert "\\" not in re.sub(r"<code>.*?</code>|<style>.*?</style>", "", shown, flags=re.S)


def test_the_latex_of_each_formula_lies_beside_it() -> None:
    shown = sg.derive(sg.cell("gru")).html()
    assert shown.count("<details>") == shown.count("<math display=block")
    assert r"\operatorname{diag}(z_t)" in shown


def test_a_page_of_nasty_names_is_text() -> None:
    shown = sg.derive(nasty()).html()
    html5lib.HTMLParser(strict=True).parse(shown)
    assert "<script" not in shown
    assert "alert(1)" in shown


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_chromium_shows_the_page(name: str, tmp_path: Path) -> None:
    """No request, no complaint, and mathematics that takes up room and fits the page."""
    with browser.open(sg.derive(sg.cell(name)).save(tmp_path / "page.html"), width=900) as page:
        sizes = page.evaluate(
            "[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect())"
            ".map(box => [box.width, box.height])"
        )
        assert len(sizes) > 70
        assert all(width > 4 and height > 4 for width, height in sizes)
        assert page.evaluate("document.fonts.size") == 1
        assert page.evaluate("[...document.fonts].every(font => font.status == 'loaded')")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.requests == []
        assert page.errors == []


def test_the_font_has_its_licence() -> None:
    folder = Path(pdf.__file__).parent / "page"
    assert "SIL Open Font License" in (folder / "stix-two-math-OFL.txt").read_text()
    assert (folder / "stix-two-math-subset.woff2").stat().st_size < 40_000


def test_a_formula_that_is_no_latex_says_so() -> None:
    with pytest.raises(sg.SymgateError, match="does not convert to MathML"):
        mathml(r"\frac{")


# -- Markdown and text -------------------------------------------------------------------


@pytest.mark.parametrize("style", in_turn(sg.notations, 4))
def test_markdown_survives_the_sites(style: str) -> None:
    """Inside a line no backslash before a sign; no bar in a table; $$ on lines of their own."""
    for name in ("gru", "lstm", "lem", "leaky-rnn", "slstm"):
        shown = sg.derive(sg.cell(name), style).markdown()
        blocks = shown.split("$$")
        assert len(blocks) % 2 == 1
        for inside in blocks[1::2]:
            assert inside.startswith("\n")
            assert inside.endswith("\n")
            assert "\n\n" not in inside
        for outside in blocks[0::2]:
            for formula in re.findall(r"(?<!\\)\$([^$]+)\$", outside):
                assert not re.search(r"\\[^a-zA-Z]", formula), formula
                assert "|" not in formula
                assert formula == formula.strip()
            for row in outside.splitlines():
                if row.startswith("|"):
                    assert row.endswith("|")


def test_markdown_of_nasty_names_is_text() -> None:
    shown = sg.derive(nasty()).markdown()
    assert "<script" not in shown
    assert "\n# " not in shown.replace("\n## ", "")


@pytest.mark.parametrize("style", sg.notations)
def test_text_fits_a_terminal(style: str) -> None:
    """Sums in parentheses are broken; a line goes on further in than it begins."""
    shown = sg.derive(sg.cell("lstm"), style, sections=["lags"]).text()
    assert "\n        = J" in shown
    assert max(map(len, shown.splitlines())) < 140


@pytest.mark.parametrize("style", in_turn(sg.notations, 4))
def test_text_has_no_latex(style: str) -> None:
    for name in ("gru", "lstm-peephole", "lem", "lstm-concat", "unicornn"):
        shown = sg.derive(sg.cell(name), style).text()
        assert "\\" not in shown
        assert "Symbol" not in shown
        assert "letter:" not in shown


# -- escaping ----------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("50% & #1", r"50\% \& \#1"), ("a_b^c~d", r"a\_b\textasciicircum{}c\textasciitilde{}d"),
    (r"\foo{x}", r"\textbackslash{}foo\{x\}"), ("σ → 1", r"$\sigma$ $\rightarrow$ 1"),
    ("Müller", "Müller"), ("中", r"\texttt{U+4E2D}"), ("a\nb", "a b"),
])  # fmt: skip
def test_text_for_latex(text: str, expected: str) -> None:
    assert latex_text(text) == expected


def test_other_text() -> None:
    assert label_text(r"a \input{b} $c$ d_e & é") == "a inputb c d e and e"
    assert html_text("<a href='x'>") == "&lt;a href=&#x27;x&#x27;&gt;"
    assert markdown_text("_a_ [b](c) | `d`") == r"\_a\_ \[b\](c) \| \`d\`"


# -- files -------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".tex", ".md", ".html", ".txt"])
def test_the_ending_says_the_format(ending: str, tmp_path: Path) -> None:
    derivation = sg.derive(sg.cell("rnn"))
    written = derivation.save(tmp_path / f"a{ending}").read_text(encoding="utf-8")
    assert written == Derivations((derivation,)).write(ending)
    assert [p.name for p in tmp_path.iterdir()] == [f"a{ending}"]


@pytest.mark.parametrize(("name", "message"), [
    ("a.pptx", "the ending '.pptx' says no format"), ("a", "a file without an ending"),
    ("a.hmtl", "did you mean '.html'"), ("none/a.tex", "there is no folder"),
    ("none/a.pdf", "there is no folder"),
])  # fmt: skip
def test_bad_outputs(name: str, message: str, tmp_path: Path) -> None:
    needs("pdflatex") if name.endswith(".pdf") else None
    with pytest.raises(sg.SymgateError, match=re.escape(message)):
        sg.derive(sg.cell("rnn")).save(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    with pytest.raises(sg.SymgateError, match="cannot write"):
        write_file(tmp_path / "a.md", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]


@pytest.mark.parametrize(("number", "message"), [
    (errno.ENOSPC, "the disk is full; what was there is unchanged"),
    (errno.EACCES, "may not be written to"), (errno.EROFS, "may not be written to"),
    (errno.EIO, os.strerror(errno.EIO)),
])  # fmt: skip
def test_the_old_file_stays_whole(
    number: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.md"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(sg.SymgateError, match=re.escape(message)):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from symgate.files import write_file\n"
        f"write_file({str(path)!r}, 'x' * 10_000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "cannot write" in done.stderr
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path, link = tmp_path / "real" / "a.txt", tmp_path / "b.txt"
    path.write_text("old")
    link.symlink_to(path)
    write_file(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_rights_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    write_file(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    fresh = write_file(tmp_path / "b.txt", b"new")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o666 & ~mask


def test_two_hyphens_of_a_command_stay_two_on_paper() -> None:
    assert tex.FORMAT.code("--lags") == r"\texttt{-{}-{}lags}"
