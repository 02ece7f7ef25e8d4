"""Options that several commands share, and how words of the command line become values."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any

from symgate.cli.chosen import chosen, of_file
from symgate.numerics.setup import USUAL, Setup, option_of
from symgate.writing.notation import names as notations
from symgate.writing.sections import NAMES as SECTION_NAMES

if TYPE_CHECKING:
    from symgate.equations.cell import Cell

#: The most numbers that START:STOP:COUNT may stand for.
MOST_NUMBERS = 10_000


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def numbers(text: str) -> list[float]:
    """Numbers with commas between, 1,2,5, or evenly from START to STOP: START:STOP:COUNT.

    >>> numbers("1,2,5"), numbers("0:6:4")
    ([1.0, 2.0, 5.0], [0.0, 2.0, 4.0, 6.0])
    """
    try:
        if ":" not in text:
            return [float(word) for word in text.split(",")]
        start, stop, count = text.split(":")
        first, steps = float(start), int(count) - 1
        if not 1 <= steps < MOST_NUMBERS:
            raise ValueError(count)
        return [first + (float(stop) - first) * i / steps for i in range(steps + 1)]
    except ValueError:
        mend = f"a list like 1,2,5 or START:STOP:COUNT like 0:6:7, COUNT 2 to {MOST_NUMBERS:,}"
        raise argparse.ArgumentTypeError(f"{text!r} is not {mend}") from None


def wholes(text: str) -> list[int]:
    """Whole numbers with commas between: 16,32,64."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list like 16,32,64") from None


def names(text: str) -> list[str]:
    """Names with commas between."""
    found = [word.strip() for word in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r} has an empty entry")
    return found


def gate_value(parse: Callable[[str], Any]) -> Callable[[str], tuple[str, Any]]:
    """gate=value, as in f=1."""

    def parsed(text: str) -> tuple[str, Any]:
        gate, sign, value = text.partition("=")
        if not sign or not gate or not value:
            raise argparse.ArgumentTypeError(f"{text!r} is not gate=value, as in f=1")
        return gate, parse(value)

    return parsed


def number(text: str) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


#: What the options with a choice take, for their help and for the completion of shells.
CHOICES = {
    "--notation": notations(),
    "--scheme": ("pytorch", "keras", "orthogonal", "gaussian", "identity", "chrono"),
    "--form": ("diag", "hadamard"),
    "--layout": ("numerator", "transposed"),
    "--hadamard": ("odot", "circ"),
    "--format": ("html", "md", "tex", "pdf"),
    "--sections": SECTION_NAMES,
}
NOTATIONS, SCHEMES, SECTIONS = (
    ", ".join(CHOICES[f"--{name}"]) for name in ("notation", "scheme", "sections")
)


def add_cell(parser: argparse.ArgumentParser) -> None:
    """CELL or --cell FILE: one cell."""
    what = "a zoo name, a file of equations, or -"
    parser.add_argument("cell", nargs="?", metavar="CELL", help=what)
    parser.add_argument("--cell", dest="file", metavar="FILE", help="a file of equations")


def add_cells(
    parser: argparse.ArgumentParser, what: str = "zoo names or files of equations"
) -> None:
    """CELL… and --cell FILE: several cells."""
    parser.add_argument("cells", nargs="*", metavar="CELL", help=what)
    parser.add_argument(
        "--cell",
        dest="files",
        action="append",
        default=[],
        metavar="FILE",
        help="a file of equations",
    )


def add_formats(parser: argparse.ArgumentParser, **formats: str) -> None:
    """What is printed in place of words: --json, or one of some more, each with its help."""
    group = parser.add_mutually_exclusive_group()
    for name, told in {**formats, "json": "print JSON"}.items():
        group.add_argument(f"--{name}", action="store_true", help=told)


#: The options of a set-up: how a word is read, and what it is, with the default for {}. One that
#: is not given is None, so that the set-up's own default holds.
SETUP: dict[str, tuple[Callable[[str], Any], str]] = {
    "hidden": (whole, "units ({})"),
    "input": (whole, "inputs (as many as units)"),
    "sizes": (gate_value(whole), "another size by its letter, as in p=16"),
    "networks": (whole, "how many networks to draw ({})"),
    "samples": (whole, "sequences per network ({})"),
    "lags": (whole, "how many lags ({})"),
    "steps": (whole, "steps per sequence (as many as lags)"),
    "at": (wholes, "steps t to look back from, as in 99,199 (the last)"),
    "scheme": (str, f"initialisation: {SCHEMES} ({{}}; that sums two biases)"),
    "seed": (whole, "seed of every random draw ({})"),
    "gain": (number, "gain of recurrent weights ({:g})"),
    "bias": (gate_value(number), "bias of a gate, as in f=1"),
    "t_max": (number, "longest memory, for the scheme chrono"),
}

#: Those of them that are said once for each name.
NAMED = {"sizes", "bias"}


def add_setup(parser: argparse.ArgumentParser, names: Container[str], verb: str = "") -> None:
    """The options of a set-up that are named, with what is usual for a verb."""
    usual = {**vars(Setup), **USUAL.get(verb, {})}
    for name, (parse, told) in SETUP.items():
        if name in names:
            listed: Any = {"action": "append", "metavar": "NAME=VALUE"} if name in NAMED else {}
            told = told.format(usual.get(name))
            parser.add_argument(option_of(name), dest=name, type=parse, help=told, **listed)


def setup_options(arguments: argparse.Namespace, names: Container[str] = SETUP) -> dict[str, Any]:
    """What was given of a set-up, as the keywords of `decay`, `sweep` and `memory`."""
    found = {n: v for n in SETUP if n in names and (v := getattr(arguments, n, None)) is not None}
    for name in NAMED & {*found}:
        pairs, found[name] = found[name], dict(found[name])
        if len(found[name]) < len(pairs):
            arguments.parser.error(f"{option_of(name)} names one twice")
    return found


def given(arguments: argparse.Namespace, *names: str) -> dict[str, Any]:
    """What was given of some options, so that a function's own defaults hold for the others."""
    return {n: value for n in names if (value := getattr(arguments, n)) is not None}


def add_data(parser: argparse.ArgumentParser) -> None:
    """--data, --batch-first: what a trained network reads."""
    parser.add_argument("--data", metavar="X.npy", help="what a trained network FILE#layer reads")
    parser.add_argument("--batch-first", action="store_true", help="data is (samples, steps, …)")


def add_states(parser: argparse.ArgumentParser, norms: Iterable[str]) -> None:
    """--of, --wrt, --norm: which Jacobian, and in which of the norms."""
    parser.add_argument("--of", help="the value at t (the state that the cell gives out)")
    parser.add_argument("--wrt", help="the value at t - k (the same)")
    parser.add_argument("--norm", help=f"one of {', '.join(norms)} ({{norm}})")


def cell_of(arguments: argparse.Namespace) -> Cell:
    """The one cell that is named, from the zoo, a file or a document."""
    if (arguments.cell is None) == (arguments.file is None):
        arguments.parser.error("name one cell, or give one file with --cell FILE")
    if getattr(arguments, "notation", None) and not arguments.latex:
        arguments.parser.error("--notation is how --latex writes: add --latex")
    return of_file(arguments.file) if arguments.file else chosen(arguments.cell)


def cells_of(arguments: argparse.Namespace) -> list[Cell]:
    """Cells by zoo name or path, cells of documents, and those of --cell."""
    if not arguments.cells and not arguments.files:
        arguments.parser.error("name a cell, or give a file with --cell FILE")
    if arguments.cells.count("-") > 1:
        arguments.parser.error("standard input holds one cell: name the other, or give its file")
    return [*map(chosen, arguments.cells), *map(of_file, arguments.files)]


def lag_of(given: str) -> int | str:
    """The lag that was typed: a number, or the name of a symbol."""
    try:
        return int(given)
    except ValueError:
        return given


def one_thread() -> None:
    """One thread for matrix products, unless the user says otherwise: the products of a
    recurrence are small and come one after the other, and threads only wait for each other."""
    if "numpy" not in sys.modules:
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
