"""`symgate diagram`: files by their ending, and messages for what cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from symgate.cli.main import main


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "tex", "tikz"])
def test_files(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"gru.{ending}"
    assert main(["diagram", "gru", "-o", str(path)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert str(path) in said.err
    assert path.stat().st_size > 1000


def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "rnn"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("<svg")
    assert said.err == ""


def test_a_cell_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "mine.cell"
    own.write_text("f[t] = sigmoid(W @ x[t])\nh[t] = f[t] * h[t-1] + (1 - f[t]) * x[t]\n")
    assert main(["diagram", "--cell", str(own)]) == 0
    assert main(["diagram", str(own)]) == 0
    assert capsys.readouterr().out.count("<title") == 2


def test_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (
            ["diagram", "gru", "-o", "gru.gif"],
            "the file of a diagram must end in .svg, .png, .pdf, .tex or .tikz",
        ),
        (["diagram", "gru", "-o", str(tmp_path / "no" / "gru.svg")], "there is no folder"),
        (["diagram", "gur"], "did you mean"),
    ):
        assert main(words) == 3
        said = capsys.readouterr()
        assert told in said.err
        assert said.out == ""
    with pytest.raises(SystemExit) as stopped:
        main(["diagram"])
    assert stopped.value.code == 2


def test_a_folder_in_the_way_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gru.svg").mkdir()
    assert main(["diagram", "gru", "-o", str(tmp_path / "gru.svg")]) == 3
    assert "it is a folder" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["gru.svg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    assert main(["diagram", "gru", "-o", str(tmp_path / "gru.svg")]) == 3
    assert "may not be written to" in capsys.readouterr().err
