"""Documents as Markdown with $…$, for code-hosting sites and notebooks.

Those pages read Markdown before they read mathematics, so that inside a line no backslash
stands before a sign, and tables hold no bar.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from symgate.writing.escape import markdown_text
from symgate.writing.format import Format, environment
from symgate.writing.tree import Derived, Page, Step, Table
from symgate.writing.typesetter import GENERAL, Typesetter

if TYPE_CHECKING:
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


def page(page: Page, files: Collection[str]) -> str:
    """A report; pictures and files are linked by their path in the folder."""
    made = environment(FORMAT, BLOCKS).get_template("report.md.j2")
    return _one_blank_line(made.render(page=page, files=files))


def _one_blank_line(text: str) -> str:
    out: list[str] = []
    for line in text.split("\n"):
        if line.strip() or (out and out[-1]):
            out.append(line.rstrip())
    return "\n".join(out).strip() + "\n"


def article(derivations: Sequence[Derivation], head: Head) -> str:
    """The derivations, one below the other."""
    several = len(derivations) > 1 or bool(head.title)
    out = [f"# {markdown_text(head.title_of(derivations))}"] if several else []
    for derivation in derivations:
        deep = "##" if several else "#"
        out += [f"{deep} {markdown_text(derivation.title)}", sections(derivation, f"{deep}#")]
    return "\n\n".join(out) + "\n"


def _derived(block: Derived) -> str:
    """A derivation below the headings of a report."""
    return sections(block.derivation, "#####")


def sections(derivation: Derivation, mark: str) -> str:
    """The sections of a derivation, their headings with a mark such as ###."""
    out = []
    for section in derivation.sections:
        out.append(f"{mark} {markdown_text(section.title)}")
        out += [_step(derivation.typesetter, step) for step in section.steps]
    return "\n\n".join(out)


def _step(typesetter: Typesetter, step: Step) -> str:
    heading, reason = FORMAT.words(step.heading, typesetter), FORMAT.words(step.reason, typesetter)
    out = [f"**{heading}.** {reason}".rstrip()]
    out += [formula(one.latex) for f in step.formulas for one in typesetter.formula(f)]
    if step.table is not None:
        out.append(table(step.table, typesetter))
    return "\n\n".join(out)


def formula(source: str) -> str:
    """A formula on lines of its own."""
    return f"$$\n{source}\n$$"


def table(table: Table, typesetter: Typesetter = GENERAL) -> str:
    """A table, with its caption below."""
    under = ["---:" if place in table.numeric else "---" for place in range(len(table.header))]
    head, *rows = (
        [FORMAT.words(c, typesetter) for c in row] for row in (table.header, *table.rows)
    )
    shown = "\n".join("| " + " | ".join(row) + " |" for row in (head, under, *rows))
    return f"{shown}\n\n*{FORMAT.words(table.caption, typesetter)}*" if table.caption else shown


#: The blocks that stand in reports and derivations alike.
BLOCKS: Mapping[str, Callable[..., str]] = {
    "formula": formula,
    "table": table,
    "derived": _derived,
}
