"""Parameters that only their sum matters of, taken as one: two biases, two matrices.

p and q are one where the cell with p + q for p and 0 for q is the same cell; that is tried
and thereby proved. A relation of cells with parameters joined holds for the cells
themselves once the sums are written out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from symgate.comparing.coefficients import (
    Coefficient,
    Key,
    Node,
    Summand,
    Token,
    Unknown,
    argument,
    coefficients,
    kind,
    nodes_of,
    turned,
    unknown,
)
from symgate.comparing.normal import Normal
from symgate.comparing.polynomials import Exp, MatrixFactor, Monomial, Param
from symgate.comparing.proof import Substituted, holds
from symgate.comparing.search import ProvedMap, best
from symgate.comparing.solving import Solution, Value


@dataclass(frozen=True)
class Summed:
    """A cell with fewer parameters: `sums` are what the kept ones stand for, in the cell's own."""

    cell: Normal
    sums: Mapping[Unknown, Value]
    gone: tuple[Unknown, ...]


def summed(cell: Normal) -> Summed:
    """The cell with every two parameters joined that can be."""
    sums: dict[Unknown, Value] = {}
    gone: list[Unknown] = []
    for kept, dropped, sign in _candidates(cell):
        if unknown(dropped) in gone or unknown(kept) in gone:
            continue
        total: Value = ((Fraction(1), (kept,)), (sign, (dropped,)))
        change = Substituted({unknown(kept): total, unknown(dropped): ()})
        if all(change(p) == p for p in cell.observed.values()):
            gone.append(unknown(dropped))
            before = sums.get(unknown(kept), ((Fraction(1), (kept,)),))
            sums[unknown(kept)] = (*before, (sign, (dropped,)))
    if not gone:
        return Summed(cell, {}, ())
    return Summed(cell.changed(Substituted(dict.fromkeys(gone, ()))), sums, tuple(gone))


def _candidates(cell: Normal) -> Iterator[tuple[Token, Token, Fraction]]:
    """Parameters that stand side by side in some coefficient, with the same around them."""
    nodes = nodes_of(cell.observed.values())
    kinds: dict[Node, str] = {node: kind(node) for node in nodes}
    found: dict[tuple[Token, Token, Fraction], None] = {}
    for p in [*cell.observed.values(), *map(argument, nodes)]:
        by_product = coefficients(p, {}, kinds)
        for coefficient in by_product.values():
            for at, one in enumerate(coefficient.summands):
                for other in coefficient.summands[at + 1 :]:
                    pair = _only_difference(one, other)
                    if pair is not None:
                        found[pair] = None
        found.update(dict.fromkeys(_on_the_diagonal(by_product)))
        for monomial, _ in p:
            found.update(dict.fromkeys(_in_exponents(monomial)))
    yield from found


def _on_the_diagonal(
    by_product: Mapping[Key, Coefficient],
) -> Iterator[tuple[Token, Token, Fraction]]:
    """A matrix on a vector, and a parameter beside it on the same vector: A v + d v."""
    for key, coefficient in by_product.items():
        beside = by_product.get((("m", key, 1),))
        if not key or beside is None:
            continue
        for (c, tokens), (d, others) in product(beside.summands, coefficient.summands):
            if len(tokens) == len(others) == 1 and isinstance(tokens[0], MatrixFactor):
                alone = not isinstance(others[0], MatrixFactor) and others[0][1] == 1
                if alone and not tokens[0].transposed:
                    yield tokens[0], others[0], d / c


def _in_exponents(monomial: Monomial) -> Iterator[tuple[Token, Token, Fraction]]:
    """Parameters that stand alone in factors e^p and e^q of one product."""
    alone: list[tuple[tuple[Param, Fraction], Fraction]] = [
        ((param, power), exponent)
        for g, exponent in monomial
        if isinstance(g, Exp) and len(g.of) == 1
        for param, power in g.of
        if isinstance(param, Param) and power == 1
    ]
    for (one, c), (other, d) in combinations(sorted(alone, key=str), 2):
        if abs(c) == abs(d) and one[0].scalar == other[0].scalar:
            yield one, other, d / c


def _only_difference(one: Summand, other: Summand) -> tuple[Token, Token, Fraction] | None:
    (c, tokens), (d, others) = one, other
    if abs(c) != abs(d) or len(tokens) != len(others):
        return None
    pairs = [(a, b) for a, b in zip(tokens, others, strict=True) if a != b]
    if len(pairs) != 1:
        return None
    a, b = pairs[0]
    if isinstance(a, MatrixFactor) and isinstance(b, MatrixFactor):
        alike = a.transposed == b.transposed and not a.transposed
        return (a, b, Fraction(d, c)) if alike else None
    if isinstance(a, MatrixFactor) or isinstance(b, MatrixFactor) or a[1] != 1 or b[1] != 1:
        return None
    return (a, b, Fraction(d, c)) if a[0].scalar == b[0].scalar else None


def best_summed(one: Normal, other: Normal) -> ProvedMap | None:
    """An unconditional relation of two cells with their parameters joined, or None."""
    left, right = summed(one), summed(other)
    if not left.gone and not right.gone:
        return None
    found = best(left.cell, right.cell)
    if found is None or not found.unconditional:
        return None
    there = _written_out(found.there, left, right)
    back = _written_out(found.back, right, left)
    reverse = {b: a for a, b in found.names.items()}
    if holds(one, other, found.names, there, ()) and holds(other, one, reverse, back, ()):
        return ProvedMap(found.names, there, back)
    return None


def _written_out(solution: Solution, known: Summed, unknowns: Summed) -> Solution:
    """A solution in the cells' own parameters."""
    values: dict[Unknown, Value] = {
        name: tuple(part for summand in value for part in _expanded(summand, known.sums))
        for name, value in solution.values.items()
    }
    return Solution({**values, **dict.fromkeys(unknowns.gone, ())}, solution.conditions)


def _expanded(summand: Summand, sums: Mapping[Unknown, Value]) -> list[Summand]:
    """A product with the sums that its factors stand for multiplied out."""
    c, tokens = summand
    products: list[Summand] = [(c, ())]
    for token in tokens:
        parts = sums.get(unknown(token), ((Fraction(1), (token,)),))
        if isinstance(token, MatrixFactor) and token.transposed:
            parts = tuple((d, turned(factors)) for d, factors in parts)
        products = [(e * d, (*before, *factors)) for e, before in products for d, factors in parts]
    return products
