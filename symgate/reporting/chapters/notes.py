"""The five lecture notes: what each defines, in which convention, what is misprinted."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Code, Maths, Paragraph, Rows, Section, Words
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import sentence

HEADER: tuple[Words, ...] = (
    ("note",), ("what it defines",), ("conventions",), ("against the zoo",), ("misprints",),
)  # fmt: skip

#: What a convention says, by its name and value in the data.
SAYS = {
    ("update", "keeps_old"): "the update gate keeps the old state",
    ("update", "takes_new"): "the update gate takes the new state",
    ("reset", "before"): "reset before the matrix",
    ("reset", "after"): "reset after the matrix",
    ("peephole", True): "peepholes",
    ("coupled", True): "coupled gates",
    ("concatenated", True): "state and input concatenated",
    ("row_vectors", True): "row vectors",
    ("biases", "one"): "one bias",
    ("biases", "two"): "two biases",
    ("biases", "none"): "no biases",
    ("biases", "partial"): "biases in some gates",
}

RELATIONS = {
    "identical": "the same as",
    "equal": "proved equal to",
    "conditional": "equal under conditions to",
    "different": "near to, but not",
    "undecided": "not decided against",
}


def section(f: Findings) -> Section | None:
    """A row a note, then the misprints one by one."""
    notes = f["notes"]
    rows = tuple(_row(f, i) for i in range(len(notes)))
    blocks: list[Any] = [
        Paragraph((
            "The equations of five public lecture notes, as ", Code("symgate read"),
            " takes them: which cell each defines, in which convention, and what is misprinted.",
        )),
        Rows("The notes", ("What the five notes define.",), HEADER, rows),
    ]  # fmt: skip
    for i, note in enumerate(notes):
        for j, cell in enumerate(note["cells"]):
            blocks += [_misprint(f, i, j, k) for k in range(len(cell["misprints"]))]
    return Section("notes", "Five lecture notes, read", tuple(blocks))


def _row(f: Findings, i: int) -> tuple[Words, ...]:
    note = f[f"notes/{i}"]
    name: Words = (Code(note["name"]),)
    if not note["cells"]:
        count = f.number(f"notes/{i}/pictures", "whole")
        return name, ("no equations: ", count, " pictures, not read"), ("–",), ("–",), ("–",)
    (cell,) = note["cells"][:1]
    said = [SAYS[pair] for pair in cell["conventions"].items() if pair in SAYS]
    zoo = cell["zoo"]
    relation: Words = ("–",)
    if zoo is not None:
        told = RELATIONS.get(zoo["relation"], zoo["relation"])
        relation = (f"{told} ", Code(zoo["name"]))
        if zoo.get("as_meant"):
            relation = (*relation, f"; as meant, {zoo['as_meant']}")
    misprints: Words = (f.number(f"notes/{i}/misprints", "whole"),)
    return name, (cell["family"].upper(),), (", ".join(said),), relation, misprints


def _misprint(f: Findings, i: int, j: int, k: int) -> Paragraph:
    at = f"notes/{i}/cells/{j}/misprints/{k}"
    m = f[at]
    words: list[Any] = [
        Code(f["notes"][i]["name"]), " prints ", Maths(m["printed_latex"]), ", and probably means ",
        Maths(m["meant_latex"]), " (", f.number(f"{at}/certainty", "share"), " sure): ", m["why"],
        ". ",
    ]  # fmt: skip
    words += [part for text in m["consequence"] for part in (*sentence(text), " ")]
    return Paragraph(tuple(words))
