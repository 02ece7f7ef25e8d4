"""Labels in mathematical form: runs of text, upright or italic, above or below the line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symgate.algebra.names import ACCENTS, GREEK, name_parts
from symgate.algebra.text import raised


@dataclass(frozen=True)
class TextRun:
    """A run of characters: `level` is 0 on the line, -1 for a subscript."""

    text: str
    italic: bool = False
    level: int = 0


Label = tuple[TextRun, ...]

#: The size of a subscript beside the letter's, and how far below it stands.
SCRIPT, DROP = 0.72, 0.22

_NARROW, _WIDE = set("fijlrtI.,()|·' "), set("mwMW…@÷⊙−×+")


def name_label(name: str, lag: int | None = None) -> Label:
    """A name as people write it, at time t - lag where it has a time.

    >>> "".join(run.text for run in name_label("h_tilde", 1))
    'h̃t−1'
    """
    parts = name_parts(name)
    base = GREEK[parts.greek] if parts.greek else parts.base
    base += "".join(ACCENTS[accent] for accent in parts.accents)
    base += raised(parts.layer)
    below = ["".join(run.text for run in name_label(part)) for part in parts.subscripts]
    if lag is not None:
        below.append("t" if lag == 0 else f"t−{lag}")
    label = [TextRun(_cut(base), italic=True)]
    if below:
        label.append(TextRun(_cut(",".join(below)), italic=True, level=-1))
    return tuple(label)


def plain_label(text: str) -> Label:
    """What a node does; a matrix is written as a name."""
    if text.startswith("matrix:"):
        return name_label(text.removeprefix("matrix:"))
    pieces = re.split(r"_(\{[^}]*\}|\w+)", text)
    runs = [TextRun(p.strip("{}"), italic=i % 2 == 1, level=-(i % 2)) for i, p in enumerate(pieces)]
    return tuple(run for run in runs if run.text)


def width(label: Label, size: float) -> float:
    """About how wide a label is, on the generous side."""
    total = 0.0
    for run in label:
        em = sum(_em(c) for c in run.text)
        total += em * size * (SCRIPT if run.level else 1.0)
    return total


def middle(label: Label) -> float:
    """How far the middle of a label is above its line, in its own size: a sign is centred
    on the axis of formulas, all else on half the height of a figure.

    >>> middle(plain_label("⊙")), middle(plain_label("tanh"))
    (0.26, 0.33)
    """
    return 0.26 if sum(len(run.text) for run in label) == 1 else 0.33


def _em(character: str) -> float:
    if "\u0300" <= character <= "\u036f":
        return 0.0
    return 0.42 if character in _NARROW else 0.92 if character in _WIDE else 0.66


def _cut(text: str) -> str:
    return text if len(text) <= 14 else f"{text[:13]}…"
