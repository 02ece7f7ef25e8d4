"""Documents as Markdown with $…$, for code-hosting sites and notebooks.

Those pages read Markdown before they read mathematics, so that inside a line no backslash
stands before a sign, and tables hold no bar.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

from symgate.writing.escape import markdown_text
from symgate.writing.format import Format, environment, filled
from symgate.writing.tree import Page

if TYPE_CHECKING:
    from jinja2 import Environment

    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head


def maths(formula: str) -> str:
    """A formula inside a line."""
    inline = formula.replace(r"\,", " ").replace(r"\|", r"\Vert ")
    return f"${' '.join(inline.replace('|', chr(92) + 'vert ').split())}$"


FORMAT = Format(
    text=markdown_text,
    maths=maths,
    code=lambda text: f"`{text.replace('`', '')}`",  # a sign that would end it is left out
    link=lambda link: f"[{markdown_text(link.text)}]({link.target})",
    strong=lambda inside: f"**{inside}**",
)


@cache
def _templates() -> Environment:
    return environment(FORMAT)


def page(page: Page, files: Collection[str]) -> str:
    """A report; pictures and files are linked by their path in the folder."""
    return filled(_templates(), "report.md.j2", page=page, files=files)


def article(derivations: Sequence[Derivation], head: Head) -> str:
    """The derivations, one below the other."""
    return filled(_templates(), "article.md.j2", derivations=derivations, head=head)
