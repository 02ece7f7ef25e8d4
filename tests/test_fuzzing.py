"""Bytes of strangers, whatever they are: a result or words (`tests/fuzzing.py`)."""

from __future__ import annotations

import random

import pytest

from tests.fuzzing import TARGETS, Hunt, broken, changed, seeds

#: How many changed inputs are run, so that each target takes a few seconds.
MANY = {"text": 60, "read": 4, "claim": 40, "model": 30, "curve": 60, "journal": 300}

#: Seconds of processor time on a machine on which much else runs.
BUSY = 30.0


@pytest.mark.parametrize("target", TARGETS)
def test_the_stored_corpus(target: str) -> None:
    corpus = seeds(target)
    assert corpus
    assert {broken(target, data, BUSY) for data in corpus} == {""}


@pytest.mark.parametrize("target", TARGETS)
def test_changes_of_the_corpus(target: str) -> None:
    rng, corpus, found = random.Random(18), seeds(target), Hunt(target, most=BUSY)
    plain = [data for data in corpus if data[:4] != b"\x89HDF"] if target == "model" else corpus
    for _ in range(MANY[target]):
        found.run(changed(target, rng.choice(plain), corpus, rng))
    assert not found.found


def test_a_raw_error_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "text", lambda data: [][0])
    assert broken("text", b"").startswith("IndexError")
    monkeypatch.setitem(TARGETS, "text", lambda data: "\x1b[31m")
    assert broken("text", b"") == "steers a terminal: ['\\x1b']"
