"""A section for each cell: diagram, equations, Jacobian, derivation and figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symgate.equations.cell import Cell
from symgate.linear.linearise import linearise
from symgate.linear.paths import carries
from symgate.numerals import whole
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import norm_of, sentence
from symgate.writing.derivation import Derivation, derive
from symgate.writing.tree import (
    Derived,
    Display,
    Fold,
    Listing,
    Paragraph,
    Picture,
    Section,
    Step,
    Words,
    listed,
    with_maths,
)


def section(f: Findings) -> Section:
    """The cells, in the order in which they were named."""
    return Section("cells", "Cell by cell", (), tuple(_cell(f, cell) for cell in f.cells))


def _cell(f: Findings, cell: Cell) -> Section:
    slug = f.slugs[cell.name]
    blocks: list[Any] = []
    if f.has(f"{slug}-diagram"):
        blocks.append(Picture(f"{slug}-diagram", f.at(cell)["diagram"], _drawn(f, cell)))
    blocks.append(Paragraph(("The equations:",)))
    derivation = derive(cell, f.settings.notation)
    sections = {section.name: section for section in derivation.sections}
    blocks += _formulas(derivation, sections["cell"].steps[:1])
    blocks.append(Paragraph(("The one-step Jacobian, one line per path through the cell:",)))
    blocks += _formulas(derivation, sections["step"].steps[1:])
    blocks.append(Fold("The derivation, step by step", (Derived(derivation),)))
    if cell in f.measured:
        blocks += _figures(f, cell, slug)
    else:
        failed = sentence(f.at(cell)["failed"])
        blocks.append(Paragraph(("It could not be simulated: ", *failed)))
    return Section(slug, cell.title, tuple(blocks))


def _formulas(derivation: Derivation, steps: Sequence[Step]) -> list[Display]:
    """The formulas of steps of a derivation."""
    shown = (one for step in steps for one in step.formulas)
    return [Display(one.latex) for f in shown for one in derivation.typesetter.formula(f)]


def _drawn(f: Findings, cell: Cell) -> Words:
    carried = bool(carries(linearise(cell)))
    line = "Heavy line: the carry. " if carried else "There is no carry. "
    return (f"{cell.title}, drawn from its equations. {line}",)


def _figures(f: Findings, cell: Cell, slug: str) -> list[Any]:
    here = f.at(cell)
    out: list[Any] = []

    def show(name: str, alternative: str, caption: Callable[[], Words]) -> None:
        if f.has(f"{slug}-{name}"):
            out.append(Picture(f"{slug}-{name}", alternative, caption()))

    show(
        "paths",
        f"The gradient of {cell.name} over the lag, whole and without each path",
        lambda: (norm_of(f, cell), *_ways(here), *_shares(here)),
    )
    show(
        "gates",
        f"Histograms of the gates of {cell.name}, with the saturated ends marked",
        lambda: ("The values of the gates, over all steps, units and sequences.",),
    )
    show(
        "singular",
        f"All singular values of the Jacobian of {cell.name} over the lag",
        lambda: _ranks(here),
    )
    items: list[Words] = [
        here.said(
            "Measured: rate {rate:rate} per step, fitted on lags {fitted_on_lags/0:whole} to "
            "{fitted_on_lags/1:whole}."
        )
    ]
    told = "Predicted from the {name}: rate {rate:rate} per step, off by {rate_off:rate}."
    items += [here.at(f"predictions/{name}").said(told, name=name) for name in here["predictions"]]
    items += [sentence(note) for note in here["notes"]]
    items += [(*with_maths(note), ".") for note in here["bound/notes"]]
    items += [sentence(reason) for reason in here["left_out"].values()]
    worst = here.said(
        "{on}, one step multiplies the gradient by at most {bound/one_step:value}:",
        on="On this run's inputs" if here["bound/of_run"] else "Whatever the input",
    )
    return [*out, Paragraph(worst), *map(Display, here["bound/latex"]), Listing(tuple(items))]


def _ways(here: Findings) -> Words:
    """What the curves of the path figure are."""
    if len(here["share"]) < 2:
        return (" against the lag. There is only one path. ",)
    carried = ", with the carry alone" if here["carry_share"] is not None else ""
    return (f" against the lag: with all paths{carried}, and with one path closed at every step. ",)


def _shares(here: Findings) -> Words:
    """The share of each path in the Jacobian of one step."""
    shares, titles = here["share"], here["paths"]
    said = [
        (f"{titles[name]} ", here.number(f"share/{name}", "share"))
        for name in sorted(shares, key=lambda name: -shares[name])
        if abs(shares[name]) > 5e-4
    ]
    return ("Shares of the one-step Jacobian: ", *listed(said), ".") if said else ()


def _ranks(here: Findings) -> Words:
    """The effective rank at three lags."""
    lags = [k for k in here["effective_rank"] if k != "1"]
    some = [lags[i] for i in sorted({len(lags) // 3, 2 * len(lags) // 3, len(lags) - 1})]
    return here.said(
        "All singular values against the lag. Effective rank, out of {/settings/hidden:whole}: "
        "{ranks}.",
        ranks=listed(
            [
                (here.number(f"effective_rank/{k}", "value"), f" at lag {whole(int(k))}")
                for k in some
            ]
        ),
    )
