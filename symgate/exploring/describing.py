"""What the live page is told of a cell: its equations, how they are typeset, its paths."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from symgate.cells import entries
from symgate.decaying.measure import decay
from symgate.drawing.diagram import diagram
from symgate.drawing.palette import CARRY as CARRY_COLOUR
from symgate.drawing.palette import LIGHTENED, gate_colours
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell as by_name
from symgate.errors import SymgateError
from symgate.linear.linearise import linearise
from symgate.linear.paths import Path, carries, count, paths
from symgate.linear.products import Chain, added
from symgate.numerics.biases import all_biases, bias_of, double_biases
from symgate.numerics.general import is_general
from symgate.writing.latex import equations, latex
from symgate.writing.mathml import mathml

#: Blocks of more paths than this are typeset as one formula.
MOST_TERMS = 24

#: What the still picture shows, for readers without JavaScript.
STILL = {"hidden": 32, "lags": 200, "networks": 1}


def description(cell: Cell) -> dict[str, Any]:
    """The cell as plain data for the page's scripts."""
    words = {"carry": CARRY_COLOUR, **gate_colours(cell)}
    return {
        "name": cell.name,
        "zoo": cell.name in entries() and by_name(cell.name) == cell,
        "title": cell.title,
        "text": str(cell),
        "roles": {name: role.split(":")[0] for name, role in cell.roles.items()},
        "of": cell.output,
        "wrt": cell.output,
        "biases": _biases(cell),
        "keeps": _keeps(cell),
        "added": sorted(all_biases(cell)),
        "doubled": sorted(double_biases(cell)),
        "equations": mathml(equations(cell), display=True),
        "blocks": _blocks(cell, cell.output),
        "colours": {name: [colour, LIGHTENED[colour]] for name, colour in words.items()},
        "diagram": _diagram(cell),
    }


def still_curve(cell: Cell) -> list[float | None]:
    """The curve that a page shows where scripts do not run; None where it is exactly zero."""
    sizes: dict[str, Any] = {"hidden": 8} if is_general(cell) else {}
    try:
        with np.errstate(all="ignore"):
            found = decay(cell, **{**STILL, **sizes})
    except SymgateError:
        return []
    return [round(float(v), 3) if np.isfinite(v) else None for v in found.log10_norm[:, 0]]


def _biases(cell: Cell) -> dict[str, str]:
    """The bias of each gate and state that has one: what `init(bias=…)` sets."""
    found = {}
    for name in cell.equations:
        with suppress(SymgateError):
            found[name] = bias_of(cell, name)
    return found


def _keeps(cell: Cell) -> dict[str, bool]:
    """The gates of the carries, each with whether an open one keeps the state."""
    return {
        gate: keeps for carry in carries(linearise(cell)) for gate, keeps in carry.gates.items()
    }


def _blocks(cell: Cell, of: str) -> dict[str, list[dict[str, str]]]:
    """∂of_t/∂wrt_{t-1} for each pair of states, summand by summand, with its path's name."""
    found = {}
    for one in cell.states if len(cell.states) <= 2 else (of,):
        for other in cell.states if len(cell.states) <= 2 else (of,):
            with suppress(SymgateError):
                found[f"{one},{other}"] = _terms(cell, one, other)
    return found


def _terms(cell: Cell, of: str, wrt: str) -> list[dict[str, str]]:
    lin = linearise(cell)
    if not 0 < count(lin, of, wrt) <= MOST_TERMS:
        return []
    grouped: dict[str, list[Chain]] = {}
    for path in paths(lin, of, wrt):
        grouped.setdefault(_key(path), []).append(path.product)
    return [
        {"path": key, "mathml": mathml(latex(added(lin, same, of, wrt), cell=cell))}
        for key, same in grouped.items()
    ]


def _key(path: Path) -> str:
    """A path by the gates that it passes, as the page's engine names it."""
    if path.is_carry:
        return "carry"
    return ", ".join(node.name for node in path.gates) or "direct"


def _diagram(cell: Cell) -> str:
    try:
        return diagram(cell).svg()
    except SymgateError:
        return ""
