"""A cell without the states that are functions of other states of their own step.

In c[t] = …, h[t] = tanh(c[t]) the state h says nothing that c does not say: what reads
h[t-1] may as well read tanh(c[t-1]), once h starts as tanh(c) does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Indexed, Pow

from symgate.algebra.activations import record_of
from symgate.algebra.elementwise import Elementwise
from symgate.algebra.language import language
from symgate.algebra.vectors import is_variable, name_of, time_of
from symgate.equations.cell import Cell, cell_of_text


def reduced(cell: Cell) -> tuple[Cell, tuple[str, ...]]:
    """The cell with such states written out where they are read, and a sentence about each.

    >>> c = Cell.from_text("c[t] = c[t-1] + U @ h[t-1]\\nh[t] = tanh(c[t])", "mine")
    >>> smaller, said = reduced(c)
    >>> print(smaller, *said, sep="\\n")
    c[t] = c[t-1] + U @ tanh(c[t-1])
    h[t] = tanh(c[t])
    h of mine is always tanh(c[t]), and has to start there
    """
    known = {name: e for name in cell.states if (e := _of_states(cell, name)) is not None}
    if not known:
        return cell, ()
    before = {
        cell.variable(name, 1): e.xreplace(
            {v: cell.variable(name_of(v), 1) for v in e.atoms(Indexed)}
        )
        for name, e in known.items()
    }
    lines = (
        f"{name}[t] = {language(_put_in(e, before), cell.orders[name])}"
        for name, e in cell.equations.items()
    )
    said = tuple(
        f"{name} of {cell.name} is always {language(e, cell.orders[name])}, and has to start there"
        for name, e in known.items()
    )
    smaller = cell_of_text("\n".join(lines), cell.name, title=cell.title)
    return smaller, said


def in_one_language(one: Cell, other: Cell) -> tuple[Cell, Cell]:
    """Two cells, with the functions of users that only one has written out, where the other may
    have written one out too."""
    first, second = (
        {type(f) for f in _atoms(c, Elementwise) if record_of(f).formula} for c in (one, other)
    )
    apart = first ^ second
    rest = other if first >= second else one
    if not apart or ((first >= second or second >= first) and not _atoms(rest, Pow)):
        return one, other

    def written(cell: Cell) -> Cell:
        whole = {
            name: e.replace(lambda f: type(f) in apart, Elementwise.closed_form)
            for name, e in cell.equations.items()
        }
        lines = (f"{name}[t] = {language(e)}" for name, e in whole.items())
        return cell_of_text("\n".join(lines), cell.name, title=cell.title)

    return in_one_language(written(one), written(other))


def _atoms(cell: Cell, *kinds: type) -> set[Any]:
    return {atom for e in cell.equations.values() for atom in e.atoms(*kinds)}


def _of_states(cell: Cell, name: str) -> Expr | None:
    """A state written by other states of its step alone; None where it reads anything else."""
    waiting = [name]
    for value in waiting:  # asked before anything is written out, which may be long
        for v in cell.equations[value].atoms(Indexed):
            if time_of(v) != 0 or name_of(v) in cell.inputs:
                return None
            if name_of(v) in cell.gates and name_of(v) not in waiting:
                waiting.append(name_of(v))
    e = cell.equations[name]
    while gates := {v for v in e.atoms(Indexed) if name_of(v) in cell.gates and time_of(v) == 0}:
        e = e.xreplace({v: cell.equations[name_of(v)] for v in gates})
    read = e.atoms(Indexed)
    plain = e.is_number or is_variable(e)  # another one's double is told elsewhere
    return None if plain or not read else e


def _put_in(e: Expr, before: Mapping[Indexed, Expr]) -> Expr:
    """With states written out until none is left: one may be a function of another."""
    while any(e.has(v) for v in before):
        e = e.xreplace(before)
    return e
