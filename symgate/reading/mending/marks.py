"""Weights and biases: an index of another gate, one weight for two things.

Each line's parameters share a mark, as the z in W_z, U_z, b_z or in W_{xz}, W_{hz}. Where
all other lines keep to that and one parameter does not, its index is a slip.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.readable import Readable
from symgate.reading.terms import Apply, Par, Var, walk
from symgate.reading.understood import Understood


def faults(cell: Readable) -> Iterator[FoundFault]:
    yield from _indices(cell)
    yield from _turned(cell)
    yield from _hadamard_weights(cell)
    yield from _transposes(cell)


def _labels(par: Par) -> frozenset[str]:
    """The marks in a parameter's index, one for each letter of it."""
    ref = par.ref
    labels = list(ref.labels)
    if not labels and len(ref.letter) > 1 and ref.letter.isalnum():
        labels = [ref.letter[1:]]
    found: set[str] = set()
    for label in labels:
        for part in label.split("_"):
            found.add(part)
            found.update(part)
    return frozenset(found)


def _own_letters(u: Understood) -> set[str]:
    """The letters by which a line may mark its parameters."""
    target = u.line.target
    return {
        target.letter,
        target.letter.lower(),
        target.letter.upper(),
        *target.labels,
        *"".join(target.labels),
    }


def _marks(cell: Readable) -> dict[str, tuple[str, list[Par]]]:
    """For each line the mark that most of its parameters bear, and the parameters."""
    lines, timed = {}, cell.timed()
    for u in cell.found.lines:
        every = [p for p in cell.parameters(u) if _labels(p) and p.kind != "scalar"]
        parameters = [p for p in every if p.ref.letter not in timed]
        if parameters:
            lines[u.name] = (u, parameters)
    spread = Counter(
        mark for _, parameters in lines.values() for mark in set().union(*map(_labels, parameters))
    )
    result: dict[str, tuple[str, list[Par]]] = {}
    for name, (u, parameters) in lines.items():
        counts = Counter(mark for p in parameters for mark in _labels(p))
        own = _own_letters(u)
        best = max(
            counts,
            key=lambda mark: (counts[mark], mark in own, -spread[mark], len(mark) == 1, mark),
        )
        result[name] = (best, parameters)
    return result


def _indices(cell: Readable) -> Iterator[FoundFault]:
    marks = _marks(cell)
    if len(marks) < 2:
        return
    for u in cell.found.lines:
        if u.name not in marks:
            continue
        mark, parameters = marks[u.name]
        others = {name: value for name, value in marks.items() if name != u.name}
        if not _others_agree(others):
            continue
        strangers = [p for p in parameters if mark not in _labels(p)]
        if _by_vector(u):
            continue
        if strangers:
            of_other = mark in _own_letters(u) and _is_mark(strangers[0], others)
            if (
                (len(marks) > 2 or of_other)
                and len(strangers) < len(parameters)
                and _trusted(u, mark, parameters, strangers, others)
            ):
                for par in strangers:
                    yield _fault(cell, u, par, mark, others)
            continue
        yield from _borrowed(cell, u, mark, parameters, others)


def _turned(cell: Readable) -> Iterator[FoundFault]:
    """W_{fh}, where all others are W_{hi}, W_{ho}, W_{hc}: an index the wrong way round."""
    marks = _marks(cell)
    pairs = [
        (par, label.index(mark))
        for mark, parameters in marks.values()
        for par in parameters
        for label in par.ref.labels
        if len(label) == 2 and len(set(label)) == 2 and mark in label and par.kind == "matrix"
    ]
    for side in (0, 1):
        odd = [par for par, at in pairs if at == side]
        if len(odd) == 1 and len(pairs) > 4:
            (par,) = odd
            printed = cell.printed(par.start, par.stop)
            label = next(x for x in par.ref.labels if len(x) == 2)
            meant = printed.replace(label, label[::-1])
            why = "the two letters of all other indices stand the other way round"
            yield cell.exchanged("wrong_weight_index", why, par, meant, 0.85)


def _others_agree(others: Mapping[str, tuple[str, list[Par]]]) -> bool:
    """Whether nearly all parameters of the other lines bear their line's mark."""
    found = [(mark in _labels(p)) for mark, parameters in others.values() for p in parameters]
    distinct = len({mark for mark, _ in others.values()})
    return sum(found) >= 0.8 * len(found) and distinct >= len(others) - 1


def _trusted(
    u: Understood,
    mark: str,
    parameters: list[Par],
    strangers: list[Par],
    others: Mapping[str, tuple[str, list[Par]]],
) -> bool:
    """Whether a line's mark is sure: two parameters bear it, or it is the line's own letter."""
    bearing = len(parameters) - len(strangers)
    if len(strangers) > 1:
        return False
    if bearing >= 2:
        return True
    simple = all(len(_labels(p)) == 1 for _, own in others.values() for p in own)
    return mark in _own_letters(u) and (simple or _is_mark(strangers[0], others))


def _is_mark(par: Par, others: Mapping[str, tuple[str, list[Par]]]) -> bool:
    return any(other in _labels(par) for other, _ in others.values())


def _fault(
    cell: Readable, u: Understood, par: Par, mark: str, others: Mapping[str, tuple[str, list[Par]]]
) -> FoundFault:
    kind = "wrong_weight_index" if par.kind == "matrix" else "wrong_bias_index"
    printed = cell.printed(par.start, par.stop)
    wrong = next((m for m, _ in others.values() if m in _labels(par)), None)
    meant = _with_mark(printed, wrong, mark)
    edits = (Edit(par.start, par.stop, meant),) if meant != printed else ()
    why = f"the other parameters of {u.name} bear the index {mark}"
    return FoundFault(kind, why, par.start, par.stop, printed, meant, edits, 0.85)


def _with_mark(printed: str, wrong: str | None, mark: str) -> str:
    """A parameter as printed, with another mark in its index."""
    head, sign, index = printed.partition("_" if "_" in printed else "^")
    if not sign:
        head, index = printed[:1], printed[1:]
    if wrong is not None and wrong in index:
        return head + sign + index[::-1].replace(wrong[::-1], mark[::-1], 1)[::-1]
    return head + sign + re.sub(r"[A-Za-z]+", mark, index, count=1)


def _borrowed(
    cell: Readable,
    u: Understood,
    mark: str,
    parameters: list[Par],
    others: Mapping[str, tuple[str, list[Par]]],
) -> Iterator[FoundFault]:
    """A line whose parameters are all those of another line."""
    own = _own_letters(u)
    if mark in own or len(mark) != 1:
        return
    for name, (other, theirs) in others.items():
        line = cell.found.line(name)
        if line is None or other != mark or mark not in _own_letters(line):
            continue
        shared = {p.name for p in parameters} & {p.name for p in theirs}
        if len(shared) < min(2, len({p.name for p in parameters})):
            continue
        letter = u.line.target.labels[0] if u.line.target.labels else u.line.target.letter
        for par in parameters[:1]:
            yield _fault(cell, u, par, letter.lower(), others)
        return


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
        variables = [v for v in walk(term.vector) if isinstance(v, Var)]
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


def _by_vector(u: Understood) -> bool:
    """Whether each matrix of a line bears only the letter of what it acts on: W_m m + W_u u."""
    applied = (
        [
            (t.matrix, t.vector)
            for t in walk(u.term)
            if isinstance(t, Apply) and isinstance(t.matrix, Par) and isinstance(t.vector, Var)
        ]
        if u.term is not None
        else []
    )
    return len(applied) > 1 and all(
        {label for label in _labels(m) if len(label) == 1} == {v.name} for m, v in applied
    )
