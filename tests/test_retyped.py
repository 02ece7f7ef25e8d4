"""What a cell means does not depend on how it is typed: shuffled lines, sums over more lines
or fewer, other names give the same numbers, verdicts and sentences."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import numpy as np
import pytest

import symgate as sg
from tests.chosen import CELLS, in_turn
from tests.meaning import measured, said
from tests.numbers import Arrays, Numbers, numbers
from tests.random_cells import random_cell
from tests.retyped import joined, renamed, shuffled, split

#: Sentences that name gates, which splitting and joining change.
BY_GATES = ("bounds", "jacobian", "memory")


def bare(cell: sg.Cell) -> str:
    """The text without comments."""
    return str(cell)


def assert_same(found: Arrays, expected: Arrays) -> None:
    for name, array in expected.items():
        scale = max(1e-3, float(np.abs(array).max(initial=0)))
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-9 * scale, err_msg=name)


#: Cells of the zoo, other ones each day, and random ones.
TEXTS = [*in_turn(CELLS, 7), *(f"random {seed}" for seed in range(300, 308))]


@pytest.fixture(scope="module", params=TEXTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@lru_cache(maxsize=1)
def meant(name: str) -> tuple[Arrays, dict[str, str]]:
    """The numbers and the sentences of a cell as it stands."""
    cell = cell_named(name)
    return measured(cell, given_to(cell)), said(cell)


def cell_named(name: str) -> sg.Cell:
    if name.startswith("random"):
        return random_cell(Random(int(name.split()[1])))
    return sg.Cell.from_text(bare(sg.cell(name)), "cell", roles=sg.cell(name).roles)


def given_to(cell: sg.Cell) -> Numbers:
    return numbers(cell, n=3, m=2, steps=4)


def test_shuffled_lines(name: str) -> None:
    cell = cell_named(name)
    other = sg.Cell.from_text(shuffled(cell.text, Random(5)), cell.name, roles=cell.roles)
    assert sg.compare(cell, other).verdict in ("identical", "undecided")
    given = given_to(cell)
    values, sentences = meant(name)
    assert_same(measured(other, given), values)
    assert said(other) == sentences


def test_more_lines_and_fewer(name: str) -> None:
    cell, rng = cell_named(name), Random(6)
    given = given_to(cell)
    values, sentences = meant(name)
    kept = frozenset({*cell.states, "h"})  # what is called h names its size n, a gate too
    for change in (split, lambda text, rng: joined(text, rng, kept)):
        text = change(cell.text, rng)
        if text is None:
            continue
        other = sg.Cell.from_text(text, cell.name)
        assert sg.compare(cell, other).verdict in ("identical", "equal", "undecided")
        assert_same(measured(other, given), values)
        assert {k: v for k, v in said(other).items() if k not in BY_GATES} == {
            k: v for k, v in sentences.items() if k not in BY_GATES
        }


def test_renamed_parameters(name: str) -> None:
    cell = cell_named(name)
    names = {p: f"{p}_new" if "_" not in p else f"{p}new" for p in cell.parameters}
    back = {new: old for old, new in names.items()}
    other = sg.Cell.from_text(renamed(cell.text, names), cell.name, roles=cell.roles)
    assert sg.compare(cell, other).verdict in ("identical", "undecided")
    given = given_to(cell)
    values, sentences = meant(name)
    params = {names[name]: array for name, array in given.params.items()}
    there = Numbers(other, {}, params, given.inputs, given.initial, given.steps)
    expected = {f"∂{names[k[1:]]}" if k[0] == "∂" else k: v for k, v in values.items()}
    assert_same(measured(other, there), expected)
    found = said(other)
    assert back
    for what, sentence in sentences.items():
        if what not in ("memory",):  # it draws weights by their names
            assert len(found[what]) >= len(sentence), what
