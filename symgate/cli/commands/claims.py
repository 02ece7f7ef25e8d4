"""`symgate claims`: the claims of the lecture notes, each with its verdict.

Exit code 1 where a verdict is not the one that was worked out by hand (`expected` in the
data): the command is a check of the cells and of the engine, too.
"""

from __future__ import annotations

import argparse
from textwrap import wrap
from typing import TYPE_CHECKING

from symgate.cli.bar import bar
from symgate.cli.saying import say, show_json
from symgate.numerals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from symgate.judging.claims import Judgement, Judgements

EXAMPLES = ("symgate claims", "symgate claims forget-gate --json")

#: Columns at most, and where the output is no terminal.
WIDTH, MOST = 80, 100

_STYLES = {
    "proved": "bold green",
    "true under stated conditions": "bold yellow",
    "true only in a limit": "bold yellow",
    "a matter of convention": "bold cyan",
    "false": "bold red",
    "not judged": "bold magenta",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "claims", nargs="*", metavar="CLAIM", help="only these claims, by their ids"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    from symgate.judging.claims import judge

    with bar("judging") as progress:
        judged = judge(arguments.claims or None, progress=progress)
    if arguments.json:
        show_json(judged.to_dict())
    else:
        _print(judged)
    for judgement in judged.unexpected:
        say(f"{judgement.id} is {judgement.verdict}; expected: {judgement.expected}")
    return 1 if judged.unexpected else 0


def _print(judged: Judgements) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    width = min(console.width, MOST) if console.is_terminal else WIDTH
    for judgement in judged:
        _print_one(console, judgement, width)
    counts = ", ".join(f"{n} {verdict}" for verdict, n in judged.counts().items() if n)
    _lines(console, f"{counted(len(judged), 'claim')}: {counts}", width)


def _print_one(console: Console, judgement: Judgement, width: int) -> None:
    _lines(console, judgement.statement, width, style="bold")
    verdict, rest = judgement.verdict.upper(), f"  {judgement.id}, said in "
    console.print(verdict, style=_STYLES[judgement.verdict], end="")
    _lines(console, f"{rest}{', '.join(judgement.notes)}", width, first=len(verdict), style="dim")
    _lines(console, judgement.sentence, width, indent=2)
    for formula, cell in judgement.labelled:
        of = f"   in {cell}" if cell else ""
        _lines(console, _kept(formula.text) + of, width, indent=4, hanging=4, style="cyan")
    console.print()


def _lines(
    console: Console,
    text: str,
    width: int,
    *,
    indent: int = 0,
    hanging: int = 0,
    first: int = 0,
    style: str = "",
) -> None:
    """Print text in lines; the first starts after `first` columns that are there already."""
    lines = wrap(
        text,
        width,
        break_on_hyphens=False,
        initial_indent=" " * (first or indent),
        subsequent_indent=" " * (indent + hanging + 2 * bool(first)),
    )
    for i, line in enumerate(lines):
        shown = (line[first:] if i == 0 else line).replace(_STAY, " ")
        console.print(shown, style=style or None, soft_wrap=True)


#: A space at which no line may end.
_STAY = "\u00a0"


def _kept(formula: str) -> str:
    """A formula that is not broken inside its parentheses.

    >>> _kept("a (1 - z) + b").count(_STAY)
    2
    """
    depth, out = 0, ""
    for sign in formula:
        depth += (sign in "([") - (sign in ")]")
        out += _STAY if sign == " " and depth else sign
    return out
