"""Products of weights: the sign between a weight and a column, and transposed weights."""

from __future__ import annotations

from collections.abc import Iterator

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.readable import Readable
from symgate.reading.terms import Apply, Par, Var, subterms


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _hadamard_weights(cell)
    yield from _transposes(cell)


def _hadamard_weights(cell: Readable) -> Iterator[FoundFault]:
    """⊙ between a weight and a concatenation, whose sizes differ."""
    for _, term in cell.terms():
        if isinstance(term, Apply) and term.sign == "hadamard":
            place = Edit(term.matrix.stop, term.vector.start, " ")
            why = "a matrix times a vector is no product component by component"
            yield cell.exchanged("wrong_product", why, place, " ", 0.7)


def _transposes(cell: Readable) -> Iterator[FoundFault]:
    """Row vectors with every input weight transposed and no recurrent one."""
    inputs: list[Apply] = []
    states: list[Apply] = []
    for _, term in cell.terms():
        if not (isinstance(term, Apply) and isinstance(term.matrix, Par) and term.row):
            continue
        variables = [v for v in subterms(term.vector) if isinstance(v, Var)]
        (states if any(v.time == -1 for v in variables) else inputs).append(term)
    if len(inputs) < 2 or len(states) < 2:
        return
    transposed = [t.matrix.transposed for t in inputs if isinstance(t.matrix, Par)]
    plain = [not t.matrix.transposed for t in states if isinstance(t.matrix, Par)]
    if not (all(transposed) and all(plain)):
        return
    for term in states:
        meant = f"({cell.printed(term.matrix.start, term.matrix.stop)}^T)"
        why = "the input weights are transposed, the recurrent ones are not"
        yield cell.exchanged("missing_transpose", why, term.matrix, meant, 0.6)
