"""From a cell that was found to its reading: what it is, what is misprinted, what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from symgate.equations.cell import Cell, cell_of_text
from symgate.errors import EquationError
from symgate.reading.conventions import conventions
from symgate.reading.family import Classifier
from symgate.reading.faults import Edit, FoundFault, edited
from symgate.reading.mending import brackets, distinct, inferred, memory_slips, merged, seen
from symgate.reading.mending.book import known
from symgate.reading.mending.certainty import certainty
from symgate.reading.mending.readable import Readable
from symgate.reading.mending.sketch import left_over, sketch
from symgate.reading.modern import by_ranks, left_out, sound
from symgate.reading.modern import faults as faults_of_memories
from symgate.reading.pipeline import DocumentParts, find
from symgate.reading.reading import Misprint, Reading, ReadLine
from symgate.reading.source import Document
from symgate.reading.state_spaces import is_state_space
from symgate.reading.structure import Structure
from symgate.reading.terms import AnyTerm, Call, Var, mapped, subterms
from symgate.reading.understood import Understanding, Understood
from symgate.reading.zoo_match import ZooMatch, family_of, proved, zoo_match

#: What proof gives one name, and the lines a finer one: a JANET is a UGRNN that forgets.
FINER = {("ugrnn", "janet"), ("lstm", "lstmp")}


#: Slips that change what a cell calculates: none of them is in a cell that is one of the zoo's.
CALCULATED = {
    *("wrong_sign", "wrong_operator", "wrong_activation", "missing_activation", "missing_operator"),
    *("missing_term", "spurious_term", "missing_factor", "spurious_factor", "missing_complement"),
}


def reading(document: Document, found: DocumentParts, index: int, count: int) -> Reading:
    """The reading of one cell that was found."""
    draft, understanding, parts = found.cells[index]
    name = _name(document, index, count)
    classifier = Classifier(understanding, parts)
    spare = left_over(understanding, parts)
    cell, problem = _cell(understanding, name, spare)
    read = partial(_with_edits, document, index, count)
    everything = [
        brackets.closed(f, document.text, lambda own: (again := read(own.edits)) and sketch(*again))
        for u in _ordered(understanding, spare)
        for f in _told(u)
    ]
    if {f.kind for f in everything} == {"markdown_escape"}:
        everything.clear()  # the page takes the escape away
    everything += [] if problem is None else [problem]
    everything += _seen(Readable(document, understanding, parts), cell, everything)
    everything = sound(distinct(merged(everything, document)), understanding.ranked)
    clean, clean_parts = understanding, parts
    if edits := [edit for fault in everything for edit in fault.edits]:
        clean, clean_parts = read(edits) or (clean, clean_parts)
    slips = inferred(document, clean, clean_parts, edits)
    if any(f.kind in CALCULATED for f in slips) and _is_identical(cell, classifier.family()):
        slips = [f for f in slips if f.kind not in CALCULATED]
    everything = distinct([*everything, *slips])
    everything = sound(everything, understanding.ranked)
    proved_one = understanding.ranked is not None and understanding.ranked.proved
    everything += (
        ()
        if proved_one
        else memory_slips.faults(
            [*draft.lines, *draft.outputs], understanding.context, document.text
        )
    )
    everything = distinct([*everything, *faults_of_memories(understanding, document.text)])
    foreign = [u for u in understanding.lines if u.error is not None and u.error.kind == "foreign"]
    if foreign or is_state_space(understanding, parts):  # dB_t, x_t, a memory's decays are given
        everything = [f for f in everything if f.kind != "undefined_symbol"]
    unread = "".join(found.unread)  # what it may define is not known
    everything = [f for f in everything if f.kind != "undefined_symbol" or f.printed not in unread]
    edits = [edit for fault in everything for edit in fault.edits]
    meant, mended = cell, classifier
    broken = any(f.ill_formed for f in everything)
    cell = None if broken else cell
    if edits:
        meant, mended = _meant(document, index, count, edits, classifier)
    family = ranks.family if (ranks := mended.found.ranked) else ""
    family = family or mended.family()
    shown = {u.name: u.term for u in mended.found.lines if u.term is not None}
    plain = not mended.found.convolution and family != "ssm"
    if len(shown) == len(mended.found.lines) and plain:
        own = family_of(shown)
        family = family if (own, family) in FINER else own or family
    zoo = None if understanding.ranked is not None else _match(cell, meant, family, broken)
    if zoo is not None and left_out(understanding):
        zoo = ZooMatch(zoo.name, "near", zoo.cell)
    observed = conventions(classifier, family).completed(conventions(mended, family))
    found_now = Reading(
        name=name,
        family=family,
        conventions=observed,
        states=tuple(parts.states),
        lines=tuple(_line(document, u, parts, everything) for u in _ordered(understanding, spare)),
        cell=cell,
        meant=meant,
        zoo=zoo,
        misprints=tuple(
            _misprint(
                document, fault, partial(_with_one, document, index, count, fault, edits, meant)
            )
            for fault in everything
        ),
        notes=tuple(_notes(understanding)),
        mended=tuple(_mended(document, (understanding, mended.found), edits)),
        edits=tuple(edits),
    )
    return by_ranks(found_now, document, understanding.ranked, mended.found.ranked)


def _is_identical(cell: Cell | None, family: str) -> bool:
    """Whether a cell is proved to be, as printed and with other letters, one of the zoo's."""
    match = zoo_match(cell, family) if cell is not None else None
    return match is not None and match.verdict == "identical"


def _told(u: Understood) -> list[FoundFault]:
    """The faults of a line; none of an = inside brackets where it is not read even so."""
    unsure = u.term is None and u.error is not None
    return [f for f in u.faults if not (unsure and f.kind == "wrong_operator")]


def _seen(readable: Readable, cell: Cell | None, others: Sequence[FoundFault]) -> list[FoundFault]:
    """The misprints in the writing; in a cell of the zoo a free index is none."""
    found = seen(readable)
    letters = {u.line.target.letter.lower() for u in readable.found.lines}
    terms = {u.name: u.term for u in readable.found.lines if u.term is not None}
    if cell is None or others or not known(terms):
        return found
    return [
        f
        for f in found
        if f.kind not in ("wrong_weight_index", "wrong_bias_index")
        or letters & set(re.findall(r"[a-z]", f.printed[1:].lower()))
    ]


def _ordered(found: Understanding, spare: Sequence[Understood] = ()) -> list[Understood]:
    """All lines of a cell in the order of the document; `spare` are gates that nothing reads."""
    return sorted(
        [*found.lines, *found.doubled, *found.inlined, *spare],
        key=lambda u: (u.line.number, u.line.target.start),
    )


def _name(document: Document, index: int, count: int) -> str:
    stem = Path(document.path).stem if document.path else "cell"
    return stem if count == 1 else f"{stem}#{index + 1}"


def _cell(
    found: Understanding, name: str, spare: Sequence[Understood] = ()
) -> tuple[Cell | None, FoundFault | None]:
    """The cell as printed; None where a line has no meaning or the lines make no cell."""
    lines = [*found.lines, *spare]
    lines.sort(key=lambda u: u.line.number)
    if any(u.ill_formed or u.line.printed for u in lines):
        return None, None
    texts = [u.text for u in lines]
    try:
        return cell_of_text("\n".join(t for t in texts if t is not None), name), None
    except EquationError as error:
        return None, _size_fault(lines, error)


def _size_fault(lines: Sequence[Understood], error: EquationError) -> FoundFault | None:
    """Sizes that do not fit are a fault of the line; all else is known already."""
    if "sizes do not fit" not in error.message or not 0 < error.line <= len(lines):
        return None
    equation = lines[error.line - 1].line.equation
    return FoundFault(
        "shape_mismatch", error.message, equation.start, equation.stop, "", "", (), 0.5
    )


def _with_edits(
    document: Document, index: int, count: int, edits: Sequence[Edit]
) -> tuple[Understanding, Structure] | None:
    """The cell that is read with edits made; None where another number of cells is."""
    again = find(document, edits)
    return again.cells[index][1:] if len(again.cells) == count else None


def _meant(
    document: Document, index: int, count: int, edits: list[Edit], printed: Classifier
) -> tuple[Cell | None, Classifier]:
    """The cell that the document defines once its misprints are mended."""
    again = _with_edits(document, index, count, edits)
    if again is None:
        return None, printed
    cell = _cell(again[0], _name(document, index, count))[0]
    return cell, Classifier(*again)


def _match(cell: Cell | None, meant: Cell | None, family: str, broken: bool) -> ZooMatch | None:
    """The nearest zoo cell: that of the meant cell, with the verdict on the printed one.

    What is printed may be read and be no cell, as one whose gates read x_{t-1} and x_t;
    where it is `broken`, only what is meant can be told.
    """
    if cell is meant or meant is None or (cell is None and broken):
        known_cell = cell or meant
        return zoo_match(known_cell, family) if known_cell is not None else None
    wanted = zoo_match(meant, family)
    if wanted is None:
        return zoo_match(cell, family) if cell is not None else None
    own = proved(cell) if cell is not None else None
    as_printed = own.verdict if own is not None and own.name == wanted.name else "near"
    return ZooMatch(wanted.name, as_printed, cell or meant, wanted.verdict)


def _line(
    document: Document, u: Understood, parts: Structure, everything: Sequence[FoundFault]
) -> ReadLine:
    equation = u.line.equation
    line, column = document.place(equation.start)
    part = (
        "candidate"
        if u.name in parts.candidates or (u.line.printed and u.line.target.accents)
        else "gate"
        if u.name in parts.gates
        else "state"
        if u.name in parts.states
        else "output"
        if u.name in parts.outputs
        else ""
    )
    ill_formed = u.ill_formed or any(
        f.ill_formed and equation.start <= f.start < equation.stop for f in everything
    )
    text = None if ill_formed else _as_cased(document, u)
    return ReadLine(
        u.line.printed or u.name,
        text,
        line,
        column,
        document.text[equation.start : equation.stop],
        part,
    )


def _as_cased(document: Document, u: Understood) -> str | None:
    """A line's text with its names in the case in which they are printed."""

    def cased(term: AnyTerm) -> AnyTerm:
        shown = document.text[term.start : term.stop]
        if isinstance(term, Var) and term.name[0] not in shown:
            other = term.name[0].swapcase()
            return replace(term, name=other + term.name[1:]) if other in shown else term
        return term

    return replace(u, term=None if u.term is None else mapped(u.term, cased)).printed


def _with_one(
    document: Document,
    index: int,
    count: int,
    fault: FoundFault,
    edits: Sequence[Edit],
    meant: Cell | None,
) -> tuple[Cell | None, Cell | None]:
    """The cell with one misprint, the others mended, and the cell without any."""
    found = _with_edits(document, index, count, [e for e in edits if e not in fault.edits])
    if fault.ill_formed or found is None:
        return None, meant
    return _cell(found[0], _name(document, index, count))[0], meant


def _misprint(
    document: Document, fault: FoundFault, make: Callable[[], tuple[Cell | None, Cell | None]]
) -> Misprint:
    line, column = document.place(fault.start)
    meant = fault.meant
    if not meant and fault.edits:
        start = min(fault.start, *(e.start for e in fault.edits))
        stop = max(fault.stop, *(e.stop for e in fault.edits))
        meant = edited(document.text, list(fault.edits), start, stop)
    printed = fault.printed or document.text[fault.start : fault.stop]
    meant = "" if meant.split() == printed.split() else meant
    width = max(1, min(fault.stop - fault.start, len(document.line(line)) - column + 1))
    return Misprint(
        line,
        column,
        printed,
        meant,
        fault.kind,
        certainty(fault.kind, fault.certainty),
        fault.why,
        width,
        document.line(line),
        make,
    )


def _notes(found: Understanding) -> Iterator[str]:
    """What was assumed: activations without a name, normalisations, convolutions."""
    seen: dict[str, set[str]] = {}
    for u in found.lines:
        for term in subterms(u.term) if u.term is not None else ():
            if isinstance(term, Call) and term.assumed:
                seen.setdefault(term.printed, set()).add(term.function)
    for printed, functions in seen.items():
        yield f"{printed} is read as {' and '.join(sorted(functions))}"
    for name, what in found.context.notes.items():
        if what == "reset":
            yield f"a matrix before {name} is read as acting on the whole product"
        elif what == "input":
            yield f"{name} is a function of the input and is read as an input"
    for name in left_out(found):
        yield f"{name} is a normalisation and is left out of the text"
    if found.convolution:
        yield "the products with weights are convolutions, written as matrices in the text"
    for name in sorted(found.backwards):
        yield f"{name} runs backwards in time; its text counts the steps from the end"


def _mended(
    document: Document, readings: Sequence[Understanding], edits: list[Edit]
) -> Iterator[str]:
    """The equations of a cell in the author's notation, with the misprints mended.

    As printed and as meant: a line that only the mended cell reads is one of them.
    """
    every = [u.line.equation for own in readings for u in _ordered(own, own.outputs)]
    for start, stop in dict(sorted((e.start, e.stop) for e in every)).items():
        yield edited(document.text, edits, start, stop)
