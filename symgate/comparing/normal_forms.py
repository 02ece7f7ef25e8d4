"""The normal forms of cells; those of the zoo are made once."""

from __future__ import annotations

from functools import cache

from symgate.cells import entries
from symgate.comparing.effort import TooLarge, bounded
from symgate.comparing.normal import Normal, Unsupported, normal
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell as zoo_cell

#: What a cell beyond a comparison raises.
BEYOND = (TooLarge, Unsupported, ArithmeticError, RecursionError)


def normal_form(cell: Cell) -> Normal:
    """The normal form of a cell; its work is bounded by itself, whatever surrounds it."""
    if cell.name in entries() and cell is zoo_cell(cell.name):
        return zoo_form(cell.name)
    with bounded():
        return normal(cell)


@cache
def zoo_form(name: str) -> Normal:
    """The normal form of a cell of the zoo, by its name there."""
    with bounded():
        return normal(zoo_cell(name))
