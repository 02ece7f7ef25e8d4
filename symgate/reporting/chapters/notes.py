"""The five lecture notes: what each defines, in which convention, what is misprinted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symgate.reading.summary import PHRASES
from symgate.reporting.findings import Findings
from symgate.writing.tree import (
    Code,
    Display,
    Listing,
    Paragraph,
    Section,
    Table,
    Words,
    Written,
    with_maths,
)

HEADER: tuple[Words, ...] = tuple(
    (name,) for name in ("note", "what it defines", "conventions", "against the zoo", "misprints")
)

#: What a convention says, by its name and value in the data; a table has room for more words.
SAYS = {
    **PHRASES,
    ("concatenated", True): "state and input concatenated",
    ("biases", "one"): "one bias",
    ("biases", "partial"): "biases in some gates",
}

VERDICTS = {
    "identical": "the same as",
    "equal": "proved equal to",
    "conditional": "under conditions equal to",
    "near": "close to",
}


def section(f: Findings) -> Section | None:
    """A row a note, then the misprints one by one."""
    rows = tuple(_row(f.at(f"notes/{i}"), note) for i, note in enumerate(f["notes"]))
    words = f.said(
        "The equations of five public lecture notes, as `symgate read` takes them: which cell each "
        "defines, in which convention, and what is misprinted."
    )
    table = Table(HEADER, rows, "The notes", ("What the five notes define.",))
    blocks: list[Any] = [Paragraph(words), table]
    for i, note in enumerate(f["notes"]):
        for j, cell in enumerate(note["cells"]):
            for k, misprint in enumerate(cell["misprints"]):
                here = f.at(f"notes/{i}/cells/{j}/misprints/{k}")
                blocks += _misprint(here, note["name"], misprint)
    return Section("notes", "Five lecture notes, read", tuple(blocks))


def _row(here: Findings, note: Mapping[str, Any]) -> tuple[Words, ...]:
    name: Words = (Code(note["name"]),)
    if not note["cells"]:
        count = here.said("no equations; {pictures:whole} in pictures, which are not read")
        return (name, count, ("–",), ("–",), ("–",))
    (cell,) = note["cells"][:1]
    said = [SAYS[pair] for pair in cell["conventions"].items() if pair in SAYS]
    zoo = cell["zoo"]
    verdict: Words = ("–",)
    if zoo is not None:
        told = VERDICTS.get(zoo["verdict"], zoo["verdict"])
        verdict = (f"{told} ", Code(zoo["name"]))
        if zoo.get("as_meant"):
            meant = VERDICTS.get(zoo["as_meant"], zoo["as_meant"])
            verdict = (*verdict, f"; as meant, {meant} it")
    misprints: Words = (here.number("misprints", "whole"),)
    return name, (cell["family"].upper(),), (", ".join(said),), verdict, misprints


def _misprint(here: Findings, note: str, m: Mapping[str, Any]) -> list[Any]:
    """What is printed, what is meant, and what follows from the difference."""
    words = here.said(
        "{note} prints {printed}, and probably means {meant} ({certainty:share} sure): {why}.",
        note=Code(note),
        printed=Written(m["printed_latex"]),
        meant=Written(m["meant_latex"]),
        why=with_maths(m["why"]),
    )
    found = m["consequence"]
    items: list[Words] = [
        (f"As printed {state} {_within(printed)}; as meant it {_within(meant)}.",)
        for state, (printed, meant) in found["ranges"].items()
        if printed != meant
    ]
    beside = "/" + here.key("consequence/beside")
    items += [
        here.at(f"consequence/decays/{n}").said(
            f"With {{{beside}/hidden:whole}} units and recurrent weights of gain {{gain:value}} "
            f"the gradient over {{{beside}/lags:whole}} steps is {{last_log10/0:power}} as printed "
            f"and {{last_log10/1:power}} as meant."
        )
        for n, row in enumerate(found["decays"])
        if "failed" not in row
    ]
    blocks: list[Any] = [Paragraph(words)]
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
    return "has no bound" if "oo" in interval else f"stays in {interval} from 0".replace("-", "−")
