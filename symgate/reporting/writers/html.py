"""The page as HTML: one file, no script, nothing from outside; figures and font inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources

from jinja2 import Environment
from markupsafe import Markup

from symgate.reporting.blocks import Datum, Derived, Page
from symgate.reporting.findings import Findings
from symgate.reporting.writers import Pen, environment, in_powers, plain_words
from symgate.writing.escape import html_text
from symgate.writing.html import body, style
from symgate.writing.mathml import mathml


def page(page: Page, findings: Findings, inline: Callable[[str], str]) -> str:
    """The page; `inline` gives a figure by name, as an <svg> element."""
    made = _environment(findings)
    sheet = resources.files("symgate.reporting").joinpath("templates/report.css")
    return made.get_template("page.html.j2").render(
        page=page,
        style=Markup(style() + sheet.read_text(encoding="utf-8")),
        inline=lambda name: Markup(inline(name)),
        files=findings.files,
    )


def _environment(findings: Findings) -> Environment:
    def number(n: Datum) -> str:
        shown = in_powers(html_text(n.text), "{0} × 10<sup>{1}</sup>").replace("<sup>-", "<sup>−")
        raw = html_text(json.dumps(findings[n.key], ensure_ascii=False))
        return (
            f'<data value="{raw}" data-key="{html_text(n.key)}" data-form="{n.form}">{shown}</data>'
        )

    pen = Pen(
        text=html_text,
        maths=mathml,
        number=number,
        code=lambda text: f"<code>{html_text(text)}</code>",
        link=lambda link: f'<a href="{html_text(link.target)}">{html_text(link.text)}</a>',
        strong=lambda inside: f"<strong>{inside}</strong>",
    )
    made = environment(autoescape=True)
    made.filters["words"] = lambda words: Markup(pen.words(words))
    made.filters["plain"] = plain_words
    made.filters["display"] = lambda latex: Markup(mathml(latex, display=True))
    made.filters["derived"] = derived
    made.tests["kind"] = lambda block, name: type(block).__name__ == name
    return made


def derived(block: Derived) -> Markup:
    """A derivation to stand inside the page."""
    return Markup(body((block.derivation,), deep=4))
