"""A long sequence: what is left where lecture notes say that it is hopeless."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Chapter, Listing, Maths, Paragraph, Picture, Words
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import partial, sentence


def section(f: Findings) -> Chapter:
    """The long curves, and where numbers would have lost them."""
    steps = f.number("long/steps", "whole")
    blocks: list[Any] = [
        Paragraph(
            (
                "The gradient over ",
                steps,
                " steps with ",
                f.number("long/hidden", "whole"),
                " units, kept as logarithms, because the smallest float32 is about ",
                Maths("10^{-38}"),
                " and the smallest float64 about ",
                Maths("10^{-308}"),
                ". Each cell is shown twice: as initialised, and with chrono initialisation, "
                "which spreads the memories of its units from 1 step to the whole sequence. The "
                "curves are those of the state that carries the gradient (the cell state of an "
                "LSTM), so their order need not be that of the answer above.",
            )
        )
    ]
    curves = f["long/curves"]
    told = [_curve(f, i) for i, row in enumerate(curves) if "failed" not in row]
    said = dict.fromkeys(sentence(row["failed"]) for row in curves if "failed" in row)
    if f.has("long"):
        names = ", ".join(dict.fromkeys(row["cell"] for row in curves))
        blocks.append(
            Picture(
                "long",
                f"Decay of the gradient over {steps.text} steps for {names}, with the lags at "
                "which single and double precision would have lost it",
                ("Crosses: where a float32 or a float64 would underflow to zero.",),
            )
        )
    blocks.append(Listing((*told, *said)))
    return Chapter("long", f"{f['long/steps']:,} steps", tuple(blocks))


def _curve(f: Findings, i: int) -> Words:
    row, at = f[f"long/curves/{i}"], f"long/curves/{i}"
    how = "chrono biases" if row["scheme"] == "chrono" else "as initialised"
    words: list[Any] = [
        f"{row['cell']}, {how}: ",
        Maths(partial(row["state"], row["state"])),
        " falls to ",
        f.number(f"{at}/last_log10", "power"),
        " after ",
        f.number("long/steps", "whole"),
        " steps",
    ]
    single, double = row["below"]["single"], row["below"]["double"]
    if single is not None:
        words += ["; a float32 underflows at lag ", f.number(f"{at}/below/single", "whole")]
    if double is not None:
        words += [", a float64 at lag ", f.number(f"{at}/below/double", "whole")]
    if single is None:
        words.append("; neither precision underflows")
    return (*words, ".")
