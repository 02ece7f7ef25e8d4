"""A long sequence: what is left where lecture notes say that it is hopeless."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Listing, Maths, Paragraph, Picture, Section, Words
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import partial, sentence


def section(f: Findings) -> Section:
    """The long curves, and where numbers would have lost them."""
    steps = f.number("long/steps", "whole")
    blocks: list[Any] = [
        Paragraph((
            "The gradient over ", steps, " steps with ", f.number("long/hidden", "whole"),
            " units, as logarithms, so that nothing is lost: a number of single precision ends "
            "near ", Maths("10^{-38}"), ", one of double precision near ", Maths("10^{-308}"),
            ". Each cell twice: as initialised, and with the biases of chrono initialisation, "
            "which spread its memories from 1 step to all of them.",
        ))
    ]  # fmt: skip
    curves = f["long/curves"]
    told = [_curve(f, i) for i, row in enumerate(curves) if "failed" not in row]
    said = dict.fromkeys(
        sentence(row["failed"]) for row in curves if "failed" in row
    )  # fmt: skip
    if f.has("long"):
        names = ", ".join(dict.fromkeys(row["cell"] for row in curves))
        blocks.append(
            Picture(
                "long",
                f"Decay of the gradient over {steps.text} steps for {names}, with the lags at "
                "which single and double precision would have lost it",
                ("Crosses mark where a number of single or double precision would have become "
                 "zero.",),
            )
        )  # fmt: skip
    blocks.append(Listing((*told, *said)))
    return Section("long", f"{f['long/steps']:,} steps", tuple(blocks))


def _curve(f: Findings, i: int) -> Words:
    row, at = f[f"long/curves/{i}"], f"long/curves/{i}"
    how = "chrono biases" if row["scheme"] == "chrono" else "as initialised"
    words: list[Any] = [
        f"{row['cell']}, {how}: ",
        Maths(partial(row["state"], row["state"])), " falls to ",
        f.number(f"{at}/last_log10", "power"), " after ", f.number("long/steps", "whole"), " steps",
    ]  # fmt: skip
    single, double = row["below"]["single"], row["below"]["double"]
    if single is not None:
        words += ["; single precision loses it at lag ", f.number(f"{at}/below/single", "whole")]
    if double is not None:
        words += [", double precision at lag ", f.number(f"{at}/below/double", "whole")]
    if single is None:
        words.append("; no precision loses it")
    return (*words, ".")
