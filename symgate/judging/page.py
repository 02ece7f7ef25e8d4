"""Judgements as HTML: a list of claims, for notebooks and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from symgate.writing.mathml import mathml

if TYPE_CHECKING:
    from symgate.judging.claims import Judgement

#: A name with an index, h_{t-1} or W_f, and a power, σ(b)^k.
_INDEXED = re.compile(r"([A-Za-zλσ])_(?:\{([^{}]+)\}|(\w))")
_POWER = re.compile(r"\)\^(\w)")


def html(judgements: Iterable[Judgement]) -> str:
    """A definition list: each statement with its verdict, sentences and formulas.

    >>> import symgate as sg
    >>> print(sg.judge("same-inputs")._repr_html_()[:85])
    <dl class="claims"><dt id="claim-same-inputs">The input gate reads the same values as
    """
    return f'<dl class="claims">{"".join(map(_entry, judgements))}</dl>'


def sentence_html(sentence: str) -> str:
    """A sentence with its indices set low.

    >>> sentence_html("∂h_t/∂h_{t-k} < 1")
    '∂<i>h</i><sub>t</sub>/∂<i>h</i><sub>t−k</sub> &lt; 1'
    """
    shown = _INDEXED.sub(_lowered, escape(sentence, quote=False))
    return _POWER.sub(r")<sup>\1</sup>", shown)


def _lowered(found: re.Match[str]) -> str:
    index = found.group(2) or found.group(3)
    return f"<i>{found.group(1)}</i><sub>{index.replace('-', '−')}</sub>"


def _entry(judgement: Judgement) -> str:
    name = escape(judgement.id)
    shown = [
        f'<dt id="claim-{name}">{sentence_html(judgement.statement)}</dt>',
        f'<dd><p><strong class="verdict">{escape(judgement.verdict)}</strong></p>',
        *(f"<p>{sentence_html(sentence)}</p>" for sentence in judgement.sentences),
    ]
    for formula, cell in judgement.labelled:
        first, *rest = map(mathml, formula.rows)
        of = f" <small>{escape(cell)}</small>" if cell else ""
        shown.append(f"<p>{first}{of}</p>")
        shown += [f'<p style="margin-left: 3em">{row}</p>' for row in rest]
    notes = escape(", ".join(judgement.notes))
    shown.append(f"<p><small>{notes}; <code>{escape(judgement.command)}</code></small></p></dd>")
    return "".join(shown)
