"""Delimiters inside delimiters, and commands that LaTeX does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.readable import Readable

_NO_COMMANDS = ("sigmoid", "relu", "softmax", "sigm", "ReLU", "softplus", "elu", "gelu", "argmax")

_BARE = re.compile(
    r"(?<![\\a-zA-Z])(?:ilde(?=\{)|langle|rangle|odot|otimes|cdot|tilde|mathbf)(?![a-zA-Z])"
)


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _nested(cell)
    yield from _commands(cell)
    yield from _bare_commands(cell)


def _bare_commands(cell: Readable) -> Iterator[FoundFault]:
    r"""langle t \rangle: a command whose backslash was lost, where others have theirs."""
    for u in cell.found.lines:
        piece = u.line.equation.piece
        if piece is None or piece.kind != "latex":
            continue
        start, stop = u.line.equation.start, u.line.equation.stop
        for found in _BARE.finditer(cell.document.text, start, stop):
            lost = "\\t" if found[0] == "ilde" else "\\"
            if lost != "\\" or f"\\{found[0]}" in cell.document.text:
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


def _commands(cell: Readable) -> Iterator[FoundFault]:
    """\\sigmoid and its like, which a page shows in red."""
    for u in [*cell.found.lines, *cell.found.outputs]:
        piece = u.line.equation.piece
        if piece is None or piece.kind == "plain" or not piece.delimiters[0]:
            continue
        if piece.delimiters[0].startswith(("\\begin", "http")):
            continue
        for match in re.finditer(r"\\([A-Za-z]+)", piece.text):
            if match.group(1) not in _NO_COMMANDS:
                continue
            start, stop = piece.at(match.start()), piece.at(match.end() - 1) + 1
            if not u.line.equation.start <= start < u.line.equation.stop:
                continue
            if cell.printed(start, stop) != match.group():  # it comes from a macro
                continue
            meant = f"\\operatorname{{{match.group(1)}}}"
            why = f"LaTeX has no command {match.group()}"
            yield cell.exchanged("undefined_macro", why, Edit(start, stop, meant), meant, 0.8)
