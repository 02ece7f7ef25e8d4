"""Delimiters inside delimiters, and commands that LaTeX does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from symgate.algebra.names import GREEK
from symgate.reading import symbols
from symgate.reading.characters import words
from symgate.reading.faults import Edit, FoundFault
from symgate.reading.macros import definitions
from symgate.reading.mending.readable import Readable

_UNKNOWN = re.compile(r"\\(sigmoid|relu|softmax|sigm|ReLU|softplus|elu|gelu|argmax)(?![A-Za-z])")
_BARE = re.compile(
    r"(?<![\\a-zA-Z])(?:ilde(?=\{)|langle|rangle|odot|otimes|cdot|tilde|mathbf)(?![a-zA-Z])"
)
_COMMAND = re.compile(r"(?<!\\)\\([A-Za-z]{3,})")
#: Commands of which a mistyped one is told.
PRODUCTS = (n for n, kind in symbols.TERMINALS.items() if kind in ("HADAMARD", "TIMES"))
COMMANDS = {*(*GREEK, *symbols.ACCENTS, *symbols.FONTS, *PRODUCTS, "tanh")}
#: Other commands that LaTeX has, and functions without one.
OTHERS = {
    *(*symbols.BOXES, *symbols.FUNCTIONS, *symbols.IGNORED, *symbols.LETTERS, *symbols.RELATIONS),
    *(
        *symbols.FRAMES,
        *symbols.OUTPUT_FUNCTIONS,
        *symbols.TERMINALS,
        *symbols.WIDE,
        *symbols.WORDS,
    ),
    *words("beth eth tan rtimes ltimes"),
}


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _nested(cell)
    yield from _commands(cell)


def _commands(cell: Readable) -> Iterator[FoundFault]:
    r"""\sigmoid and its like, which a page shows in red; \simga; langle for \langle."""
    text, own = cell.document.text, definitions(cell.document.text)
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
        for found in _COMMAND.finditer(text, equation.start, equation.stop):
            if (name := _mistyped(found[1])) and found[1] not in own:
                place, why = Edit(*found.span(), f"\\{name}"), f"LaTeX has no command {found[0]}"
                yield cell.exchanged("undefined_macro", why, place, place.text, 0.9)
        for found in _BARE.finditer(text, equation.start, equation.stop):
            lost = "\\t" if found[0] == "ilde" else "\\"
            if lost != "\\" or f"\\{found[0]}" in text:
                at, meant = found.start(), lost + found[0]
                why = f"the backslash of {meant} is missing"
                edits = (Edit(at, at, lost),)
                yield FoundFault(
                    "lost_backslash", why, at, found.end(), found[0], meant, edits, 0.9
                )


def _mistyped(name: str) -> str:
    """What a command that LaTeX does not have is meant for; "" for any other one.

    A letter more in front or behind is no slip: \\vtheta is a macro, \\tildeh lacks a space.
    """
    near = [c for c in COMMANDS if name[0] == c[0] and len(c) > 3 and _is_one_edit_from(name, c)]
    known = name in COMMANDS | OTHERS or len(near) != 1 or name[:-1] == near[0]
    return "" if known else near[0]


def _is_one_edit_from(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing or too much, or two have changed places."""
    pairs = zip(one, other, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    a, b = one[same:], other[same:]
    turned = a[1::-1] == b[:2] and a[2:] == b[2:]
    return turned or a[1:] in (b, b[1:]) or a == b[1:]


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
