"""The colours of diagrams, of pictures and of the live page, told apart by all eyes."""

from __future__ import annotations

from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.transition import named_paths

#: Whatever colour the text around it has.
INK = "ink"

#: Okabe and Ito's palette without its yellow, darkened where it is too light on white; each
#: colour with what it becomes on a dark page.
ON_DARK = {
    "#0072B2": "#4DA9E0",
    "#D55E00": "#F28C45",
    "#008060": "#2DB893",
    "#A8508A": "#DB8DC0",
    "#C07800": "#E0A33A",
    "#3D95CC": "#7CC4F0",
}
BLUE, RED, GREEN, PURPLE, ORANGE, SKY = ON_DARK
CARRY, *GATES = ON_DARK


def for_words(colour: str) -> str:
    """A colour as small letters have it: dark enough to be read on white.

    >>> for_words("#D55E00"), for_words(INK)
    ('#A04600', 'ink')
    """
    if colour == INK:
        return INK
    return "#" + "".join(f"{round(0.75 * int(colour[i : i + 2], 16)):02X}" for i in (1, 3, 5))


#: The same, with the colours that words have.
LIGHTENED = ON_DARK | {for_words(light): dark for light, dark in ON_DARK.items()}


def gate_colours(cell: Cell) -> dict[str, str]:
    """The colour of each gate: that of its path in the path figure.

    >>> import symgate as sg
    >>> gate_colours(sg.cell("gru"))["z"], gate_colours(sg.cell("gru"))["r"]
    ('#D55E00', '#A8508A')
    """
    try:
        paths = [name.split(", ") for name in named_paths(cell).names]
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
