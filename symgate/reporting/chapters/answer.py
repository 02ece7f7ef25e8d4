"""The answer at the top: the conclusion, its reason, the figure, and the numbers."""

from __future__ import annotations

from typing import Any

from symgate.equations.cell import Cell
from symgate.numerics.initialise import FRAMEWORKS
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import fit_of, lasting, norm_of
from symgate.writing.tree import Code, Link, Paragraph, Picture, Section, Words, listed


def section(f: Findings) -> Section:
    """The figure, and what it says."""
    if not f.measured:
        words = f.said("None of the cells could be simulated; each one's section says why.")
        return Section("answer", "The answer", (Paragraph(words, leads=True),))
    blocks: list[Any] = [Paragraph(words, leads=True) for words in (_conclusion(f), _why(f))]
    if f.has("decay"):
        blocks.append(_picture(f))
    blocks += [Paragraph(_rates(f)), Paragraph(_left(f)), Paragraph(_carry(f))]
    failed = [c for c in f.cells if c not in f.measured]
    if failed:
        names = listed([(_name(f, c),) for c in failed])
        said = "{names} could not be simulated; the section says why."
        blocks.append(Paragraph(f.said(said, names=names)))
    return Section("answer", "The answer", tuple(blocks))


def _picture(f: Findings) -> Picture:
    cells = ", ".join(c.name for c in f.measured)
    norms = {norm_of(f, c) for c in f.measured}
    near = f.said("; below, its first {answer/near:whole} lags") if f["answer/near"] else ()
    caption = f.at(f.measured[0]).said(
        "{norm} (spectral norm) against the lag k{near}. Line: median. Band: 10th to 90th "
        "percentile. Circle: half-life. Measured on {averaged_over:words}.",
        norm=norms.pop() if len(norms) == 1 else "The norm of the gradient",
        near=near,
    )
    said = "; ".join(f"{c.name}: half-life {lasting(f.at(c))}" for c in f.slowest_first)
    return Picture("decay", f"Decay of the gradient over the lag for {cells}: {said}.", caption)


def _conclusion(f: Findings) -> Words:
    """How far back the gradient reaches, in a sentence that says what was measured."""
    reaches = {c.name: f.at(c)["above_millionth"] for c in f.slowest_first}
    lasting = [(_name(f, c),) for c in f.slowest_first if reaches[c.name] is None]
    if lasting:
        kept = f.said(
            "{cells} still keeps a millionth of the gradient at the last lag measured, "
            "{settings/lags:whole} steps back.",
            cells=listed(lasting),
        )
    else:
        few = {1: "the cell does not keep", 2: "neither cell keeps", 3: "none of the three keeps"}
        farthest = max(f.slowest_first, key=lambda c: (reaches[c.name], f.slugs[c.name]))
        kept = f.said(
            "{count} a millionth of the gradient beyond {farthest} steps back (lag k means k steps "
            "back){cause}.",
            count=few.get(len(reaches), "none of the cells keeps"),
            farthest=f.at(farthest).number("above_millionth", "whole"),
            cause="; what sets this distance is the bias of a gate, not the architecture"
            if _carried(f)
            else "",
        )
    return f.said(
        "{scheme}, with {settings/hidden:whole} units and white noise as input, {kept}",
        scheme=_scheme(f),
        kept=kept,
    )


def _scheme(f: Findings) -> Words:
    """Which initialisation, at the start of a sentence."""
    framework = FRAMEWORKS.get(f["settings/scheme"])
    if framework is None:
        return ("With the initialisation ", Code(f["settings/scheme"]))
    return (f"At {framework}'s default initialisation",)


def _carried(f: Findings) -> list[Cell]:
    """The cells whose carry has a time constant that biases set."""
    return [c for c in f.measured if f.at(c)["time_constant_from_biases"] is not None]


def _why(f: Findings) -> Words:
    """What sets how far: the bias of the gate on the carry."""
    if not _carried(f):
        return f.said(
            "No cell here has a carry, a direct path from a state to its next value through no "
            "weight matrix, so no bias sets how long the gradient lasts."
        )
    lasting = any(f.at(c)["above_millionth"] is None for c in f.measured)
    return f.said(
        r"{gate} acts on the carry, the direct path from a state to its next value, which passes "
        r"through no weight matrix (in an LSTM, the constant error carousel). With bias $0$ it "
        r"stays near $\sigma(0) = \tfrac{1}{2}$, so the carry halves at every step; with bias "
        r"$\ln(T - 1)$ it keeps $1 - 1/T$ of the gradient at each step and lasts T steps (see "
        r"[Memory](#memory)).",
        gate="In some cells a sigmoid gate" if lasting else "That gate",
    )


def _rates(f: Findings) -> Words:
    """How fast each falls."""
    said: list[Words] = []
    halves = False
    for cell in f.slowest_first:
        here, name = f.at(cell), _name(f, cell)
        if here["last_log10"] is None:
            said.append(("is exactly zero in the end in ", name))
        elif here["half_life"] is None:
            lasts = "halve within the lags measured" if here["rate"] < 0 else "fall"
            settled = here["rate"] < 0 or fit_of(here).is_settled
            how = f"does not {lasts}" if settled else "has a rate that is not settled"
            said.append((f"{how} in ", name))
        else:
            every = "every {half_life:steps} in {name}"
            first = "halves every {half_life:steps} steps in {name}"
            said.append(here.said(every if halves else first, name=name))
            halves = True
    return f.said("The gradient {said}.", said=listed(said))


def _left(f: Findings) -> Words:
    """How far back more than a millionth is left, and what is left at the end."""
    cells = [(c, f.at(c)) for c in f.slowest_first]
    reaches = [
        here.said("{above_millionth:whole} in {name}", name=c.name)
        for c, here in cells
        if here["above_millionth"] is not None
    ]
    start = "More than a millionth of it survives up to lag {reaches}"
    return f.said(
        (start if reaches else "Nowhere does it fall to a millionth")
        + "; what remains at lag {settings/lags:whole} is {left}.",
        reaches=listed(reaches),
        left=listed([h.said("{last_log10:power} in {name}", name=c.name) for c, h in cells]),
    )


def _carry(f: Findings) -> Words:
    """What lasts, and what makes it last."""
    without, own, whole = [], [], []
    for cell in f.slowest_first:
        here = f.at(cell)
        block = f"{here['of']},{here['wrt']}"  # not of a matrix: no paths are followed
        left = f"blocks/{block}/without_last_log10"
        if block not in here["blocks"]:
            whole.append((cell.name,))
        elif "carry" in here[left]:
            without.append((here.number(f"{left}/carry", "power"), f" in {cell.name}"))
        if here["time_constant_from_biases"] is not None:
            said = "{time_constant_from_biases:steps} steps in {name}"
            own.append(here.said(said, name=cell.name))
    if not without and whole:
        said = "What the carry alone leaves is not told apart in {cells}."
        return f.said(said, cells=listed(whole))
    if not without:
        return f.said(
            "No cell here carries its state past its weight matrices, so no bias sets how long "
            "its gradient lasts."
        )
    template = "Without the carry, there would remain {without}. "
    if own:
        template += "With the biases as drawn, the carry alone has a time constant of {own}. "
    chrono = [
        f.at(f"long/curves/{i}").said("{last_log10:power} in {name}", name=row["cell"])
        for i, row in enumerate(f["long/curves"])
        if row["scheme"] == "chrono" and "failed" not in row
    ]
    if chrono:
        template += (
            "With chrono biases and {long/hidden:whole} units, what remains after {steps} is "
            "{chrono}. "
        )
    return f.said(
        f"{template}[Memory](#memory) gives the bias for a memory of any length.",
        without=listed(without),
        own=listed(own),
        steps=Link(f"{f['long/steps']:,} steps", "#long"),
        chrono=listed(chrono),
    )


def _name(f: Findings, cell: Cell) -> Link:
    return Link(cell.name, f"#{f.slugs[cell.name]}")
