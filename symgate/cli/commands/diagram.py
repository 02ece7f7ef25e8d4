"""`symgate diagram CELL -o FILE`: the picture of a cell."""

from __future__ import annotations

import argparse

from symgate.cli import pictures
from symgate.cli.options import add_cell, cell_of
from symgate.cli.pictures import add_picture
from symgate.cli.saying import say

EXAMPLES = ("symgate diagram gru -o gru.svg", "symgate diagram mine.cell -o mine.pdf")


def add(parser: argparse.ArgumentParser) -> None:
    add_cell(parser)
    add_picture(parser, ".svg, .png, .pdf, .tex or .tikz; without it SVG goes to standard output")


def run(arguments: argparse.Namespace) -> int:
    from symgate.drawing.diagram import check_ending, diagram

    sizes = pictures.sizes(arguments)
    if arguments.output:
        check_ending(arguments.output)
    picture = diagram(cell_of(arguments))
    if arguments.output:
        say(f"wrote {picture.save(arguments.output, **sizes)}")
    else:
        print(picture.svg())
    return 0
