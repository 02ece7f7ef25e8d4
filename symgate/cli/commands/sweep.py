"""`symgate sweep CELL`: half-lives over a grid of sizes, gains, schemes and biases."""

from __future__ import annotations

import argparse
import json
import sys

from symgate.cli.bar import bar
from symgate.cli.options import (
    add_drawing,
    add_states,
    gate_value,
    names,
    numbers,
    one_thread,
    whole,
    wholes,
    writable,
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cell", nargs="?", help="a zoo name or a file of equations")
    parser.add_argument("--cell", dest="file", metavar="FILE", help="a file of equations")
    parser.add_argument("--hidden", type=wholes, default=[64], help="units: 16,32,64")
    parser.add_argument("--gain", type=numbers, default=[1.0], help="gains: 0.5,1,2")
    parser.add_argument("--scheme", type=names, default=["pytorch"], help="initialisations")
    parser.add_argument(
        "--bias",
        action="append",
        type=gate_value(numbers),
        metavar="GATE=B,B…",
        help="biases of a gate: f=0,1,2",
    )
    parser.add_argument("--lags", type=whole, default=200, help="how many lags (200)")
    parser.add_argument("--samples", type=whole, default=2, help="sequences (2)")
    parser.add_argument("--limit", type=whole, default=2000, help="most points allowed (2000)")
    parser.add_argument("--keep", metavar="FILE", help="keep results here, and go on from them")
    add_drawing(parser)
    add_states(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="a picture: .svg, .png or .pdf")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV")
    form.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(parser=parser)


def run(arguments: argparse.Namespace) -> int:
    one_thread()
    from symgate.cli.commands.show import chosen_cell

    cell = chosen_cell(arguments)
    if arguments.output:
        from symgate.plots.style import format_of

        format_of(arguments.output)
    writable(arguments.output, arguments.keep)
    from symgate.flow.sweep import sweep

    with bar(f"{cell.name}: sweep") as hook:
        found = sweep(
            cell,
            hidden=arguments.hidden,
            gain=arguments.gain,
            scheme=arguments.scheme,
            bias=dict(arguments.bias or ()),
            of=arguments.of,
            wrt=arguments.wrt,
            input=arguments.input,
            lags=arguments.lags,
            samples=arguments.samples,
            seed=arguments.seed,
            t_max=arguments.t_max,
            norm=arguments.norm,
            limit=arguments.limit,
            keep=arguments.keep,
            progress=hook,
        )
    if arguments.output:
        from symgate.plots import save

        save(found.plot(), arguments.output)
        print(f"symgate: wrote {arguments.output}", file=sys.stderr)
    if arguments.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif arguments.csv:
        print(found.to_csv(), end="")
    else:
        from symgate.cli.columns import columns

        print("\n".join(columns(found.table())))
    return 0
