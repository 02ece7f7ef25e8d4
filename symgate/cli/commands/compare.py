"""`symgate compare A B`: what two cells have to do with each other, proved or refuted."""

from __future__ import annotations

import argparse

from symgate.cli.options import NOTATIONS, add_cells, cells_of
from symgate.cli.saying import show_json

EXAMPLES = ("symgate compare gru gru-reset-after", "symgate compare mine.cell")


def add(parser: argparse.ArgumentParser) -> None:
    add_cells(
        parser,
        "a zoo name, a file of equations, or a document: notes.md, or notes.md#2 for its "
        "second cell",
    )
    parser.add_argument("--latex", action="store_true", help="print the map as LaTeX")
    parser.add_argument("--notation", help=f"of --latex: {NOTATIONS}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.epilog = (
        "Exit code 0: identical or equal; 1: equal under conditions, different, or no map found."
    )


def run(arguments: argparse.Namespace) -> int:
    if len(arguments.cells) + len(arguments.files) != 2:
        arguments.parser.error("name two cells")
    if arguments.json and arguments.latex:
        arguments.parser.error("--json has the LaTeX in it; leave --latex out")
    if arguments.notation and not (arguments.latex or arguments.json):
        arguments.parser.error("--notation goes with --latex or --json")
    from symgate.comparing.comparison import compare
    from symgate.writing.notation import notation

    style = notation(arguments.notation or "symgate").name
    found = compare(*cells_of(arguments))
    if arguments.json:
        show_json({**found.to_dict(), "latex": found.latex(style)})
    elif arguments.latex:
        print(found.latex(style) or f"% {found.verdict}: there is no map")
    else:
        print(found)
    return 0 if found else 1
