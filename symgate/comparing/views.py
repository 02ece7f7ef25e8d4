"""A cell seen under a condition: a matrix left out, parameters at zero, a state read anew.

Each view is a cell of its own, so that the search and the proof know nothing of conditions
of this kind; whoever makes a view says its condition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, islice, permutations

from symgate.comparing import polynomials as poly
from symgate.comparing.changes import (
    OnGenerators,
    everything,
    is_scalar,
    renamed,
    variables,
)
from symgate.comparing.coefficients import (
    Node,
    Unknown,
    argument,
    kind,
    nodes_of,
    skeleton,
    unknown,
)
from symgate.comparing.identities import activation
from symgate.comparing.normal import Mirrored, Normal, with_mirrors
from symgate.comparing.polynomials import (
    Act,
    Applied,
    AtTime,
    Exp,
    Generator,
    InverseFactor,
    Param,
    Polynomial,
    generator,
    of_monomial,
    text,
)
from symgate.comparing.proof import Restriction, Substituted

MAX_CHOICES = 6

#: So many activations are turned about.
MAX_MIRRORED = 3


def without_matrix(cell: Normal) -> Iterator[tuple[Unknown, Normal]]:
    """The cell with one of its matrices as the identity, for each of them."""
    for name in sorted(_matrices(cell)):
        yield name, cell.changed(Substituted({name: ((Fraction(1), ()),)}))


def _matrices(cell: Normal) -> set[Unknown]:
    return {
        (g.matrix.name, g.matrix.block)
        for p in cell.observed.values()
        for g in everything(p)
        if isinstance(g, Applied)
    }


def reduced(large: Normal, small: Normal) -> Iterator[tuple[tuple[Restriction, ...], Normal]]:
    """The larger cell with all at zero that stands where the smaller one has nothing.

    One view for each way in which the smaller cell's states can be states of the larger.
    """
    if len(large.states) < len(small.states):
        return
    for names in islice(_injections(list(small.states), list(large.states)), MAX_CHOICES):
        known = {(at, key) for at, key, _ in _places(small, names)}
        uses: dict[Unknown, list[bool]] = {}
        for at, key, names_there in _places(large, {}):
            for name in names_there:
                uses.setdefault(name, []).append((at, key) in known)
        gone = [name for name in uses if not any(uses[name])]
        view = _at_zero(large, gone) if gone else None
        if view is not None:
            yield _all_zero(large, gone), _read(view, len(small.states))


def silenced(large: Normal, small: Normal) -> Iterator[tuple[tuple[Restriction, ...], Normal]]:
    """The larger cell with all parameters of one or two activations at zero: a gate at 1/2."""
    wanted = Counter(map(kind, nodes_of(small.observed.values())))
    nodes = nodes_of(large.observed.values())
    if not wanted < Counter(map(kind, nodes)):
        return
    for count in (1, 2):
        for chosen in combinations(nodes, count):
            names = {unknown_of(g) for n in chosen for g in everything(argument(n))} - {None}
            gone = sorted(name for name in names if name is not None)
            view = _at_zero(large, gone)
            if view and Counter(map(kind, nodes_of(view.observed.values()))) == wanted:
                yield _all_zero(large, gone), view


def _at_zero(cell: Normal, gone: Sequence[Unknown]) -> Normal | None:
    """The cell with some parameters at zero; None where it divides by zero then."""
    try:
        return cell.changed(Substituted(dict.fromkeys(gone, ())))
    except ZeroDivisionError:
        return None


def _all_zero(cell: Normal, gone: Sequence[Unknown]) -> tuple[Restriction, ...]:
    kinds = {p.name: p.kind for p in cell.cell.parameters.values()}
    return tuple(Restriction(name, (), kinds[name[0]] == "matrix") for name in gone)


def unknown_of(g: Generator) -> Unknown | None:
    """The parameter that a generator has in it itself."""
    match g:
        case Param(name=name):
            return name, ""
        case Applied(matrix=matrix):
            return matrix.name, matrix.block
    return None


class _Opened(OnGenerators):
    """Takes what depends on parameters alone as a parameter of its own: exp(b) is a positive c."""

    def made(self, g: Generator) -> Polynomial:
        constant = not any(isinstance(inner, AtTime) for inner in everything(generator(g)))
        if not constant or not isinstance(g, Act | Exp | InverseFactor):
            return super().made(g)
        if isinstance(g, Act) and g.kind == "tanh" and poly.content(g.argument) < 1:
            gate = Param(f"sigmoid({formula(g.argument.scaled(Fraction(2)))})", is_scalar(g))
            return generator(gate).scaled(Fraction(2)) - poly.UNIT
        return generator(Param(formula(generator(g)), is_scalar(g)))


def opened(cell: Normal) -> Normal:
    """The cell with its constants as parameters; whatever holds for that one holds for it."""
    return cell.changed(_Opened())


def formula(p: Polynomial) -> str:
    """A polynomial in parameters as text."""
    terms = sorted(("*".join(sorted(_factor(g, e) for g, e in m)), c) for m, c in p)
    return poly.signed(
        (c, "*".join([str(abs(c))] * (abs(c) != 1 or not product) + [product] * bool(product)))
        for product, c in terms
    )


def _factor(g: Generator, exponent: Fraction) -> str:
    if isinstance(g, Exp):
        return f"exp({formula(of_monomial(g.of, exponent))})"
    match g:
        case Param(name=name) | AtTime(name=name):
            shown = name
        case Applied(matrix=matrix, feature=feature):
            shown = f"{matrix.name}{'.T' * matrix.transposed} @ ({formula(of_monomial(feature))})"
        case Act(kind="**", argument=inner, extra=root):
            shown, exponent = f"({formula(inner)})", exponent * Fraction(root or 1)
        case Act(kind=kind, argument=inner, extra=extra):
            shown = f"{kind}({formula(inner)}{'' if extra is None else f', {extra}'})"
        case InverseFactor(of=of):
            shown, exponent = f"({formula(of)})", -exponent
    return shown if exponent == 1 else f"{shown}**{exponent}"


def _injections(small: list[str], large: list[str]) -> Iterator[dict[str, str]]:
    """Ways to name the smaller cell's states as the larger one's, equal names first."""
    if set(small) <= set(large):
        yield {name: name for name in small}
    for choice in permutations(large, len(small)):
        if list(choice) != small:
            yield dict(zip(small, choice, strict=True))


def _places(
    cell: Normal, names: Mapping[str, str]
) -> Iterator[tuple[str, object, tuple[Unknown, ...]]]:
    """Where parameters stand: in what kind of node, beside which variables."""
    nodes = nodes_of(cell.observed.values())
    kinds: dict[Node, str] = {node: kind(node) for node in nodes}
    renamed = {**dict.fromkeys(cell.cell.inputs, "input"), **names}
    owners = [("state", p) for p in cell.observed.values()]
    for at, p in [*owners, *((kinds[n], argument(n)) for n in nodes)]:
        for monomial, _ in p:
            key, tokens, _ = skeleton(monomial, renamed, kinds)
            yield at, key, tuple(map(unknown, tokens))


def fits(small: Normal, large: Normal) -> bool:
    """Whether parameters stand in the smaller cell only where some do in the larger.

    Without that it is not the larger one, whatever that one's vectors are.
    """
    one, other = (
        {(at, key) for at, key, names in _places(c, dict.fromkeys(c.states, "state")) if names}
        for c in (small, large)
    )
    return one <= other


def _read(cell: Normal, count: int) -> Normal:
    """Without states that are read as gates alone now, down to as many as wanted."""
    while len(cell.states) > count:
        read = {v.name for p in cell.states.values() for v in variables(p)}
        idle = next((s for s in cell.states if s not in read and cell.is_gate(s)), None)
        if idle is None:
            return cell
        states = {s: p for s, p in cell.states.items() if s != idle}
        gates = {**cell.gates, idle: cell.states[idle]}
        cell = replace(cell, states=states, gates=gates)
    return cell


def activated(cell: Normal) -> Iterator[tuple[str, str, Normal]]:
    """The cell with φ(s) as its state, where s is read through an invertible φ alone."""
    for state in cell.states:
        old = generator(AtTime(state, 1))
        through = {
            g
            for q in cell.states.values()
            for g in everything(q)
            if isinstance(g, Act) and g.argument == old and g.record.open and g.record.inverse
        }
        if len(through) != 1:
            continue
        (node,) = through
        fresh = f"{node.kind}({state})"
        view = cell.changed(OnGenerators({node: generator(AtTime(fresh, 1))}))
        if any(AtTime(state, 1) in variables(q) for q in view.observed.values()):
            continue
        view = view.changed(renamed({fresh: state}))
        states = {**view.states, state: activation(node.kind, view.states[state])}
        yield state, node.kind, replace(view, states=states)


def mirrored(cell: Normal) -> Iterator[Normal]:
    """The same cell with some f(a), as relu(a), written as f(-a) + a; those that differ in a
    number alone, as where a is held in a range, are turned about together."""
    groups: dict[tuple[str, Polynomial], set[Act]] = {}
    for act in sorted(with_mirrors(cell.observed.values()), key=text):
        inner = act.argument - poly.number(act.argument.terms.get(poly.ONE, Fraction(0)))
        size = poly.content(inner) if inner else Fraction(1)
        groups.setdefault((act.kind, inner.scaled(1 / size)), set()).add(act)
    chosen = list(groups.values())[:MAX_MIRRORED]
    for count in range(1, len(chosen) + 1):
        for some in combinations(chosen, count):
            yield cell.changed(Mirrored(set().union(*some)))


def scaled(cell: Normal, scales: Mapping[str, Fraction | None]) -> Normal | None:
    """The cell with s/k as its state where it has s; None where some k is no ratio."""
    known = {s: k for s, k in scales.items() if k is not None}
    if len(known) < len(scales):
        return None
    before = ((AtTime(s, 1), k) for s, k in known.items())
    view = cell.changed(OnGenerators({v: generator(v).scaled(k) for v, k in before}))
    return replace(view, states={s: p.scaled(1 / known[s]) for s, p in view.states.items()})
