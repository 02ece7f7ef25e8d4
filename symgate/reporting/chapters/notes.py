"""The five lecture notes: what each defines, in which convention, what is misprinted."""

from __future__ import annotations

from typing import Any

from symgate.reading.summary import PHRASES
from symgate.reporting.blocks import (
    Chapter,
    Code,
    DataTable,
    Display,
    Listing,
    Maths,
    Paragraph,
    Words,
)
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import with_maths

HEADER: tuple[Words, ...] = (
    ("note",),
    ("what it defines",),
    ("conventions",),
    ("against the zoo",),
    ("misprints",),
)

#: What a convention says, by its name and value in the data; a table has room for more words.
SAYS = {
    **PHRASES,
    ("concatenated", True): "state and input concatenated",
    ("biases", "one"): "one bias",
    ("biases", "partial"): "biases in some gates",
}

RELATIONS = {
    "identical": "the same as",
    "equal": "proved equal to",
    "conditional": "under conditions equal to",
    "near": "close to",
}


def section(f: Findings) -> Chapter | None:
    """A row a note, then the misprints one by one."""
    notes = f["notes"]
    rows = tuple(_row(f, i) for i in range(len(notes)))
    blocks: list[Any] = [
        Paragraph(
            (
                "The equations of five public lecture notes, as ",
                Code("symgate read"),
                " takes them: which cell each defines, in which convention, and what is "
                "misprinted.",
            )
        ),
        DataTable("The notes", ("What the five notes define.",), HEADER, rows),
    ]
    for i, note in enumerate(notes):
        for j, cell in enumerate(note["cells"]):
            for k in range(len(cell["misprints"])):
                blocks += _misprint(f, i, j, k)
    return Chapter("notes", "Five lecture notes, read", tuple(blocks))


def _row(f: Findings, i: int) -> tuple[Words, ...]:
    note = f[f"notes/{i}"]
    name: Words = (Code(note["name"]),)
    if not note["cells"]:
        count = f.number(f"notes/{i}/pictures", "whole")
        return (
            name,
            ("no equations; ", count, " in pictures, which are not read"),
            ("–",),
            ("–",),
            ("–",),
        )
    (cell,) = note["cells"][:1]
    said = [SAYS[pair] for pair in cell["conventions"].items() if pair in SAYS]
    zoo = cell["zoo"]
    relation: Words = ("–",)
    if zoo is not None:
        told = RELATIONS.get(zoo["relation"], zoo["relation"])
        relation = (f"{told} ", Code(zoo["name"]))
        if zoo.get("as_meant"):
            meant = RELATIONS.get(zoo["as_meant"], zoo["as_meant"])
            relation = (*relation, f"; as meant, {meant} it")
    misprints: Words = (f.number(f"notes/{i}/misprints", "whole"),)
    return name, (cell["family"].upper(),), (", ".join(said),), relation, misprints


def _misprint(f: Findings, i: int, j: int, k: int) -> list[Any]:
    """What is printed, what is meant, and what follows from the difference."""
    at = f"notes/{i}/cells/{j}/misprints/{k}"
    m = f[at]
    words: list[Any] = [
        Code(f["notes"][i]["name"]),
        " prints ",
        Maths(m["printed_latex"]),
        ", and probably means ",
        Maths(m["meant_latex"]),
        " (",
        f.number(f"{at}/certainty", "share"),
        " sure): ",
        *with_maths(m["why"]),
        ".",
    ]
    found = m["consequence"]
    parted = {s: pair for s, pair in found["ranges"].items() if pair[0] != pair[1]}
    items: list[Words] = [
        (f"As printed {state} {_within(pair[0])}; as meant it {_within(pair[1])}.",)
        for state, pair in parted.items()
    ]
    items += [
        _decays(f, f"{at}/consequence", n)
        for n, row in enumerate(found["decays"])
        if "failed" not in row
    ]
    blocks: list[Any] = [Paragraph(tuple(words))]
    if items:
        blocks += [Paragraph(("What follows:",)), Listing(tuple(items))]
    if None not in found["jacobians"]:
        for how, jacobian in zip(("printed", "meant"), found["jacobians"], strict=True):
            blocks += [Paragraph((f"One step as {how}:",)), Display(jacobian)]
    return blocks


def _within(interval: str) -> str:
    """Where a state stays, from an interval as text."""
    if interval == "none":
        return "is not a state"
    return "has no bound" if "oo" in interval else f"stays in {interval} from 0"


def _decays(f: Findings, at: str, n: int) -> Words:
    row = f"{at}/decays/{n}"
    return (
        "With ",
        f.number(f"{at}/beside/hidden", "whole"),
        " units and recurrent weights of gain ",
        f.number(f"{row}/gain", "value"),
        " the gradient over ",
        f.number(f"{at}/beside/lags", "whole"),
        " steps is ",
        f.number(f"{row}/last_log10/0", "power"),
        " as printed and ",
        f.number(f"{row}/last_log10/1", "power"),
        " as meant.",
    )
