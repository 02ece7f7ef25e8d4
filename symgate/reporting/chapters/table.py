"""The table: sizes, work, rates and memories of the cells, side by side."""

from __future__ import annotations

from symgate.reporting.blocks import (
    Chapter,
    Code,
    DataTable,
    Link,
    Maths,
    Paragraph,
    Picture,
    Words,
)
from symgate.reporting.findings import Findings

HEADER: tuple[Words, ...] = (
    ("cell",),
    ("parameters",),
    ("at these sizes",),
    ("multiplications per step",),
    ("rate (1/step)",),
    ("half-life (steps)",),
    ("time constant (steps)",),
    ("time constant from the biases (steps)",),
    ("above ", Maths("10^{-6}"), " up to lag"),
    ("carry's share (%)",),
)


BOUNDS = Picture(
    "bounds",
    "The decay of the gradient with its bounds",
    (
        "The first lags, with bounds on the norm. Dotted: worst case over all inputs. Dashed: "
        "bound for these runs.",
    ),
)


def section(f: Findings) -> Chapter:
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
        rows.append(
            (
                *start,
                (f.number(f"{key}/rate", "rate"),),
                (f.number(f"{key}/half_life", "steps"),),
                (f.number(f"{key}/time_constant", "steps"),),
                _or(f, f"{key}/time_constant_from_biases", "steps", "none"),
                _or(f, f"{key}/above_millionth", "whole", "all"),
                _or(f, f"{key}/carry_share", "share", "none"),
            )
        )
    sizes = f[f"cells/{f.slugs[f.cells[0].name]}/sizes"]
    told = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    caption: Words = (
        f"Sizes: {told}. Multiplications: those of the matrix products in one forward step. Norms "
        "are spectral, the largest singular value; the Frobenius norm is at most ",
        Maths(r"\sqrt{n}"),
        " times as large, and falls at the same rate in the long run. The rate is the slope of "
        "the natural logarithm of the norm over the second half of the lags; half-life and time "
        "constant are ln 2 and 1 divided by its size. The time constant from the biases is that "
        "of the carry alone, with every gate at its bias. Above ",
        Maths("10^{-6}"),
        " up to lag: the largest lag at which more than a millionth is left. The carry's share is "
        "its part in the one-step Jacobian of the whole state.",
    )
    blocks = (
        Paragraph(
            (
                "Sorted by how long the gradient lasts. The same in a terminal: ",
                Code(f"{f.settings.decay_command} --bounds"),
                ".",
            )
        ),
        DataTable("The cells side by side", caption, HEADER, tuple(rows), frozenset(range(2, 10))),
        *([BOUNDS] if f.has("bounds") else []),
    )
    return Chapter("table", "Side by side", blocks)


def _or(f: Findings, key: str, form: str, nothing: str) -> Words:
    return (nothing,) if f[key] is None else (f.number(key, form),)
