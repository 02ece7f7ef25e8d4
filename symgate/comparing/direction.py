"""Which cell can be written as which, and how their parameters correspond.

With T the map from the first cell's parameters to the second's and S the one back, both
proved: a cell and the one with S(T(θ)) are the same function. Where S(T(θ)) is not θ, two
sets of parameters make one cell, and T cannot be one-to-one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symgate.comparing.changes import apply
from symgate.comparing.coefficients import Unknown
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import AtTime, MatrixFactor, Param, Polynomial, generator
from symgate.comparing.proof import Substituted
from symgate.comparing.search import ProvedMap
from symgate.comparing.separation import separated
from symgate.comparing.solving import Value

ONE_TO_ONE, ONTO, INTO, REDUNDANT = "one-to-one", "onto", "into", "redundant"

_TOLD = {
    ONE_TO_ONE: "their parameters correspond one to one",
    ONTO: "the map of the parameters is onto but not one-to-one: {first} has more than it needs",
    INTO: "the map of the parameters is one-to-one but not onto: {second} has more than it needs",
    REDUNDANT: "both have more parameters than they need",
}


@dataclass(frozen=True)
class Direction:
    """Whether every first cell is a second one, for all parameters, and the reverse.

    None stands for what was neither proved nor excluded.

    `parameters` is "one-to-one", "onto" (two biases summed), "into" or "redundant" where
    both hold, else "".
    """

    first: str
    second: str
    first_in_second: bool | None
    second_in_first: bool | None
    parameters: str = ""

    def to_dict(self) -> dict[str, bool | str | None]:
        return {
            "first_in_second": self.first_in_second,
            "second_in_first": self.second_in_first,
            "parameters": self.parameters,
        }

    def __str__(self) -> str:
        one, other = (self.first, self.second)
        if one == other:
            one, other = "the first", "the second"
        if self.parameters:
            told = _TOLD[self.parameters].format(first=one, second=other)
            return f"each is the other for all parameters; {told}"
        both = ((self.first_in_second, one, other), (self.second_in_first, other, one))
        if self.first_in_second and self.second_in_first:
            return f"{one} is a special case of {other}, and {other} one of {one}"
        if self.first_in_second is False and self.second_in_first is False:
            return "neither contains the other"
        said = [f"{small} is a special case of {large}" for holds, small, large in both if holds]
        if not said:
            said = [
                f"{small} is not a special case of {large}"
                for holds, small, large in both
                if holds is False
            ]
            said += [
                f"no way was found to write {small} as {large}"
                for holds, small, large in both
                if holds is None
            ]
        return "; ".join(said)


def direction(one: Normal, other: Normal, found: ProvedMap) -> Direction:
    """Read from a proved relation which cell contains which, and what excludes the reverse."""
    bound = found.single_unit or bool(found.readings)
    kind = ""
    if found.unconditional:
        away, home = (
            Substituted(_completed(found.there.values, other)),
            Substituted(_completed(found.back.values, one)),
        )
        kind = {
            (True, True): ONE_TO_ONE,
            (False, True): ONTO,
            (True, False): INTO,
            (False, False): REDUNDANT,
        }[_inverse(one, home, away), _inverse(other, away, home)]
    return Direction(
        one.cell.name,
        other.cell.name,
        _known(not found.first and not bound and found.image != "first", one, other),
        _known(not found.second and not bound and found.image != "second", other, one),
        kind,
    )


def _known(holds: bool, small: Normal, large: Normal) -> bool | None:
    return True if holds else False if separated(small, large) else None


def _completed(values: Mapping[Unknown, Value], cell: Normal) -> Mapping[Unknown, Value]:
    """Values of a cell's parameters, with zero for those that nothing reads."""
    return {**{name: () for _, name in cell.unknowns}, **values}


def _inverse(cell: Normal, away: Substituted, home: Substituted) -> bool:
    """Whether a cell's parameters, put in the other's and back, are what they were."""
    return all(home(away(probe)) == probe for probe in _probes(cell))


def _probes(cell: Normal) -> list[Polynomial]:
    """Each parameter as a polynomial: a matrix by what it does to some vector."""
    some = generator(AtTime("", 0))
    return [
        apply(MatrixFactor(name, False, block), some)
        if p.kind == "matrix"
        else generator(Param(name, p.kind == "scalar"))
        for p, (name, block) in cell.unknowns
    ]
