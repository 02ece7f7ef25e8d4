"""`symgate diagram CELL -o FILE`: the picture of a cell."""

from __future__ import annotations

import argparse
import sys


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cell", nargs="?", help="a zoo name or a file of equations")
    parser.add_argument("--cell", dest="file", metavar="FILE", help="a file of equations")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="ends in .svg .png .pdf, .tex or .tikz; without it SVG goes to standard output",
    )
    parser.set_defaults(parser=parser)


def run(arguments: argparse.Namespace) -> int:
    from symgate.cli.commands.show import chosen_cell
    from symgate.drawing.diagram import check_ending, diagram

    if arguments.output:
        check_ending(arguments.output)
    picture = diagram(chosen_cell(arguments))
    if arguments.output:
        print(f"symgate: wrote {picture.save(arguments.output)}", file=sys.stderr)
    else:
        print(picture.svg())
    return 0
