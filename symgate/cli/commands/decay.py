"""`symgate decay CELL…`: how fast the gradient decays over the lag."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from symgate.cli import pictures
from symgate.cli.bar import bar
from symgate.cli.options import (
    SETUP,
    add_cells,
    add_data,
    add_formats,
    add_setup,
    add_states,
    cells_of,
    given,
    setup_options,
)
from symgate.cli.pictures import add_picture
from symgate.cli.saying import show_json, show_table
from symgate.files import writable

if TYPE_CHECKING:
    from symgate.decaying.curve import Decay

EXAMPLES = (
    "symgate decay rnn lstm gru --hidden 128 --lags 1000 -o decay.svg",
    "symgate decay lstm --of c --wrt c --bias f=2 --bounds",
)


def add(parser: argparse.ArgumentParser) -> None:
    from symgate.numerics.norms import NORMS

    add_cells(parser)
    add_setup(parser, SETUP)
    add_data(parser)
    add_states(parser, NORMS)
    parser.add_argument("--paths", action="store_true", help="the curve without each path in turn")
    parser.add_argument("--bounds", action="store_true", help="worst case and predictions")
    add_picture(parser, ".svg, .png, .pdf; for a table .csv, .json")
    parser.add_argument("--save", metavar="FILE", help="keep one cell's curve in a .npz file")
    add_formats(parser, csv="print CSV")


def run(arguments: argparse.Namespace) -> int:
    chosen = cells_of(arguments)
    if arguments.save and len(chosen) > 1:
        arguments.parser.error("--save keeps one cell; name only one")
    pictures.check(arguments)
    files = _pictures(arguments, [c.name for c in chosen])
    writable(*map(str, files.values()), arguments.save)
    from symgate.cli.networks import subjects
    from symgate.decaying.measure import decay
    from symgate.numerics.run import Run

    decays = []
    block = given(arguments, "of", "wrt", "norm")
    for cell, subject in zip(chosen, subjects(arguments, chosen), strict=True):
        options = setup_options(arguments)
        if isinstance(subject, Run):
            lags = None if arguments.lags is None else min(arguments.lags, subject.steps)
            options = {"lags": lags, "at": arguments.at}
        with bar(cell.name) as hook:
            decays.append(decay(subject, **block, **options, progress=hook))
    if arguments.bounds:
        for d in decays:
            d.check_block("bounds")
            _ = d.bounds, d.predictions
    if arguments.paths:
        for d in decays:
            with bar(f"{d.cell}: paths") as hook:
                d.measure_paths(hook)
    if files:
        _draw(decays, files, arguments)
    elif pictures.is_data(arguments):
        pictures.write_data(arguments, lambda: _csv(decays), [d.to_dict() for d in decays])
    if arguments.save:
        decays[0].save(arguments.save)
    _show(decays, arguments)
    return 0


def _pictures(arguments: argparse.Namespace, names: list[str]) -> dict[str, Path]:
    """The files to write: the curves, and a picture of the paths of each cell."""
    if arguments.output is None or pictures.is_data(arguments):
        return {}
    path = Path(arguments.output)
    found = {"": path}
    if arguments.paths:
        found |= {name: path.with_name(f"{path.stem}-{name}-paths{path.suffix}") for name in names}
    return found


def _draw(decays: list[Decay], files: dict[str, Path], arguments: argparse.Namespace) -> None:
    from symgate.plots import decay_curves, path_curves

    bounds, alone = arguments.bounds, len(decays) == 1
    pictures.write(
        arguments,
        lambda: decay_curves(decays, bounds=bounds, predictions=bounds and alone),
        files[""],
    )
    for d in decays:
        if d.cell in files and (found := d.paths) is not None:
            pictures.write(arguments, partial(path_curves, found), files[d.cell])


def _show(decays: list[Decay], arguments: argparse.Namespace) -> None:
    if arguments.json:
        show_json([d.to_dict() for d in decays])
        return
    if arguments.csv:
        print(_csv(decays), end="")
        return
    from symgate.cli.chart import chart
    from symgate.decaying.table import HEADER, in_the_norm, ranking, rows

    if arguments.output is None:
        print("\n".join(chart([(d.cell, d.median) for d in decays])), end="\n\n")
    show_table([HEADER, *rows(decays)])
    print()
    _measured_on(decays)
    print(in_the_norm(decays))
    if len(decays) > 1:
        order = ranking(decays)
        print(f"longest first: {order}" if order else "the intervals overlap: no ranking")
    if arguments.bounds:
        _bounds(decays)
    if arguments.paths:
        _paths(decays)
    for d in decays:
        for note in d.notes:
            print(f"{d.cell}: {note}")


def _csv(decays: list[Decay]) -> str:
    """The curves one below the other, under one header."""
    first, *others = (d.to_csv() for d in decays)
    return first + "".join(text.split("\n", 1)[1] for text in others)


def _measured_on(decays: list[Decay]) -> None:
    """What the curves are averages of and where the rates were fitted: once, or for each cell
    where they differ."""
    told = {}
    for d in decays:
        first, last = d.fit.lags
        told[d.cell] = f"{d.setting.averaged_over}; rate fitted on lags {first} to {last}"
        if d.fit.over:
            told[d.cell] += f", with 95% of further {d.fit.over} in the interval"
    if len(set(told.values())) == 1:
        print(next(iter(told.values())))
        return
    for cell, text in told.items():
        print(f"{cell}: {text}")


def _bounds(decays: list[Decay]) -> None:
    from symgate.numerals import power, rate

    table = [("cell", "", "rate per step", "rate error", "at the last lag", "error in decades")]
    for d in decays:
        found, told = d.bounds, d.predictions
        assert found is not None
        assert told is not None
        table.append((d.cell, "measured", rate(d.rate), "", power(d.median[-1]), ""))
        lines = {
            found.worst_case: found.worst_log10,
            "bound for this run": found.run_log10.max(axis=1),
        }
        for name, line in lines.items():
            table.append(("", name, "", "", power(float(line[-1])), ""))
        for entry in told.entries:
            rates = rate(entry.rate), rate(entry.rate_off)
            last = power(float(entry.log10_norm[-1])), rate(entry.decades_off, "+.1f")
            table.append(("", f"from the {entry.name}", *rates, *last))
    print()
    show_table(table)
    for d in decays:
        assert d.bounds is not None
        assert d.predictions is not None
        print(f"{d.cell}, one step: at most {d.bounds.formula}")
        for note in (*d.bounds.notes, *d.predictions.notes):
            print(f"{d.cell}: {note}")


def _paths(decays: list[Decay]) -> None:
    from symgate.numerals import power, share

    table = [("cell", "block", "path", "share per step", "last lag without it", "alone")]
    for d in decays:
        assert d.paths is not None
        if len(d.paths.blocks) > 1:
            table.append((d.cell, "whole state", "", "100.0%", "", ""))
            for name, title in d.paths.titles.items():
                table.append(("", "", title, share(d.paths.share[name]), "", ""))
        for b in d.paths.blocks.values():
            block = f"{b.of} / {b.wrt}"
            table.append((d.cell, block, "every path", "100.0%", power(float(b.whole[-1])), ""))
            for name, title in d.paths.titles.items():
                alone = power(float(b.carry[-1])) if name == "carry" and b.carry is not None else ""
                part, left = share(b.share[name]), power(float(b.without[name][-1]))
                table.append(("", "", title, part, left, alone))
    print()
    show_table(table)
    for d in decays:
        assert d.paths is not None
        print(f"{d.cell}, paths: {d.paths.over}, followed back from step {d.paths.at}")
