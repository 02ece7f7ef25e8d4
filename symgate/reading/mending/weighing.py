"""What holds of products: one factor weighs, one is weighed, and weights stand in sums alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.sketch import Facts, Sketch, times
from symgate.reading.structure import affine, complement
from symgate.reading.terms import AnyTerm, Apply, Call, Par, Plus, Times, Var


def weighs(sketch: Sketch) -> Iterator[Broken]:
    """One factor weighs and one is weighed: not tanh(…) ⊙ tanh(…), not σ(…) ⊙ σ(…)."""
    if "s" in sketch.lines or {"i", "j"} <= sketch.lines.keys():
        return  # Goodfellow et al. have σ before a memory s; the form of 2015 has tanh for a gate
    for own in sketch.lines.values():
        for term in own.terms:
            factors = times(term)
            kinds = [_function(sketch, f) for f in factors]
            if len(factors) == 2 and kinds[0] == kinds[1] and kinds[0]:
                line, call = _the_odd_one(sketch, own, factors, kinds[0])
                if call is not None and not call.assumed:
                    why = f"both factors of the product have the activation {kinds[0]}"
                    yield at(line, call, "wrong_activation", why, True)


def _function(sketch: Sketch, factor: AnyTerm) -> str:
    """The function that a factor is the value of: sigmoid or tanh; "" for anything else."""
    if isinstance(factor, Var) and factor.name in sketch.parts.states:
        return ""
    line = sketch.lines.get(factor.name) if isinstance(factor, Var) else None
    inner = complement(factor)
    if inner is not None:
        return _function(sketch, inner)
    call = line.term if line is not None else factor
    known = isinstance(call, Call) and call.function in ("sigmoid", "tanh")
    return call.function if known and isinstance(call, Call) else ""


def _the_odd_one(
    sketch: Sketch, own: Facts, factors: Sequence[AnyTerm], kind: str
) -> tuple[Facts, Call | None]:
    """Of two factors with one function the one that should have the other."""
    chosen = factors[-1] if kind == "sigmoid" else factors[0]
    weighed = [f for f in factors if isinstance(f, Var) and f.ref.letter not in "iforuz"]
    if kind == "sigmoid" and len(weighed) == 1:
        chosen = weighed[0]
    if isinstance(chosen, Var):
        line = sketch.lines[chosen.name]
        return line, line.term if isinstance(line.term, Call) else None
    return own, chosen if isinstance(chosen, Call) else None


def summed(sketch: Sketch) -> Iterator[Broken]:
    """A weight stands in a sum alone: not U h ⊙ p ⊙ c, not b ⊙ r ⊙ (U h), not U h ⊙ b."""
    for own in sketch.lines.values():
        for term in own.terms:
            factors = times(term)
            acted = [i for i, f in enumerate(factors) if isinstance(f, Apply)]
            behind = any(_is_vector(f) for f in factors[acted[0] :]) if acted else False
            opened = any(isinstance(f, Plus) and affine(f) for f in factors)
            before = opened and len(factors) > 2 and _is_vector(factors[0])
            if behind or before or _is_bare(term):
                why = "a bias or weight multiplies a weighted term"
                yield at(own, term, "wrong_operator", why, True)


def _is_bare(term: AnyTerm) -> bool:
    """Whether a weight multiplies what a matrix acts on, with no brackets around both."""
    inner = term.vector if isinstance(term, Apply) else None
    return (
        isinstance(inner, Times)
        and inner.start == inner.factors[0].start
        and any(map(_is_vector, inner.factors))
    )


def acted(sketch: Sketch) -> Iterator[Broken]:
    """@ stands between a weight and what it acts on: not r @ h for a gate r."""
    for own in sketch.lines.values():
        for term in own.terms:
            factors = times(term)
            plain = all(isinstance(f, Var) and f.ref.letter.islower() for f in factors)
            gate = any(_function(sketch, f) == "sigmoid" for f in factors)
            if isinstance(term, Times) and "at" in term.signs and plain and gate:
                why = "two vectors are joined by a matrix product"
                yield at(own, term, "wrong_operator", why, True)


def _is_vector(factor: AnyTerm) -> bool:
    return isinstance(factor, Par) and factor.kind == "vector"


def alike(sketch: Sketch) -> Iterator[Broken]:
    """Two gates read the same, and what they weigh reads no more: not z = σ(U h) for W x + U h."""
    no_gates = sketch.parts.candidates | sketch.states | set(sketch.parts.outputs)
    every = [(own, s) for own in sketch.lines.values() for s in own.sums]
    gates = [(own, s) for own, s in every if own.name not in no_gates]
    inner = [(own, s) for own, s in every if own.name in sketch.parts.candidates]
    sources = frozenset(name for _, s in (*gates, *inner) for name in sketch.sources(s))
    if not 0 < len(gates) < 3:
        return
    for own, s in gates:
        if len(sketch.sources(s)) == 1 < len(sources):
            why = f"{own.name} does not read everything that the others read"
            yield Broken(own.name, s.start, s.stop, "missing_term", why)
    for own, s in inner:
        if not sketch.sources(s) & sketch.entering and sources & sketch.entering:
            yield Broken(own.name, s.start, s.stop, "missing_term", f"{own.name} reads no input")
