r"""Derivations as slides: a beamer document, a frame a step, its lines revealed one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from symgate.writing.layout import Aligned, AlignedRow
from symgate.writing.tex import in_columns, written
from symgate.writing.tree import Step
from symgate.writing.typesetter import Typesetter

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.document import Head

T = TypeVar("T")

#: Rows of formulas, and rows of a table, on one frame.
FORMULA_ROWS, TABLE_ROWS = 7, 9


def slides(derivations: Sequence[Derivation], head: Head) -> str:
    """The document."""
    return written("slides", derivations, head, frames=_frames)


def _frames(step: Step, typesetter: Typesetter) -> list[dict[str, Any]]:
    """What stands on the frames of a step: a formula, or some rows of its table."""
    displays = (d for f in step.formulas for one in typesetter.formula(f) for d in _revealed(one))
    rows = () if step.table is None else _parts(step.table.rows, TABLE_ROWS)
    return [{"display": d} for d in displays] + [{"rows": r} for r in rows] or [{"display": ""}]


def _revealed(formula: Aligned) -> Iterator[str]:
    """A formula whose rows appear one after the other, in parts that fit a frame each."""
    if formula.is_line:
        yield f"\\[\n{formula.latex}\n\\]"
        return
    for part in _parts(formula.rows, FORMULA_ROWS):
        shown = " \\\\\n".join(_row(row, i + 1) for i, row in enumerate(part))
        yield in_columns(formula, shown)


def _parts(rows: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Rows in as few parts as hold them, about equally many in each."""
    size = -(-len(rows) // -(-len(rows) // most))
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _row(row: AlignedRow, overlay: int) -> str:
    """A row with each of its cells covered until its turn."""
    shown = [row.left, row.right.strip()]
    shown += [cell for one in row.beside for cell in (rf"\qquad {one.left}", one.right)]
    shown += ["", rf"\quad {row.label}"] if row.label else []
    if overlay > 1:
        shown = [rf"\uncover<{overlay}->{{{{}}{cell}}}" if cell else "" for cell in shown]
    return " & ".join(shown)
