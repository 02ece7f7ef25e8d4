"""`symgate read`: what it prints, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import symgate as sg
from symgate.cli.main import main
from tests.test_read import GRU, NOTE


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    path.write_text(NOTE, encoding="utf-8")
    return path


def test_a_misprint_under_a_caret(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(note)]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith(r"U h_{t-1} $$"))
    assert lines[at].startswith("       5 │ ")
    start = lines[at].index("tanh")
    assert lines[at + 1][start:] == "^" * len(r"tanh(Wx_t + r_t ) \bigodot U h_{t-1}")
    assert r"meant  tanh(Wx_t + r_t \bigodot U h_{t-1})" in lines[at + 2]
    assert "h is unbounded, where [-1, 1] was meant" in lines[at + 3]


def test_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("h_t = tanh(W x_t + U h_{t-1} + b)\n"))
    assert main(["read", "-"]) == 0
    assert "h[t] = tanh(W @ x[t] + U @ h[t-1] + b)" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["read", "-", "note.md"])
    assert "- is read alone" in capsys.readouterr().err


def test_fix_keeps_the_notation(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(note), "--fix"]) == 1
    fixed = capsys.readouterr().out
    assert r"h_t' = tanh(Wx_t + r_t \bigodot U h_{t-1})" in fixed
    assert r"W^{(z)}x_t" in fixed
    note.write_text("\n\n".join(f"$${line}$$" for line in fixed.splitlines()), encoding="utf-8")
    assert main(["read", str(note)]) == 0


def test_fix_prints_the_line_that_the_mend_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.md"
    lines = (
        r"z_t = \sigma(W_z x_t + U_z h_{t-1})",
        r"r_t = \sigma(W_r x_t + U_r h_{t-1})",
        r"\tilde h_t = \tanh(W_h x_t + U_h (z_t \odot h_{t-1}))",
        r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t",
    )
    path.write_text("\n".join(f"$${line}$$" for line in lines), encoding="utf-8")
    assert main(["read", str(path), "--fix"]) == 1
    fixed = capsys.readouterr().out.splitlines()
    assert fixed[1] == lines[1]
    path.write_text("\n".join(f"$${line}$$" for line in fixed), encoding="utf-8")
    assert main(["read", str(path)]) == 0


def test_json_and_several_files(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = note.with_name("other.md")
    other.write_text(GRU, encoding="utf-8")
    note.with_name("broken.ipynb").write_text("{", encoding="utf-8")
    assert main(["read", str(note.parent), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 1
    assert [len(file["cells"]) for file in data["files"]] == [0, 1, 1]
    assert main(["read", str(note), str(other)]) == 1
    table = capsys.readouterr().out
    assert "keeps old, reset after" in table
    assert "lightru" in table


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.md"
    path.write_text(GRU, encoding="utf-8")
    assert main(["read", str(path)]) == 0
    path.write_text("![a](b.png) and words", encoding="utf-8")
    assert main(["read", str(path)]) == 3
    assert "no equations of a cell; one picture, not read" in capsys.readouterr().out
    path.write_bytes(bytes(range(256)) * 9)
    assert main(["read", str(path)]) == 3
    assert "is not a text" in capsys.readouterr().err
    assert main(["read", str(tmp_path / "none.md")]) == 3
    (tmp_path / "empty").mkdir()
    assert main(["read", str(tmp_path / "empty")]) == 3
    told = capsys.readouterr()
    assert not told.out
    assert "no documents in" in told.err


def test_the_map_to_the_zoo_and_the_cell_for_other_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.md"
    plain, stacked = (
        rf"$$h_t = \tanh({inside} + b)$$" for inside in ("W x_t + U h_{t-1}", "W [h_{t-1}, x_t]")
    )
    path.write_text(f"{plain}\n\n# Another\n\n{stacked}\n", encoding="utf-8")
    assert main(["read", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "proved equal to the zoo's rnn\n    under  W → [U, W]" in shown
    for command in (["show"], ["derive"], ["decay", "--hidden", "4", "--lags", "3"]):
        assert main([*command, f"{path}#2"]) == 0
        assert main([*command, f"{path}#3"]) == 3
    assert "count from 1 to 2" in capsys.readouterr().err


def test_a_notebook_shows_a_table_and_escapes() -> None:
    found = sg.read(NOTE.replace("h_t'", r"h_t' \text{<b>}") + "\n<script>\n")
    shown = found._repr_html_()
    assert "<td>gru</td>" in found[0]._repr_html_()
    assert "<pre>    misplaced parenthesis" in shown
    assert "<script>" not in shown
    assert "<b>" not in shown


def test_derive_what_was_read(note: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = note.with_suffix(".html")
    assert main(["read", str(note), "--derive", "-o", str(page)]) == 1
    assert "derived as meant" in capsys.readouterr().err
    assert "<math" in page.read_text(encoding="utf-8")


def test_what_is_said_of_the_zoo_and_of_skipped_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        r"$$y_t = V h_t$$ $$h_t = \tanh(W x_t + U h_{t-1} + b))$$ $$u_t = R h_t$$", encoding="utf-8"
    )
    assert main(["read", str(path)]) == 1
    told = capsys.readouterr().out
    assert "as meant identical to the zoo's rnn" in told
    assert "skipped: an output that no state depends on, line 1" in told
    path.write_text(
        r"$$a_t = \tanh(W x_t + U a_{t-1})$$ $$b_t = \tanh(V a_t + R b_{t-1})$$", encoding="utf-8"
    )
    assert main(["read", str(path)]) == 0
    assert "nearest in the zoo: rnn, which is another cell" in capsys.readouterr().out
