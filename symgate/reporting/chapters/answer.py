"""The answer at the top: one figure and three sentences with its numbers."""

from __future__ import annotations

from typing import Any

from symgate.equations.cell import Cell
from symgate.reporting.blocks import Lead, Link, Maths, Paragraph, Picture, Section, Words
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import listed, norm_of


def section(f: Findings) -> Section:
    """The figure, and what it says."""
    if not f.measured:
        words: Words = ("None of the cells could be simulated; each one's section says why.",)
        return Section("answer", "The answer", (Lead(words),))
    blocks: list[Any] = [Lead(_rates(f)), Lead(_left(f)), Lead(_carry(f))]
    if f.has("decay"):
        blocks.insert(0, _picture(f))
    failed = [c for c in f.cells if c not in f.measured]
    if failed:
        names = listed([(Link(c.name, f"#{f.slugs[c.name]}"),) for c in failed])
        blocks.append(Paragraph((*names, " could not be simulated; the section says why.")))
    return Section("answer", "The answer", tuple(blocks))


def _picture(f: Findings) -> Picture:
    cells = ", ".join(c.name for c in f.measured)
    first = f"cells/{f.slugs[f.measured[0].name]}"
    caption = (
        norm_of(f, f.measured[0]), " over the lag k. The line is the median, the band 10 to "
        "90 %, the circle the half-life, dotted the worst case and the bound of the run. ",
        f.number(f"{first}/averaged_over", "words"), ".",
    )  # fmt: skip
    said = "; ".join(
        f"{c.name} halves in {f.number(f'cells/{f.slugs[c.name]}/half_life', 'steps').text} steps"
        for c in f.slowest_first
    )
    return Picture("decay", f"Decay of the gradient over the lag for {cells}: {said}.", caption)


def _rates(f: Findings) -> Words:
    """How fast each falls."""
    said: list[Words] = []
    for i, cell in enumerate(f.slowest_first):
        half = f[f"cells/{f.slugs[cell.name]}/half_life"]
        number = f.number(f"cells/{f.slugs[cell.name]}/half_life", "steps")
        if half is None:
            said.append((_name(f, cell), " does not fall"))
        elif i == 0:
            said.append((_name(f, cell), " halves every ", number, " steps"))
        else:
            said.append((_name(f, cell), " every ", number))
    return (
        "With ", f.number("settings/hidden", "whole"), " units, initialised as ",
        f.number("settings/scheme", "words"), " does, the gradient of ", *listed(said), ".",
    )  # fmt: skip


def _left(f: Findings) -> Words:
    """Where it passes a millionth, and what is left at the end."""
    passed = []
    for cell in f.slowest_first:
        key = f"cells/{f.slugs[cell.name]}/passes/1e-6"
        if f[key] is not None:
            passed.append((f.number(key, "whole"), " steps (", cell.name, ")"))
    left = [
        (f.number(f"cells/{f.slugs[c.name]}/last_log10", "power"), f" ({c.name})")
        for c in f.slowest_first
    ]
    start: Words = ()
    if passed:
        start = ("A millionth of it is left after ", *listed(passed), "; after ")
    else:
        start = ("No gradient falls to a millionth; after ",)
    return (
        *start, f.number("settings/lags", "whole"), " steps what is left is ", *listed(left), ".",
    )  # fmt: skip


def _carry(f: Findings) -> Words:
    """What lasts, and what to do."""
    said: list[Words] = []
    for cell in f.slowest_first:
        key = f"cells/{f.slugs[cell.name]}"
        if f[f"{key}/time_constant_from_biases"] is not None:
            said.append(
                (f.number(f"{key}/time_constant_from_biases", "steps"), " steps in ", cell.name)
            )
    if not said:
        return (
            "No cell here carries its state past its weight matrices, so that no bias sets how "
            "long its gradient lasts.",
        )
    return (
        "What lasts is the carry: the gate that passes the state on. Biases as they are give it a "
        "time constant of ", *listed(said), ", which is why they forget as fast as they do; a "
        "carry of ", Maths("1 - 1/T"), " remembers T steps, and ", Link("Memory", "#memory"),
        " says which bias sets it.",
    )  # fmt: skip


def _name(f: Findings, cell: Cell) -> Link:
    return Link(cell.name, f"#{f.slugs[cell.name]}")
