"""From stored blocks to a cell with its parameters: one reading of what a layer holds.

Blocks are what a source stores, in the order in which it stores them; a reading says which
gate each block belongs to and what is computed with it. `check` tries other readings of the
same blocks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.asked import is_number
from symgate.cells import entry
from symgate.equations.cell import Cell, cell_of_text
from symgate.equations.zoo import cell as zoo_cell
from symgate.errors import SymgateError
from symgate.models.conventions import LayerKind, conventions

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Blocks:
    """W (G, n, m), U (G, n, p), biases b and c (G, n), peepholes (3, n), projection R (p, n)."""

    W: Array
    U: Array
    b: Array | None = None
    c: Array | None = None
    peepholes: Array | None = None
    R: Array | None = None

    @property
    def hidden(self) -> int:
        """Units of the layer."""
        return int(self.W.shape[1])

    @property
    def input(self) -> int:
        """Inputs of the layer."""
        return int(self.W.shape[2])

    @property
    def output(self) -> int:
        """What the layer gives out: its units, or the projection's."""
        return int(self.U.shape[2])


@dataclass(frozen=True)
class WeightReading:
    """Which cell of the zoo, which gate each block belongs to, and what differs from them.

    `add` is added to biases when the layer runs, `negated` gates are stored with the opposite
    sign, `activations` maps gates, candidate and output to other functions.
    """

    cell: str
    order: tuple[str, ...]
    add: Mapping[str, float] = field(default_factory=dict)
    negated: tuple[str, ...] = ()
    activations: Mapping[str, str] = field(default_factory=dict)
    peepholes: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [self.cell]
        if len(self.order) > 1:
            parts.append(f"gates in the order {' '.join(self.order)}")
        parts += [f"{value:g} added to the bias of {gate}" for gate, value in self.add.items()]
        if self.cell.startswith("gru"):
            after = self.cell == "gru-reset-after"
            parts.append(f"reset {'after' if after else 'before'} the matrix")
            takes = (self.cell == "gru-z-takes-new") != bool(self.negated)
            parts.append(f"z {'takes the new' if takes else 'keeps the old'} state")
        parts += [f"{what}: {name}" for what, name in self.activations.items()]
        return ", ".join(parts)

    def interpret(self, blocks: Blocks) -> tuple[Cell, dict[str, Array]]:
        """The cell, and its parameters in float64."""
        cell = rewritten(self.cell, tuple(sorted(self.activations.items())))
        return cell, {name: self._parameter(name, cell, blocks) for name in cell.parameters}

    def _parameter(self, name: str, cell: Cell, blocks: Blocks) -> Array:
        kind, _, gate = name.partition("_")
        if name == "W_p" and "p" not in self.order:
            return _float(blocks.R)
        if kind == "p":
            found = np.zeros((3, blocks.hidden)) if blocks.peepholes is None else blocks.peepholes
            return _float(found[self.peepholes.index(gate)])
        k = self.order.index(gate)
        sign = -1.0 if gate in self.negated else 1.0
        if kind == "W":
            return sign * _float(blocks.W[k])
        if kind == "U":
            return sign * _float(blocks.U[k])
        b, c = (
            np.zeros(blocks.hidden) if part is None else _float(part[k])
            for part in (blocks.b, blocks.c)
        )
        if kind == "c":
            return sign * c
        whole = b if f"c_{gate}" in cell.parameters else b + c
        return sign * (whole + self.add.get(gate, 0.0))


def _float(array: Array | None) -> Array:
    return np.ascontiguousarray(array, dtype=np.float64)


@lru_cache(maxsize=64)
def rewritten(name: str, activations: tuple[tuple[str, str], ...]) -> Cell:
    """A cell of the zoo with other activations in its text; the zoo's own without any.

    >>> print(rewritten("rnn", (("candidate", "relu"),)))
    h[t] = relu(W @ x[t] + U @ h[t-1] + b)
    """
    if not activations:
        return zoo_cell(name)
    table, known = conventions(), entry(name)
    lines = known.equations.strip().splitlines()
    for role, function in activations:
        for target in table.activated[name].get(role, []):
            lines = [_with(line, target, table.template(function)) for line in lines]
    suffix = "-".join(dict.fromkeys(re.sub(r"\W+", "-", f).strip("-") for _, f in activations))
    roles = dict(known.roles)
    return cell_of_text("\n".join(lines), f"{name}-{suffix}", roles=roles)


def _with(line: str, target: str, template: str) -> str:
    """The equation of `target` with another function around what its activation acts on."""
    if not line.startswith(f"{target}[t]"):
        return line
    before, argument = re.split(r"\w+\(", line, maxsplit=1)
    return before + template.format(argument.removesuffix(")"))


def reading_of(row: LayerKind, blocks: Blocks, said: Mapping[str, Any]) -> WeightReading:
    """What a row says, with what the source or the caller says instead."""
    cell = row.cell
    if blocks.R is not None:
        cell = row.projected
    if blocks.peepholes is not None:
        cell = row.peephole
    reading = WeightReading(
        cell,
        row.order,
        MappingProxyType(dict(row.add)),
        activations=MappingProxyType(_activations(cell, said)),
        peepholes=row.peepholes,
    )
    if "order" in said:
        reading = replace(reading, order=_order(said["order"], row.order))
    if "forget_bias" in said:
        if "f" not in row.order:
            raise SymgateError(f"forget_bias is for an LSTM; this layer is a {row.cell}")
        value = said["forget_bias"]
        if not is_number(value):
            raise SymgateError(f"forget_bias must be a number, not {value!r}")
        reading = replace(reading, add={"f": float(value)} if value else {})
    if row.cell.startswith("gru"):
        reading = _gru(reading, said)
    return reading


def _activations(cell: str, said: Mapping[str, Any]) -> dict[str, str]:
    """The activations that differ from those of the zoo's text."""
    found = {}
    usual = {"gates": "sigmoid", "candidate": "tanh", "output": "tanh"}
    for role in conventions().activated[cell]:
        value = str(said.get(role, usual[role]))
        conventions().template(value)
        if value != usual[role]:
            found[role] = value
    return found


def _order(value: Any, usual: tuple[str, ...]) -> tuple[str, ...]:
    given = tuple(value.split()) if isinstance(value, str) and " " in value else tuple(value)
    given = tuple("g" if gate == "c" and "g" in usual else gate for gate in given)
    if sorted(given) != sorted(usual):
        raise SymgateError(
            f"order must name the gates {' '.join(usual)}, each once, not {value!r}; "
            f'as in order="{" ".join(usual)}"'
        )
    return given


def _gru(reading: WeightReading, said: Mapping[str, Any]) -> WeightReading:
    takes = reading.cell == "gru-z-takes-new"
    if "reset" in said:
        if said["reset"] not in ("before", "after"):
            raise SymgateError(
                f'reset must be "before" or "after" the matrix, not {said["reset"]!r}'
            )
        if said["reset"] == "after":
            reading = replace(reading, cell="gru-reset-after", negated=("z",) if takes else ())
        elif not takes:
            reading = replace(reading, cell="gru")
    if "update" in said:
        if said["update"] not in ("keeps", "takes"):
            raise SymgateError(f'update must be "keeps" or "takes", not {said["update"]!r}')
        opposite = (said["update"] == "takes") != (reading.cell == "gru-z-takes-new")
        reading = replace(reading, negated=("z",) if opposite else ())
    return reading
