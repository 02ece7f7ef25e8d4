"""`symgate cells`: the zoo, one cell a line."""

from __future__ import annotations

import argparse

from symgate.cells import Entry, entries
from symgate.cli.saying import show_json
from symgate.errors import UnknownName

EXAMPLES = ("symgate cells", "symgate cells lstm")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("word", nargs="?", help="only cells with this in name, title or family")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    found = [entry for entry in entries().values() if _has(entry, arguments.word)]
    if not found:
        listed = "`symgate cells` lists all"
        raise UnknownName("a cell with the word", arguments.word, entries(), listed)
    if arguments.json:
        show_json([_data(entry) for entry in found])
        return 0
    width = max(len(entry.name) for entry in found)
    for entry in found:
        print(f"{entry.name:{width}}  {entry.year}  {entry.family:6}  {entry.title}")
    return 0


def _has(entry: Entry, word: str | None) -> bool:
    text = " ".join((entry.name, *entry.aliases, entry.family, entry.title)).lower()
    return word is None or word.lower() in text


def _data(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "aliases": list(entry.aliases),
        "family": entry.family,
        "source": entry.source,
        "year": entry.year,
        "code": entry.code,
        "equations": entry.equations.strip().splitlines(),
        "roles": dict(entry.roles),
        "remarks": entry.remarks,
    }
