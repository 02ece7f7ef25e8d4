r"""Derivations as slides: a beamer document, a frame a step, its lines revealed one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from symgate.writing.escape import latex_text
from symgate.writing.layout import Aligned, AlignedRow
from symgate.writing.tex import FORMAT, fitted, in_columns, in_table
from symgate.writing.tree import Step
from symgate.writing.typesetter import Typesetter

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head

T = TypeVar("T")

PREAMBLE = r"""\documentclass[9pt,aspectratio=169]{beamer}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,booktabs,array,tikz}
\setbeamersize{text margin left=7mm,text margin right=7mm}
\setbeamertemplate{navigation symbols}{}
\setbeamertemplate{footline}[frame number]
\usefonttheme[onlymath]{serif}
\setbeamercovered{invisible}
\pdfinfoomitdate=1
\pdftrailerid{}
\pdfsuppressptexinfo=-1
"""

#: Rows of formulas, and rows of a table, on one frame.
FORMULA_ROWS, TABLE_ROWS = 7, 9


def slides(derivations: Sequence[Derivation], head: Head) -> str:
    """The document."""
    title = head.title_of(derivations)
    out = [PREAMBLE, rf"\title{{{latex_text(title)}}}", rf"\author{{{latex_text(head.author)}}}"]
    out += [rf"\date{{{latex_text(head.date)}}}", r"\begin{document}", r"\frame{\titlepage}"]
    for i, derivation in enumerate(derivations):
        if len(derivations) > 1:
            out.append(rf"\section{{{latex_text(derivation.title)}}}")
        if i < len(head.pictures):
            drawn = fitted(head.pictures[i], r"\textwidth", r"0.78\textheight")
            out.append(_frame(latex_text(derivation.title), drawn))
        typesetter = derivation.typesetter
        for section in derivation.sections:
            for step in section.steps:
                out += _frames(typesetter, latex_text(section.title), step)
    return "\n".join([*out, r"\end{document}"]) + "\n"


def _frame(title: str, body: str) -> str:
    return f"\\begin{{frame}}{{{title}}}\n{body}\n\\end{{frame}}"


def _frames(typesetter: Typesetter, section: str, step: Step) -> Iterator[str]:
    """The frames of a step: its reason with the first formula, then what does not fit."""
    title = f"{section}: {FORMAT.words(step.heading, typesetter)}"
    bodies = [b for f in step.formulas for shown in typesetter.formula(f) for b in _revealed(shown)]
    if step.table is not None:
        for part in _parts(step.table.rows, TABLE_ROWS):
            bodies.append("\\par" + in_table(typesetter, step.table, part, r"\scriptsize"))
    reason = FORMAT.words(step.reason, typesetter)
    for i, body in enumerate(bodies or [""]):
        yield _frame(title, f"{reason}\n{body}" if i == 0 else body)


def _revealed(formula: Aligned) -> Iterator[str]:
    """A formula whose rows appear one after the other, in parts that fit a frame each."""
    if formula.is_line:
        yield f"\\[\n{formula.latex}\n\\]"
        return
    for part in _parts(formula.rows, FORMULA_ROWS):
        shown = " \\\\\n".join(_row(row, i + 1) for i, row in enumerate(part))
        yield in_columns(formula, shown)


def _parts(rows: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Rows in as few parts as hold them, about equally many in each."""
    size = -(-len(rows) // -(-len(rows) // most))
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _row(row: AlignedRow, overlay: int) -> str:
    """A row with each of its cells covered until its turn."""
    shown = [row.left, row.right.strip()]
    shown += [cell for one in row.beside for cell in (rf"\qquad {one.left}", one.right)]
    shown += ["", rf"\quad {row.label}"] if row.label else []
    if overlay > 1:
        shown = [rf"\uncover<{overlay}->{{{{}}{cell}}}" if cell else "" for cell in shown]
    return " & ".join(shown)
