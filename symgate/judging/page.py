"""Judgements as HTML: a list of claims, for notebooks and pages."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from symgate.writing.html import FORMAT
from symgate.writing.mathml import mathml
from symgate.writing.tree import with_maths

if TYPE_CHECKING:
    from symgate.judging.claims import Judgement


def html(judgements: Iterable[Judgement]) -> str:
    """A definition list: each statement with its verdict, sentences and formulas.

    >>> import symgate as sg
    >>> print(sg.judge("same-inputs")._repr_html_()[:85])
    <dl class="claims"><dt id="claim-same-inputs">The input gate reads the same values as
    """
    return f'<dl class="claims">{"".join(map(_entry, judgements))}</dl>'


def _said(sentence: str) -> str:
    """A sentence with its mathematics set."""
    return FORMAT.words(with_maths(sentence))


def _entry(judgement: Judgement) -> str:
    name = escape(judgement.id)
    shown = [
        f'<dt id="claim-{name}">{_said(judgement.statement)}</dt>',
        f'<dd><p><strong class="verdict">{escape(judgement.verdict)}</strong></p>',
        *(f"<p>{_said(sentence)}</p>" for sentence in judgement.sentences),
    ]
    for formula, cell in judgement.labelled:
        first, *rest = map(mathml, formula.rows)
        of = f" <small>{escape(cell)}</small>" if cell else ""
        shown.append(f"<p>{first}{of}</p>")
        shown += [f'<p style="margin-left: 3em">{row}</p>' for row in rest]
    notes = escape(", ".join(judgement.notes))
    shown.append(f"<p><small>{notes}; <code>{escape(judgement.command)}</code></small></p></dd>")
    return "".join(shown)
