"""`symgate lyapunov CELL…`: how fast neighbouring states part, in every direction."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from symgate.cli import pictures
from symgate.cli.bar import bar
from symgate.cli.options import (
    add_cells,
    add_data,
    add_setup,
    cells_of,
    given,
    number,
    one_thread,
    setup_options,
    whole,
)
from symgate.cli.pictures import add_picture
from symgate.cli.saying import show_json, show_table
from symgate.numerals import counted, formatted
from symgate.numerics.setup import USUAL, Drawn

if TYPE_CHECKING:
    from symgate.equations.cell import Cell
    from symgate.numerics.run import Run
    from symgate.theory.lyapunov import Lyapunov

EXAMPLES = ("symgate lyapunov gru", "symgate lyapunov rnn --hidden 64 --steps 500")

#: Up to how many units one thread is faster than two.
NARROW = 128


def add(parser: argparse.ArgumentParser) -> None:
    add_cells(parser)
    usual = USUAL["lyapunov"]["steps"]
    parser.add_argument("--steps", type=whole, help=f"steps, burn-in included ({usual})")
    parser.add_argument("--burn-in", type=whole, help="first steps left out (a quarter)")
    parser.add_argument("--count", type=whole, metavar="K", help="only the K largest (all)")
    parser.add_argument("--noise", type=number, help="standard deviation of the inputs ({noise:g})")
    parser.add_argument("--dt", type=number, help="duration of a step ({dt:g})")
    add_setup(parser, Drawn.__optional_keys__)
    add_data(parser)
    add_picture(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    if arguments.hidden is None or arguments.hidden <= NARROW:
        one_thread()
    from symgate.cli.networks import subjects

    chosen = cells_of(arguments)
    pictures.check_one(arguments, chosen)
    found = [_measured(subject, arguments) for subject in subjects(arguments, chosen)]
    if arguments.output:
        from symgate.plots.theory import lyapunov_picture

        pictures.write(arguments, lambda: lyapunov_picture(found[0]))
    if arguments.json:
        show_json([f.to_dict() for f in found])
    else:
        _show(found)
    return 0


def _measured(subject: Cell | Run, arguments: argparse.Namespace) -> Lyapunov:
    """The spectrum of a run's network on its data, or of a cell as it is drawn."""
    from symgate.equations.cell import Cell
    from symgate.theory.lyapunov import lyapunov

    asked: dict[str, Any] = given(arguments, "burn_in", "count", "dt")
    if isinstance(subject, Cell):
        asked |= given(arguments, "steps", "noise") | setup_options(
            arguments, Drawn.__optional_keys__
        )
    with bar(subject.name if isinstance(subject, Cell) else subject.cell.name) as hook:
        return lyapunov(subject, **asked, progress=hook)


def _show(found: list[Lyapunov]) -> None:
    whole_spectrum = found[0].is_whole
    more = ("sum", "unstable", "entropy", "dimension") if whole_spectrum else ()
    table: list[tuple[str, ...]] = [("cell", "directions", "largest", "error", *more)]
    for f in found:
        row: tuple[str, ...] = (
            f.cell,
            str(f.width),
            _number(f.largest, "+.5f"),
            _number(f.error[..., 0], ".5f"),
        )
        if whole_spectrum:
            row += (
                _number(f.sum, "+.4f"),
                f"{_number(100 * f.unstable_fraction, '.1f')}%",
                _number(f.entropy, ".4f"),
                _number(f.dimension, ".3f"),
            )
        table.append(row)
    show_table(table)
    unit = "step" if found[0].dt == 1 else f"unit of time ({found[0].dt:g} a step)"
    over = f"over {counted(found[0].steps, 'step')} after {found[0].burn_in} of burn-in"
    print(f"\nnats per {unit}, {over}")
    for f in found:
        for note in f.notes:
            print(f"{f.cell}: {note}")


def _number(value: Any, form: str) -> str:
    """A number, or the least and the largest of one a sequence."""
    ends = (value.min(), value.max()) if getattr(value, "size", 1) > 1 else (float(value),)
    return " to ".join("none" if math.isnan(v) else formatted(v, form) for v in ends)
