"""Changes of products and functions: factors, complements, columns, activations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from symgate.reading.faults import Edit
from symgate.reading.mending.change import Change, Maker, exchanged
from symgate.reading.mending.sketch import gate_of
from symgate.reading.structure import affine, complement
from symgate.reading.terms import AnyTerm, Apply, Call, Cat, Num, Par, Plus, Times, Var


def complements(maker: Maker, term: Times) -> Iterator[Change]:
    """1 - z for z, and z for 1 - z."""
    for factor in term.factors:
        inner = complement(factor)
        if inner is not None:
            yield maker.change(factor, inner, "missing_complement", maker.shown(inner))
            for name in maker.sketch.spare & maker.sketch.lines.keys():
                line, meant = maker.sketch.lines[name].u, maker.printing.name(name, 0)
                gate = Var(factor.start, factor.stop, name, line.time, line.line.target)
                yield maker.change(factor, gate, "wrong_gate", meant)
        elif isinstance(factor, Var) and factor.name in maker.sketch.parts.gates:
            new = Plus(factor.start, factor.stop, ((1, Num(0, 0, "1")), (-1, factor)))
            yield maker.change(factor, new, "missing_complement", f"(1 - {maker.shown(factor)})")


def products_for_sums(maker: Maker, term: Times) -> Iterator[Change]:
    """f ⊙ c + i ⊙ g for f ⊙ c ⊙ i ⊙ g."""
    for i, (one, other) in enumerate(pairwise(term.factors)):
        sign = maker.printing.between(one, other)
        left, right = term.factors[: i + 1], term.factors[i + 1 :]
        if sign is None or (len(left) == 1) != (len(right) == 1) or isinstance(one, Par):
            continue
        parts = [
            p[0] if len(p) == 1 else replace(term, factors=p, start=p[0].start, stop=p[-1].stop)
            for p in (left, right)
        ]
        new = Plus(term.start, term.stop, ((1, parts[0]), (1, parts[1])))
        edit = Edit(*sign, " + ")
        kind = "missing_operator" if isinstance(other, Par) else "wrong_operator"
        made = maker.change(term, new, kind, maker.printing.edited(term, edit), edit)
        start = other.start if isinstance(other, Par) else term.start
        yield _at_sign(maker, replace(made, start=start), sign)


def _at_sign(maker: Maker, change: Change, between: tuple[int, int]) -> Change:
    """A change of a product's sign at that sign alone; as it is where none is printed."""
    shown = maker.printing.printed(*between)
    start = between[0] + len(shown) - len(shown.lstrip())
    place = replace(change, start=start, stop=start + len(shown.strip()), meant="+")
    return place if shown.strip() else change


def dropped_factors(maker: Maker, term: Times) -> Iterator[Change]:
    """h for r ⊙ h, not w for w ⊙ c."""
    if any(isinstance(f, Par) for f in term.factors):
        return
    for i, factor in enumerate(term.factors):
        if gate_of(factor) is None or len(term.factors) < 2:
            continue
        left = (*term.factors[:i], *term.factors[i + 1 :])
        new = left[0] if len(left) == 1 else replace(term, factors=left)
        edit = maker.printing.without(term.factors, i)
        yield replace(
            maker.change(term, new, "spurious_factor", "", edit),
            start=factor.start,
            stop=factor.stop,
        )


def brackets_closed_early(maker: Maker, term: Times | Plus) -> Iterator[Change]:
    """tanh(W x + r ⊙ U h) for tanh(W x + r) ⊙ U h; σ(W x + U h + b) for σ(W x) + U h + b."""
    first = term.factors[0] if isinstance(term, Times) else term.terms[0][1]
    alone = isinstance(term, Plus) and len(term.terms) == 1  # -tanh(…)
    if isinstance(term, Plus) and isinstance(first, Times):
        yield from _beside_its_weight(maker, first, term)
    if not isinstance(first, Call) or alone:
        return
    summed = isinstance(term, Plus)
    taken = _into_sum(first, term) if isinstance(term, Plus) else _into_last(first, term)
    if taken is None:
        return
    argument, rest = taken
    bias = summed and all(isinstance(t, Par) for t in rest)
    kind = "bias_outside_activation" if bias else "misplaced_parenthesis"
    new = replace(first, argument=argument, stop=term.stop)
    change = maker.change(term, new, kind, *maker.printing.reopened(first, term))
    yield replace(change, start=rest[0].start, stop=rest[-1].stop) if summed else change


def _beside_its_weight(maker: Maker, first: Times, term: Plus) -> Iterator[Change]:
    """σ(W [h, x] + b) for σ(W) [h, x] + b."""
    call, vector = first.factors[0], first.factors[-1]
    if len(first.factors) == 2 and isinstance(call, Call) and isinstance(call.argument, Par):
        weight = replace(call.argument, kind="matrix")
        applied = Apply(weight.start, vector.stop, weight, vector)
        inside = replace(term, start=weight.start, terms=((1, applied), *term.terms[1:]))
        new = replace(call, argument=inside, stop=term.stop)
        meant = maker.printing.reopened(call, term)
        yield maker.change(term, new, "misplaced_parenthesis", *meant)


def _into_last(call: Call, term: Times) -> tuple[AnyTerm, Sequence[AnyTerm]] | None:
    """The argument of a call with the factors behind it on its last term."""
    if not isinstance(call.argument, Plus):
        return None
    (sign, last), rest = call.argument.terms[-1], term.factors[1:]
    product = Times(last.start, term.stop, (last, *rest), ("hadamard",) * len(rest))
    return replace(call.argument, terms=(*call.argument.terms[:-1], (sign, product))), rest


def _into_sum(call: Call, term: Plus) -> tuple[AnyTerm, Sequence[AnyTerm]] | None:
    """The argument of a weighted call with the weighted terms behind it."""
    rest = [t for _, t in term.terms[1:]]
    if not all(isinstance(t, Par) or (affine(t) and not isinstance(t, Call)) for t in rest):
        return None
    own = call.argument
    inner = own.terms if isinstance(own, Plus) else ((1, own),)
    return (Plus(own.start, term.stop, (*inner, *term.terms[1:])), rest) if affine(call) else None


def moved_gates(maker: Maker, term: Times) -> Iterator[Change]:
    """W [r ⊙ h, x] for r ⊙ W [h, x]."""
    if len(term.factors) != 2:
        return
    gate, acted = term.factors
    if gate_of(gate) is None or not isinstance(acted, Apply) or not isinstance(acted.vector, Cat):
        return
    for part in acted.vector.parts:
        if isinstance(part, Var) and part.time == -1:
            inner = gate_of(gate) or gate
            sign = maker.printing.sign
            meant = f"{maker.shown(inner)} {sign} {maker.shown(part)}"
            product = Times(part.start, part.stop, (inner, part), ("hadamard",))
            new = exchanged(acted, part, product)
            edits = (Edit(term.start, acted.start, ""), Edit(part.start, part.stop, meant))
            yield maker.change(
                term, new, "misplaced_factor", maker.printing.edited(term, *edits), *edits
            )


def functions(maker: Maker, call: Call) -> Iterator[Change]:
    """tanh for σ and σ for tanh; the argument alone; tanh(c) ⊙ o for tanh(c ⊙ o)."""
    other = {"sigmoid": "tanh", "tanh": "sigmoid"}.get(call.function)
    if other is not None and not call.assumed:
        head, (start, stop) = maker.printing.function(call, other), call.head
        new = replace(call, function=other)
        yield replace(
            maker.change(call, new, "wrong_activation", head, Edit(start, stop, head)),
            start=start,
            stop=stop,
        )
    if isinstance(call.argument, Plus) and not affine(call):
        bare = maker.printing.bare(call.argument)
        yield maker.change(call, call.argument, "spurious_activation", bare)
    if isinstance(call.argument, Times) and call.stop > call.argument.stop:
        first, *rest = call.argument.factors
        short = replace(call, argument=first, stop=first.stop)
        product = replace(call.argument, factors=(short, *rest), start=call.start)
        meant, *edits = maker.printing.closed(first, call)
        yield maker.change(call, product, "misplaced_parenthesis", meant, *edits)


def bent(maker: Maker) -> Iterator[Change]:
    """tanh(W x + U h) for W x + U h, the whole line of a candidate; σ(…) for that of a gate."""
    term, parts = maker.own.term, maker.sketch.parts
    if not affine(term) or isinstance(term, Call):
        return
    if maker.own.name in parts.candidates:
        new = Call(term.start, term.stop, "tanh", "", term, (term.start, term.start))
        meant = f"{maker.printing.tanh}({maker.shown(term)})"
        yield maker.change(term, new, "missing_activation", meant)
    others = [maker.sketch.lines[n].term for n in sorted(parts.gates & maker.sketch.lines.keys())]
    like = next((t for t in others if isinstance(t, Call)), None)
    if like is not None and maker.own.name in parts.gates:
        new = replace(like, start=term.start, stop=term.stop, argument=term)
        meant = f"{maker.printing.printed(*like.head)}({maker.shown(term)})"
        yield maker.change(term, new, "missing_activation", meant)


def brackets_over_sums(maker: Maker, term: Times) -> Iterator[Change]:
    """f ⊙ c + i ⊙ g for f ⊙ (c + i ⊙ g)."""
    *gates, last = term.factors
    inner = last.terms if isinstance(last, Plus) else ()
    if len(inner) < 2 or inner[0][0] < 0 or affine(last) or complement(last) is not None:
        return
    product = replace(term, factors=(*gates, inner[0][1]), stop=inner[0][1].stop)
    new = Plus(term.start, term.stop, ((1, product), *inner[1:]))
    meant, *edits = maker.printing.opened(inner[0][1], inner[-1][1], term)
    if edits:
        yield maker.change(term, new, "misplaced_parenthesis", meant, *edits)


def missing_product(maker: Maker, term: Apply) -> Iterator[Change]:
    """W [r ⊙ h, x] for W [r, h, x], W [h, x] for W [h x]."""
    vector = term.vector
    if isinstance(vector, Cat) and len(vector.parts) > 2:
        for i, (one, other) in enumerate(pairwise(vector.parts)):
            product = Times(one.start, other.stop, (one, other), ("hadamard",))
            parts = (*vector.parts[:i], product, *vector.parts[i + 2 :])
            edit = Edit(one.stop, other.start, f" {maker.printing.sign} ")
            yield replace(
                maker.change(
                    vector,
                    replace(vector, parts=parts),
                    "wrong_operator",
                    maker.printing.sign,
                    edit,
                ),
                start=one.stop,
                stop=other.start,
            )
    if isinstance(vector, Times) and len(vector.factors) == 2:
        one, other = vector.factors
        sign = maker.printing.between(one, other)
        if isinstance(other, Apply) and sign is not None and term.matrix.stop <= one.start:
            new = Plus(term.start, term.stop, ((1, replace(term, vector=one)), (1, other)))
            edit = Edit(*sign, " + ")
            meant = maker.printing.edited(term, edit)
            made = maker.change(term, new, "wrong_operator", meant, edit)
            yield _at_sign(maker, made, sign)
    if isinstance(vector, Times) and all(isinstance(f, Var) for f in vector.factors):
        one, other = vector.factors[0], vector.factors[-1]
        cat = Cat(vector.start, vector.stop, vector.factors)
        if len(vector.factors) == 2:
            yield maker.change(vector, cat, "missing_comma", "", Edit(one.stop, other.start, ", "))


def transposed(maker: Maker, term: Apply) -> Iterator[Change]:
    """Wᵀ x for W x, W x for Wᵀ x, W [h, x] for W ⊙ [h, x]."""
    par = term.matrix
    if isinstance(par, Par):
        shown = maker.shown(par)
        kind = "spurious_transpose" if par.transposed else "missing_transpose"
        meant = maker.printing.transposed(shown, not par.transposed)
        yield maker.change(par, replace(par, transposed=not par.transposed), kind, meant)
    if term.sign == "hadamard":
        edit = Edit(par.stop, term.vector.start, " ")
        made = maker.change(term, replace(term, sign=""), "wrong_product", " ", edit)
        yield replace(made, start=edit.start, stop=edit.stop)


def turned(maker: Maker, term: Apply) -> Iterator[Change]:
    """x W for W x."""
    new = replace(term, row=not term.row)
    first, second = (term.vector, term.matrix) if not term.row else (term.matrix, term.vector)
    yield maker.change(term, new, "shape_mismatch", f"{maker.shown(first)} {maker.shown(second)}")
