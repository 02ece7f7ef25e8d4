"""All pieces of a report, computed or found again, and the data and files that they make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from symgate import __version__
from symgate.equations.cell import Cell
from symgate.reporting.findings import Findings, slugs
from symgate.reporting.pieces import LIBRARIES, Made, Piece, Store
from symgate.reporting.published import known
from symgate.reporting.settings import SWEEP_HIDDEN, Settings

SCHEMA = 1

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Gathered:
    """What was found, every file by its path in the folder, and the figures for the page."""

    findings: Findings
    files: Mapping[str, bytes]
    inline: Mapping[str, str]


def gather(settings: Settings, store: Store, folder: Path, progress: Progress) -> Gathered:
    """Compute what is not there yet."""
    names = slugs(settings.cells)
    tex = shutil.which("pdflatex") is not None
    tasks = _tasks(settings, names, tex)
    pieces: dict[str, Piece] = {}
    for i, (key, (title, subject, make)) in enumerate(tasks.items()):
        progress(title, i, len(tasks))
        pieces[key] = store.piece({"piece": key, **subject}, make(pieces))
    progress("the page", len(tasks), len(tasks))
    data = _data(settings, names, pieces, tex, folder)
    files: dict[str, bytes] = {}
    inline: dict[str, str] = {}
    for piece in pieces.values():
        for name in piece.names:
            content = piece.bytes(name)
            if name.startswith("inline/"):
                inline[Path(name).stem] = content.decode()
            else:
                files[name] = content
    files["data/report.json"] = (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()
    return Gathered(Findings(settings, names, data, frozenset(files)), files, inline)


#: A title for the progress, what the piece depends on, and how it is made from those before.
Task = tuple[str, Mapping[str, Any], Callable[[Mapping[str, Piece]], Callable[[], Made]]]


def _tasks(settings: Settings, names: Mapping[str, str], tex: bool) -> dict[str, Task]:
    """Every piece by name, in the order in which they are made."""
    found: dict[str, Task] = {}
    about = {name: value for name, value in settings.to_dict().items() if name != "words"}
    about |= {cell.name: [cell.text, cell.title, dict(cell.roles)] for cell in settings.cells}

    def add(
        key: str, title: str, subject: Mapping[str, Any], module: str, name: str, *given: Any
    ) -> None:
        found[key] = (title, subject, lambda _: partial(_made, module, name, *given))

    for cell in settings.cells:
        slug = names[cell.name]
        one = {**about, "cell": cell.name}
        add(f"cells/{slug}", cell.name, one, "measuring", "of_cell", cell, slug, settings)
        add(
            f"memory/{slug}",
            f"memory of {cell.name}",
            one,
            "measuring",
            "remembering",
            cell,
            slug,
            settings,
        )
        add(
            f"derivation/{slug}",
            f"derivation of {cell.name}",
            {**one, "tex": tex},
            "texts",
            "derivation",
            cell,
            slug,
            settings.notation,
            tex,
        )
    found["answer"] = (
        "the curves together",
        about,
        lambda pieces: partial(
            _made, "measuring", "answer", [pieces[f"cells/{slug}"] for slug in names.values()]
        ),
    )
    steps = f"{settings.long:,} steps"
    add("long", steps, about, "measuring", "long_curve", settings.cells, settings)
    shown = {name: about[name] for name in (cell.name for cell in settings.cells)}
    add("live", "the live page", shown, "texts", "live", settings.cells)
    add("claims", "the claims", {}, "texts", "claims")
    add("notes", "the lecture notes", {}, "texts", "notes")
    given = (settings.cells, settings.notation, settings.seed)
    add("homework", "a homework", about, "homework", "homework", *given)
    return found


def _made(module: str, name: str, *given: Any) -> Made:
    """A piece made by a function of a module of this room, which is loaded only now: a run
    with nothing to make needs neither pictures nor the reader."""
    made: Made = getattr(import_module(f"symgate.reporting.{module}"), name)(*given)
    return made


def _data(
    settings: Settings,
    names: Mapping[str, str],
    pieces: Mapping[str, Piece],
    tex: bool,
    folder: Path,
) -> dict[str, Any]:
    """All that the page says, as plain data."""

    def each(kind: str) -> dict[str, Any]:
        return {slug: dict(pieces[f"{kind}/{slug}"].data) for slug in names.values()}

    rows = known(folder)
    return {
        "schema": SCHEMA,
        "settings": settings.to_dict(),
        "cells": each("cells"),
        "memory": each("memory"),
        "memory units": SWEEP_HIDDEN,
        "answer": dict(pieces["answer"].data),
        "long": dict(pieces["long"].data),
        "claims": dict(pieces["claims"].data),
        "notes": list(pieces["notes"].data["notes"]),
        "homework": dict(pieces["homework"].data),
        "known": rows,
        "agreed": sum(bool(row["agrees"]) for row in rows),
        "checked": len(rows),
        "made": {
            "command": settings.command,
            "tex": tex,
            "versions": {
                "symgate": __version__,
                **{name: metadata.version(name) for name in LIBRARIES},
            },
        },
    }


def failed(findings: Findings) -> dict[str, str]:
    """The cells that could not be simulated, and why."""
    measured = findings.measured
    cells: list[Cell] = [c for c in findings.cells if c not in measured]
    return {c.name: findings[f"cells/{findings.slugs[c.name]}/failed"] for c in cells}
