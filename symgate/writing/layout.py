"""Formulas as rows: where the lines of a formula end, and where its labels stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from symgate.writing.tree import Formula, FormulaLine
from symgate.writing.width import HARD, aligned, height, lines, measure, plain

if TYPE_CHECKING:
    from symgate.writing.typesetter import Typesetter

RELATIONS = {"": "", "=": "=", "≤": r"\leq", "<": "<", "∈": r"\in"}

#: The room of a formula on a page of A4 with 11 points, in em.
WIDTH = 42.0

#: The room of what stands in parentheses; the later ones are tried where the first is too much.
INSIDES = (34.0, 26.0, 19.0)

#: The least room that a column of labels leaves to the formula beside it, and the least that a
#: line which goes on fills there.
BESIDE_LABELS, SCRAP = 18.0, 6.5

#: A label of this width or more may be folded, before its last word.
LONG_LABEL, AND = 8.0, " and "

#: How high a formula may be before it is cut, in lines.
HEIGHT = 26.0


@dataclass(frozen=True)
class AlignedRow:
    """left = right, and its label.

    `beside` are rows that stand to its right, `halves` a long label on two lines; `goes_on` says
    that it continues the row above.
    """

    left: str = ""
    right: str = ""
    label: str = ""
    halves: tuple[str, ...] = ()
    goes_on: bool = False
    beside: tuple[AlignedRow, ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Left and right sides, as they stand side by side."""
        return tuple((row.left, row.right) for row in (self, *self.beside))

    def latex(self, between: str = r"\quad", apart: str = "") -> str:
        """A row of an aligned block, with some room between its pairs and before its label."""
        shown = f" &{between} ".join(f"{left} &{right}" for left, right in self.pairs).strip()
        return f"{shown} &&{apart} {self.label}" if self.label else shown


@dataclass(frozen=True)
class Aligned:
    """A formula for display: rows that are aligned at their relation."""

    rows: tuple[AlignedRow, ...]

    @property
    def is_line(self) -> bool:
        """Whether nothing has to be aligned."""
        return len(self.rows) == 1 and not (self.rows[0].label or self.rows[0].beside)

    @property
    def latex(self) -> str:
        """For any display mode."""
        if self.is_line:
            return f"{self.rows[0].left} {self.rows[0].right}".strip()
        return aligned([row.latex() for row in self.rows])

    @property
    def tallest(self) -> int:
        """The lines of its tallest row."""
        return max(height(row.latex()) for row in self.rows)


def typeset(formula: Formula, typesetter: Typesetter) -> list[Aligned]:
    """A formula broken so that it fits the page; several where one would be higher than half
    a page."""
    shown: list[Aligned] = []
    for inside in INSIDES if typesetter.room == WIDTH else (*INSIDES[1:], 14.0, 10.0, 7.0):
        shown = _formula(formula, typesetter, inside)
        if max(measure(one.latex) for one in shown) <= typesetter.room:
            break
    return shown


def _formula(formula: Formula, typesetter: Typesetter, inside: float) -> list[Aligned]:
    width = typesetter.room
    shown = [_printed(one, typesetter, inside) for one in formula.lines]
    side_by_side = _side_by_side(shown, formula.beside, width) if formula.beside else None
    if side_by_side is not None:
        return side_by_side
    left = max(measure(one.left) for one in shown)
    named = [part.label for one in shown for _, part in one.parts if part.label]
    room = width - left - 1.6
    beside = room - max(map(measure, named), default=0.0) - 2.4
    rows = [row for one in shown for row in _rows(one, room)]
    if named and beside >= BESIDE_LABELS:
        narrow = [row for one in shown for row in _rows(one, beside)]
        if not any(row.goes_on and measure(row.right) < SCRAP for row in narrow):
            rows = narrow
    if named and not _has_column(rows, left, width):
        folded = [half for row in rows for half in _folded(row)]
        rows = folded if _has_column(folded, left, width) else rows
    return [_labelled(part, left, width) for part in _pages(rows)]


def _side_by_side(
    shown: list[_PrintedLine], beside: tuple[int, ...], width: float
) -> list[Aligned] | None:
    """Lines in columns, as many as fit the page; None where not even two do."""
    rows = [_rows(one, 1e6)[0] for one in shown]
    for columns in range(max(beside), 1, -1):
        grid: list[list[AlignedRow]] = []
        left = iter(rows)
        for count in beside:
            group = [next(left) for _ in range(count)]
            grid += [group[i : i + columns] for i in range(0, count, columns)]
        widths = [
            max(measure(row[i].left) for row in grid if i < len(row))
            + max(measure(row[i].right) for row in grid if i < len(row))
            for i in range(max(map(len, grid)))
        ]
        if sum(widths) + 2.6 * (len(widths) - 1) <= width:
            grouped = [replace(first, beside=tuple(rest)) for first, *rest in grid]
            most = int(HEIGHT / max(map(_height, grouped)))
            parts = (grouped[i : i + most] for i in range(0, len(grouped), most))
            return [Aligned(tuple(part)) for part in parts]
    return None


def _pages(rows: list[AlignedRow]) -> list[list[AlignedRow]]:
    """Rows in groups that fit half a page each, cut before a left side where there is one, and
    never inside a summand: its label stands at its last row."""
    if not any(row.label for row in rows):  # such a formula may be parted anywhere
        return [rows]
    summands: list[list[AlignedRow]] = [[]]
    for row in rows:
        summands[-1].append(row)
        if row.label:
            summands.append([])
    groups: list[list[AlignedRow]] = [[]]
    high = 0.0
    total = sum(map(_height, rows))
    limit = total if total <= HEIGHT else HEIGHT * 0.75
    for summand in filter(None, summands):
        more = sum(map(_height, summand))
        most = limit if summand[0].left else 1.5 * limit
        if groups[-1] and high + more > most:
            groups.append([])
            high = 0.0
        groups[-1] += summand
        high += more
    return groups


def _height(row: AlignedRow) -> float:
    """How high a row is, in lines with the room between them."""
    return 1.3 * height(row.latex()) - 0.1


@dataclass(frozen=True)
class _PrintedLine:
    """A line as LaTeX: its left side, its relation, its summands, each with its sign."""

    left: str
    relation: str
    parts: list[tuple[str, AlignedRow]]


def _printed(one: FormulaLine, typesetter: Typesetter, inside: float) -> _PrintedLine:
    printer = typesetter.printer(one, inside)
    left = "" if one.left is None else plain(printer.show(one.left))
    parts = []
    for part in one.parts:
        negative, body = printer.signed(part.expression)
        words, label = part.label, typesetter.label(part.label)
        at = words.index(AND) if AND in words and measure(label) >= LONG_LABEL else 0
        halves = (words[:at], (AND.lstrip(), *words[at + 1 :])) if at else ()
        row = AlignedRow("", body.text, label, tuple(map(typesetter.label, halves)))
        parts.append(("-" if negative else "+", row))
    return _PrintedLine(left, RELATIONS[one.relation], parts)


def _rows(one: _PrintedLine, room: float) -> list[AlignedRow]:
    (sign, first), *others = one.parts
    body = first.right if sign == "+" else f"-{first.right}"
    if not any(part.label for _, part in others):
        body += "".join(f"{HARD} {sign} {part.right}" for sign, part in others)
        others = []
    rows = _summand(one.left, one.relation, lines(body, room), first)
    for sign, part in others:
        rows += _summand("", "", lines(f"{{}} {sign} {part.right}", room), part)
    return rows


def _summand(left: str, relation: str, pieces: list[str], part: AlignedRow) -> list[AlignedRow]:
    """The rows of a summand; its label stands beside the last."""
    right, *others = (re.sub(" +", " ", piece) for piece in pieces)
    rows = [AlignedRow(left, f"{relation} {right}")]
    rows += [AlignedRow("", rf" \quad {piece}", goes_on=True) for piece in others]
    return [*rows[:-1], replace(rows[-1], label=part.label, halves=part.halves)]


def _has_column(rows: list[AlignedRow], left: float, width: float) -> bool:
    """Whether there is room for a column of labels."""
    right = max(measure(row.right) for row in rows)
    return left + right + max(measure(row.label) for row in rows) + 2.0 <= width


def _folded(row: AlignedRow) -> list[AlignedRow]:
    """A long label on two lines, the second on a row of its own."""
    if not row.halves:
        return [row]
    first, second = row.halves
    return [replace(row, label=first), AlignedRow(label=second)]


def _labelled(rows: list[AlignedRow], left: float, width: float) -> Aligned:
    """Rows under each other, labels in a column of their own where there is room."""
    if _has_column(rows, left, width):
        return Aligned(tuple(rows))
    out = []
    for row in rows:
        bare = replace(row, label="")
        if not row.label:
            out.append(row)
        elif left + measure(row.right) + measure(row.label) + 1.7 <= width:
            out.append(replace(bare, right=rf"{row.right} \quad {row.label}"))
        else:
            out += [bare, AlignedRow(right=rf"\qquad {row.label}")]
    return Aligned(tuple(out))
