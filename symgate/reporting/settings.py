"""What a report is made for: the cells, their sizes, the lags, the seed, the notation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any

from symgate.asked import whole
from symgate.decaying.command import options_of, word_of
from symgate.equations.cell import Cell, cell_of_text
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, known_name
from symgate.numerics.initialise import SCHEMES
from symgate.numerics.plain import plain
from symgate.numerics.setup import LONG, REPORTED, USUAL, Setup, setup
from symgate.writing.notation import notation as notation_named

#: Units of the heat map of half-lives, whose runs are many.
SWEEP_HIDDEN = 32

FORMATS = ("html", "md", "tex", "pdf")
DEFAULT_CELLS = ("rnn", "lstm", "gru")

#: Above these a report would take hours, or a page that no browser opens.
MOST_CELLS = 24
RANGES = {
    "hidden": whole(1, 1024),
    "input": whole(1, 1024),
    "lags": whole(2, 20_000),
    "networks": whole(1, 64),
    "samples": whole(1, 64),
    "long": whole(1, 10**5),
}


@dataclass(frozen=True)
class Settings:
    """All that the numbers of a report depend on.

    `setups` holds a set-up for each cell, which differ in the cell alone; `long` is the number
    of steps of the long curve, `words` what the cells were called on the command line.
    """

    setups: tuple[Setup, ...]
    notation: str = "symgate"
    long: int = LONG
    words: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, each once."""
        return tuple(made.cell for made in self.setups)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        names = [cell.name for cell in self.cells]
        drawn = {name: getattr(self.setups[0], name) for name in REPORTED}
        rest = {name: value for name, value in vars(self).items() if name != "setups"}
        found: dict[str, Any] = plain({"cells": names, **drawn, **rest})
        return found

    @property
    def command(self) -> str:
        """The command line that makes the report again."""
        first = self.setups[0]
        words = options_of(first, setup(first.cell, **USUAL["report"]))
        for name in ("notation", "long"):
            if (value := getattr(self, name)) != getattr(Settings, name):
                words.append(f"--{name}={value}")
        return shlex.join(["symgate", "report", *self.words, *words])

    @property
    def decay_command(self) -> str:
        """The command line that measures the same curves alone.

        >>> chosen(["rnn", "gru"], lags=200, input=32).decay_command
        'symgate decay rnn gru --hidden=128 --input=32 --scheme=pytorch --seed=0 --networks=4 \
--samples=1 --lags=200'
        """
        return shlex.join(["symgate", "decay", *self.words, *options_of(self.setups[0])])


def chosen(
    cells: Sequence[Cell | str], words: Sequence[str] | None = None, **given: Any
) -> Settings:
    """Settings that were checked: known names, sizes that can be computed.

    >>> chosen(["rnn", "gru"], lags=200).command
    'symgate report rnn gru --lags=200'
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
    for name, value in given.items():
        known_name("an option of report named", name, (*REPORTED, "long", "notation"))
        if value is not None and name in RANGES:
            given[name] = RANGES[name](name, value)
    drawing: Any = {**USUAL["report"], **{n: given.pop(n) for n in [*given] if n in REPORTED}}
    called = words or [c if isinstance(c, str) else word_of(c)[0] for c in cells]
    setups = tuple(setup(cell, **drawing) for cell in _of_one_name_each(found))
    known_name("the scheme", setups[0].scheme, SCHEMES)
    settings = Settings(setups, words=tuple(called), **given)
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
