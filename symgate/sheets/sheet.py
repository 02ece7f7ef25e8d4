"""`exercises`: sheets with questions about cells, and their solutions."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from sympy import Indexed

from symgate.algebra.vectors import name_of
from symgate.asked import asked, letter, whole
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError
from symgate.files import write_file
from symgate.instead import tells
from symgate.sheets.kinds import KINDS, LEVELS, Question
from symgate.sheets.random_cells import random_cell
from symgate.writing.data import FORMAT
from symgate.writing.derivation import Derivation, of_sections
from symgate.writing.document import ENDINGS, Derivations, Head, check_ending
from symgate.writing.notation import notation as notation_named
from symgate.writing.sections.cell import equations, inside
from symgate.writing.subject import Subject
from symgate.writing.tree import Section, Step
from symgate.writing.typesetter import Typesetter

#: Endings of tables, for flash cards.
TABLES = (".csv", ".tsv")

#: The most questions of a sheet, and the most students.
MOST, MOST_STUDENTS = 200, 500

#: How often each kind is tried, until there are questions enough.
TURNS = 12


@dataclass(frozen=True)
class SheetPart:
    """The questions about one cell on one student's sheet, numbered from `first`."""

    student: int | None
    cell: Cell
    first: int
    questions: tuple[Question, ...]

    @property
    def title(self) -> str:
        """The heading above the cell."""
        about = self.cell.title
        return about if self.student is None else f"Student {self.student}: {about}"


@tells("a sheet")
@dataclass(frozen=True)
class Exercises:
    """Sheets of questions, or their solutions: `latex`, `markdown`, `html`, `text`, `save`.

    `parts` holds the questions by student and cell; `solutions` is the same with answers.
    `wanted` is how many questions were asked for; a simple cell may have fewer that differ.
    """

    seed: int
    notation: str
    parts: tuple[SheetPart, ...]
    wanted: int
    solved: bool = False

    @property
    def solutions(self) -> Exercises:
        """The same questions, each with its solution."""
        return replace(self, solved=True)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in order."""
        return tuple(q for part in self.parts for q in part.questions)

    @property
    def title(self) -> str:
        """What stands at the top."""
        what = "Solutions" if self.solved else "Exercises"
        return f"{what}: Jacobians of recurrent cells"

    def __len__(self) -> int:
        return len(self.questions)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        cells = dict.fromkeys(part.cell.name for part in self.parts)
        what = "Solutions of exercises" if self.solved else "Exercises"
        count = f"{len(self)} of {self.wanted}" if len(self) < self.wanted else len(self)
        return f"<{what}: {count} about {', '.join(cells)}, seed {self.seed}>"

    def latex(self) -> str:
        """An article that pdflatex takes as it is."""
        return self.document.latex()

    def markdown(self) -> str:
        """Markdown with $…$ and $$…$$."""
        return self.document.markdown()

    def html(self) -> str:
        """A page of its own, with static MathML and no script."""
        return self.document.html()

    def text(self) -> str:
        """Plain Unicode, for a terminal."""
        return self.document.text()

    @asked(separator=letter)
    def table(self, separator: str = ",") -> str:
        """Flash cards: question, answer, cell, kind and level of each, with LaTeX in $…$."""
        out = io.StringIO()
        rows = csv.writer(out, delimiter=separator, lineterminator="\n")
        rows.writerow(["question", "answer", "cell", "kind", "level"])
        for part in self.parts:
            typesetter = self._derivation(part).typesetter
            for q in part.questions:
                front, back = (_side(typesetter, words, f) for words, f in _sides(q))
                rows.writerow([front, back, part.cell.name, q.kind, q.level])
        return out.getvalue()

    @asked()
    def save(self, path: str | Path) -> Path:
        """Write to a file; its ending says how: .tex .pdf .md .html .txt .csv .tsv."""
        path = Path(path)
        if path.suffix.lower() in TABLES:
            return write_file(path, self.table("\t" if path.suffix.lower() == ".tsv" else ","))
        check_ending(path, (*ENDINGS, *TABLES))
        return self.document.save(path)

    @property
    def document(self) -> Derivations:
        """The sheets as one document; each student's begins on a page of its own."""
        students = [part.student for part in self.parts]
        new = [i for i in range(1, len(students)) if students[i] != students[i - 1]]
        made = tuple(map(self._derivation, self.parts))
        return Derivations(made, Head(self.title, breaks=frozenset(new)))

    def _derivation(self, part: SheetPart) -> Derivation:
        subject = Subject.of(part.cell, self.notation)
        steps = [
            s for i, q in enumerate(part.questions) for s in _steps(part.first + i, q, self.solved)
        ]
        title = "Solutions" if self.solved else "Exercises"
        above = [equations(subject)]  # and the names inside, where a question or answer uses one
        made = {*subject.lin.nodes} - {*part.cell.equations}
        if any(made & _names(q) for q in part.questions):
            above += inside(subject, below=False)
        below = Section("exercises", title, tuple(steps))
        return of_sections(
            subject, (Section("cell", "The cell", tuple(above)), below), heading=part.title
        )


def _steps(number: int, q: Question, solved: bool) -> tuple[Step, ...]:
    """A question, with its solution behind it where that is asked for."""
    shown = () if solved else q.shown  # a misprint is not said again beside what is right
    asked = Step((f"Exercise {number} ({q.level})",), q.ask, shown)
    return (asked, Step(("Solution",), q.answer, q.solved)) if solved else (asked,)


def _names(q: Question) -> set[str]:
    """The values on the right sides of a question and its answer, also those of a δ."""
    parts = [part for f in (*q.shown, *q.solved) for row in f.lines for part in row.parts]
    held = [a for part in parts for a in part.expression.atoms(Indexed)]
    return {name_of(a).removeprefix("delta_") for a in held}


def _sides(q: Question) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (q.ask, q.shown), (q.answer, q.solved)


def _side(typesetter: Typesetter, words: Any, formulas: Any) -> str:
    """One side of a flash card, on one line."""
    said = FORMAT.words(words, typesetter)
    shown = [f"$${piece.latex}$$" for f in formulas for piece in typesetter.formula(f)]
    return " ".join(" ".join([said, *shown]).split())


@asked(
    cells=None,
    count=whole(1, MOST),
    students=whole(1, MOST_STUDENTS),
)
def exercises(
    cells: Cell | str | Sequence[Cell | str],
    seed: int = 0,
    count: int = 12,
    students: int | None = None,
    *,
    notation: str = "symgate",
) -> Exercises:
    """A sheet of questions about cells, with solutions in `.solutions`.

    `cells` is a cell, a name or several; `count` the number of questions, which go round the
    cells and grow harder within each; `repr` says where a simple cell has fewer that differ.
    The same `seed` makes the same bytes. With `students`
    each gets questions of their own, and a random cell beside those that are given.
    `notation` is one of `symgate.notations`.

    >>> import symgate as sg
    >>> sheet = sg.exercises("lstm", seed=3, count=4)
    >>> [q.kind for q in sheet.questions]
    ['partial', 'adjoint', 'step', 'misprint']
    >>> print(sheet.markdown().splitlines()[0])
    # Exercises: Jacobians of recurrent cells
    """
    given = [cells] if isinstance(cells, str | Cell) else list(_listed(cells))
    if not given:
        raise SymgateError("exercises are about a cell or several; none is given")
    chosen = tuple(dict.fromkeys(map(cell_of, given)))
    notation_named(notation)
    parts: list[SheetPart] = []
    each: Sequence[int | None] = [None] if students is None else range(1, students + 1)
    for student in each:
        random = Random(f"{seed}/{student}")
        own = chosen
        if student is not None:
            own = (random_cell(f"{seed}/{student}", "A cell of your own"), *chosen)
        parts += _sheet(student, own, count, random, notation)
    return Exercises(seed, notation, tuple(parts), count * len(each))


def _listed(cells: Any) -> Sequence[Any]:
    try:
        return tuple(cells)
    except TypeError:
        raise SymgateError(f"cells are cells or their names, not {cells!r:.60}") from None


def _sheet(
    student: int | None, cells: Sequence[Cell], count: int, random: Random, notation: str
) -> list[SheetPart]:
    """One student's questions, shared out among the cells."""
    shares = [count // len(cells) + (i < count % len(cells)) for i in range(len(cells))]
    parts: list[SheetPart] = []
    number = 1
    for cell, share in zip(cells, shares, strict=True):
        found = _questions(Subject.of(cell, notation), share, number - 1, random)
        if found:
            parts.append(SheetPart(student, cell, number, found))
            number += len(found)
    if not parts:
        raise SymgateError(f"no kind of question fits {', '.join(c.name for c in cells)}")
    return parts


def _questions(subject: Subject, count: int, at: int, random: Random) -> tuple[Question, ...]:
    """Questions about one cell, no two alike, the easy ones first; the kinds go on where
    the cell before stopped."""
    kinds = list(KINDS.values())
    kinds = [*kinds[at % len(kinds) :], *kinds[: at % len(kinds)]]
    found: list[Question] = []
    for turn in range(TURNS * len(kinds)):
        if len(found) == count:
            break
        made = kinds[turn % len(kinds)](subject, random)
        if made is not None and not any(map(made.same, found)):
            found.append(made)
    return tuple(sorted(found, key=lambda q: LEVELS.index(q.level)))
