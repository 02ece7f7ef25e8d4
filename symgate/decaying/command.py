"""The command that makes a result again, or what it would need."""

from __future__ import annotations

import re
import shlex

from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError
from symgate.numerics.setup import Setup


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
    symgate decay lstm-projected --of c --wrt c --hidden 64 --lags=200 --networks=4 --samples=1 \
--scheme=pytorch --seed=0 --size=p=2 --norm=spectral
    """
    word, needs = word_of(made.cell)
    words = ["symgate", "decay", word, "--of", of, "--wrt", wrt, "--hidden", str(made.hidden)]
    if made.input is not None:
        words += ["--input", str(made.input)]
    words += [f"--lags={made.lags}", f"--networks={made.networks}", f"--samples={made.samples}"]
    if made.steps != made.lags:
        words.append(f"--steps={made.steps}")
    words += [f"--scheme={made.scheme}", f"--seed={made.seed}"]
    if made.gain != Setup.gain:
        words.append(f"--gain={made.gain!r}")
    words += [f"--size={letter}={value}" for letter, value in made.sizes.items()]
    words += [f"--bias={gate}={value!r}" for gate, value in made.bias.items()]
    if made.t_max is not None:
        words.append(f"--t-max={made.t_max!r}")
    if made.at != (made.steps - 1,):
        words.append(f"--at={','.join(map(str, made.at))}")
    return shlex.join([*words, f"--norm={norm}"]), needs
