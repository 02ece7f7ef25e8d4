"""The worked example: a network that is trained and watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import trained_memory
from tests.tools import package

package("torch")


def test_an_lstm_is_trained_and_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["adding", "--hidden", "4", "--steps", "12", "--epochs", "2"]
    assert trained_memory.main([*words, "--output", str(tmp_path / "a.svg")]) == 0
    answer = capsys.readouterr().out
    assert answer.startswith("The loss fell from")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
