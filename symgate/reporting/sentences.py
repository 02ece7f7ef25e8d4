"""Words that several chapters need."""

from __future__ import annotations

import math
from collections.abc import Sequence

from symgate.decaying.table import half_life
from symgate.decaying.tail import Rate
from symgate.equations.cell import Cell
from symgate.reporting.findings import Findings
from symgate.writing.derivation import derive
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


def formulas(cell: Cell, notation: str, section: str, skip: int, take: int | None) -> Sequence[str]:
    """Formulas of a section of the derivation, as LaTeX for display."""
    derivation = derive(cell, notation, sections=[section])
    typesetter = derivation.typesetter
    steps = derivation.sections[0].steps[skip : None if take is None else skip + take]
    return [shown for step in steps for f in step.formulas for shown in typesetter.formula(f)]
