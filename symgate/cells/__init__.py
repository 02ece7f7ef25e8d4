"""The zoo: published cells, one data file each. Adding a cell means adding a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symgate.asked import path, shown
from symgate.errors import SymgateError, UnknownName
from symgate.tables import frame, html_table

if TYPE_CHECKING:
    from symgate.equations.cell import Cell


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


@lru_cache(maxsize=1)
def entries() -> Mapping[str, Entry]:
    """Every cell of the zoo by name, in alphabetical order."""
    found = {}
    for file in resources.files(__name__).joinpath("data").iterdir():
        if file.name.endswith(".toml"):
            data = tomllib.loads(file.read_text(encoding="utf-8"))
            data["aliases"] = tuple(data["aliases"])
            found[data["name"]] = Entry(**data)
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
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


@cache
def _cell(name: str) -> Cell:
    from symgate.equations.cell import Cell

    found = entries()[name]
    return Cell.from_text(found.equations, found.name, title=found.title, roles=found.roles)


def cell(name: str | Path) -> Cell:
    """A cell by its zoo name or alias, or from a file of equations.

    >>> cell("gru").gates
    ('z', 'r', 'n')
    >>> cell("cifg").name
    'lstm-coupled'
    """
    if not isinstance(name, str | Path):
        raise SymgateError(f"a cell is named by a word or a path, not by {shown(name)}")
    if isinstance(name, Path) or "/" in name or "\\" in name or Path(name).suffix:
        from symgate.equations.cell import Cell

        return Cell.from_file(path("the file of the cell", name))
    return _cell(entry(name).name)


def cell_of(what: Cell | str) -> Cell:
    """A cell as it is, or the one that a name or a path stands for.

    >>> cell_of("gru") == cell_of(cell("gru"))
    True
    """
    from symgate.equations.cell import Cell

    if isinstance(what, str | Path):
        return cell(what)
    if not isinstance(what, Cell):
        mend = "; sg.model reads it" if hasattr(what, "state_dict") else _network(what)
        raise SymgateError(f"expected a cell or its name, as 'gru', not {shown(what)}{mend}")
    return what


def _network(what: object) -> str:
    """What to do with a trained network, one of its layers, or its run in two directions."""
    if hasattr(what, "groups"):
        return "; measure its run, net.simulate(x); its cell is net.stack()[0], or a layer's .cell"
    if hasattr(what, "read_as"):
        return "; measure its run, layer.simulate(x); its cell is layer.cell"
    if hasattr(what, "runs") and hasattr(what, "network"):
        return "; in two directions it is not a cell: sg.reach(net, x, at), or a run of run.runs"
    return ""


class Zoo(Mapping[str, "Cell"]):
    """The cells by name: `zoo["gru"]`, `list(zoo)`; aliases work as keys too."""

    def __getitem__(self, name: str) -> Cell:
        return cell(name)

    def __iter__(self) -> Iterator[str]:
        return iter(entries())

    def __len__(self) -> int:
        return len(entries())

    def __repr__(self) -> str:
        return f"<Zoo of {len(self)} cells: {', '.join(self)}>"

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a cell: name, title, family, year and source."""
        return frame({field: [getattr(e, field) for e in entries().values()] for field in _SHOWN})

    def _repr_html_(self) -> str:
        rows = [[getattr(e, field) for field in _SHOWN] for e in entries().values()]
        return html_table(rows, _SHOWN, code=True)


#: What a table of the cells shows of each.
_SHOWN = ("name", "title", "family", "year", "source")


zoo = Zoo()
