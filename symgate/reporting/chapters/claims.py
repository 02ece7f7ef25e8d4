"""The claims of the lecture notes, each with its verdict."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import (
    Chapter,
    Code,
    Display,
    Fold,
    Link,
    Listing,
    Paragraph,
    Strong,
    Verdict,
    Words,
)
from symgate.reporting.findings import Findings
from symgate.reporting.sentences import listed, with_maths

#: A word for the style of each verdict.
KINDS = {
    "proved": "proved",
    "true under stated conditions": "conditions",
    "true only in a limit": "limit",
    "a matter of convention": "convention",
    "false": "false",
    "not judged": "open",
}


def section(f: Findings) -> Chapter:
    """Every claim as a card."""
    told = [
        (f.number(f"claims/counts/{verdict}", "whole"), f" {verdict}")
        for verdict, count in f["claims/counts"].items()
        if count
    ]
    blocks: list[Any] = [
        Paragraph(
            (
                "Claims about these cells from lecture notes, in our own words, each judged by a "
                "check that ran when this page was made: ",
                *listed(told),
                ". The same in a terminal: ",
                Code("symgate claims"),
                ".",
            )
        )
    ]
    blocks.append(Listing(tuple(_together(f, v) for v, n in f["claims/counts"].items() if n)))
    blocks += [_verdict(f, i) for i in range(len(f["claims/claims"]))]
    return Chapter("claims", "Claims, judged", tuple(blocks))


def _together(f: Findings, verdict: str) -> Words:
    """All claims of a verdict, as links to them."""
    same = [c for c in f["claims/claims"] if c["verdict"] == verdict]
    links = [
        w for c in same for w in (Link(c["statement"].rstrip("."), f"#claim-{c['id']}"), " · ")
    ]
    return (Strong((verdict[0].upper() + verdict[1:],)), ": ", *links[:-1])


def _verdict(f: Findings, i: int) -> Verdict:
    at = f"claims/claims/{i}"
    claim = f[at]
    words: list[Any] = []
    for text in claim["sentences"]:
        words += [*with_maths(text), " "]
    said: Words = (
        "Said in ",
        *listed([(Code(n),) for n in claim["notes"]]),
        ". ",
        Code(claim["command"]),
    )
    blocks: list[Any] = [Paragraph(tuple(words))]
    blocks.append(Paragraph(said))
    if claim["formula"]:
        blocks.append(Fold("The formulas", (Display(claim["formula"]),)))
    kind = KINDS[claim["verdict"]]
    return Verdict(
        f"claim-{claim['id']}",
        with_maths(claim["statement"]),
        claim["verdict"],
        kind,
        tuple(blocks),
    )
