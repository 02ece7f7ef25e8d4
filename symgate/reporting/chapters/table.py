"""The table: sizes, work, rates and memories of the cells, side by side."""

from __future__ import annotations

from symgate.reporting.blocks import Code, Link, Maths, Paragraph, Rows, Section, Words
from symgate.reporting.findings import Findings

HEADER: tuple[Words, ...] = (
    ("cell",), ("parameters",), ("at these sizes",), ("products a step",), ("rate a step",),
    ("half-life",), ("time constant",), ("from the biases",), ("below ", Maths("10^{-6}"), " at"),
    ("carry's share",),
)  # fmt: skip


def section(f: Findings) -> Section:
    """One row a cell, the gradient that lasts longest first."""
    rows = []
    for cell in [*f.slowest_first, *(c for c in f.cells if c not in f.measured)]:
        key = f"cells/{f.slugs[cell.name]}"
        start: list[Words] = [
            (Link(cell.name, f"#{f.slugs[cell.name]}"),),
            (Maths(f[f"{key}/latex/parameters"]),),
            (f.number(f"{key}/parameters_here", "whole"),),
            (f.number(f"{key}/work_here", "whole"),),
        ]
        if cell not in f.measured:
            rows.append((*start, *(("–",),) * 6))
            continue
        late = f[f"{key}/passes/1e-6"]
        rows.append((
            *start,
            (f.number(f"{key}/rate", "rate"),),
            (f.number(f"{key}/half_life", "steps"),),
            (f.number(f"{key}/time_constant", "steps"),),
            _or_none(f, f"{key}/time_constant_from_biases", "steps"),
            ("never",) if late is None else (f.number(f"{key}/passes/1e-6", "whole"),),
            _or_none(f, f"{key}/carry_share", "share"),
        ))  # fmt: skip
    sizes = f[f"cells/{f.slugs[f.cells[0].name]}/sizes"]
    told = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    caption: Words = (
        f"Sizes {told}. Products are multiplications in matrices, one step forward. Rates are "
        "natural, per step, on the second half of the lags; half-life, time constant and the lag "
        "are in steps. “From the biases” is the time constant of the carry with every gate at its "
        "bias. The carry's share is its part of one step's Jacobian of the whole state.",
    )
    blocks = (
        Paragraph((
            "Sorted by how long the gradient lasts. The same from the terminal: ",
            Code(f"symgate decay {' '.join(c.name for c in f.measured)} --bounds"), ".",
        )),
        Rows("The cells side by side", caption, HEADER, tuple(rows), frozenset(range(2, 10))),
    )  # fmt: skip
    return Section("table", "Side by side", blocks)


def _or_none(f: Findings, key: str, form: str) -> Words:
    return ("none",) if f[key] is None else (f.number(key, form),)
