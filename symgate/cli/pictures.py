"""Files that commands draw: the options of their size, checked first and written last."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import symgate
from symgate.asked import ASKED, drawable
from symgate.cli.options import given, number, whole
from symgate.cli.saying import say
from symgate.files import writable, write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def add_picture(parser: argparse.ArgumentParser, endings: str = ".svg, .png or .pdf") -> None:
    """-o FILE with --dpi, --width and --font-size."""
    parser.add_argument("-o", "--output", metavar="FILE", help=f"a file ending in {endings}")
    parser.add_argument("--dpi", type=whole, help="dots per inch of a .png")
    parser.add_argument("--width", type=number, metavar="INCHES", help="width of the picture")
    parser.add_argument(
        "--font-size", type=number, metavar="POINTS", help="font size in the picture"
    )


def sizes(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was given of the picture's size, checked."""
    if arguments.output is None and (arguments.dpi or arguments.width or arguments.font_size):
        arguments.parser.error("--dpi, --width and --font-size size a picture: give -o FILE")
    found = given(arguments, "dpi", "width", "font_size")
    found = {name: ASKED[name](name, value) for name, value in found.items()}
    drawable(found.get("width", 0), found.get("dpi", 0))
    return found


def is_data(arguments: argparse.Namespace) -> bool:
    """Whether the output is a table or JSON by its ending, and no picture."""
    return Path(arguments.output or "").suffix.lower() in (".csv", ".json")


def check(arguments: argparse.Namespace) -> None:
    """Raise before any work where the picture could not be written."""
    sizes(arguments)
    if arguments.output is not None:
        if not is_data(arguments):
            symgate.plots.style.format_of(arguments.output)
        writable(arguments.output)


def check_one(arguments: argparse.Namespace, cells: Sequence[object]) -> None:
    """The same for a picture of one cell."""
    if arguments.output and len(cells) > 1:
        arguments.parser.error("-o draws one cell; name only one")
    check(arguments)


def write(
    arguments: argparse.Namespace,
    draw: Callable[[], Axes | Figure],
    path: str | Path | None = None,
) -> None:
    """Draw in the size that was asked for, and write the file."""
    options = sizes(arguments)
    dpi = options.pop("dpi", None)
    path = arguments.output if path is None else path
    with symgate.plots.sized(**options):
        symgate.plots.save(draw(), path, dpi=dpi)
    say(f"wrote {path}")


def write_data(arguments: argparse.Namespace, csv: Callable[[], str], data: Any) -> None:
    """Write a table or JSON."""
    import json

    is_csv = Path(arguments.output).suffix.lower() == ".csv"
    text = csv() if is_csv else json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    say(f"wrote {write_file(arguments.output, text)}")
