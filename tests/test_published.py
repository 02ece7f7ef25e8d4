"""Published results: the rows that take seconds agree; what disagrees is told."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from analysis.published import checks
from analysis.published.__main__ import main
from analysis.published.drawing import write
from tests.chosen import in_turn

html5lib = pytest.importorskip("html5lib")


def test_every_row_has_a_source_a_script_and_values() -> None:
    assert [row.number for row in checks.rows()] == list(range(1, 22))
    for row in checks.rows():
        assert row.source.strip()
        assert re.search(r"\(\d{4}\)|arXiv", row.source) or row.derived
        assert row.origin.startswith("derived here: ") == row.derived
        assert row.setup
        assert row.values
        assert (checks.FOLDER / f"{row.script}.py").is_file()
    fast = {row.number for row in checks.rows() if not row.slow}
    assert fast == {*range(1, 13), 20}


def test_a_tolerance_excludes_what_a_trivial_mistake_would_give() -> None:
    """No recurrent weights, another network, exponents per step: none of them passes."""
    held = 0
    for row in checks.rows():
        for name, rival in row.rivals.items():
            expected, tolerance, relative = row.values[name]
            assert not checks.Verdict(row, name, expected, rival, tolerance, relative).agrees, name
            held += 1
    assert held >= 14
    assert {14, 15, 21} <= {row.number for row in checks.rows() if row.rivals}


@pytest.mark.parametrize("name", in_turn(checks.scripts(fast=True), 3))
def test_the_fast_rows_agree(name: str) -> None:
    off = [f"{v.row.number} {v.name}: {v.got}" for v in checks.verdicts(name) if not v.agrees]
    assert off == []


def test_the_block_mistake() -> None:
    assert all(v.agrees for v in checks.verdicts("block_mistake"))
    assert "-1." in checks.remarks("block_mistake")[21]


def test_the_page_the_data_and_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["linear_chain", "slopes", "--output", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "row 2: The steepest |w σ'(w y)|: agrees (4 values)" in out
    assert err == f"wrote {tmp_path / 'index.html'}\n"
    page = (tmp_path / "index.html").read_text()
    html5lib.HTMLParser(strict=True).parse(page)
    assert "15 of 15 values agree" in page
    data = json.loads((tmp_path / "results.json").read_text())
    assert [(r["number"], r["agrees"]) for r in data["rows"]] == [(1, True), (2, True), (9, True)]
    assert "Hochreiter" in data["rows"][1]["caption"]
    assert "<desc>Left after" in (tmp_path / "slopes.svg").read_text()
    before = (tmp_path / "linear_chain.svg").read_bytes()
    write(checks.script("linear_chain").draw(), "linear_chain", tmp_path)
    assert (tmp_path / "linear_chain.svg").read_bytes() == before


def test_what_disagrees_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = checks.script("linear_chain")
    right = chain.numbers()
    wrong: dict[int, dict[str, Any]] = {1: {**right[1], "step 10": 25.7}}
    monkeypatch.setattr(chain, "numbers", lambda: wrong)
    assert main(["linear_chain", "--json", "--output", str(tmp_path)]) == 1
    assert not json.loads(capsys.readouterr().out)["rows"][0]["agrees"]
    assert "DOES NOT AGREE (step 10" in checks.sentence(
        checks.rows()[0], checks.verdicts("linear_chain")
    )
    assert "and 1 does not" in (tmp_path / "index.html").read_text()
    monkeypatch.setattr(chain, "numbers", lambda: {1: {"step 1": 1.0}})
    with pytest.raises(ValueError, match="computes other values than"):
        checks.verdicts("linear_chain")
    with pytest.raises(SystemExit):
        main(["no-such-script"])


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("cell_gradient_factor", ("--hidden", "6", "--steps", "20"), "forget gate at bias 1.00"),
        ("bias_for_memory", ("--hidden", "4", "--steps", "5", "20"), "T = 20: 2.944"),
        ("state_gradient", ("--hidden", "8", "--lags", "40"), "dL/dU hides it"),
    ],
)
def test_the_worked_examples(
    name: str, options: tuple[str, ...], said: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    target = tmp_path / "figure.svg"
    assert import_module(f"analysis.{name}").main([*options, "--output", str(target)]) == 0
    assert said in capsys.readouterr().out
    assert target.stat().st_size > 1000
