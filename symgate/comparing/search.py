"""The search for a map between two cells, from the plainest to those under conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, islice, permutations, product

from symgate.comparing.alignment import aligned, state_scales
from symgate.comparing.coefficients import Node, Unknown
from symgate.comparing.effort import EFFORT, TooLarge, bounded
from symgate.comparing.normal import Normal, is_of_rows
from symgate.comparing.pairing import Side, may_pair, pairings
from symgate.comparing.polynomials import signed
from symgate.comparing.proof import Restriction, diagonal, holds, restrictions, under
from symgate.comparing.solving import Solution, solutions
from symgate.comparing.ties import ties
from symgate.comparing.views import (
    activated,
    fits,
    mirrored,
    opened,
    reduced,
    scaled,
    silenced,
    without_matrix,
)

MAX_PERMUTATIONS = 24

#: Ways of pairing that cost little where there is nothing to find.
QUICK = ("exact", "outside")


@dataclass(frozen=True)
class Conditions:
    """What a relation asks of one cell's parameters; true where it asks anything."""

    equal: tuple[Restriction, ...] = ()
    diagonal: tuple[Unknown, ...] = ()
    identity: tuple[Unknown, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.equal or self.diagonal or self.identity)


@dataclass(frozen=True)
class ProvedMap:
    """A proved relation: each cell's parameters in the other's, and conditions on either.

    `names` maps the variables of the second cell to those of the first. `there` gives the
    second's parameters in the first's, `back` the reverse. `readings` say which state has
    to be read as a function of itself. With `image` "second" only `there` is known, and the
    second cell is the first where its parameters are of that form; "first" is the reverse.
    """

    names: Mapping[str, str]
    there: Solution
    back: Solution
    first: Conditions = Conditions()
    second: Conditions = Conditions()
    single_unit: bool = False
    readings: tuple[str, ...] = ()
    image: str = ""

    @property
    def unconditional(self) -> bool:
        asked = (self.first, self.second, self.single_unit, self.readings, self.image, self.sizes)
        return not any(asked)

    @property
    def sizes(self) -> tuple[str, ...]:
        """What the relation asks of the sizes."""
        return tuple(dict.fromkeys((*self.there.sizes, *self.back.sizes)))

    @property
    def mirrored(self) -> ProvedMap:
        """The same relation with the cells the other way round."""
        return replace(
            self,
            names={b: a for a, b in self.names.items()},
            there=self.back,
            back=self.there,
            first=self.second,
            second=self.first,
            image={"first": "second", "second": "first"}.get(self.image, ""),
        )

    @property
    def weight(self) -> int:
        """How much is asked of the parameters."""
        return len(self.first.equal) + len(self.second.equal)


def search(one: Normal, other: Normal) -> Iterator[ProvedMap]:
    """Every kind of relation that can be proved, the strongest first."""
    plain = best(one, other)
    if plain is None or not plain.unconditional:
        with suppress(TooLarge), bounded(EFFORT // 4):  # what comes after has all of its own
            plain = _seen_otherwise(one, other) or plain
    if plain is not None:
        yield plain
        if plain.unconditional or plain.readings:
            return
    else:
        special = (
            _special(one, other) or _either(_reduced, one, other) or _either(_image, one, other)
        )
        if special is not None:
            yield special
            return
    yield from _diagonals(one, other, plain) or filter(
        None, [None if plain is not None else _either(_reread, one, other)]
    )


def _seen_otherwise(one: Normal, other: Normal) -> ProvedMap | None:
    """The second cell with some relu(a) as relu(-a) + a, or with its states scaled."""
    for view in mirrored(other):
        found = best(one, view, QUICK)
        if found is not None and found.unconditional:
            return found
    for scales, scaled_view in scaled_views(one, other):
        found = best(one, scaled_view, QUICK) if scaled_view is not None else None
        if found is not None and found.unconditional:
            said = [(found.names[s], _times(1 / k, s)) for s, k in scales.items() if k and k != 1]
            return _read(found, other, said)
    return None


def scaled_views(
    one: Normal, other: Normal
) -> Iterator[tuple[Mapping[str, Fraction | None], Normal | None]]:
    """The second cell with its states divided by numbers such that its plain numbers may be
    those of the first, with these; None for a number that is no ratio, and for its view."""
    for view in chain([other], mirrored(other)):
        tried: list[dict[str, Fraction | None]] = [dict.fromkeys(view.states, Fraction(1))]
        for names in state_maps(one, view):
            mine = Side.of(one, {b: a for a, b in names.items()}, free=True)
            theirs = Side.of(view, {}, free=True)
            for pairs in chain.from_iterable(pairings(mine, theirs, how) for how in QUICK):
                found = state_scales(mine, theirs, pairs, tuple(view.states))
                scales = found and {s: 1 / k if k else None for s, k in found.items()}
                if scales and scales not in tried:
                    tried.append(scales)
                    yield scales, scaled(view, scales)


def _read(found: ProvedMap, other: Normal, said: Iterable[tuple[str, str]]) -> ProvedMap:
    """A relation in which states of the first cell stand for functions of the second's."""
    told = (f"{mine} stands for {theirs} of {other.cell.name}" for mine, theirs in said)
    return replace(found, readings=tuple(told))


def _times(number: Fraction, name: str) -> str:
    return signed([(number, name if abs(number) == 1 else f"{abs(number)} * {name}")])


def _diagonals(one: Normal, other: Normal, plain: ProvedMap | None) -> list[ProvedMap]:
    """Relations for one unit, and for square matrices that are diagonal."""
    squares = _squares(one), _squares(other)
    if not any(squares):
        return []
    single = best(*_diagonal(one, other, *squares))
    if single is None or (plain is not None and single.weight >= plain.weight):
        return []
    if not _vectors_only(single):
        return []  # with one unit and matrices at zero almost any two cells meet
    first, second = _fewest(one, other, single, *squares)
    square = best(*_diagonal(one, other, first, second))
    found = [replace(single, single_unit=True)]
    if square is not None:
        found.append(
            replace(
                square,
                first=replace(square.first, diagonal=tuple(first)),
                second=replace(square.second, diagonal=tuple(second)),
            )
        )
    return found


def _special(one: Normal, other: Normal) -> ProvedMap | None:
    """One cell as the other with two gates tied, or None."""
    for names in state_maps(one, other):
        reverse = {b: a for a, b in names.items()}
        for there, back, conditions in ties(one, other, names):
            return ProvedMap(names, there, back, second=Conditions(conditions))
        for there, back, conditions in ties(other, one, reverse):
            return ProvedMap(names, back, there, Conditions(conditions))
    return None


def _either(
    way: Callable[[Normal, Normal], ProvedMap | None], one: Normal, other: Normal
) -> ProvedMap | None:
    """A relation of the first cell to a view of the second, or the other way round."""
    found = way(one, other)
    if found is not None:
        return found
    found = way(other, one)
    return None if found is None else found.mirrored


def _reduced(one: Normal, other: Normal) -> ProvedMap | None:
    """The second cell with parameters at zero."""
    for conditions, view in chain(reduced(other, one), silenced(other, one)):
        found = best(one, view, QUICK)
        if found is not None and not found.first.equal:
            return replace(found, second=Conditions((*conditions, *found.second.equal)))
    return None


def _image(one: Normal, other: Normal) -> ProvedMap | None:
    """The second cell with its parameters as functions of the first's, that none undoes."""
    whole = opened(one)
    for view in (one,) if whole == one else (one, whole):
        if not fits(view, other):
            continue
        for names in state_maps(view, other):
            mine, theirs = Side.of(view, {b: a for a, b in names.items()}), Side.of(other, {})
            for how in ("exact", "outside", "kind"):
                for pairs in pairings(mine, theirs, how):
                    there = _proved(view, other, mine, theirs, pairs, names)
                    if there is not None and not there[1]:
                        return ProvedMap(names, there[0], Solution({}, ()), image="second")
    return None


def _reread(one: Normal, other: Normal) -> ProvedMap | None:
    """The second cell with a matrix left out, or with a state read as a function of it."""
    for name, view in without_matrix(other):
        found = best(one, view, QUICK)
        if found is not None and _vectors_only(found):  # with matrices at zero any two meet
            return replace(found, second=replace(found.second, identity=(name,)))
    for state, function, view in activated(other):
        found = best(one, view, QUICK)
        if found is not None and _vectors_only(found):
            return _read(found, other, [(found.names[state], f"{function}({state})")])
    return None


def best(
    one: Normal, other: Normal, ways: Sequence[str] = ("exact", "outside", "kind")
) -> ProvedMap | None:
    """The proved relation that asks least of the parameters, or None."""
    chosen: ProvedMap | None = None
    nameless = Side.nameless(one), Side.nameless(other)
    ways = [how for how in ways if may_pair(*nameless, how)]
    for names in state_maps(one, other) if ways else ():
        for how in ways:
            found = _paired(one, other, names, how)
            if found is not None and found.unconditional:
                return found
            if found is not None and (chosen is None or found.weight < chosen.weight):
                chosen = found
            if found is not None:
                break
    return chosen


def state_maps(one: Normal, other: Normal) -> Iterator[dict[str, str]]:
    """Maps from the second cell's states, inputs and outputs to the first's; equal names first."""
    kinds = [
        (list(one.states), list(other.states)),
        (list(one.cell.inputs), list(other.cell.inputs)),
        (list(one.outputs), list(other.outputs)),
    ]
    if any(len(left) != len(right) for left, right in kinds):
        return
    if all(set(left) == set(right) for left, right in kinds):
        yield {name: name for _, right in kinds for name in right}
    choices: Iterator[tuple[tuple[str, ...], ...]] = product(
        *(islice(permutations(left), MAX_PERMUTATIONS) for left, _ in kinds)
    )
    names = [name for _, right in kinds for name in right]
    maps = [
        dict(zip(names, [name for part in choice for name in part], strict=True))
        for choice in islice(choices, MAX_PERMUTATIONS)
    ]
    yield from sorted(maps, key=lambda m: -sum(a.lower() == b.lower() for a, b in m.items()))


def _paired(one: Normal, other: Normal, names: Mapping[str, str], how: str) -> ProvedMap | None:
    """The best relation under one map of the states and one way of pairing."""
    back_names = {b: a for a, b in names.items()}
    mine, theirs = Side.of(one, back_names), Side.of(other, {})
    chosen: ProvedMap | None = None
    for pairs in pairings(mine, theirs, how):
        there = _proved(one, other, mine, theirs, pairs, names)
        if there is None:
            continue
        reverse = {b: a for a, b in pairs.items()}
        back = _proved(other, one, Side.of(other, names), Side.of(one, {}), reverse, back_names)
        if back is None:
            continue
        found = ProvedMap(names, there[0], back[0], Conditions(there[1]), Conditions(back[1]))
        if not _allowed(found):
            continue
        if found.unconditional:
            return found
        if chosen is None or found.weight < chosen.weight:
            chosen = found
    return chosen


def _proved(
    one: Normal,
    other: Normal,
    mine: Side,
    theirs: Side,
    pairs: Mapping[Node, Node],
    names: Mapping[str, str],
) -> tuple[Solution, tuple[Restriction, ...]] | None:
    """The second cell's parameters in the first's, proved, with conditions on the first."""
    coefficients = aligned(mine, theirs, pairs)
    if coefficients is None:
        return None
    for solution in solutions(coefficients, _identities(other)):
        conditions = restrictions(solution.conditions)
        if conditions is not None and holds(one, other, names, solution, conditions):
            return under(solution, conditions), tuple(conditions)
    return None


def _identities(cell: Normal) -> dict[Unknown, str]:
    """The matrices that can be I: square ones, and those of a size that is chosen at will."""
    found = dict.fromkeys(_squares(cell), "")
    for p in cell.cell.parameters.values():
        if p.kind == "matrix" and p.name not in cell.blocks and p.shape[0] != p.shape[1]:
            free = [s for s in p.shape if s in cell.free_sizes]
            if free:
                rest = p.shape[1] if free[0] == p.shape[0] else p.shape[0]
                found[p.name, ""] = f"{free[0]} = {rest}"
    return found


def _allowed(found: ProvedMap) -> bool:
    """One cell as a special case of the other, or both with some vectors zero."""
    return not found.first or not found.second or _vectors_only(found)


def _vectors_only(found: ProvedMap) -> bool:
    """Whether nothing is asked but that some vectors are zero."""
    return all(r.zero_vector for r in (*found.first.equal, *found.second.equal))


def _squares(cell: Normal) -> tuple[Unknown, ...]:
    """The square matrices of a cell, and the square blocks of stacked ones."""
    return tuple(
        (p.name, block)
        for p in cell.cell.parameters.values()
        if p.kind == "matrix"
        for block, width in zip(
            cell.blocks.get(p.name, ("",)), cell.widths.get(p.name, p.shape[1:]), strict=True
        )
        if width == p.shape[1 if is_of_rows(block) else 0]
    )


def _diagonal(
    one: Normal, other: Normal, first: Sequence[Unknown], second: Sequence[Unknown]
) -> tuple[Normal, Normal]:
    return one.changed(diagonal(first)), other.changed(diagonal(second))


def _fewest(
    one: Normal,
    other: Normal,
    single: ProvedMap,
    first: Sequence[Unknown],
    second: Sequence[Unknown],
) -> tuple[list[Unknown], list[Unknown]]:
    """As few diagonal matrices as the relation needs: each is tried without."""
    kept = (list(first), list(second))
    for name in [*first, *second]:
        for side in (0, 1):
            if name not in kept[side]:
                continue
            # the matrix that takes its place on the other side may have to go with it
            for partner in [None, *kept[1 - side]]:
                left = [n for n in kept[side] if n != name]
                right = [n for n in kept[1 - side] if n != partner]
                trial = (left, right) if side == 0 else (right, left)
                found = best(*_diagonal(one, other, *trial), QUICK)
                if found is not None and found.weight <= single.weight:
                    kept = trial
                    break
    return kept
