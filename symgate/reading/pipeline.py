"""The whole way from a document to its cells, one step after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symgate.reading.activations import resolve
from symgate.reading.aliases import (
    accented_states,
    other_cases,
    with_aliases,
    with_one_case,
    with_one_name,
    without_matrices,
)
from symgate.reading.asides import without_asides
from symgate.reading.components import component_letters
from symgate.reading.definitions import functions, told, written_out
from symgate.reading.documents import code, pieces
from symgate.reading.faults import Edit, edited
from symgate.reading.grammar import tree
from symgate.reading.grouping import Draft, grouped
from symgate.reading.indices import Indices, indices
from symgate.reading.lines import LaidOutLine, LeftOut, lines
from symgate.reading.macros import Budget, Macro, definitions, expanded
from symgate.reading.mending.book import known as known_cell
from symgate.reading.modern import ranked
from symgate.reading.outputs import made_of_input, with_definitions, with_readouts
from symgate.reading.plain import (
    bare_words,
    has_glued_times,
    with_glued_times,
    with_words,
    written_in_latex,
)
from symgate.reading.proved_cells import Proof
from symgate.reading.references import named_as_last
from symgate.reading.repairs import repaired
from symgate.reading.rows import Equation, equations
from symgate.reading.scripts import tokens
from symgate.reading.several import separated, with_brackets, with_circles, with_differences
from symgate.reading.source import Document, Piece
from symgate.reading.state_spaces import is_state_space
from symgate.reading.structure import Structure, affine, structure
from symgate.reading.symbols import FUNCTIONS
from symgate.reading.terms import Call, Var, subterms
from symgate.reading.tokens import FormulaError
from symgate.reading.trees import Spelled, Tree
from symgate.reading.understanding import understand
from symgate.reading.understood import Understanding

#: The most equations of one document that are looked at, and the most cells.
MAX_EQUATIONS = 3_000
MAX_CELLS = 100
#: From so many formulas on, only those are read that stand near one with a step before it.
MANY = 500
NEAR = 12
_STEP = re.compile(r"[-−+₋]\s*\{?[1₁]|prev|old|last|'|′|prime")
#: A word as the name that an equation defines: \\text{ResetHidden} = …, Net1 = ….
_WORD = re.compile(
    r"\\(?:text|mathrm|mathit)\{(?P<set>[A-Za-z]{4,30})\}\s*&?="
    r"|(?:\A|[\n$&])\s*(?P<bare>[A-Z][a-z]{2,12}\d{1,2})\s*&?="
)


@dataclass
class DocumentParts:
    """What was found in a document: cells with their parts, and what was skipped.

    `functions` are activations by the names that the document gives them, `unread` formulas
    of which not even the equations were found, `numbers` what is made of parameters alone.
    """

    cells: list[tuple[Draft, Understanding, Structure]] = field(default_factory=list)
    skipped: list[tuple[int, int, str]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    functions: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    numbers: Mapping[str, Tree] = field(default_factory=dict)


def find(document: Document, edits: Sequence[Edit] = ()) -> DocumentParts:
    """Find the cells of a document; `edits` are made to its formulas beforehand.

    Where no formulas define a cell, or plain lines a smaller one, its code is read.
    """
    found = _found(document, pieces(document.text, document.path), edits)
    if found.cells and any(piece.kind == "latex" for piece in found.pieces):
        return found
    of_code = _found(document, code.pieces(document.text, edits), ())
    return max(found, of_code, key=_longest)


def _longest(found: DocumentParts) -> int:
    return max((len(understanding.lines) for _, understanding, _ in found.cells), default=0)


def _found(document: Document, every: Iterable[Piece], edits: Sequence[Edit]) -> DocumentParts:
    """The cells that some pieces of a document define."""
    found = DocumentParts()
    found.pieces = [_edited(p, edits) for p in _likely(every)]
    macros = definitions(document.text) if "\\" in document.text else {}
    everything = with_brackets(with_circles(with_differences(list(_equations(found, macros)))))
    known = _indices(everything)
    found.functions = told(document.text)
    read, proof = _proof(found, _read(found, everything, known), everything, known, document.text)
    cases, accents = other_cases(read), accented_states(read)
    if (cases or accents) and not proof.drafts:
        found.skipped.clear()
        known = replace(known, same=frozenset(cases + accents))
        again = with_one_case(_read(found, everything, known), cases, document.text)
        again = with_one_name(again, accents, document.text)
        read, proof = _proof(found, again, everything, known, document.text)
    groups = grouped(with_aliases(proof.others, document.text), document.text)
    drafts = [*proof.drafts, *proof.beside(groups.drafts)]
    drafts.sort(key=lambda draft: draft.lines[0].number)
    for line, why in (*groups.skipped, *proof.skipped):
        near = [d for d in drafts if any(map(line.is_candidate_of, d.lines))]
        near = near or [d for d in drafts if _reads_the_same_stranger(line, d.lines)]
        near = near or [d for d in drafts[-1:] if _shows_a_stranger(line, read)]
        if near:
            near[0].outputs.append(line)
            continue
        _skip(found, line, why)
    for draft in drafts[MAX_CELLS:]:
        _skip(found, draft.lines[0], f"more than {MAX_CELLS} cells")
    for draft in drafts[:MAX_CELLS]:
        own = proof.read(draft)
        while given := made_of_input(own, draft):
            for line in given:
                _skip(found, line, "an input that is made of others")
            draft.lines = [line for line in draft.lines if line not in given]
            own = proof.read(draft)
        parts = structure(with_readouts(with_definitions(own)))
        own.ranked = ranked(draft, own)
        clash = own.clash
        read_now = own.ranked.texts if own.ranked is not None else {}
        for u in own.lines:
            place = u.line.equation
            marked = clash is not None and place.start <= clash.start < place.stop
            if u.error is not None and u.name not in read_now and not marked:
                _skip(found, u.line, f"an equation that was not read ({u.error.message})")
        for output in own.outputs:
            if output.name not in read_now:
                _skip(found, output.line, "an output that no state depends on")
        found.cells.append((draft, own, parts))
    return without_filters(found)


def _proof(
    found: DocumentParts,
    read: Sequence[LaidOutLine],
    everything: Sequence[Equation],
    known: Indices,
    said: str,
) -> tuple[list[LaidOutLine], Proof]:
    """The lines with what functions and numbers stand for, and the cells proved among them."""
    read, made = without_matrices(read)
    for line in made:
        _skip(found, line, "a matrix that is made of parameters")
    read = list(written_out(read, functions(everything, known), found.numbers, known))

    def understood(draft: Draft) -> Understanding:
        own = understand(draft, known, said, found.functions)
        resolve(own, structure(own))
        return own

    return read, Proof(read, said, understood)


def _skip(found: DocumentParts, line: LaidOutLine, why: str) -> None:
    found.skipped.append((line.equation.start, line.equation.stop, why))


def _reads_the_same_stranger(line: LaidOutLine, cell: Sequence[LaidOutLine]) -> bool:
    """Whether a line reads the last value that a cell reads and that has no line: h_{t-1} in o."""
    known = {own.name for own in cell}
    late = {r.name for own in cell for r in own.references if r.time == -1} - known
    own = {r.name for r in line.references if r.time == -1}
    return len(late) == 1 and late <= own and line.target.time == 0 and line.name not in own


def _shows_a_stranger(line: LaidOutLine, every: Sequence[LaidOutLine]) -> bool:
    """Whether a line reads one value of its step, of which no other line tells: y_t = V s_t."""
    own = {r.name for r in line.references if r.time is not None}
    others = [o for o in every if o is not line]
    told = {r.name for o in others for r in (o.target, *o.references)}
    return len(own) == 1 and line.target.time == 0 and not {line.name, *own} & told


def without_filters(found: DocumentParts) -> DocumentParts:
    """Without linear recurrences beside a cell that has functions: means, momenta, filters."""
    bent = [_is_bent(understanding) for _, understanding, _ in found.cells]
    kept = []
    for own, is_bent in zip(found.cells, bent, strict=True):
        lines = own[1].lines
        terms = {u.name: u.term for u in lines if u.term is not None}
        given = len(terms) < len(lines) or own[1].backwards or is_state_space(own[1], own[2])
        if is_bent or not any(bent) or given or known_cell(terms):
            kept.append(own)
            continue
        for u in lines:
            _skip(found, u.line, "a recurrence without a function, beside the cell")
    found.cells = kept
    return found


def _is_bent(found: Understanding) -> bool:
    """Whether a line of a cell is a function of a weighted sum, which may have its own line."""
    terms = [t for u in found.lines if u.term is not None for t in subterms(u.term)]
    return any(isinstance(t, Call) and (affine(t) or isinstance(t.argument, Var)) for t in terms)


def _read(
    found: DocumentParts, everything: Sequence[Equation], known: Indices
) -> list[LaidOutLine]:
    """The lines of all equations; what is none is skipped."""
    read: list[LaidOutLine] = []
    for number, equation in enumerate(everything):
        for item in lines(equation, number, known):
            if isinstance(item, LeftOut):
                found.skipped.append((equation.start, equation.stop, item.why))
            elif isinstance(item.right, Spelled) and item.right.kind == "FUNCTION":
                if function := FUNCTIONS.get(item.right.name):
                    found.functions.setdefault(item.name, function)
                found.skipped.append(
                    (equation.start, equation.stop, "the definition of a function")
                )
            else:
                read.append(item)
    kept, skipped, found.numbers = without_asides(read, known)
    for line, why in skipped:
        _skip(found, line, why)
    return kept


def _likely(every: Iterable[Piece]) -> list[Piece]:
    """The formulas that may belong to a cell; in a short document all of them."""
    kept = [piece for piece in every if _may_define(piece)]
    if len(kept) <= MANY:
        return kept
    near: set[int] = set()
    for i, piece in enumerate(kept):
        if _STEP.search(piece.text) is not None:
            near.update(range(max(0, i - NEAR), i + NEAR + 1))
    return [piece for i, piece in enumerate(kept) if i in near]


def _may_define(piece: Piece) -> bool:
    return any(sign in piece.text for sign in ("=", "≔", "←", "<-", "\\"))


def _equations(found: DocumentParts, macros: Mapping[str, Macro]) -> Iterator[Equation]:
    written = [(piece, written_in_latex(piece)) for piece in found.pieces]
    glued = any(piece.kind == "plain" and has_glued_times(ready.text) for piece, ready in written)
    named = [found for _, own in written for found in _WORD.finditer(own.text)]
    words = bare_words([found["set"] or found["bare"] for found in named])
    count, budget = 0, Budget()
    for piece, own in written:
        ready = expanded(own if words is None else with_words(own, words), macros, budget)
        if glued and piece.kind == "plain":
            ready = with_glued_times(ready)
        try:
            for equation in equations(ready, tokens(ready)):
                count += 1
                if count > MAX_EQUATIONS:
                    return
                yield from map(repaired, separated(equation))
        except FormulaError as error:
            found.unread.append(ready.text)
            found.skipped.append((error.start, error.stop, error.message))


def _indices(everything: Iterable[Equation]) -> Indices:
    """The letters that number steps and components in this document."""
    everything = list(everything)
    known = indices(side for equation in everything for side in equation.sides)
    left: list[Tree] = []
    right: list[Tree] = []
    made: set[str] = set()
    for equation in everything:
        try:
            sides = [tree(side)[0] for side in equation.sides]
        except FormulaError:
            continue
        left.extend(sides[0])
        made |= named_as_last(sides, known)
        right.extend(item for side in sides[1:] for item in side)
    letters = component_letters(left, right, known)
    return replace(known, components=letters, made=frozenset(made))


def _edited(piece: Piece, edits: Sequence[Edit]) -> Piece:
    """The piece with those edits made that lie in it."""
    if not edits or not piece.offsets:
        return piece
    first, last = piece.offsets[0], piece.offsets[-1] + 1
    own = [e for e in edits if first <= e.start and e.stop <= last]
    if not own:
        return piece
    places = {offset: i for i, offset in reversed(list(enumerate(piece.offsets)))}
    local: list[Edit] = []
    for edit in own:
        start = places.get(edit.start, len(piece.text))
        stop = next((places[at] for at in range(edit.stop, last) if at in places), len(piece.text))
        local.append(Edit(start, max(start, stop), edit.text))
    offsets: list[int] = []
    at = 0
    for edit in sorted(set(local), key=lambda e: (e.start, e.stop)):
        if edit.start < at:
            continue
        offsets.extend(piece.offsets[at : edit.start])
        here, last = piece.at(edit.start), piece.at(max(edit.start, edit.stop - 1))
        offsets.extend([here, *[here] * (len(edit.text) - 2), last][: len(edit.text)])
        at = edit.stop
    offsets.extend(piece.offsets[at:])
    return replace(piece, text=edited(piece.text, local), offsets=offsets)
