"""`symgate report [CELL…]`: the main job, one page that a person reads."""

from __future__ import annotations

import argparse

from symgate.cli.bar import sections
from symgate.cli.options import (
    NOTATIONS,
    add_cells,
    add_data,
    add_setup,
    cells_of,
    given,
    one_thread,
    setup_options,
    whole,
)
from symgate.cli.saying import say, show, show_json
from symgate.numerics.setup import LONG, REPORTED

EXAMPLES = ("symgate report", "symgate report gru mine.cell -o reports --format pdf")

#: How many processes there are unless the caller says otherwise.
MOST_JOBS = 4


def add(parser: argparse.ArgumentParser) -> None:
    add_cells(parser, "zoo names or files ({cells})")
    parser.add_argument("--model", metavar="FILE", help="a trained network, FILE or FILE#layer")
    parser.add_argument("--outputs", metavar="Y.npy", help="its outputs, to check the replay")
    add_data(parser)
    add_setup(parser, REPORTED, verb="report")
    parser.add_argument("--long", type=whole, help=f"steps of the long curve ({LONG})")
    parser.add_argument("--notation", help=f"of the formulas: {NOTATIONS}")
    parser.add_argument("--format", metavar="F", help="html, md, tex or pdf ({format})")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="the folder ({output})")
    parser.add_argument(
        "--jobs", type=whole, help=f"processes (one for each core, up to {MOST_JOBS})"
    )
    parser.add_argument("--json", action="store_true", help="print the data of the page as JSON")


def run(arguments: argparse.Namespace) -> int:
    one_thread()
    from symgate.reporting.report import report

    if arguments.model:
        return _on_a_network(arguments)
    if arguments.data or arguments.outputs or arguments.batch_first:
        arguments.parser.error("--data, --outputs and --batch-first need a --model FILE")
    from symgate.numerics.threads import cores
    from symgate.reporting.settings import DEFAULT_CELLS

    if not arguments.cells and not arguments.files:
        arguments.cells = list(DEFAULT_CELLS)
    with sections("report") as progress:
        made = report(
            cells_of(arguments),
            progress=progress,
            words=[*arguments.cells, *arguments.files],
            jobs=min(cores(), MOST_JOBS) if arguments.jobs is None else arguments.jobs,
            **setup_options(arguments),
            **given(arguments, "output", "format", "long", "notation"),
        )
    for name, reason in made.failed.items():
        say(f"{name} could not be simulated: {reason}")
    show_json(made.to_dict()) if arguments.json else show(made.path)
    return 1 if made.failed else 0


def _on_a_network(arguments: argparse.Namespace) -> int:
    """The page on a trained network: where it is from, its data, how well it is replayed."""
    from dataclasses import replace

    from symgate.cli.networks import any_run_of, data, network
    from symgate.reporting.report import report

    first = arguments.batch_first or None
    made = any_run_of(arguments.model, arguments.data, first)
    source = made.source
    if arguments.outputs:
        x, y = data(arguments.data), data(arguments.outputs)
        found = network(arguments.model).check(x, y, batch_first=first)
        source += f" (replayed, off by {found.error:.1g} at most)"
    written = report(
        runs=[replace(made, source=source)],
        **given(arguments, "output", "format", "lags"),
    )
    show_json(written.to_dict()) if arguments.json else show(written.path)
    return 0
