"""Changes of sums: signs, terms, brackets and biases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from symgate.reading.faults import Edit
from symgate.reading.mending.change import Change, Maker
from symgate.reading.structure import affine
from symgate.reading.terms import Apply, Cat, Num, Plus, Times, Var


def signs(maker: Maker, term: Plus) -> Iterator[Change]:
    """W x + U h for W x - U h, 1 - z for 1 + z."""
    for i, (sign, inner) in enumerate(term.terms):
        at = maker.printing.sign_before(term, i)
        if at is None or (sign > 0 and not isinstance(term.terms[0][1], Num)):
            continue
        new = replace(term, terms=(*term.terms[:i], (-sign, inner), *term.terms[i + 1 :]))
        other = "+" if sign < 0 and i else "" if sign < 0 else "-"
        made = maker.change(term, new, "wrong_sign", other or " ", Edit(at, at + 1, other))
        yield replace(made, start=at, stop=at + 1)


def sums_for_products(maker: Maker, term: Plus) -> Iterator[Change]:
    """(1 - z) ⊙ h for (1 - z) + h, o ⊙ tanh(c) for o + tanh(c), f ⊙ c for f - c."""
    for i, ((s1, one), (s2, other)) in enumerate(pairwise(term.terms)):
        at = maker.printing.sign_before(term, i + 1)
        if at is None or isinstance(one, Num) or (s2 < 0 and not isinstance(one, Var)):
            continue
        product = Times(one.start, other.stop, (one, other), ("hadamard",))
        rest = (*term.terms[:i], (s1, product), *term.terms[i + 2 :])
        new = replace(term, terms=rest) if len(rest) > 1 else product
        meant = maker.printing.sign
        made = maker.change(term, new, "wrong_operator", meant, Edit(at, at + 1, f" {meant} "))
        yield replace(made, start=at, stop=at + 1)


def dropped_terms(maker: Maker, term: Plus) -> Iterator[Change]:
    """W x + U h + b for W x + U h + U h + b."""
    if len(term.terms) < 3:
        return
    for i, (_, inner) in enumerate(term.terms):
        at = maker.printing.sign_before(term, i)
        if i and at is not None:
            new = replace(term, terms=(*term.terms[:i], *term.terms[i + 1 :]))
            dropped = maker.change(term, new, "spurious_term", "", Edit(at, inner.stop, ""))
            yield replace(dropped, start=inner.start, stop=inner.stop)


def brackets_closed_late(maker: Maker, term: Plus) -> Iterator[Change]:
    """U (r ⊙ h) + W x for U (r ⊙ h + W x); W [x, h] and W x + U h for W (x + h)."""
    holders = [t for t in maker.own.terms if isinstance(t, Apply) and t.vector is term]
    for holder in holders:
        (sign, first), *rest = term.terms
        inside = [t for _, t in rest if affine(t)]
        if inside and sign > 0:
            short = replace(holder, vector=first, stop=first.stop)
            new = Plus(holder.start, holder.stop, ((1, short), *rest))
            yield maker.change(
                holder, new, "misplaced_parenthesis", *maker.printing.closed(first, holder)
            )
        elif all(s > 0 for s, _ in term.terms):
            cat = Cat(term.start, term.stop, tuple(t for _, t in term.terms))
            inner = ", ".join(maker.printing.bare(t) for _, t in term.terms)
            yield maker.change(
                holder,
                replace(holder, vector=cat),
                "concatenation_became_sum",
                f"{maker.shown(holder.matrix)} [{inner}]",
            )


def resets_beside(maker: Maker, term: Plus) -> Iterator[Change]:
    """W x + U (r ⊙ h) for W x + r ⊙ h + U h, and for W x + r + U h."""
    applied = [
        t
        for _, t in term.terms
        if isinstance(t, Apply) and isinstance(t.vector, Var) and t.vector.time == -1
    ]
    for i, (_, inner) in enumerate(term.terms):
        gates = [v for v in maker.sketch.gates(inner) if v.name in maker.sketch.parts.gates]
        at = maker.printing.sign_before(term, i)
        if len(gates) != 1 or at is None or not applied:
            continue
        if not isinstance(inner, Times) and inner is not gates[0]:
            continue
        target = applied[0]
        state = target.vector
        product = Times(state.start, state.stop, (gates[0], state), ("hadamard",))
        bare = f"{maker.shown(gates[0])} {maker.printing.sign} {maker.shown(state)}"
        rest = tuple(
            (s, replace(t, vector=product) if t is target else t)
            for s, t in term.terms
            if t is not inner
        )
        meant = f"{maker.shown(target.matrix)} ({bare})"
        edits = (Edit(at, inner.stop, ""), Edit(target.start, target.stop, meant))
        yield replace(
            maker.change(term, replace(term, terms=rest), "misplaced_reset", meant, *edits),
            start=inner.start,
            stop=inner.stop,
        )


def inserted_terms(maker: Maker) -> Iterator[Change]:
    """W x + U h for W x, where the other lines have U h; a weight before a bare x."""
    for s in maker.own.sums:
        missing = maker.printing.missing(maker.sketch, maker.own, s)
        for term, printed in missing:
            last = s.parts[-1].term
            whole = s.call.argument if s.call is not None else maker.own.term
            before = whole.terms if isinstance(whole, Plus) else ((1, whole),)
            new = Plus(whole.start, whole.stop, (*before, (1, term)))
            yield replace(
                maker.change(
                    whole,
                    new,
                    "missing_term",
                    f"{maker.shown(last)} + {printed}",
                    Edit(last.stop, last.stop, f" + {printed}"),
                ),
                start=last.start,
                stop=last.stop,
            )
        for part in s.parts:
            bare = part.factors[-1]
            plain = all(isinstance(f, Var) for f in part.factors)
            if isinstance(bare, Var) and plain and bare.ref.letter not in maker.sketch.biases:
                matrix = maker.printing.weight(maker.sketch, maker.own, bare)
                if matrix is not None:
                    par, printed = matrix
                    long = len(part.factors) > 1
                    shown = maker.shown(part.term)
                    meant = f"{printed} ({shown})" if long else f"{printed} {shown}"
                    par = replace(par, name=printed)
                    act = Apply(part.term.start, part.term.stop, par, part.term)
                    yield maker.change(part.term, act, "missing_weight", meant)
        yield from parts_of_columns(maker, s.applied)


def parts_of_columns(maker: Maker, applied: Sequence[Apply]) -> Iterator[Change]:
    """W [h, x] for W x, where the other lines have columns."""
    model = maker.printing.column(maker.sketch, maker.own)
    for a in applied:
        if model is not None and isinstance(a.vector, Var) and len(applied) == 1:
            cat, printed = model
            vector = replace(cat, start=a.vector.start, stop=a.vector.stop)
            yield maker.change(a.vector, vector, "missing_term", printed)
