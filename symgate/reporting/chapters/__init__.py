"""The chapters of the report: each takes what was found and tells it as a section."""

from __future__ import annotations

from collections.abc import Callable

from symgate.reporting.chapters import (
    answer,
    cells,
    claims,
    homework,
    known,
    long,
    making,
    memory,
    notes,
    table,
)
from symgate.reporting.findings import Findings
from symgate.writing.tree import Section

#: In the order of the page.
CHAPTERS: tuple[Callable[[Findings], Section | None], ...] = (
    answer.section,
    table.section,
    cells.section,
    memory.section,
    long.section,
    claims.section,
    notes.section,
    homework.section,
    known.section,
    making.section,
)
