"""What is known: published results that were reproduced, where they lie beside the page."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Code, Link, Paragraph, Rows, Section, Words
from symgate.reporting.findings import Findings

#: The file that the scripts of published results write.
RESULTS = "published/results.json"

HEADER: tuple[Words, ...] = (
    ("row",), ("result",), ("expected",), ("got",), ("deviation",), ("tolerance",), ("agrees",),
)  # fmt: skip


def section(f: Findings) -> Section:
    """The table with a link to the figures, or how to make them."""
    rows = f["known"]
    if not rows:
        return Section("known", "What is known", (Paragraph((
            "Published results were not reproduced beside this page. In a checkout, ",
            Code("make published"), " does it, and the next report shows them here.",
        )),))  # fmt: skip
    agree = f.number("agreed", "whole")
    blocks: list[Any] = [
        Paragraph((
            "Published and derived results, each set up as in its source and computed again: ",
            agree, " of ", f.number("checked", "whole"), " numbers agree. ",
            Link("The figures, with source and set-up", "published/index.html"), ".",
        )),
        Rows("Published results", ("Expected against computed.",), HEADER, tuple(map(_row, rows))),
    ]  # fmt: skip
    return Section("known", "What is known", tuple(blocks))


def _row(row: dict[str, Any]) -> tuple[Words, ...]:
    names = ("row", "what", "expected", "got", "deviation", "tolerance")
    return (*((str(row[name]),) for name in names), ("yes" if row["agrees"] else "no",))
