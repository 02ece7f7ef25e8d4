"""`symgate jacobian CELL`: one Jacobian, or all blocks of the whole state."""

from __future__ import annotations

import argparse

from symgate.cli.options import NOTATIONS, add_cell, add_formats, cell_of, lag_of
from symgate.cli.saying import show_json

EXAMPLES = ("symgate jacobian lstm --of h --wrt c", "symgate jacobian gru --lag k --latex")


def add(parser: argparse.ArgumentParser) -> None:
    add_cell(parser)
    parser.add_argument("--of", help="a state, gate or input of the cell (every state)")
    parser.add_argument("--wrt", help="with respect to what (every state)")
    parser.add_argument(
        "--lag", default="1", help="steps back: a number, or a name such as k (%(default)s)"
    )
    parser.add_argument("--notation", help=f"of --latex: {NOTATIONS}")
    add_formats(parser, latex="print LaTeX")


def run(arguments: argparse.Namespace) -> int:
    from symgate.algebra.text import partial, text
    from symgate.linear.jacobian import jacobian
    from symgate.writing.typesetter import equation_latex

    cell, lag = cell_of(arguments), lag_of(arguments.lag)
    states = cell.states
    pairs = [
        (of, wrt)
        for of in ([arguments.of] if arguments.of else states)
        for wrt in ([arguments.wrt] if arguments.wrt else states)
    ]
    found = {(of, wrt): jacobian(cell, of, wrt, lag) for of, wrt in pairs}
    if arguments.json:
        data = {f"d{of}/d{wrt}": text(e) for (of, wrt), e in found.items()}
        show_json({"cell": cell.name, "lag": lag, "jacobian": data})
    elif arguments.latex:
        notation = arguments.notation or "symgate"
        for (of, wrt), e in found.items():
            print("\n\n".join(equation_latex(cell, of, wrt, lag, e, notation)))
    else:
        for (of, wrt), e in found.items():
            print(f"{partial(of, wrt, lag)} = {text(e)}")
    return 0
