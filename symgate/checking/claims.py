"""From a text to the claims in it: lines of equalities whose left side is a derivative."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symgate.reading.documents import pieces
from symgate.reading.grammar import tree
from symgate.reading.indices import Indices, indices
from symgate.reading.plain import written_in_latex
from symgate.reading.scripts import tokens
from symgate.reading.source import Piece
from symgate.reading.tokens import FormulaError, Token
from symgate.reading.trees import Tree

#: The longest text that is read.
MAX_TEXT = 200_000

_LAYOUT = {"BEGIN", "END", "AMP", "WIDE", "SOFTROW", "SPACE"}
_OPEN = {"LPAR", "LBRACKET", "LBRACE", "LCURLY", "LANGLE", "MATRIX"}
_CLOSE = {"RPAR", "RBRACKET", "RBRACE", "RCURLY", "RANGLE", "ENDMATRIX"}
_GOES_ON = {"PLUS", "MINUS", "TIMES", "HADAMARD", "EQ", "SLASH"}
_NAMES = {"LETTER", "NAME", "TEXT", "SUB", "SUP", "ACCENT", "COMMA", "NEWLINE", "SPACE", "GAP"} | {
    "LBRACE",
    "RBRACE",
}
_WORDS = {"LETTER", "NAME", "GAP", "COMMA", "TEXT", "MINUS", "FUNCTION", "SPACE"}
_WORDY = {"NAME", "TEXT"}
_DERIVATIVE = re.compile(
    r"\\partial|∂|\\delta|δ|\\nabla|∇|\\frac\s*\{\s*\\?[a-z]*\{?d|\bd\w+.{0,12}/\s*d\w"
)
#: Lines up to one in which nothing stands.
_BLOCK = re.compile(r"(?m:^)(?:[^\S\n]*+[^\s][^\n]*+\n?+)++")
#: What tells a document with formulas in it from a formula by itself.
_MARKED = re.compile(r"\$|(?<!\\)\\[\[(]|\\begin\s*\{|```|~~~|<math|<script|<annotation")

_BOUNDS = {"\\le", "\\leq", "\\leqslant", "\\lesssim", "≤", "⩽", "<", "<=", "\\lt"}

#: What is said of ‖∂h_t/∂h_{t-1}‖ ≤ ….
BOUND = "this is a bound, and only what is equal is judged"

_ENDINGS = {"COMMA", "DOT", "SEMI", "NEWLINE", "GAP", "JUNK"}


@dataclass(frozen=True)
class Member:
    """One side of an equality: its tree, or why it is none."""

    tree: Tree | None
    start: int
    stop: int
    why: str = ""


@dataclass(frozen=True)
class StatedEquality:
    """A chain of sides that are said to be equal; `display` on lines of their own."""

    sides: tuple[Member, ...]
    indices: Indices
    display: bool = True


def equalities(text: str) -> Iterator[StatedEquality]:
    """The chains of a formula or of a document, in order.

    >>> [len(e.sides) for e in equalities("∂h_t/∂h_{t-1} = diag(z_t) = z_t")]
    [3]
    """
    rows: list[tuple[list[Token], bool]] = []
    for piece in _formulas(text):
        try:
            found = tokens(written_in_latex(_with_powers(piece)))
        except FormulaError as error:
            yield StatedEquality((Member(None, error.start, error.stop, error.message),), Indices())
            continue
        for row in _rows(found, piece.kind == "plain"):
            if rows and piece.display and row[0].kind in ("PLUS", "MINUS", "EQ"):
                rows[-1][0].extend(row)  # a display that goes on in the next
            else:
                rows.append((row, piece.display))
    for row, display in rows:
        sides = _sides(row)
        relation = next((t for t in row if t.value in _BOUNDS), None)
        if relation is not None and len(sides) == 1:
            yield StatedEquality(
                (Member(None, row[0].start, row[-1].stop, BOUND),), Indices(), display
            )
            continue
        yield StatedEquality(tuple(map(_side, sides)), indices(sides), display)


def _formulas(text: str) -> list[Piece]:
    """The formulas of a document that hold a derivative; else the text as it stands."""
    marked = _MARKED.search(text) is not None
    found = [p for p in pieces(text) if marked and p.kind == "latex" and "=" in p.text]
    if any(_DERIVATIVE.search(p.text) for p in found):
        return found
    if "\\" in text:
        return [Piece(text, range(len(text)))]
    blocks = list(_BLOCK.finditer(text))
    likely = [m for m in blocks if _DERIVATIVE.search(m.group()) and "=" in m.group()]
    if len(blocks) <= 1 or not likely:
        return [Piece(text, range(len(text)), "plain")]
    return [Piece.slice(text, m.start(), m.end(), kind="plain") for m in likely]


def _with_powers(piece: Piece) -> Piece:
    """Python's ** as ^."""
    if piece.kind != "plain" or "**" not in piece.text:
        return piece
    second = {m.end() - 1 for m in re.finditer(r"\*\*", piece.text)}
    kept = [i for i in range(len(piece.text)) if i not in second]
    text = "".join("^" if i + 1 in second else piece.text[i] for i in kept)
    return replace(piece, text=text, offsets=[piece.at(i) for i in kept])


def _rows(found: Sequence[Token], plain: bool) -> Iterator[list[Token]]:
    """The tokens of each chain: a row that begins with a sign or has none goes on."""
    rows: list[list[Token]] = [[]]
    depth = inside = 0
    for token in _without_marks(found):
        inside += (token.kind == "MATRIX") - (token.kind == "ENDMATRIX")
        depth = max(0, depth + (token.kind in _OPEN) - (token.kind in _CLOSE))
        broken = token.kind in ("ROW", "WIDE") or (plain and token.kind == "NEWLINE")
        if broken and depth == 0:
            rows.append([])
        elif inside or (not broken and token.kind not in _LAYOUT):
            rows[-1].append(token)
    claims: list[list[Token]] = []
    for row in map(_without_words, rows):
        kept = [t for t in row if t.kind not in ("NEWLINE", "GAP")]
        if not kept:
            continue
        ended = claims and claims[-1][-1].kind in _GOES_ON
        fresh = any(t.kind == "EQ" for t in kept) and kept[0].kind not in _GOES_ON
        if claims and (ended or not fresh):
            claims[-1] += kept
        else:
            claims.append(kept)
    yield from claims


def _without_marks(found: Sequence[Token]) -> list[Token]:
    """Without {}, the star of a line break, and a column of words at the end of a line."""
    kept: list[Token] = []
    for token in found:
        before = kept[-1].kind if kept else ""
        if before == "LBRACE" and token.kind == "RBRACE":
            kept.pop()
        elif before != "ROW" or token.value != "*":
            if token.kind in ("ROW", "END"):
                kept = _without_column(kept)
            kept.append(token)
    return kept


def _without_column(row: list[Token]) -> list[Token]:
    r"""Without && \quad \text{words} …: a column of remarks, in words or names alone."""
    start = max((i + 1 for i, t in enumerate(row) if t.kind == "ROW"), default=0)
    for at in range(start + 1, len(row)):
        column = [t.kind for t in row[at - 2 : at]] == ["AMP", "AMP"]
        alone = all(t.kind != "EQ" for t in row[at:])
        if row[at].kind == "WIDE":
            rest = row[at + 1 :]
            if all(t.kind in _NAMES for t in rest):
                return row[:at]
            if column and (rest[0].kind in _WORDY or alone):
                return row[:at]
        elif column and alone:
            kinds = {t.kind for t in row[at:]}
            if row[at].kind in _WORDY or (kinds & _WORDY and kinds <= _NAMES):
                return row[:at]
    return row


def _without_words(row: list[Token]) -> list[Token]:
    """A row without a remark in brackets or in words at its end, and without a full stop."""
    while row and row[-1].kind in _ENDINGS | {"TEXT"}:
        row = row[:-1]
    if row and row[-1].kind == "RBRACKET":
        at = max((i for i, t in enumerate(row) if t.kind == "LBRACKET"), default=0)
        inside = row[at + 1 : -1]
        remark = at > 0 and row[at - 1].kind == "GAP"
        if remark and all(t.kind in _WORDS for t in inside):
            return _without_words(row[:at])
    return row


def _sides(row: Sequence[Token]) -> list[list[Token]]:
    sides: list[list[Token]] = [[]]
    depth = 0
    for token in row:
        depth = max(0, depth + (token.kind in _OPEN) - (token.kind in _CLOSE))
        if token.kind == "EQ" and depth == 0:
            sides.append([])
        else:
            sides[-1].append(token)
    return sides


def _side(side: Sequence[Token]) -> Member:
    start = side[0].start if side else 0
    stop = side[-1].stop if side else 0
    try:
        items, _ = tree(side)
    except FormulaError as error:
        return Member(None, error.start, error.stop, error.message)
    if len(items) != 1:
        return Member(None, start, stop, "a list stands where one formula belongs")
    return Member(items[0], start, stop)
