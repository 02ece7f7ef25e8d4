"""`symgate claims`: the claims of the lecture notes, each with its verdict."""

from __future__ import annotations

import argparse
import json
from textwrap import fill

#: Columns of a terminal.
WIDTH = 80


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="CLAIM", help="only these claims, by name")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    from symgate.judging.claims import judge

    judged = judge(arguments.names or None)
    if arguments.json:
        print(json.dumps(judged.to_dict(), indent=2, ensure_ascii=False))
        return 0
    for judgement in judged:
        claim = judgement.claim
        print(_filled(claim.says, 0))
        print(f"  {judgement.verdict.upper()}  ({claim.name})")
        print(_filled(f"{judgement.reason.rstrip('.')}.", 2))
        print(_filled(f"said in {', '.join(claim.notes)}", 2))
        print()
    counts = ", ".join(f"{n} {verdict}" for verdict, n in judged.counts().items() if n)
    print(_filled(f"{len(judged)} claims: {counts}", 0))
    return 0


def _filled(text: str, indent: int) -> str:
    space = " " * indent
    return fill(text, WIDTH, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)
