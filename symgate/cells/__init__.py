"""The zoo: published cells, one data file each. Adding a cell means adding a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from symgate.asked import shown
from symgate.errors import SymgateError, UnknownName


@dataclass(frozen=True)
class Entry:
    """What the data file of a cell says."""

    name: str
    title: str
    aliases: tuple[str, ...]
    family: str
    source: str
    year: int
    equations: str
    remarks: str
    roles: Mapping[str, str]


@cache
def entries() -> Mapping[str, Entry]:
    """Every cell of the zoo by name, in alphabetical order."""
    found = {}
    for file in resources.files(__name__).joinpath("data").iterdir():
        if file.name.endswith(".toml"):
            data = tomllib.loads(file.read_text(encoding="utf-8"))
            data["aliases"] = tuple(data["aliases"])
            found[data["name"]] = Entry(**data)
    return dict(sorted(found.items()))


@cache
def _by_alias() -> Mapping[str, str]:
    names = {name: name for name in entries()}
    for entry in entries().values():
        names.update(dict.fromkeys(entry.aliases, entry.name))
    return names


def entry(name: str) -> Entry:
    """The data of a cell, by name or alias; an unknown name lists the near ones."""
    key = str(name).strip().lower().replace("_", "-").replace(" ", "-")
    if "=" in str(name):
        raise SymgateError(f"these are equations; sg.Cell.from_text(…) reads them: {shown(name)}")
    if key not in _by_alias():
        raise UnknownName("the cell", str(name), _by_alias(), "`symgate cells` lists all")
    return entries()[_by_alias()[key]]
