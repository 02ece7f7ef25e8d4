"""Run the scripts, print the table, write the page; exit code 1 if anything disagrees."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from analysis.published.checks import Verdict, script, scripts, sentence, verdicts
from analysis.published.drawing import OUTPUT, write
from analysis.published.page import results, rows_of, shown, write_page
from symgate.cli.saying import show_table


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m analysis.published", description=__doc__)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="only these")
    parser.add_argument("--fast", action="store_true", help="only what takes seconds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"folder ({OUTPUT})")
    options = parser.parse_args(argv)
    known = scripts()
    for name in options.scripts:
        if name not in known:
            parser.error(f"there is no script {name!r}; there are {', '.join(known)}")
    found: list[Verdict] = []
    captions: dict[str, str] = {}
    chosen = options.scripts or scripts(options.fast)
    console = Console(stderr=True)
    with Progress(console=console, disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("published results", total=len(chosen))
        for name in chosen:
            bar.update(task, description=name)
            found += verdicts(name)
            picture = script(name).draw()
            captions[name] = picture.caption
            write(picture, name, options.output)
            bar.advance(task)
    if options.json:
        print(json.dumps(results(found, captions), indent=1, ensure_ascii=False))
    else:
        print_table(found)
    print(f"wrote {write_page(found, captions, options.output)}", file=sys.stderr)
    return 0 if all(v.agrees for v in found) else 1


def print_table(found: Sequence[Verdict]) -> None:
    """One line a value, then a verdict line a row."""
    table = [("row", "value", "expected", "got", "deviation", "tolerance", "agrees")]
    for row in rows_of(found):
        for v in (v for v in found if v.row is row):
            words = shown(v)
            cells = (words[key] for key in ("name", "expected", "got", "deviation", "tolerance"))
            table.append((str(row.number), *cells, "yes" if v.agrees else "NO"))
    show_table(table)
    print()
    for row in rows_of(found):
        print(sentence(row, [v for v in found if v.row is row]))
    off = sum(not v.agrees for v in found)
    print(f"{len(rows_of(found))} rows, {len(found)} values, {off} disagree")


if __name__ == "__main__":
    raise SystemExit(main())
