"""Curves in a table: rates, half-lives, where they pass 1e-3 and 1e-6."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from symgate.numerals import power, rate, steps, whole
from symgate.numerics.norms import NORMS
from symgate.tables import html_table

if TYPE_CHECKING:
    from symgate.decaying.curve import Decay
    from symgate.decaying.tail import Rate

HEADER = ("cell", "of / wrt", "rate per step", "95%", "half-life", "1e-3 at", "1e-6 at", "last")


def rows(decays: Sequence[Decay]) -> list[tuple[str, ...]]:
    """One row of words a curve."""
    return [_row(d) for d in decays]


def _row(d: Decay) -> tuple[str, ...]:
    return (
        d.cell,
        f"{d.of} / {d.wrt}",
        rate(d.rate),
        reach(d.fit),
        half_life(d.fit, int(d.lags[-1])),
        whole(d.passes["1e-3"]),
        whole(d.passes["1e-6"]),
        power(float(d.median[-1])),
    )


def ranking(decays: Sequence[Decay]) -> str:
    """The cells from the longest half-life to the shortest; "" unless all intervals part.

    >>> import symgate as sg
    >>> long, short = (sg.decay("lstm", "c", "c", hidden=8, lags=50, bias={"f": b}) for b in (3, 0))
    >>> ranking([long, short]) != "", ranking([long, long])
    (True, '')
    """
    ordered = sorted(decays, key=lambda d: -d.rate)
    apart = all(a.fit.parts_from(b.fit) for a, b in pairwise(ordered))
    return " > ".join(d.cell for d in ordered) if len(ordered) > 1 and apart else ""


def html(decays: Sequence[Decay]) -> str:
    """A table for a notebook."""
    return html_table(rows(decays), HEADER, notes=[in_the_norm(decays)])


def in_the_norm(decays: Sequence[Decay]) -> str:
    """Which norm the numbers are in, and what the other would say.

    >>> import symgate as sg
    >>> in_the_norm([sg.decay("rnn", hidden=4, lags=20)])
    'norm: spectral (largest singular value); the Frobenius norm is 1 to 2 times as large'
    """
    names = {d.norm_name for d in decays}
    if len(names) > 1:
        each = ", ".join(f"{d.cell} {d.norm_name}" for d in decays)
        return f"norms differ, so the numbers do not compare: {each}"
    size = max(d.width for d in decays)
    return f"norm: {NORMS[names.pop()].told(size)}"


def reach(fit: Rate) -> str:
    """How far the interval of a rate reaches to each side.

    >>> from symgate.decaying.tail import Rate
    >>> reach(Rate(0.02, (-0.5, 0.54), (25, 50))), reach(Rate(0.02, None, (25, 50)))
    ('±0.5200', '–')
    """
    return "–" if fit.interval is None else f"±{(fit.interval[1] - fit.interval[0]) / 2:.4f}"


def half_life(fit: Rate, lags: int) -> str:
    """A half-life in words, never beyond the lags that were measured; of what falls on one
    network and grows on the next it is not said that it does not fall.

    >>> from symgate.decaying.tail import Rate
    >>> [half_life(Rate(rate, None, (25, 50)), 50) for rate in (-0.018, -1.3e-4, 0.1)]
    ['38.5', 'more than 50', 'does not fall']
    >>> half_life(Rate(0.02, (-0.5, 0.54), (25, 50)), 50)
    'rate not settled'
    """
    if fit.value >= 0:
        return fit.endless
    return f"more than {lags}" if fit.half_life > lags else steps(fit.half_life)


def in_words(d: Decay) -> str:
    """The half-life of a curve: so many steps, or more than were measured."""
    found = half_life(d.fit, int(d.lags[-1]))
    if d.rate < 0:
        return f"{found} steps"
    return f"none: it {found}" if d.fit.is_settled else found
