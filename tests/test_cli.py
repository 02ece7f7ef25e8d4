"""The command line as users meet it: output, messages, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

import symgate as sg
from symgate.cli import main
from symgate.cli.main import COMMANDS
from tests.chosen import CELLS, in_turn

RNN = "h[t] = tanh(W @ x[t] + U @ h[t-1] + b)"


class Output:
    """What a run of the command line gave."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Run = Callable[..., Output]


@pytest.fixture
def symgate(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""

    def run(*words: str) -> Output:
        try:
            code = main(words)
        except SystemExit as stop:  # argparse: --help and wrong usage
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Output(code, out, err)

    return run


def process(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "symgate", *words],
        **{"capture_output": True, "text": True, "encoding": "utf-8", **options},
    )


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine.cell"
    file.write_text(RNN, encoding="utf-8")
    return file


# -- help and usage ----------------------------------------------------------------------


def test_help(symgate: Run) -> None:
    found = symgate("--help")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("usage: symgate ")
    for command in COMMANDS:
        assert re.search(rf"^ +{command} ", found.out, re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "help"])
def test_help_of_a_command(symgate: Run, command: str) -> None:
    found = symgate(command, "--help")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith(f"usage: symgate {command} ")
    assert COMMANDS[command][1:] in " ".join(found.out.split())


def test_version(symgate: Run) -> None:
    assert symgate("--version").out == f"symgate {sg.__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        (), ("nosuch",), ("show",), ("show", "gru", "--nosuch"), ("show", "gru", "lstm"),
        ("show", "gru", "--cell", "mine.cell"), ("show", "gru", "--json", "--latex"),
        ("show", "gru", "--lag"), ("cells", "a", "b"),
        ("decay", "gru", "--data", "x.npy"), ("report", "gru", "--data", "x.npy"),
        ("memory", "gru", "--steps", "9", "--batch-first"),
    ],
)  # fmt: skip
def test_wrong_usage(symgate: Run, words: tuple[str, ...]) -> None:
    found = symgate(*words)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("usage: symgate")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from symgate.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print({'sympy', 'numpy', 'matplotlib', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("set()\n")


# -- cells -------------------------------------------------------------------------------


def test_cells(symgate: Run) -> None:
    found = symgate("cells")
    assert (found.code, found.err) == (0, "")
    lines = found.out.splitlines()
    assert [line.split()[0] for line in lines] == list(sg.zoo)
    assert all(line == line.rstrip() for line in lines)
    assert re.search(r"^gru  +2014  gru +Gated recurrent unit$", found.out, re.MULTILINE)


@pytest.mark.parametrize("word", ["coupled", "COUPLED", "cifg"])
def test_cells_with_a_word(symgate: Run, word: str) -> None:
    lines = symgate("cells", word).out.splitlines()
    assert any(line.startswith("lstm-coupled ") for line in lines)
    assert len(lines) < len(sg.zoo)


def test_cells_as_json(symgate: Run) -> None:
    found = symgate("cells", "--json")
    data = json.loads(found.out)
    assert [cell["name"] for cell in data] == list(sg.zoo)
    for cell in data:
        assert set(cell) == {
            "name", "title", "aliases", "family", "source", "year", "equations", "roles", "remarks",
            "code",
        }  # fmt: skip
    assert found.out == symgate("cells", "--json").out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_cells_that_are_not_there(symgate: Run, form: tuple[str, ...]) -> None:
    found = symgate("cells", "nosuchword", *form)
    assert (found.code, found.out) == (3, "")
    assert found.err == (
        "symgate: a cell with the word 'nosuchword' is not known; `symgate cells` lists all\n"
    )


# -- show --------------------------------------------------------------------------------


def test_show(symgate: Run) -> None:
    found = symgate("show", "gru")
    assert (found.code, found.err) == (0, "")
    assert found.out == GRU


GRU = """\
Gated recurrent unit  (gru)

  z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
      update gate: how much of the old state is kept
  r[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1] + b_r)
      reset gate: how much of the old state the candidate sees
  n[t] = tanh(W_n @ x[t] + U_n @ (r[t] * h[t-1]) + b_n)
      candidate
  h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]
      new state

Shapes
  x: m
  z, r, n, h, b_z, b_r, b_n: n
  W_z, W_r, W_n: n × m
  U_z, U_r, U_n: n × n

Parameters  3 m n + 3 n² + 3 n

Jacobian over one step
  ∂h_t/∂h_{t-1} = diag(z_t)
      + diag((h_{t-1} - n_t) ⊙ z_t ⊙ (1 - z_t)) U_z
      + diag((1 - z_t) ⊙ (1 - n_t²)) U_n diag(r_t)
      + diag((1 - z_t) ⊙ (1 - n_t²)) U_n diag(h_{t-1} ⊙ r_t ⊙ (1 - r_t)) U_r
"""


@pytest.mark.parametrize("name", sg.zoo)
def test_show_every_cell_in_80_columns(symgate: Run, name: str) -> None:
    found = symgate("show", name)
    assert (found.code, found.err) == (0, "")
    equations = {f"  {line}" for line in str(sg.cell(name)).splitlines()}
    for line in found.out.splitlines():
        assert len(line) <= 80 or line in equations or " " not in line.strip()
        assert line == line.rstrip()


@pytest.mark.parametrize("name", sg.zoo)
def test_show_every_cell_as_json(symgate: Run, name: str) -> None:
    data = json.loads(symgate("show", name, "--json").out)
    cell = sg.cell(name)
    assert sg.Cell.from_text("\n".join(data["equations"])) == cell
    assert (tuple(data["states"]), tuple(data["gates"])) == (cell.states, cell.gates)
    assert set(data["parameters"]) == set(cell.parameters)
    assert len(data["jacobian"]) == len(cell.states) ** 2


def test_json_is_the_same_in_every_process() -> None:
    found = {
        process("show", "lstm", "--json", env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
    assert json.loads(found.pop())["name"] == "lstm"


def assert_balanced(latex: str) -> None:
    """Braces, environments and \\left … \\right pair up; no second script on one base."""
    assert_nested(latex)
    assert not re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_|'\^", latex)
    assert latex.isascii()


def assert_nested(latex: str) -> None:
    closes = {"}": "{", r"\right": r"\left", r"\end": r"\begin", r"\]": r"\["}
    opened: list[str] = []
    for token in re.findall(
        r"\\left(?![a-z])|\\right(?![a-z])|\\begin|\\end|\\\[|\\\]|[{}]", latex
    ):
        if token in closes:
            assert opened, latex
            assert opened.pop() == closes[token], latex
        else:
            opened.append(token)
    assert not opened, latex


@pytest.mark.parametrize(("name", "lag"), in_turn(product(CELLS, ("0", "1", "2", "k")), 12))
def test_latex_is_balanced(symgate: Run, name: str, lag: str) -> None:
    found = symgate("show", name, "--latex", "--lag", lag)
    assert (found.code, found.err) == (0, "")
    assert_balanced(found.out)
    assert found.out.count(r"\[") == 1 + len(sg.cell(name).states) ** 2


def test_balance_is_checked() -> None:
    for wrong in (r"\left(a", r"{a", r"a}", r"\begin{a}", r"\left( { \right) }"):
        with pytest.raises(AssertionError):
            assert_nested(wrong)
    with pytest.raises(AssertionError):
        assert_balanced("h'^{2}")


def test_names_go_through_the_printers(symgate: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.cell"
    file.write_text("h_tilde[t] = tanh(U_h @ h_tilde[t-1]) + gamma_0 * s_prime[t-1]**2\n"
                    "s_prime[t] = h_tilde[t]")  # fmt: skip
    latex = symgate("show", str(file), "--latex").out
    assert r"\frac{\partial \tilde{h}_t}{\partial \tilde{h}_{t-1}} = " in latex
    assert r"\frac{\partial {s'}_t}{\partial \tilde{h}_{t-1}} = " in latex
    assert r"\gamma_0 \, {s'}_{t-1}^{2}" in latex
    assert_balanced(latex)
    assert "  ∂h̃_t/∂s′_{t-1} = " in symgate("show", str(file)).out


# -- lags --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lag", "heading", "left"),
    [
        ("0", "0 steps", "∂h_t/∂h_t = I"),
        ("1", "one step", "∂h_t/∂h_{t-1} = diag(1 - h_t²) U"),
        ("2", "2 steps", "∂h_t/∂h_{t-2} = diag(1 - h_t²) U diag(1 - h_{t-1}²) U"),
        ("k", "k steps", "∂h_t/∂h_{t-k} = ∏_{j=0}^{k-1} [diag(1 - h_{t-j}²) U]"),
        ("tau", "tau steps", "∂h_t/∂h_{t-tau} = ∏_{j=0}^{tau-1} [diag(1 - h_{t-j}²) U]"),
    ],
)
def test_lag(symgate: Run, lag: str, heading: str, left: str) -> None:
    out = symgate("show", "rnn", "--lag", lag).out
    assert out.endswith(f"Jacobian over {heading}\n  {left}\n")
    assert json.loads(symgate("show", "rnn", "--lag", lag, "--json").out)["jacobian"] == {
        "dh/dh": left.split(" = ")[1]
    }


@pytest.mark.parametrize(
    ("lag", "message"),
    [
        ("-1", "must lie between 0 and 1000"),
        ("1001", "must lie between 0 and 1000"),
        (str(10**9), "must lie between 0 and 1000"),
        ("9" * 5000, "a whole number or a name such as k"),
        ("1.5", "a whole number or a name such as k, not '1.5'"),
        ("", "a whole number or a name such as k"),
        ("k+1", "a whole number or a name such as k"),
        ("'k'", "a whole number or a name such as k"),
        ("; rm", "a whole number or a name such as k, not '; rm'"),
        ("²", "a whole number or a name such as k"),
        ("κ", "a whole number or a name such as k"),
        ("t", "t is the step; take another letter for the lag"),
        ("n", "n is a size of gru; take another letter for the lag"),
    ],
)
def test_bad_lag(symgate: Run, lag: str, message: str) -> None:
    for form in ((), ("--json",), ("--latex",)):
        found = symgate("show", "gru", f"--lag={lag}", *form)
        assert (found.code, found.out) == (3, "")
        assert found.err.startswith("symgate: ")
        assert message in found.err
        assert len(found.err) < 200


# -- where cells come from ---------------------------------------------------------------


def test_a_file(symgate: Run, mine: Path) -> None:
    named = symgate("show", str(mine))
    assert named.code == 0
    assert named.out.startswith(f"mine\n\n  {RNN}\n")
    assert symgate("show", "--cell", str(mine)).out == named.out


def test_a_file_with_a_byte_order_mark(symgate: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.cell"
    file.write_text(RNN + "\n", encoding="utf-8-sig", newline="\r\n")
    assert symgate("show", str(file)).code == 0


def test_a_file_without_an_ending_needs_cell(
    symgate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").write_text(RNN)
    monkeypatch.chdir(tmp_path)
    assert symgate("show", "--cell", "mine").code == 0
    assert symgate("show", "./mine").code == 0
    assert symgate("show", "mine").code == 3


@pytest.mark.parametrize("name", ["GRU", "gru-cho", " gru ", "gru_cho"])
def test_an_alias(symgate: Run, name: str) -> None:
    assert symgate("show", name).out == GRU


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("grru", "the cell 'grru' is not known; did you mean 'gru'"),
        ("lstn", "did you mean 'lstm'"),
        ("qqqq", "the cell 'qqqq' is not known; `symgate cells` lists all"),
        ("", "the cell '' is not known"),
        ("g" * 10_000, "…' is not known"),
        ("../gru", "there is no file ../gru"),
        ("nosuch.cell", "there is no file nosuch.cell"),
        ("g" * 5000 + ".cell", "is too long for one"),
    ],
)
def test_an_unknown_cell(symgate: Run, name: str, message: str) -> None:
    found = symgate("show", name)
    assert (found.code, found.out) == (3, "")
    assert found.err.startswith("symgate: ")
    assert message in found.err


def test_a_folder(symgate: Run, tmp_path: Path) -> None:
    for words in ((str(tmp_path),), ("--cell", str(tmp_path))):
        found = symgate("show", *words)
        assert (found.code, found.out) == (3, "")
        assert found.err == f"symgate: {tmp_path} is a folder; name a file in it\n"


def test_a_binary_file(symgate: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.cell"
    file.write_bytes(bytes(range(256)))
    found = symgate("show", str(file))
    assert (found.code, found.out) == (3, "")
    assert found.err == f"symgate: {file}: line 1, column 1: this is not a text in UTF-8\n"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_file_without_an_end(symgate: Run) -> None:
    found = symgate("show", "/dev/zero")
    assert (found.code, found.out) == (3, "")
    assert "longer than 50000 characters" in found.err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read(symgate: Run, mine: Path) -> None:
    mine.chmod(0)
    found = symgate("show", str(mine))
    assert (found.code, found.err) == (3, f"symgate: cannot read {mine}: Permission denied\n")


# -- processes ---------------------------------------------------------------------------


def test_python_m_symgate() -> None:
    done = process("show", "gru")
    assert (done.returncode, done.stdout, done.stderr) == (0, GRU, "")
    done = process("show", "grru")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("symgate: the cell 'grru' is not known; did you mean 'gru'")


@pytest.mark.parametrize("words", [("cells",), ("cells", "--json"), ("show", "gru")])
def test_broken_pipe(words: tuple[str, ...]) -> None:
    """A reader that goes away, as head does, is no fault: no message, exit code 0."""
    reading, writing = os.pipe()
    os.close(reading)
    done = process(*words, capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_encoding_without_the_signs() -> None:
    done = process("show", "rnn", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u2202h_t/\u2202h_{t-1} = diag(1 - h_t\xb2) U" in done.stdout
