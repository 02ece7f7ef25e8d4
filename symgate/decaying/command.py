"""The command that makes a result again, or what it would need."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import fields

from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError
from symgate.numerics.setup import Setup, option_of


def word_of(cell: Cell) -> tuple[str, str]:
    """How a cell is named on a command line, and what that needs: nothing for the zoo's own,
    a file of the equations for any other, whatever it is called.

    >>> import symgate as sg
    >>> word_of(sg.cell("gru"))
    ('gru', '')
    >>> word_of(sg.Cell.from_text("h[t] = tanh(U @ h[t-1])", name="gru"))
    ('gru.cell', 'gru.cell is a file with the equations of gru')
    """
    if "." not in cell.name and "/" not in cell.name and "\\" not in cell.name:
        try:
            if cell_of(cell.name) == cell:
                return cell.name, ""
        except SymgateError:
            pass
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", cell.name).strip("-")[:60] or "mine"
    return f"{name}.cell", f"{name}.cell is a file with the equations of {cell.name}"


def command(made: Setup, of: str, wrt: str, norm: str) -> tuple[str, str]:
    """The command line of a measurement, and what it needs beside it.

    >>> import symgate as sg
    >>> from symgate.numerics.setup import setup
    >>> print(command(setup(sg.cell("lstm-projected"), sizes={"p": 2}), "c", "c", "spectral")[0])
    symgate decay lstm-projected --of c --wrt c --hidden=64 --size=p=2 --scheme=pytorch --seed=0 \
--networks=4 --samples=1 --lags=200 --norm=spectral
    """
    word, needs = word_of(made.cell)
    words = ["symgate", "decay", word, "--of", of, "--wrt", wrt, *options_of(made)]
    return shlex.join([*words, f"--norm={norm}"]), needs


#: Options that a command says even where they are usual.
_SAID = ("hidden", "lags", "networks", "samples", "scheme", "seed")


def options_of(made: Setup, usual: Setup | None = None) -> list[str]:
    """The options of a set-up on a command line; beside a usual one those that differ."""
    derived = {"steps": made.lags, "at": (made.steps - 1,), "sizes": {}, "bias": {}}
    words = []
    for name in (f.name for f in fields(Setup) if f.name != "cell"):
        value = getattr(made, name)
        default = derived.get(name, getattr(usual or Setup, name, None))
        if value == default and (usual is not None or name not in _SAID):
            continue
        option = option_of(name)
        if isinstance(value, Mapping):
            words += [f"{option}={key}={one!r}" for key, one in value.items()]
        else:
            listed = value if isinstance(value, tuple) else (value,)
            words.append(f"{option}={','.join(map(str, listed))}")
    return words
