"""What holds of functions: gates have one, and what they weigh has another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.sketch import Facts, Sketch
from symgate.reading.structure import affine
from symgate.reading.terms import Call, Var


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
    for name in sketch.parts.gates - sketch.parts.candidates if most > 1 == len(counts) else ():
        bare = sketch.lines.get(name)
        if bare is None or isinstance(bare.term, Call) or not affine(bare.term):
            continue
        if any(v.time == -1 for v in bare.variables):
            why = f"{name} has no function, and the other gates have"
            yield at(bare, bare.term, "missing_activation", why)
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


def bent(sketch: Sketch) -> Iterator[Broken]:
    """A candidate that reads the last state has a function, as the gates have: not U (r ⊙ h)."""
    gates = [sketch.lines[n].term for n in sketch.parts.gates & sketch.lines.keys()]
    for name in sketch.parts.candidates - sketch.parts.gates - sketch.states:
        own = sketch.lines.get(name)
        bare = own is not None and not isinstance(own.term, Call) and affine(own.term)
        if own is None or not bare or not all(isinstance(t, Call) for t in gates):
            continue
        if any(v.time == -1 and v.name in sketch.states for v in own.variables):
            why = f"{name} has no function, and the gates have"
            yield at(own, own.term, "missing_activation", why, True)


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


def _jozefowicz(sketch: Sketch, own: Facts) -> bool:
    """An output gate with tanh beside i for the input and j for its gate, as published in 2015."""
    shown = any(
        own.name in {v.name for v in sketch.lines[name].variables}
        for name in sketch.parts.outputs
        if name in sketch.lines
    )
    return shown and {"i", "j"} <= sketch.lines.keys()
