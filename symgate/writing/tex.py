"""Derivations as LaTeX: a complete article, or a fragment for one's own."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from symgate.writing.escape import latex_text
from symgate.writing.formulas import Step, Table, Words
from symgate.writing.pen import Pen

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

BEGIN, END = r"\begin{aligned}", r"\end{aligned}"

#: A formula of fewer rows than this stays on one page.
PARTED = 5

#: Rows of a table on one page.
ROWS = 30

#: The longest words, in letters, that a table's column holds on one line.
COLUMN = 48


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
    return f"% needs \\usepackage{{{PACKAGES}}}\n\n{_derivations(derivations)}"


def _derivations(
    derivations: Sequence[Derivation],
    pictures: Sequence[str] = (),
    breaks: Container[int] = (),
) -> str:
    several = len(derivations) > 1
    out = []
    for i, derivation in enumerate(derivations):
        picture = heading(pictures, i, r"0.4\textheight")
        start = "\\clearpage\n" if i in breaks else ""
        out.append(f"{start}{picture}\n{_derivation(derivation, several)}".strip() + "\n")
    return "\n".join(out)


def _derivation(derivation: Derivation, several: bool) -> str:
    if not several:
        return sections(derivation, "section")
    title = rf"\section{{{latex_text(derivation.title)}}}"
    return f"{title}\n\n{sections(derivation, 'subsection')}"


def sections(derivation: Derivation, level: str) -> str:
    r"""The sections of a derivation, headed by a command such as \subsection."""
    pen = derivation.pen
    out = []
    for section in derivation.sections:
        out.append(rf"\{level}{{{latex_text(section.title)}}}")
        out += [_step(pen, step) for step in section.steps]
    return "\n\n".join(out) + "\n"


def _step(pen: Pen, step: Step) -> str:
    heading = pen.words(step.heading, latex_text, math)
    reason = pen.words(step.reason, latex_text, math)
    out = [rf"\par\medskip\noindent\textbf{{{heading}.}} {reason}".rstrip()]  # in beamer too
    out += [_display(shown) for f in step.formulas for shown in pen.formula(f)]
    if step.table is not None:
        out.append(_table(pen, step.table))
    return "\n".join(out)


def _display(formula: str) -> str:
    """A formula in display mode; its lines may be parted by the end of a page."""
    if not (formula.startswith(BEGIN) and formula.endswith(END)):
        return f"\\[\n{formula}\n\\]"
    rows = rows_of(formula.removeprefix(BEGIN).removesuffix(END).strip())
    pairs = max(signs for _, signs in rows) // 2 + 1
    starts = [0, *(i for i, (row, _) in enumerate(rows) if i and not row.startswith("&"))]
    inside = rows[0][0]
    for i, (row, _) in enumerate(rows[1:], 1):
        first = max(s for s in starts if s <= i)
        after = min((s for s in starts if s > i), default=len(rows))
        near = i in (first + 1, after - 1) or after - first < PARTED
        together = len(rows) < PARTED or i in (1, len(rows) - 1) or (near and i != first)
        inside += (r" \\*" if together else r" \\") + f"\n{row}"
    if pairs == 1:
        return f"\\begin{{align*}}\n{inside}\n\\end{{align*}}"
    apart = inside.replace(r"&\quad ", r"&\qquad ").replace("&& ", r"&&\quad ")
    return f"\\begin{{alignat*}}{{{pairs}}}\n{apart}\n\\end{{alignat*}}"


def rows_of(inside: str) -> list[tuple[str, int]]:
    """The rows, each with its number of &, those of inner blocks left alone."""
    rows, depth = [("", 0)], 0
    for token in re.split(r"(\\begin\{|\\end\{|\\\\|&)", inside):
        depth += (token == r"\begin{") - (token == r"\end{")
        text, signs = rows[-1]
        if depth == 0 and token == r"\\":
            rows.append(("", 0))
        else:
            rows[-1] = text + token, signs + (depth == 0 and token == "&")
    return [(text.strip(), signs) for text, signs in rows]


def math(formula: str) -> str:
    return f"${formula}$"


#: A column whose lines are broken.
_LONG = r">{\raggedright\arraybackslash}p{0.5\textwidth}"


def _length(words: Words) -> int:
    """About how many letters wide words are, a symbol as four."""
    return sum(len(word) if isinstance(word, str) else 4 for word in words)


def _table(pen: Pen, table: Table) -> str:
    parts = [table.rows[i : i + ROWS] for i in range(0, len(table.rows), ROWS)]
    blocks = [in_table(pen, table, part, r"\small") for part in parts]
    return "\\par\\nobreak" + "\n".join(blocks)


def in_table(pen: Pen, table: Table, part: Sequence[Sequence[Words]], size: str) -> str:
    """Some rows of a table, in letters of a size."""
    rows = [" & ".join(pen.words(cell, latex_text, math) for cell in row) + r" \\" for row in part]
    widest = [max(map(_length, column)) for column in zip(*table.rows, strict=True)]
    spec = "".join(_LONG if length > COLUMN else "l" for length in widest)
    head = " & ".join(pen.words(h, latex_text, math) for h in table.header) + r" \\"
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
