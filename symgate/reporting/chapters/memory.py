"""Memory: which bias remembers how many steps, and the half-life over bias and gain."""

from __future__ import annotations

from typing import Any

from symgate.reporting.findings import Findings
from symgate.reporting.sentences import sentence
from symgate.writing.tree import (
    Code,
    Listing,
    Paragraph,
    Picture,
    Section,
    Table,
    Words,
    Written,
)


def section(f: Findings) -> Section:
    """The table of biases, then a map for each cell."""
    every = [f.at(f"memory/{f.slugs[cell.name]}") for cell in f.cells]
    able = [here for here in every if "refused" not in here[""]]
    blocks: list[Any] = []
    if able:
        words = f.said(
            "A carry that keeps $1 - 1/T$ of the state at each step has a memory of T steps: after "
            "T steps, 1/e of the gradient remains. The bias that achieves it:"
        )
        blocks += [Paragraph(words), _table(able), Listing(tuple(map(_checked, able)))]
    blocks += [Paragraph(sentence(h["refused"])) for h in every if "refused" in h[""]]
    for here in able:
        blocks += _map(here)
    return Section("memory", "Memory", tuple(blocks))


def _table(able: list[Findings]) -> Table:
    steps = list(able[0]["values"])
    names = ("cell", "bias", "for T steps", *(f"T = {int(k):,}" for k in steps))
    rows = tuple(
        (
            (here["cell"],),
            (Code(here["parameter"]),),
            (Written(here["latex"]),),
            *((here.number(f"values/{k}", "value"),) for k in steps),
        )
        for here in able
    )
    others = dict.fromkeys(f"{name} = {v:g}" for here in able for name, v in here["with"].items())
    given = f", with {', '.join(others)}" if others else ""
    caption: Words = (
        f"The bias for a memory of T steps{given}; all other parameters keep their initial values.",
    )
    numeric = frozenset(range(3, 3 + len(steps)))
    return Table(tuple((n,) for n in names), rows, "Biases by memory", caption, numeric)


def _checked(here: Findings) -> Words:
    template = (
        "{cell}: checked at T = {steps}. With all weights zero, each step keeps "
        "{checked/exact:value}; with random weights and noise as input, {checked/drawn_lasts:words}"
    )
    given = [Code(f"{name} = {value:.3f}") for name, value in here["checked/partner"].items()]
    if given:
        template += "; with {given} for the input gate as well, {checked/paired_lasts:words}"
    return here.said(
        f"{template}.", cell=here["cell"], steps=str(here["checked/steps"]), given=tuple(given[:1])
    )


def _map(here: Findings) -> list[Any]:
    slug = here.key("").strip("/").removeprefix("memory/")
    if not here.has(f"{slug}-half-life"):
        return [Paragraph(sentence(here["no_map"]))] if "no_map" in here[""] else []
    caption = here.said(
        "Half-life of the gradient of {state} in {cell}, in steps, against the bias of gate {gate} "
        "and the gain g of the recurrent weights, drawn from $N(0, g^2/n)$ with n = {units}.",
        **{name: here[name] for name in ("state", "cell", "gate")},
        units=str(here["/memory units"]),
    )
    alternative = (
        f"Heat map of the half-life of {here['cell']} over the bias of gate {here['gate']} and "
        f"the gain"
    )
    return [Picture(f"{slug}-half-life", alternative, caption)]
