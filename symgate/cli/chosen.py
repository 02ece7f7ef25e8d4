"""Which cell a word of the command line names: of the zoo, of a file, or of a document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import symgate
from symgate.cli.networks import is_network, network
from symgate.errors import SymgateError
from symgate.reading.source import ENDINGS

if TYPE_CHECKING:
    from symgate.equations.cell import Cell


def chosen(word: str) -> Cell:
    """A cell of the zoo, of a file of equations, of a document, or of a trained network."""
    if is_network(word):
        return network(word).stack()[0]
    if word == "-":
        return _of_text(sys.stdin.read())
    path, mark, index = word.rpartition("#")
    if not mark:
        path, index = word, ""
    if _is_document(path):
        return _of_document(path, index)
    if mark and Path(path).is_file():
        what = "no document and no trained network"
        raise SymgateError(f"{path} is {what}: nothing in it is called {index}")
    return symgate.cell(word)


def of_file(path: str) -> Cell:
    """The cell of a file: of equations, or of a document such as a .tex."""
    return chosen(path) if _is_document(path.partition("#")[0]) else symgate.Cell.from_file(path)


def _of_text(source: str) -> Cell:
    """A cell that was typed or piped in: in the language of equations, or as LaTeX."""
    read = symgate.Cell.from_latex if "\\" in source else symgate.Cell.from_text
    return read(source, name="cell")


def _is_document(path: str) -> bool:
    """Whether a path ends as a document does; a .txt is a file of equations."""
    return Path(path).suffix.lower() in {*ENDINGS} - {".txt"}


def _of_document(path: str, index: str) -> Cell:
    cells = symgate.read(path).cells
    if not cells:
        raise SymgateError(f"{path} defines no cell")
    if index and not (index.isdigit() and 1 <= int(index) <= len(cells)):
        raise SymgateError(f"{path}#{index}: the cells of {path} count from 1 to {len(cells)}")
    if not index and len(cells) > 1:
        raise SymgateError(
            f"{path} defines {len(cells)} cells; say which, as in {path}#1 to {path}#{len(cells)}"
        )
    found = cells[int(index or 1) - 1].cell
    if found is None:
        place = f"{path}#{index}" if index else path
        raise SymgateError(
            f"the equations of {place} make no cell as printed; `symgate read {path}` says why"
        )
    return found
