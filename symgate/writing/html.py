"""Documents as one HTML page: static MathML, an embedded font, no script, nothing from
outside. The LaTeX of every formula lies beside it, for copying."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup

from symgate.equations.cell import Cell
from symgate.writing.escape import html_text
from symgate.writing.format import Format, filled
from symgate.writing.latex import equations
from symgate.writing.mathml import mathml
from symgate.writing.tree import Datum, Derived, Page, Step, Table, Words
from symgate.writing.typesetter import GENERAL, Typesetter

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head


#: What lines up the signs of a formula where no page with its style stands around it.
ALIGNED = (
    "<style>.symgate mtable[displaystyle=true]>mtr>mtd"
    "{text-align:left;justify-items:start;padding:.18em .4em .18em 0}"
    ".symgate mtable[displaystyle=true]>mtr>mtd:nth-child(odd)"
    "{text-align:right;justify-items:end;padding:.18em 0 .18em .4em}"
    ".symgate mtable[displaystyle=true]>mtr>mtd:nth-child(2n+3){padding-left:1.6em}</style>"
)


def _number(n: Datum) -> str:
    raw, key, shown = map(html_text, (json.dumps(n.value, ensure_ascii=False), n.key, n.text))
    return f'<data value="{raw}" data-key="{key}" data-form="{n.form}">{shown}</data>'


FORMAT = Format(
    text=html_text,
    maths=mathml,
    number=_number,
    code=lambda text: f"<code>{html_text(text)}</code>",
    link=lambda link: f'<a href="{html_text(link.target)}">{html_text(link.text)}</a>',
    strong=lambda inside: f"<strong>{inside}</strong>",
)


def page(page: Page, files: Collection[str], inline: Callable[[str], str]) -> str:
    """A report; `files` lie beside it, `inline` gives a figure by name, as an <svg> element."""
    given = {
        "page": page,
        "style": Markup(style() + _sheet("report.css")),
        "inline": lambda name: Markup(inline(name)),
        "files": files,
    }
    signs = {"autoescape": True}
    return filled("page.html.j2", FORMAT, BLOCKS, given, signs=signs, mark=Markup)


def article(derivations: Sequence[Derivation], head: Head) -> str:
    """Derivations as a complete page."""
    below = ", ".join(line for line in (head.author, head.date) if line)
    below = f"<p>{html_text(below)}</p>\n" if below else ""
    contents = _contents(derivations) if len(derivations) > 1 else ""
    inside = f"{below}{contents}{_unquoted(body(derivations))}"
    return framed(head.title_of(derivations), inside)


def framed(title: str, inside: str, more_style: str = "") -> str:
    """What stands in a page, with what stands around it."""
    shown = html_text(title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown}</title>\n<style>{style()}{more_style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{shown}</h1>\n{inside}</main>\n</body>\n</html>\n"
    )


def _unquoted(markup: str) -> str:
    """Without the quotation marks that HTML does not need around simple attributes."""
    return re.sub(r'(<m[a-z]* [^<>]*[a-z])="([a-z0-9]+)"(?=>)', r"\1=\2", markup)


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet, with the font in it."""
    font = resources.files("symgate.writing").joinpath("page/stix-two-math-subset.woff2")
    data = base64.b64encode(font.read_bytes()).decode()
    return _sheet("derivation.css").replace("FONT_DATA", f"data:font/woff2;base64,{data}")


def _sheet(name: str) -> str:
    folder = resources.files("symgate.writing").joinpath("page")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _contents(derivations: Sequence[Derivation]) -> str:
    rows = "".join(
        f'<li><a href="#cell-{i}">{html_text(d.title)}</a></li>' for i, d in enumerate(derivations)
    )
    return f"<nav><ul>{rows}</ul></nav>\n"


def body(derivations: Sequence[Derivation], *, deep: int | None = None) -> str:
    """The inside of a page, without its head: for notebooks and larger reports.

    `deep` is the level of the sections' headings.
    """
    several = len(derivations) > 1
    out = []
    for i, derivation in enumerate(derivations):
        level = deep or (3 if several else 2)
        inside = [f'<h2 id="cell-{i}">{html_text(derivation.title)}</h2>'] if several else []
        for section in derivation.sections:
            inside.append(f"<h{level}>{html_text(section.title)}</h{level}>")
            inside += [_step(derivation.typesetter, step) for step in section.steps]
        out.append('<article class="derivation">\n' + "\n".join(inside) + "\n</article>\n")
    return "".join(out)


def _derived(block: Derived) -> str:
    """A derivation to stand inside a report."""
    return body((block.derivation,), deep=4)


def _step(typesetter: Typesetter, step: Step) -> str:
    heading, reason = FORMAT.words(step.heading, typesetter), FORMAT.words(step.reason, typesetter)
    out = [f"<p><b>{heading}.</b> {reason}</p>"]
    out += [formula(shown) for f in step.formulas for shown in typesetter.formula(f)]
    if step.table is not None:
        out.append(table(step.table, typesetter))
    return "\n".join(out)


def formula(source: str) -> str:
    """A formula with its LaTeX to unfold."""
    return (
        f'<div class="f">{_wide(mathml(source, display=True), "formula")}'
        f"<details><summary>LaTeX</summary><code>{html_text(source)}</code></details></div>"
    )


def _wide(inside: str, name: str) -> str:
    """What may be wider than a screen, and is then moved by itself."""
    return f'<div class="m" tabindex="0" role="group" aria-label="{html_text(name)}">{inside}</div>'


def table(table: Table, typesetter: Typesetter = GENERAL) -> str:
    """A table; one with a name has a heading in each row, and its caption below."""

    def cells(row: Sequence[Words], first: str, other: str) -> str:
        out = ""
        for place, words in enumerate(row):
            tag = other if place else first
            numeric = ' class="n"' if place in table.numeric else ""
            out += f"<{tag}{numeric}>{FORMAT.words(words, typesetter)}</{tag[:2]}>"
        return f"<tr>{out}</tr>"

    head = cells(table.header, 'th scope="col"', 'th scope="col"')
    first = 'th scope="row"' if table.name else "td"
    rows = "\n".join(cells(row, first, "td") for row in table.rows)
    whole = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    shown = _wide(whole, table.name or "table")
    if not table.caption:
        return shown
    caption = FORMAT.words(table.caption, typesetter)
    return f'<figure class="table">{shown}\n<figcaption>{caption}</figcaption></figure>'


#: The blocks that stand in reports and derivations alike.
BLOCKS: Mapping[str, Callable[..., str]] = {
    "formula": formula,
    "table": table,
    "derived": _derived,
}


def cell_html(cell: Cell) -> str:
    """The equations of a cell, with the role of each, as a notebook shows them."""
    shown = mathml(equations(cell, roles=True), display=True)
    return in_notebook(f"<p>{html_text(cell.title)}</p>{shown}")


def in_notebook(inside: str) -> str:
    """What a notebook shows, with the style that its formulas need."""
    return f'<div class="symgate">{ALIGNED}{inside}</div>'
