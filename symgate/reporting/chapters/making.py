"""How the report was made, and every file beside it."""

from __future__ import annotations

from typing import Any

from symgate.reporting.findings import Findings
from symgate.writing.tree import Code, Link, Listing, Paragraph, Section, Table, Words, listed


def section(f: Findings) -> Section:
    """Command, seed, versions, and links to figures, data and derivations."""
    made = f["made"]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    items: list[Words] = [
        ("Command: ", Code(made["command"])),
        ("Seed: ", f.number("settings/seed", "whole")),
        *_drawn(f),
        (f"Versions: {versions}",),
        f.said(
            "Numbers: [data/report.json](data/report.json), the source of every number on this page"
        ),
    ]
    if not made["tex"]:
        items.append(("The derivations are LaTeX only, because no pdflatex was found.",))
    header, caption = (("what",), ("files",)), ("Files beside this page.",)
    blocks: list[Any] = [Listing(tuple(items))]
    blocks.append(Table(header, tuple(_files(f)), "Files", caption))
    if f.measured:
        command = f.at(f.measured[0])["command"]
        blocks.append(Paragraph(("One curve alone, for example: ", Code(command))))
    return Section("making", "How it was made", tuple(blocks))


def _drawn(f: Findings) -> list[Words]:
    """What an initialisation draws, where that is not plain from its name."""
    if f["settings/scheme"] != "pytorch":
        return []
    said = "; a bias is the sum of two draws where nn.LSTM, nn.GRU or nn.RNN has two biases"
    return [("Initialisation: ", Code("pytorch"), f", all uniform in ±1/√n{said}")]


def _files(f: Findings) -> list[tuple[Words, Words]]:
    """A row a cell, and one for all together: every file with its forms as links."""
    endings: dict[str, list[str]] = {}
    for name in sorted(f.files):
        stem, _, form = name.rpartition(".")
        endings.setdefault(stem, []).append(form)
    rows: dict[str, list[Words]] = {"all cells": [], **{slug: [] for slug in f.slugs.values()}}
    for stem in sorted(endings, key=lambda s: (_ORDER.index(s.split("/")[0]), s)):
        kind, name = stem.split("/", 1)
        owner = max(
            (s for s in f.slugs.values() if name == s or name.startswith(f"{s}-")),
            key=len,
            default="all cells",
        )
        what = name.removeprefix(owner).strip("-") or _ALONE[kind]
        links = [(Link(form.upper(), f"{stem}.{form}"),) for form in endings[stem]]
        rows[owner].append((f"{what}: ", *listed(links, last="and")))
    return [
        ((owner,), tuple(w for i, part in enumerate(parts) for w in (*("; " * bool(i),), *part)))
        for owner, parts in rows.items()
        if parts
    ]


#: The folders of files, and what a file is whose name is that of its cell.
_ORDER = ("figures", "data", "derivations")
_ALONE = {"figures": "figure", "data": "curve", "derivations": "derivation"}
