"""Derivations as Markdown with $…$, for code-hosting sites and notebooks.

Those pages read Markdown before they read mathematics, so that inside a line no backslash
stands before a sign, and tables hold no bar.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgate.writing.escape import markdown_text
from symgate.writing.formulas import Step, Table
from symgate.writing.pen import Pen

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head


def markdown(derivations: Sequence[Derivation], head: Head) -> str:
    """The derivations, one below the other."""
    several = len(derivations) > 1 or bool(head.title)
    out = [f"# {markdown_text(head.title_of(derivations))}"] if several else []
    for derivation in derivations:
        deep = "##" if several else "#"
        out += [f"{deep} {markdown_text(derivation.title)}", sections(derivation, f"{deep}#")]
    return "\n\n".join(out) + "\n"


def sections(derivation: Derivation, mark: str) -> str:
    """The sections of a derivation, their headings with a mark such as ###."""
    pen = derivation.pen
    out = []
    for section in derivation.sections:
        out.append(f"{mark} {markdown_text(section.title)}")
        out += [_step(pen, step) for step in section.steps]
    return "\n\n".join(out)


def _step(pen: Pen, step: Step) -> str:
    heading = pen.words(step.heading, markdown_text, maths)
    reason = pen.words(step.reason, markdown_text, maths)
    out = [f"**{heading}.** {reason}".rstrip()]
    out += [f"$$\n{_rows(shown)}\n$$" for f in step.formulas for shown in pen.formula(f)]
    if step.table is not None:
        out.append(_table(pen, step.table))
    return "\n\n".join(out)


def _rows(formula: str) -> str:
    """One row a line, for those who read the source."""
    if not formula.startswith(r"\begin{aligned}"):
        return formula
    depth, out = 0, ""
    for word in formula.split(" "):
        depth += word.count(r"\begin{") - word.count(r"\end{")
        at_end = depth == 1 and word in (r"\\", r"\begin{aligned}")
        out += word + ("\n" if at_end else " ")
    return out.strip().replace(r" \end{aligned}", "\n\\end{aligned}") if depth == 0 else formula


def maths(formula: str) -> str:
    """A formula inside a line."""
    inline = (
        re.sub(r"(?<=[0-9])\\,(?=[0-9])", r"\\thinspace ", formula)
        .replace(r"\,", " ")
        .replace(r"\|", r"\Vert ")
    )
    return f"${' '.join(inline.replace('|', chr(92) + 'vert ').split())}$"


def _table(pen: Pen, table: Table) -> str:
    rows = [["---"] * len(table.header)]
    rows[:0] = [[pen.words(cell, markdown_text, maths) for cell in table.header]]
    rows += [[pen.words(cell, markdown_text, maths) for cell in row] for row in table.rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
