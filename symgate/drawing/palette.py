"""The colours of diagrams; the same as those of the path figure, told apart by all eyes."""

from __future__ import annotations

#: Whatever colour the text around it has.
INK = "ink"

#: Okabe and Ito's palette, darkened where it is too light on white.
CARRY = "#0072B2"
GATES = ("#D55E00", "#008060", "#A8508A", "#C07800", "#3D95CC")


def gate_colour(place: int) -> str:
    """The colour of the gate at a place among the gates of its cell."""
    return GATES[place % len(GATES)]
