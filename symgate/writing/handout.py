r"""A derivation on one page: its equations, its Jacobian, the bound and the backward step.

What stands on it are the steps that call themselves `core`; where they fill more than a page
they are set wider and shrunk, which TeX itself measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from symgate.writing.escape import latex_text
from symgate.writing.tex import heading, pdf_text, sections

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head

PREAMBLE = r"""\documentclass[10pt,a4paper,landscape]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb,booktabs,array,graphicx,multicol}
\usepackage[margin=10mm]{geometry}
\setlength{\columnsep}{8mm}
\pagestyle{empty}
\raggedcolumns
\pdfinfoomitdate=1
\pdftrailerid{}
\pdfsuppressptexinfo=-1
\setlength{\parindent}{0pt}
\newsavebox{\sheet}
\makeatletter
\newcommand{\onepage}[1]{%
  \@tempswafalse
  \@for\times:={1.1,1.2,1.3,1.4,1.5,1.7,2,2.5,3}\do{\if@tempswa\else
    \sbox{\sheet}{\begin{minipage}[t]{\times\textwidth}\parskip3pt\parindent0pt
      \abovedisplayskip4pt\belowdisplayskip4pt\abovedisplayshortskip2pt\belowdisplayshortskip3pt
      #1\end{minipage}}%
    \dimen@\ht\sheet \advance\dimen@\dp\sheet
    \ifdim\dimen@>\times\textheight\else\@tempswatrue\fi\fi}%
  \noindent\if@tempswa\resizebox{\textwidth}{!}{\usebox{\sheet}}%
  \else\resizebox{!}{\textheight}{\usebox{\sheet}}\fi\clearpage}
\makeatother
"""


def handout(derivations: Sequence[Derivation], head: Head) -> str:
    """A document with a page for each cell."""
    title = head.title_of(derivations)
    drawing = "\\usepackage{tikz}\n" if head.pictures else ""
    about = rf"\pdfinfo{{/Title ({pdf_text(title)}) /Author ({pdf_text(head.author)})}}"
    pages = []
    for i, derivation in enumerate(derivations):
        own = title if len(derivations) == 1 else derivation.title
        lines = [line for line in (head.author, head.date) if line]
        body = [rf"{{\Large\bfseries {latex_text(own)}}}", *map(latex_text, lines)]
        top = r"\hfill ".join(body) + r"\par\smallskip\hrule\smallskip"
        picture = heading(head.pictures, i, r"0.3\textheight")
        inside = f"{picture}\n{sections(shortened(derivation), 'subsection*')}"
        columns = f"\\begin{{multicols}}{{2}}\n{inside}\\end{{multicols}}"
        pages.append(f"\\onepage{{{top}\n{columns}}}")
    inside = "\n".join(pages)
    return f"{PREAMBLE}{drawing}{about}\n\\begin{{document}}\n{inside}\n\\end{{document}}\n"


def shortened(derivation: Derivation) -> Derivation:
    """The same derivation with its core steps alone.

    >>> import symgate as sg
    >>> [s.name for s in shortened(sg.derive("gru")).sections]
    ['cell', 'step', 'lags', 'norms', 'backward']
    """
    kept = []
    for section in derivation.sections:
        core = tuple(step for step in section.steps if step.core)
        kept += [replace(section, blocks=core)] if core else []
    return replace(derivation, sections=tuple(kept))
