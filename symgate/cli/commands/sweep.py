"""`symgate sweep CELL`: half-lives over a grid of sizes, gains, schemes and biases."""

from __future__ import annotations

import argparse

from symgate.cli import pictures
from symgate.cli.bar import bar
from symgate.cli.options import (
    SCHEMES,
    add_cell,
    add_formats,
    add_setup,
    add_states,
    cell_of,
    gate_value,
    given,
    names,
    numbers,
    setup_options,
    whole,
    wholes,
)
from symgate.cli.pictures import add_picture
from symgate.cli.saying import show_json, show_table
from symgate.errors import SymgateError
from symgate.files import writable
from symgate.numerics.setup import Measuring

EXAMPLES = ("symgate sweep gru --bias z=0,2,4", "symgate sweep rnn --hidden 16,32 --gain 1,2")


def add(parser: argparse.ArgumentParser) -> None:
    from symgate.numerics.norms import NORMS

    add_cell(parser)
    parser.add_argument("--hidden", type=wholes, help="units: 16,32,64")
    parser.add_argument("--gain", type=numbers, help="gains: 0.5,1,2")
    parser.add_argument("--scheme", type=names, help=f"some of {SCHEMES}")
    parser.add_argument(
        "--bias",
        action="append",
        type=gate_value(numbers),
        metavar="GATE=B,B…",
        help="biases of a gate: f=0,1,2",
    )
    add_setup(parser, Measuring.__optional_keys__, verb="sweep")
    parser.add_argument("--jobs", type=whole, help="processes ({jobs})")
    parser.add_argument("--dask", metavar="ADDRESS", help="run on a Dask cluster: tcp://host:8786")
    parser.add_argument("--limit", type=whole, help="the most points allowed ({limit})")
    parser.add_argument("--keep", metavar="FILE", help="keep results here and resume from them")
    add_states(parser, NORMS)
    add_picture(parser, ".svg, .png, .pdf; for a table .csv, .json")
    add_formats(parser, csv="print CSV")


def run(arguments: argparse.Namespace) -> int:
    from symgate.cli.networks import is_network

    cell = cell_of(arguments)
    if is_network(arguments.cell or arguments.file):
        raise SymgateError(
            f"a sweep draws weights of its own at every point, and {arguments.cell} is a trained "
            f"network; symgate decay measures it on --data, and sweep {cell.name} its cell"
        )
    pictures.check(arguments)
    writable(arguments.keep)
    from symgate.decaying.sweep import measured_on, sweep
    from symgate.decaying.workers import cluster

    with bar(f"{cell.name}: sweep") as hook, cluster(arguments.dask) as executor:
        found = sweep(
            cell,
            **setup_options(arguments),
            **given(arguments, "of", "wrt", "norm", "limit", "keep", "jobs"),
            executor=executor,
            progress=hook,
        )
    if pictures.is_data(arguments):
        pictures.write_data(arguments, found.to_csv, found.to_dict())
    elif arguments.output:
        from symgate.plots import sweep_map

        pictures.write(arguments, lambda: sweep_map(found))
    if arguments.json:
        show_json(found.to_dict())
    elif arguments.csv:
        print(found.to_csv(), end="")
    else:
        show_table(found.table())
        print(f"\n{measured_on(found)}")
    return 0
