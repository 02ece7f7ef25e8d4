"""A section for each cell: diagram, equations, Jacobian, derivation and figures."""

from __future__ import annotations

from typing import Any

from symgate.equations.cell import Cell
from symgate.linear.carry import carries
from symgate.linear.linearise import linearise
from symgate.reporting.blocks import (
    Chapter,
    Derived,
    Display,
    Fold,
    Listing,
    Paragraph,
    Picture,
    Words,
)
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import formulas, listed, norm_of, sentence, with_maths
from symgate.writing.derivation import derive


def section(f: Findings) -> Chapter:
    """The cells, in the order in which they were named."""
    return Chapter("cells", "Cell by cell", (), tuple(_cell(f, cell) for cell in f.cells))


def _cell(f: Findings, cell: Cell) -> Chapter:
    slug, notation = f.slugs[cell.name], f.settings.notation
    blocks: list[Any] = []
    if f.has(f"{slug}-diagram"):
        blocks.append(Picture(f"{slug}-diagram", f[f"cells/{slug}/diagram"], _drawn(f, cell)))
    blocks.append(Paragraph(("The equations:",)))
    blocks += map(Display, formulas(cell, notation, "cell", 0, 1))
    blocks.append(Paragraph(("The one-step Jacobian, one line per path through the cell:",)))
    blocks += map(Display, formulas(cell, notation, "step", 1, None))
    blocks.append(Fold("The derivation, step by step", (Derived(derive(cell, notation)),)))
    key = f"cells/{slug}"
    if cell not in f.measured:
        failed: Words = ("It could not be simulated. ", *sentence(f[f"{key}/failed"]))
        blocks.append(Paragraph(failed))
        return Chapter(slug, cell.title, tuple(blocks))
    blocks += _figures(f, cell, slug)
    return Chapter(slug, cell.title, tuple(blocks))


def _drawn(f: Findings, cell: Cell) -> Words:
    carried = bool(carries(linearise(cell)))
    line = "Heavy line: the carry. " if carried else "There is no carry. "
    return (f"{cell.title}, drawn from its equations. {line}",)


def _figures(f: Findings, cell: Cell, slug: str) -> list[Any]:
    key = f"cells/{slug}"
    out: list[Any] = []
    if f.has(f"{slug}-paths"):
        out.append(
            Picture(
                f"{slug}-paths",
                f"The gradient of {cell.name} over the lag, whole and without each path",
                (norm_of(f, cell), *_ways(f, key), *_shares(f, key)),
            )
        )
    if f.has(f"{slug}-gates"):
        out.append(
            Picture(
                f"{slug}-gates",
                f"Histograms of the gates of {cell.name}, with the saturated ends marked",
                ("The values of the gates, over all steps, units and sequences.",),
            )
        )
    if f.has(f"{slug}-singular"):
        out.append(
            Picture(
                f"{slug}-singular",
                f"All singular values of the Jacobian of {cell.name} over the lag",
                (
                    "All singular values against the lag. Effective rank, out of ",
                    f.number("settings/hidden", "whole"),
                    ": ",
                    *_ranks(f, key),
                    ".",
                ),
            )
        )
    items: list[Words] = [
        (
            "Measured: rate ",
            f.number(f"{key}/rate", "rate"),
            " per step, fitted on lags ",
            f.number(f"{key}/fitted_on_lags/0", "whole"),
            " to ",
            f.number(f"{key}/fitted_on_lags/1", "whole"),
            ".",
        ),
    ]
    for name in f[f"{key}/predictions"]:
        at = f"{key}/predictions/{name}"
        items.append(
            (
                f"Predicted from the {name}: rate ",
                f.number(f"{at}/rate", "rate"),
                " per step, off by ",
                f.number(f"{at}/rate_off", "rate"),
                ".",
            )
        )
    items += [sentence(note) for note in f[f"{key}/notes"]]
    items += [(*with_maths(note), ".") for note in f[f"{key}/bound/notes"]]
    items += [sentence(reason) for reason in f[f"{key}/left_out"].values()]
    worst = (
        "Whatever the input, one step multiplies the gradient by at most ",
        f.number(f"{key}/bound/one_step", "value"),
        ", the value of",
    )
    out += [Paragraph(worst), Display(f[f"{key}/bound/latex"]), Listing(tuple(items))]
    return out


def _ways(f: Findings, key: str) -> Words:
    """What the curves of the path figure are."""
    if len(f[f"{key}/share"]) < 2:
        return (" against the lag. There is only one path. ",)
    carried = f[f"{key}/carry_share"] is not None
    return (
        " against the lag: with all paths"
        + (", with the carry alone" if carried else "")
        + ", and with one path closed at every step. ",
    )


def _shares(f: Findings, key: str) -> Words:
    """The share of each path in the Jacobian of one step."""
    shares = f[f"{key}/share"]
    said = [
        (f.number(f"{key}/share/{name}", "share"), f" {f[f'{key}/paths'][name]}")
        for name in sorted(shares, key=lambda name: -shares[name])
        if abs(shares[name]) > 5e-4
    ]
    return ("Shares of the one-step Jacobian: ", *listed(said), ".") if said else ()


def _ranks(f: Findings, key: str) -> Words:
    """The effective rank at three lags."""
    lags = [k for k in f[f"{key}/effective_rank"] if k != "1"]
    some = [lags[i] for i in sorted({len(lags) // 3, 2 * len(lags) // 3, len(lags) - 1})]
    return listed([(f.number(f"{key}/effective_rank/{k}", "value"), f" at lag {k}") for k in some])
