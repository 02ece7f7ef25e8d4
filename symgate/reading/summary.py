"""A reading in words, for a terminal: what each cell is, and each misprint with a caret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from symgate.reading.conventions import Conventions
from symgate.tables import html_table

if TYPE_CHECKING:
    from symgate.reading.reading import Misprint, ReadFile, Reading

#: Marks words of a kind: "name", "fault", "mend", "faint".
Mark = Callable[[str, str], str]

#: How many misprints of one cell are told.
SHOWN = 12

#: Columns of a terminal, unless it says otherwise.
WIDTH = 88


#: The telling conventions in words, by name and value.
PHRASES: Mapping[tuple[str, object], str] = {
    ("update", "keeps_old"): "the update gate keeps the old state",
    ("update", "takes_new"): "the update gate takes the new state",
    ("reset", "before"): "reset before the matrix",
    ("reset", "after"): "reset after the matrix",
    ("peephole", True): "peepholes",
    ("coupled", True): "coupled gates",
    ("concatenated", True): "concatenated",
    ("row_vectors", True): "row vectors",
    ("biases", "two"): "two biases",
    ("biases", "none"): "no biases",
    ("biases", "partial"): "biases in part",
}


def plain(words: str, kind: str) -> str:
    """Words as they are, without colour."""
    return words


def visible(words: str) -> str:
    """Words on one line, without characters that steer a terminal.

    >>> visible("a\\x1b[2Jb  c")
    'a [2Jb c'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def in_words(conventions: Conventions) -> list[str]:
    """The conventions as short phrases, the telling ones only.

    >>> in_words(Conventions(update="takes_new", reset="none", biases="two", row_vectors=False))
    ['the update gate takes the new state', 'two biases']
    """
    return [PHRASES[item] for item in conventions.to_dict().items() if item in PHRASES]


def of_file(file: ReadFile, mark: Mark = plain, width: int = WIDTH) -> Iterator[str]:
    """The lines that tell of one document."""
    yield mark(visible(file.path) or "text", "name")
    if file.error:
        yield f"  {mark(visible(file.error), 'fault')}"
    for index, reading in enumerate(file.cells, start=1):
        yield ""
        number = f"{index}  " if len(file.cells) > 1 else ""
        yield from of_cell(reading, number, mark, width)
    if not file.cells and not file.error:
        yield f"  no equations of a cell{_nothing(file)}"
    elif file.skipped:
        yield ""
        yield mark(f"  skipped: {_skipped(file)}", "faint")


def of_cell(reading: Reading, number: str, mark: Mark, width: int) -> Iterator[str]:
    """A cell: its family, conventions and relation, its lines, its misprints."""
    head = ", ".join(in_words(reading.conventions))
    yield from _filled(f"  {number}{mark(reading.family, 'name')}", head, "    ", width)
    yield f"    {_verdict(reading, mark)}"
    if reading.zoo is not None and reading.zoo.verdict == "equal":
        yield from _filled("    under", str(reading.zoo.comparison.map), "           ", width)
    yield ""
    accused = {m.line: m for m in reading.misprints}
    for line in reading.lines:
        shown = line.text if line.text is not None else " ".join(line.source.split())
        sign = " " if line.text is not None else mark("?", "faint")
        sign = mark("✗", "fault") if line.line in accused else sign
        yield f"  {sign} {_shortened(shown, width - 4)}"
    for note in reading.notes:
        yield mark(f"    {visible(note)}", "faint")
    for misprint in reading.misprints[:SHOWN]:
        yield ""
        yield from of_misprint(misprint, mark, width)
    if len(reading.misprints) > SHOWN:
        yield ""
        yield f"    and {len(reading.misprints) - SHOWN} more; --json has them all"


def of_misprint(misprint: Misprint, mark: Mark = plain, width: int = WIDTH) -> Iterator[str]:
    """A misprint with its source line and a caret under it."""
    kind = misprint.kind.replace("_", " ")
    sure = f"{round(100 * misprint.certainty)}% sure"
    yield f"    {mark(kind, 'fault')}  line {misprint.line}, column {misprint.column}, {sure}"
    yield from _filled("    ", visible(misprint.why), "    ", width)
    shown, start = excerpt(misprint.shown, misprint.column - 1, width - 12)
    if shown.strip():
        carets = "^" * max(1, min(misprint.width, len(shown) - start))
        gutter = f"{misprint.line:>8} "
        yield f"{mark(gutter + '│', 'faint')} {shown}"
        yield f"{mark(' ' * len(gutter) + '│', 'faint')} {' ' * start}{mark(carets, 'fault')}"
    if misprint.meant:
        yield f"         meant  {mark(visible(misprint.meant), 'mend')}"
    for state, (printed, meant) in misprint.consequence.ranges.items():
        if printed != meant and "none" not in (printed, meant):
            now = "is unbounded" if printed == "[-oo, oo]" else f"lies in {printed}"
            then = "no bound" if meant == "[-oo, oo]" else meant
            yield f"         so     {state} {now}, where {then} was meant"


def html(files: Sequence[ReadFile]) -> str:
    """The table of the cells for a notebook, and each misprint under it."""
    head, *rows = table(files)
    told = (
        "\n".join(of_misprint(misprint))
        for file in files
        for reading in file.cells
        for misprint in reading.misprints[:SHOWN]
    )
    return html_table(rows, head, printed=told)


def table(files: Sequence[ReadFile]) -> list[tuple[str, ...]]:
    """One row a cell: document, family, verdict with the zoo's cell, misprints."""
    rows: list[tuple[str, ...]] = [("file", "cell", "conventions", "zoo", "misprints")]
    for file in files:
        if not file.cells:
            what = "not read" if file.error else "none"
            rows.append((file.path, what, "", "", ""))
        for i, reading in enumerate(file.cells, start=1):
            path = f"{file.path}#{i}" if len(file.cells) > 1 else file.path
            zoo = "" if reading.zoo is None else f"{reading.zoo.verdict} {reading.zoo.name}"
            told = ", ".join(_short(reading.conventions))
            rows.append((path, reading.family, told, zoo, str(len(reading.misprints) or "-")))
    return rows


def excerpt(line: str, start: int, width: int) -> tuple[str, int]:
    """The part of a line around a place, and where the place is in it; tabs become spaces.

    >>> excerpt("a = b", 4, 40)
    ('a = b', 4)
    """
    line = "".join(c if c.isprintable() else " " for c in line)
    if len(line) <= width:
        return line.rstrip(), start
    left = max(0, min(start - width // 3, len(line) - width))
    right = left + width
    return (("…" if left else "") + line[left + bool(left) : right - 1] + "…", max(0, start - left))


def _short(conventions: Conventions) -> list[str]:
    words = {True: "", "keeps_old": "keeps old", "takes_new": "takes new"}
    shown = []
    for name, value in conventions.to_dict().items():
        if name == "update":
            shown.append(words[str(value)])
        elif name == "reset" and value != "none":
            shown.append(f"reset {value}")
        elif value is True:
            shown.append(name.replace("_", " "))
    return shown


def _verdict(reading: Reading, mark: Mark) -> str:
    zoo = reading.zoo
    if zoo is None and any(line.text is None for line in reading.lines):
        return "not compared with the zoo: a line is not read"
    if zoo is None:
        return "no cell of the zoo is near"
    name = mark(zoo.name, "name")
    meant = "as meant " if reading.misprints and zoo.as_meant in (None, zoo.verdict) else ""
    if zoo.verdict == "identical":
        return f"{meant}identical to the zoo's {name}, up to names"
    if zoo.verdict == "equal":
        return f"{meant}proved equal to the zoo's {name}"
    if zoo.verdict == "conditional":
        conditions = " or ".join(" and ".join(c) for c in zoo.comparison.conditions)
        return f"{meant}equal to the zoo's {name} only if {conditions}"
    if zoo.as_meant in ("identical", "equal"):
        return f"as meant {zoo.as_meant} to the zoo's {name}; as printed not"
    if zoo.as_meant == "conditional":
        return f"as meant equal to the zoo's {name} under conditions; as printed not"
    if zoo.differs:
        return f"nearest in the zoo: {name}, which is another cell"
    return f"nearest in the zoo: {name}; no proof that it is equal"


def _nothing(file: ReadFile) -> str:
    pictures = sum("picture" in str(item["why"]) for item in file.skipped)
    if pictures:
        return "; one picture, not read" if pictures == 1 else f"; {pictures} pictures, not read"
    return f"; skipped: {_skipped(file)}" if file.skipped else ""


def _skipped(file: ReadFile) -> str:
    counts: dict[str, list[int]] = {}
    for item in file.skipped:
        counts.setdefault(str(item["why"]), []).append(int(item["line"]))
    shown = [f"{why}, {_places(lines)}" for why, lines in list(counts.items())[:4]]
    more = len(counts) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more else "")


def _places(lines: Sequence[int]) -> str:
    """Lines by their numbers, four at most.

    >>> _places([4]), _places([1, 1, 4]), _places([1, 2, 3, 5, 8])
    ('line 4', 'lines 1 and 4', 'lines 1, 2, 3, 5, …')
    """
    shown = [str(line) for line in dict.fromkeys(lines)]
    if len(shown) < 2 or len(shown) > 4:
        return "line" + "s" * (len(shown) > 1) + f" {', '.join([*shown[:4], '…'][: len(shown)])}"
    return f"lines {', '.join(shown[:-1])} and {shown[-1]}"


def _filled(head: str, words: str, indent: str, width: int) -> Iterator[str]:
    """Words after a head, broken where the terminal ends."""
    from textwrap import wrap

    first = f"{head}  " if head.strip() else head
    lines = wrap(words, max(20, width - len(indent)), break_on_hyphens=False) or [""]
    yield (first + lines[0]).rstrip()
    for line in lines[1:]:
        yield indent + line


def _shortened(text: str, width: int) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= max(width, 40) * 3 else text[: width * 3 - 1] + "…"
