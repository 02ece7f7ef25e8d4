"""A long sequence: what is left where lecture notes say that it is hopeless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symgate.reporting.findings import Findings
from symgate.reporting.sentences import partial, sentence
from symgate.writing.tree import Listing, Paragraph, Picture, Section, Words, Written


def section(f: Findings) -> Section:
    """The long curves, and where numbers would have lost them."""
    words = f.said(
        "The gradient over {long/steps:whole} steps with {long/hidden:whole} units, kept as "
        "logarithms, because the smallest float32 is about $10^{-38}$ and the smallest float64 "
        "about $10^{-308}$. Each cell is shown twice: as initialised, and with chrono "
        "initialisation, which spreads the memories of its units from 1 step to the whole "
        "sequence. The curves are those of the state that carries the gradient (the cell state of "
        "an LSTM), so their order need not be that of the answer above."
    )
    blocks: list[Any] = [Paragraph(words)]
    curves = f["long/curves"]
    told = [
        _curve(f.at(f"long/curves/{i}"), row) for i, row in enumerate(curves) if "failed" not in row
    ]
    said = dict.fromkeys(sentence(row["failed"]) for row in curves if "failed" in row)
    if f.has("long"):
        names = ", ".join(dict.fromkeys(row["cell"] for row in curves))
        alternative = (
            f"Decay of the gradient over {f['long/steps']:,} steps for {names}, with the lags at "
            "which single and double precision would have lost it"
        )
        caption = ("Crosses: where a float32 or a float64 would underflow to zero.",)
        blocks.append(Picture("long", alternative, caption))
    blocks.append(Listing((*told, *said)))
    return Section("long", f"{f['long/steps']:,} steps", tuple(blocks))


def _curve(here: Findings, row: Mapping[str, Any]) -> Words:
    single, double = (row["below"][kind] is not None for kind in ("single", "double"))
    template = "{what} {norm} falls to {last_log10:power} after {/long/steps:whole} steps"
    if single:
        template += "; a float32 underflows at lag {below/single:whole}"
    if double:
        template += ", a float64 at lag {below/double:whole}"
    if not single:
        template += "; neither precision underflows"
    how = "chrono biases" if row["scheme"] == "chrono" else "as initialised"
    norm = Written(partial(row["state"], row["state"]))
    return here.said(f"{template}.", what=f"{row['cell']}, {how}:", norm=norm)
