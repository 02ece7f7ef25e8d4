"""Where one layer ends and the next begins, in cells one above the other.

What a layer above reads of those below it in the same step is one value: every path from it to
a lower layer goes through there, so that the Jacobian is a product of the layers' own blocks.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Indexed

from symgate.algebra.names import name_parts
from symgate.algebra.vectors import name_of, time_of
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise


def layer_of(cell: Cell, name: str) -> int:
    """The layer of a value, from 1; 0 of an input, and of a name without a layer.

    >>> import symgate as sg
    >>> deep = sg.stack("lstm", layers=2)
    >>> layer_of(deep, "f2"), layer_of(deep, "a_f2"), layer_of(deep, "x")
    (2, 2, 0)
    """
    nodes = linearise(cell).nodes
    return int(name_parts(nodes[name].owner).layer or 0) if name in nodes else 0


@once_a_cell
def seams(cell: Cell) -> Mapping[int, Indexed]:
    """What each layer sends up, by its number; without those that pass on more than one value.

    >>> import symgate as sg
    >>> dict(seams(sg.stack("gru", layers=3)))
    {1: h⁽¹⁾_t, 2: h⁽²⁾_t}
    """
    lin, found = linearise(cell), dict[int, Indexed]()
    for layer in sorted({layer_of(cell, state) for state in cell.states})[:-1]:
        above = [node for node in lin if layer_of(cell, node.name) > layer]
        read = {t.source for node in above for t in node.terms}
        below = {v for v in read if layer_of(cell, name_of(v)) <= layer}
        if len(below) == 1 and time_of(seam := below.pop()) == 0 and name_of(seam) in lin.nodes:
            found[layer] = seam
    return found


def seam(cell: Cell, of: str, wrt: Indexed) -> Indexed | None:
    """The highest seam between a value and what lies in a layer below it."""
    top, bottom = layer_of(cell, of), layer_of(cell, name_of(wrt))
    between = [v for n, v in seams(cell).items() if bottom <= n < top and v != wrt]
    return between[-1] if between else None
