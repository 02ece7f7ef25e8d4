"""How frameworks store recurrent layers: the rows of conventions.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from symgate.errors import UnknownName


@dataclass(frozen=True)
class LayerKind:
    """One kind of layer of one framework; see conventions.toml for what each field says."""

    name: str
    framework: str
    cell: str
    order: tuple[str, ...]
    names: str = ""
    projected: str = ""
    peephole: str = ""
    peepholes: tuple[str, ...] = ()
    biases: str = ""
    transposed: bool = False
    add: Mapping[str, float] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()

    @property
    def blocks(self) -> int:
        """How many blocks stand in a matrix: one a gate."""
        return len(self.order)


@dataclass(frozen=True)
class ArrayNames:
    """How the arrays of one layer are called: a pattern, or one a gate, for each role."""

    axis: str
    under: str
    needed: tuple[str, ...]
    roles: Mapping[str, str | list[str]]


@dataclass(frozen=True)
class ConventionTable:
    """The whole table."""

    rows: Mapping[str, LayerKind]
    names: Mapping[str, ArrayNames]
    activated: Mapping[str, Mapping[str, list[str]]]
    activations: Mapping[str, str]

    def template(self, function: str) -> str:
        """The text of an activation, {} for what it acts on; a constant stands in brackets.

        >>> conventions().template("elu(0.5)"), conventions().template("tanh")
        ('elu({}, 0.5)', 'tanh({})')
        """
        said = re.fullmatch(r"(hard_sigmoid|elu|leaky_relu)\((\d+(?:\.\d+)?)\)", function)
        if said is not None:
            return f"{said[1]}({{}}, {said[2]})"
        if function not in self.activations:
            raise UnknownName("the activation", function, [*self.activations, "elu(0.5)"])
        return self.activations[function]


@lru_cache(maxsize=1)
def conventions() -> ConventionTable:
    """The table, read once.

    >>> conventions().rows["torch-lstm"].order
    ('i', 'f', 'g', 'o')
    """
    text = resources.files(__package__).joinpath("conventions.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    rows = {
        row["name"]: LayerKind(**{k: _frozen(v) for k, v in row.items()}) for row in data["row"]
    }
    names = {
        key: ArrayNames(
            roles.pop("axis"),
            roles.pop("under", ""),
            tuple(roles.pop("needed", ("WU",) if "WU" in roles else ("W", "U"))),
            roles,
        )
        for key, roles in data["names"].items()
    }
    return ConventionTable(rows, names, data["activated"], data["activations"])


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
