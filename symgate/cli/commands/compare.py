"""`symgate compare A B`: what two cells have to do with each other, proved or refuted."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from symgate.errors import SymgateError

if TYPE_CHECKING:
    from symgate.equations.cell import Cell


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cells", nargs="*", metavar="CELL",
        help="a zoo name, a file of equations, or a document: notes.md, or notes.md#2 for its "
        "second cell",
    )  # fmt: skip
    parser.add_argument("--cell", action="append", metavar="FILE", help="a file of equations")
    parser.add_argument("--latex", action="store_true", help="print the map as LaTeX")
    parser.add_argument("--notation", help="the notation of --latex (symgate)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(parser=parser)
    parser.epilog = (
        "Exit code 0: identical or equal; 1: equal under conditions, different, or undecided."
    )


def run(arguments: argparse.Namespace) -> int:
    if len(arguments.cells) + len(arguments.cell or ()) != 2:
        arguments.parser.error("name two cells")
    if arguments.json and arguments.latex:
        arguments.parser.error("--json has the LaTeX in it; leave --latex out")
    if arguments.notation and not (arguments.latex or arguments.json):
        arguments.parser.error("--notation goes with --latex or --json")
    from symgate.comparing.comparison import compare
    from symgate.equations.cell import Cell
    from symgate.writing.notation import notation

    style = notation(arguments.notation or "symgate").name
    first, second = [*map(chosen, arguments.cells), *map(Cell.from_file, arguments.cell or ())]
    found = compare(first, second)
    if arguments.json:
        data = {**found.to_dict(), "latex": found.latex(style)}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    elif arguments.latex:
        print(found.latex(style) or f"% {found.verdict}: there is no map")
    else:
        print(found)
    return 0 if found else 1


def chosen(word: str) -> Cell:
    """A cell of the zoo, of a file of equations, or of a document."""
    from symgate.cells import cell

    path, mark, index = word.rpartition("#")
    if not mark:
        path, index = word, ""
    if Path(path).suffix.lower() in _endings():
        return _of_document(path, index)
    return cell(word)


def _endings() -> tuple[str, ...]:
    """The endings of documents, without those of files of equations."""
    from symgate.reading.reader import ENDINGS

    return tuple(ending for ending in ENDINGS if ending != ".txt")


def _of_document(path: str, index: str) -> Cell:
    from symgate.reading.reader import read

    cells = read(path).cells
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
