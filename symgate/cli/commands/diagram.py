"""`symgate diagram CELL -o FILE`: the picture of a cell."""

from __future__ import annotations

import argparse

from symgate.cli import pictures
from symgate.cli.pictures import add_picture
from symgate.cli.saying import say


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cell", nargs="?", help="a zoo name or a file of equations")
    parser.add_argument("--cell", dest="file", metavar="FILE", help="a file of equations")
    add_picture(parser, ".svg, .png, .pdf, .tex or .tikz; without it SVG goes to standard output")


def run(arguments: argparse.Namespace) -> int:
    from symgate.cli.commands.show import chosen_cell
    from symgate.drawing.diagram import check_ending, diagram

    sizes = pictures.sizes(arguments)
    if arguments.output:
        check_ending(arguments.output)
    picture = diagram(chosen_cell(arguments))
    if arguments.output:
        written = picture.save(arguments.output, **sizes)
        say(f"wrote {written}")
    else:
        print(picture.svg())
    return 0
