"""All pieces of a report, computed or found again, and the data and files that they make."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from symgate import __version__
from symgate.decaying.workers import in_order
from symgate.equations.cell import Cell
from symgate.reporting.findings import Findings, slugs
from symgate.reporting.pieces import LIBRARIES, Made, ReportPiece, Store
from symgate.reporting.published import known
from symgate.reporting.settings import SWEEP_HIDDEN, Settings

SCHEMA = 1

#: The modules that make pieces.
MEASURING, TEXTS = "symgate.reporting.measuring", "symgate.reporting.texts"
HOMEWORK = "symgate.reporting.homework"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Gathered:
    """What was found, every file by its path in the folder, and the figures for the page."""

    findings: Findings
    files: Mapping[str, bytes]
    inline: Mapping[str, str]


def gather(
    settings: Settings, store: Store, folder: Path, progress: Progress, jobs: int = 1
) -> Gathered:
    """Compute what is not there yet, in so many processes."""
    names = slugs(settings.cells)
    tex = shutil.which("pdflatex") is not None
    tasks = _tasks(settings, names, tex)
    pieces = _pieces(settings, names, tasks, store, progress, jobs)
    progress("the page", len(tasks) + 1, len(tasks) + 1)
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


@dataclass(frozen=True)
class Task:
    """A piece to be made: its name, what it is called while it is made, what it depends on, and
    the function of a module that makes it, with its arguments."""

    key: str
    title: str
    subject: Mapping[str, Any]
    module: str
    function: str
    given: tuple[Any, ...]

    def made(self) -> Made:
        """The piece. The module is loaded only now: a run with nothing to make needs neither
        pictures nor the reader."""
        made: Made = getattr(import_module(self.module), self.function)(*self.given)
        return made


def _tasks(settings: Settings, names: Mapping[str, str], tex: bool) -> list[Task]:
    """The pieces that stand alone: first those of the curves, which take longest."""
    about = _about(settings)
    found: list[Task] = []

    def add(key: str, title: str, subject: Any, module: str, name: str, *given: Any) -> None:
        found.append(Task(key, title, {"piece": key, **subject}, module, name, given))

    each = [(m, names[m.cell.name], {**about, "cell": m.cell.name}) for m in settings.setups]
    for made, slug, one in each:
        given = (made, slug, settings.notation)
        add(f"cells/{slug}", made.cell.name, one, MEASURING, "of_cell", *given)
    steps = f"{settings.long:,} steps"
    add("long", steps, about, MEASURING, "long_curve", settings.setups, settings.long)
    for made, slug, one in each:
        title = f"memory of {made.cell.name}"
        add(f"memory/{slug}", title, one, MEASURING, "remembering", made, slug)
    add("claims", "the claims", {}, TEXTS, "claims")
    add("notes", "the lecture notes", {}, TEXTS, "notes")
    seed = settings.setups[0].seed
    about_homework = (settings.cells, settings.notation, seed)
    add("homework", "a homework", about, HOMEWORK, "homework", *about_homework)
    shown = {name: about[name] for name in (cell.name for cell in settings.cells)}
    add("live", "the live page", shown, TEXTS, "live", settings.cells)
    for made, slug, one in each:
        title, subject = f"derivation of {made.cell.name}", {**one, "tex": tex}
        shown_as = (made.cell, slug, settings.notation, tex)
        add(f"derivation/{slug}", title, subject, TEXTS, "derivation", *shown_as)
    return found


def _about(settings: Settings) -> dict[str, Any]:
    """What every measured piece depends on."""
    about = {name: value for name, value in settings.to_dict().items() if name != "words"}
    return about | {c.name: [c.text, c.title, dict(c.roles)] for c in settings.cells}


def _pieces(
    settings: Settings,
    names: Mapping[str, str],
    tasks: Sequence[Task],
    store: Store,
    progress: Progress,
    jobs: int,
) -> dict[str, ReportPiece]:
    """All pieces, found or made. The curves together are drawn as soon as those of the cells
    are there, while other processes go on."""
    found = {task.key: store.found(task.subject) for task in tasks}
    made = in_order(Task.made, [task for task in tasks if found[task.key] is None], jobs)
    pieces: dict[str, ReportPiece] = {}
    for done, task in enumerate(tasks):
        progress(task.title, done, len(tasks) + 1)
        pieces[task.key] = found[task.key] or store.keep(task.subject, next(made))
        if len(pieces) == len(names):
            cells = [pieces[f"cells/{slug}"] for slug in names.values()]
            about = {"piece": "answer", **_about(settings)}
            last = Task("answer", "the curves together", about, MEASURING, "answer", (cells,))
            pieces["answer"] = store.found(about) or store.keep(about, last.made())
    return pieces


def _data(
    settings: Settings,
    names: Mapping[str, str],
    pieces: Mapping[str, ReportPiece],
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
