"""The page as HTML: one file, no script, nothing from outside; figures and font inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources

from markupsafe import Markup

from symgate.reporting.blocks import Datum, Page
from symgate.reporting.findings import Findings
from symgate.reporting.writers import Format, in_powers, written
from symgate.writing.derivation import Derivation
from symgate.writing.escape import html_text
from symgate.writing.html import body, style
from symgate.writing.mathml import mathml


def page(page: Page, findings: Findings, inline: Callable[[str], str]) -> str:
    """The page; `inline` gives a figure by name, as an <svg> element."""

    def number(n: Datum) -> str:
        shown = in_powers(html_text(n.text), "{0} × 10<sup>{1}</sup>").replace("<sup>-", "<sup>−")
        raw = html_text(json.dumps(findings[n.key], ensure_ascii=False))
        return (
            f'<data value="{raw}" data-key="{html_text(n.key)}" data-form="{n.form}">{shown}</data>'
        )

    format = Format(
        text=html_text,
        maths=mathml,
        number=number,
        code=lambda text: f"<code>{html_text(text)}</code>",
        link=lambda link: f'<a href="{html_text(link.target)}">{html_text(link.text)}</a>',
        strong=lambda inside: f"<strong>{inside}</strong>",
    )
    sheet = resources.files("symgate.reporting").joinpath("templates/report.css")
    given = {
        "page": page,
        "style": Markup(style() + sheet.read_text(encoding="utf-8")),
        "inline": lambda name: Markup(inline(name)),
        "files": findings.files,
    }
    signs = {"autoescape": True}
    return written("page.html.j2", format, _derived, given, signs=signs, mark=Markup)


def _derived(derivation: Derivation) -> str:
    """A derivation to stand inside the page."""
    return body((derivation,), deep=4)
