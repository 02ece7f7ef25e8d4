"""`symgate memory CELL --steps T`: which bias gives a memory of T steps."""

from __future__ import annotations

import argparse
from itertools import zip_longest

from symgate.cli import pictures
from symgate.cli.options import add_data, add_setup, cells, number, one_thread, setup_options
from symgate.cli.pictures import add_picture
from symgate.cli.saying import show_json


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cells", nargs="*", help="zoo names or files of equations")
    parser.add_argument("--cell", action="append", metavar="FILE", help="a file of equations")
    parser.add_argument("--steps", type=number, required=True, help="the time constant T")
    parser.add_argument("--state", help="the state that should remember")
    add_setup(parser, "hidden", "input", "size", "scheme", "seed", "t-max")
    add_data(parser)
    add_picture(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    one_thread()
    if not arguments.cells and not arguments.cell:
        arguments.parser.error("name a cell, or give a file with --cell FILE")
    chosen = cells(arguments.cells, arguments.cell)
    if arguments.output and len(chosen) > 1:
        arguments.parser.error("-o draws one cell; name only one")
    pictures.check(arguments)
    from symgate.cli.networks import run_if_network
    from symgate.flow.memory import memory

    options = setup_options(arguments, "steps")
    found = []
    for word, cell in zip_longest(arguments.cells, chosen):
        if own := run_if_network(word, arguments):
            found.append(memory(own, arguments.steps, state=arguments.state))
        else:
            found.append(memory(cell, arguments.steps, state=arguments.state, **options))
    if arguments.output:
        from symgate.plots import memory_curves

        pictures.write(arguments, lambda: memory_curves(found[0]))
    if arguments.json:
        show_json([m.to_dict() for m in found])
    else:
        print("\n".join(m.sentence() for m in found))
    return 0
