"""Judgements as blocks of a document, for notebooks and reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from symgate.writing.html import notebook
from symgate.writing.tree import Code, Display, Fold, Paragraph, Verdict, listed, with_maths

if TYPE_CHECKING:
    from symgate.judging.claims import Judgement

#: A word for the style of each verdict.
KINDS = {
    "proved": "proved",
    "true under stated conditions": "conditions",
    "true only in a limit": "limit",
    "a matter of convention": "convention",
    "false": "false",
    "not judged": "open",
}


def html(judgements: Iterable[Judgement]) -> str:
    """Judgements for a notebook: each statement with its verdict, sentences and formulas.

    >>> import symgate as sg
    >>> print(sg.judge("same-inputs")._repr_html_().splitlines()[1])
    <section class="claim proved" id="claim-same-inputs">
    """
    told = ({**vars(judgement), "formula": judgement.formula} for judgement in judgements)
    return notebook(*(card(claim, folded=False) for claim in told))


def card(claim: Mapping[str, Any], *, folded: bool = True) -> Verdict:
    """A judgement, as its plain data say it; its formulas open on a click where `folded`."""
    words = tuple(w for text in claim["sentences"] for w in (*with_maths(text), " "))
    said = ("Said in ", *listed([(Code(n),) for n in claim["notes"]]), ". ", Code(claim["command"]))
    blocks: list[Any] = [Paragraph(words), Paragraph(said)]
    if claim["formula"]:
        shown = Display(claim["formula"])
        blocks.append(Fold("The formulas", (shown,)) if folded else shown)
    verdict, says = claim["verdict"], with_maths(claim["statement"])
    return Verdict(f"claim-{claim['id']}", says, verdict, KINDS[verdict], tuple(blocks))
