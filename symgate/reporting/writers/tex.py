"""The page as one LaTeX document with its figures and derivations, and as a PDF."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from symgate.reporting.blocks import Derived, Link, Number, Page
from symgate.reporting.findings import Findings
from symgate.reporting.writers import Pen, environment, in_powers
from symgate.writing.escape import latex_text
from symgate.writing.pdf import write_pdf
from symgate.writing.tex import PREAMBLE, steps


def page(page: Page, findings: Findings) -> str:
    """The document; figures are taken from the folder `figures` beside it."""
    made = environment(
        autoescape=False, block_start_string="((*", block_end_string="*))",
        variable_start_string="(((", variable_end_string=")))", comment_start_string="((#",
        comment_end_string="#))",
    )  # fmt: skip
    made.filters["words"] = PEN.words
    made.filters["text"] = latex_text
    made.filters["derived"] = derived
    made.tests["kind"] = lambda block, name: type(block).__name__ == name
    template = made.get_template("report.tex.j2")
    return template.render(page=page, preamble=PREAMBLE, files=findings.files)


def typeset(source: str, files: Mapping[str, bytes], page: Path) -> bytes:
    """The document as a PDF, by the TeX that is installed."""
    pictures = {name: content for name, content in files.items() if name.endswith(".pdf")}
    with tempfile.TemporaryDirectory(prefix="symgate-") as folder:
        return write_pdf(source, Path(folder, page.name), beside=pictures).read_bytes()


def _number(n: Number) -> str:
    plain = latex_text(n.text).replace("$-$", "$-$")
    return in_powers(plain, r"${0} \times 10^{{{1}}}$")


def _link(link: Link) -> str:
    if link.target.startswith("#"):
        return rf"\hyperref[{link.target[1:]}]{{{latex_text(link.text)}}}"
    return rf"\texttt{{{latex_text(link.target)}}}"


PEN = Pen(
    latex_text, lambda latex: f"${latex}$", _number,
    lambda text: rf"\texttt{{{latex_text(text)}}}", _link,
    lambda inside: rf"\textbf{{{inside}}}",
)  # fmt: skip


def derived(block: Derived) -> str:
    """A derivation below the headings of the document."""
    return steps(block.derivation, "paragraph*")
