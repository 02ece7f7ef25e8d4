"""The search for a map between two cells, from the plainest to those under conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations, product

from symgate.comparing.filling import Solution, solutions
from symgate.comparing.normal import Diagonal, Normal
from symgate.comparing.pairing import Side, aligned, pairings
from symgate.comparing.proof import Restriction, holds, restrictions
from symgate.comparing.slots import Node
from symgate.comparing.tied import ties

MAX_PERMUTATIONS = 24


@dataclass(frozen=True)
class Found:
    """A proved relation: each cell's parameters in the other's, and conditions on either.

    `names` maps the variables of the second cell to those of the first. `there` gives the
    second's parameters in the first's, `back` the reverse.
    """

    names: Mapping[str, str]
    there: Solution
    back: Solution
    of_first: tuple[Restriction, ...] = ()
    of_second: tuple[Restriction, ...] = ()
    diagonal_first: tuple[str, ...] = ()
    diagonal_second: tuple[str, ...] = ()
    single_unit: bool = False

    @property
    def unconditional(self) -> bool:
        return not (
            self.of_first or self.of_second or self.diagonal_first or self.diagonal_second
            or self.single_unit
        )  # fmt: skip

    @property
    def weight(self) -> int:
        """How much is asked of the parameters."""
        return len(self.of_first) + len(self.of_second)


def search(one: Normal, other: Normal) -> Iterator[Found]:
    """Every kind of relation that can be proved, the strongest first."""
    plain = best(one, other)
    if plain is not None:
        yield plain
        if plain.unconditional:
            return
    else:
        special = _special(one, other)
        if special is not None:
            yield special
            return
    squares = _squares(one), _squares(other)
    if not any(squares):
        return
    single = best(*_diagonal(one, other, *squares))
    if single is None or (plain is not None and single.weight >= plain.weight):
        return
    if not all(r.zero_vector for r in (*single.of_first, *single.of_second)):
        return
    yield _with(single, single_unit=True)
    first, second = _fewest(one, other, single, *squares)
    diagonal = best(*_diagonal(one, other, first, second))
    if diagonal is not None:
        yield _with(diagonal, diagonal_first=tuple(first), diagonal_second=tuple(second))


def _special(one: Normal, other: Normal) -> Found | None:
    """One cell as the other with two gates tied, or None."""
    for names in state_maps(one, other):
        reverse = {b: a for a, b in names.items()}
        for there, back, conditions in ties(one, other, names):
            return Found(names, there, back, (), conditions)
        for there, back, conditions in ties(other, one, reverse):
            return Found(names, back, there, conditions, ())
    return None


def proved_equal(one: Normal, other: Normal) -> Found | None:
    """A relation without conditions, or None; quick also where there is none."""
    found = best(one, other, ("exact",))
    return found if found is not None and found.unconditional else None


def best(
    one: Normal, other: Normal, ways: Sequence[str] = ("exact", "outside", "kind")
) -> Found | None:
    """The proved relation that asks least of the parameters, or None."""
    chosen: Found | None = None
    for names in state_maps(one, other):
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


def _paired(one: Normal, other: Normal, names: Mapping[str, str], how: str) -> Found | None:
    """The best relation under one map of the states and one way of pairing."""
    back_names = {b: a for a, b in names.items()}
    mine, theirs = Side.of(one, back_names), Side.of(other, {})
    chosen: Found | None = None
    for pairs in pairings(mine, theirs, how):
        there = _proved(one, other, mine, theirs, pairs, names)
        if there is None:
            continue
        reverse = {b: a for a, b in pairs.items()}
        back = _proved(other, one, Side.of(other, names), Side.of(one, {}), reverse, back_names)
        if back is None:
            continue
        found = Found(names, there[0], back[0], there[1], back[1])
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
    slots = aligned(mine, theirs, pairs)
    if slots is None:
        return None
    for solution in solutions(slots):
        conditions = restrictions(solution.conditions)
        if conditions is not None and holds(one, other, names, solution, conditions):
            return solution, tuple(conditions)
    return None


def _allowed(found: Found) -> bool:
    """One cell as a special case of the other, or both with some vectors zero."""
    if not found.of_first or not found.of_second:
        return True
    return all(r.zero_vector for r in (*found.of_first, *found.of_second))


def _squares(cell: Normal) -> tuple[str, ...]:
    """The square matrices of a cell that act on whole vectors."""
    return tuple(
        p.name for p in cell.cell.parameters.values()
        if p.kind == "matrix" and p.shape[0] == p.shape[1] and p.name not in cell.blocks
    )  # fmt: skip


def _diagonal(
    one: Normal, other: Normal, first: Sequence[str], second: Sequence[str]
) -> tuple[Normal, Normal]:
    return one.changed(Diagonal(first)), other.changed(Diagonal(second))


def _fewest(
    one: Normal, other: Normal, single: Found, first: Sequence[str], second: Sequence[str]
) -> tuple[list[str], list[str]]:
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
                found = best(*_diagonal(one, other, *trial), ("exact", "outside"))
                if found is not None and found.weight <= single.weight:
                    kept = trial
                    break
    return kept


def _with(found: Found, **changes: object) -> Found:
    return replace(found, **changes)  # type: ignore[arg-type]
