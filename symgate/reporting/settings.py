"""What a report is made for: the cells, their sizes, the lags, the seed, the notation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence, Sized
from dataclasses import dataclass, fields
from typing import Any

from symgate.asked import is_whole
from symgate.decaying.command import word_of
from symgate.equations.cell import Cell, cell_of_text
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, UnknownName
from symgate.numerics.initialise import SCHEMES
from symgate.numerics.options import known_name
from symgate.writing.notation import notation as notation_named

#: Units of the heat map of half-lives, whose runs are many.
SWEEP_HIDDEN = 32

FORMATS = ("html", "md", "tex", "pdf")
DEFAULT_CELLS = ("rnn", "lstm", "gru")

#: Above these a report would take hours, or a page that no browser opens.
MOST_CELLS = 24
RANGES = {
    "hidden": (1, 1024),
    "lags": (2, 20_000),
    "samples": (1, 64),
    "long": (1, 10**5),
    "input": (1, 1024),
    "seed": (0, 2**63),
}


@dataclass(frozen=True)
class Settings:
    """All that the numbers of a report depend on.

    `samples` is the number of networks, with a sequence each, `long` the number of steps of
    the long curve, `words` what the cells were called on the command line.
    """

    cells: tuple[Cell, ...]
    hidden: int = 128
    input: int | None = None
    lags: int = 1000
    samples: int = 4
    scheme: str = "pytorch"
    seed: int = 0
    notation: str = "symgate"
    long: int = 10_000
    words: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the cells, each once."""
        return tuple(cell.name for cell in self.cells)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**vars(self), "cells": list(self.names), "words": list(self.words)}

    @property
    def command(self) -> str:
        """The command line that makes the report again."""
        usual = Settings(self.cells)
        words = ["symgate", "report", *(self.words or self.names)]
        for name in ("hidden", "input", "lags", "samples", "scheme", "seed", "notation", "long"):
            if (value := getattr(self, name)) != getattr(usual, name):
                words += [f"--{name}", str(value)]
        return shlex.join(words)

    @property
    def decay_command(self) -> str:
        """The command line that measures the same curves alone.

        >>> chosen(["rnn", "gru"], lags=200, input=32).decay_command
        'symgate decay rnn gru --hidden 128 --input 32 --lags 200 --networks 4 --scheme pytorch \
--seed 0'
        """
        words = ["symgate", "decay", *(self.words or self.names)]
        for name in ("hidden", "input", "lags", "samples", "scheme", "seed"):
            if (value := getattr(self, name)) is not None:
                words += [f"--{'networks' if name == 'samples' else name}", str(value)]
        return shlex.join(words)


def chosen(
    cells: Sequence[Cell | str], words: Sequence[str] | None = None, **given: Any
) -> Settings:
    """Settings that were checked: known names, sizes that can be computed.

    >>> chosen(["rnn", "gru"], lags=200).command
    'symgate report rnn gru --lags 200'
    """
    if isinstance(cells, str | Cell):
        raise SymgateError(
            f"a report takes a list of cells, such as ['gru', 'lstm'], not {cells!r}"
        )
    if not isinstance(cells, Sized):
        cell_of(cells)  # says what it is
    if not cells:
        raise SymgateError("a report needs a cell; name one, such as 'gru'")
    if len(cells) > MOST_CELLS:
        raise SymgateError(f"a report takes up to {MOST_CELLS} cells, not {len(cells)}")
    found = [cell_of(c) for c in cells]
    options = {field.name for field in fields(Settings)} - {"cells", "words"}
    for name in given:
        known_name("an option of report named", name, options)
    called = words or [c if isinstance(c, str) else word_of(c)[0] for c in cells]
    settings = Settings(_of_one_name_each(found), words=tuple(called), **given)
    for name, (least, most) in RANGES.items():
        value = getattr(settings, name)
        if (name, value) != ("input", None) and not (is_whole(value) and least <= value <= most):
            where = f"from {least} to {most:,}, not {value!r}"
            raise SymgateError(f"{name} must be a whole number {where}")
    if settings.scheme not in SCHEMES:
        raise UnknownName("the scheme", str(settings.scheme), SCHEMES)
    notation_named(settings.notation)
    return settings


def _of_one_name_each(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, each once; a second cell of the same name and other equations is numbered."""
    found: dict[str, list[Cell]] = {}
    out = []
    for cell in cells:
        same = found.setdefault(cell.name, [])
        if any(other.text == cell.text for other in same):
            continue
        same.append(cell)
        out.append(cell if len(same) == 1 else renamed(cell, f"{cell.name} ({len(same)})"))
    return tuple(out)


def renamed(cell: Cell, name: str) -> Cell:
    """The same cell under another name."""
    return cell_of_text(
        cell.text, name, title=f"{cell.title} {name[len(cell.name) :].strip()}", roles=cell.roles
    )
