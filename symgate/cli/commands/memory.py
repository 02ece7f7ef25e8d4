"""`symgate memory CELL --steps T`: which bias gives a memory of T steps."""

from __future__ import annotations

import argparse

from symgate.cli import pictures
from symgate.cli.options import (
    add_cells,
    add_data,
    add_setup,
    cells_of,
    number,
    one_thread,
    setup_options,
)
from symgate.cli.pictures import add_picture
from symgate.cli.saying import show_json
from symgate.numerics.setup import OneNetwork

EXAMPLES = ("symgate memory lstm --steps 100", "symgate memory gru --steps 1000 --json")


def add(parser: argparse.ArgumentParser) -> None:
    add_cells(parser)
    parser.add_argument("--steps", type=number, required=True, help="the time constant T")
    parser.add_argument("--state", help="the state that should remember")
    add_setup(parser, OneNetwork.__optional_keys__)
    add_data(parser)
    add_picture(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    one_thread()
    chosen = cells_of(arguments)
    pictures.check_one(arguments, chosen)
    from symgate.cli.networks import subjects
    from symgate.decaying.memory import memory
    from symgate.equations.cell import Cell

    found = []
    for subject in subjects(arguments, chosen):
        drawn = setup_options(arguments, OneNetwork.__optional_keys__)
        drawn = drawn if isinstance(subject, Cell) else {}
        found.append(memory(subject, arguments.steps, state=arguments.state, **drawn))
    if arguments.output:
        from symgate.plots import memory_curves

        pictures.write(arguments, lambda: memory_curves(found[0]))
    if arguments.json:
        show_json([m.to_dict() for m in found])
    else:
        print("\n".join(m.sentence() for m in found))
    return 0
