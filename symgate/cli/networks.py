"""Trained networks on the command line: FILE, FILE#layer, and the data that they run on."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import symgate
from symgate.errors import SymgateError
from symgate.models.heads import kind_of
from symgate.numerics.setup import DRAWN, option_of

if TYPE_CHECKING:
    from symgate.equations.cell import Cell
    from symgate.models.network import Network
    from symgate.models.running import BothWays
    from symgate.numerics.run import Run


def is_network(word: str) -> bool:
    """Whether a word names a file of a trained network, told by its first bytes."""
    path = Path(word.partition("#")[0])
    try:
        with path.open("rb") as file:
            return bool(kind_of(file.read(16))) or path.name.endswith(".index.json")
    except OSError:
        return False


def network(word: str, **said: Any) -> Network:
    """The network of a file, or the part of it that stands after #."""
    path, _, layer = word.partition("#")
    return symgate.model(path, **said).part(layer or None)


def data(path: str) -> Any:
    """The array of a .npy file."""
    return symgate.read_npy(Path(path))


def run_of(word: str, path: str | None, batch_first: bool | None) -> Run:
    """The run of a trained network's word on the data of a file, of layers that run forward."""
    found = any_run_of(word, path, batch_first)
    if not isinstance(found, symgate.Run):
        raise SymgateError(
            f"{word} runs in two directions and is not a cell; name one of its layers, as in "
            f"{word.partition('#')[0]}#NAME, or use sg.reach"
        )
    return found


def subjects(arguments: Namespace, cells: Sequence[Cell]) -> Iterator[Cell | Run]:
    """What is measured for each cell: itself, or the run on --data of the network it is of."""
    networks = {word for word in arguments.cells if is_network(word)}
    if not networks and (arguments.data or arguments.batch_first):
        arguments.parser.error(
            "--data and --batch-first are for a trained network, FILE or FILE#layer; a cell's "
            "parameters and inputs are drawn"
        )
    own = ("steps",) if arguments.command == "memory" else ()
    fixed = [n for n in (*DRAWN, "noise") if n not in own]
    said = [n for n in fixed if getattr(arguments, n, None) is not None]
    if said and networks == {*arguments.cells, *arguments.files}:
        arguments.parser.error(
            f"{option_of(said[0])} is for a cell that is drawn; a trained network has its sizes "
            f"and weights"
        )
    for word, cell in zip_longest(arguments.cells, cells):
        if word in networks:
            yield run_of(word, arguments.data, arguments.batch_first or None)
        else:
            yield cell


def any_run_of(word: str, path: str | None, batch_first: bool | None) -> Run | BothWays:
    """The run of a trained network's word on the data of a file, in one direction or both."""
    if path is None:
        raise SymgateError(
            f"{word} is a trained network, and its gradients depend on what it reads: give "
            f"--data x.npy, (steps, inputs) or (steps, samples, inputs)"
        )
    found: Any = network(word).simulate(data(path), batch_first=batch_first)
    made: Run | BothWays = found  # no lengths are given, so that it is no list
    return replace(made, source=f"{made.source}, on {path}")
