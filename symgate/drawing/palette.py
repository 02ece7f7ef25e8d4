"""The colours of diagrams; the same as those of the path figure, told apart by all eyes."""

from __future__ import annotations

from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.routes import routes_of

#: Whatever colour the text around it has.
INK = "ink"

#: Okabe and Ito's palette, darkened where it is too light on white.
CARRY = "#0072B2"
GATES = ("#D55E00", "#008060", "#A8508A", "#C07800", "#3D95CC")


def gate_colours(cell: Cell) -> dict[str, str]:
    """The colour of each gate: that of its path in the path figure.

    >>> import symgate as sg
    >>> gate_colours(sg.cell("gru"))["z"], gate_colours(sg.cell("gru"))["r"]
    ('#D55E00', '#A8508A')
    """
    try:
        paths = [name.split(", ") for name in routes_of(cell).names]
    except SymgateError:  # too many paths for a figure of them
        paths = [["carry"]]
    every = (CARRY, *GATES)
    found: dict[str, str] = {}
    for place, gates in enumerate(paths):
        new = gates[-1]  # the last of a path, where the shorter ones came before
        if new in cell.gates and new not in found:
            found[new] = every[place % len(every)]
    for gate in cell.gates:
        if gate not in found:
            found[gate] = GATES[len(found) % len(GATES)]
    return found
