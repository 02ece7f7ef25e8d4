"""The pieces of a report that are read, judged or derived: no measurements of curves."""

from __future__ import annotations

import json
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from symgate.equations.cell import Cell
from symgate.judging.claims import judge
from symgate.reading.reader import read_text
from symgate.reading.reading import Reading
from symgate.reporting.pieces import Made
from symgate.writing.derivation import derive

#: The most rows of published results that a page shows.
MOST_KNOWN = 500


def derivation(cell: Cell, slug: str, notation: str, tex: bool) -> Made:
    """A derivation as a file of its own: LaTeX, and PDF where TeX is installed."""
    found = derive(cell, notation)
    files = {f"derivations/{slug}.tex": found.latex().encode()}
    if tex:
        with tempfile.TemporaryDirectory(prefix="symgate-") as folder:
            files[f"derivations/{slug}.pdf"] = found.save(Path(folder, "a.pdf")).read_bytes()
    return {"holds": found.holds}, files


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
        found.append({
            "name": file.name.removesuffix(".md"),
            "pictures": source.count("!["),
            "cells": [_reading(r) for r in readings],
            "misprints": sum(len(r.misprints) for r in readings),
        })  # fmt: skip
    return {"notes": found}, {}


def _reading(reading: Reading) -> dict[str, Any]:
    data = reading.to_dict()
    for entry, misprint in zip(data["misprints"], reading.misprints, strict=True):
        entry["printed_latex"], entry["meant_latex"] = misprint.printed, misprint.meant
        entry["consequence"] = []
    return data


def known(folder: Path) -> list[dict[str, Any]]:
    """The rows of published results beside the page; none where there is no such file."""
    beside = folder / "published"
    try:
        data = json.loads((beside / "results.json").read_text(encoding="utf-8"))
        return [_known(row, beside) for row in data["rows"][:MOST_KNOWN]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _known(row: dict[str, Any], beside: Path) -> dict[str, Any]:
    figure = str(row["figure"])
    there = figure == Path(figure).name and (beside / figure).is_file()
    return {
        "row": int(row["number"]),
        "title": str(row["title"]),
        "source": str(row["source"]),
        "values": len(row["values"]),
        "agrees": row["agrees"] is True,
        "figure": f"published/{figure}" if there else None,
    }
