"""What a cell that was read has to do with the zoo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symgate.cells import cell as zoo_cell
from symgate.cells import entries
from symgate.comparing.coefficients import kind, nodes_of
from symgate.comparing.comparison import Comparison, compare, normal_form
from symgate.comparing.normal import Normal, Unsupported
from symgate.comparing.polynomials import TooLarge
from symgate.comparing.search import best, proved_equal
from symgate.equations.cell import Cell

#: What a comparison raises where a cell is beyond it.
BEYOND = (TooLarge, Unsupported, ArithmeticError)

#: The zoo's cells of each family that people print, the commonest first.
KIN = {
    "rnn": (
        "rnn",
        "rnn-relu",
        "rnn-sigmoid",
        "linear-rnn",
        "jordan-rnn",
        "leaky-rnn",
        "rate-rnn",
        "rnn-pre-activation",
        "fast-rnn",
        "antisymmetric-rnn",
    ),
    "lstm": ("lstm", "lstm-peephole", "lstm-coupled", "lstm-1997", "lstm-no-output-activation"),
    "lstmp": ("lstm-projected",),
    "gru": ("gru", "gru-z-takes-new", "gru-reset-after"),
    "mgu": ("mgu", "mgu1", "mgu2"),
    "ugrnn": ("ugrnn", "ligru"),
    "janet": ("janet", "ugrnn"),
    "indrnn": ("indrnn",),
    "sru": ("sru", "t-rnn", "qrnn"),
    "slstm": ("slstm-unstabilised", "slstm"),
    "mingru": ("min-gru", "t-rnn"),
    "minlstm": ("min-lstm",),
    "lightru": ("ugrnn",),
    "convlstm": ("lstm", "lstm-peephole"),
    "convgru": ("gru", "gru-z-takes-new"),
    "birnn": (),
    "sgu": ("ugrnn",),
}

#: The family of a zoo cell where it is not that of its structure.
NAMES = {
    "janet": "janet",
    "ugrnn": "ugrnn",
    "ligru": "ugrnn",
    "sru": "sru",
    "min-gru": "mingru",
    "min-lstm": "minlstm",
    "lstm-projected": "lstmp",
    "indrnn": "indrnn",
    "slstm-unstabilised": "slstm",
    "slstm": "slstm",
}


@dataclass(frozen=True)
class Relation:
    """The zoo's nearest cell, the verdict of `compare`, and the map.

    `as_meant` is the verdict on the cell with its misprints mended, where there are any.
    """

    name: str
    relation: str
    comparison: Comparison
    as_meant: str | None = None

    def to_dict(self) -> dict[str, Any]:
        found = self.comparison
        data: dict[str, Any] = {
            "name": self.name,
            "relation": self.relation,
            "map": None if found.map is None else found.map.to_dict(),
        }
        if self.as_meant is not None:
            data["as_meant"] = self.as_meant
        if found.conditions:
            data["conditions"] = [list(alternative) for alternative in found.conditions]
        return data


def relation(cell: Cell, family: str) -> Relation | None:
    """The strongest relation of a cell to one of the zoo's; None for a family without any."""
    kin = KIN.get(family, ())
    try:
        name, _ = related(cell, family) or (kin[0] if kin else "", False)
        return against(name, cell) if name else None
    except BEYOND:
        return None


def in_the_zoo(cell: Cell) -> bool:
    """Whether a cell is equal to one of the zoo's, so that it is as published."""
    try:
        own = normal_form(cell)
        return any(proved_equal(normal_form(zoo_cell(n)), own) for n in _others(own, ()))
    except BEYOND:
        return False


def verdict(cell: Cell, family: str) -> tuple[str, str] | None:
    """The zoo's nearest cell and the relation to it, without a counterexample."""
    found = related(cell, family)
    if found is not None and not found[1]:
        return found[0], "conditional"
    told = relation(cell, family)
    return None if told is None else (told.name, told.relation)


def related(cell: Cell, family: str) -> tuple[str, bool] | None:
    """The cell of the zoo that a cell is equal to, and whether without conditions.

    An equal one of the family is looked for first, then one that is equal under conditions,
    then an equal one among all that have the same activations.
    """
    kin = KIN.get(family, ())
    own = normal_form(cell)
    near: dict[str, int] = {}
    for name in kin:
        found = best(normal_form(zoo_cell(name)), own, ("exact", "outside"))
        if found is not None and found.unconditional:
            return name, True
        if found is not None:
            near[name] = found.weight
    if near:
        return min(near, key=lambda name: near[name]), False
    equal = (n for n in _others(own, kin) if proved_equal(normal_form(zoo_cell(n)), own))
    return next(((name, True) for name in equal), None)


def against(name: str, cell: Cell) -> Relation:
    """The relation of a cell to one of the zoo's."""
    found = compare(zoo_cell(name), cell)
    return Relation(name, found.verdict, found)


def _others(own: Normal, done: tuple[str, ...]) -> Iterator[str]:
    """Other zoo cells with as many states and the same kinds of activations."""
    wanted = fingerprint(own)
    for name in entries():
        if name in done or name.endswith("-concat"):
            continue
        if fingerprint(normal_form(zoo_cell(name))) == wanted:
            yield name


def fingerprint(found: Normal) -> tuple[object, ...]:
    """What equal cells have in common: states, outputs, inputs, and kinds of activations."""
    kinds = Counter(kind(node) for node in nodes_of(found.observed.values()))
    return len(found.states), len(found.outputs), len(found.cell.inputs), sorted(kinds.items())
