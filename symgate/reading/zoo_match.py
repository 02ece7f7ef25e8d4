"""What a cell that was read has to do with the zoo."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from typing import Any

from symgate.cells import entries
from symgate.comparing.comparison import Comparison, compare
from symgate.comparing.effort import bounded
from symgate.comparing.nearest import proved_equal
from symgate.comparing.normal_forms import BEYOND, normal_form, zoo_form
from symgate.comparing.search import QUICK, best
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell as zoo_cell
from symgate.reading.characters import spelled
from symgate.reading.mending.book import Lines, Outline, known, of_text

#: What the search for a relation under conditions may cost.
EFFORT = 20_000
#: How alike the states of two cells are written that are told to be near, from 0 to 1.
ALIKE = 0.75

#: The zoo's cells of each family that people print, the commonest first.
KIN = {
    family: tuple(names.split())
    for family, names in {
        "rnn": "rnn rnn-relu rnn-sigmoid linear-rnn jordan-rnn leaky-rnn rate-rnn "
        "rnn-pre-activation fast-rnn antisymmetric-rnn",
        "lstm": "lstm lstm-peephole lstm-coupled lstm-1997 lstm-no-output-activation",
        "lstmp": "lstm-projected",
        "gru": "gru gru-z-takes-new gru-reset-after",
        "mgu": "mgu mgu1 mgu2",
        "ugrnn": "ugrnn ligru",
        "janet": "janet ugrnn",
        "indrnn": "indrnn",
        "sru": "sru qrnn",
        "slstm": "slstm-unstabilised slstm",
        "mingru": "min-gru t-rnn",
        "minlstm": "min-lstm",
        "lightru": "ugrnn",
        "convlstm": "lstm lstm-peephole",
        "convgru": "gru gru-z-takes-new",
        "birnn": "",
        "qrnn": "qrnn",
        "ssm": "linear-rnn lru",
        "rg-lru": "rg-lru",
        "sgu": "ugrnn",
    }.items()
}

#: The family of a zoo cell where it is not that of its structure.
NAMES = spelled(
    {"janet": "janet", "ugrnn": "ugrnn ligru", "sru": "sru", "mingru": "min-gru t-rnn"}
    | {"minlstm": "min-lstm", "lstmp": "lstm-projected", "indrnn": "indrnn"}
    | {"slstm": "slstm-unstabilised slstm"}
)


@dataclass(frozen=True)
class ZooMatch:
    """The zoo's nearest cell and the verdict on the two: identical, equal, conditional or near.

    `as_meant` is the verdict on the cell with its misprints mended, where there are any.
    The comparison, with a map or a counterexample, is made when it is asked for.
    """

    name: str
    verdict: str
    cell: Cell
    as_meant: str | None = None

    @cached_property
    def comparison(self) -> Comparison:
        """The comparison with the zoo's cell, in full."""
        return compare(zoo_cell(self.name), self.cell)

    @cached_property
    def differs(self) -> bool:
        """Whether the two are proved to be different cells, as far as that is quickly found."""
        try:
            with bounded(EFFORT):
                return self.comparison.verdict == "different"
        except BEYOND:
            return False

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"name": self.name, "verdict": self.verdict, "map": None}
        if self.as_meant is not None:
            data["as_meant"] = self.as_meant
        if self.verdict != "near":
            found = self.comparison
            data["map"] = None if found.map is None else found.map.to_dict()
            if found.conditions:
                data["conditions"] = [list(alternative) for alternative in found.conditions]
        return data


def family_of(lines: Lines) -> str:
    """The family of the zoo's cell that some lines are, proved; "" where they are none."""
    name = known(lines)
    if name in NAMES:
        return NAMES[name]
    return next((family for family, kin in KIN.items() if name in kin), "")


def zoo_match(cell: Cell, family: str) -> ZooMatch | None:
    """The strongest relation of a cell to one of the zoo's; None for a family without any."""
    try:
        found = proved(cell) or (_conditional(cell, family) if is_short(cell) else None)
    except BEYOND:
        return None
    if found is not None:
        return found
    name = nearest(cell, family)
    return ZooMatch(name, "near", cell) if name else None


def nearest(cell: Cell, family: str) -> str:
    """The zoo's cell whose states are written most alike; "" for none.

    One of the family, unless those are not alike and another is.
    """
    own, kin = _states(of_text(str(cell))), KIN.get(family, ())
    if family == "birnn" or not own:
        return next(iter(kin), "")
    alike = {
        name: SequenceMatcher(None, own, other, False).ratio()
        for name, other in _zoo_states().items()
        if other.count(";") == own.count(";")
    }
    best = max((n for n in kin if n in alike), key=alike.__getitem__, default="")
    other = max(alike, key=alike.__getitem__, default="")
    if alike.get(best, 0.0) < ALIKE <= alike.get(other, 0.0):
        return other
    return best or next(iter(kin), "")


def _states(lines: Lines) -> Sequence[str]:
    """The lines of the states without their names, token by token."""
    own = Outline(lines, True)
    parts = zip(own.signature.split("; "), own.order, strict=False)
    return re.findall(r"\w+|[^\w\s]", "; ".join(part for part, n in parts if n in own.states))


@lru_cache(maxsize=1)
def _zoo_states() -> Mapping[str, Sequence[str]]:
    """What `_states` makes of each cell of the zoo."""
    return {name: _states(of_text(entry.equations)) for name, entry in entries().items()}


def is_short(cell: Cell) -> bool:
    """Whether the lines of a cell, multiplied out, have no more terms than a cell of the zoo."""
    return bool(Outline(of_text(str(cell))).signature)


def proved(cell: Cell) -> ZooMatch | None:
    """The zoo's cell that a cell is, perhaps under conditions on its biases; None for none."""
    name = known(of_text(str(cell)))
    if not name:
        return None
    equal = proved_equal(cell, (name,))
    return _related(name, cell) if equal is None else ZooMatch(name, equal.verdict, cell)


def _related(name: str, cell: Cell) -> ZooMatch:
    """The relation to one cell of the zoo, as far as it is quickly found."""
    with bounded(EFFORT):
        found = best(zoo_form(name), normal_form(cell), QUICK)
    if found is None:
        return ZooMatch(name, "near", cell)
    if not found.unconditional:
        return ZooMatch(name, "conditional", cell)
    return ZooMatch(name, compare(zoo_cell(name), cell).verdict, cell)


def _conditional(cell: Cell, family: str) -> ZooMatch | None:
    """The first cell of a family in the zoo that a cell is, perhaps under conditions."""
    every = [_related(name, cell) for name in KIN.get(family, ())]
    found = [r for r in every if r.verdict != "near"]
    return min(found, key=lambda r: r.verdict == "conditional", default=None)
