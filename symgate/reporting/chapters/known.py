"""What is known: published results that were reproduced, where they lie beside the page."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Chapter, Code, DataTable, Link, Paragraph, Words
from symgate.reporting.findings import Findings

HEADER: tuple[Words, ...] = (
    ("row",),
    ("result",),
    ("source",),
    ("numbers",),
    ("agrees",),
    ("figure",),
)

CAPTION: Words = (
    "Each row is held to the tolerance of its source. A remark says how a set-up was chosen where "
    "the source leaves it open.",
)


def section(f: Findings) -> Chapter:
    """The table with a link to the figures, or how to make them."""
    if not f["known"]:
        return Chapter(
            "known",
            "What is known",
            (
                Paragraph(
                    (
                        "No published results were reproduced for this page. In a checkout, ",
                        Code("make published"),
                        " does it, and the next report shows them here.",
                    )
                ),
            ),
        )
    rows = tuple(_row(f, i) for i in range(len(f["known"])))
    blocks: list[Any] = [
        Paragraph(
            (
                "Results that were published or are derived here, each set up as in its source and "
                "computed again: ",
                f.number("agreed", "whole"),
                " of ",
                f.number("checked", "whole"),
                " agree. ",
                Link("The page of published results", "published/index.html"),
                " has every number beside the expected one, with set-ups and figures.",
            )
        ),
        DataTable("Published results", CAPTION, HEADER, rows, frozenset({3})),
    ]
    return Chapter("known", "What is known", tuple(blocks))


def _row(f: Findings, i: int) -> tuple[Words, ...]:
    row, at = f[f"known/{i}"], f"known/{i}"
    figure: Words = (Link("SVG", row["figure"]),) if row["figure"] else ("–",)
    return (
        (f.number(f"{at}/row", "whole"),),
        (row["title"],),
        (row["source"],),
        (f.number(f"{at}/values", "whole"),),
        (("yes" if row["agrees"] else "no") + (", see remark" if row["remark"] else ""),),
        figure,
    )
