"""The proof of a map: put it in, and see whether the same polynomials come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from symgate.comparing import polynomials as poly
from symgate.comparing.changes import OnGenerators, apply, diagonal_name, plain_name, renamed
from symgate.comparing.coefficients import Token, Unknown, turned, unknown
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import (
    Generator,
    MatrixFactor,
    Param,
    Polynomial,
    generator,
    number,
)
from symgate.comparing.solving import Solution, Value


@dataclass(frozen=True)
class Restriction:
    """A condition on a cell's parameters: the first is what the sum of the others is."""

    name: Unknown
    value: Value
    of_matrix: bool = False

    @property
    def zero_vector(self) -> bool:
        """Whether the condition is that a vector parameter of the cell is zero."""
        return not self.value and not self.of_matrix and self.plain == self.name[0]

    @property
    def plain(self) -> str:
        """The parameter that it is a condition on."""
        return plain_name(self.name[0])


def restrictions(conditions: Sequence[Value]) -> list[Restriction] | None:
    """Conditions in the form p = …, each solved for a parameter; None where none can be."""
    found: list[Restriction] = []
    for condition in conditions:
        for restriction in found:
            condition = _put_in(condition, restriction)
        if not condition:
            continue
        pivot = next(
            (
                i
                for i, (_, tokens) in enumerate(condition)
                if len(tokens) == 1 and _solvable(tokens[0], condition, i)
            ),
            None,
        )
        if pivot is None:
            return None
        c, (token,) = condition[pivot]
        rest = tuple((-d / c, tokens) for i, (d, tokens) in enumerate(condition) if i != pivot)
        flip = isinstance(token, MatrixFactor) and token.transposed
        if flip and rest:
            return None
        found.append(Restriction(unknown(token), rest, isinstance(token, MatrixFactor)))
    return found


def _solvable(token: Token, condition: Value, at: int) -> bool:
    """Whether a condition can be read as: this parameter is the rest."""
    others = [t for i, (_, tokens) in enumerate(condition) if i != at for t in tokens]
    if unknown(token) in map(unknown, others):
        return False
    if isinstance(token, MatrixFactor):
        return not token.transposed or not others
    if token[1] != 1:
        return False
    vectors = any(not isinstance(t, MatrixFactor) and not t[0].scalar for t in others)
    return not (token[0].scalar and vectors)


def _put_in(condition: Value, known: Restriction) -> Value:
    result: dict[tuple[Token, ...], Fraction] = {}
    for c, tokens in condition:
        if len(tokens) == 1 and unknown(tokens[0]) == known.name:
            for d, others in known.value:
                result[others] = result.get(others, Fraction(0)) + c * d
        else:
            result[tokens] = result.get(tokens, Fraction(0)) + c
    return tuple((c, tokens) for tokens, c in result.items() if c)


class Substituted(OnGenerators):
    """Puts values in for parameters, and other names for variables."""

    def __init__(
        self, values: Mapping[Unknown, Value], names: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(renamed(names).known)
        self.values = values

    def made(self, g: Generator) -> Polynomial:
        value = self.values.get((g.name, "")) if isinstance(g, Param) else None
        if value is None:
            return super().made(g)
        return poly.total(_product(c, tokens, poly.UNIT) for c, tokens in value)

    def matrix(self, matrix: MatrixFactor, vector: Polynomial) -> Polynomial:
        value = self.values.get((matrix.name, matrix.block))
        if value is None:
            return apply(matrix, vector)
        return poly.total(
            _product(c, turned(tokens) if matrix.transposed else tokens, vector)
            for c, tokens in value
        )


def diagonal(names: Iterable[Unknown]) -> Substituted:
    """Takes some square matrices, or blocks, to be diagonal: U v becomes u ⊙ v."""
    vectors = {name: (Param(diagonal_name(*name), False), Fraction(1)) for name in names}
    return Substituted({name: ((Fraction(1), (v,)),) for name, v in vectors.items()})


def _product(c: Fraction, tokens: Sequence[Token], vector: Polynomial) -> Polynomial:
    """A product of parameters on a vector, the last one first."""
    for token in reversed(tokens):
        if isinstance(token, MatrixFactor):
            vector = apply(token, vector)
        else:
            vector = vector * generator(token[0], token[1])
    return number(c) * vector


def under(solution: Solution, conditions: Sequence[Restriction]) -> Solution:
    """A solution whose values are written out under the conditions."""
    values = dict(solution.values)
    for restriction in conditions:
        values = {name: _put_in(value, restriction) for name, value in values.items()}
    return replace(solution, values=values)


def restricted(cell: Normal, conditions: Sequence[Restriction]) -> Normal:
    """A cell whose parameters satisfy conditions."""
    if not conditions:
        return cell
    return cell.changed(Substituted({r.name: r.value for r in conditions}))


def holds(
    one: Normal,
    other: Normal,
    names: Mapping[str, str],
    solution: Solution,
    conditions: Sequence[Restriction],
) -> bool:
    """Whether `other` with the solution put in is `one`, polynomial by polynomial.

    `names` maps the variables of `other` to those of `one`.
    """
    mine = restricted(one, conditions)
    put = Substituted(solution.values, names)
    back = Substituted({r.name: r.value for r in conditions})
    for name, p in other.observed.items():
        theirs = put(p)
        if conditions:
            theirs = back(theirs)
        if not poly.is_zero(theirs - mine.observed[names.get(name, name)]):
            return False
    return True
