"""Documents as LaTeX: derivations and a report. What stands around them is in the templates."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from symgate.writing.escape import latex_text
from symgate.writing.format import Format, environment, filled
from symgate.writing.layout import WIDTH, Aligned
from symgate.writing.tree import Formula, Link, Page, Table, Words
from symgate.writing.typesetter import Typesetter
from symgate.writing.width import measure

if TYPE_CHECKING:
    from jinja2 import Environment

    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head

#: A formula of fewer rows than this stays on one page.
PARTED = 7


@dataclass(frozen=True)
class TypeArea:
    """What a page holds: the rows of a table and the size of its letters; the sizes that a
    formula may have, each with its room in em, and how many lines of it may not be parted."""

    rows: int
    table: str
    sizes: tuple[tuple[str, float], ...]
    lines: int


#: A page of paper; and whatever a fragment stands in: beamer's slides are the narrowest.
PAPER = TypeArea(30, r"\small", (("", WIDTH),), 99)
SLIDE = TypeArea(
    9,
    r"\scriptsize\tabcolsep3pt",
    (("", 27.0), (r"\footnotesize", 33.0), (r"\scriptsize", 37.0), (r"\tiny", 49.0)),
    8,
)

#: The longest words, in letters, that a table's column holds on one line.
COLUMN = 48

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _text(text: str) -> str:
    """Text whose raised digits become an exponent."""
    parts = re.split(r"([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    return "".join(
        f"$^{{{part.translate(_RAISED)}}}$" if i % 2 else latex_text(part)
        for i, part in enumerate(parts)
    )


def _code(text: str) -> str:
    """What is typed; two hyphens stay two."""
    return rf"\texttt{{{latex_text(text).replace('-', '-{}')}}}"


def _link(link: Link) -> str:
    """The words; a file is named, for paper has no links."""
    if link.target.startswith("#"):
        return latex_text(link.text)
    return _code(link.target)


FORMAT = Format(
    text=_text,
    maths=lambda latex: f"${latex}$",
    number=lambda n: _text(n.text),
    code=_code,
    link=_link,
    strong=lambda inside: rf"\textbf{{{inside}}}",
)

#: What stands around the places of a template, where braces are TeX's.
SIGNS = {
    "block_start_string": "((*",
    "block_end_string": "*))",
    "variable_start_string": "(((",
    "variable_end_string": ")))",
    "comment_start_string": "((#",
    "comment_end_string": "#))",
}


@cache
def _templates() -> Environment:
    filters: dict[str, Any] = {"displays": _displays, "columns": _columns, "pdf": _pdf_text}
    return environment(FORMAT, filters, **SIGNS)


def page(page: Page, files: Collection[str]) -> str:
    """A report; figures are taken from the folder `figures` beside it."""
    return filled(_templates(), "report.tex.j2", page=page, files=files, area=PAPER)


def written(form: str, derivations: Sequence[Derivation], head: Head, **given: Any) -> str:
    r"""Derivations as an article that pdflatex takes as it is, slides, a handout or a fragment to
    \input, which needs amsmath, amssymb, booktabs and array."""
    area = SLIDE if form == "fragment" else PAPER
    about = {"derivations": derivations, "head": head, "title": head.title_of(derivations)}
    return filled(_templates(), f"{form}.tex.j2", area=area, **about, **given)


def _pdf_text(text: str) -> str:
    """Text for a property of a PDF: ASCII, without what ends or escapes there."""
    kept = (c for c in text if c.isascii() and c.isprintable() and c not in "()\\{}%#~^$&_")
    return f"({''.join(kept)})"


def _displays(formula: Formula, typesetter: Typesetter, page: TypeArea) -> list[str]:
    """A formula in the largest letters in which it fits the page."""
    shown: list[str] = []
    for size, room in page.sizes:
        if room != typesetter.room:
            typesetter = replace(typesetter, room=room, displayed={})
        parts = typesetter.formula(formula)
        shown = [_display(one, page.lines // 4) for one in parts]
        if size:
            tight = r"\abovedisplayskip0pt\abovedisplayshortskip0pt"
            shown = [f"\\par\\nobreak{{{size}{tight}\\noindent", *shown, r"\par}"]
        if all(measure(one.latex) <= room and one.tallest <= page.lines for one in parts):
            break
    return shown


def _display(formula: Aligned, low: int) -> str:
    """A formula in display mode; its lines may be parted by the end of a page, and are where
    one is not low, of so many lines."""
    if formula.is_line:
        return f"\\[\n{formula.latex}\n\\]"
    rows = formula.rows
    starts = [0, *(i for i, row in enumerate(rows) if i and row.left)]
    inside = ""
    parted = formula.tallest > low
    for i, row in enumerate(rows):
        first = max(s for s in starts if s <= i)
        after = min((s for s in starts if s > i), default=len(rows))
        near = i in (first + 1, after - 1) or after - first < PARTED
        together = len(rows) < PARTED or i in (1, len(rows) - 1) or (near and i != first)
        ending = r" \\*" if together and not parted else r" \\"
        inside += f"{ending}\n" * (i > 0) + row.latex(r"\qquad", r"\quad")
    return in_columns(formula, inside)


def in_columns(formula: Aligned, inside: str) -> str:
    """The rows of a formula in the environment that has enough columns."""
    pairs = max(len(row.pairs) + bool(row.label) for row in formula.rows)
    if pairs == 1:
        return f"\\begin{{align*}}\n{inside}\n\\end{{align*}}"
    return f"\\begin{{alignat*}}{{{pairs}}}\n{inside}\n\\end{{alignat*}}"


#: A column whose lines are broken.
_LONG = r">{\raggedright\arraybackslash}p{0.5\textwidth}"


def _length(words: Words) -> int:
    """About how many letters wide words are, a symbol as four."""
    return sum(len(word) if isinstance(word, str) else 4 for word in words)


def _columns(table: Table) -> str:
    """The columns of a table, those with long words as paragraphs."""
    widest = [max(map(_length, column)) for column in zip(*table.rows, strict=True)]
    return "".join(_LONG if length > COLUMN else "l" for length in widest)
