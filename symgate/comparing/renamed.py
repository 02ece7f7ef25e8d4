"""Cells with scalars and matrices of the step: equal up to names and lines, or one another's rows.

The normal form knows vectors alone. Here gates are put in, sums multiplied out, and names are
matched by where they stand; what is found is checked by writing the equations in the other's
names. It finds no change of parameters beyond that, and proves no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, permutations, product

from sympy import (
    Expr,
    Indexed,
    MatrixExpr,
    MatrixSymbol,
    Symbol,
    expand_mul,
    preorder_traversal,
    srepr,
)
from sympy.core.basic import Basic

from symgate.algebra.length import summands
from symgate.algebra.vectors import Vector, name_of, rank, time_of, variable
from symgate.comparing.effort import TooLarge
from symgate.comparing.wording import Map
from symgate.equations.cell import Cell
from symgate.equations.row import row_of
from symgate.errors import SymgateError

#: So many ways to match names are tried.
TRIES = 200
#: So many times the places of names are told apart by the names beside them.
ROUNDS = 4
#: A value of more summands, multiplied out, is not compared so.
MOST = 2000
#: So many names may stand in places that are told apart by nothing.
MOST_ALIKE = 6
ANY = Symbol("size", integer=True, positive=True)


@dataclass(frozen=True)
class Matched:
    """`names` maps the second cell's names to the first's; `alike` where the lines are, too."""

    names: Mapping[str, str]
    alike: bool


def renamed(one: Cell, other: Cell) -> Matched | None:
    """How the second cell's names stand for the first's, or None.

    >>> text = "s[t] = dot({0}, x[t]) * s[t-1] + W @ x[t]"
    >>> renamed(*(Cell.from_text(text.format(name)) for name in ("a", "u"))).names["u"]
    'a'
    """
    left, right = _Whole(one), _Whole(other)
    if left.built != right.built:
        return None
    for _ in range(ROUNDS):
        left.refine()
        right.refine()
        if sorted(left.places.values()) != sorted(right.places.values()):
            return None
    for names in islice(_matches(left.places, right.places), TRIES):
        if right.written(names) == left.written({n: n for n in left.places}):
            return Matched(names, len(one.equations) == len(other.equations))
    return None


def rows(one: Cell, other: Cell) -> tuple[Map, str] | None:
    """Whether one cell is what every row of the other's matrix states is, with the map."""
    for whole, row in ((one, other), (other, one)):
        try:
            made, names = row_of(whole)
        except SymgateError:
            continue
        found = renamed(row, made)
        if found is None:
            continue
        told = {}
        for name, alone in names.items():
            if alone in found.names:
                part = _part(whole, row, name, found.names[alone])
                pair = (found.names[alone], f"{part} of {name}" if part else name)
                if row is one:
                    pair = (name, f"{pair[0]} in {part}" if part else pair[0])
                told[pair[0]] = pair[1]
        whole_of = ", ".join(n for n in whole.states if len(whole.shapes[n]) == 2)
        return map_of(other, told), (
            f"every row of {whole_of} of {whole.name} runs by itself, and is {row.name}: what "
            f"has a row or a component for each has that of the row alone, so that its Jacobian "
            f"is I ⊗ that of {row.name}"
        )
    return None


def _part(whole: Cell, row: Cell, name: str, alone: str) -> str:
    """What of a value or a parameter one row holds: a row, a component, or all of it."""
    before, after = (
        len(cell.shapes[n] if n in cell.shapes else cell.parameters[n].shape)
        for cell, n in ((whole, name), (row, alone))
    )
    return "" if before == after else "row i" if before == 2 else "component i"


def map_of(cell: Cell, names: Mapping[str, str]) -> Map:
    """Names of a cell, by what they are in it."""
    kinds = (cell.states, cell.inputs, cell.gates, tuple(cell.parameters))
    return Map(*({n: names[n] for n in kind if n in names} for kind in kinds))


class _Whole:
    """A cell's states and what it gives out, with all other lines put in.

    `places` tells of each name where it stands: equal for names that may stand for another.
    """

    def __init__(self, cell: Cell) -> None:
        values: dict[Basic, Expr] = {}
        known: dict[Basic, int] = {}
        sizes = dict.fromkeys(cell.sizes.values(), ANY)
        for name, e in cell.equations.items():
            value = values[cell.variable(name)] = e.xreplace(values).xreplace(sizes)
            if summands(value, MOST, known) > MOST:
                raise TooLarge(f"the sum for {name}[t] has too many terms")
        read = {v for e in cell.equations.values() for v in e.atoms(Indexed)}
        shown = [n for n in cell.equations if n in cell.states or cell.variable(n) not in read]
        self.equations = {n: _expanded(values[cell.variable(n)]) for n in shown}
        held = {a for e in self.equations.values() for a in e.atoms(Indexed, Symbol, MatrixSymbol)}
        self.symbols = [a for a in held if _name(a) in {*cell.shapes, *cell.parameters}]
        self.names = sorted({*map(_name, self.symbols), *shown})
        self.places = dict.fromkeys(self.names, "")
        for name in shown:
            self.places[name] = f"{name in cell.states} {len(cell.shapes[name])}"

    @property
    def built(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """Of what kinds of nodes the equations are made: equal for cells that differ in names."""
        kinds = (
            (self.places[n], Counter(type(a).__name__ for a in preorder_traversal(e)))
            for n, e in self.equations.items()
        )
        return sorted((place, sorted(count.items())) for place, count in kinds)

    def refine(self) -> None:
        """Tell the places of names by those of the names beside them."""
        self.places = {name: self._place(name) for name in self.names}

    def _place(self, name: str) -> str:
        """Where a name stands, the others told by their places."""
        colours = {n: f"c{self.places[n]}" for n in self.names} | {name: "this"}
        said = sorted(
            f"{colours[of]}: {srepr(_in_names(e, self.symbols, colours))}"
            for of, e in self.equations.items()
            if of == name or any(_name(a) == name for a in e.atoms(Indexed, Symbol, MatrixSymbol))
        )
        return sha256("\n".join([self.places[name], *said]).encode()).hexdigest()[:12]

    def written(self, names: Mapping[str, str]) -> dict[str, Expr]:
        """The equations in other names."""
        return {names[n]: _in_names(e, self.symbols, names) for n, e in self.equations.items()}


def _matches(one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The ways to give each name of the second cell one of the first that stands alike."""
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for side, places in enumerate((one, other)):
        for name, place in places.items():
            groups.setdefault(place, ([], []))[side].append(name)
    if max((len(ours) for ours, _ in groups.values()), default=0) > MOST_ALIKE:
        raise TooLarge("too many names stand alike")
    ways = [[(theirs, p) for p in permutations(ours)] for ours, theirs in groups.values()]
    for way in product(*ways):
        yield {b: a for theirs, ours in way for b, a in zip(theirs, ours, strict=True)}


def _in_names(e: Expr, symbols: list[Basic], names: Mapping[str, str]) -> Expr:
    found: Expr = e.xreplace({a: _renamed(a, names[_name(a)]) for a in symbols if e.has(a)})
    return _expanded(found)


def _renamed(a: Basic, name: str) -> Basic:
    if isinstance(a, Indexed):
        return variable(name, -time_of(a), rank(a))
    if isinstance(a, MatrixSymbol):
        return MatrixSymbol(name, *a.shape)
    return (Vector if isinstance(a, Vector) else Symbol)(name, real=True)


def _name(a: Basic) -> str:
    return name_of(a) if isinstance(a, Indexed) else str(getattr(a, "name", ""))


def _expanded(e: Expr) -> Expr:
    """Sums multiplied out, within nodes too."""
    if not e.args or isinstance(e, Indexed | MatrixExpr):
        return e
    return expand_mul(e.func(*(_expanded(p) if isinstance(p, Expr) else p for p in e.args)))
