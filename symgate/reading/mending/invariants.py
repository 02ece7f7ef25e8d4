"""What holds in every cell, whatever its family and its letters.

Each looks at a sketch and tells where it is broken; none knows of the others. `fixed` says
that such a place is a slip even where nobody can tell what was meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from symgate.reading.mending import weighing
from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.polynomials import Polynomial, TooLong, polynomial, summed
from symgate.reading.mending.sketch import Facts, Sketch, Sum, gate_of, times
from symgate.reading.structure import affine, complement, summands
from symgate.reading.terms import Add, AnyTerm, Apply, Call, Cat, Num, Par, Times, Var, text, walk

Invariant = Callable[[Sketch], Iterator[Broken]]


# -- names ------------------------------------------------------------------------------


def read(sketch: Sketch) -> Iterator[Broken]:
    """Every gate is read: i = σ(…) beside c = f ⊙ c + g."""
    for name in sketch.spare & sketch.lines.keys():
        if not sketch.reads[name, 0] and not sketch.reads[name, -1]:
            target = sketch.lines[name].u.line.target
            yield Broken(name, target.start, target.stop, "unread", f"nothing reads {name}")


def defined(sketch: Sketch) -> Iterator[Broken]:
    """What multiplies is defined: h = o ⊙ tanh(c) without a line for o."""
    if not sketch.entering:
        return
    for own in sketch.lines.values():
        for term in own.terms:
            for factor in times(term):
                gate = gate_of(factor)
                if gate is None or gate.time == -1 or gate.name in sketch.named:
                    continue
                matrix = gate.ref.letter[:1].isupper() and own.u.line.target.letter.islower()
                if gate.name not in sketch.entering and not matrix:
                    yield at(own, gate, "undefined_symbol", f"no line defines {gate.name}", True)


def closed(sketch: Sketch) -> Iterator[Broken]:
    """Every last value is the last value of something: c_{t-1} where a line defines s_t."""
    for own in sketch.lines.values():
        for v in own.variables:
            if v.time == -1 and v.name not in sketch.lines and not sketch.reads[v.name, 0]:
                yield at(own, v, "undefined_symbol", f"no line defines {v.name}")


def grounded(sketch: Sketch) -> Iterator[Broken]:
    """Nothing is made of itself in one step: h_t = (1 - z) ⊙ h_t + z ⊙ g."""
    for own in sketch.lines.values():
        for v in own.variables:
            if v.time == -1 or v.name not in sketch.named:
                continue
            if v.name == own.name or own.name in _made_of(sketch, v.name):
                yield at(
                    own,
                    v,
                    "self_reference",
                    f"{own.name} is made of {v.name}, which is made of {own.name}",
                    True,
                )


def _made_of(sketch: Sketch, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {n for n in sketch.now(waiting.pop()) if n not in found}
        found |= new
        waiting.extend(new)
    return found


def timely(sketch: Sketch) -> Iterator[Broken]:
    """An input is read at one step: x_{t-1} in one gate, x_t in the others."""
    for own in sketch.lines.values():
        for v in own.variables:
            late = v.name in sketch.entering and v.time == -1
            now = any(o.name == v.name and o.time != -1 for o in own.variables)
            if late and not now and sketch.reads[v.name, 0] >= sketch.reads[v.name, -1]:
                yield at(own, v, "wrong_time_index", f"{v.name} is read at t elsewhere", True)
            gate = v.name in sketch.parts.gates | sketch.parts.candidates
            if gate and v.time == -1 and v.name not in sketch.parts.states:
                yield at(own, v, "wrong_time_index", f"{v.name} is made and used in one step")


# -- updates ----------------------------------------------------------------------------


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
                    yield at(own, v, "wrong_time_index", f"{v.name} is made and used in one step")


def _is_weighted(sketch: Sketch, name: str) -> bool:
    """Whether a weight acts on the last value of a name."""
    return any(
        isinstance(v, Var) and v.name == name and v.time == -1
        for own in sketch.lines.values()
        for s in own.sums
        for a in s.applied
        for v in walk(a.vector)
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
            yield at(own, own.term, "wrong_activation", f"{name} keeps, so it lies in 0 to 1")


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
                f"in the update of {name} the parts kept and taken do not make 1",
            )


def gated(sketch: Sketch) -> Iterator[Broken]:
    """With two gates, each part of an update has one of its own: not f ⊙ c + i ⊙ f ⊙ g."""
    for name, own, found, gates in _updates(sketch):
        if len(gates) > 1 and found != {(g,): 1.0 for g in gates}:
            yield at(
                own,
                own.term,
                "wrong_gate",
                f"in the update of {name} a part lacks its gate or has two",
            )


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
        case Add(terms=terms) if not affine(term):
            return replace(term, terms=tuple((s, _contents_at_one(t)) for s, t in terms))
        case Times(factors=inner):
            return replace(term, factors=tuple(map(_contents_at_one, inner)))
        case Var() | Num() | Par():
            return term
    return Num(term.start, term.stop, "1")


def both_sides(sketch: Sketch) -> Iterator[Broken]:
    """What weighs the kept part does not weigh the new one: not z ⊙ h + z ⊙ g."""
    for name in sketch.parts.carried:
        own = sketch.lines.get(name)
        parts = summands(own.term) if own is not None else []
        kept = {text(f) for p in parts if p.holds(name, -1) for f in p.factors if gate_of(f)}
        for part in parts:
            for f in part.factors:
                if not part.holds(name, -1) and gate_of(f) and text(f) in kept and own:
                    yield at(own, f, "missing_complement", f"{text(f)} both keeps and takes")


def added_biases(sketch: Sketch) -> Iterator[Broken]:
    """A bias is added: not U h b, where b stands alone in other sums."""
    alone = {p.ref.letter for own in sketch.lines.values() for s in own.sums for p in s.biases}
    for own in sketch.lines.values():
        for term in own.terms:
            last = term.factors[-1] if isinstance(term, Times) else None
            if isinstance(last, Par) and last.kind != "matrix" and last.ref.letter in alone:
                yield at(own, last, "missing_operator", "a bias is multiplied", True)


def added_weights(sketch: Sketch) -> Iterator[Broken]:
    """Weighted terms and a bias are added: not W x ⊙ U h, not (W x + U h) ⊙ b."""
    for own in sketch.lines.values():
        for s in own.sums:
            for part in s.parts:
                acted = sum(isinstance(f, Apply) for f in part.factors)
                inner = any(isinstance(f, Add) and affine(f) for f in part.factors)
                bias = any(isinstance(f, Par) and f.kind != "scalar" for f in part.factors)
                nested = any(
                    isinstance(f, Apply)
                    and isinstance(f.vector, Times)
                    and any(isinstance(v, Apply) for v in f.vector.factors)
                    for f in part.factors
                )
                if acted > 1 or nested or (inner and bias):
                    yield at(own, part.term, "wrong_operator", "weighted terms are multiplied")


def unsquashed(sketch: Sketch) -> Iterator[Broken]:
    """A memory keeps its last value as it is: not σ(f ⊙ c + i ⊙ g)."""
    for name in sketch.parts.carried:
        own = sketch.lines.get(name)
        if own is not None and isinstance(own.term, Call) and not affine(own.term):
            yield at(
                own,
                own.term,
                "spurious_activation",
                f"the update of {name} stands inside a function",
            )


def added_gates(sketch: Sketch) -> Iterator[Broken]:
    """A gate multiplies, and is not added: not o + tanh(c), not W x + r + U h."""
    for own in sketch.lines.values():
        for term in own.terms:
            if not isinstance(term, Add) or complement(term) is not None:
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
                        f"{text(inner)} is added; a gate multiplies",
                        True,
                    )


def stood_aside(sketch: Sketch) -> Iterator[Broken]:
    """A complement is 1 minus a gate: not 1 + z."""
    for own in sketch.lines.values():
        for term in own.terms:
            if not isinstance(term, Add) or len(term.terms) != 2:
                continue
            (s1, one), (s2, gate) = term.terms
            if isinstance(one, Num) and isinstance(gate, Var) and (s1, s2) == (1, 1):
                yield at(own, term, "wrong_sign", f"1 minus {gate.name} is meant", True)


# -- weighted sums ----------------------------------------------------------------------


def siblings(sketch: Sketch) -> Iterator[Broken]:
    """Gates and candidates read the same: not f = σ(W x) beside i = σ(W x + U h)."""
    every = [(own, s) for own in sketch.lines.values() for s in own.sums if _is_part(sketch, own)]
    counts = Counter(sketch.sources(s) for _, s in every)
    if len(every) < 3 or len(counts) < 2:
        return
    usual, most = counts.most_common(1)[0]
    odd = [(own, s) for own, s in every if sketch.sources(s) != usual]
    if most < 2 or len(odd) > max(1, len(every) // 4):
        return
    for own, s in odd:
        kind = "missing_term" if sketch.sources(s) < usual else "wrong_state"
        yield Broken(
            own.name, s.start, s.stop, kind, f"{own.name} does not read what the others read"
        )


def _is_part(sketch: Sketch, own: Facts) -> bool:
    parts = sketch.parts
    inlined = own.name in parts.carried
    return own.name in parts.gates | parts.candidates | sketch.spare or inlined


def peeping(sketch: Sketch) -> Iterator[Broken]:
    """All gates see the memory, or none: w ⊙ c in i and o, and not in f."""
    gates = [
        (own, s)
        for n in sketch.parts.gates
        if (own := sketch.lines.get(n)) is not None
        for s in own.sums
    ]
    blind = [(own, s) for own, s in gates if not sketch.peepholes(s)]
    if len(gates) > 2 and len(blind) == 1:
        own, s = blind[0]
        yield replace(
            Broken(
                own.name,
                s.start,
                s.stop,
                "missing_term",
                f"{own.name} does not see the memory, which the others see",
            ),
            weight=0.6,
        )


def biased(sketch: Sketch) -> Iterator[Broken]:
    """Gates have a bias each, or none: not f = σ(W x + U h) beside three with b."""
    every = [(own, s) for own in sketch.lines.values() for s in own.sums if _is_part(sketch, own)]
    without = [(own, s) for own, s in every if not s.biases]
    if len(every) > 2 and len(without) == 1 and without[0][1].call is without[0][0].term:
        own, s = without[0]
        yield replace(
            Broken(
                own.name,
                s.start,
                s.stop,
                "missing_term",
                f"{own.name} has no bias, which the others have",
            ),
            weight=0.7,
        )


def weighted(sketch: Sketch) -> Iterator[Broken]:
    """In a weighted sum states and inputs stand under weights: not W x + h."""
    for own in sketch.lines.values():
        for s in own.sums:
            for part in s.parts:
                bare = all(isinstance(f, Var) or complement(f) is not None for f in part.factors)
                names = [f for f in part.factors if isinstance(f, Var)]
                last = [v for v in names if v.time == -1 or v.name in sketch.entering]
                last += [v for v in names if v.name in sketch.memories and v.time != -1]
                if s.call is not None and bare and last and own.name not in sketch.memories:
                    yield at(
                        own,
                        part.term,
                        "missing_weight",
                        f"{text(part.term)} stands in the sum without a weight",
                    )
        for call in own.terms:
            bare = (
                isinstance(call, Call)
                and not affine(call)
                and any(v.name in sketch.entering for v in walk(call) if isinstance(v, Var))
            )
            if bare and not any(isinstance(t, Apply) for t in walk(call)):
                yield at(own, call, "missing_weight", "no weight acts on the input", True)


def apart(sketch: Sketch) -> Iterator[Broken]:
    """State and input are not added under one matrix: not W (x + h)."""
    for own in sketch.lines.values():
        for s in own.sums:
            for a in s.applied:
                if not isinstance(a.vector, Add):
                    continue
                kinds = {
                    v.name in sketch.lines
                    for v in walk(a.vector)
                    if isinstance(v, Var) and (v.time == -1 or v.name in sketch.entering)
                }
                kinds |= {
                    v.name in sketch.lines
                    for v in walk(a.vector)
                    if isinstance(v, Var) and v.name not in sketch.lines
                }
                if len(kinds) > 1:
                    yield at(
                        own,
                        a.vector,
                        "shape_mismatch",
                        "state and input are added under one matrix",
                        True,
                    )


def once(sketch: Sketch) -> Iterator[Broken]:
    """No summand stands twice, and no vector under two weights of one sum."""
    for own in sketch.lines.values():
        for s in own.sums:
            seen: set[str] = set()
            for a in s.applied:
                parts = a.vector.parts if isinstance(a.vector, Cat) else (a.vector,)
                for shown in [text(p) for p in parts]:
                    if shown in seen:
                        yield at(own, a, "wrong_state", f"{shown} is read twice in {own.name}")
                    seen.add(shown)


def positive(sketch: Sketch) -> Iterator[Broken]:
    """Weights and biases are added: not W x - U h."""
    minus = [
        (own, part)
        for own in sketch.lines.values()
        for s in own.sums
        for part in s.parts
        if part.sign < 0 and isinstance(part.factors[-1], Apply | Par) and s.call is not None
    ]
    every = sum(len(s.parts) for own in sketch.lines.values() for s in own.sums)
    if every >= 2 * len(minus):
        for own, part in minus:
            yield at(own, part.term, "wrong_sign", "a weighted sum has a minus sign", True)


def enclosed(sketch: Sketch) -> Iterator[Broken]:
    """A gate or candidate is one function of its sum: not σ(W x) + b, not σ(W x) ⊙ f."""
    for own in sketch.lines.values():
        inside = own.name in sketch.parts.gates | sketch.parts.candidates
        calls = [s.call for s in own.sums if s.call is not None]
        if not (inside or (own.name in sketch.states and own.name not in sketch.parts.carried)):
            continue
        if len(calls) == 1 and own.term is not calls[0] and isinstance(own.term, Add | Times):
            biased = any(isinstance(p.factors[0], Par) for p in summands(own.term))
            kind = "bias_outside_activation" if biased else "spurious_factor"
            if inside or biased:
                yield at(own, own.term, kind, f"{own.name} is a function and something beside it")


def reset_inside(sketch: Sketch) -> Iterator[Broken]:
    """A gate in a weighted sum multiplies the state alone: not r ⊙ (W [h, x])."""
    for own in sketch.lines.values():
        for s in own.sums:
            for part in s.parts:
                acted = [f for f in part.factors if isinstance(f, Apply)]
                gates = [f for f in part.factors if gate_of(f) is not None]
                whole = [a for a in acted if isinstance(a.vector, Cat)]
                if whole and gates and len(s.applied) == 1:
                    yield at(
                        own,
                        part.term,
                        "misplaced_factor",
                        f"{text(gates[0])} multiplies the input too",
                    )


def beside(sketch: Sketch) -> Iterator[Broken]:
    """A gate is no part of a column: not W [r, h, x] for W [r ⊙ h, x]."""
    for own in sketch.lines.values():
        for term in own.terms:
            parts = term.parts if isinstance(term, Cat) else ()
            for one, other in pairwise(parts):
                gate = isinstance(one, Var) and one.name in sketch.lines and one.time != -1
                if gate and isinstance(other, Var) and other.time == -1 and _sigmoid(sketch, one):
                    yield Broken(
                        own.name,
                        one.stop,
                        other.start,
                        "wrong_operator",
                        f"the gate {text(one)} stands beside {text(other)}, which it must multiply",
                        True,
                    )


def _sigmoid(sketch: Sketch, term: AnyTerm) -> bool:
    line = sketch.lines[term.name].term if isinstance(term, Var) else None
    return isinstance(line, Call) and line.function == "sigmoid"


def like_functions(sketch: Sketch) -> Iterator[Broken]:
    """Gates have one function, and what they weigh another: not c = f ⊙ c + i ⊙ σ(…)."""
    gates = [
        own
        for n in sketch.parts.gates - sketch.parts.candidates
        if (own := sketch.lines.get(n)) is not None and isinstance(own.term, Call)
    ]
    counts = Counter(own.term.function for own in gates if isinstance(own.term, Call))
    if not counts:
        return
    usual, most = counts.most_common(1)[0]
    for own in gates:
        term = own.term
        assert isinstance(term, Call)
        odd = term.function != usual and len(gates) > 1 and most > 1 and not term.assumed
        if odd and not _jozefowicz(sketch, own):
            yield at(
                own,
                term,
                "wrong_activation",
                f"{own.name} has another function than the other gates",
            )
    for own in sketch.lines.values():
        for term in own.terms:
            if not isinstance(term, Call) or term.assumed or usual != "sigmoid":
                continue
            if term.function == usual and (
                _weighed(sketch, own, term) or _shows(sketch, own, term)
            ):
                yield at(
                    own,
                    term,
                    "wrong_activation",
                    "what a gate weighs has the function of a gate",
                    True,
                )


def _jozefowicz(sketch: Sketch, own: Facts) -> bool:
    """An output gate with tanh beside i for the input and j for its gate, as published in 2015."""
    shown = any(
        own.name in {v.name for v in sketch.lines[name].variables}
        for name in sketch.parts.outputs
        if name in sketch.lines
    )
    return shown and {"i", "j"} <= sketch.lines.keys()


def _weighed(sketch: Sketch, own: Facts, term: Call) -> bool:
    if "s" in (own.u.line.target.letter, own.name):  # Goodfellow et al. have σ before a memory s
        return False
    inlined = (
        own.name in sketch.parts.carried
        and affine(term)
        and any(
            term in p.factors and len(p.factors) > 1 for p in sketch.parts.news.get(own.name, ())
        )
    )
    return (own.term is term and own.name in sketch.parts.candidates) or inlined


def _shows(sketch: Sketch, own: Facts, term: Call) -> bool:
    inner = term.argument
    return (
        isinstance(inner, Var)
        and inner.name in sketch.parts.carried
        and own.name not in sketch.parts.gates | {*sketch.parts.carried}
    )


# -- weights ----------------------------------------------------------------------------


def oriented(sketch: Sketch) -> Iterator[Broken]:
    """All weights stand on one side: not W x beside h U."""
    every = [(own, a) for own in sketch.lines.values() for s in own.sums for a in s.applied]
    rows = [(own, a) for own, a in every if a.row]
    columns = [(own, a) for own, a in every if not a.row]
    fewer = min(rows, columns, key=len)
    if len(every) > 3 and 0 < len(fewer) <= len(every) // 4:
        for own, a in fewer:
            yield at(
                own,
                a,
                "shape_mismatch",
                "this weight stands on the other side of its vector than all others",
                True,
            )


def one_vector(sketch: Sketch) -> Iterator[Broken]:
    """A weight acts on the input or on the state, not on both: not W x + W h."""
    for own in sketch.lines.values():
        acts: dict[str, list[Apply]] = {}
        for s in own.sums:
            for a in s.applied:
                if isinstance(a.matrix, Par) and not isinstance(a.vector, Cat):
                    acts.setdefault(a.matrix.name, []).append(a)
        for name, uses in acts.items():
            if len(uses) > 1 and len({text(a.vector) for a in uses}) > 1:
                yield at(
                    own,
                    uses[1].matrix,
                    "symbol_reused",
                    f"one matrix {name} acts on two vectors",
                    True,
                )


INVARIANTS: tuple[Invariant, ...] = (
    read,
    defined,
    closed,
    grounded,
    timely,
    within_a_step,
    between,
    shared_out,
    gated,
    both_sides,
    added_biases,
    added_weights,
    unsquashed,
    added_gates,
    stood_aside,
    siblings,
    peeping,
    biased,
    weighted,
    apart,
    once,
    positive,
    enclosed,
    reset_inside,
    beside,
    like_functions,
    oriented,
    one_vector,
    weighing.weighs,
    weighing.summed,
    weighing.added,
    weighing.alike,
)


def broken(sketch: Sketch) -> list[Broken]:
    """Every place where something does not hold."""
    return [replace(b, rule=rule.__name__) for rule in INVARIANTS for b in rule(sketch)]


__all__ = ["Broken", "Sum", "broken", "summed"]
