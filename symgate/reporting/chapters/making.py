"""How the report was made, and every file beside it."""

from __future__ import annotations

from typing import Any

from symgate.reporting.blocks import Code, Link, Listing, Paragraph, Rows, Section, Words
from symgate.reporting.findings import Findings


def section(f: Findings) -> Section:
    """Command, seed, versions, and links to figures, data and derivations."""
    made = f["made"]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    items: list[Words] = [
        ("Command: ", Code(made["command"])),
        ("Seed: ", f.number("settings/seed", "whole")),
        (f"Versions: {versions}",),
        ("Numbers: ", Link("data/report.json", "data/report.json"),
         ", from which all on this page are taken"),
    ]  # fmt: skip
    if not made["tex"]:
        items.append(("Derivations are here as LaTeX only, as no pdflatex was found.",))
    blocks: list[Any] = [Listing(tuple(items))]
    blocks.append(Rows(("Files beside this page.",), (("what",), ("files",)), tuple(_files(f))))
    if f.measured:
        command = f[f"cells/{f.slugs[f.measured[0].name]}/command"]
        blocks.append(Paragraph(("One curve alone, for example: ", Code(command))))
    return Section("making", "How it was made", tuple(blocks))


def _files(f: Findings) -> list[tuple[Words, Words]]:
    """A row a figure, a table of data, a derivation: its forms as links."""
    forms: dict[str, list[str]] = {}
    for name in sorted(f.files):
        stem, _, form = name.rpartition(".")
        if stem.startswith(("figures/", "data/", "derivations/")):
            forms.setdefault(stem, []).append(form)
    order = {"figures": 0, "data": 1, "derivations": 2}
    rows: list[tuple[Words, Words]] = []
    for stem in sorted(forms, key=lambda s: (order[s.split("/")[0]], s)):
        links: list[Any] = []
        for form in forms[stem]:
            links += [", " if links else "", Link(form.upper(), f"{stem}.{form}")]
        rows.append(((stem.replace("/", ": ").replace("-", " "),), tuple(x for x in links if x)))
    return rows
