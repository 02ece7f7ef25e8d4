"""`symgate explore CELL … -o FILE`: the live page."""

from __future__ import annotations

import argparse

from symgate.cli.saying import say

EXAMPLES = (
    "symgate explore rnn lstm gru -o page.html",
    "symgate explore gru mine.cell -o page.html",
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cells", nargs="+", metavar="CELL", help="zoo names or files of equations")
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="explore.html", help="the page (%(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    from symgate.cli.chosen import chosen
    from symgate.exploring.explore import explore

    page = explore(*map(chosen, arguments.cells))
    say(f"wrote {page.save(arguments.output)}")
    return 0
