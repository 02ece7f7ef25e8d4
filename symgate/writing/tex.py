"""Documents as LaTeX: derivations as an article or a fragment for one's own, a report."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from symgate.writing.escape import latex_text
from symgate.writing.format import Format, environment
from symgate.writing.layout import WIDTH, Aligned
from symgate.writing.tree import Derived, Formula, Link, Page, Step, Table, Words
from symgate.writing.typesetter import Typesetter
from symgate.writing.width import measure

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head

#: What a fragment needs.
PACKAGES = "amsmath,amssymb,booktabs,array"

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,booktabs,array}
\usepackage[margin=22mm]{geometry}
\pdfinfoomitdate=1
\pdftrailerid{}
\pdfsuppressptexinfo=-1
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\allowdisplaybreaks
\emergencystretch=3em
\AtBeginDocument{\abovedisplayshortskip=\abovedisplayskip}
\raggedbottom
\clubpenalty=10000
\widowpenalty=10000
\displaywidowpenalty=10000
"""

#: So that beamer, where it parts a frame, counts how far the last line of a part goes down.
DEEP = r"\ifcsname beamer@framebox\endcsname\global\splitmaxdepth=\maxdepth\fi"

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


def page(page: Page, files: Collection[str]) -> str:
    """A report; figures are taken from the folder `figures` beside it."""
    made = environment(FORMAT, {"derived": _derived}, **SIGNS)
    shown = made.get_template("report.tex.j2").render(page=page, preamble=PREAMBLE, files=files)
    return str(shown)


def _derived(block: Derived) -> str:
    """A derivation below the headings of a report."""
    return sections(block.derivation, "subsubsection*")


def article(derivations: Sequence[Derivation], head: Head) -> str:
    """A document that pdflatex takes as it is."""
    title = head.title_of(derivations)
    lines = [rf"{{\LARGE\bfseries {latex_text(title)}\par}}"]
    lines += [rf"\medskip {latex_text(line)}\par" for line in (head.author, head.date) if line]
    top = "\n".join([r"\begin{center}", *lines, r"\end{center}", ""])
    drawing = "\\usepackage{tikz}\n" if head.pictures else ""
    inside = f"{top}\n{_derivations(derivations, head.pictures, head.breaks)}"
    about = rf"\pdfinfo{{/Title ({pdf_text(title)}) /Author ({pdf_text(head.author)})}}"
    return f"{PREAMBLE}{drawing}{about}\n\\begin{{document}}\n{inside}\\end{{document}}\n"


def pdf_text(text: str) -> str:
    """Text for the properties of a PDF: ASCII, without what ends or escapes there."""
    kept = (c for c in text if c.isascii() and c.isprintable() and c not in "()\\{}%#~^$&_")
    return "".join(kept)


def fitted(picture: str, width: str, height: str) -> str:
    """A picture that is shrunk where it is too wide or too high, in the middle."""
    shrunk = (
        rf"\sbox0{{{picture}}}\ifdim\wd0>{width}\resizebox{{{width}}}{{!}}{{\usebox0}}"
        rf"\else\ifdim\ht0>{height}\resizebox{{!}}{{{height}}}{{\usebox0}}\else\usebox0\fi\fi"
    )
    return f"\\begin{{center}}\n{shrunk}\n\\end{{center}}"


def heading(pictures: Sequence[str], place: int, height: str) -> str:
    """The picture of a cell, no higher than `height`, where there is one."""
    return fitted(pictures[place], r"\linewidth", height) if pictures else ""


def fragment(derivations: Sequence[Derivation]) -> str:
    r"""Sections for \input; they need amsmath, amssymb, booktabs and array."""
    inside = _derivations(derivations, page=SLIDE)
    return (
        f"% needs \\usepackage{{{PACKAGES}}}\n% in beamer: a frame with [allowframebreaks]\n"
        f"{DEEP}\n\\begingroup\\allowdisplaybreaks\n\n{inside}\n\\endgroup\n"
    )


def _derivations(
    derivations: Sequence[Derivation],
    pictures: Sequence[str] = (),
    breaks: Container[int] = (),
    page: TypeArea = PAPER,
) -> str:
    several = len(derivations) > 1
    out = []
    for i, derivation in enumerate(derivations):
        picture = heading(pictures, i, r"0.4\textheight")
        start = "\\clearpage\n" if i in breaks else ""
        out.append(f"{start}{picture}\n{_derivation(derivation, several, page)}".strip() + "\n")
    return "\n".join(out)


def _derivation(derivation: Derivation, several: bool, page: TypeArea) -> str:
    if not several:
        return sections(derivation, "section", page)
    title = rf"\section{{{latex_text(derivation.title)}}}"
    return f"{title}\n\n{sections(derivation, 'subsection', page)}"


def sections(derivation: Derivation, level: str, page: TypeArea = PAPER) -> str:
    r"""The sections of a derivation, headed by a command such as \subsection."""
    typesetter = derivation.typesetter
    typesetters = [
        typesetter if room == typesetter.room else replace(typesetter, room=room, displayed={})
        for _, room in page.sizes
    ]
    out = []
    for section in derivation.sections:
        out.append(rf"\{level}{{{latex_text(section.title)}}}")
        out += [_step(typesetters, step, page) for step in section.steps]
    return "\n\n".join(out) + "\n"


def _step(typesetters: Sequence[Typesetter], step: Step, page: TypeArea) -> str:
    typesetter = typesetters[0]
    heading, reason = FORMAT.words(step.heading, typesetter), FORMAT.words(step.reason, typesetter)
    out = [rf"\par\medskip\noindent\textbf{{{heading}.}} {reason}".rstrip()]  # in beamer too
    for formula in step.formulas:
        out += _displays(typesetters, formula, page)
    if step.table is not None:
        out.append(_table(typesetter, step.table, page))
    return "\n".join(out)


def _displays(typesetters: Sequence[Typesetter], formula: Formula, page: TypeArea) -> list[str]:
    """A formula in the largest letters in which it fits the page."""
    shown: list[str] = []
    for typesetter, (size, room) in zip(typesetters, page.sizes, strict=True):
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


def _table(typesetter: Typesetter, table: Table, page: TypeArea) -> str:
    parts = [table.rows[i : i + page.rows] for i in range(0, len(table.rows), page.rows)]
    blocks = [in_table(typesetter, table, part, page.table) for part in parts]
    return "\\par\\nobreak" + "\n".join(blocks)


def in_table(
    typesetter: Typesetter, table: Table, part: Sequence[Sequence[Words]], size: str
) -> str:
    """Some rows of a table, in letters of a size."""
    rows = [" & ".join(FORMAT.words(cell, typesetter) for cell in row) + r" \\" for row in part]
    widest = [max(map(_length, column)) for column in zip(*table.rows, strict=True)]
    spec = "".join(_LONG if length > COLUMN else "l" for length in widest)
    head = " & ".join(FORMAT.words(h, typesetter) for h in table.header) + r" \\"
    begin = [
        r"\medskip",
        rf"{{\centering{size}\renewcommand{{\arraystretch}}{{1.2}}%",
        rf"\begin{{tabular}}{{{spec}}}",
        r"\toprule",
        head,
        r"\midrule",
    ]
    end = [r"\bottomrule", r"\end{tabular}\par}", r"\medskip"]
    return "\n".join([*begin, *rows, *end])
