"""The one place in which a cell differs from a known one: what stands there was not meant.

Every variable of a cell is exchanged for another, every sign and activation for its
opposite, one at a time, until the cell is one of the common cells. A gate that is defined
and that nothing reads must be the one that is missing somewhere, so that it is tried first.
Cells that are in the zoo as they stand, with nothing left over, are never asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from symgate.cells import cell as zoo_cell
from symgate.comparing.comparison import normal_form
from symgate.comparing.normal import Normal, normal
from symgate.comparing.search import best
from symgate.comparing.views import fits
from symgate.equations.cell import Cell
from symgate.errors import EquationError
from symgate.reading.faults import Edit, Fault
from symgate.reading.misprints.cell import Readable
from symgate.reading.misprints.times import stepped
from symgate.reading.relation import BEYOND, fingerprint
from symgate.reading.structure import affine, complement, factors, variables
from symgate.reading.terms import (
    Add,
    AnyTerm,
    Apply,
    Call,
    Num,
    Times,
    Var,
    children,
    mapped,
    text,
    time_text,
    walk,
)
from symgate.reading.understanding import Understood

#: The cells that people mean to write.
MEANT = ("lstm", "lstm-peephole", "lstm-coupled", "gru", "gru-z-takes-new", "gru-reset-after",
         "mgu")  # fmt: skip
#: The most exchanges that are tried.
MOST = 300


@dataclass(frozen=True)
class Exchange:
    """A term, what may have been meant in its place, and how that is written."""

    line: Understood
    old: AnyTerm
    new: AnyTerm
    kind: str
    why: str
    edits: tuple[Edit, ...]
    meant: str


def left_over(cell: Readable) -> list[Understood]:
    """Gates and candidates that are defined and that nothing reads."""
    read = {v.name for u in cell.found.lines if u.term is not None for v in variables(u.term)}
    states = {v.name for _, v in cell.variables() if v.time == -1} | set(cell.parts.states)
    return [
        u for u in cell.found.outputs
        if isinstance(u.term, Call) and affine(u.term) and u.name not in read
        and any(v.time == -1 and v.name in states for v in variables(u.term))
    ]  # fmt: skip


def fault(cell: Readable) -> Fault | None:
    """The one misprint that makes a cell differ from a common one, or None."""
    spare = left_over(cell)
    tried = 0
    others = _others(cell) if _is_like_one(cell) else ()
    for chosen, certainty in ((_with_spare(cell, spare), 0.85), (others, 0.7)):
        for exchange in chosen:
            tried += 1
            if tried > MOST:
                return None
            if _is_common(cell, exchange, spare):
                old = exchange.old
                return Fault(
                    exchange.kind, exchange.why, old.start, old.stop,
                    cell.printed(old.start, old.stop), exchange.meant, exchange.edits, certainty,
                )  # fmt: skip
    return None


# -- what is tried ----------------------------------------------------------------------


def _with_spare(cell: Readable, spare: Sequence[Understood]) -> Iterator[Exchange]:
    """Every place where a gate that nothing reads may have been forgotten or miswritten."""
    sign = cell.sign()
    for gate in spare:
        own = Var(0, 0, gate.name, gate.time, gate.line.target)
        printed = cell.printed(gate.line.target.start, gate.line.target.stop)
        for u, var, _ in sorted(_places(cell), key=lambda p: not _suits(cell, gate, p[0])):
            why = f"nothing reads {gate.name}, which is defined; it must stand here"
            kind = "wrong_gate" if var.name in cell.parts.gates else "wrong_symbol"
            if var.time != -1:
                yield Exchange(u, var, replace(own, start=var.start, stop=var.stop), kind, why,
                               (Edit(var.start, var.stop, printed),), printed)  # fmt: skip
        for u, term, inside in _factors_to_be(cell):
            why = f"nothing reads {gate.name}, which is defined; it must multiply here"
            bare = cell.printed(term.start, term.stop)
            meant = f"({printed} {sign} {bare})" if inside else f"{printed} {sign} {bare}"
            times = Times(term.start, term.stop, (own, term), ("hadamard",))
            yield Exchange(u, term, times, "missing_factor", why,
                           (Edit(term.start, term.stop, meant),), meant)  # fmt: skip


def _suits(cell: Readable, gate: Understood, u: Understood) -> bool:
    """Whether a gate of this letter has its place in such a line: o where the memory is shown."""
    letters = {gate.line.target.letter.lower(), *gate.line.target.labels}
    if u.name in cell.parts.outputs:
        return "o" in letters
    if u.name in cell.parts.carried:
        return bool(letters & {"f", "i", "g", "z", "u"})
    return u.name in cell.parts.candidates and "r" in letters


def _others(cell: Readable) -> Iterator[Exchange]:
    """Every exchange of one variable, sign, or activation."""
    states = list(dict.fromkeys([*cell.parts.states, *(
        v.name for _, v in cell.variables() if v.time == -1 and cell.found.line(v.name)
    )]))  # fmt: skip
    names = [u.name for u in cell.found.lines]
    inputs = {v.name for _, v in cell.variables() if v.name not in names and v.time == 0}
    for u, var, acted in _places(cell):
        wanted = [(s, -1) for s in states]
        wanted += [(x, 0) for x in inputs] if acted else [(n, 0) for n in names]
        for name, time in wanted:
            if (name, time) == (var.name, var.time or 0):
                continue
            yield from _variable(cell, u, var, name, time)
    for u, term in cell.terms():
        yield from _signs(cell, u, term)


def _variable(cell: Readable, u: Understood, var: Var, name: str, time: int) -> Iterator[Exchange]:
    printed = _printed(cell, name, time)
    if not printed:
        return
    kind = "wrong_time_index" if name == var.name else (
        "wrong_state" if time == -1 else "wrong_gate" if name in cell.parts.gates
        else "wrong_symbol"
    )  # fmt: skip
    line = cell.found.line(name)
    at = line.time if line is not None and time == 0 else time
    new = replace(var, name=name, time=at)
    why = f"with {name}{time_text(time)} here this is a cell that is known"
    yield Exchange(u, var, new, kind, why, (Edit(var.start, var.stop, printed),), printed)


def _signs(cell: Readable, u: Understood, term: AnyTerm) -> Iterator[Exchange]:
    """1 + z for 1 - z, z + h for z ⊙ h, z for 1 - z, and a factor too many."""
    if isinstance(term, Add):
        for i, ((s1, one), (s2, other)) in enumerate(pairwise(term.terms)):
            between = cell.printed(one.stop, other.start)
            if between.strip() != "+":
                continue
            at = one.stop + between.index("+")
            if isinstance(one, Num) and s1 == s2 == 1:
                terms = (*term.terms[: i + 1], (-1, other), *term.terms[i + 2 :])
                new: AnyTerm = replace(term, terms=terms)
                yield Exchange(u, term, new, "wrong_operator", "1 minus the gate is meant",
                               (Edit(at, at + 1, "-"),), _edited(cell, term, at, "-"))  # fmt: skip
            elif isinstance(one, Var) and isinstance(other, Var) and s2 == 1:
                product = Times(one.start, other.stop, (one, other), ("",))
                rest = (*term.terms[:i], (s1, product), *term.terms[i + 2 :])
                new = replace(term, terms=rest) if len(rest) > 1 else product
                sign = cell.sign()
                meant = _edited(cell, term, at, sign)
                yield Exchange(u, term, new, "wrong_operator", "a product is meant",
                               (Edit(at, at + 1, sign),), meant)  # fmt: skip
    if isinstance(term, Times):
        for factor in factors(term):
            inner = complement(factor)
            printed = cell.printed(factor.start, factor.stop)
            if isinstance(factor, Var) and factor.name in cell.parts.gates:
                one = Num(factor.start, factor.start, "1")
                new = Add(factor.start, factor.stop, ((1, one), (-1, factor)))
                meant = f"(1 - {printed})"
            elif inner is not None:
                new, meant = inner, cell.printed(inner.start, inner.stop)
            else:
                continue
            yield Exchange(u, factor, new, "missing_complement", "the other side of the gate",
                           (Edit(factor.start, factor.stop, meant),), meant)  # fmt: skip


def _edited(cell: Readable, term: AnyTerm, at: int, sign: str) -> str:
    return cell.printed(term.start, at) + sign + cell.printed(at + 1, term.stop)


# -- where ------------------------------------------------------------------------------


def _places(cell: Readable) -> Iterator[tuple[Understood, Var, bool]]:
    """Every variable in the lines, and whether a matrix acts on it alone."""
    for u in cell.found.lines:
        if u.term is None:
            continue
        acted = {
            id(v) for t in walk(u.term) if isinstance(t, Apply)
            for v in (t.vector, *children(t.vector)) if isinstance(v, Var)
        }  # fmt: skip
        for term in walk(u.term):
            if isinstance(term, Var):
                yield u, term, id(term) in acted


def _factors_to_be(cell: Readable) -> Iterator[tuple[Understood, AnyTerm, bool]]:
    """Terms that a gate may multiply: a last value under a matrix, and terms of an update."""
    for u in cell.found.lines:
        if u.term is None:
            continue
        for term in walk(u.term):
            if isinstance(term, Apply) and isinstance(term.vector, Var) and term.vector.time == -1:
                yield u, term.vector, True
            elif isinstance(term, Apply) and u.name in cell.parts.candidates:
                yield u, term, False
        if u.name in cell.parts.carried:
            parts = [t for _, t in u.term.terms] if isinstance(u.term, Add) else [u.term]
            yield from ((u, part, False) for part in parts)
        elif u.name in cell.parts.outputs:
            yield u, u.term, False


def _printed(cell: Readable, name: str, time: int) -> str:
    """How the author writes a name at a time."""
    for _, var in cell.variables():
        if var.name == name and (var.time or 0) == time:
            return cell.printed(var.start, var.stop)
    line = cell.found.line(name)
    if line is None:
        return ""
    target = line.line.target
    if time == 0:
        return cell.printed(target.start, target.stop)
    return stepped(cell, Var(target.start, target.stop, name, 0, target), -1)[0]


# -- whether it helps -------------------------------------------------------------------


def _is_like_one(cell: Readable) -> bool:
    """Whether a cell has the activations of a common one, so that an exchange may help."""
    lines = [f"{u.name}{time_text(u.time)} = {text(u.term)}" for u in cell.found.lines if u.term]
    try:
        own = normal(Cell.from_text("\n".join(lines)))
    except EquationError:
        return True
    except BEYOND:
        return False
    return any(fingerprint(known)[2:] == fingerprint(own)[2:] for known in _common())


def _is_common(cell: Readable, exchange: Exchange, spare: Sequence[Understood]) -> bool:
    """Whether a cell with one term exchanged is a common cell, perhaps without biases."""
    lines: dict[str, str] = {}
    for u in [*cell.found.lines, *spare]:
        if u.term is None:
            return False
        term = _exchanged(u.term, exchange) if u is exchange.line else u.term
        lines[u.name] = f"{u.name}{time_text(u.time)} = {text(term)}"
    source = "\n".join(_needed(lines, spare))
    try:
        own = normal(Cell.from_text(source))
        key = fingerprint(own)
        return any(_same(known, own) for known in _common() if fingerprint(known) == key)
    except (EquationError, *BEYOND):
        return False


def _exchanged(term: AnyTerm, exchange: Exchange) -> AnyTerm:
    place = (exchange.old.start, exchange.old.stop)

    def change(inner: AnyTerm) -> AnyTerm:
        same = (inner.start, inner.stop) == place and type(inner) is type(exchange.old)
        return exchange.new if same else inner

    return mapped(term, change)


def _needed(lines: dict[str, str], spare: Sequence[Understood]) -> list[str]:
    """The lines without those that still nothing reads."""
    names = {u.name for u in spare}
    kept = dict(lines)
    while True:
        unread = [
            name for name in names & kept.keys()
            if not any(
                re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line.split(" = ", 1)[1])
                for other, line in kept.items() if other != name
            )
        ]  # fmt: skip
        if not unread:
            return list(kept.values())
        for name in unread:
            del kept[name]


@lru_cache(maxsize=1)
def _common() -> tuple[Normal, ...]:
    return tuple(normal_form(zoo_cell(name)) for name in MEANT)


def _same(known: Normal, own: Normal) -> bool:
    """Whether a cell is a known one, with biases that are zero at most."""
    found = best(known, own, ("exact", "outside")) if fits(own, known) else None
    if found is None:
        return False
    if found.unconditional:
        return True
    plain = not found.single_unit and not found.diagonal_first and not found.diagonal_second
    return plain and not found.of_second and all(r.zero_vector for r in found.of_first)
