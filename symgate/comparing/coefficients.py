"""The coefficients of a polynomial: the parameters that stand with each product of variables.

In tanh(W x + U (r ⊙ h) + b) the products are x under a matrix, r ⊙ h under a matrix, and the
constant; W, U and b are their coefficients. Two cells are matched by their coefficients,
whatever the names of the parameters, and whether one is one bias, two or none.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symgate.comparing.effort import spend
from symgate.comparing.polynomials import (
    Act,
    Applied,
    AtTime,
    Exp,
    InverseFactor,
    MatrixFactor,
    Monomial,
    Param,
    Polynomial,
    inside,
    of_monomial,
    text,
)

#: What the matching has to pair: the nodes that hold polynomials of their own.
Node = Act | InverseFactor | Exp

#: A parameter: a matrix, or a vector or scalar with its exponent.
Token = MatrixFactor | tuple[Param, Fraction]

#: A product of parameters with its factor; a coefficient is a sum of them.
Summand = tuple[Fraction, tuple[Token, ...]]

Key = Hashable

#: A parameter by name; a matrix by name and block.
Unknown = tuple[str, str]

#: How often each node, by its name, and each state, as a variable, stands in a product.
Powers = Mapping[Hashable, Fraction]


@dataclass(frozen=True)
class Coefficient:
    """A sum of summands; `powers` says how often states and nodes stand in its key."""

    summands: tuple[Summand, ...]
    powers: Powers = field(default_factory=dict)

    @property
    def number(self) -> Fraction | None:
        """The plain number that this is, or None where it has parameters."""
        if all(not tokens for _, tokens in self.summands):
            return sum((c for c, _ in self.summands), Fraction(0))
        return None


def argument(node: Node) -> Polynomial:
    """The polynomial that a node is a function of."""
    match node:
        case Act(argument=inner) | InverseFactor(of=inner):
            return inner
        case Exp(of=monomial):
            return of_monomial(monomial)


def kind(node: Node) -> str:
    return f"{node.kind} {node.extra}" if isinstance(node, Act) else type(node).__name__


def unknown(token: Token) -> Unknown:
    """The name of the parameter in a token."""
    return (token.name, token.block) if isinstance(token, MatrixFactor) else (token[0].name, "")


def turned(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The transpose of a product, in which vectors stand for their diagonals."""
    return tuple(
        replace(t, transposed=not t.transposed) if isinstance(t, MatrixFactor) else t
        for t in reversed(tokens)
    )


def coefficients(
    p: Polynomial, names: Mapping[str, str], nodes: Mapping[Node, Hashable]
) -> dict[Key, Coefficient]:
    """The coefficients by their products, in which variables and nodes are renamed."""
    found: dict[Key, list[Summand]] = {}
    powers: dict[Key, Powers] = {}
    for monomial, coefficient in p:
        key, tokens, own = skeleton(monomial, names, nodes)
        found.setdefault(key, []).append((coefficient, tuple(tokens)))
        powers[key] = own
    return {
        key: Coefficient(tuple(sorted(found[key], key=str)), powers[key])
        for key in sorted(found, key=str)
    }


def skeleton(
    monomial: Monomial, names: Mapping[str, str], nodes: Mapping[Node, Hashable]
) -> tuple[Key, list[Token], Powers]:
    """A monomial without its parameters, these in order, and how often what stands in it."""
    spend(1)
    entry: tuple[Hashable, ...]
    entries: list[tuple[str, Hashable, list[Token]]] = []
    powers: dict[Hashable, Fraction] = {}
    own: list[Token] = []
    for g, exponent in monomial:
        match g:
            case Param():
                own.append((g, exponent))
            case AtTime(name=name, lag=lag):
                entry = ("v", names.get(name, name), lag, exponent)
                entries.append((str(entry), entry, []))
                if lag:
                    state = AtTime(names.get(name, name), lag)
                    powers[state] = powers.get(state, Fraction(0)) + exponent
            case Applied():
                chain, feature = chain_of(g)
                inner, tokens, inside = skeleton(feature, names, nodes)
                entry = ("m", inner, exponent)
                entries.append((f"{entry}{chain[0].name}", entry, [*chain, *tokens]))
                for within, power in inside.items():
                    powers[within] = powers.get(within, Fraction(0)) + power * exponent
            case _:
                # e^(-a) is e^a with another sign of a, which is left to the proof
                label = nodes.get(g, kind(g))
                entry = ("a", label, abs(exponent) if isinstance(g, Exp) else exponent)
                entries.append((str(label), entry, []))
                powers[label] = powers.get(label, Fraction(0)) + exponent
    entries.sort(key=lambda e: (e[0], str(e[2])))
    own.sort(key=str)
    key = tuple(entry for _, entry, _ in entries)
    return key, [*own, *(token for _, _, tokens in entries for token in tokens)], powers


def chain_of(g: Applied) -> tuple[list[MatrixFactor], Monomial]:
    """The matrices of a product A B v, and what it acts on: one coefficient of v."""
    chain, feature = [g.matrix], g.feature
    while len(feature) == 1:
        ((inner, exponent),) = feature
        if not isinstance(inner, Applied) or exponent != 1:
            break
        chain, feature = [*chain, inner.matrix], inner.feature
    return chain, feature


def nodes_of(polynomials: Iterable[Polynomial]) -> list[Node]:
    """Every node in some polynomials, each once, in a fixed order."""
    found: dict[Node, None] = {}
    waiting = [m for p in polynomials for m, _ in p]
    while waiting:
        for g, _ in waiting.pop(0):
            if isinstance(g, Act | InverseFactor | Exp):
                if g in found:
                    continue
                found[g] = None
            waiting += inside(g)
    return sorted(found, key=text)


def nodes_in(monomial: Monomial) -> set[Node]:
    """The nodes in a monomial, also under its matrices, but not inside other nodes."""
    found: set[Node] = set()
    for g, _ in monomial:
        if isinstance(g, Applied):
            found |= nodes_in(g.feature)
        elif isinstance(g, Act | InverseFactor | Exp):
            found.add(g)
    return found
