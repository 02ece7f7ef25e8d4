"""Checked homework as one page: each formula with its verdict, the text with marks in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from symgate.errors import SymgateError
from symgate.writing.html import document, notebook
from symgate.writing.mathml import mathml
from symgate.writing.tree import (
    Marked,
    Paragraph,
    Preformatted,
    Section,
    Strong,
    Table,
    Words,
    Written,
)

if TYPE_CHECKING:
    from symgate.checking.check import Check, Fault

#: The sign of each verdict.
SIGNS = {"right": "✓", "transposed": "✓", "wrong": "✗", "not understood": "?"}

#: ∂h_t/∂h_{t-1}, where each name is one letter.
_PLAIN = re.compile(r"^∂(\w_(?:t|\{[^}]*\}))/∂(\w_(?:t|\{[^}]*\}))$")


def page(title: str, checked: Sequence[tuple[str, Check]]) -> str:
    """A page of its own, of one homework or several."""
    rows = tuple(((name,), (_verdict(c.verdict),), _first(c)) for name, c in checked)
    table = Table((("homework",), ("verdict",), ("first fault",)), rows)
    sections = [_section(name, check) for name, check in checked]
    return document(title, [table, *sections] if len(checked) > 1 else sections, "check.css")


def body(check: Check) -> str:
    """One homework for a notebook."""
    return notebook(_section("", check))


def _first(check: Check) -> Words:
    fault = check.faults[0] if check.faults else None
    return () if fault is None else (f"line {fault.line}: ", *fault.words)


def _verdict(verdict: str) -> Marked:
    return Marked((f"{SIGNS[verdict]} {verdict}",), verdict)


def _section(name: str, check: Check) -> Section:
    """One homework: its verdict, each judged formula with its sign, the text with marks."""
    blocks: list[Any] = [Paragraph((Strong((_verdict(check.verdict),)),))]
    blocks += [Paragraph((Marked((note,), "note"),)) for note in check.notes]
    if check.lines:
        lines = ((_verdict(s.verdict), f"line {s.line}", _formula(s.about)) for s in check.lines)
        blocks.append(Table((), tuple(tuple((word,) for word in line) for line in lines)))
    return Section("", name, (*blocks, Preformatted(_marked(check))))


def _formula(source: str) -> Written | str:
    """A left side as it reads, or as it stands where it is no LaTeX that converts."""
    source = _PLAIN.sub(r"\\dfrac{\\partial \1}{\\partial \2}", source).replace(r"\frac", r"\dfrac")
    try:
        return Written(source) if "\\" in source and mathml(source) else source
    except SymgateError:
        return source


def _marked(check: Check) -> Words:
    """The text of the claim, with each fault marked and explained below its line."""
    out: list[Any] = []
    for number, line in enumerate(check.claim.splitlines() or [""], 1):
        here = [fault for fault in check.faults if fault.line == number]
        out += [*_with_marks(line, here), "\n"]
        for fault in here:
            out += [Marked(("▲ ", *fault.words), f"note {check.verdict}"), "\n"]
    return tuple(out[:-1])


def _with_marks(line: str, faults: Sequence[Fault]) -> list[Any]:
    out: list[Any] = []
    at = 0
    for fault in sorted(faults, key=lambda f: f.column):
        start = fault.column - 1
        stop = min(len(line), start + max(fault.length, 1))
        if start >= at:
            out += [line[at:start], Marked((line[start:stop],), "fault")]
            at = stop
    return [*out, line[at:]]
