"""Words that several chapters need."""

from __future__ import annotations

import math

from symgate.decaying.table import half_life
from symgate.decaying.tail import Rate
from symgate.equations.cell import Cell
from symgate.reporting.findings import Findings
from symgate.writing.tree import Words, Written


def fit_of(here: Findings) -> Rate:
    """The rate of a cell's curve, as it stands in the data."""
    rate, interval, lags = here["rate"], here["rate_interval"], here["fitted_on_lags"]
    return Rate(-math.inf if rate is None else rate, interval, lags)


def lasting(here: Findings) -> str:
    """The half-life of a cell's curve in words."""
    return half_life(fit_of(here), here["/settings/lags"])


def norm_of(f: Findings, cell: Cell) -> Written:
    """The norm that the curves of a cell show."""
    here = f.at(cell)
    return Written(rf"\left\| {partial(here['of'], here['wrt'])} \right\|_{{2}}")


def partial(of: str, wrt: str, lag: str = "k") -> str:
    """A partial derivative over a lag, as LaTeX."""
    return rf"\partial {_letter(of)}_t / \partial {_letter(wrt)}_{{t-{lag}}}"


def _letter(name: str) -> str:
    plain = "".join(c for c in name if c.isalnum())
    return plain if len(plain) == 1 else rf"\mathrm{{{plain}}}"


def sentence(text: str) -> Words:
    """A message as a sentence; its first word may be a name, and stays as it is."""
    text = text.strip()
    return (text + ("" if text.endswith((".", "!", "?")) else "."),)
