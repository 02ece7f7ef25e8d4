"""Cells with scalars and matrices of the step: equal up to names, lines and transposed matrices,
with a parameter at 0 or 1, or one another's rows.

The normal form knows vectors alone. Here gates are put in, sums multiplied out, and names are
matched by where they stand; what is found is checked by writing the equations in the other's
names. It finds no change of parameters beyond that, and proves no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations, islice, permutations, product
from types import MappingProxyType

from sympy import (
    Add,
    Expr,
    Indexed,
    MatrixSymbol,
    Mul,
    S,
    Symbol,
    expand_mul,
    preorder_traversal,
    sift,
    srepr,
)
from sympy.core.basic import Basic

from symgate.algebra.fold import fold
from symgate.algebra.length import summands
from symgate.algebra.rebuilding import Rebuilt
from symgate.algebra.values import Across, Dot, Down, Dyad, Mean, RightTimes, StepProduct
from symgate.algebra.vectors import (
    MatVec,
    Total,
    is_variable,
    name_of,
    rank,
    with_name,
)
from symgate.comparing.effort import TooLarge
from symgate.comparing.wording import CellMap
from symgate.equations.cell import Cell
from symgate.equations.row import row_of, turned
from symgate.errors import SymgateError

#: So many ways to match names are tried.
TRIES = 200
#: So many times the places of names are told apart by the names beside them.
ROUNDS = 4
#: A value of more summands, multiplied out, is not compared so.
MOST = 2000
#: So many names may stand in places that are told apart by nothing.
MOST_ALIKE = 6
#: So many parameters and pairs of them are held at 0 and 1.
MOST_BOUND = 12
#: In which of its parts a node is linear.
LINEAR: Mapping[type, tuple[int, ...]] = {
    **dict.fromkeys((Dyad, Dot, StepProduct), (0, 1)),
    **dict.fromkeys((RightTimes, Across, Down, Mean, Total), (0,)),
    MatVec: (1,),
}
NOTHING: Mapping[Basic, Expr] = MappingProxyType({})
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
    return _matched(_Whole(one), _Whole(other))


def _matched(left: _Whole, right: _Whole) -> Matched | None:
    if left.built != right.built:
        return None
    ours, theirs = left.places, right.places
    for _ in range(ROUNDS):
        ours, theirs = left.refined(ours), right.refined(theirs)
        if sorted(ours.values()) != sorted(theirs.values()):
            return None
    for names in islice(_matches(ours, theirs), TRIES):
        if right.written(names) == left.written({n: n for n in ours}):
            return Matched(names, left.lines == right.lines)
    return None


def twins(one: Cell, other: Cell) -> CellMap | None:
    """The map where the second cell's matrix states are the transposes of the first's.

    >>> text = "q[t] = Q @ x[t]\\nS[t] = alpha * S[t-1] + {}"
    >>> cells = [Cell.from_text(text.format(f"outer({uv})")) for uv in ("q[t], x[t]", "x[t], q[t]")]
    >>> print(twins(*cells))
    S → Sᵀ
    """
    try:
        found = _matched(_Whole(one), _Whole(other, turn=True))
    except SymgateError:
        return None
    if found is None:
        return None
    matrices = {n for n, shape in other.shapes.items() if len(shape) == 2}
    return map_of(other, {b: f"{a}ᵀ" if b in matrices else a for b, a in found.names.items()})


def special(one: Cell, other: Cell) -> tuple[CellMap, str, bool] | None:
    """The map under a condition: parameters of one cell at 0 or 1. With it, whether it is the
    first cell whose parameters are bound, so that the second is a special case of it."""
    for large, small in ((one, other), (other, one)):
        numbers = [p for p in large.parameters.values() if p.kind != "matrix"]
        ways = [(p,) for p in numbers] + list(combinations(numbers, 2))
        whole = _Whole(small)
        for chosen in ways[:MOST_BOUND]:
            for values in product((S.One, S.Zero), repeat=len(chosen)):
                given = {p.symbol: value for p, value in zip(chosen, values, strict=True)}
                found = _matched(*_in_order(large is one, _Whole(large, given), whole))
                if found is not None:
                    said = " and ".join(
                        f"{p.name} = {v}" for p, v in zip(chosen, values, strict=True)
                    )
                    return map_of(other, found.names), said, large is one
    return None


def _in_order(first: bool, one: _Whole, other: _Whole) -> tuple[_Whole, _Whole]:
    return (one, other) if first else (other, one)


def rows(one: Cell, other: Cell) -> tuple[CellMap, str] | None:
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


def map_of(cell: Cell, names: Mapping[str, str]) -> CellMap:
    """Names of a cell, by what they are in it."""
    kinds = (cell.states, cell.inputs, cell.gates, tuple(cell.parameters))
    return CellMap(*({n: names[n] for n in kind if n in names} for kind in kinds))


class _Whole:
    """A cell's states and what it gives out, with all other lines put in.

    `places` tells of each name where it stands: equal for names that may stand for another.
    """

    def __init__(
        self, cell: Cell, given: Mapping[Basic, Expr] = NOTHING, turn: bool = False
    ) -> None:
        values: dict[Basic, Expr] = dict(given)
        known: dict[Basic, int] = {}
        sizes = dict.fromkeys(cell.sizes.values(), ANY)
        for name, e in cell.equations.items():
            value = values[cell.variable(name)] = (
                (turned(e) if turn else e).xreplace(values).xreplace(sizes)
            )
            if summands(value, MOST, known) > MOST:
                raise TooLarge(f"the sum for {name}[t] has too many terms")
        self.lines = len(cell.equations)
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

    def refined(self, places: Mapping[str, str]) -> dict[str, str]:
        """The places of names, told by those of the names beside them."""
        return {name: self._place(name, places) for name in self.names}

    def _place(self, name: str, places: Mapping[str, str]) -> str:
        """Where a name stands, the others told by their places."""
        colours = {n: f"c{places[n]}" for n in self.names} | {name: "this"}
        said = sorted(
            f"{colours[of]}: {srepr(_in_names(e, self.symbols, colours))}"
            for of, e in self.equations.items()
            if of == name or any(_name(a) == name for a in e.atoms(Indexed, Symbol, MatrixSymbol))
        )
        return sha256("\n".join([places[name], *said]).encode()).hexdigest()[:12]

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
    return _expanded(e.xreplace({a: with_name(a, names[_name(a)]) for a in symbols if e.has(a)}))


def _name(a: Basic) -> str:
    return name_of(a) if is_variable(a) else str(getattr(a, "name", ""))


class _Expanded(Rebuilt):
    """Sums multiplied out, and numbers in front, within nodes too."""

    def made(self, e: Expr) -> Expr:
        return expand_mul(_linear(expand_mul(e)))


def _expanded(e: Expr) -> Expr:
    found: Expr = fold(e, _Expanded())
    return found


def _linear(e: Expr) -> Expr:
    """What is linear in its parts, of a sum as a sum and of a multiple as one."""
    if isinstance(e, Add):
        return Add(*map(_linear, e.args))
    if isinstance(e, Mul):
        return Mul(*map(_linear, e.args))
    for at in LINEAR.get(type(e), ()):
        part = e.args[at]
        if isinstance(part, Add):
            return Add(*(_linear(_with(e, at, p)) for p in part.args))
        numbers, rest = sift(Mul.make_args(part), lambda f: rank(f) == 0, binary=True)
        if numbers and rest:
            return Mul(*numbers, _linear(_with(e, at, Mul(*rest))))
    return e


def _with(e: Expr, at: int, part: Expr) -> Expr:
    found: Expr = e.func(*e.args[:at], part, *e.args[at + 1 :])
    return found
