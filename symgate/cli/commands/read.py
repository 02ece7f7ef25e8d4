"""`symgate read FILE…`: the cells that documents define, what they are, what is misprinted."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from typing import TYPE_CHECKING

from symgate.cli.bar import bar
from symgate.cli.saying import say, show_json, show_table

if TYPE_CHECKING:
    from symgate.reading.reading import Reading, Readings

EXAMPLES = ("symgate read lecture.md", "symgate read notes.tex --json")

_COLOURS = {"name": "1", "fault": "31;1", "mend": "32", "faint": "2"}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="documents or folders: .md .tex .rst .ipynb .py .html .txt; - is standard input",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--fix", action="store_true", help="print the equations as meant, in the file's notation"
    )
    form.add_argument("--derive", action="store_true", help="derive the cells that were read")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="with --derive: .html .tex .md .pdf .txt"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.output and not arguments.derive:
        arguments.parser.error("-o goes with --derive")
    from symgate.reading.reader import read, read_text

    if "-" in arguments.files and len(arguments.files) > 1:
        arguments.parser.error("- is read alone")
    if arguments.files == ["-"]:
        found = read_text(sys.stdin.read())
    else:
        with bar("reading") as hook:
            found = read(arguments.files, progress=hook)
    for file in found.files:
        if file.error and not arguments.json:
            say(file.error)
    if not found.files:
        say(f"no documents in {', '.join(arguments.files)}")
    if arguments.json:
        show_json(found.to_dict())
    elif arguments.fix:
        _fixed(found)
    elif arguments.derive:
        _derived(found, arguments.output)
    else:
        _told(found)
    if not found.cells:
        return 3
    return 1 if any(reading.misprints for reading in found) else 0


def _told(found: Readings) -> None:
    """One document in full; of several a table, and then the misprints."""
    from symgate.errors import harmless
    from symgate.reading.summary import of_file, of_misprint, table

    mark = _coloured if _has_colours() else _plain
    width = max(60, min(shutil.get_terminal_size((88, 24)).columns, 100))
    if len(found.files) == 1:
        print("\n".join(of_file(found.files[0], mark, width)))
        return
    if not found.files:
        return
    show_table(table(found.files))
    for file in found.files:
        misprints = [m for reading in file.cells for m in reading.misprints]
        if misprints:
            print(f"\n{mark(harmless(file.path), 'name')}")
        for misprint in misprints:
            print("\n".join(of_misprint(misprint, mark, width)))


def _fixed(found: Readings) -> None:
    """The equations in the author's notation, with the misprints mended."""
    several = len(found.cells) > 1
    for reading in found:
        if several:
            print(f"% {reading.name}: {reading.family}")
        for line in reading.mended:
            print(line)
        for misprint in reading.misprints:
            if not misprint.meant:
                say(f"line {misprint.line} is not mended: {misprint.why}")
        if several:
            print()


def _derived(found: Readings, output: str | None) -> None:
    """The derivations of the cells, as meant; those without a cell are named."""
    from symgate.errors import SymgateError
    from symgate.writing.derivation import derive
    from symgate.writing.document import Derivations

    cells = []
    for reading in found:
        cell = reading.meant or reading.cell
        if cell is None:
            say(f"{reading.name} is not a cell that can be derived")
        else:
            cells.append(cell)
            _say_if_mended(reading)
    if not cells:
        raise SymgateError("nothing to derive: no cell was read")
    document = Derivations(tuple(map(derive, cells)))
    if output is None:
        print(document.text(), end="")
    else:
        say(f"wrote {document.save(output)}")


def _say_if_mended(reading: Reading) -> None:
    if reading.misprints and reading.meant is not None:
        say(f"{reading.name} is derived as meant, not as printed")


def _has_colours() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _coloured(words: str, kind: str) -> str:
    return f"\033[{_COLOURS[kind]}m{words}\033[0m"


def _plain(words: str, kind: str) -> str:
    return words
