"""The answer at the top: the conclusion, its reason, the figure, and the numbers."""

from __future__ import annotations

from typing import Any

from symgate.equations.cell import Cell
from symgate.reporting.blocks import (
    Chapter,
    Code,
    Lead,
    Link,
    Maths,
    Paragraph,
    Picture,
    Words,
)
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import listed, norm_of


def section(f: Findings) -> Chapter:
    """The figure, and what it says."""
    if not f.measured:
        words: Words = ("None of the cells could be simulated; each one's section says why.",)
        return Chapter("answer", "The answer", (Lead(words),))
    blocks: list[Any] = [Lead(_conclusion(f)), Lead(_why(f))]
    if f.has("decay"):
        blocks.append(_picture(f))
    blocks += [Paragraph(_rates(f)), Paragraph(_left(f)), Paragraph(_carry(f))]
    failed = [c for c in f.cells if c not in f.measured]
    if failed:
        names = listed([(Link(c.name, f"#{f.slugs[c.name]}"),) for c in failed])
        blocks.append(Paragraph((*names, " could not be simulated; the section says why.")))
    return Chapter("answer", "The answer", tuple(blocks))


def _picture(f: Findings) -> Picture:
    cells = ", ".join(c.name for c in f.measured)
    first = f"cells/{f.slugs[f.measured[0].name]}"
    near: Words = ()
    if f["answer/near"] is not None:
        near = ("; below, its first ", f.number("answer/near", "whole"), " lags")
    caption = (
        norm_of(f, f.measured[0]),
        " (spectral norm) against the lag k",
        *near,
        ". Line: median. Band: 10th to 90th percentile. Circle: half-life. Measured on ",
        f.number(f"{first}/averaged_over", "words"),
        ".",
    )
    said = "; ".join(
        f"{c.name} halves in {f.number(f'cells/{f.slugs[c.name]}/half_life', 'steps').text} steps"
        for c in f.slowest_first
    )
    return Picture("decay", f"Decay of the gradient over the lag for {cells}: {said}.", caption)


def _conclusion(f: Findings) -> Words:
    """How far back the gradient reaches, in a sentence that says what was measured."""
    reaches = [
        (f[f"cells/{f.slugs[c.name]}/above_millionth"], f"cells/{f.slugs[c.name]}/above_millionth")
        for c in f.slowest_first
    ]
    measured: Words = (
        *_scheme(f),
        ", with ",
        f.number("settings/hidden", "whole"),
        " units and white noise as input, ",
    )
    known = [(reach, key) for reach, key in reaches if reach is not None]
    if len(known) < len(reaches):
        kept = listed(
            [
                (_name(f, c),)
                for c in f.slowest_first
                if f[f"cells/{f.slugs[c.name]}/above_millionth"] is None
            ]
        )
        return (
            *measured,
            *kept,
            " still keeps a millionth of the gradient at the last lag measured, ",
            f.number("settings/lags", "whole"),
            " steps back.",
        )
    few = {1: "the cell does not keep", 2: "neither cell keeps", 3: "none of the three keeps"}
    count = few.get(len(known), "none of the cells keeps")
    end: Words = (" steps back (lag k means k steps back).",)
    if _carried(f):
        end = (
            " steps back (lag k means k steps back); what sets this distance is the bias of a "
            "gate, not the architecture.",
        )
    return (
        *measured,
        f"{count} a millionth of the gradient beyond ",
        f.number(max(known)[1], "whole"),
        *end,
    )


def _scheme(f: Findings) -> Words:
    """Which initialisation, at the start of a sentence."""
    framework = {"pytorch": "PyTorch", "keras": "Keras"}.get(f["settings/scheme"])
    if framework is None:
        return ("With the initialisation ", Code(f["settings/scheme"]))
    return (f"At {framework}'s default initialisation",)


def _carried(f: Findings) -> list[Cell]:
    """The cells whose carry has a time constant that biases set."""
    key = "cells/{}/time_constant_from_biases"
    return [c for c in f.measured if f[key.format(f.slugs[c.name])] is not None]


def _why(f: Findings) -> Words:
    """What sets how far: the bias of the gate on the carry."""
    if not _carried(f):
        return (
            "No cell here has a carry, a direct path from a state to its next value through no "
            "weight matrix, so no bias sets how long the gradient lasts.",
        )
    lasting = [f[f"cells/{f.slugs[c.name]}/above_millionth"] is None for c in f.measured]
    return (
        "In some cells a sigmoid gate" if any(lasting) else "That gate",
        " acts on the carry, the direct path from a state to its next value, which passes "
        "through no weight matrix (in an LSTM, the constant error carousel). With bias ",
        Maths("0"),
        " it stays near ",
        Maths(r"\sigma(0) = \tfrac{1}{2}"),
        ", so the carry halves at every step; with bias ",
        Maths(r"\ln(T - 1)"),
        " it keeps ",
        Maths("1 - 1/T"),
        " of the gradient at each step and lasts T steps (see ",
        Link("Memory", "#memory"),
        ").",
    )


def _rates(f: Findings) -> Words:
    """How fast each falls."""
    said: list[Words] = []
    halves = False
    for cell in f.slowest_first:
        key = f"cells/{f.slugs[cell.name]}"
        if f[f"{key}/last_log10"] is None:
            said.append(("is exactly zero in the end in ", _name(f, cell)))
        elif f[f"{key}/half_life"] is None:
            falls = f[f"{key}/rate"] < 0
            said.append(
                (
                    "does not halve within the lags measured in " if falls else "does not fall in ",
                    _name(f, cell),
                )
            )
        else:
            number = f.number(f"{key}/half_life", "steps")
            verb, unit = ("every ", " in ") if halves else ("halves every ", " steps in ")
            said.append((verb, number, unit, _name(f, cell)))
            halves = True
    return ("The gradient ", *listed(said), ".")


def _left(f: Findings) -> Words:
    """How far back more than a millionth is left, and what is left at the end."""
    reaches = [
        (f.number(f"cells/{f.slugs[c.name]}/above_millionth", "whole"), f" in {c.name}")
        for c in f.slowest_first
        if f[f"cells/{f.slugs[c.name]}/above_millionth"] is not None
    ]
    left = [
        (f.number(f"cells/{f.slugs[c.name]}/last_log10", "power"), f" in {c.name}")
        for c in f.slowest_first
    ]
    start: Words = ("Nowhere does it fall to a millionth; ",)
    if reaches:
        start = ("More than a millionth of it survives up to lag ", *listed(reaches), "; ")
    return (
        *start,
        "what remains at lag ",
        f.number("settings/lags", "whole"),
        " is ",
        *listed(left),
        ".",
    )


def _carry(f: Findings) -> Words:
    """What lasts, and what makes it last."""
    without, own, whole = [], [], []
    for cell in f.slowest_first:
        key, of = f"cells/{f.slugs[cell.name]}", f" in {cell.name}"
        block = f"{f[f'{key}/of']},{f[f'{key}/wrt']}"  # not of a matrix: no paths are followed
        left = f"{key}/blocks/{block}/without_last_log10"
        if block not in f[f"{key}/blocks"]:
            whole.append((cell.name,))
        elif "carry" in f[left]:
            without.append((f.number(f"{left}/carry", "power"), of))
        if f[f"{key}/time_constant_from_biases"] is not None:
            own.append((f.number(f"{key}/time_constant_from_biases", "steps"), " steps", of))
    if not without and whole:
        return ("What the carry alone leaves is not told apart in ", *listed(whole), ".")
    if not without:
        return (
            "No cell here carries its state past its weight matrices, so no bias sets how long "
            "its gradient lasts.",
        )
    words: Words = (
        "Without the carry, there would remain ",
        *listed(without),
        ". ",
    )
    if own:
        words += ("With the biases as drawn, the carry alone has a time constant of ", *listed(own))
        words += (". ",)
    chrono = [
        (f.number(f"long/curves/{i}/last_log10", "power"), f" in {row['cell']}")
        for i, row in enumerate(f["long/curves"])
        if row["scheme"] == "chrono" and "failed" not in row
    ]
    if chrono:
        words += (
            "With chrono biases and ",
            f.number("long/hidden", "whole"),
            " units, what remains after ",
            Link(f"{f['long/steps']:,} steps", "#long"),
            " is ",
            *listed(chrono),
            ". ",
        )
    return (*words, Link("Memory", "#memory"), " gives the bias for a memory of any length.")


def _name(f: Findings, cell: Cell) -> Link:
    return Link(cell.name, f"#{f.slugs[cell.name]}")
