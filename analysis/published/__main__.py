"""Run the scripts, print the table, write the page; exit code 1 if anything disagrees."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from analysis.published.checks import Verdict, script, scripts, sentence, verdicts
from analysis.published.drawing import OUTPUT, write
from analysis.published.page import write_page


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m analysis.published", description=__doc__)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="only these")
    parser.add_argument("--fast", action="store_true", help="only what takes seconds")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"folder ({OUTPUT})")
    options = parser.parse_args(argv)
    known = scripts()
    for name in options.scripts:
        if name not in known:
            parser.error(f"there is no script {name!r}; there are {', '.join(known)}")
    chosen = options.scripts or scripts(options.fast)
    found: list[Verdict] = []
    console = Console(stderr=True)
    with Progress(console=console, disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("published results", total=len(chosen))
        for name in chosen:
            bar.update(task, description=name)
            found += verdicts(name)
            write(script(name).draw(), name, options.output)
            bar.advance(task)
    print_table(found)
    print(f"wrote {write_page(found, chosen, options.output)}", file=sys.stderr)
    return 0 if all(v.agrees for v in found) else 1


def print_table(found: list[Verdict]) -> None:
    """One line a value, and a verdict line a row."""
    rows = sorted(dict.fromkeys(v.row for v in found), key=lambda row: row.number)
    for row in rows:
        mine = [v for v in found if v.row is row]
        print(sentence(row, mine))
        for v in mine:
            if isinstance(v.expected, bool):
                print(f"    {v.name}: {'holds' if v.got is v.expected else 'FAILS'}")
                continue
            kind = "relative " if v.relative else ""
            print(
                f"    {v.name}: expected {v.expected:.10g}, got {float(v.got):.10g}, "
                f"{kind}deviation {v.deviation:.2g} of {v.tolerance:.2g}"
                f"{'' if v.agrees else '  DISAGREES'}"
            )
    off = sum(not v.agrees for v in found)
    print(f"{len(rows)} rows, {len(found)} values, {off} disagree")


if __name__ == "__main__":
    raise SystemExit(main())
