"""The claims of the lecture notes, each with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symgate.reporting.findings import Findings
from symgate.writing.tree import (
    Code,
    Display,
    Fold,
    Link,
    Listing,
    Paragraph,
    Section,
    Strong,
    Verdict,
    Words,
    listed,
    with_maths,
)

#: A word for the style of each verdict.
KINDS = {
    "proved": "proved",
    "true under stated conditions": "conditions",
    "true only in a limit": "limit",
    "a matter of convention": "convention",
    "false": "false",
    "not judged": "open",
}


def section(f: Findings) -> Section:
    """Every claim as a card."""
    told = {verdict: n for verdict, n in f["claims/counts"].items() if n}
    words = f.said(
        "Claims about these cells from lecture notes, in our own words, each judged by a check "
        "that ran when this page was made: {counts}. The same in a terminal: `symgate claims`.",
        counts=listed([(f.number(f"claims/counts/{v}", "whole"), f" {v}") for v in told]),
    )
    cards = [_verdict(claim) for claim in f["claims/claims"]]
    together = Listing(tuple(_together(f, verdict) for verdict in told))
    return Section("claims", "Claims, judged", (Paragraph(words), together, *cards))


def _together(f: Findings, verdict: str) -> Words:
    """All claims of a verdict, as links to them."""
    same = [c for c in f["claims/claims"] if c["verdict"] == verdict]
    links = [
        w for c in same for w in (Link(c["statement"].rstrip("."), f"#claim-{c['id']}"), " · ")
    ]
    return (Strong((verdict[0].upper() + verdict[1:],)), ": ", *links[:-1])


def _verdict(claim: Mapping[str, Any]) -> Verdict:
    words = tuple(w for text in claim["sentences"] for w in (*with_maths(text), " "))
    notes = listed([(Code(n),) for n in claim["notes"]])
    said: Words = ("Said in ", *notes, ". ", Code(claim["command"]))
    blocks: list[Any] = [Paragraph(words), Paragraph(said)]
    if claim["formula"]:
        blocks.append(Fold("The formulas", (Display(claim["formula"]),)))
    verdict, says = claim["verdict"], with_maths(claim["statement"])
    return Verdict(f"claim-{claim['id']}", says, verdict, KINDS[verdict], tuple(blocks))
