"""What a new user types first in a terminal: help, completion, standard input, jacobian."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from shlex import quote
from shutil import which

import numpy as np
import pytest

import symgate as sg
from symgate.cli.chart import chart
from symgate.cli.main import COMMANDS, main, module_of
from symgate.cli.options import NOTATIONS, SCHEMES
from symgate.numerics.initialise import SCHEMES as KNOWN_SCHEMES
from symgate.numerics.norms import NORMS
from symgate.writing.notation import names
from symgate.writing.sections import NAMES


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    assert stop.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "help"])
def test_every_help_has_two_examples_that_parse(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = helped(capsys, command, "--help")
    assert shown == helped(capsys, "help", command)
    assert len(module_of(command).EXAMPLES) == 2
    for example in module_of(command).EXAMPLES:
        assert example in shown
        assert f"symgate {command}" in example


def test_help_lists_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(NOTATIONS.split(", ")) == sorted(names())
    assert SCHEMES.split(", ") == list(KNOWN_SCHEMES)
    assert ", ".join(NAMES) in helped(capsys, "derive", "--help")
    assert NOTATIONS in helped(capsys, "report", "--help")
    assert f"some of {SCHEMES}" in helped(capsys, "sweep", "--help")
    assert "how many networks to draw (2)" in helped(capsys, "sweep", "--help")
    shown = helped(capsys, "decay", "--help")
    assert SCHEMES in shown
    assert ", ".join(NORMS) in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--verison"], "--verison is not an option; did you mean --version?"),
        (["cells", "--csv"], "--csv is not an option; choose from"),
        (["decay", "gru", "--png"], "--png is not an option; take -o NAME.png"),
        (["decay", "gru", "--hiden", "3"], "--hiden is not an option; did you mean --hidden?"),
        (["examples", "/dev/null/new"], "/dev/null/new cannot be written: Not a directory"),
        (["check", "lstm", "missing.tex"], "there is no file missing.tex"),
    ],
)
def test_a_slip_is_answered_in_words_that_are_true(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(SystemExit):
        assert main(words) == 3
    assert told in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert helped(capsys, "-V") == f"symgate {sg.__version__}"
    assert "commands:" in helped(capsys, "help")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_cells(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script = said(capsys, "completion", shell)
    assert "@" not in script
    assert all(word in script for word in (*COMMANDS, "lstm-peephole"))


TABBED = [
    ("de", "derive decay"),
    ("show --not", "--notation"),
    ("show --notation c", "cho chung colah"),
    ("show --notation = ch", "cho chung"),
    ("derive lstm --sections cell,pa", "cell,partials"),
    ("sweep gru --scheme keras,o", "keras,orthogonal"),
    ("decay gru --norm f", "frobenius"),
    ("decay gru --hidden ", ""),
    ("jacobian mine", "mine.cell"),
    ("decay min-g", "min-gru"),
    ("derive gru -o mi", "mine.cell"),
    ("help comp", "compare completion"),
]


@pytest.mark.skipif(not which("bash"), reason="there is no bash")
def test_bash_completes_options_their_values_cells_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = [said(capsys, "completion", "bash"), "shopt -u failglob nullglob"]
    for line, _ in TABBED:
        words = f"symgate {line}".split(" ")
        script.append(f"COMP_WORDS=({' '.join(map(quote, words))})")
        script.append(f'COMP_CWORD={len(words) - 1}; _symgate; echo "${{COMPREPLY[*]}}"')
    (tmp_path / "mine.cell").touch()
    done = subprocess.run(
        ["bash"], input="\n".join(script), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [expected for _, expected in TABBED]
    assert not done.stderr


@pytest.mark.parametrize(
    "source",
    [
        "h[t] = tanh(A @ h[t-1] + B @ u[t] + c)",
        r"$$h_t = \tanh(W x_t + U h_{t-1} + b)$$",
    ],
)
def test_a_cell_from_standard_input(
    source: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(source))
    shown = said(capsys, "show", "-")
    assert "diag(1 - h_t²)" in shown
    assert re.search(r"This is rnn of the zoo \((identical|equal), proved\)\.", shown)


def test_standard_input_is_one_cell(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", "-", "-"])
    assert ended.value.code == 2
    assert "standard input holds one cell" in capsys.readouterr().err


def test_show_says_what_it_is_near(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.cell"
    file.write_text("h[t] = tanh(A @ h[t-1] + B @ u[t]) * sigmoid(C @ h[t-1])")
    assert "Nearest in the zoo: " in said(capsys, "show", str(file))
    assert "zoo" not in said(capsys, "show", "gru")
    file.write_text("h[t] = tanh(W @ x[t] + U @ h[t-1])")
    assert "Nearest in the zoo: rnn (conditional)" in said(capsys, "show", str(file))


def test_latex_of_equations_is_taken_wherever_a_file_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "note.tex"
    file.write_text(r"\[h_t = \tanh(W x_t + U h_{t-1} + b)\]")
    for words in ([str(file)], ["--cell", str(file)]):
        assert said(capsys, "jacobian", *words) == "∂h_t/∂h_{t-1} = diag(1 - h_t²) U\n"


def test_jacobian_of_anything(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "jacobian", "lstm", "--of", "c", "--wrt", "c") == (
        "∂c_t/∂c_{t-1} = diag(f_t)\n"
    )
    assert said(capsys, "jacobian", "rnn", "--lag", "k").startswith("∂h_t/∂h_{t-k} = ∏_{j=0}")
    assert said(capsys, "jacobian", "lstm").count("\n") == 4
    shown = said(capsys, "jacobian", "gru", "--latex", "--notation", "cho", "--of", "z")
    assert "U^{(z)}" in shown


def test_latex_over_two_steps_is_broken_into_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """On one line the Jacobian of the GRU over two steps was 1,619 points too wide."""
    from symgate.writing.typesetter import BARE
    from symgate.writing.width import measure

    shown = said(capsys, "show", "gru", "--latex", "--lag", "2")
    formula = shown.split(r"\[")[2].split(r"\]")[0].strip()
    assert measure(formula) <= BARE


def test_ticks_of_the_small_chart_are_unique() -> None:
    rows = chart([("a", np.linspace(0, -2, 50))])
    ticks = [row.split("|")[0].strip() for row in rows if "|" in row]
    shown = [tick for tick in ticks if tick]
    assert len(shown) == len(set(shown)) > 1


def test_examples_are_copied(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said(capsys, "examples", str(tmp_path / "new"))
    copied = sorted((tmp_path / "new").glob("*.py"))
    assert len(copied) > 5
    assert all("import symgate" in file.read_text() for file in copied)
    assert main(["examples", str(tmp_path / "new")]) == 3
    assert "is there already" in capsys.readouterr().err


def test_an_empty_entry_and_an_empty_homework_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["sweep", "gru", "--hidden", "4,,8"])
    assert "'4,,8' is not a list" in capsys.readouterr().err
    (tmp_path / "empty.tex").write_text("\n")
    assert main(["check", "gru", str(tmp_path / "empty.tex")]) == 3
    assert "empty.tex is empty" in capsys.readouterr().err
