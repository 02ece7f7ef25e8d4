"""One slip of a line taken back, and what the changes of a line are made with.

A change knows the term that it puts in place of another and the characters that it edits, so
that the same slip is mended in the sketch and in the document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from symgate.reading.faults import Edit
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Facts, Sketch
from symgate.reading.terms import AnyTerm, Num, Plus, Times, Var, children

#: How likely each kind of slip is, beside the others.
PRIOR = {
    "wrong_time_index": 0.9,
    "extra_tilde": 0.9,
    "missing_tilde": 0.9,
    "wrong_activation": 0.85,
    "wrong_sign": 0.8,
    "missing_complement": 0.8,
    "wrong_operator": 0.8,
    "missing_factor": 0.7,
    "spurious_factor": 0.65,
    "missing_term": 0.7,
    "spurious_term": 0.5,
    "wrong_gate": 0.75,
    "wrong_state": 0.6,
    "wrong_symbol": 0.6,
    "swapped_gates": 0.55,
    "misplaced_parenthesis": 0.75,
    "missing_weight": 0.7,
    "concatenation_became_sum": 0.7,
    "bias_outside_activation": 0.85,
    "spurious_activation": 0.7,
    "missing_activation": 0.8,
    "misplaced_reset": 0.75,
    "misplaced_factor": 0.75,
    "case_mismatch": 0.8,
    "symbol_reused": 0.7,
    "shape_mismatch": 0.8,
    "wrong_equation": 0.4,
}


@dataclass(frozen=True)
class Change:
    """One slip taken back: in which line, what was meant, and how it is written."""

    line: str
    old: AnyTerm
    term: AnyTerm
    kind: str
    edits: tuple[Edit, ...]
    start: int
    stop: int
    meant: str

    @property
    def prior(self) -> float:
        return PRIOR.get(self.kind, 0.5)


class Maker:
    """Makes the changes of one line."""

    def __init__(self, sketch: Sketch, own: Facts, printing: Printing) -> None:
        self.sketch, self.own, self.printing = sketch, own, printing

    def change(self, old: AnyTerm, new: AnyTerm, kind: str, meant: str, *edits: Edit) -> Change:
        """The line with one term exchanged; without edits the term's own text is replaced."""
        edits = edits or (Edit(old.start, old.stop, meant),)
        term = exchanged(self.own.term, old, new)
        return Change(self.own.name, old, term, kind, edits, old.start, old.stop, meant)

    def shown(self, term: AnyTerm) -> str:
        return self.printing.printed(term.start, term.stop)

    def complemented(self, product: AnyTerm, meant: str) -> tuple[AnyTerm, str]:
        """(1 - z) ⊙ g for z ⊙ g."""
        assert isinstance(product, Times)
        gate, *rest = product.factors
        other = Plus(0, 0, ((1, Num(0, 0, "1")), (-1, gate)))
        shown, sign, tail = meant.partition(f" {self.printing.sign} ")
        return replace(product, factors=(other, *rest)), f"(1 - {shown}){sign}{tail}"

    def multiplied(self, gate: str, term: AnyTerm) -> tuple[AnyTerm, str]:
        line = self.sketch.lines[gate].u
        own = Var(0, 0, gate, line.time, line.line.target)
        meant = f"{self.printing.name(gate, 0)} {self.printing.sign} {self.shown(term)}"
        return Times(term.start, term.stop, (own, term), ("hadamard",)), meant


def exchanged(term: AnyTerm, old: AnyTerm, new: AnyTerm) -> AnyTerm:
    """A term with one of its terms, known by its identity, exchanged for another."""
    if term is old:
        return new
    if not any(term_holds(child, old) for child in children(term)):
        return term
    values: dict[str, Any] = {}
    for name in ("matrix", "vector", "argument", "above", "below", "base"):
        inner = getattr(term, name, None)
        if inner is not None and not isinstance(inner, str):
            values[name] = exchanged(inner, old, new)
    for name in ("factors", "parts"):
        inner = getattr(term, name, None)
        if inner is not None:
            values[name] = tuple(exchanged(t, old, new) for t in inner)
    if isinstance(term, Plus):
        values["terms"] = tuple((sign, exchanged(t, old, new)) for sign, t in term.terms)
    return replace(term, **values)


def term_holds(term: AnyTerm, old: AnyTerm) -> bool:
    """Whether a term stands in another, known by its identity."""
    return term is old or any(term_holds(child, old) for child in children(term))
