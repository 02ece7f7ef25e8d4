"""Delimiters inside delimiters, and commands that LaTeX does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.readable import Readable

_UNKNOWN = re.compile(r"\\(sigmoid|relu|softmax|sigm|ReLU|softplus|elu|gelu|argmax)(?![A-Za-z])")
_BARE = re.compile(
    r"(?<![\\a-zA-Z])(?:ilde(?=\{)|langle|rangle|odot|otimes|cdot|tilde|mathbf)(?![a-zA-Z])"
)


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _nested(cell)
    yield from _commands(cell)


def _commands(cell: Readable) -> Iterator[FoundFault]:
    r"""\sigmoid and its like, which a page shows in red; langle for \langle."""
    text = cell.document.text
    for u in [*cell.found.lines, *cell.found.outputs]:
        equation, piece = u.line.equation, u.line.equation.piece
        if piece is None or piece.kind != "latex":
            continue
        on_page = piece.delimiters[0] and not piece.delimiters[0].startswith(("\\begin", "http"))
        for found in _UNKNOWN.finditer(text, equation.start, equation.stop if on_page else 0):
            meant = f"\\operatorname{{{found[1]}}}"
            why = f"LaTeX has no command {found[0]}"
            place = Edit(found.start(), found.end(), meant)
            yield cell.exchanged("undefined_macro", why, place, meant, 0.8)
        for found in _BARE.finditer(text, equation.start, equation.stop):
            lost = "\\t" if found[0] == "ilde" else "\\"
            if lost != "\\" or f"\\{found[0]}" in text:
                at, meant = found.start(), lost + found[0]
                why = f"the backslash of {meant} is missing"
                edits = (Edit(at, at, lost),)
                yield FoundFault(
                    "lost_backslash", why, at, found.end(), found[0], meant, edits, 0.9
                )


def _nested(cell: Readable) -> Iterator[FoundFault]:
    """$$ \\[ … \\] $$: one pair of delimiters inside another."""
    for u in cell.found.lines:
        piece = u.line.equation.piece
        if piece is None or piece.delimiters[0] not in ("$", "$$"):
            continue
        inside = re.match(r"\s*\\([\[(])", piece.text)
        closing = re.search(r"\\([\])])\s*$", piece.text)
        if inside is None or closing is None:
            continue
        start = piece.at(inside.start(1) - 1)
        first, last = piece.at(closing.start()), piece.at(closing.end(1) - 1) + 1
        yield FoundFault(
            "nested_delimiters",
            "two kinds of delimiters stand inside each other",
            start,
            start + 2,
            cell.printed(start, start + 2),
            "",
            (Edit(start, start + 2, ""), Edit(first, last, "")),
            0.9,
        )
