"""A cell by its name, and what is made of a cell once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from symgate.asked import asked, path, shown
from symgate.cells import entries, entry
from symgate.equations.cell import Cell, cell_of_text
from symgate.errors import SymgateError
from symgate.instead import absent
from symgate.tables import data_frame, html_table

Made = TypeVar("Made")
Rest = ParamSpec("Rest")


@cache
def _cell(name: str) -> Cell:
    found = entry(name)
    return cell_of_text(found.equations, found.name, title=found.title, roles=found.roles)


@asked(name=None)
def cell(name: str | Path | Cell) -> Cell:
    """A cell by its zoo name or alias, or from a file of equations; a cell stays as it is.

    >>> cell("gru").gates
    ('z', 'r', 'n')
    >>> cell("cifg").name
    'lstm-coupled'
    """
    if isinstance(name, Cell):
        return name
    if not isinstance(name, str | Path):
        mend = "; sg.model reads it" if hasattr(name, "state_dict") else _network(name)
        raise SymgateError(f"expected a cell or its name, such as 'gru', not {shown(name)}{mend}")
    if isinstance(name, Path) or "/" in name or "\\" in name or Path(name).suffix:
        return Cell.from_file(path("the file of the cell", name))
    return _cell(entry(name).name)


#: The same, where a cell is called `cell`.
cell_of = cell


def _network(what: object) -> str:
    """What to do with several cells, a trained network, a layer, a run, or a set-up."""
    if isinstance(what, list | tuple):
        return "; take one cell at a time, as in [sg.decay(cell) for cell in cells]"
    if hasattr(what, "groups"):
        return "; measure its run, net.simulate(x); its cell is net.stack()[0], or a layer's .cell"
    if hasattr(what, "read_as"):
        return "; measure its run, layer.simulate(x); its cell is layer.cell"
    if hasattr(what, "runs") and hasattr(what, "network"):
        return "; in two directions it is not a cell: sg.reach(net, x, at), or a run of run.runs"
    return "; its cell is its .cell" if isinstance(getattr(what, "cell", None), Cell) else ""


class Zoo(Mapping[str, Cell]):
    """The cells by name: `zoo["gru"]`, `list(zoo)`; aliases work as keys too."""

    def __getitem__(self, name: str) -> Cell:
        return cell(name)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            instead = {"search": "sg.zoo.to_frame(), or `symgate cells WORD`"}
            instead |= {name: f"sg.zoo[{name!r}]"} if name in entries() else {}
            raise AttributeError(absent("the zoo", name, instead, ()))

    def __call__(self, *names: object, **_: object) -> None:
        raise TypeError(
            f"the zoo is a mapping: take sg.zoo[{[*names, 'gru'][0]!r}], or list(sg.zoo)"
        )

    def __iter__(self) -> Iterator[str]:
        return iter(entries())

    def __len__(self) -> int:
        return len(entries())

    def __repr__(self) -> str:
        return f"<Zoo of {len(self)} cells: {', '.join(self)}>"

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a cell: name, title, family, year and source."""
        return data_frame(
            {field: [getattr(e, field) for e in entries().values()] for field in _SHOWN}
        )

    def _repr_html_(self) -> str:
        rows = [[getattr(e, field) for field in _SHOWN] for e in entries().values()]
        return html_table(rows, _SHOWN, code=True)


#: What a table of the cells shows of each.
_SHOWN = ("name", "title", "family", "year", "source")


zoo = Zoo()


def once_a_cell(
    function: Callable[Concatenate[Cell, Rest], Made],
) -> Callable[Concatenate[Cell | str, Rest], Made]:
    """Keep what a function makes of a cell beside that cell, for as long as it lives.

    Equal cells can differ in name, in roles and in the order in which they print, so that
    what is made of one must not be given for another.
    """

    @wraps(function)
    def kept(cell: Cell | str, *rest: Rest.args, **named: Rest.kwargs) -> Made:
        own = cell if isinstance(cell, Cell) else cell_of(cell)
        key = (function, *rest, *named.items())
        if key not in own.made:
            own.made[key] = function(own, *rest, **named)
        found: Made = own.made[key]
        return found

    return cast("Callable[Concatenate[Cell | str, Rest], Made]", kept)
