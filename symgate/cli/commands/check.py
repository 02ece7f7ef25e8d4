"""`symgate check CELL FILE…`: Jacobians derived by hand, judged."""

from __future__ import annotations

import argparse
import json
import sys

from symgate.cli.options import add_cell

_EXIT = {"right": 0, "transposed": 0, "wrong": 1, "not understood": 3}


def add(parser: argparse.ArgumentParser) -> None:
    add_cell(parser)
    parser.add_argument("claim", metavar="FILE", help="the derivation: .tex .md .txt, or -")
    parser.add_argument("--of", help="what the Jacobian is of, where the claim does not say")
    parser.add_argument("--wrt", help="with respect to what, where the claim does not say")
    parser.add_argument("--lag", type=int, help="over how many steps, where it does not say")
    parser.add_argument(
        "--layout", choices=("numerator", "transposed"), help="the layout that is due (either)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    from symgate.checking.check import check
    from symgate.cli.commands.show import chosen_cell

    cell = chosen_cell(arguments)
    found = check(
        cell,
        _text(arguments.claim),
        of=arguments.of,
        wrt=arguments.wrt,
        lag=arguments.lag,
        layout=arguments.layout,
    )
    if arguments.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        print(found)
    return _EXIT[found.verdict]


def _text(path: str) -> str:
    from symgate.errors import SymgateError

    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SymgateError(f"{path} cannot be read as text: {error}") from None
