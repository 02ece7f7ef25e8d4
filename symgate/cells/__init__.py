"""The zoo: published cells, one data file each. Adding a cell means adding a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from symgate.asked import shown
from symgate.errors import SymgateError, UnknownName
from symgate.instead import not_called

not_called(__name__, "list(sg.zoo), or sg.cell(name) for one")


@dataclass(frozen=True)
class Entry:
    """What the data file of a cell says; `code` is public code that was read beside it."""

    name: str
    title: str
    aliases: tuple[str, ...]
    family: str
    source: str
    year: int
    equations: str
    remarks: str
    roles: Mapping[str, str]
    code: str = ""


@cache
def _files() -> Mapping[str, Traversable]:
    """The data file of each cell, by the cell's name, in alphabetical order."""
    found = resources.files(__name__).joinpath("data").iterdir()
    files = {f.name.removesuffix(".toml"): f for f in found if f.name.endswith(".toml")}
    return dict(sorted(files.items()))


@cache
def named(name: str) -> Entry | None:
    """The cell of a name, from its one file."""
    if name not in _files():
        return None
    data = tomllib.loads(_files()[name].read_text(encoding="utf-8"))
    return Entry(**data | {"aliases": tuple(data["aliases"])})


@cache
def entries() -> Mapping[str, Entry]:
    """Every cell of the zoo by name, in alphabetical order."""
    return {name: found for name in _files() if (found := named(name)) is not None}


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
    found = named(key)
    if found is None and key not in _by_alias():
        if "," in key:
            raise SymgateError(
                f"cells are named one by one, with spaces between, not {shown(name)}"
            )
        raise UnknownName("the cell", str(name), _by_alias(), "`symgate cells` lists all")
    return found or entries()[_by_alias()[key]]
