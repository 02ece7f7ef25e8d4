"""`explore`: the live page of some cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from symgate.asked import asked
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError
from symgate.exploring.page import page
from symgate.files import write_file
from symgate.instead import tells
from symgate.writing.html import frame

#: More cells than this do not fit into the row of tabs, nor into a page that opens at once.
MOST_CELLS = 24

#: How high the page stands in a notebook, in pixels.
HEIGHT = 900


@tells("a live page")
@dataclass(frozen=True)
class Explore:
    """The live page of some cells; `html` is the whole of it.

    >>> import symgate as sg
    >>> sg.explore("gru")
    <Explore gru>
    """

    cells: tuple[Cell, ...]
    html: str

    @asked()
    def save(self, path: str | Path) -> Path:
        """Write the page to a file that ends in .html; returns its path."""
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise SymgateError(f"{path}: the live page is written to a file that ends in .html")
        return write_file(path, self.html)

    def __repr__(self) -> str:
        return f"<Explore {', '.join(cell.name for cell in self.cells)}>"

    def _repr_html_(self) -> str:
        return frame(self.html, f"symgate: {self!r}", HEIGHT)


@asked()
def explore(*cells: str | Cell) -> Explore:
    """The live page of some cells: gates that a reader moves, and the exact gradient beside.

    Each of `cells` is a cell or the name of one in the zoo, shown in this order. The page is
    one file that asks for nothing: it opens from a disk.

    >>> import symgate as sg
    >>> page = sg.explore("rnn", sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + b)", name="mine"))
    >>> [cell.name for cell in page.cells], page.html[:15]
    (['rnn', 'mine'], '<!doctype html>')
    """
    chosen = tuple(cell_of(cell) for cell in cells)
    if not chosen:
        raise SymgateError('explore needs at least one cell, as in explore("rnn", "lstm", "gru")')
    if len(chosen) > MOST_CELLS:
        raise SymgateError(f"explore takes up to {MOST_CELLS} cells, not {len(chosen)}")
    names = [cell.name for cell in chosen]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SymgateError(f"two cells are called {twice!r}; give one of them another name")
    return Explore(chosen, page(chosen))
