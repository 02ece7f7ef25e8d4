"""`symgate report`: the main job. Until the page exists it prints the Jacobians."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cells", nargs="*", default=["rnn", "lstm", "gru"], help="cells")


def run(arguments: argparse.Namespace) -> int:
    from symgate.cells import cell
    from symgate.cli.commands.show import _as_text, described

    print("\n\n".join(_as_text(c, described(c)) for c in map(cell, arguments.cells)))
    return 0
