"""A homework, checked: a derivation with one slip, and what is said of each of its lines."""

from __future__ import annotations

from symgate.reporting.findings import Findings
from symgate.writing.tree import Code, Link, Paragraph, Picture, Section

#: Where the homework lies beside the page.
FILE = "data/homework.tex"


def section(f: Findings) -> Section | None:
    """The picture, and how one checks a homework of one's own."""
    if not f.has("homework"):
        return None
    cell, lines = f["homework/cell"], f["homework/lines"]
    right = sum(line["verdict"] == "right" for line in lines)
    (fault,) = f["homework/faults"][:1]
    said = f"{fault['message']} ({fault['mend']})" if fault["mend"] else fault["message"]
    words = f.said(
        "A derivation may be handed in as it is written on the board. This one has a slip of the "
        "pen, chosen by the seed of the report: {file}. The verdict, the place and the correction "
        "are those of {check}; {sheet} sets such questions.",
        file=Link("homework.tex", FILE),
        check=Code(f"symgate check {cell} homework.tex"),
        sheet=Code(f"symgate exercises {cell} -o sheet.pdf"),
    )
    alternative = f"{right} of {len(lines)} equalities of a homework about {cell} right; {said}"
    caption = (f"A homework about {cell}, line by line, with the correction.",)
    picture = Picture("homework", alternative, caption)
    return Section("homework", "A homework, checked", (Paragraph(words), picture))
