"""The claims of the lecture notes, each with its verdict."""

from __future__ import annotations

from symgate.judging.page import card
from symgate.reporting.findings import Findings
from symgate.writing.tree import Link, Listing, Paragraph, Section, Strong, Words, listed


def section(f: Findings) -> Section:
    """Every claim as a card."""
    told = {verdict: n for verdict, n in f["claims/counts"].items() if n}
    words = f.said(
        "Claims about these cells from lecture notes, in our own words, each judged by a check "
        "that ran when this page was made: {counts}. The same in a terminal: `symgate claims`.",
        counts=listed([(f.number(f"claims/counts/{v}", "whole"), f" {v}") for v in told]),
    )
    cards = [card(claim) for claim in f["claims/claims"]]
    together = Listing(tuple(_together(f, verdict) for verdict in told))
    return Section("claims", "Claims, judged", (Paragraph(words), together, *cards))


def _together(f: Findings, verdict: str) -> Words:
    """All claims of a verdict, as links to them."""
    same = [c for c in f["claims/claims"] if c["verdict"] == verdict]
    links = [
        w for c in same for w in (Link(c["statement"].rstrip("."), f"#claim-{c['id']}"), " · ")
    ]
    return (Strong((verdict[0].upper() + verdict[1:],)), ": ", *links[:-1])
