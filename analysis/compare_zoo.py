"""Which cells of the zoo are the same?

    python -m analysis.compare_zoo [--json] [NAME …]

Compares every pair of the zoo, or every cell with those that are named, and prints the
pairs that are equal, equal under conditions, or not decided. About ten minutes for all.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import symgate as sg


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only pairs with one of these")
    parser.add_argument("--json", action="store_true", help="every pair, as JSON lines")
    options = parser.parse_args(argv)
    named = {sg.cell(name).name for name in options.names}
    verdicts: Counter[str] = Counter()
    for one, other in combinations(sg.zoo, 2):
        if named and not named & {one, other}:
            continue
        found = sg.compare(one, other)
        verdicts[found.verdict] += 1
        if options.json:
            print(json.dumps(found.to_dict(), ensure_ascii=False))
        elif found.verdict != "different":
            print(_line(found))
    if not options.json:
        told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        print(f"{verdicts.total()} pairs: {told}")
    return 0


def _line(found: sg.Comparison) -> str:
    why = str(found.map) if found else " or ".join(" and ".join(c) for c in found.conditions)
    head = f"{found.verdict:<11} {found.first.name}, {found.second.name}"
    return f"{head}: {why or found.reason}" + (f" ({found.direction})" if found.direction else "")


if __name__ == "__main__":
    raise SystemExit(main())
