"""`read`: the cells that documents define, what they are, and what is misprinted in them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from symgate.equations.cell import Cell
from symgate.errors import EquationError, SymgateError
from symgate.reading.family import Classifier
from symgate.reading.faults import Edit, Fault, edited
from symgate.reading.misprints import distinct, faults
from symgate.reading.misprints.cell import Readable
from symgate.reading.pipeline import Found, find
from symgate.reading.reading import Misprint, ReadFile, Reading, Readings, ReadLine
from symgate.reading.relation import NAMES, Relation, against, relation
from symgate.reading.source import Document
from symgate.reading.structure import Structure
from symgate.reading.understanding import Understanding, Understood

MAX_BYTES = 20_000_000
ENDINGS = (".md", ".markdown", ".tex", ".rst", ".txt", ".ipynb", ".py", ".html", ".htm", ".mdx",
           ".rmd", ".qmd", ".org", ".adoc")  # fmt: skip

_PICTURE = re.compile(
    r"!\[[^\[\]\n]{0,200}\]\([^()\n]{1,400}\)|<img\b[^<>]{0,600}>"
    r"|\\includegraphics\b[^{}\n]{0,200}\{[^{}\n]{1,400}\}|^[ \t]*\.\. (?:image|figure)::.*",
    re.MULTILINE,
)


def read(
    source: str | Path | Iterable[str | Path],
    progress: Callable[[int, int], None] | None = None,
) -> Readings:
    r"""Read the cells of a document, of several, of all documents in a folder, or of a text.

    A text is told from a path by its equals sign or its line break. A file that cannot be
    read does not stop the others; its `error` says why. One file alone that cannot be read
    raises a SymgateError. `progress` is called with how many files are done, of how many.

    >>> found = read(r"$$ h_t = \tanh(W x_t + U h_{t-1} + b) $$")
    >>> [(reading.family, reading.zoo.relation) for reading in found]
    [('rnn', 'identical')]
    """
    if isinstance(source, str) and _is_text(source):
        return read_text(source)
    paths = [source] if isinstance(source, str | Path) else list(source)
    files: list[ReadFile] = []
    every = list(documents(paths))
    for done, path in enumerate(every):
        if progress is not None:
            progress(done, len(every))
        try:
            files.append(read_file(path))
        except SymgateError as error:
            if len(paths) == 1 and not Path(paths[0]).is_dir():
                raise
            files.append(ReadFile(str(path), error=str(error)))
    return Readings(tuple(files))


def _is_text(source: str) -> bool:
    if "\n" in source:
        return True
    return "=" in source and not os.path.exists(source)


def documents(paths: Sequence[str | Path]) -> Iterator[Path]:
    """The files that paths name; a folder stands for the documents in it."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*")
                if p.suffix.lower() in ENDINGS and p.is_file() and not _hidden(p, path)
            )  # fmt: skip
        else:
            yield path


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def read_file(path: str | Path) -> ReadFile:
    """Read the cells of one document."""
    path = Path(path)
    return read_document(Document(file_text(path), str(path)))


def file_text(path: Path) -> str:
    """The text of a file; a SymgateError for one that is no text."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SymgateError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise SymgateError(f"cannot read {path}: {error.strerror or error}") from None
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SymgateError(f"{path} is not a text")
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"):
        try:
            return data.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").replace("\r\n", "\n")


def read_text(text: str, path: str = "") -> Readings:
    """Read the cells of a text; the ending of `path` says what kind of text it is."""
    return Readings((read_document(Document(text, path)),))


def cell_of_latex(latex: str, name: str = "cell") -> Cell:
    """The one cell that formulas define; an EquationError where there is none or several."""
    if not isinstance(latex, str):
        raise EquationError(f"formulas are a text, not {type(latex).__name__}")
    found = read_text(latex).cells or read_text(f"$$\n{latex}\n$$").cells
    if len(found) != 1:
        count = "no cell" if not found else f"{len(found)} cells"
        raise EquationError(f"these formulas define {count}", shown=latex.strip().split("\n")[0])
    reading = found[0]
    if reading.cell is None:
        raise _unreadable(reading, latex)
    return Cell.from_text(str(reading.cell), name)


def _unreadable(reading: Reading, latex: str) -> EquationError:
    """Why a reading has no cell, with the place of the first fault."""
    shown = latex.split("\n")
    for misprint in reading.misprints:
        line = min(misprint.line, len(shown))
        return EquationError(
            misprint.why, line=line, column=misprint.column, width=misprint.width,
            shown=shown[line - 1],
        )  # fmt: skip
    try:
        Cell.from_text("\n".join(text or "" for text in reading.text))
    except EquationError as error:
        return error
    return EquationError("these formulas define no cell of the language", shown=shown[0])


def read_document(document: Document) -> ReadFile:
    """Read the cells of a document."""
    found = find(document)
    cells = tuple(
        _reading(document, found, index, len(found.cells)) for index in range(len(found.cells))
    )
    aside = [
        {
            "line": document.place(start)[0],
            "source": _shortened(document.text[start:stop]),
            "why": why,
        }
        for start, stop, why in sorted({*found.aside, *(() if cells else pictures(document))})
    ]
    return ReadFile(document.path, cells, tuple(aside))


def pictures(document: Document) -> Iterator[tuple[int, int, str]]:
    """The pictures of a document, which may hold its equations."""
    for found in _PICTURE.finditer(document.text):
        yield found.start(), found.end(), "a picture: what it shows is not read"


def _reading(document: Document, found: Found, index: int, count: int) -> Reading:
    """The reading of one cell that was found."""
    _draft, understanding, parts = found.cells[index]
    classifier = Classifier(understanding, parts)
    family = classifier.family()
    readable = Readable(document, understanding, parts, family)
    everything = [f for u in _ordered(understanding) for f in u.faults] + faults(readable)
    name = _name(document, index, count)
    cell, problem = _cell(understanding, name)
    if problem is not None:
        everything.append(problem)
    everything = distinct(everything)
    edits = [edit for fault in everything for edit in fault.edits]
    meant, mended = cell, classifier
    if any(f.ill_formed for f in everything):
        cell = None
    if edits:
        meant, mended = _meant(document, index, count, edits, classifier)
        family = mended.family()
    zoo = _relation(cell, meant, family)
    if zoo is not None and zoo.relation in ("identical", "equal") and zoo.name in NAMES:
        family = NAMES[zoo.name]
    conventions = classifier.conventions(family).completed(mended.conventions(family))
    return Reading(
        name=name,
        family=family,
        conventions=conventions,
        states=tuple(parts.states),
        lines=tuple(_line(document, u, parts, everything) for u in _ordered(understanding)),
        cell=cell,
        meant=meant,
        zoo=zoo,
        misprints=tuple(_misprint(document, fault) for fault in everything),
        notes=tuple(_notes(understanding)),
        mended=tuple(_mended(document, understanding, edits)),
        edits=tuple(edits),
    )


def _ordered(found: Understanding) -> list[Understood]:
    """All lines of a cell in the order of the document."""
    return sorted([*found.lines, *found.doubled, *found.inlined],
                  key=lambda u: (u.line.number, u.line.target.start))  # fmt: skip


def _name(document: Document, index: int, count: int) -> str:
    stem = Path(document.path).stem if document.path else "cell"
    return stem if count == 1 else f"{stem}#{index + 1}"


def _cell(found: Understanding, name: str) -> tuple[Cell | None, Fault | None]:
    """The cell as printed; None where a line has no meaning or the lines make no cell."""
    if any(u.ill_formed or u.line.printed for u in found.lines):
        return None, None
    texts = [u.text for u in found.lines]
    try:
        return Cell.from_text("\n".join(t for t in texts if t is not None), name), None
    except EquationError as error:
        return None, _size_fault(found, error)


def _size_fault(found: Understanding, error: EquationError) -> Fault | None:
    """Sizes that do not fit are a fault of the line; all else is known already."""
    if "sizes do not fit" not in error.message or not 0 < error.line <= len(found.lines):
        return None
    equation = found.lines[error.line - 1].line.equation
    return Fault("shape_mismatch", error.message, equation.start, equation.stop, "", "", (), 0.5)


def _meant(
    document: Document, index: int, count: int, edits: list[Edit], printed: Classifier
) -> tuple[Cell | None, Classifier]:
    """The cell that the document defines once its misprints are mended."""
    again = find(document, edits)
    if len(again.cells) != count:
        return None, printed
    _draft, understanding, parts = again.cells[index]
    cell = _cell(understanding, _name(document, index, count))[0]
    return cell, Classifier(understanding, parts)


def _relation(cell: Cell | None, meant: Cell | None, family: str) -> Relation | None:
    """The nearest zoo cell: that of the meant cell, with the verdict on the printed one."""
    if cell is None or cell is meant or meant is None:
        known = cell or meant
        return relation(known, family) if known is not None else None
    wanted = relation(meant, family)
    if wanted is None:
        return relation(cell, family)
    return replace(against(wanted.name, cell), as_meant=wanted.relation)


def _line(
    document: Document, u: Understood, parts: Structure, everything: Sequence[Fault]
) -> ReadLine:
    equation = u.line.equation
    line, column = document.place(equation.start)
    part = (
        "candidate" if u.name in parts.candidates
        else "gate" if u.name in parts.gates
        else "state" if u.name in parts.states
        else "output" if u.name in parts.outputs
        else ""
    )  # fmt: skip
    ill_formed = u.ill_formed or any(
        f.ill_formed and equation.start <= f.start < equation.stop for f in everything
    )
    text = None if ill_formed else u.printed
    return ReadLine(
        u.line.printed or u.name,
        text,
        line,
        column,
        document.text[equation.start : equation.stop],
        part,
    )


def _misprint(document: Document, fault: Fault) -> Misprint:
    line, column = document.place(fault.start)
    printed = fault.printed or document.text[fault.start : fault.stop]
    width = max(1, min(fault.stop - fault.start, len(document.line(line)) - column + 1))
    return Misprint(
        line, column, printed, fault.meant, fault.kind, fault.certainty, fault.why, width,
        document.line(line),
    )  # fmt: skip


def _notes(found: Understanding) -> Iterator[str]:
    """What was assumed: activations without a name, normalisations, convolutions."""
    from symgate.reading.terms import Call, walk

    seen: dict[str, set[str]] = {}
    for u in found.lines:
        for term in walk(u.term) if u.term is not None else ():
            if isinstance(term, Call) and term.assumed:
                seen.setdefault(term.printed, set()).add(term.function)
    for printed, functions in seen.items():
        yield f"{printed} is read as {' and '.join(sorted(functions))}"
    for name, what in found.context.notes.items():
        if what == "normalisation":
            yield f"{name} is a normalisation and is left out of the text"
        elif what == "input":
            yield f"{name} is a function of the input and is read as an input"
    if found.convolution:
        yield "the products with weights are convolutions, written as matrices in the text"
    for name in sorted(found.backwards):
        yield f"{name} runs backwards in time; its text counts the steps from the end"


def _mended(document: Document, found: Understanding, edits: list[Edit]) -> Iterator[str]:
    """The equations of a cell in the author's notation, with the misprints mended."""
    done: set[int] = set()
    for u in _ordered(found):
        equation = u.line.equation
        if equation.start in done:
            continue
        done.add(equation.start)
        yield edited(document.text, edits, equation.start, equation.stop)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:197] + "…"
