"""What is known: published results that were reproduced, where they lie beside the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symgate.reporting.findings import Findings
from symgate.writing.tree import Link, Paragraph, Section, Table, Words

HEADER: tuple[Words, ...] = tuple(
    (name,) for name in ("row", "result", "source", "numbers", "agrees", "figure")
)

CAPTION: Words = (
    "Each row is held to the tolerance of its source. A remark says how a set-up was chosen where "
    "the source leaves it open.",
)


def section(f: Findings) -> Section:
    """The table with a link to the figures, or how to make them."""
    if not f["known"]:
        words = f.said(
            "No published results were reproduced for this page. In a checkout, `make published` "
            "does it, and the next report shows them here."
        )
        return Section("known", "What is known", (Paragraph(words),))
    rows = tuple(_row(f.at(f"known/{i}"), row) for i, row in enumerate(f["known"]))
    words = f.said(
        "Results that were published or are derived here, each set up as in its source and "
        "computed again: {agreed:whole} of {checked:whole} agree. [The page of published "
        "results](published/index.html) has every number beside the expected one, with set-ups "
        "and figures."
    )
    table = Table(HEADER, rows, "Published results", CAPTION, frozenset({3}))
    return Section("known", "What is known", (Paragraph(words), table))


def _row(here: Findings, row: Mapping[str, Any]) -> tuple[Words, ...]:
    figure: Words = (Link("SVG", row["figure"]),) if row["figure"] else ("–",)
    return (
        (here.number("row", "whole"),),
        (row["title"],),
        (row["source"],),
        (here.number("values", "whole"),),
        (("yes" if row["agrees"] else "no") + (", see remark" if row["remark"] else ""),),
        figure,
    )
