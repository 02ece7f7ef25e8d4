"""The pieces of a report that are read, judged or derived: no measurements of curves."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.exploring.explore import MOST_CELLS, explore
from symgate.judging.claims import judge
from symgate.judging.formulas import jacobian
from symgate.numerics.plain import plain
from symgate.reading.consequence import Consequence
from symgate.reading.reader import read_text
from symgate.reading.reading import Reading
from symgate.reporting.pieces import Made
from symgate.writing.derivation import derive
from symgate.writing.width import beneath

#: Where the live page lies in the report's folder.
LIVE = "figures/live.html"


def derivation(cell: Cell, slug: str, notation: str, tex: bool) -> Made:
    """A derivation as a file of its own: LaTeX, and PDF where TeX is installed."""
    found = derive(cell, notation)
    files = {f"derivations/{slug}.tex": found.latex().encode()}
    if tex:
        with tempfile.TemporaryDirectory(prefix="symgate-") as folder:
            files[f"derivations/{slug}.pdf"] = found.save(Path(folder, "a.pdf")).read_bytes()
    return {"holds": found.holds}, files


def live(cells: Sequence[Cell]) -> Made:
    """The page in which a reader moves the cells of the report, unless there are too many."""
    if len(cells) > MOST_CELLS:
        return {}, {}
    return {}, {LIVE: explore(*cells).html.encode()}


def claims() -> Made:
    """Every claim, judged."""
    judged = judge()
    found = [{**j.to_dict(), "formula": j.formula} for j in judged]
    return {"claims": found, "counts": judged.counts()}, {}


def notes() -> Made:
    """The equations of the lecture notes, as the reader takes them."""
    found = []
    folder = resources.files("symgate.reporting").joinpath("notes")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".md"):
            continue
        source = file.read_text(encoding="utf-8")
        readings = read_text(source, file.name)
        found.append(
            {
                "name": file.name.removesuffix(".md"),
                "pictures": source.count("!["),
                "cells": [_reading(r) for r in readings],
                "misprints": sum(len(r.misprints) for r in readings),
            }
        )
    return {"notes": found}, {}


#: Where a cell with a misprint and the one that was meant are run beside each other: the
#: deviation of the recurrent weights times the root of their number.
GAINS = (1.0, 4.0)
BESIDE: Mapping[str, Any] = {
    "hidden": 32,
    "lags": 100,
    "samples": 2,
    "scheme": "gaussian",
    "singular": (),
}


def _reading(reading: Reading) -> dict[str, Any]:
    data = reading.to_dict()
    for entry, misprint in zip(data["misprints"], reading.misprints, strict=True):
        entry["printed_latex"], entry["meant_latex"] = misprint.printed, misprint.meant
        entry["consequence"] = _consequence(misprint.consequence)
    return data


def _consequence(found: Consequence) -> dict[str, Any]:
    """What the misprint changes, printed first and meant second in every pair."""
    decays = []
    for gain in GAINS:
        try:
            pair = found.decay(gain=gain, **BESIDE)
        except SymgateError as error:
            decays.append({"gain": gain, "failed": str(error)})
            continue
        if None not in pair:
            lasts = [float(d.median[-1]) for d in pair if d is not None]
            decays.append({"gain": gain, "last_log10": plain(lasts)})
    return {
        "ranges": {state: list(pair) for state, pair in found.ranges.items()},
        "jacobians": [None if c is None else _one_step(c) for c in found.cells],
        "beside": {name: BESIDE[name] for name in ("hidden", "lags")},
        "decays": decays,
    }


def _one_step(cell: Cell) -> str:
    """The derivative of the output by its last value, broken into lines, as LaTeX."""
    return beneath(jacobian(cell, cell.output, cell.output).rows)
