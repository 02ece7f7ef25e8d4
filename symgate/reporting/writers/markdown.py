"""The page as Markdown, for code-hosting sites: figures beside it, mathematics in $…$."""

from __future__ import annotations

from symgate.reporting.blocks import Datum, Link, Page
from symgate.reporting.findings import Findings
from symgate.reporting.writers import Format, in_powers, written
from symgate.writing.derivation import Derivation
from symgate.writing.escape import markdown_text
from symgate.writing.markdown import maths, sections


def page(page: Page, findings: Findings) -> str:
    """The page; pictures and files are linked by their path in the folder."""
    given = {"page": page, "files": findings.files}
    return _one_blank_line(written("report.md.j2", FORMAT, _derived, given))


def _number(n: Datum) -> str:
    return in_powers(n.text, r"${0} \times 10^{{{1}}}$")


def _link(link: Link) -> str:
    return f"[{markdown_text(link.text)}]({link.target})"


def _code(text: str) -> str:
    """Code; a sign that would end it is left out."""
    return f"`{text.replace('`', '')}`"


FORMAT = Format(markdown_text, maths, _number, _code, _link, lambda inside: f"**{inside}**")


def _derived(derivation: Derivation) -> str:
    """A derivation below the headings of the page."""
    return sections(derivation, "#####")


def _one_blank_line(text: str) -> str:
    out: list[str] = []
    for line in text.split("\n"):
        if line.strip() or (out and out[-1]):
            out.append(line.rstrip())
    return "\n".join(out).strip() + "\n"
