"""`symgate derive` as people call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from symgate.cli.main import main
from tests.tools import needs


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = main(["derive", *words])
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(("words", "begins"), [
    ((), "Gated recurrent unit\n==="), (("--format", "md"), "# Gated recurrent unit"),
    (("--format", "tex"), r"\documentclass"), (("--format", "html"), "<!DOCTYPE html>"),
    (("--format", "tex", "--fragment"), r"% needs \usepackage{amsmath"), (("--json",), "{"),
])  # fmt: skip
def test_standard_output(
    words: tuple[str, ...], begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "gru", *words)
    assert (code, err) == (0, "")
    assert out.startswith(begins)
    assert out.endswith("\n")


def test_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "lstm.md"
    code, out, err = run(capsys, "lstm", "--notation", "ng", "-o", str(target))
    assert (code, out, err) == (0, "", f"symgate: wrote {target}\n")
    assert r"\Gamma_f^{\langle t \rangle}" in target.read_text(encoding="utf-8")


def test_a_pdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs("pdflatex")
    target = tmp_path / "lstm.pdf"
    assert run(capsys, "lstm", "--notation", "ng", "-o", str(target))[0] == 0
    assert target.read_bytes().startswith(b"%PDF")


def test_without_tex(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run(capsys, "rnn", "-o", str(tmp_path / "a.pdf"))
    assert code == 4
    assert "apt install texlive-latex-base" in err
    assert (tmp_path / "a.tex").exists()


def test_choices(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "gru", "--layout", "transposed", "--form", "hadamard",
                    "--hadamard", "circ", "--sections", "cell, step", "--lag", "k")  # fmt: skip
    assert "transposed (denominator) layout" in out
    assert "z_t ∘ w" in out
    assert "Checked" not in out


def test_several_cells_and_a_file_of_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.cell"
    file.write_text("h[t] = tanh(W @ x[t] + U @ h[t-1])")
    _, out, _ = run(capsys, "rnn", str(file), "--cell", str(file), "--sections", "cell")
    assert out.count("The cell\n--------") == 3
    data = json.loads(run(capsys, "rnn", "gru", "--sections", "cell", "--json")[1])
    assert [d["cell"] for d in data] == ["rnn", "gru"]


@pytest.mark.parametrize(("words", "code", "message"), [
    ((), 2, "name a cell"), (("grru",), 3, "did you mean 'gru'"),
    (("gru", "--notation", "pytroch"), 3, "did you mean 'pytorch'"),
    (("gru", "--sections", "norm"), 3, "did you mean 'norms'"),
    (("gru", "--layout", "x"), 3, "'numerator', 'transposed'"),
    (("gru", "--lag", "99"), 3, "from 1 to 8"), (("gru", "--lag", "1.5"), 3, "from 1 to 8"),
    (("gru", "--lag=--5"), 3, "from 1 to 8"), (("gru", "--lag", "²"), 3, "from 1 to 8"),
    (("gru", "--lag=-1"), 3, "from 1 to 8"), (("gru", "--sections", ","), 2, "has an empty entry"),
    (("gru", "-o", "a.docx"), 3, "says no format"), (("gru", "-o", ""), 3, "says no format"),
    (("gru", "-o", "/nowhere/a.md"), 3, "there is no folder /nowhere"),
    (("gru", "--fragment"), 2, "--fragment is LaTeX's"),
    (("gru", "-o", "a.md", "--format", "md"), 2, "leave --format out"),
    (("/nowhere.cell",), 3, "/nowhere.cell"),
])  # fmt: skip
def test_faults(
    words: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    got, out, err = run(capsys, *words)
    assert (got, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_a_failed_check_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from symgate.algebra.activations import sigmoid

    monkeypatch.setattr(sigmoid, "fdiff", lambda self, argindex=1: self)
    file = tmp_path / "mine.cell"
    file.write_text("h[t] = sigmoid(W @ x[t] + 0.4321 * U @ h[t-1])")
    code, _, err = run(capsys, str(file), "--sections", "check")
    assert code == 1
    assert "the check failed for mine" in err


def test_as_a_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "symgate", "derive", "rnn", "-o", str(tmp_path / "a.html")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == ""
    assert (tmp_path / "a.html").stat().st_size > 10_000
