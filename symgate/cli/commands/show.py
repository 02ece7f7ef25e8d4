"""`symgate show CELL`: what a cell is, on one screen."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING, Any

from symgate.cells import named
from symgate.cli.options import NOTATIONS, add_cell, add_formats, cell_of, lag_of
from symgate.cli.saying import show_json

if TYPE_CHECKING:
    from symgate.equations.cell import Cell

EXAMPLES = ("symgate show gru", "symgate show mine.cell --lag 2")

#: Columns of a terminal.
WIDTH = 80


def add(parser: argparse.ArgumentParser) -> None:
    add_cell(parser)
    parser.add_argument("--lag", default="1", help="steps back: a number, or a name such as k")
    parser.add_argument("--notation", help=f"of --latex: {NOTATIONS}")
    add_formats(parser, latex="print LaTeX")


def run(arguments: argparse.Namespace) -> int:
    cell, lag = cell_of(arguments), lag_of(arguments.lag)
    if arguments.json:
        show_json(described(cell, lag))
    elif arguments.latex:
        print(_as_latex(cell, lag, arguments.notation or "symgate"))
    else:
        print(_as_text(cell, described(cell, lag)))
        if named(cell.name) is None:
            print(f"\n{_filled(_known_as(cell))}")
    return 0


def described(cell: Cell, lag: int | str = 1) -> dict[str, Any]:
    """Everything that `show` prints, as data."""
    from symgate.algebra.text import text
    from symgate.linear.linearise import linearise

    lin = linearise(cell)
    engine = {n.name: text(n.expression, n.order) for n in lin if n.name not in cell.equations}
    return {
        "name": cell.name,
        "title": cell.title,
        "states": list(cell.states),
        "inputs": list(cell.inputs),
        "gates": list(cell.gates),
        "equations": [cell.equation(name) for name in cell.equations],
        "roles": dict(cell.roles),
        "sizes": list(cell.sizes),
        "parameters": {
            p.name: {"kind": p.kind, "shape": [str(size) for size in p.shape]}
            for p in cell.parameters.values()
        },
        "parameter_count": str(cell.parameter_count()),
        "intermediate": engine,
        "lag": lag,
        "jacobian": {
            f"d{of}/d{wrt}": text(operator) for (of, wrt), operator in jacobians(cell, lag).items()
        },
    }


def jacobians(cell: Cell, lag: int | str = 1) -> dict[tuple[str, str], Any]:
    """Every block of the whole state's Jacobian."""
    from symgate.linear.jacobian import jacobian

    return {(of, wrt): jacobian(cell, of, wrt, lag) for of in cell.states for wrt in cell.states}


def _as_text(cell: Cell, data: dict[str, Any]) -> str:
    from symgate.algebra.text import partial, text
    from symgate.algebra.vectors import variable

    lines = [f"{cell.title}" + (f"  ({cell.name})" if cell.title != cell.name else ""), ""]
    for name, equation in zip(cell.equations, data["equations"], strict=True):
        lines.append(f"  {equation}")
        if name in cell.roles:
            lines.append(_filled(cell.roles[name], indent=6))
    lines += ["", "Shapes"]
    shapes: dict[str, list[str]] = {}
    for name in (*cell.inputs, *cell.equations):
        shapes.setdefault(str(cell.size(name)), []).append(name)
    for p in cell.parameters.values():
        shown = "number" if not p.shape else " × ".join(_grouped(size) for size in p.shape)
        shapes.setdefault(shown, []).append(p.name)
    lines += [_filled(f"{', '.join(names)}: {shape}") for shape, names in shapes.items()]
    lines += ["", f"Parameters  {data['parameter_count'].replace('**2', '²').replace('*', ' ')}"]
    lag = data["lag"]
    lines += ["", f"Jacobian over {'one step' if lag == 1 else f'{lag} steps'}"]
    for (of, wrt), operator in zip(jacobians(cell, lag), data["jacobian"].values(), strict=True):
        lines.append(_broken(f"{partial(of, wrt, lag)} = {operator}"))
    named = _named_by_symgate(cell, jacobians(cell, lag).values())
    if named:
        lines += ["", "where"]
        lines += [_filled(f"{text(variable(n))} = {data['intermediate'][n]}") for n in named]
    return "\n".join(lines)


def _known_as(cell: Cell) -> str:
    """Which cell of the zoo this is, or which is built most like it."""
    from symgate.comparing.nearest import nearest

    found = nearest(cell)
    if found is None:
        return "Too unlike the cells of the zoo for a comparison."
    name = found.first.name
    if found:
        return f"This is {name} of the zoo ({found.verdict}, proved)."
    return f"Nearest in the zoo: {name} ({found.verdict}); `symgate compare {name} FILE` says more."


def _named_by_symgate(cell: Cell, operators: Iterable[Any]) -> list[str]:
    """The nodes that the engine named and that occur in formulas, with those they rest on."""
    from sympy import Indexed

    from symgate.algebra.vectors import name_of
    from symgate.linear.linearise import linearise

    lin = linearise(cell)
    found = {name_of(v) for operator in operators for v in operator.atoms(Indexed)}
    for node in lin.backward():
        if node.name in found - set(cell.equations):
            found |= {name_of(v) for v in node.expression.atoms(Indexed)}
    return [node.name for node in lin if node.name in found - set(cell.equations)]


def _grouped(size: Any) -> str:
    return f"({size})" if size.is_Add else str(size)


def _broken(formula: str) -> str:
    """One term a line, where a sum is long."""
    if len(formula) <= WIDTH - 2:
        return f"  {formula}"
    terms, depth = [""], 0
    for i, character in enumerate(formula):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and formula[i : i + 3] in (" + ", " - "):
            terms.append("")
        terms[-1] += character
    first, *rest = terms
    return "\n".join([_filled(first), *(_filled(term, indent=6) for term in rest)])


def _filled(line: str, indent: int = 2) -> str:
    """A line broken between its words, so that none is wider than a terminal."""
    return fill(
        line.strip(),
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _as_latex(cell: Cell, lag: int | str, notation: str) -> str:
    from symgate.writing.latex import equations
    from symgate.writing.typesetter import equation_latex

    shown = [equations(cell, notation)]
    for (of, wrt), operator in jacobians(cell, lag).items():
        shown += equation_latex(cell, of, wrt, lag, operator, notation)
    return "\n\n".join(rf"\[ {formula} \]" for formula in shown)
