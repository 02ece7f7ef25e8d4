"""Derivations as one HTML page: static MathML, an embedded font, no script, nothing from
outside. The LaTeX of every formula lies beside it, for copying."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from symgate.equations.cell import Cell
from symgate.writing.escape import html_text
from symgate.writing.formulas import Step, Table
from symgate.writing.latex import equations
from symgate.writing.mathml import mathml
from symgate.writing.pen import Pen

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


def page(derivations: Sequence[Derivation], head: Head) -> str:
    """A complete page."""
    title = head.title_of(derivations)
    below = ", ".join(line for line in (head.author, head.date) if line)
    below = f"<p>{html_text(below)}</p>\n" if below else ""
    contents = _contents(derivations) if len(derivations) > 1 else ""
    inside = _unquoted(body(derivations))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(title)}</title>\n<style>{style()}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{html_text(title)}</h1>\n{below}{contents}{inside}</main>\n</body>\n</html>\n"
    )


def _unquoted(markup: str) -> str:
    """Without the quotation marks that HTML does not need around simple attributes."""
    return re.sub(r'(<m[a-z]* [^<>]*[a-z])="([a-z0-9]+)"(?=>)', r"\1=\2", markup)


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet, with the font in it."""
    folder = resources.files("symgate.writing").joinpath("page")
    font = base64.b64encode(folder.joinpath("stix-two-math-subset.woff2").read_bytes()).decode()
    sheet = folder.joinpath("derivation.css").read_text(encoding="utf-8")
    return sheet.replace("FONT_DATA", f"data:font/woff2;base64,{font}")


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
        pen = derivation.pen
        level = deep or (3 if several else 2)
        inside = [f'<h2 id="cell-{i}">{html_text(derivation.title)}</h2>'] if several else []
        for section in derivation.sections:
            inside.append(f"<h{level}>{html_text(section.title)}</h{level}>")
            inside += [_step(pen, step) for step in section.steps]
        out.append('<article class="derivation">\n' + "\n".join(inside) + "\n</article>\n")
    return "".join(out)


def _step(pen: Pen, step: Step) -> str:
    heading = pen.words(step.heading, html_text, mathml)
    reason = pen.words(step.reason, html_text, mathml)
    out = [f"<p><b>{heading}.</b> {reason}</p>"]
    out += [_formula(shown) for f in step.formulas for shown in pen.formula(f)]
    if step.table is not None:
        out.append(_table(pen, step.table))
    return "\n".join(out)


def _formula(source: str) -> str:
    """A formula with its LaTeX to unfold."""
    return (
        f'<div class="f"><div class="m" tabindex="0">{mathml(source, display=True)}</div>'
        f"<details><summary>LaTeX</summary><code>{html_text(source)}</code></details></div>"
    )


def _table(pen: Pen, table: Table) -> str:
    head = "".join(f"<th>{pen.words(h, html_text, mathml)}</th>" for h in table.header)
    rows = "".join(
        "<tr>" + "".join(f"<td>{pen.words(c, html_text, mathml)}</td>" for c in row) + "</tr>"
        for row in table.rows
    )
    whole = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="m" tabindex="0">{whole}</div>'


def cell_html(cell: Cell) -> str:
    """The equations of a cell, with the role of each, as a notebook shows them."""
    shown = mathml(equations(cell, roles=True), display=True)
    return in_notebook(f"<p>{html_text(cell.title)}</p>{shown}")


def in_notebook(inside: str) -> str:
    """What a notebook shows, with the style that its formulas need."""
    return f'<div class="symgate">{ALIGNED}{inside}</div>'
