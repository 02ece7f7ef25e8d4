"""`symgate exercises CELL…`: a sheet of exercises, and its solutions."""

from __future__ import annotations

import argparse

from symgate.cli.options import NOTATIONS, given, whole
from symgate.cli.saying import say
from symgate.files import writable

EXAMPLES = (
    "symgate exercises lstm gru -o sheet.pdf --solutions solutions.pdf",
    "symgate exercises gru --students 30 --seed 1 -o sheets.pdf",
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cells", nargs="+", metavar="CELL", help="zoo names or files of equations")
    endings = ".tex .pdf .md .html .txt, or .csv .tsv for flash cards"
    parser.add_argument("-o", "--output", metavar="FILE", help=f"the sheet: {endings}")
    parser.add_argument("--solutions", metavar="FILE", help="the solutions, in the same formats")
    parser.add_argument("--seed", type=whole, help="another sheet for each number ({seed})")
    parser.add_argument("--count", type=whole, help="how many exercises ({count})")
    parser.add_argument(
        "--students", type=whole, help="how many sheets, each with a cell of its own"
    )
    parser.add_argument("--notation", help=f"how gates are written: {NOTATIONS}")


def run(arguments: argparse.Namespace) -> int:
    from symgate.cli.chosen import chosen
    from symgate.sheets.sheet import exercises

    writable(arguments.output, arguments.solutions)
    sheet = exercises(
        [chosen(cell) for cell in arguments.cells],
        **given(arguments, "seed", "count", "students", "notation"),
    )
    if len(sheet) < sheet.wanted:
        say(f"{len(sheet)} exercises of {sheet.wanted}: no others that differ were found")
    if arguments.output is None:
        print(sheet.text(), end="")
    else:
        say(f"wrote {sheet.save(arguments.output)}")
    if arguments.solutions is not None:
        say(f"wrote {sheet.solutions.save(arguments.solutions)}")
    return 0
