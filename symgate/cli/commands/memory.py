"""`symgate memory CELL --steps T`: which bias gives a memory of T steps."""

from __future__ import annotations

import argparse
import json

from symgate.cli import pictures
from symgate.cli.options import add_setup, cells, number, one_thread, setup_options
from symgate.cli.pictures import add_picture


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cells", nargs="*", help="zoo names or files of equations")
    parser.add_argument("--cell", action="append", metavar="FILE", help="a file of equations")
    parser.add_argument("--steps", type=number, required=True, help="the time constant T")
    parser.add_argument("--state", help="the state that is to remember")
    add_setup(parser, "hidden", "input", "size", "scheme", "seed", "t-max")
    add_picture(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(parser=parser)


def run(arguments: argparse.Namespace) -> int:
    one_thread()
    if not arguments.cells and not arguments.cell:
        arguments.parser.error("name a cell, or give a file with --cell FILE")
    chosen = cells(arguments.cells, arguments.cell)
    if arguments.output and len(chosen) > 1:
        arguments.parser.error("-o draws one cell; name only one")
    pictures.check(arguments)
    from symgate.flow.memory import memory

    options = setup_options(arguments, "steps")
    found = [memory(cell, arguments.steps, state=arguments.state, **options) for cell in chosen]
    if arguments.output:
        from symgate.plots import memory_curves

        pictures.write(arguments, lambda: memory_curves(found[0]))
    if arguments.json:
        print(json.dumps([m.to_dict() for m in found], indent=2, ensure_ascii=False))
    else:
        print("\n".join(m.sentence() for m in found))
    return 0
