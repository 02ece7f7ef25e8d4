"""What holds of functions: gates have one, and what they weigh has another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from symgate.reading.mending.broken import Broken, at
from symgate.reading.mending.sketch import Facts, Sketch
from symgate.reading.structure import affine
from symgate.reading.terms import Call, Var


def like_functions(sketch: Sketch) -> Iterator[Broken]:
    """Gates have one function: not o = tanh(…) beside three σ."""
    gates, usual, most = _gates(sketch)
    for own, call in gates:
        odd = call.function != usual and most > 1 and not call.assumed
        if odd and not _jozefowicz(sketch, own):
            why = f"{own.name} has a different activation from the other gates"
            yield at(own, call, "wrong_activation", why)


def functions_of_gates(sketch: Sketch) -> Iterator[Broken]:
    """A gate that reads the last state has a function, as the others have: not i = W x + U h."""
    gates, _, most = _gates(sketch)
    alike = 1 < len(gates) == most
    for name in sketch.parts.gates - sketch.parts.candidates if alike else ():
        own = sketch.lines.get(name)
        if own is None or isinstance(own.term, Call) or not affine(own.term):
            continue
        if any(v.time == -1 for v in own.variables):
            why = f"{name} has no activation; the other gates have one"
            yield at(own, own.term, "missing_activation", why)


def unlike_gates(sketch: Sketch) -> Iterator[Broken]:
    """What a gate weighs has another function than gates: not c = f ⊙ c + i ⊙ σ(…)."""
    _, usual, _ = _gates(sketch)
    for own in sketch.lines.values() if usual == "sigmoid" else ():
        for term in own.terms:
            if not isinstance(term, Call) or term.assumed or term.function != "sigmoid":
                continue
            if _weighed(sketch, own, term) or _shows(sketch, own, term):
                why = "what a gate multiplies has the activation of a gate"
                yield at(own, term, "wrong_activation", why, True)


def _gates(sketch: Sketch) -> tuple[list[tuple[Facts, Call]], str, int]:
    """The gates that are functions, the function of most, and of how many."""
    names = sketch.parts.gates - sketch.parts.candidates
    lines = [sketch.lines[n] for n in names if n in sketch.lines]
    gates = [(own, own.term) for own in lines if isinstance(own.term, Call)]
    counts = Counter(call.function for _, call in gates)
    usual, most = counts.most_common(1)[0] if counts else ("", 0)
    return gates, usual, most


def bent(sketch: Sketch) -> Iterator[Broken]:
    """A candidate that reads the last state has a function, as the gates have: not U (r ⊙ h)."""
    gates = [sketch.lines[n].term for n in sketch.parts.gates & sketch.lines.keys()]
    for name in sketch.parts.candidates - sketch.parts.gates - sketch.states:
        own = sketch.lines.get(name)
        bare = own is not None and not isinstance(own.term, Call) and affine(own.term)
        if own is None or not bare or not all(isinstance(t, Call) for t in gates):
            continue
        if any(v.time == -1 and v.name in sketch.states for v in own.variables):
            why = f"{name} has no activation; the gates have one"
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
