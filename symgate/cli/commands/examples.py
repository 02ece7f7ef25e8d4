"""`symgate examples [FOLDER]`: copy the worked examples, to read, to run and to change."""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

from symgate.cli.saying import say, show
from symgate.errors import SymgateError

EXAMPLES = ("symgate examples", "symgate examples my-folder")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default="symgate-examples", help="a new folder")


def run(arguments: argparse.Namespace) -> int:
    target = Path(arguments.folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SymgateError(f"{target} is there already; name a new folder")
    copied = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(source().iterdir(), key=lambda f: f.name):
            if file.name.endswith((".py", ".ipynb")) and file.name not in LEFT_OUT:
                (target / file.name).write_bytes(file.read_bytes())
                copied.append(file.name)
    except OSError as error:
        raise SymgateError(f"{target} cannot be written: {error.strerror}") from None
    for name in copied:
        show(target / name)
    say(f"run one with python {target / copied[0]}")
    return 0


#: What is no example: it needs what stands beside it in the repository.
LEFT_OUT = ("__init__.py", "read_corpus.py")


def source() -> resources.abc.Traversable:
    """The folder of the examples: in the package once installed, else in the checkout."""
    inside = resources.files("symgate").joinpath("examples")
    beside = Path(__file__).parents[3] / "analysis"
    return inside if inside.is_dir() else beside
