"""Formulas as rows: where the lines of a formula end, and where its labels stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from symgate.writing.tree import Formula, FormulaLine
from symgate.writing.width import HARD, continued, lines, measure, plain

if TYPE_CHECKING:
    from symgate.writing.typesetter import Typesetter

RELATIONS = {"": "", "=": "=", "≤": r"\leq", "<": "<", "∈": r"\in"}

#: The room of a formula on a page of A4 with 11 points, in em.
WIDTH = 42.0

#: The room of what stands in parentheses; the later ones are tried where the first is too much.
INSIDES = (34.0, 26.0, 19.0)

#: The least room that a column of labels leaves to the formula beside it.
BESIDE_LABELS = 18.0


#: A label of this width or more may be folded.
LONG_LABEL = 8.0

#: How high a formula may be before it is cut, in lines.
HEIGHT = 26.0


@dataclass(frozen=True)
class AlignedRow:
    """left & relation right && label."""

    left: str
    relation: str
    right: str
    label: str = ""


def formula_latex(formula: Formula, typesetter: Typesetter) -> list[str]:
    """A formula as LaTeX for display mode, broken so that it fits the page.

    There are several where one would be higher than half a page.
    """
    shown: list[str] = []
    for inside in INSIDES if typesetter.room == WIDTH else (*INSIDES[1:], 14.0, 10.0, 7.0):
        shown = _formula(formula, typesetter, inside)
        if max(map(measure, shown)) <= typesetter.room:
            break
    return shown


def _formula(formula: Formula, typesetter: Typesetter, inside: float) -> list[str]:
    width = typesetter.room
    shown = [_printed(one, typesetter, inside) for one in formula.lines]
    side_by_side = _side_by_side(shown, formula.beside, width) if formula.beside else None
    if side_by_side is not None:
        return side_by_side
    left = max(measure(one.left) for one in shown)
    named = [name for one in shown for _, _, name in one.parts if name]
    room = width - left - 1.6
    beside = room - max(map(measure, named), default=0.0) - 2.4
    rows = [row for one in shown for row in _rows(one, room)]
    if named and beside >= BESIDE_LABELS:
        narrow = [row for one in shown for row in _rows(one, beside)]
        if not any(_is_scrap(row) for row in narrow):
            rows = narrow
    if named and not _has_column(rows, left, width):
        folded = [half for row in rows for half in _folded(row)]
        rows = folded if _has_column(folded, left, width) else rows
    if len(rows) == 1 and not rows[0].label:
        (row,) = rows
        return [f"{row.left} {row.relation} {row.right}".strip()]
    return [_aligned(part, left, width) for part in _pages(rows)]


def _side_by_side(
    shown: list[_PrintedLine], beside: tuple[int, ...], width: float
) -> list[str] | None:
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
            + max(measure(f"{row[i].relation} {row[i].right}") for row in grid if i < len(row))
            for i in range(max(map(len, grid)))
        ]
        if sum(widths) + 2.6 * (len(widths) - 1) <= width:
            return [_grid(part) for part in _cut(grid)]
    return None


def _grid(grid: list[list[AlignedRow]]) -> str:
    cells = [[f"{row.left} &{row.relation} {row.right}" for row in line] for line in grid]
    body = r" \\ ".join(r" &\quad ".join(line) for line in cells)
    return rf"\begin{{aligned}} {body} \end{{aligned}}"


def _cut(grid: list[list[AlignedRow]]) -> list[list[list[AlignedRow]]]:
    """Rows of columns in groups that fit half a page each."""
    most = int(HEIGHT / max(_height(row) for line in grid for row in line))
    return [grid[i : i + most] for i in range(0, len(grid), most)]


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
    height = 0.0
    total = sum(map(_height, rows))
    limit = total if total <= HEIGHT else HEIGHT * 0.75
    for summand in filter(None, summands):
        high = sum(map(_height, summand))
        most = limit if summand[0].left else 1.5 * limit
        if groups[-1] and height + high > most:
            groups.append([])
            height = 0.0
        groups[-1] += summand
        height += high
    return groups


def _height(row: AlignedRow) -> float:
    """How high a row is, in lines."""
    text = row.left + row.right
    return 1.2 + (1.3 if r"\frac" in text else 0) + 1.3 * row.right.count(r"\\")


def _is_scrap(row: AlignedRow) -> bool:
    """A row that goes on with hardly anything: better no column for the labels."""
    return r"\quad {} " in row.right and measure(row.right) < 6.5


@dataclass(frozen=True)
class _PrintedLine:
    """A line as LaTeX: its left side, its relation, and of each part sign, body and label."""

    left: str
    relation: str
    parts: list[tuple[bool, str, str]]


def _printed(one: FormulaLine, typesetter: Typesetter, inside: float) -> _PrintedLine:
    printer = typesetter.printer(one, inside)
    left = "" if one.left is None else plain(printer.show(one.left))
    parts = []
    for part in one.parts:
        negative, body = printer.signed(part.expression)
        parts.append((negative, body.text, typesetter.label(part.label) if part.label else ""))
    return _PrintedLine(left, RELATIONS[one.relation], parts)


def _rows(one: _PrintedLine, room: float) -> list[AlignedRow]:
    left, relation = one.left, one.relation
    if not any(name for _, _, name in one.parts[1:]):
        return _part(left, relation, lines(_sum_latex(one.parts), room), one.parts[0][2])
    rows: list[AlignedRow] = []
    for i, (negative, body, name) in enumerate(one.parts):
        head = ("-" if negative else "") if i == 0 else ("{} - " if negative else "{} + ")
        pieces = lines(head + body, room)
        rows += _part(left if i == 0 else "", relation if i == 0 else "", pieces, name)
    return rows


def _part(left: str, relation: str, pieces: list[str], name: str) -> list[AlignedRow]:
    """The rows of one summand; its name stands beside the last."""
    rights = [pieces[0], *(rf"\quad {continued(p)}" for p in pieces[1:])]
    heads = [(left, relation), *(("", "") for _ in pieces[1:])]
    names = [*("" for _ in pieces[1:]), name]
    return [
        AlignedRow(*head, right, n) for head, right, n in zip(heads, rights, names, strict=True)
    ]


def _sum_latex(parts: list[tuple[bool, str, str]]) -> str:
    out = ""
    for i, (negative, body, _) in enumerate(parts):
        if i:
            out += f"{HARD} - {body}" if negative else f"{HARD} + {body}"
        else:
            out += f"-{body}" if negative else body
    return out


def _has_column(rows: list[AlignedRow], left: float, width: float) -> bool:
    """Whether there is room for a column of labels."""
    right = max(measure(f"{r.relation} {r.right}") for r in rows)
    return left + right + max(measure(r.label) for r in rows) + 2.0 <= width


def _folded(row: AlignedRow) -> list[AlignedRow]:
    """A long label on two lines, the second on a row of its own."""
    first, sign, second = row.label.partition(" and ")
    if not sign or measure(row.label) < LONG_LABEL or not first.startswith(r"\text{"):
        return [row]
    return [replace(row, label=first + "}"), AlignedRow("", "", "", rf"\text{{and {second}")]


def _aligned(rows: list[AlignedRow], left: float, width: float) -> str:
    """Rows under each other, labels in a column of their own where there is room."""
    column = _has_column(rows, left, width)
    out = []
    for row in rows:
        body = f"{row.left} &{row.relation} {row.right}".rstrip()
        if row.label and column:
            body += f" && {row.label}"
        elif row.label and left + measure(row.right) + measure(row.label) + 3.0 <= width:
            body += rf" \quad {row.label}"
        elif row.label:
            out.append(body)
            body = rf"&\qquad {row.label}"
        out.append(body)
    text = r" \\ ".join(re.sub(r" +", " ", line).strip() for line in out)
    return rf"\begin{{aligned}} {text} \end{{aligned}}"
