"""The lines of a cell with their meaning: terms, times, inputs, activations.

Twice over the lines: once to see where each symbol stands, once to read with that known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from symgate.reading.context import Context, Foreign, settled
from symgate.reading.grouping import Draft
from symgate.reading.indices import Indices
from symgate.reading.lines import LaidOutLine
from symgate.reading.meaning import Meaning
from symgate.reading.names import reference
from symgate.reading.outputs import promote
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Cat,
    Par,
    Times,
    Var,
    children,
    mapped,
    subterms,
)
from symgate.reading.tokens import FormulaError
from symgate.reading.understood import Understanding, Understood

MAX_DEPTH = 40
#: How far around a cell the document may say what it is.
NEAR = 1_500


def understand(
    draft: Draft, indices: Indices, said: str = "", functions: Mapping[str, str] | None = None
) -> Understanding:
    """Read the lines of a draft; `said` is their document, `functions` what letters stand for."""
    every = [*draft.lines, *draft.outputs, *draft.doubled]
    context = _context([*draft.lines, *draft.outputs], indices)
    context.functions = functions or {}
    for line in every:
        _meant(line, context)
    context.kinds = dict(settled(context))
    context.row = context.row_votes > context.column_votes
    found = Understanding(
        [_meant(line, context) for line in draft.lines],
        [_meant(line, context) for line in draft.outputs],
        [_meant(line, context) for line in draft.doubled],
        context,
        repeats=draft.repeats,
    )
    _shift(found)
    _inline(found)
    promote(found)
    places = [line.equation.start for line in every]
    near = said[max(0, min(places) - NEAR) : max(places) + NEAR]
    found.convolution = _is_convolution(found, _CONVOLUTION.search(near) is not None)
    return found


def _context(lines: Sequence[LaidOutLine], indices: Indices) -> Context:
    """What the names alone say: which are defined, which carry times, which are inputs."""
    defined = {line.name for line in lines}
    references = [ref for line in lines for ref in (line.target, *line.references)]
    timed = {ref.name for ref in references if ref.time is not None}
    inputs = timed - defined
    inputs |= {ref.name for ref in references if ref.name in ("x", "X")} - defined
    olds: set[str] = set()
    past: frozenset[tuple[str, str]] = frozenset()
    if not timed & defined:
        past = _past(lines)
    if not timed:
        olds = {
            line.target.letter
            for line in lines
            if line.target.accents
            and line.target.letter not in defined
            and any(ref.name == line.target.letter for ref in references)
        }
    olds |= _untimed_states(lines)
    untimed = {line.name for line in lines if line.target.time is None}
    tokens = (token for line in lines for side in line.equation.sides for token in side)
    return Context(
        indices,
        frozenset(defined),
        frozenset(untimed),
        frozenset(timed),
        frozenset(inputs - olds),
        olds=frozenset(olds),
        past=past,
        late=frozenset(ref.name for ref in references if ref.time == -1),
        spelled_products=any(token.value == "@" for token in tokens),
    )


def _past(lines: Sequence[LaidOutLine]) -> frozenset[tuple[str, str]]:
    """Which line reads whose last value, where no times are printed: h = (1 - z) h + z g.

    A name that its own line reads is a state, and the last one of every circle. A state is
    read at this step wherever that closes no circle, the last lines first: h = o tanh(c).
    """
    reads = {line.name: {r.name for r in line.references} for line in lines}
    states = {name for name, own in reads.items() if name in own}
    for name in reversed(reads):
        now = {reader: own - states for reader, own in reads.items()}
        if name in needed(name, now):
            states.add(name)
    now = {reader: own - states for reader, own in reads.items()}
    past: set[tuple[str, str]] = set()
    for reader in reversed(reads) if states & {r for r in reads if r in reads[r]} else ():
        for state in reads[reader] & states:
            if reader == state or reader in needed(state, now):
                past.add((reader, state))
            else:
                now[reader].add(state)
    return frozenset(past)


def needed(name: str, reads: Mapping[str, set[str]]) -> set[str]:
    """The names that a name is made of."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = reads.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def _untimed_states(lines: Sequence[LaidOutLine]) -> set[str]:
    """States that are defined at t and used without a time, for the last value: h @ U."""
    found = set()
    now = {line.name: {r.name for r in line.references if r.time != -1} for line in lines}
    for line in lines:
        name = line.name
        uses = {ref.time for own in lines for ref in own.references if ref.name == name}
        if line.target.time is None or uses != {None}:
            continue
        if name in needed(name, now):
            found.add(name)
    return found


def _meant(line: LaidOutLine, context: Context) -> Understood:
    """One line with its meaning in a context."""
    context.target, context.steps = line.name, 0
    faults = line.faults
    if line.right is None:
        return Understood(line, line.name, line.target.time, None, faults)
    try:
        term = Meaning(context).term(line.right)
        if line.stacked is not None:
            term = _stacked(term, line, context)
        if _depth(term) > MAX_DEPTH:
            raise FormulaError("the formula is nested too deep", term.start, term.stop)
    except Foreign as error:
        return Understood(line, line.name, line.target.time, None, faults, error)
    except FormulaError as error:
        return Understood(line, line.name, line.target.time, None, faults, error)
    return Understood(line, line.name, line.target.time, term, faults)


def _depth(term: AnyTerm) -> int:
    level, deepest = [term], 0
    while level:
        deepest += 1
        level = [child for node in level for child in children(node)]
    return deepest


def _stacked(term: AnyTerm, line: LaidOutLine, context: Context) -> AnyTerm:
    """The row of a stacked product that belongs to one gate: its own matrix and bias."""
    assert line.stacked is not None
    function, gate = line.stacked

    def own(inner: AnyTerm) -> AnyTerm:
        if isinstance(inner, Par) and inner.kind in ("matrix", "vector"):
            name = f"{inner.name}_{gate}"
            return replace(inner, name=name, ref=replace(inner.ref, name=name))
        return inner

    inside = mapped(term, own)
    if function is None:
        return inside
    ref = reference(function, context.indices)
    if ref is None:
        raise FormulaError("this is no activation", function.start, function.stop)
    meaning = Meaning(context)
    return meaning.calls.wrapped(ref, function, inside)


def _shift(found: Understanding) -> None:
    """Make every state be defined at t and used at t-1, whatever the document counts from."""
    ahead = {u.name for u in found.lines if u.time == 1}
    if ahead:
        ahead |= _inputs_ahead(found)
    olds = found.context.olds
    past = {state for _, state in found.context.past}
    renamed = _new_states(found, olds)
    defined = {u.name: u.time for u in found.lines}

    def moved(term: AnyTerm) -> AnyTerm:
        if not isinstance(term, Var):
            return term
        name, time = term.name, term.time
        if name in renamed:
            return replace(term, name=renamed[name], time=0)
        if name in ahead and time is not None:
            time -= 1
        elif name in defined and time == 1:
            found.backwards.add(name)
            time = -1
        return replace(term, time=time)

    for u in found.lines if not ahead else ():  # a form that says only what it reads
        if u.line.right is None and any((r.name, r.time) == (u.name, 1) for r in u.line.references):
            found.backwards.add(u.name)
    for part in (found.lines, found.outputs, found.doubled):
        for i, u in enumerate(part):
            time = 0 if u.name in ahead | past else u.time
            name = renamed.get(u.name, u.name)
            if name != u.name:
                time = 0
            term = None if u.term is None else mapped(u.term, moved)
            part[i] = replace(u, name=name, time=time, term=term)


def _inputs_ahead(found: Understanding) -> set[str]:
    """The inputs of a step that are counted as its new states are: all of them at t+1."""
    every = [ref for u in (*found.lines, *found.outputs) for ref in u.line.references]
    return set(found.context.inputs) - {ref.name for ref in every if ref.time != 1}


def _new_states(found: Understanding, olds: frozenset[str]) -> dict[str, str]:
    """The states of which only the last value has no accent: h' is the new h.

    Of h' and h̃ it is the one that no line of this step reads.
    """
    accented = [u for u in found.lines if u.line.target.letter in olds and u.line.target.accents]
    read = {
        ref.name
        for u in [*found.lines, *found.outputs]
        for ref in u.line.references
        if ref.name != u.name
    }
    result: dict[str, str] = {}
    for letter in {u.line.target.letter for u in accented}:
        own = [u.name for u in accented if u.line.target.letter == letter]
        last = [name for name in own if name not in read] if len(own) > 1 else own
        result.update(dict.fromkeys(last or own, letter))
    return result


def _inline(found: Understanding) -> None:
    """Concatenations with a name of their own are put where they are used."""
    lines = [*found.lines, *found.outputs]
    cats: dict[str, AnyTerm] = {u.name: u.term for u in lines if isinstance(u.term, Cat)}
    if not cats:
        return

    def put(term: AnyTerm) -> AnyTerm:
        if isinstance(term, Var) and term.name in cats and term.time in (0, None):
            return replace(cats[term.name], start=term.start, stop=term.stop)
        return term

    for name in list(cats):
        cats[name] = mapped(cats[name], put)
    for part in (found.lines, found.outputs, found.doubled):
        for i, u in enumerate(part):
            if u.term is not None and u.name not in cats:
                part[i] = replace(u, term=mapped(u.term, put))
    found.inlined = [u for u in found.lines if u.name in cats]
    found.lines = [u for u in found.lines if u.name not in cats]
    found.outputs = [u for u in found.outputs if u.name not in cats]


#: What a document calls such a cell.
_CONVOLUTION = re.compile(
    r"(?i:\bconv(?:olutional)?[ -]?(?:[23]d)?[ -]?(?:lstm|gru|rnn|long|gated))"
    r"|(?i:\*\W{1,9}(?:\w+\s){0,3}convolution)"
)
#: The sign of a convolution, where it is no star of a keyboard.
_AST = re.compile(r"\\(?:ast|star)\b")


def _is_convolution(found: Understanding, said: bool) -> bool:
    """Whether * between matrices and vectors is a convolution.

    It is one where * is kept for weights, in front of column vectors, and ⊙ or ∘ is written for
    products component by component, or the document says so; in plain text only where it does.
    """
    if "convolution" in found.context.notes:
        return True
    stars = others = hadamards = 0
    for u in found.lines:
        piece = u.line.equation.piece
        plain = piece is None or piece.kind == "plain" or not piece.delimiters[0]
        printed = plain and piece is not None and _AST.search(piece.text) is not None
        if u.term is None or (plain and not said and not printed):
            continue
        for term in subterms(u.term):
            if isinstance(term, Apply) and isinstance(term.matrix, Par):
                starred = term.sign == "star" and not term.row and not term.matrix.transposed
                stars += starred
                others += not starred
            elif isinstance(term, Times):
                hadamards += "hadamard" in term.signs
                stars -= 4 * ("star" in term.signs)
    return stars >= 2 and others == 0 and (hadamards > 0 or said)
