"""Memory: which bias remembers how many steps, and the half-life over bias and gain."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import (
    Chapter,
    Code,
    DataTable,
    Listing,
    Maths,
    Paragraph,
    Picture,
    Words,
)
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import sentence


def section(f: Findings) -> Chapter:
    """The table of biases, then a map for each cell."""
    slugs = [f.slugs[cell.name] for cell in f.cells]
    able = [s for s in slugs if "refused" not in f[f"memory/{s}"]]
    blocks: list[Any] = []
    if able:
        blocks.append(
            Paragraph(
                (
                    "A carry that keeps ",
                    Maths("1 - 1/T"),
                    " of the state at each step has a memory of T "
                    "steps: after T steps, 1/e of the gradient remains. The bias that achieves it:",
                )
            )
        )
        blocks.append(_table(f, able))
        blocks.append(Listing(tuple(_checked(f, s) for s in able)))
    for slug in slugs:
        if slug not in able:
            blocks.append(Paragraph(sentence(f[f"memory/{slug}/refused"])))
    for slug in able:
        blocks += _map(f, slug)
    return Chapter("memory", "Memory", tuple(blocks))


def _table(f: Findings, able: list[str]) -> DataTable:
    steps = list(f[f"memory/{able[0]}/values"])
    header: tuple[Words, ...] = (
        ("cell",),
        ("bias",),
        ("for T steps",),
        *((f"T = {int(k):,}",) for k in steps),
    )
    rows = tuple(
        (
            (f[f"memory/{slug}/cell"],),
            (Code(f[f"memory/{slug}/parameter"]),),
            (Maths(f[f"memory/{slug}/latex"]),),
            *((f.number(f"memory/{slug}/values/{k}", "value"),) for k in steps),
        )
        for slug in able
    )
    others = dict.fromkeys(
        f"{name} = {value:g}" for slug in able for name, value in f[f"memory/{slug}/with"].items()
    )
    given = f", with {', '.join(others)}" if others else ""
    caption: Words = (
        f"The bias for a memory of T steps{given}; all other parameters keep their initial values.",
    )
    numeric = frozenset(range(3, 3 + len(steps)))
    return DataTable("Biases by memory", caption, header, rows, numeric)


def _checked(f: Findings, slug: str) -> Words:
    at = f"memory/{slug}/checked"
    drawn = f[f"{at}/drawn"]
    words: list[Any] = [
        f"{f[f'memory/{slug}/cell']}: checked at T = {f[f'{at}/steps']}. With all weights zero, "
        "each step keeps ",
        f.number(f"{at}/exact", "value"),
        "; with random weights and noise as input, ",
    ]
    if drawn is None:
        words.append("the gradient grows, as the paths through the gates outweigh the carry")
    else:
        words += ["the time constant is ", f.number(f"{at}/drawn", "steps"), " steps"]
    if f[f"{at}/partner"]:
        name, value = next(iter(f[f"{at}/partner"].items()))
        words += ["; with ", Code(f"{name} = {value:.3f}"), " for the input gate as well, "]
        if f[f"{at}/paired"] is None:
            words.append("it still grows")
        else:
            words += ["the time constant is ", f.number(f"{at}/paired", "steps"), " steps"]
    return (*words, ".")


def _map(f: Findings, slug: str) -> list[Any]:
    at = f"memory/{slug}"
    if not f.has(f"{slug}-half-life"):
        return [Paragraph(sentence(f[f"{at}/no_map"]))] if "no_map" in f[at] else []
    name, gate, state = f[f"{at}/cell"], f[f"{at}/gate"], f[f"{at}/state"]
    caption: Words = (
        f"Half-life of the gradient of {state} in {name}, in steps, against the bias of gate "
        f"{gate} and the gain g of the recurrent weights, drawn from ",
        Maths(r"N(0, g^2/n)"),
        f" with n = {f['memory units']}.",
    )
    return [
        Picture(
            f"{slug}-half-life",
            f"Heat map of the half-life of {name} over the bias of gate {gate} and the gain",
            caption,
        )
    ]
