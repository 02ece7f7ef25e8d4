"""What holds of updates: what is kept and taken, and what multiplies there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.polynomials import Polynomial, TooLong, polynomial
from symgate.reading.mending.sketch import Facts, Sketch, gate_of, times
from symgate.reading.structure import affine, complement, summands
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Num,
    Par,
    Plus,
    Quot,
    Times,
    Var,
    subterms,
    text,
)


def within_a_step(sketch: Sketch) -> Iterator[Broken]:
    """A gate weighs in the step in which it is made: not z_{t-1} ⊙ h_{t-1}."""
    for own in sketch.lines.values():
        for term in own.terms:
            for v in map(gate_of, times(term)):
                made = sketch.lines.get(v.name) if v is not None and v.time == -1 else None
                if v is None or made is None or made is own or made.name in sketch.parts.carried:
                    continue
                if (
                    made.sums
                    and made.sums[0].call is made.term
                    and not _is_weighted(sketch, v.name)
                ):
                    yield at(
                        own,
                        v,
                        "wrong_time_index",
                        f"{v.name} is computed and used within one step, not carried to the next",
                    )


def _is_weighted(sketch: Sketch, name: str) -> bool:
    """Whether a weight acts on the last value of a name."""
    return any(
        isinstance(v, Var) and v.name == name and v.time == -1
        for own in sketch.lines.values()
        for s in own.sums
        for a in s.applied
        for v in subterms(a.vector)
    )


def between(sketch: Sketch) -> Iterator[Broken]:
    """What keeps lies between 0 and 1: not z = tanh(…) beside z ⊙ h + (1 - z) ⊙ g."""
    every = [t for own in sketch.lines.values() for t in own.terms]
    shared = {inner.name for t in every if isinstance(inner := complement(t), Var)}
    for name in sketch.parts.carried:
        kept = sketch.parts.keepers.get(name, ())
        shared |= {v.name for k in kept if (v := gate_of(k)) is not None}
    for name in shared & sketch.lines.keys():
        own = sketch.lines[name]
        if isinstance(own.term, Call) and own.term.function == "tanh" and not own.term.assumed:
            yield at(
                own,
                own.term,
                "wrong_activation",
                f"{name} says how much is kept, so it must lie between 0 and 1",
            )


def shared_out(sketch: Sketch) -> Iterator[Broken]:
    """With one gate, what is kept and what is taken make 1: not z ⊙ h + z ⊙ g."""
    for name, own, found, gates in _updates(sketch):
        if len(gates) != 1:
            continue
        if found != {(): 1.0}:
            yield at(
                own,
                own.term,
                "missing_complement",
                f"in the update of {name}, the weights of the old and the new do not add up to 1",
            )


def gated(sketch: Sketch) -> Iterator[Broken]:
    """With two gates, each part of an update has one of its own: not f ⊙ c + i ⊙ f ⊙ g."""
    for name, own, found, gates in _updates(sketch):
        if len(gates) > 1 and found != {(g,): 1.0 for g in gates}:
            yield at(own, own.term, "wrong_gate", f"in the update of {name}, {_odd(found, gates)}")


def _odd(found: Polynomial, gates: set[str]) -> str:
    """What is wrong with the gates of an update, whose weights add up to `found`."""
    weights = {monomial[0]: c for monomial, c in found.items() if len(monomial) == 1}
    idle = sorted(gates - {factor for monomial in found for factor in monomial})
    if found.get((), 0.0) < 0 or any(c < 0 for c in weights.values()):
        return "a part is subtracted"
    if any(len(monomial) != 1 for monomial in found):
        return "a part is not weighed by just one gate"
    if twice := [name for name, c in weights.items() if c > 1]:
        return f"{twice[0]} weighs two parts"
    return f"{idle[0]} weighs nothing" if idle else "a gate is multiplied by a number"


def paired(sketch: Sketch) -> Iterator[Broken]:
    """1 - z stands beside z: not (1 - z) ⊙ h + r ⊙ g, where z stands nowhere else."""
    for own in sketch.lines.values():
        parts = summands(own.term)
        every = [f for p in parts for f in p.factors]
        complements = {v.name for f in every if isinstance(v := complement(f), Var)}
        gates = [f for f in every if isinstance(f, Var) and f.time != -1]
        calls = {n: t for n, t in sketch.terms.items() if isinstance(t, Call)}
        gates = [g for g in gates if g.name in calls and calls[g.name].function == "sigmoid"]
        one_each = len(parts) == 2 and len(complements) == len(gates) == 1
        if one_each and gates[0].name not in complements:
            why = f"1 - {complements.pop()} is paired with {gates[0].name}"
            yield at(own, own.term, "wrong_gate", why, True)


def kept(sketch: Sketch) -> Iterator[Broken]:
    """Where a gate is left over, what a gate weighs is added to: not c = f ⊙ g beside i."""
    spare = [n for n in sketch.spare if isinstance(sketch.terms.get(n), Call)]
    for own in sketch.lines.values() if len(spare) == 1 and not sketch.parts.carried else ():
        functions = [
            made.function
            for f in times(own.term)
            if isinstance(f, Var) and isinstance(made := sketch.terms.get(f.name), Call)
        ]
        if sorted(functions) == ["sigmoid", "tanh"] and sketch.reads[own.name, 0]:
            why = f"{own.name} does not keep its last value, and {spare[0]} is never used"
            yield at(own, own.term, "missing_term", why, True)


def _updates(sketch: Sketch) -> Iterator[tuple[str, Facts, Polynomial, set[str]]]:
    """The updates with all but their gates at 1: z + (1 - z) is 1, f + i is itself."""
    for name in sketch.parts.carried:
        own = sketch.lines.get(name)
        if own is None or isinstance(own.term, Call):
            continue
        contents = set(sketch.parts.candidates) | {name}
        gates: set[str] = set()

        def value(
            v: Var, own: Facts = own, contents: set[str] = contents, gates: set[str] = gates
        ) -> Polynomial:
            weighs = v.time != -1 and v.name not in contents and v.name not in sketch.states
            if not weighs or v.name not in sketch.lines:
                return {(): 1.0}
            gates.add(v.name)
            return {(v.name,): 1.0}

        try:
            found = polynomial(_contents_at_one(own.term), value)
        except TooLong:
            continue
        if any("k" in m or "m" in m or "d" in m for m in found):
            continue
        yield name, own, found, gates


def _contents_at_one(term: AnyTerm) -> AnyTerm:
    """With every function and weighted sum at 1."""
    match term:
        case Plus(terms=terms) if not affine(term):
            return replace(term, terms=tuple((s, _contents_at_one(t)) for s, t in terms))
        case Times(factors=inner):
            return replace(term, factors=tuple(map(_contents_at_one, inner)))
        case Var() | Num() | Par():
            return term
    return Num(term.start, term.stop, "1")


def different(sketch: Sketch) -> Iterator[Broken]:
    """What two gates weigh differs: not z ⊙ g + (1 - z) ⊙ g, not f ⊙ g + i ⊙ g."""
    calls = {n: own.term for n, own in sketch.lines.items() if isinstance(own.term, Call)}
    known = {n for n, call in calls.items() if call.function == "sigmoid"} - sketch.states
    for own in sketch.lines.values():
        gates = known | {v.name for t in own.terms if isinstance(v := complement(t), Var)}
        weighed: set[tuple[str, ...]] = set()
        for part in summands(own.term):
            what = [f for f in part.factors if not (v := gate_of(f)) or v.name not in gates]
            rest = tuple(map(text, what))
            if rest in weighed and part.sign > 0:
                why = f"two terms of {own.name} weigh the same value"
                yield at(own, part.term, "wrong_symbol", why, True)
                break
            if part.sign > 0 and 0 < len(rest) < len(part.factors):
                weighed.add(rest)


def twins(sketch: Sketch) -> Iterator[Broken]:
    """What divides a state is kept and written by its gates: n = f n + i for c = f c + i z."""
    every = [t for own in sketch.lines.values() for t in own.terms if isinstance(t, Quot)]
    pairs = {
        (one.name, other.name)
        for q in every
        for one in subterms(q.above)
        for other in subterms(q.below)
        if isinstance(one, Var) and isinstance(other, Var)
    }
    for one, other in pairs:
        whole, own = sketch.lines.get(one), sketch.lines.get(other)
        if whole is None or own is None or not {one, other} <= {*sketch.parts.carried}:
            continue
        gates = [{text(f) for f in p.factors} for p in summands(whole.term)]
        for part in summands(own.term):
            read = {text(f) for f in part.factors if not _is_last(f, other)}
            kept = len(read) < len(part.factors)
            with_it = [g for g in gates if (f"{one}[t-1]" in g) == kept]
            if len(gates) == len(summands(own.term)) and not any(_fits(read, g) for g in with_it):
                why = f"{other} normalises {one}, so both need the same gates"
                yield at(own, part.term, "wrong_gate", why, True)


def _is_last(term: AnyTerm, name: str) -> bool:
    """Whether a term is the last value of a name."""
    return isinstance(term, Var) and (term.name, term.time) == (name, -1)


def _fits(read: set[str], whole: set[str]) -> bool:
    """Whether all factors but one are the same."""
    return read < whole and len(whole) == len(read) + 1


def both_sides(sketch: Sketch) -> Iterator[Broken]:
    """What weighs the kept part does not weigh the new one: not z ⊙ h + z ⊙ g."""
    for name in sketch.parts.carried:
        own = sketch.lines.get(name)
        parts = summands(own.term) if own is not None else []
        kept = {text(f) for p in parts if p.holds(name, -1) for f in p.factors if gate_of(f)}
        for part in parts:
            for f in part.factors:
                if not part.holds(name, -1) and gate_of(f) and text(f) in kept and own:
                    yield at(
                        own, f, "missing_complement", f"{text(f)} weighs both the old and the new"
                    )


def added_biases(sketch: Sketch) -> Iterator[Broken]:
    """A bias is added: not U h b, where b stands alone in other sums."""
    alone = {p.ref.letter for own in sketch.lines.values() for s in own.sums for p in s.biases}
    for own in sketch.lines.values():
        for term in own.terms:
            last = term.factors[-1] if isinstance(term, Times) else None
            if isinstance(last, Par) and last.kind != "matrix" and last.ref.letter in alone:
                yield at(
                    own, last, "missing_operator", "a bias is multiplied; it should be added", True
                )


def stepless(sketch: Sketch) -> Iterator[Broken]:
    """A bias has no step: not W x_t + U h_{t-1} + b_t beside b_i and b_f."""
    for own in sketch.lines.values():
        for v in [p.term for s in own.sums for p in s.parts]:
            if isinstance(v, Var) and v.ref.letter in sketch.biases and v.name not in sketch.lines:
                yield at(
                    own,
                    v,
                    "wrong_bias_index",
                    f"{text(v)} is a bias, which has no time index",
                    True,
                )


def added_weights(sketch: Sketch) -> Iterator[Broken]:
    """Weighted terms and a bias are added: not W x ⊙ U h, not (W x + U h) ⊙ b."""
    for own in sketch.lines.values():
        for s in own.sums:
            for part in s.parts:
                acted = sum(isinstance(f, Apply) for f in part.factors)
                inner = any(isinstance(f, Plus) and affine(f) for f in part.factors)
                bias = any(isinstance(f, Par) and f.kind != "scalar" for f in part.factors)
                nested = any(
                    isinstance(f, Apply)
                    and isinstance(f.vector, Times)
                    and any(isinstance(v, Apply) for v in f.vector.factors)
                    for f in part.factors
                )
                if acted > 1 or nested or (inner and bias):
                    yield at(
                        own,
                        part.term,
                        "wrong_operator",
                        "weighted terms are multiplied; they should be added",
                    )


def added_gates(sketch: Sketch) -> Iterator[Broken]:
    """A gate multiplies, and is not added: not o + tanh(c), not W x + r + U h."""
    for own in sketch.lines.values():
        for term in own.terms:
            if not isinstance(term, Plus) or complement(term) is not None:
                continue
            for _, inner in term.terms:
                bare = (
                    isinstance(inner, Var)
                    and inner.name in sketch.parts.gates
                    and inner.time != -1
                    and inner.name not in sketch.parts.states
                )
                bare = bare and own.name not in sketch.parts.carried
                one = any(isinstance(t, Num) for _, t in term.terms)
                if (bare and not one) or complement(inner) is not None:
                    yield at(
                        own,
                        inner,
                        "wrong_operator",
                        f"{text(inner)} is added; a gate should multiply",
                        True,
                    )
