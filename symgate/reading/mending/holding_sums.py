"""What holds of weighted sums: what they read, their biases, their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.sketch import Facts, Sketch, WeightedSum, gate_of, times
from symgate.reading.structure import PrintedSummand, affine, complement, summands, variables
from symgate.reading.terms import AnyTerm, Apply, Call, Cat, Par, Plus, Times, Var, subterms, text


def siblings(sketch: Sketch) -> Iterator[Broken]:
    """Gates and candidates read the same: not f = σ(W x) beside i = σ(W x + U h)."""
    every = [(own, s) for own in sketch.lines.values() for s in own.sums if sketch.is_part(own)]
    counts = Counter(sketch.sources(s) for _, s in every)
    if len(every) < 3 or len(counts) < 2:
        return
    usual, most = counts.most_common(1)[0]
    odd = [(own, s) for own, s in every if sketch.sources(s) != usual]
    if most < 2 or len(odd) > max(1, len(every) // 4):
        return
    for own, s in odd:
        new, lacking = (
            " and ".join(sorted(names))
            for names in (sketch.sources(s) - usual, usual - sketch.sources(s))
        )
        others = f"where the others read {lacking}" if lacking else "which the others do not read"
        kind = "wrong_state" if new else "missing_term"
        read = f"reads {new}, {others}" if new else f"does not read {lacking}; the others do"
        yield Broken(own.name, s.start, s.stop, kind, f"{own.name} {read}")


def _lacking(own: Facts, s: WeightedSum, what: str, weight: float) -> Broken:
    """A sum that alone lacks what the others have."""
    why = f"{own.name} {what}"
    return Broken(own.name, s.start, s.stop, "missing_term", why, weight=weight)


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
        yield _lacking(*blind[0], "does not read the memory; the other gates do", 0.6)


def unseen(sketch: Sketch) -> Iterator[Broken]:
    """Gates see the memory, and what they weigh does not: no w ⊙ c in g = tanh(W x + U h)."""
    for name, memory in sketch.parts.outputs.items():
        inner = [sketch.lines.get(n) for n in (*sketch.parts.candidates, memory)]
        for own, s in [(line, s) for line in inner if line is not None for s in line.sums]:
            reads_output = any(v.name == name for p in s.parts for v in variables(p.term))
            for part in s.parts if s.call is not None and name in sketch.states else ():
                if reads_output and part.holds(memory, -1) and not isinstance(part.term, Var):
                    why = f"the candidate reads the memory {memory}, which only gates do"
                    yield at(own, part.term, "spurious_term", why, True)


def biased(sketch: Sketch) -> Iterator[Broken]:
    """Gates have a bias each, or none: not f = σ(W x + U h) beside three with b."""
    every = [(own, s) for own in sketch.lines.values() for s in own.sums if sketch.is_part(own)]
    without = [(own, s) for own, s in every if not s.biases]
    if len(every) > 2 and len(without) == 1 and without[0][1].call is without[0][0].term:
        yield _lacking(*without[0], "has no bias; the others have one", 0.7)


def weighted(sketch: Sketch) -> Iterator[Broken]:
    """In a weighted sum states and inputs stand under weights: not W x + h."""
    for own in sketch.lines.values():
        for part in [p for s in own.sums if s.call is not None for p in s.parts]:
            bare = all(isinstance(f, Var) or complement(f) is not None for f in part.factors)
            read = [f for f in part.factors if isinstance(f, Var) and _is_weighted(sketch, f)]
            cases = {f.ref.letter.isupper() for f in part.factors if isinstance(f, Var)}
            if bare and read and own.name not in sketch.memories and len(cases) == 1:
                why = f"{text(part.term)} is added without a weight"
                yield at(own, part.term, "missing_weight", why)


def _is_weighted(sketch: Sketch, v: Var) -> bool:
    """Whether a variable stands under weights in sums: a last value, an input, a memory."""
    shown = v.name in sketch.memories and v.time != -1
    return v.time == -1 or v.name in sketch.entering or shown


def weighted_input(sketch: Sketch) -> Iterator[Broken]:
    """A function of the input has a weight in it: not tanh([x, h]); MUT1 adds tanh(x) alone."""
    for own in sketch.lines.values():
        for call in own.terms:
            if not isinstance(call, Call) or affine(call):
                continue
            inner = list(subterms(call))
            if isinstance(call.argument, Var) and any(isinstance(t, Apply) for t in own.terms):
                continue
            reads = any(isinstance(v, Var) and v.name in sketch.entering for v in inner)
            if reads and not any(isinstance(t, Apply) for t in inner):
                yield at(own, call, "missing_weight", "no weight is applied to the input", True)


def apart(sketch: Sketch) -> Iterator[Broken]:
    """State and input are not added under one matrix: not W (x + h)."""
    for own in sketch.lines.values():
        for a in [a for s in own.sums for a in s.applied if isinstance(a.vector, Plus)]:
            read = [v for v in subterms(a.vector) if isinstance(v, Var)]
            kinds = {v.name in sketch.lines for v in read if v.time == -1}
            kinds |= {False for v in read if v.name not in sketch.lines}
            if len(kinds) > 1:
                why = "one matrix is applied to the sum of state and input"
                yield at(own, a.vector, "shape_mismatch", why, True)


def once(sketch: Sketch) -> Iterator[Broken]:
    """No summand stands twice, and no vector under two weights of one sum."""
    for own in sketch.lines.values():
        for term in own.terms:
            shown = [text(inner) for _, inner in term.terms] if isinstance(term, Plus) else []
            if len({*shown}) < len(shown):
                yield at(own, term, "duplicate_term", "the same term is added twice", True)
        for s in own.sums:
            seen: set[str] = set()
            for a in s.applied:
                parts = a.vector.parts if isinstance(a.vector, Cat) else (a.vector,)
                for part in map(text, parts):
                    if part in seen:
                        yield at(own, a, "wrong_state", f"{own.name} reads {part} twice")
                    seen.add(part)


def with_and_without(sketch: Sketch) -> Iterator[Broken]:
    """A state stands in a sum with its gate or without one: not r ⊙ h + h."""
    for own in sketch.lines.values():
        for term in own.terms:
            every = summands(term) if isinstance(term, Plus) else []
            gated = {text(p.factors[-1]) for p in every if _is_gated(sketch, p)}
            for part in every:
                if isinstance(part.term, Var) and part.term.time == -1 and text(part.term) in gated:
                    why = f"{text(part.term)} is added both with a gate and without one"
                    yield at(own, part.term, "spurious_term", why, True)


def _is_gated(sketch: Sketch, part: PrintedSummand) -> bool:
    """Whether a summand is a gate times a vector."""
    return len(part.factors) == 2 and _sigmoid(sketch, part.factors[0])


def enclosed(sketch: Sketch) -> Iterator[Broken]:
    """A gate or candidate is one function of its sum: not σ(W x) + b, not σ(W x) ⊙ f."""
    for own in sketch.lines.values():
        inside = own.name in sketch.parts.gates | sketch.parts.candidates
        calls = [s.call for s in own.sums if s.call is not None]
        if not (inside or (own.name in sketch.states and own.name not in sketch.parts.carried)):
            continue
        if len(calls) == 1 and own.term is not calls[0] and isinstance(own.term, Plus | Times):
            biased = any(isinstance(p.factors[0], Par) for p in summands(own.term))
            kind = "bias_outside_activation" if biased else "spurious_factor"
            if inside or biased:
                yield at(own, own.term, kind, f"{own.name} has a term outside its activation")


def on_weights(sketch: Sketch) -> Iterator[Broken]:
    """No function is applied to a weight alone: not σ(W) [h, x] + b."""
    for own in sketch.lines.values():
        for term in own.terms:
            for f in times(term):
                if isinstance(f, Call) and isinstance(f.argument, Par) and not f.assumed:
                    behind = [t for t in times(term) if isinstance(t, Cat) or t.start > f.stop]
                    if any(v.time == -1 for t in behind for v in variables(t)):
                        why = f"{f.function} is applied to the weight {f.argument.name} alone"
                        yield at(own, own.term, "misplaced_parenthesis", why, True)


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
                        f"{text(gates[0])} multiplies the input as well as the state",
                    )
        for term in own.terms:
            column = any(isinstance(f, Cat) for f in times(term))
            acted = [f for f in times(term) if isinstance(f, Apply)]
            if column and any(gate_of(a.vector) is not None for a in acted):
                why = "the gate multiplies the input as well as the state"
                yield at(own, term, "misplaced_factor", why, True)


def _sigmoid(sketch: Sketch, term: AnyTerm) -> bool:
    line = sketch.terms.get(term.name) if isinstance(term, Var) else None
    return isinstance(line, Call) and line.function == "sigmoid"


def oriented(sketch: Sketch) -> Iterator[Broken]:
    """All weights stand on one side: not W x beside h U; in exp(Δ_t A) the step scales A."""
    sums = [(own, s) for own in sketch.lines.values() for s in own.sums]
    scaled = [s for _, s in sums if len(s.parts) == 1 and s.call and s.call.function == "exp"]
    every = [(own, a) for own, s in sums if s not in scaled for a in s.applied]
    rows = [(own, a) for own, a in every if a.row]
    columns = [(own, a) for own, a in every if not a.row]
    fewer = min(rows, columns, key=len)
    if len(every) > 3 and 0 < len(fewer) <= len(every) // 4:
        for own, a in fewer:
            yield at(
                own,
                a,
                "shape_mismatch",
                "this weight alone stands on this side of its vector",
                True,
            )


def transposed(sketch: Sketch) -> Iterator[Broken]:
    """All weights on inputs are transposed or none, those on states too: not Wᵀ x beside V x."""
    for uses in _weights(sketch):
        turned = [(own, par) for own, _, par in uses if par.transposed]
        plain = [(own, par) for own, _, par in uses if not par.transposed]
        fewer = min(turned, plain, key=len)
        for own, par in fewer if len(fewer) == 1 and len(uses) > 2 else ():
            kind = "missing_transpose" if fewer is plain else "spurious_transpose"
            alone = "is not transposed" if fewer is plain else "is transposed"
            yield at(own, par, kind, f"{par.name} alone {alone}", True)


def transposed_rows(sketch: Sketch) -> Iterator[Broken]:
    """Rows have Uᵀ behind each state where they have Wᵀ behind each input: not x Wᵀ + h U."""
    new, late = _weights(sketch)
    rows = len(new) > 1 < len(late) and all(a.row for _, a, _ in (*new, *late))
    if rows and all(p.transposed for _, _, p in new) and not any(p.transposed for *_, p in late):
        for own, _, par in late:
            why = "the input weights are transposed, the recurrent ones are not"
            yield at(own, par, "missing_transpose", why, True)


def _weights(sketch: Sketch) -> Sequence[Sequence[tuple[Facts, Apply, Par]]]:
    """The weights on inputs and columns, and those on last values."""
    new: list[tuple[Facts, Apply, Par]] = []
    late: list[tuple[Facts, Apply, Par]] = []
    for own in sketch.lines.values():
        for a in [a for s in own.sums for a in s.applied]:
            last = any(isinstance(v, Var) and v.time == -1 for v in subterms(a.vector))
            whole = isinstance(a.vector, Cat)
            if isinstance(a.matrix, Par) and a.matrix.ref.letter[:1].isupper():
                (late if last and not whole else new).append((own, a, a.matrix))
    return new, late


def matrix_signs(sketch: Sketch) -> Iterator[Broken]:
    """A matrix acts on a column: not W ⊙ [h, x], whose sizes differ."""
    for own in sketch.lines.values():
        for term in own.terms:
            if isinstance(term, Apply) and term.sign == "hadamard":
                why = "a matrix cannot multiply a vector component by component"
                yield at(own, term, "wrong_product", why, True)


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
                    f"one matrix, {name}, is applied to two different vectors",
                    True,
                )


def positive(sketch: Sketch) -> Iterator[Broken]:
    """Weights and biases are added: not W x - U h; -(W x + U h) subtracts none of the others."""
    why = "a weighted term is subtracted; the others are added"
    sums = [(own, s) for own in sketch.lines.values() for s in own.sums]
    minus = [
        Broken(own.name, before, part.term.stop, "wrong_sign", why, True)
        for own, s in sums
        if s.call is not None and any(part.sign > 0 for part in s.parts)
        for before, part in zip(_ends(s.call, s), s.parts, strict=True)
        if part.sign < 0 and isinstance(part.factors[-1], Apply | Par)
    ]
    yield from minus if sum(len(s.parts) for _, s in sums) >= 2 * len(minus) else ()


def _ends(call: Call, own: WeightedSum) -> list[int]:
    """Where ends what stands before each term of a sum and its sign."""
    return [call.head[1], *(part.term.stop for part in own.parts[:-1])]
