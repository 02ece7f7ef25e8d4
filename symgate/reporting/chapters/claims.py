"""The claims of the lecture notes, each with its verdict."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Code, Paragraph, Section, Verdict, Words
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import listed

#: A word for the style of each verdict.
KINDS = {
    "proved": "proved",
    "true under stated conditions": "conditions",
    "true only in a limit": "limit",
    "a matter of convention": "convention",
    "false": "false",
}


def section(f: Findings) -> Section:
    """Every claim as a card."""
    counts = f["claims/counts"]
    told = [
        (f.number(f"claims/counts/{verdict}", "whole"), f" {verdict}")
        for verdict, count in counts.items()
        if count
    ]
    blocks: list[Any] = [
        Paragraph((
            "What lecture notes say of these cells, in our words, each judged by running a check "
            "when this page was made: ", *listed(told), ". The same in a terminal: ",
            Code("symgate claims"), ".",
        ))
    ]  # fmt: skip
    blocks += [_verdict(f, i) for i in range(len(f["claims/claims"]))]
    return Section("claims", "Claims, judged", tuple(blocks))


def _verdict(f: Findings, i: int) -> Verdict:
    claim = f[f"claims/claims/{i}"]
    said: Words = ("Said in ", *listed([(Code(n),) for n in claim["notes"]]), ".")
    blocks = (Paragraph((claim["reason"].rstrip(".") + ".",)), Paragraph(said))
    return Verdict(
        f"claim-{claim['claim']}", claim["says"], claim["verdict"], KINDS[claim["verdict"]], blocks
    )
