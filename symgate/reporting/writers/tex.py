"""The page as one LaTeX document with its figures and derivations, and as a PDF."""

from __future__ import annotations

import re

from symgate.reporting.blocks import Datum, Link, Page
from symgate.reporting.findings import Findings
from symgate.reporting.writers import Format, in_powers, written
from symgate.writing.derivation import Derivation
from symgate.writing.escape import latex_text
from symgate.writing.tex import PREAMBLE, sections

#: What stands around the places of a template, where braces are TeX's.
SIGNS = {
    "block_start_string": "((*",
    "block_end_string": "*))",
    "variable_start_string": "(((",
    "variable_end_string": ")))",
    "comment_start_string": "((#",
    "comment_end_string": "#))",
}


def page(page: Page, findings: Findings) -> str:
    """The document; figures are taken from the folder `figures` beside it."""
    given = {"page": page, "preamble": PREAMBLE, "files": findings.files}
    return written("report.tex.j2", FORMAT, _derived, given, signs=SIGNS)


def _number(n: Datum) -> str:
    return in_powers(latex_text(n.text), r"${0} \times 10^{{{1}}}$")


def _link(link: Link) -> str:
    """The words; a file is named, for paper has no links."""
    if link.target.startswith("#"):
        return latex_text(link.text)
    return rf"\texttt{{{latex_text(link.target)}}}"


_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _text(text: str) -> str:
    """Text whose raised digits become an exponent."""
    parts = re.split(r"([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    return "".join(
        f"$^{{{part.translate(_RAISED)}}}$" if i % 2 else latex_text(part)
        for i, part in enumerate(parts)
    )


FORMAT = Format(
    _text,
    lambda latex: f"${latex}$",
    _number,
    lambda text: rf"\texttt{{{latex_text(text)}}}",
    _link,
    lambda inside: rf"\textbf{{{inside}}}",
)


def _derived(derivation: Derivation) -> str:
    """A derivation below the headings of the document."""
    return sections(derivation, "subsubsection*")
