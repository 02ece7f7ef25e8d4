"""Outputs that belong to the cell, as h = o ⊙ tanh(c); a readout y = W h does not."""

from __future__ import annotations

from collections.abc import Mapping

from symgate.reading.grouping import Draft
from symgate.reading.lines import LaidOutLine
from symgate.reading.mending.book import known
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Cat,
    Quot,
    Times,
    Var,
    children,
    subterms,
    text,
)
from symgate.reading.understood import Understanding, Understood


def promote(found: Understanding) -> None:
    """Outputs made of a state component by component belong to the cell: h = o tanh(c)."""
    names = {
        v.name
        for u in found.lines
        if u.term is not None
        for v in subterms(u.term)
        if isinstance(v, Var) and v.time == -1
    } | found.backwards
    chosen: set[str] = set()
    more = {u.name for u in found.outputs if _is_promoted(u, found, names)}
    while more:
        chosen |= more
        read = {r.name for u in found.outputs if u.name in chosen for r in u.line.references}
        more = {
            u.name
            for u in found.outputs
            if u.name not in chosen and (u.name in read or _is_promoted(u, found, names | chosen))
        }
    found.lines = [*found.lines, *(u for u in found.outputs if u.name in chosen)]
    found.lines.sort(key=lambda u: u.line.number)
    found.outputs = [u for u in found.outputs if u.name not in chosen]


def _is_promoted(u: Understood, found: Understanding, names: set[str]) -> bool:
    if u.term is None:
        return _is_readout(u, found)
    return _componentwise(u.term, names) and not _is_repeated(u, found)


def _is_readout(u: Understood, found: Understanding) -> bool:
    """Whether an output outside the language has a gate of its own, as an mLSTM's has."""
    if u.error is None or u.error.kind != "foreign" or "softmax" in u.error.message.lower():
        return False
    gates = {o.name for o in found.outputs if isinstance(o.term, Call)}
    return any(ref.name in gates for ref in u.line.references)


def _componentwise(term: AnyTerm, names: set[str]) -> bool:
    """Whether a state of now stands in a product or a function, and under no matrix."""
    if any(
        isinstance(t, Var) and t.name in names and t.time != -1
        for inner in subterms(term)
        if isinstance(inner, Apply)
        for t in subterms(inner.vector)
    ):
        return False
    return any(
        isinstance(t, Times | Quot)
        and any(isinstance(v, Var) and v.name in names and v.time != -1 for v in subterms(t))
        for t in subterms(term)
    )


def _is_repeated(u: Understood, found: Understanding) -> bool:
    """Whether a line only gives a name to what stands in another line as well."""
    assert u.term is not None
    own = text(u.term)
    return any(
        own in text(other.term)
        for other in [*found.lines, *found.outputs]
        if other is not u and other.term is not None
    )


def with_readouts(found: Understanding) -> Understanding:
    """The outputs that no state reads join the cell where the zoo's cell has them too."""
    every = sorted([*found.lines, *found.outputs], key=lambda u: u.line.number)
    terms = {u.name: u.term for u in every if u.term is not None}
    if found.outputs and len(terms) == len(every) and known(terms):
        found.lines, found.outputs = every, []
    return found


def made_of_input(found: Understanding, draft: Draft) -> list[LaidOutLine]:
    """The lines of a draft made of inputs that only matrices read: x = E w, an embedding."""
    terms = {u.name: u.term for u in found.lines if u.term is not None}
    read = {n: [v for v in subterms(t) if isinstance(v, Var)] for n, t in terms.items()}
    late = {v.name for own in read.values() for v in own if v.time == -1}
    inner = {n for n, own in read.items() if any(v.name in read or v.time == -1 for v in own)}
    given = {n for n in read if read[n] and not isinstance(terms[n], Var)} - inner - late
    given -= {n for name, term in terms.items() for n in _outside(term) if n != name}
    given = given if len(terms) == len(found.lines) else set()
    return [u.line for u in found.lines if u.name in given and u.line in draft.lines]


def _outside(term: AnyTerm) -> set[str]:
    """The names in a term that no matrix acts on by themselves or among joined parts."""
    if isinstance(term, Var):
        return {term.name}
    inner = list(children(term))
    if isinstance(term, Apply):
        parts = term.vector.parts if isinstance(term.vector, Cat) else (term.vector,)
        inner = [term.matrix, *(part for part in parts if not isinstance(part, Var))]
    return {name for part in inner for name in _outside(part)}


def with_definitions(found: Understanding) -> Understanding:
    """Of two definitions of a name the one stands with which more lines are read."""
    every = sorted([*found.lines, *found.outputs], key=lambda u: u.line.number)
    terms = {u.name: u.term for u in every if u.term is not None}
    if not found.doubled or known(terms):
        return found
    before = len(_read_names(terms))
    for i, u in enumerate(found.doubled):
        other = {**terms, u.name: u.term} if u.term is not None else {}
        at = next((at for at, own in enumerate(found.lines) if own.name == u.name), None)
        now = _read_names(other)
        if at is None or len(now) <= before:
            continue
        found.lines[at], found.doubled[i] = u, found.lines[at]
        now |= {own.name for own in found.lines}
        every = sorted([*found.lines, *found.outputs], key=lambda own: own.line.number)
        found.lines = [own for own in every if own.name in now]
        found.outputs = [own for own in every if own.name not in now]
        break
    return found


def _read_names(terms: Mapping[str, AnyTerm]) -> set[str]:
    """The names that another line reads."""
    return {
        t.name
        for name, term in terms.items()
        for t in subterms(term)
        if isinstance(t, Var) and t.name in terms and t.name != name
    }
