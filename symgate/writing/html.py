"""Documents as one HTML page: static MathML, an embedded font, no script, nothing from
outside. The LaTeX of every formula lies beside it, for copying. Markup stands in the templates."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from symgate.equations.cell import Cell
from symgate.writing.escape import html_text, printable
from symgate.writing.format import Format, environment
from symgate.writing.latex import equations
from symgate.writing.mathml import mathml
from symgate.writing.tree import Code, Display, Page, Paragraph, Table, Words
from symgate.writing.typesetter import Typesetter

if TYPE_CHECKING:
    from jinja2 import Environment

    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head


def _macro(name: str) -> Callable[..., str]:
    """What a macro of the blocks' template writes."""
    return lambda *held: str(getattr(_blocks(), name)(*held))


FORMAT = Format(
    text=html_text,
    maths=mathml,
    number=_macro("number"),
    code=_macro("code"),
    link=_macro("link"),
    strong=_macro("strong"),
    marked=_macro("marked"),
)


def _words(words: Words, typesetter: Typesetter | None = None) -> Markup:
    return Markup(FORMAT.words(words, typesetter))


@cache
def _templates() -> Environment:
    return environment(
        FORMAT,
        {
            "words": _words,
            "display": lambda latex: Markup(mathml(latex, display=True)),
            "json": lambda value: json.dumps(value, ensure_ascii=False),
            "lined": lambda words: any("\n" in w for w in words if isinstance(w, str)),
        },
        autoescape=True,
        finalize=lambda shown: shown if isinstance(shown, Markup) else printable(str(shown)),
    )


@cache
def _blocks() -> Any:
    return _templates().get_template("blocks.html.j2").module


def page(page: Page, files: Collection[str], inline: Callable[[str], str]) -> str:
    """A report; `files` lie beside it, `inline` gives a figure by name, as an <svg> element."""
    made, styles = _templates().get_template("page.html.j2"), style("report.css")
    return made.render(page=page, style=styles, inline=lambda n: Markup(inline(n)), files=files)


def article(derivations: Sequence[Derivation], head: Head) -> str:
    """Derivations as a complete page."""
    below = ", ".join(line for line in (head.author, head.date) if line)
    whole = document(head.title_of(derivations), derivations=derivations, below=below)
    needless = r'(<m[a-z]* [^<>]*[a-z])="([a-z0-9]+)"(?=>)'  # quotation marks in MathML
    return re.sub(needless, r"\1=\2", whole)


def document(
    title: str,
    blocks: Sequence[Any] = (),
    *sheets: str,
    derivations: Sequence[Derivation] = (),
    below: str = "",
) -> str:
    """A page of derivations or of other blocks, with style sheets beside that of derivations;
    `below` stands under the title."""
    given = {"title": title, "below": below, "derivations": derivations, "blocks": blocks}
    return _templates().get_template("document.html.j2").render(given, style=style(*sheets))


@cache
def style(*more: str) -> Markup:
    """The style sheet of derivations, with the font in it, and more sheets by name."""
    folder = resources.files("symgate.writing").joinpath("page")
    font = base64.b64encode(folder.joinpath("stix-two-math-subset.woff2").read_bytes()).decode()
    sheets = ("derivation.css", *more)
    text = "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in sheets)
    return Markup(text.replace("FONT_DATA", f"data:font/woff2;base64,{font}"))


def notebook(*blocks: Any) -> str:
    """Blocks as a notebook shows them, with the style that their formulas need."""
    return str(_blocks().notebook(blocks))


def notebook_table(
    rows: Iterable[Sequence[object]],
    header: Sequence[str],
    caption: str,
    notes: Iterable[str],
    printed: Iterable[str],
    code: bool,
) -> str:
    """Rows of words as a table for a notebook; see `html_table`."""

    def row(words: Sequence[object]) -> tuple[Words, ...]:
        texts = [*map(str, words)]
        return tuple((Code(w),) if code and not i else (w,) for i, w in enumerate(texts))

    heads = tuple((name,) for name in header)
    made = Table(heads, tuple(map(row, rows)), caption=(caption,) if caption else ())
    return str(_blocks().notebook_table(made, list(notes), list(printed)))


def frame(page: str, title: str, height: int) -> str:
    """A whole page inside a notebook, so many pixels high."""
    return str(_blocks().frame(page, title, height))


def cell_html(cell: Cell) -> str:
    """The equations of a cell, with the role of each, as a notebook shows them."""
    return notebook(Paragraph((cell.title,)), Display(equations(cell, roles=True)))
