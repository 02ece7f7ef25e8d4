"""Sheets of exercises: every solution holds, the equations are found again, the bytes repeat."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from sympy import Add

import symgate as sg
from symgate.algebra.vectors import name_of
from symgate.cli.main import main
from symgate.sheets.kinds import KINDS
from symgate.sheets.random_cells import random_cell
from symgate.sheets.sheet import Exercises, SheetPart
from tests.test_bounds import draws, number


def one_by_one(sheet: Exercises) -> list[Exercises]:
    """Each question as a sheet of its own."""
    return [
        replace(sheet, parts=(SheetPart(None, part.cell, 1, (question,)),))
        for part in sheet.parts
        for question in part.questions
    ]


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_every_solution_passes_check(name: str) -> None:
    for sheet in one_by_one(sg.exercises(name, seed=1, count=9)):
        found = sg.check(name, sheet.solutions.latex())
        assert found.verdict == "right", f"{sheet.questions[0].kind}\n{found}"


def test_every_solution_of_random_cells_passes_check() -> None:
    for seed in range(3):
        cell = random_cell(str(seed), "own")
        found = sg.check(cell, sg.exercises(cell, seed=seed, count=6).solutions.latex())
        assert found.verdict == "right", f"{cell}\n{found}"


def test_solutions_of_a_stack_pass_check() -> None:
    stack = sg.stack("gru", "rnn")
    solutions = sg.exercises(stack, seed=5, count=12).solutions.latex()
    assert sg.check(stack, solutions).verdict == "right"


@pytest.mark.parametrize("name", ["gru", "lstm", "lstm-projected"])
def test_the_bound_of_a_solution_is_never_below_the_norm(name: str) -> None:
    cell, sheet = sg.cell(name), sg.exercises(name, seed=1, count=9)
    asked = next(q for q in sheet.questions if q.kind == "bound")
    (line,) = asked.solved[-1].lines
    of, wrt = (name_of(v) for v in (line.left.args[0].of, line.left.args[0].wrt))
    block = sg.lambdify(cell, sg.jacobian(cell, of, wrt))
    for params, given in draws(cell, 6, 1.5):
        bound = number(cell, Add(*(part.expression for part in line.parts)), params, given)
        assert np.linalg.norm(block(params, **given), 2) <= bound * (1 + 1e-12)


def test_a_misprint_is_one() -> None:
    for seed in range(2):
        sheet = sg.exercises(["gru", "lstm"], seed=seed, count=6)
        for each in one_by_one(sheet):
            if each.questions[0].kind == "misprint":
                assert sg.check(each.parts[0].cell, each.latex()).verdict == "wrong"


@pytest.mark.parametrize(("cell", "found"), [("gru", 12), ("linear-rnn", 7)])
def test_no_two_questions_are_alike(cell: str, found: int) -> None:
    sheet = sg.exercises(cell, seed=3)
    assert len(sheet) == found
    pairs = combinations(sheet.questions, 2)
    assert not any(one.text() == other.text() for one, other in combinations(one_by_one(sheet), 2))
    assert not any(one.same(other) for one, other in pairs)
    assert (" of 12 about" in repr(sheet)) is (found < 12)


def test_every_kind_is_asked_and_graded() -> None:
    sheet = sg.exercises(["lstm", "gru"], seed=0, count=18)
    assert {q.kind for q in sheet.questions} == set(KINDS)
    for part in sheet.parts:
        levels = [("easy", "medium", "hard").index(q.level) for q in part.questions]
        assert levels == sorted(levels)
    assert [p.first for p in sheet.parts] == [1, 10]


def test_the_equations_of_a_sheet_are_read_back(tmp_path: Path) -> None:
    for ending in (".tex", ".md"):
        path = sg.exercises(["lstm", "gru"], count=4).save(tmp_path / f"sheet{ending}")
        found = sg.read(path)
        assert [reading.zoo.name for reading in found.cells if reading.zoo] == ["lstm", "gru"]
        assert not any(reading.misprints for reading in found.cells)


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    made = {
        n: sg.exercises("rnn", seed=s, count=3, students=2)
        for n, s in (("a", 7), ("b", 7), ("c", 8))
    }
    for ending in (".tex", ".md", ".html", ".txt", ".csv", ".tsv"):
        once, again, other = (
            sheet.solutions.save(tmp_path / f"{name}{ending}") for name, sheet in made.items()
        )
        assert once.read_bytes() == again.read_bytes()
        assert once.read_bytes() != other.read_bytes()


def test_each_student_has_a_cell_of_their_own() -> None:
    sheet = sg.exercises("rnn", seed=1, count=2, students=4)
    own = [part.cell for part in sheet.parts if part.cell.name == "own"]
    assert len(own) == 4
    assert len({str(cell) for cell in own}) > 2
    assert sheet.latex().count(r"\clearpage") == 3


def test_a_jacobian_stands_in_display_mathematics() -> None:
    tex = sg.exercises("lstm", seed=3, count=3).solutions.latex()
    assert r"\frac{\partial" in tex
    assert any(mark in tex for mark in ("\\[\n\\frac{\\partial", "\\begin{align"))


def test_flash_cards(tmp_path: Path) -> None:
    path = sg.exercises("gru", count=9).save(tmp_path / "cards.tsv")
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    assert rows[0] == ["question", "answer", "cell", "kind", "level"]
    assert len(rows) == 10
    assert all("$" in row[0] and "$$" in row[1] for row in rows[1:])


def test_a_misprint_is_shown_on_the_sheet_and_not_in_its_solution() -> None:
    sheet = sg.exercises("gru", seed=2, count=9)
    (each,) = [s for s in one_by_one(sheet) if s.questions[0].kind == "misprint"]
    assert each.questions[0].shown
    assert "Solution" in each.solutions.text()
    assert len(each.solutions.text()) > len(each.text())


@pytest.mark.parametrize(
    "wrong",
    [
        {"cells": "grru"},
        {"cells": []},
        {"cells": 5},
        {"count": 0},
        {"count": 10**6},
        {"students": 0},
        {"seed": -1},
        {"notation": "no such"},
    ],
)
def test_bad_arguments_end_in_words(wrong: dict[str, object]) -> None:
    with pytest.raises(sg.SymgateError):
        sg.exercises(**{"cells": "gru", **wrong})  # type: ignore[arg-type]  # wrong calls


def test_a_sheet_of_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(sg.SymgateError, match="says no format"):
        sg.exercises("rnn", count=1).save(tmp_path / "sheet.docx")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet, solutions = tmp_path / "s.md", tmp_path / "a.csv"
    words = ["exercises", "rnn", "--count", "3", "-o", str(sheet), "--solutions", str(solutions)]
    assert main(words) == 0
    assert sheet.read_text(encoding="utf-8").count("**Exercise") == 3
    assert solutions.exists()
    assert main(["exercises", "rnn", "--count", "2"]) == 0
    assert "Exercise 2" in capsys.readouterr().out
    assert main(["exercises", "no-such-cell"]) == 3


def test_a_sheet_defines_what_it_names() -> None:
    sheet = sg.exercises("lstm", seed=3, count=9)
    assert any(q.kind == "gradient" for q in sheet.questions)
    for shown in (sheet, sheet.solutions):
        named = set(re.findall(r"a_\{(\w),t\}", shown.text().partition("Exercise 1")[2]))
        assert named <= set(re.findall(r"a_\{(\w),t\} =", shown.text())) != set()
