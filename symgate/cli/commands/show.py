"""`symgate show CELL`: what a cell is, on one screen."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symgate.equations.cell import Cell


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cell", nargs="?", help="a zoo name or a file of equations")
    parser.add_argument("--cell", dest="file", metavar="FILE", help="a file of equations")
    parser.add_argument("--lag", default=None, help="steps back: a number or a symbol (k)")
    parser.add_argument("--latex", action="store_true", help="print LaTeX")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(parser=parser)


def run(arguments: argparse.Namespace) -> int:
    cell = chosen_cell(arguments)
    data = described(cell, _lag(arguments.lag))
    if arguments.json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
    elif arguments.latex:
        print(_as_latex(cell, _lag(arguments.lag)))
    else:
        print(_as_text(cell, data))
    return 0


def chosen_cell(arguments: argparse.Namespace) -> Cell:
    """The cell that the arguments name, from the zoo or from a file."""
    from symgate.cells import cell
    from symgate.equations.cell import Cell

    if (arguments.cell is None) == (arguments.file is None):
        arguments.parser.error("name one cell, or give one file with --cell FILE")
    return Cell.from_file(arguments.file) if arguments.file else cell(arguments.cell)


def described(cell: Cell, lag: int | str = 1) -> dict[str, Any]:
    """Everything that `show` prints, as data."""
    from symgate.algebra.printing import text
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


def _lag(given: str | None) -> int | str:
    return 1 if given is None else int(given) if given.lstrip("-").isdigit() else given


def _as_text(cell: Cell, data: dict[str, Any]) -> str:
    lines = [f"{cell.title}" + (f"  ({cell.name})" if cell.title != cell.name else ""), ""]
    width = max(map(len, data["equations"]))
    for name, equation in zip(cell.equations, data["equations"], strict=True):
        role = cell.roles.get(name, "")
        lines.append(f"  {equation.ljust(width)}   {role}".rstrip())
    lines += ["", "Shapes"]
    for name in (*cell.inputs, *cell.equations):
        lines.append(f"  {name}: {cell.size(name)}")
    shapes: dict[str, list[str]] = {}
    for p in cell.parameters.values():
        shown = "number" if not p.shape else " × ".join(_grouped(size) for size in p.shape)
        shapes.setdefault(shown, []).append(p.name)
    for shape, names in shapes.items():
        lines.append(f"  {', '.join(names)}: {shape}")
    lines += ["", f"Parameters  {data['parameter_count'].replace('**', '^').replace('*', ' ')}"]
    lag = data["lag"]
    lines += ["", f"Jacobian over {'one step' if lag == 1 else f'{lag} steps'}"]
    back = f"t-{lag}"
    for (of, wrt), operator in zip(jacobians(cell, lag), data["jacobian"].values(), strict=True):
        lines.append(f"  ∂{of}_t/∂{wrt}_{{{back}}} = {_broken(operator)}")
    return "\n".join(lines)


def _grouped(size: Any) -> str:
    return f"({size})" if size.is_Add else str(size)


def _broken(operator: str) -> str:
    """One term a line, where a sum is long."""
    if len(operator) <= 70:
        return operator
    out, depth = "", 0
    for i, character in enumerate(operator):
        depth += (character in "([{") - (character in ")]}")
        split = depth == 0 and character == " " and operator[i + 1 : i + 3] in ("+ ", "- ")
        out += "\n      " if split else character
    return out


def _as_latex(cell: Cell, lag: int | str) -> str:
    from symgate.writing.latex import equations, latex

    back = str(lag)
    shown = [equations(cell)]
    for (of, wrt), operator in jacobians(cell, lag).items():
        left = rf"\frac{{\partial {of}_t}}{{\partial {wrt}_{{t-{back}}}}}"
        shown.append(f"{left} = {latex(operator)}")
    return "\n\n".join(rf"\[ {formula} \]" for formula in shown)
