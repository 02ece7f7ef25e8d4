"""`read`: the cells that documents define, what they are, and what is misprinted in them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from symgate import asked as ask
from symgate.equations.cell import Cell, cell_of_text
from symgate.errors import EquationError, SymgateError
from symgate.files import unread
from symgate.reading.cells import reading
from symgate.reading.pipeline import find
from symgate.reading.reading import ReadFile, Reading, Readings
from symgate.reading.source import ENDINGS, Document

MAX_BYTES = 20_000_000

_PICTURE = re.compile(
    r"!\[[^\[\]\n]{0,200}\]\([^()\n]{1,400}\)|<img\b[^<>]{0,600}>"
    r"|\\includegraphics\b[^{}\n]{0,200}\{[^{}\n]{1,400}\}|^[ \t]*\.\. (?:image|figure)::.*",
    re.MULTILINE,
)


def _source(name: str, value: object) -> object:
    """A text as it is; anything else is a path."""
    return value if isinstance(value, str) and _is_text(value) else ask.path(name, value)


@ask.asked(source=ask.several(_source))
def read(
    source: str | Path | Iterable[str | Path], progress: Callable[[int, int], None] | None = None
) -> Readings:
    r"""Read the cells of a document, of several, of all documents in a folder, or of a text.

    A text is told from a path by its equals sign or its line break. A file that cannot be
    read does not stop the others; its `error` says why. One file alone that cannot be read
    raises a SymgateError. `progress` is called with how many files are done, of how many.

    >>> found = read(r"$$ h_t = \tanh(W x_t + U h_{t-1} + b) $$")
    >>> [(reading.family, reading.zoo.verdict) for reading in found]
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
                p
                for p in path.rglob("*")
                if p.suffix.lower() in ENDINGS and p.is_file() and not _hidden(p, path)
            )
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
        if path.exists() and not path.is_file():
            raise SymgateError(f"cannot read {path}: it is not a file")
        if path.stat().st_size > MAX_BYTES:
            raise SymgateError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except SymgateError:
        raise
    except (OSError, ValueError) as error:
        raise unread(path, error) from None
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
        raise EquationError(f"formulas must be a text, not {type(latex).__name__}")
    found = read_text(latex).cells or read_text(f"$$\n{latex}\n$$").cells
    if len(found) != 1:
        count = "no cell" if not found else f"{len(found)} cells"
        raise EquationError(f"these formulas define {count}", shown=latex.strip().split("\n")[0])
    only = found[0]
    if only.cell is None:
        raise _unreadable(only, latex)
    return cell_of_text(str(only.cell), name)


def _unreadable(found: Reading, latex: str) -> EquationError:
    """Why a reading has no cell, with the place of the first fault."""
    shown = latex.split("\n")
    for misprint in found.misprints:
        line = min(misprint.line, len(shown))
        return EquationError(
            misprint.why,
            line=line,
            column=misprint.column,
            width=misprint.width,
            shown=shown[line - 1],
        )
    try:
        cell_of_text("\n".join(text or "" for text in found.text))
    except EquationError as error:
        return error
    return EquationError("these formulas define no cell of the language", shown=shown[0])


def read_document(document: Document) -> ReadFile:
    """Read the cells of a document."""
    found = find(document)
    cells = tuple(
        reading(document, found, index, len(found.cells)) for index in range(len(found.cells))
    )
    read = {(line.line, line.source) for cell in cells for line in cell.lines if line.text}
    skipped = [
        {"line": line, "source": _shortened(source), "why": why}
        for start, stop, why in sorted({*found.skipped, *(() if cells else pictures(document))})
        if ((line := document.place(start)[0]), (source := document.text[start:stop])) not in read
    ]
    return ReadFile(document.path, cells, tuple(skipped))


def pictures(document: Document) -> Iterator[tuple[int, int, str]]:
    """The pictures of a document, which may hold its equations."""
    for found in _PICTURE.finditer(document.text):
        yield found.start(), found.end(), "a picture: what it shows is not read"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:197] + "…"
