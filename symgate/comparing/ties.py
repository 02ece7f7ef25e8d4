"""One cell as another in which two gates are tied: CIFG is the LSTM with i = 1 - f."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from symgate.comparing.alignment import Balance, aligned
from symgate.comparing.changes import OnGenerators, everything
from symgate.comparing.coefficients import (
    Coefficient,
    Node,
    Token,
    Unknown,
    argument,
    coefficients,
    kind,
)
from symgate.comparing.normal import Normal
from symgate.comparing.pairing import Side, pairings
from symgate.comparing.polynomials import (
    Act,
    InverseFactor,
    MatrixFactor,
    Param,
    generator,
)
from symgate.comparing.proof import Restriction, holds
from symgate.comparing.solving import Solution, Value, solutions


@dataclass(frozen=True)
class Tie:
    """One activation, with a sign, in the place of another."""

    gone: Act
    kept: Act
    sign: int

    @property
    def change(self) -> OnGenerators:
        return OnGenerators({self.gone: generator(self.kept).scaled(Fraction(self.sign))})


def ties(
    small: Normal, large: Normal, names: Mapping[str, str]
) -> Iterator[tuple[Solution, Solution, tuple[Restriction, ...]]]:
    """Ways in which `small` is `large` with two activations tied: there, back, conditions.

    `names` maps the variables of `large` to those of `small`.
    """
    mine = Side.of(small, {b: a for a, b in names.items()})
    nodes = Side.of(large, {}).nodes
    spare = Counter(map(kind, nodes)) - Counter(map(kind, mine.nodes))
    quotients = spare.pop(InverseFactor.__name__, 0)  # f + (1 - f) is 1 and leaves no quotient
    if spare.total() != 1 or len(nodes) - len(mine.nodes) != 1 + quotients:
        return
    odd = [n for n in nodes if isinstance(n, Act) and n.parity == "odd"]
    for gone in odd:
        if kind(gone) not in spare:
            continue
        for kept in odd:
            if kept == gone or kept.kind != gone.kind or gone in everything(kept.argument):
                continue
            for sign in (-1, 1):
                tie = Tie(gone, kept, sign)
                found = _with_tie(small, large, mine, names, tie)
                if found is not None:
                    yield found


def _with_tie(
    small: Normal, large: Normal, mine: Side, names: Mapping[str, str], tie: Tie
) -> tuple[Solution, Solution, tuple[Restriction, ...]] | None:
    theirs = Side.of(large.changed(tie.change), {})
    if len(theirs.nodes) != len(mine.nodes) or tie.kept not in theirs.nodes:
        return None
    for how in ("exact", "outside"):
        for pairs in pairings(mine, theirs, how):
            equations = aligned(mine, theirs, pairs)
            if equations is None:
                continue
            partner = next(a for a, b in pairs.items() if b == tie.kept)
            extra = _argument_equations(mine, theirs, pairs, partner, tie)
            for solution in solutions([*equations, *extra]):
                if solution.conditions or not holds(small, large, names, solution, ()):
                    continue
                back, conditions = _described(solution)
                reverse = {a: b for b, a in names.items()}
                if holds(large, small, reverse, back, conditions):
                    return solution, back, conditions
    return None


def _argument_equations(
    mine: Side, theirs: Side, pairs: Mapping[Node, Node], partner: Node, tie: Tie
) -> list[Balance]:
    """The coefficients of the tied activation against those of the one it is tied to."""
    labels = {b: i for i, b in enumerate(theirs.nodes)}
    own = {a: labels[b] for a, b in pairs.items()}
    left = coefficients(argument(partner), mine.names, own)
    right = coefficients(tie.change(tie.gone.argument), theirs.names, labels)
    empty = Coefficient(())
    return [
        Balance(key, left.get(key, empty), right.get(key, empty), tie.sign, fixed=tie.sign)
        for key in {**left, **right}
    ]


def _described(solution: Solution) -> tuple[Solution, tuple[Restriction, ...]]:
    """What the values say about the larger cell alone, and the smaller one's parameters in it."""
    base: dict[Unknown, tuple[Fraction, Token]] = {}
    conditions: list[Restriction] = []
    back: dict[Unknown, Value] = {}
    shown: Token
    for name, value in solution.values.items():
        if len(value) > 1 or (value and len(value[0][1]) != 1):
            continue
        if not value:
            conditions.append(Restriction(name, (), False))
            continue
        c, (token,) = value[0]
        is_matrix = isinstance(token, MatrixFactor)
        known = (
            (token.name, token.block) if isinstance(token, MatrixFactor) else (token[0].name, "")
        )
        if known in base:
            d, shown = base[known]
            own: Value = ((c / d, (shown,)),)
            conditions.append(Restriction(name, own, is_matrix))
            continue
        if isinstance(token, MatrixFactor):
            shown = replace(token, name=name[0], block=name[1])
        else:
            shown = (Param(name[0], token[0].scalar), Fraction(1))
        base[known] = (c, shown)
        back[known] = ((1 / c, (shown,)),)
    return Solution(back, ()), tuple(conditions)
