"""Readings: what `read` returns, as objects and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from symgate.equations.cell import Cell
from symgate.instead import READINGS, signs, tells
from symgate.reading.consequence import Consequence
from symgate.reading.conventions import Conventions
from symgate.reading.faults import Edit
from symgate.reading.summary import html
from symgate.reading.zoo_match import ZooMatch
from symgate.tables import fields_html

if TYPE_CHECKING:
    from symgate.reading.consequence import Consequence

SCHEMA = 1


@dataclass(frozen=True)
class Misprint:
    """A misprint: where it stands, what stands there, what was probably meant, and why.

    `certainty` lies between 0 and 1. `line` and `column` count from 1; `shown` is the line
    of the document.
    """

    line: int
    column: int
    printed: str
    meant: str
    kind: str
    certainty: float
    why: str = ""
    width: int = 1
    shown: str = field(default="", repr=False)
    make: Callable[[], tuple[Cell | None, Cell | None]] | None = field(
        default=None, repr=False, compare=False
    )

    @cached_property
    def consequence(self) -> Consequence:
        """What this misprint changes, the other ones mended; computed when it is asked for."""
        return Consequence(self.make or (lambda: (None, None)))

    def to_dict(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "printed": self.printed,
            "meant": self.meant,
            "kind": self.kind,
            "certainty": self.certainty,
            "why": self.why,
        }


@dataclass(frozen=True)
class ReadLine:
    """One line of a cell: its text in the language, or None, and where and how it is printed."""

    name: str
    text: str | None
    line: int
    column: int
    source: str
    part: str = ""


@signs("a reading")
@dataclass(frozen=True)
class Reading:
    """A cell as a document has it.

    `cell` is the cell as printed, None where it is none; `meant` is the cell with the
    misprints mended, which is the same one where there are none. `mended` is the author's
    LaTeX with the misprints mended. `notes` say what was assumed.
    """

    name: str
    family: str
    conventions: Conventions
    states: tuple[str, ...]
    lines: tuple[ReadLine, ...]
    cell: Cell | None
    meant: Cell | None
    zoo: ZooMatch | None
    misprints: tuple[Misprint, ...]
    notes: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = field(default=(), repr=False)

    @property
    def text(self) -> tuple[str | None, ...]:
        """The lines in the language, as printed; None for one that is ill-formed."""
        return tuple(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        return {
            "family": self.family,
            "conventions": self.conventions.to_dict(),
            "states": list(self.states),
            "text": list(self.text),
            "zoo": None if self.zoo is None else self.zoo.to_dict(),
            "misprints": [m.to_dict() for m in self.misprints],
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        count = len(self.misprints)
        faults = f", {count} misprint{'s' * (count != 1)}" if count else ""
        return f"<Reading {self.name}: {self.family}, {len(self.lines)} lines{faults}>"

    def _repr_html_(self) -> str:
        return html([ReadFile("", (self,))])

    def __str__(self) -> str:
        return "\n".join(line.text or f"# {line.source}" for line in self.lines)


@signs("a file that was read")
@dataclass(frozen=True)
class ReadFile:
    """The cells of one document, and what of it was skipped; `error` where it failed."""

    path: str
    cells: tuple[Reading, ...] = ()
    skipped: tuple[Mapping[str, Any], ...] = ()
    error: str = ""

    _repr_html_ = fields_html

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "path": self.path,
            "cells": [cell.to_dict() for cell in self.cells],
            "skipped": [dict(item) for item in self.skipped],
        }
        if self.error:
            data["error"] = self.error
        return data


@tells("readings", READINGS)
@dataclass(frozen=True)
class Readings:
    """What was read: files, and their cells one after the other.

    >>> import symgate as sg
    >>> from symgate.reading.reader import read_text
    >>> found = read_text("$h_t = \\\\tanh(W x_t + U h_{t-1} + b)$")
    >>> found.cells[0].family, found.cells[0].zoo.verdict
    ('rnn', 'identical')
    """

    files: tuple[ReadFile, ...]

    @property
    def cells(self) -> tuple[Reading, ...]:
        return tuple(cell for file in self.files for cell in file.cells)

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, index: int) -> Reading:
        return self.cells[index]

    def __repr__(self) -> str:
        cells = shorten(", ".join(f"{cell.name} ({cell.family})" for cell in self), 400)
        count = len(self.files)
        return f"<Readings of {count} file{'s' * (count != 1)}: {cells or 'no cell'}>"

    def _repr_html_(self) -> str:
        return html(self.files)

    def to_dict(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "files": [file.to_dict() for file in self.files]}
