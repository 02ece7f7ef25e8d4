"""What part each line plays in a cell: gate, candidate, update of a state, output.

It follows from where the names stand, so that it is known also for lines with a misprint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symgate.reading.names import is_value
from symgate.reading.terms import AnyTerm, Apply, Call, Num, Par, Plus, Times, Var, subterms
from symgate.reading.understood import Understanding, Understood


@dataclass(frozen=True)
class PrintedSummand:
    """A term of a sum with its factors; `carries` is the state whose last value it holds."""

    sign: int
    factors: tuple[AnyTerm, ...]
    term: AnyTerm

    def holds(self, name: str, time: int) -> bool:
        return any(isinstance(f, Var) and f.name == name and f.time == time for f in self.factors)


def summands(term: AnyTerm) -> list[PrintedSummand]:
    """The terms of a sum, each as its factors; products are not multiplied out."""
    if not isinstance(term, Plus):
        return [PrintedSummand(1, factors(term), term)]
    found = []
    for sign, inner in term.terms:
        if isinstance(inner, Plus):
            found += [PrintedSummand(sign * s.sign, s.factors, s.term) for s in summands(inner)]
        else:
            found.append(PrintedSummand(sign, factors(inner), inner))
    return found


def factors(term: AnyTerm) -> tuple[AnyTerm, ...]:
    if isinstance(term, Times):
        return tuple(f for part in term.factors for f in factors(part))
    return (term,)


def complement(term: AnyTerm) -> Var | Par | Call | None:
    """The gate in 1 - gate, or None."""
    if isinstance(term, Plus) and len(term.terms) == 2:
        (s1, one), (s2, gate) = term.terms
        if (s1, s2) == (-1, 1):
            (s1, one), (s2, gate) = (s2, gate), (s1, one)
        if (s1, s2) == (1, -1) and isinstance(one, Num) and one.text in ("1", "1.0"):
            if isinstance(gate, Par):  # Γ_u, of which no line tells
                return gate if is_value(gate.ref) else None
            return gate if isinstance(gate, Var | Call) else None
    return None


def weighs(term: AnyTerm) -> bool:
    """Whether a factor is made of 1 - gate, as ζ (1 - z) + ν is."""
    return any(complement(t) is not None for t in subterms(term))


def gate_name(term: AnyTerm) -> str:
    """The name of the gate that a factor is, also as 1 - gate; "" for anything else."""
    inner = complement(term) or term
    if isinstance(inner, Par):
        return inner.name if is_value(inner.ref) else ""
    return inner.name if isinstance(inner, Var) and inner.time != -1 else ""


@dataclass
class Structure:
    """The parts of a cell.

    `states` are in the order of the lines; `carried` are those that keep a part of their
    last value component by component. `gates`, `candidates` and `resets` are names; a gate
    without a line of its own is not named. `squashed` maps an output line to the state in it.
    """

    states: list[str] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    gates: set[str] = field(default_factory=set)
    candidates: set[str] = field(default_factory=set)
    resets: set[str] = field(default_factory=set)
    outputs: dict[str, str] = field(default_factory=dict)
    keepers: dict[str, list[AnyTerm]] = field(default_factory=dict)
    news: dict[str, list[PrintedSummand]] = field(default_factory=dict)


def structure(found: Understanding) -> Structure:
    """Find the parts of a cell."""
    lines = {u.name: u for u in found.lines}
    result = Structure()
    for u in found.lines:
        own = u.term is not None and any(
            isinstance(t, Var) and t.name == u.name and t.time == u.time for t in subterms(u.term)
        )
        used = any(
            _used_in(other, u.name, -1) and (other.name != _bare(u) or u.name == _bare(u))
            for other in [*found.lines, *found.doubled]
        )
        if used or u.name in found.backwards or own or _keeps_accented(u):
            result.states.append(u.name)
    for name in result.states:
        _update(result, name, lines)
    for u in found.lines:
        if u.term is not None:
            _gates_of(result, u, lines)
    _content_gates(result, lines)
    return result


def _keeps_accented(u: Understood) -> bool:
    """Whether a line keeps its last value under an accent that it should not have."""
    return isinstance(u.term, Plus) and any(_accented_state(s, u.name) for s in summands(u.term))


def _used_in(u: Understood, name: str, time: int) -> bool:
    return u.term is not None and any(
        isinstance(t, Var) and t.name == name and t.time == time for t in subterms(u.term)
    )


def _bare(u: Understood) -> str:
    """The name of a line without its accents; "" where it has none."""
    target = u.line.target
    return "_".join((target.letter, *target.labels)) if target.accents else ""


def _update(result: Structure, name: str, lines: Mapping[str, Understood]) -> None:
    """Which terms of a state's line keep its last value, and which bring something new."""
    term = lines[name].term
    if term is None:
        return
    keepers: list[AnyTerm] = []
    news: list[PrintedSummand] = []
    found = False
    parts = _collected(summands(term), name)
    late = any(part.holds(name, -1) and len(part.factors) > 1 for part in parts)
    for part in parts:
        if part.holds(name, -1) or (not late and part.holds(name, 0) and len(part.factors) > 1):
            found = True
            keepers += [f for f in part.factors if not (isinstance(f, Var) and f.name == name)]
        elif _accented_state(part, name):
            found = True
            keepers += [f for f in part.factors if not _is_accented(f, name)]
        else:
            news.append(part)
    if found:
        result.carried.append(name)
        result.keepers[name] = keepers
        result.news[name] = news


def _collected(parts: Sequence[PrintedSummand], name: str) -> list[PrintedSummand]:
    """The terms of an update with those of the last state together.

    h + z (g - h) and h - z h + z g have the parts (1 - z) h and z g.
    """
    opened = [own for part in parts for own in _multiplied_out(part, name)]
    bare = [p for p in opened if len(p.factors) == 1 and p.holds(name, -1) and p.sign > 0]
    taken = [p for p in opened if len(p.factors) == 2 and p.holds(name, -1) and p.sign < 0]
    if len(bare) != 1 or len(taken) != 1:
        return opened
    one, other = bare[0], taken[0]
    gate = next(f for f in other.factors if not (isinstance(f, Var) and f.name == name))
    start, stop = other.term.start, other.term.stop
    rest = Plus(start, stop, ((1, Num(start, start, "1")), (-1, gate)))
    whole = PrintedSummand(1, (rest, *one.factors), one.term)
    return [whole, *(p for p in opened if p is not one and p is not other)]


def _multiplied_out(part: PrintedSummand, name: str) -> Iterator[PrintedSummand]:
    """z (g - h) as z g and -z h, where h is the last value of the state."""
    for factor in part.factors:
        inner = factor.terms if isinstance(factor, Plus) else ()
        if any(isinstance(t, Var) and t.name == name and t.time == -1 for _, t in inner):
            rest = tuple(f for f in part.factors if f is not factor)
            for sign, term in inner:
                yield PrintedSummand(sign * part.sign, (*rest, *factors(term)), term)
            return
    yield part


def _accented_state(part: PrintedSummand, name: str) -> bool:
    return len(part.factors) > 1 and any(_is_accented(f, name) for f in part.factors)


def _is_accented(factor: AnyTerm, name: str) -> bool:
    """Whether a factor is the state's last value under an accent that it should not have."""
    return (
        isinstance(factor, Var)
        and factor.time == -1
        and factor.name != name
        and bool(factor.ref.accents)
        and name == "_".join((factor.ref.letter, *factor.ref.labels))
    )


def _gates_of(result: Structure, u: Understood, lines: Mapping[str, Understood]) -> None:
    """Gates by where they stand: beside a last value, under 1 - …, before a squashed state."""
    assert u.term is not None
    for term in subterms(u.term):
        inner = complement(term)
        if isinstance(inner, Var) and inner.name in lines:
            result.gates.add(inner.name)
        if not isinstance(term, Times):
            continue
        parts = factors(term)
        names = [gate_name(f) for f in parts]
        for factor, name in zip(parts, names, strict=True):
            others = [f for f in parts if f is not factor]
            if not name or name not in lines or name in result.states:
                continue
            if any(isinstance(f, Var) and f.name in result.states and f.time == -1 for f in others):
                result.gates.add(name)
            squashed = _squashed([*others, factor], result)
            if squashed and u.name not in result.carried:
                result.gates.add(name)
    if u.name not in result.carried:
        found = (_squashed(s.factors, result) for s in summands(u.term))
        state = next(filter(None, found), "")
        if state:
            result.outputs[u.name] = state


def _squashed(parts: Sequence[AnyTerm], result: Structure) -> str:
    """The state that a factor is a function of, as c in tanh(c); "" where there is none."""
    for factor in parts:
        inside: list[AnyTerm] = [factor]
        if isinstance(factor, Call):
            inside = [factor.argument] if len(parts) == 1 else list(subterms(factor.argument))
        for term in inside:
            if isinstance(term, Var) and term.name in result.carried and term.time in (0, None):
                return term.name
    return ""


def _content_gates(result: Structure, lines: Mapping[str, Understood]) -> None:
    """In i ⊙ g, which is the gate and which the candidate; and which gates reset a state."""
    kinds = {_function(lines[g].term) for g in result.gates if g in lines}
    for name in result.carried:
        for part in result.news.get(name, ()):
            _content(result, part, lines, kinds)
    for candidate in _candidate_terms(result, lines):
        for term in subterms(candidate):
            if not isinstance(term, Times):
                continue
            parts = factors(term)
            if any(
                isinstance(t, Var) and t.name in result.states and t.time == -1
                for f in parts
                for t in subterms(f)
            ):
                result.resets |= {gate_name(f) for f in parts} - {""}
    result.resets -= set(result.states)
    result.gates -= result.candidates
    result.gates |= result.resets


def _content(
    result: Structure, part: PrintedSummand, lines: Mapping[str, Understood], kinds: set[str]
) -> None:
    names = [
        f.name
        for f in part.factors
        if isinstance(f, Var) and f.name in lines and f.name not in result.states and f.time != -1
    ]
    free = [n for n in names if n not in result.gates]
    if any(map(_is_inlined, part.factors)):
        result.gates |= set(free)
        return
    if len(free) == 1 and any(gate_name(f) in result.gates for f in part.factors):
        result.candidates.add(free[0])
        return
    if len(free) == 1 and len(part.factors) == 1:
        result.candidates.add(free[0])
        return
    accented = [n for n in free if _is_candidate_name(lines[n])]
    gatelike = [n for n in free if lines[n].line.target.letter in "iforuzIFORUZ"]
    alike = len({_rank(lines[n].term) for n in free}) == 1
    if len(accented) == 1:
        chosen = accented
    elif alike and len(gatelike) == len(free) - 1:
        chosen = [n for n in free if n not in gatelike]
    else:
        likely = [
            n for n in free if _rank(lines[n].term) == max(_rank(lines[k].term) for k in free)
        ]
        likely = likely if len(likely) < len(free) else free
        chosen = [n for n in likely if _function(lines[n].term) not in kinds] or likely[-1:]
    result.candidates |= set(chosen[:1])
    result.gates |= {n for n in free if n not in chosen[:1]}


def _rank(term: AnyTerm | None) -> int:
    """How much a line looks like a candidate by its function: tanh does, σ and exp do not."""
    if not isinstance(term, Call):
        return 1
    if term.assumed or term.function == "?":
        return 1
    return {"tanh": 2, "sigmoid": 0, "exp": 0}.get(term.function, 1)


def _is_candidate_name(u: Understood) -> bool:
    return bool({"tilde", "hat", "bar", "prime"} & set(u.line.target.accents))


def _function(term: AnyTerm | None) -> str:
    """The function that a line is, as it is printed."""
    return term.printed if isinstance(term, Call) else ""


def _candidate_terms(result: Structure, lines: Mapping[str, Understood]) -> Iterator[AnyTerm]:
    """The terms that bring something new: lines of candidates, and those without a line."""
    for name in result.candidates:
        term = lines[name].term
        if term is not None:
            yield term
    for name in result.carried:
        for part in result.news[name]:
            yield from filter(_is_inlined, part.factors)


def _is_inlined(factor: AnyTerm) -> bool:
    """Whether a factor is a candidate that has no line of its own."""
    return isinstance(factor, Call | Apply) or (isinstance(factor, Plus) and not weighs(factor))


def affine(term: AnyTerm) -> bool:
    """Whether a term has a matrix at its outside: W x + U h + b, or W x alone."""
    inner = term.argument if isinstance(term, Call) else term
    return any(
        isinstance(t, Apply)
        for s in summands(inner)
        for f in s.factors
        for t in (f, *_inside_product(f))
    )


def _inside_product(term: AnyTerm) -> Iterator[AnyTerm]:
    if isinstance(term, Plus):
        for s in summands(term):
            yield from s.factors


def variables(term: AnyTerm) -> list[Var]:
    return [t for t in subterms(term) if isinstance(t, Var)]
