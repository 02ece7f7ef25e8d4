"""What commands print: no name of a file, a cell or a layer steers the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Literal

from symgate.errors import harmless


def say(message: object) -> None:
    """Print a message under the program's name, on standard error."""
    print(harmless(f"symgate: {message}"), file=sys.stderr)


def show(text: object) -> None:
    """Print what was asked for."""
    print(harmless(str(text)))


def show_json(data: Any) -> None:
    """Print what was asked for as JSON."""
    import json

    show(json.dumps(data, indent=2, ensure_ascii=False))


def show_table(table: Sequence[Sequence[str]]) -> None:
    """Print rows of words below their head, columns of numbers set to the right. Words fold in a
    narrow terminal; in a file or a pipe every row is one line.

    >>> show_table([("cell", "lag"), ("lstm", "14"), ("gru", "–")])
    cell  lag
    lstm   14
    gru     –
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head, *words in zip(*table, strict=True):
        right = all(word[:1] in "+-–±0123456789" or word in _NUMBERS for word in words)
        side: Literal["left", "right"] = "right" if right else "left"
        shown.add_column(Text(head), justify=side, overflow="fold")
    for row in table[1:]:
        shown.add_row(*(Text(harmless(word)) for word in row))
    console = Console(width=None if sys.stdout.isatty() else MOST)
    with console.capture() as kept:
        console.print(shown)
    print("\n".join(line.rstrip() for line in kept.get().splitlines()))


#: Words that stand for a number.
_NUMBERS = ("does not fall", "rate not settled", "zero", "none", "∞")

#: Columns of a line that nothing breaks.
MOST = 100_000
