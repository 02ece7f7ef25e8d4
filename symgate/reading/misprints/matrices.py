"""Which matrix acts on what: W on the input and U on the state, in every line alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from symgate.reading.faults import Edit, Fault
from symgate.reading.misprints.cell import Readable
from symgate.reading.terms import AnyTerm, Apply, Cat, Par, Times, Var, walk
from symgate.reading.understanding import Understood


def faults(cell: Readable) -> Iterator[Fault]:
    yield from _two_vectors(cell)
    yield from _one_vector(cell)


def _acted(cell: Readable, u: Understood) -> list[tuple[str, Par, Var]]:
    """The matrices of a line that act on one variable: how they are marked, and on what.

    The mark is the letter with what its index says beside the line: W_{hr} in the line of r
    is W_h.
    """
    found = []
    for term in walk(u.term) if u.term is not None else ():
        if not isinstance(term, Apply) or not isinstance(term.matrix, Par):
            continue
        vector = _seen(term.vector)
        if vector is None:
            continue
        target = u.line.target
        own = {target.letter, *target.labels, target.letter.lower()}
        labels = [label for label in term.matrix.ref.labels if label not in own]
        rest = [
            label[:-1] if len(label) > 1 and label[-1] in own
            else label[1:] if len(label) > 1 and label[0] in own else label
            for label in labels
        ]  # fmt: skip
        found.append(("_".join([term.matrix.ref.letter, *rest]), term.matrix, vector))
    return found


def _seen(term: AnyTerm) -> Var | None:
    """The variable that a matrix acts on, also through a gate: h of r ⊙ h."""
    if isinstance(term, Times):
        last = [f for f in term.factors if isinstance(f, Var) and f.time == -1]
        return last[0] if len(last) == 1 else None
    return term if isinstance(term, Var) else None


def _usual(cell: Readable, without: Understood) -> dict[str, tuple[str, int | None]]:
    """What each mark acts on in the other lines, where they agree and are two at least."""
    uses: dict[str, Counter[tuple[str, int | None]]] = {}
    for u in cell.found.lines:
        if u is without:
            continue
        for mark, _, vector in _acted(cell, u):
            uses.setdefault(mark, Counter())[vector.name, vector.time] += 1
    return {
        mark: next(iter(counts)) for mark, counts in uses.items()
        if len(counts) == 1 and counts.total() >= 2
    }  # fmt: skip


def _one_vector(cell: Readable) -> Iterator[Fault]:
    """Two matrices on one vector, of which one acts on another in every other line."""
    for u in cell.found.lines:
        acted = _acted(cell, u)
        counts = Counter((v.name, v.time) for _, _, v in acted)
        usual = _usual(cell, u)
        for mark, _, vector in acted:
            wanted = usual.get(mark)
            if counts[vector.name, vector.time] < 2 or wanted is None:
                continue
            if wanted == (vector.name, vector.time) or wanted in counts:
                continue
            model = next((v for _, v in cell.variables() if (v.name, v.time) == wanted), None)
            if model is None:
                continue
            printed = cell.printed(vector.start, vector.stop)
            meant = cell.printed(model.start, model.stop)
            yield Fault(
                "wrong_symbol", f"{mark} acts on {model.name} in every other line",
                vector.start, vector.stop, printed, meant,
                (Edit(vector.start, vector.stop, meant),), 0.8,
            )  # fmt: skip


def _two_vectors(cell: Readable) -> Iterator[Fault]:
    """One matrix that acts on the input and on a state in the same line."""
    for u in cell.found.lines:
        if u.term is None:
            continue
        acted: dict[str, list[Apply]] = {}
        for term in walk(u.term):
            if (
                isinstance(term, Apply)
                and isinstance(term.matrix, Par)
                and not isinstance(term.vector, Cat)
            ):
                acted.setdefault(term.matrix.name, []).append(term)
        for name, uses in acted.items():
            kinds = {
                "state" if v.time == -1 else "input"
                for term in uses for v in walk(term.vector)
                if isinstance(v, Var) and (v.time == -1 or v.name in cell.found.context.inputs)
            }  # fmt: skip
            if len(uses) > 1 and len(kinds) > 1:
                par = uses[1].matrix
                printed = cell.printed(par.start, par.stop)
                meant = _other_letter(cell, u, uses)
                yield Fault(
                    "symbol_reused", f"one matrix {name} acts on the input and on the state",
                    par.start, par.stop, printed, meant,
                    (Edit(par.start, par.stop, meant),) if meant else (), 0.8,
                )  # fmt: skip


def _other_letter(cell: Readable, u: Understood, uses: list[Apply]) -> str:
    """The second matrix with the letter that acts on its vector in the other lines."""
    par, vector = uses[1].matrix, uses[1].vector
    if not isinstance(par, Par) or not isinstance(vector, Var):
        return ""
    wanted = (vector.name, vector.time)
    letters = {mark for mark, usual in _usual(cell, u).items() if usual == wanted}
    letter = next(iter(letters)) if len(letters) == 1 else ""
    if len(letter) != 1 or letter == par.ref.letter:
        return ""
    return cell.printed(par.start, par.stop).replace(par.ref.letter, letter, 1)
