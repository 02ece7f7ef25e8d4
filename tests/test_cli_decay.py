"""`symgate decay`, `memory`, `sweep`, and the scripts of analysis/."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

import symgate as sg
from symgate.cli import main

Run = Callable[..., tuple[int, str, str]]
SMALL = ("--hidden", "5", "--lags", "30", "--samples", "2")


@pytest.fixture
def symgate(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run


def test_decay_prints_a_chart_and_a_table(symgate: Run) -> None:
    code, out, err = symgate("decay", "rnn", "lstm", "gru", *SMALL)
    assert (code, err) == (0, "")
    assert "lag; * rnn, o lstm, + gru" in out
    assert "rate per step" in out
    assert "2 sequences of independent standard normal inputs" in out
    assert "fitted on lags 15 to 30" in out
    assert symgate("decay", "rnn", "lstm", "gru", *SMALL)[1] == out


def test_what_a_curve_is_measured_on_is_told_for_each_cell(symgate: Run, tmp_path: Path) -> None:
    """A curve that ends in zeros is fitted on other lags, a cell without input starts anew."""
    still = tmp_path / "still.cell"
    still.write_text("h[t] = tanh(U @ h[t-1])")
    out = symgate("decay", "rnn", str(still), *SMALL)[1]
    assert "\nrnn: one network, 2 sequences of independent standard normal inputs" in out
    assert "\nstill: one network, 2 sequences of starts uniform in (-1, 1) and no input" in out
    assert out.count("fitted on lags 15 to 30") == 2


def test_columns_of_wide_characters(symgate: Run, tmp_path: Path) -> None:
    file = tmp_path / "循環.cell"
    file.write_text("h[t] = tanh(U @ h[t-1] + W @ x[t])")
    code, out, err = symgate("decay", str(file), *SMALL, "-o", str(tmp_path / "a.png"))
    assert (code, "Traceback" in err) == (0, False)
    assert "\n循環  h / h" in out


def test_decay_draws(symgate: Run, tmp_path: Path) -> None:
    target = tmp_path / "decay.svg"
    code, out, err = symgate("decay", "lstm", *SMALL, "--paths", "--bounds", "-o", str(target))
    assert code == 0
    assert f"wrote {target}" in err
    assert "forget gate" in out
    assert "worst case" in out
    assert "from the Lyapunov exponent" in out
    assert {p.name for p in tmp_path.iterdir()} == {"decay.svg", "decay-lstm-paths.svg"}


def test_decay_data(symgate: Run, tmp_path: Path) -> None:
    out = symgate("decay", "gru", *SMALL, "--bounds", "--paths", "--json")[1]
    data = json.loads(out)[0]
    assert data["cell"] == "gru"
    assert len(data["bounds"]["worst_log10"]) == 31
    assert data["paths"]["blocks"]["h,h"]["share"]["carry"] > 0
    rows = list(csv.DictReader(io.StringIO(symgate("decay", "gru", "rnn", *SMALL, "--csv")[1])))
    assert [row["cell"] for row in rows] == ["gru"] * 31 + ["rnn"] * 31
    path = tmp_path / "a.npz"
    symgate("decay", "gru", *SMALL, "--save", str(path))
    again = sg.load(path)
    assert again.median.tolist() == data["median_log10"]
    words = again.setting.command.split()
    assert words[:2] == ["symgate", "decay"]
    symgate(*words[1:], "--save", str(path))
    assert sg.load(path).median.tolist() == data["median_log10"]


def test_the_ending_chooses_and_pictures_have_the_size_that_is_asked_for(
    symgate: Run, tmp_path: Path
) -> None:
    table, data, picture = (str(tmp_path / f"a.{end}") for end in ("csv", "json", "png"))
    assert symgate("decay", "rnn", *SMALL, "-o", table)[0] == 0
    assert Path(table).read_text() == symgate("decay", "rnn", *SMALL, "--csv")[1]
    assert symgate("sweep", "rnn", "--hidden", "2,3", "--lags", "5", "-o", data)[0] == 0
    assert len(json.loads(Path(data).read_text())["rows"]) == 2
    size = ("--width", "3", "--dpi", "100", "--font-size", "6", "-o", picture)
    for words in (("decay", "rnn", *SMALL), ("diagram", "lstm")):
        given = size if words[0] == "decay" else (*size[:4], *size[6:])
        assert symgate(*words, *given)[0] == 0
        with Image.open(picture) as image:
            assert 280 <= image.size[0] <= 345  # nothing is cut: a long title makes it wider
    assert symgate("diagram", "lstm", *size)[0] == 3  # width and letters both set the scale
    assert symgate("decay", "rnn", "--dpi", "100")[0] == 2
    assert (
        "dpi must be a whole number, 10 or more"
        in symgate("diagram", "lstm", *size[2:3], "3", *size[6:])[2]
    )


def test_a_file_of_equations(symgate: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.cell"
    file.write_text("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)")
    code, out, _ = symgate("decay", "--cell", str(file), *SMALL)
    assert code == 0
    assert "mine" in out


def test_memory(symgate: Run, tmp_path: Path) -> None:
    code, out, err = symgate("memory", "lstm", "--steps", "500", "--hidden", "4")
    assert (code, err) == (0, "")
    assert "the bias b_f of gate f = ln(T - 1) = 6.2126" in out
    target = tmp_path / "m.png"
    code, out, _ = symgate("memory", "gru", "--steps", "50", "--hidden", "4", "--json",
                           "-o", str(target))  # fmt: skip
    assert json.loads(out)[0]["parameter"] == "b_z"
    assert target.read_bytes().startswith(b"\x89PNG")


def test_sweep(symgate: Run, tmp_path: Path) -> None:
    keep, target = tmp_path / "s.jsonl", tmp_path / "s.pdf"
    words = ("sweep", "lstm", "--hidden", "3,5", "--bias", "f=0,2", "--lags", "20",
             "--keep", str(keep), "-o", str(target))  # fmt: skip
    code, out, _ = symgate(*words)
    assert code == 0
    assert out.splitlines()[0].split()[:3] == ["hidden", "bias", "f"]
    assert out.splitlines()[5:] == [
        "",
        "lstm: the spectral norm of ∂h/∂h over 20 lags; 2 networks at each point",
    ]
    assert target.read_bytes().startswith(b"%PDF")
    again = symgate(*words, "--csv")[1]
    assert len(again.splitlines()) == 5
    assert json.loads(symgate(*words, "--json")[1])["axes"]["bias f"] == [0.0, 2.0]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("decay",), 2, "name a cell"),
        (("decay", "gru", "--lags", "0"), 3, "lags must be a whole number, 1 or more, not 0"),
        (("decay", "gru", "--lags", "-4"), 3, "lags must be a whole number, 1 or more, not -4"),
        (("decay", "gru", "--lags", "99", "--steps", "9"), 3, "reaches before the start"),
        (("decay", "gru", "--lags", "1000000000"), 3, "4 sequences of 1000000000 steps would"),
        (("decay", "gru", "--hidden", "99999"), 3, "the parameters of gru with 99999 units would"),
        (("decay", "rnn", "--samples", "9" * 9), 3, "fewer units, lags, networks or samples"),
        (("decay", "gru", "--of", "q"), 3, "a value of gru named 'q'"),
        (("decay", "gru", "--bias", "f=1"), 3, "a gate or a bias of gru named 'f'"),
        (("decay", "gru", "--bias", "f"), 2, "gate=value"),
        (("decay", "gru", "--seed", "1.5"), 2, "'1.5' is not a whole number"),
        (("decay", "gru", "--seed", "-1"), 3, "seed must be a whole number, 0 or more"),
        (("decay", "grru"), 3, "did you mean 'gru'"),
        (("decay", "gru", "-o", "/missing/a.svg"), 3, "there is no folder /missing"),
        (("decay", "gru", *SMALL, "-o", "/proc/a.svg"), 3, "folder /proc may not be written to"),
        (("decay", "gru", "-o", "a.bmp"), 3, "end in .svg, .png or .pdf"),
        (("decay", "gru", "--save", "/missing/a.npz"), 3, "there is no folder /missing"),
        (("decay", "gru", "lstm", "--save", "a.npz"), 2, "--save keeps one cell"),
        (("decay", "gru", "--csv", "--json"), 2, "not allowed with"),
        (("decay", "gru", "--bias", "z=1", "--bias", "z=2"), 2, "--bias names one twice"),
        (("decay", "gru", "--lags", "5", "--at", "4,4"), 3, "at names a step twice"),
        (("decay", "gru", *SMALL, "--wrt", "x", "--bounds"), 3, "∂h/∂x is of another kind"),
        (("decay", "gru", "--hidden", "3", "--size", "n=2"), 3, "n is said twice: 3 and 2"),
        (("decay", "gru", "-o", "a.svg", "--width", "1e9"), 3, "width must be a finite number"),
        (("diagram", "gru", "-o", "a.png", "--font-size", "300"), 3, "more than 20,000 dots"),
        (("decay", "gru", "--at", "x"), 2, "is not a list"),
        (("memory", "rnn", "--steps", "500"), 3, "rnn has no carry"),
        (("memory", "lstm", "--steps", "1"), 3, "steps must be a finite number above 1"),
        (("memory", "lstm"), 2, "--steps"),
        (("memory", "lstm", "--steps", "many"), 2, "'many' is not a number"),
        (("sweep", "lstm", "--hidden", ""), 2, "'' is not a list like 16,32,64"),
        (("sweep", "lstm", "--hidden", "1,2", "--limit", "1"), 3, "2 points, more than the limit"),
        (("sweep", "lstm", "--bias", "f=0:6:1"), 2, "START:STOP:COUNT like 0:6:7"),
        (("sweep", "lstm", "--bias", "z=1"), 3, "a gate or a bias of lstm named 'z'"),
        (("sweep", "lstm", "--keep", "/missing/s.jsonl"), 3, "there is no folder /missing"),
    ],
)
def test_bad_input(
    symgate: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found = symgate(*words)
    assert found[0] == code
    assert found[1] == ""
    assert message in found[2]
    assert list(tmp_path.iterdir()) == []


# -- analysis ---------------------------------------------------------------------------------

SCRIPTS = {
    "compare_cells": ["--hidden", "6", "--lags", "30"],
    "long_sequence": ["--hidden", "4", "--lags", "300"],
    "forget_bias": ["--hidden", "5", "--lags", "40", "--biases", "0", "1"],
    "reset_gate": ["--hidden", "5", "--lags", "30", "--seeds", "2"],
    "update_convention": ["--hidden", "5", "--lags", "30"],
    "effective_attention": ["--hidden", "4", "--lags", "12", "--networks", "2"],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "reports" / "figure.svg"
    code = import_module(f"analysis.{name}").main([*SCRIPTS[name], "--output", str(target)])
    assert code == 0
    answer = capsys.readouterr().out
    assert answer.count("\n") == 1
    assert answer.endswith(".\n")
    assert target.read_text().startswith("<?xml")


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_short_and_use_the_public_surface(name: str) -> None:
    text = Path(import_module(f"analysis.{name}").__file__ or "").read_text()
    assert len(text.splitlines()) < 80
    assert "import symgate as sg" in text
    assert "from symgate" not in text
