"""Where a cell goes as one variable goes to infinity, against all that another can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from symgate.bounds.intervals import ZERO as NOTHING
from symgate.bounds.intervals import Between, End
from symgate.comparing.changes import diagonal_name
from symgate.comparing.intervals import Reaches
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import ZERO, Polynomial
from symgate.comparing.proof import Substituted, diagonal
from symgate.comparing.rays import MOST_SIGNS, Growth, Heading, NoLimit, RayLimit, cases, decisive

SIDES = (1, -1)
BASES = (Fraction(0), Fraction(1))

#: What rounding may do to the end of an interval.
ROUNDING = 1e-9

#: A number this large is not zero by rounding.
CLEAR = 1e-6

ONE = Fraction(1)


def incompatible(
    one: Normal, other: Normal, observed: Mapping[str, tuple[Polynomial, Polynomial]]
) -> str:
    """Why some `one` of one unit is no `other`: it goes elsewhere along a ray; "" if none.

    `observed` has what both compute, in the variables of the first.
    """
    if other.free_sizes:
        return ""
    mine = _one_unit(one, {name: p for name, (p, _) in observed.items()})
    theirs = _one_unit(other, {name: q for name, (_, q) in observed.items()})
    exact = Reaches({})
    for variable in (*one.cell.inputs, *one.states):
        for base in BASES:
            rays = [Heading(variable, side, base) for side in SIDES]
            ways = Ways(theirs, rays, variable)
            for numbers in _numbers(one):
                path = paths({name: numbers(p) for name, p in mine.items()}, rays, {})
                found = _excluding(path, ways, exact)
                if found is not None:
                    return _told(one, other, found, path, exact, variable, base)
    return ""


#: What is observed at each end of a ray, and between them; None where it has no form.
Paths = dict[tuple[str, int], Growth | None]


def _one_unit(cell: Normal, observed: Mapping[str, Polynomial]) -> dict[str, Polynomial]:
    change = diagonal(name for p, name in cell.unknowns if p.kind == "matrix")
    return {name: change(p) for name, p in observed.items()}


def _numbers(cell: Normal) -> Iterator[Substituted]:
    """Ends for the parameters of one unit: all 1, then each at 0 in turn, then others."""
    names = [diagonal_name(*u) if p.kind == "matrix" else p.name for p, u in cell.unknowns]
    ones = dict.fromkeys(names, Fraction(1))
    mixed = {name: Fraction(at % 3 + 2, at % 4 + 3) for at, name in enumerate(names)}
    for chosen in (ones, mixed, *({**mixed, name: Fraction(0)} for name in names)):
        yield Substituted({(name, ""): ((c, ()),) if c else () for name, c in chosen.items()})


def paths(
    observed: Mapping[str, Polynomial], rays: list[Heading], signs: Mapping[str, Between]
) -> Paths:
    """What is observed at both ends of a line, and between them."""
    limits = [RayLimit(ray, signs) for ray in rays]
    found: Paths = {}
    for name, p in observed.items():
        for limit in limits:
            try:
                found[name, limit.ray.side] = limit(p)
            except NoLimit:
                found[name, limit.ray.side] = None
    return found


class Ways:
    """All that a cell can do along a line, made one by one as they are asked for.

    The way that fitted last stands first: it often fits the next numbers as well.
    """

    def __init__(self, observed: Mapping[str, Polynomial], rays: list[Heading], name: str) -> None:
        self.observed, self.rays = observed, rays
        self.decisive = decisive(observed.values(), name)
        self.left = cases(self.decisive)
        self.made: list[tuple[Paths, Reaches]] = []

    def __iter__(self) -> Iterator[tuple[Paths, Reaches]]:
        if len(self.decisive) > MOST_SIGNS:
            raise NoLimit
        yield from self.made
        for signs in self.left:
            self.made.append((paths(self.observed, self.rays, signs), Reaches(signs)))
            yield self.made[-1]

    def fitted(self, way: Paths) -> None:
        self.made.sort(key=lambda made: made[0] is not way)


def _combined(one: Growth, other: Growth, d: Fraction) -> Growth:
    found = {k: one.get(k, ZERO) - other.get(k, ZERO).scaled(d) for k in {*one, *other}}
    return {k: p for k, p in found.items() if p}


def _excluding(path: Paths, ways: Ways, exact: Reaches) -> list[tuple[str, int]] | None:
    """What is observed where the first cell is none of the second's ways; None if it may be."""
    used: dict[tuple[str, int], None] = {}
    try:
        for way, ranges in ways:
            clash = next((k for k in _keys(path) if _clash(path, way, k, ranges, exact)), None)
            if clash is None:
                ways.fitted(way)
                return None
            used[clash] = None
    except NoLimit:
        return None
    return list(used) or None


def _keys(path: Paths) -> list[tuple[str, int]]:
    """Both ends of what is observed, and 0 for the two together."""
    return [*path, *((name, 0) for name, side in path if side > 0)]


def _clash(path: Paths, way: Paths, key: tuple[str, int], ranges: Reaches, exact: Reaches) -> bool:
    """Whether what the first cell does cannot be what the second does with some signs;
    `exact` knows the values of the first."""
    name, side = key
    if side:
        return not _may_be(path[key], way[key], ranges, exact)
    a, b, p, q = path[name, 1], path[name, -1], way[name, 1], way[name, -1]
    if a is None or b is None or p is None or q is None:
        return False
    for c in (ONE, -ONE):
        if not _may_be(_combined(a, b, c), _combined(p, q, c), ranges, exact):
            return True
    (m, mine, _), (n, its, _) = _leading(a, exact), _leading(b, exact)
    highest = max([*p, *q], default=0)
    if m != n or highest > m:
        return False
    ratio = p.get(m, ZERO).scaled(Fraction(its)) - q.get(m, ZERO).scaled(Fraction(mine))
    reach = ranges(ratio)
    apart = reach.high - reach.low > CLEAR and 0 in (reach.low, reach.high)
    return not _may_have(reach, 0, apart)


def _may_be(mine: Growth | None, theirs: Growth | None, ranges: Reaches, known: Reaches) -> bool:
    """Whether a known behaviour can be one of those that the second has with some signs."""
    if mine is None or theirs is None:
        return True
    order, value, exact = _leading(mine, known)
    for power in sorted({*theirs, order}, reverse=True):
        reach = ranges(theirs[power]) if power in theirs else NOTHING
        if power > order and not _may_have(reach, 0, True):
            return False
        if power == order:
            return _may_have(reach, value, exact)
    return True


def _may_have(reach: Between, value: End, exact: bool) -> bool:
    """Whether a number can be one of a range; one that is not exact may be an open end."""
    if value in (reach.low, reach.high) and exact:
        return not (reach.open_low if value == reach.low else reach.open_high)
    slack = ROUNDING * (1 + abs(float(value)))
    return reach.low - slack <= value <= reach.high + slack


def _leading(mine: Growth, known: Reaches) -> tuple[int, End, bool]:
    """The power with which a known behaviour grows, its coefficient, and whether it is exact."""
    for order in sorted(mine, reverse=True):
        value = known(mine[order]).low
        exact = mine[order].constant is not None
        if exact or abs(float(value)) > ROUNDING or order == 0:
            return order, value, exact
    return 0, 0.0, True


def _told(
    one: Normal,
    other: Normal,
    used: list[tuple[str, int]],
    path: Paths,
    exact: Reaches,
    variable: str,
    base: Fraction,
) -> str:
    parts = []
    ends = {(name, end) for name, side in used for end in ((side,) if side else SIDES)}
    for name, side in sorted(ends):
        order, value, _ = _leading(path[name, side] or {}, exact)
        where = f"{variable} → {'∞' if side > 0 else '-∞'}"
        what = f"{name}/{variable}" if order == 1 else f"{name}/{variable}^{order}"
        signed = float(value * side**order)
        parts.append(f"{what if order else name} → {signed:.3g} for {where}")
    return (
        f"with one unit and all else at {base}, {one.cell.name} can have {' and '.join(parts)}; "
        f"{other.cell.name} cannot, whatever its parameters"
    )
