"""Activations without a name of their own, as σ and f: the functions that they stand for."""

from __future__ import annotations

from dataclasses import replace

from symgate.reading.structure import Structure
from symgate.reading.terms import AnyTerm, Call, mapped, subterms
from symgate.reading.understood import Understanding


def resolve(found: Understanding, parts: Structure) -> None:
    """Give the activations without a name of their own their functions."""
    functions = _meant(found, parts)
    for part in (found.lines, found.outputs, found.doubled):
        for i, u in enumerate(part):
            if u.term is None:
                continue
            name = u.name

            def known(term: AnyTerm, name: str = name) -> AnyTerm:
                if isinstance(term, Call) and (term.assumed or term.function == "?"):
                    function = functions.get((name, term.printed), "tanh")
                    return replace(term, function=function)
                return term

            part[i] = replace(u, term=mapped(u.term, known))


def _meant(found: Understanding, parts: Structure) -> dict[tuple[str, str], str]:
    """The function that each activation without a name of its own stands for.

    One that makes a gate anywhere is a sigmoid in every line; the others are tanh. A letter
    such as f, which says only that there is an activation, is tanh in a candidate's line.
    """
    makes_gate: set[str] = set()
    for u in found.lines:
        if isinstance(u.term, Call) and u.name in parts.gates - parts.candidates:
            makes_gate.add(u.term.printed)
    result = {}
    for u in [*found.lines, *found.outputs, *found.doubled]:
        for term in subterms(u.term) if u.term is not None else ():
            if isinstance(term, Call) and (term.assumed or term.function == "?"):
                top = term is u.term and u.name in parts.gates
                shared = term.printed in makes_gate and not (
                    u.name in parts.candidates and not term.printed.startswith("sigma")
                )
                gate = top or shared
                result[u.name, term.printed] = "sigmoid" if gate else "tanh"
    return result
