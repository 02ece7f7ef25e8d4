"""A fault of a line: where it stands, what stands there, what was probably meant, why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Edit:
    """Characters `start` to `stop` of the document, and what should stand there."""

    start: int
    stop: int
    text: str


class Placed(Protocol):
    """Anything that stands in the document from `start` to `stop`."""

    @property
    def start(self) -> int: ...

    @property
    def stop(self) -> int: ...


@dataclass(frozen=True)
class FoundFault:
    """A misprint before it has a line number; `edits` mend it in the author's notation.

    `ill_formed` says that the line as printed is no equation of a cell at all.
    """

    kind: str
    why: str
    start: int
    stop: int
    printed: str
    meant: str
    edits: tuple[Edit, ...] = ()
    certainty: float = 0.9
    ill_formed: bool = False


def edited(text: str, edits: list[Edit], start: int = 0, stop: int | None = None) -> str:
    """The text from start to stop with edits made; overlapping ones are left out.

    >>> edited("abc", [Edit(1, 2, "X")])
    'aXc'
    """
    stop = len(text) if stop is None else stop
    result, at = "", start
    for edit in sorted(set(edits), key=lambda e: (e.start, e.stop)):
        if edit.start < at or edit.stop > stop:
            continue
        result += text[at : edit.start] + edit.text
        at = edit.stop
    return result + text[at:stop]


def relettered(printed: str, old: str, new: str, count: int = 0) -> str:
    r"""A symbol with another letter; the commands of fonts before it stay.

    >>> relettered(r"\mathbf{h}_{t-1}", "h", "H")
    '\\mathbf{H}_{t-1}'
    """
    letter = re.escape(old)
    parts = re.split(rf"(\\(?!{letter}\b)[A-Za-z]+)", printed)
    for i in range(0, len(parts), 2):
        if old in parts[i]:
            parts[i] = parts[i].replace(old, new, count or -1)
            if count:
                break
    return "".join(parts)
